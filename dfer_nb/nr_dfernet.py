"""NR-DFERNet: dynamic-static fusion, a dynamic class token, and a filter that listens to short snippets.

Source: H. Li et al., "NR-DFERNet: Noise-Robust Network for Dynamic Facial Expression Recognition", Sec. 3.
Letters: B clips, T frames, C x H x W a frame's feature map, D = C * H/2 * W/2 a frame's token, Ns snippets of L frames.
"""

from collections.abc import Sequence
from functools import reduce

import torch
from torch import nn
from torchvision.models.resnet import BasicBlock

from dfer_nb.data.batches import Batch
from dfer_nb.data.expressions import EXPRESSIONS
from dfer_nb.errors import BadInput
from dfer_nb.models.host import Host, per_frame
from dfer_nb.models.layers import Encoder
from dfer_nb.models.stems import stem
from dfer_nb.training.method import Method, Output

NEUTRAL = EXPRESSIONS.index("Neutral")
WINDOWS = range(1, 9)  # lengths of the snippets that are kept with a run's features


def difference(features: torch.Tensor) -> torch.Tensor:
    """Dynamic features F^D: each frame's map taken from the next one's (NR-DFERNet, Eq. 1).

    features (B, T, C, H, W) -> (B, T-1, C, H, W). Raises BadInput for fewer than two frames.
    """
    if features.shape[1] < 2:
        raise BadInput(f"{features.shape[1]} frame has no next one to be compared with", "nr_dfernet.difference",
                       "give at least two frames")
    return features[:, 1:] - features[:, :-1]


def fuse(dynamic: torch.Tensor, static: torch.Tensor) -> torch.Tensor:
    """Dynamic-static features F^DS: the sum of the two branches, both (B, T-1, C, H/2, W/2) (NR-DFERNet, Eq. 4).

    Raises BadInput for branches of different shapes.
    """
    if dynamic.shape != static.shape:
        raise BadInput(f"branches of shapes {tuple(dynamic.shape)} and {tuple(static.shape)}", "nr_dfernet.fuse",
                       "give both for the same frames, at the same size")
    return dynamic + static


def dynamic_token(features: torch.Tensor) -> torch.Tensor:
    """Dynamic class token T_d, the mean of the frames' tokens (NR-DFERNet, Eq. 5): (B, T, D) -> (B, D)."""
    return features.mean(dim=1)


def snippets(features: torch.Tensor, length: int, stride: int) -> torch.Tensor:
    """Windows of `length` frames, `stride` apart, in the order of time (NR-DFERNet, Eq. 6).

    features (B, T, …) -> (B, Ns, length, …), Ns = [(T - L) / S] + 1, rounded down; frames may be left over at the end.
    Raises BadInput for a length or stride below 1, and for fewer frames than a snippet has.
    """
    if length < 1 or stride < 1:
        raise BadInput(f"snippets of {length} frames, {stride} apart", "nr_dfernet.snippets",
                       "give a length L and a stride S of at least 1")
    if features.shape[1] < length:
        raise BadInput(f"{features.shape[1]} frames hold no snippet of {length}", "nr_dfernet.snippets",
                       "give a shorter length L, or more frames")
    return features.unfold(1, length, stride).movedim(-1, 2)  # (B, Ns, …, L) -> (B, Ns, L, …)


def tripping(snippet_logits: torch.Tensor, mu1: float, mu2: float, neutral: int = NEUTRAL) -> torch.Tensor:
    """Which snippets say clearly that it is not Neutral: P_MAX > mu1 and P_NU < mu2 (the condition of Eq. 7).

    snippet_logits (B, Ns, 7) -> (B, Ns), booleans. Raises BadInput for thresholds outside 0..1.
    """
    if not (0 <= mu1 <= 1 and 0 <= mu2 <= 1):
        raise BadInput(f"thresholds mu1={mu1}, mu2={mu2} are no probabilities", "nr_dfernet.snippet_filter",
                       "give two numbers from 0 to 1")
    said = snippet_logits.float().softmax(-1)
    return (said.amax(-1) > mu1) & (said[..., neutral] < mu2)


def snippet_filter(logits: torch.Tensor, snippet_logits: torch.Tensor, mu1: float = 0.7, mu2: float = 0.05,
                   neutral: int = NEUTRAL) -> torch.Tensor:
    """Logits of the decision: without Neutral where a snippet clearly says something else (NR-DFERNet, Eq. 7).

    logits (B, 7), snippet_logits (B, Ns, 7), thresholds in 0..1 -> (B, 7), with -inf for Neutral where at least one
    snippet trips the filter: its probability is 0 then (Fig. 3). neutral: its column. Raises BadInput.
    """
    trips = tripping(snippet_logits, mu1, mu2, neutral).any(dim=1)
    is_neutral = torch.arange(logits.shape[1], device=logits.device) == neutral
    return logits.masked_fill(trips[:, None] & is_neutral, -torch.inf)


def attention_rollout(attentions: Sequence[torch.Tensor]) -> torch.Tensor:
    """How much the class token looks at each frame through all layers (NR-DFERNet, Sec. 4.5, Fig. 5).

    attentions: of each layer, the first one first, (B, heads, T+1, T+1), the class token first -> (B, T), sums to 1:
    the mean over heads, the product of the layers, the class token's row without itself, normalised.
    """
    if not len(attentions):
        raise BadInput("there is no layer's attention", "nr_dfernet.attention_rollout", "give one map a layer")
    product = reduce(lambda below, above: above @ below, (layer.float().mean(dim=1) for layer in attentions))
    row = product[:, 0, 1:]  # (B, T)
    return row / row.sum(dim=1, keepdim=True)


class DynamicStaticFusion(nn.Module):
    """The dynamic-static fusion module DSF (NR-DFERNet, Sec. 3.3): what changes between frames, and what each shows.

    maps (B, T, C, H, W) -> (B, T-1, C, H/2, W/2), halves rounded up. Dynamic: Eq. 1, then three residual blocks, the
    first with stride 2. Static: Conv-D (Eq. 2), positions (Eq. 3), `layers` encoders; of the last frame nothing.
    sides: H/2, W/2. branches: "both"; "static", the baseline of Table 1; "dynamic", a control of ours.
    """

    def __init__(self, channels: int, sides: tuple[int, int], layers: int = 2, heads: int = 4, width: int = 32,
                 mlp: int = 256, branches: str = "both", initial_scale: float = 0.02):
        super().__init__()
        if branches not in ("both", "static", "dynamic"):
            raise BadInput(f"no fusion of branches {branches!r}", "DynamicStaticFusion",
                           'use "both", "static" or "dynamic"')
        self.has_dynamic, self.has_static = branches != "static", branches != "dynamic"
        if self.has_dynamic:
            smaller = nn.Sequential(nn.Conv2d(channels, channels, 1, 2, bias=False), nn.BatchNorm2d(channels))
            self.dynamic = nn.Sequential(BasicBlock(channels, channels, 2, smaller),
                                         *(BasicBlock(channels, channels) for _ in range(2)))
        if self.has_static:
            self.conv_d = nn.Conv2d(channels, channels, 3, 2, 1)
            self.positions = nn.Parameter(torch.randn(1, sides[0] * sides[1], channels) * initial_scale)
            self.static = nn.Sequential(*(Encoder(channels, heads, mlp, width) for _ in range(layers)))

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        if not self.has_static:
            return self.of_changes(maps)
        shown = self.of_frames(maps[:, :-1])
        return fuse(self.of_changes(maps), shown) if self.has_dynamic else shown

    def of_changes(self, maps: torch.Tensor) -> torch.Tensor:
        """F^D': the dynamic branch, (B, T, C, H, W) -> (B, T-1, C, H/2, W/2)."""
        return per_frame(self.dynamic, difference(maps))

    def of_frames(self, maps: torch.Tensor) -> torch.Tensor:
        """F^S': the static branch, (B, T, C, H, W) -> (B, T, C, H/2, W/2)."""
        x = self.conv_d(maps.flatten(0, 1))  # (B*T, C, h, w)
        tokens = self.static(x.flatten(2).transpose(1, 2) + self.positions)  # (B*T, h*w, C)
        return tokens.transpose(1, 2).unflatten(2, x.shape[2:]).unflatten(0, maps.shape[:2])


class NRDFERNet(Host):
    """NR-DFERNet (Fig. 2): frames (B, T, 3, H, W) in 0..1 -> a dict with logits (B, 7) and features (B, D).

    With snippets also snippet_logits (B, Ns, 7), from the same spatial features; outside of training also attention
    (B, T-1), the rollout of the class token. At the default sizes, 16 frames of 112 px, 5.08 GMAC with snippets.
    backbone_name, backbone_weights: see `stems.stem`; length: T; size: pixels, 0 for the stem's own. spatial_layers (M)
    and temporal_layers (N) of `heads` heads of head_width; token: "dynamic" (Eq. 5) or "learned" (Table 1, without
    DCT); branches: see `DynamicStaticFusion`; snippet_width L, snippet_stride S. snippets: False, True, or "testing"
    (outside of training), unless a call says otherwise. snippet_times: the position embeddings of a snippet's frames,
    their "own" or the "first" L. Raises BadInput.
    """

    def __init__(self, backbone_name: str = "resnet18", backbone_weights: str = "none", length: int = 16, size: int = 0,
                 spatial_layers: int = 2, temporal_layers: int = 4, heads: int = 4, head_width: int = 32,
                 spatial_mlp: int = 256, temporal_mlp: int = 512, branches: str = "both", token: str = "dynamic",
                 snippet_width: int = 3, snippet_stride: int = 2, snippets: bool | str = False,
                 snippet_times: str = "own", num_classes: int = 7, initial_scale: float = 0.02):
        _check(length, temporal_layers, token, snippet_width, snippet_stride, snippets, snippet_times)
        net = stem(backbone_name, backbone_weights)
        side = -(-(size or net.size) // net.shrinks) or 1
        half = -(-side // 2)  # after Conv-D
        super().__init__(net.channels * half * half, num_classes)
        self.length, self.size, self.snippets = length, size or net.size, snippets
        self.window, self.snippet_times = (snippet_width, snippet_stride), snippet_times
        self.backbone = net
        self.fusion = DynamicStaticFusion(net.channels, (half, half), spatial_layers, heads, head_width, spatial_mlp,
                                          branches, initial_scale)
        learned = nn.Parameter(torch.randn(1, self.out_dim) * initial_scale) if token == "learned" else None
        self.register_parameter("token", learned)
        self.times = nn.Parameter(torch.randn(1, length, self.out_dim) * initial_scale)  # of the token and T-1 frames
        self.temporal = nn.ModuleList(Encoder(self.out_dim, heads, temporal_mlp, head_width)
                                      for _ in range(temporal_layers))

    def spatial_features(self, frames: torch.Tensor) -> torch.Tensor:
        """The spatial stage: P^DS, a token for each frame but the last, (B, T, 3, H, W) -> (B, T-1, D)."""
        return self.fusion(per_frame(self.backbone, frames)).flatten(2)

    def classify(self, tokens: torch.Tensor, times: torch.Tensor | None = None,
                 watch: bool = False) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """The temporal stage (Sec. 3.4): tokens (B, n, D) -> the class token's feature (B, D), and maps if watched.

        times (1 or B, n, D): the position embeddings of the tokens, the first n if not given. A map is
        (B, heads, n+1, n+1), one a layer.
        """
        own = self.times[:, 1:tokens.shape[1] + 1] if times is None else times
        token = dynamic_token(tokens) if self.token is None else self.token.expand(len(tokens), -1)
        x, maps = torch.cat([(token + self.times[:, 0])[:, None], tokens + own], dim=1), []  # (B, n+1, D)
        for layer in self.temporal:
            x, seen = layer(x, watched=True) if watch else (layer(x), None)
            maps.append(seen)
        return x[:, 0], maps

    def of_snippets(self, tokens: torch.Tensor, length: int, stride: int) -> torch.Tensor:
        """Logits of each snippet by itself (Sec. 3.5): tokens (B, T-1, D) -> (B, Ns, 7)."""
        cut = snippets(tokens, length, stride)  # (B, Ns, L, D)
        times = snippets(self.times[:, 1:], length, stride) if self.snippet_times == "own" else (
            self.times[:, None, 1:length + 1])
        # PyTorch's fused attention is made for more than four tokens: three times as slow here as what can be watched
        features, _ = self.classify(cut.flatten(0, 1), times.expand_as(cut).flatten(0, 1), watch=not self.training)
        return self.classifier(self.scale(features)).unflatten(0, cut.shape[:2])

    def features(self, frames: torch.Tensor) -> torch.Tensor:
        return self.classify(self._tokens(frames))[0]

    def forward(self, frames: torch.Tensor, snippets: bool | None = None) -> Output:
        if snippets is None:
            snippets = not self.training if self.snippets == "testing" else self.snippets
        tokens = self._tokens(frames)
        features, maps = self.classify(tokens, watch=not self.training)
        output = {"logits": self.classifier(self.scale(features)), "features": features}
        if snippets:
            output["snippet_logits"] = self.of_snippets(tokens, *self.window)
        if not self.training and maps:
            output["attention"] = attention_rollout([each.detach() for each in maps])
        return output

    def kept(self, frames: torch.Tensor) -> Output:
        """What is kept of a clip: features (B, D), and `windows` (B, n * 7), the probabilities of n snippets.

        They are those of each length in WINDOWS, one frame apart, in the order of time: of every L and S in reach.
        """
        tokens = self._tokens(frames)
        lengths = [length for length in WINDOWS if length < self.length]
        said = [self.of_snippets(tokens, length, 1).float().softmax(-1) for length in lengths]
        return {"features": self.classify(tokens, watch=not self.training)[0],
                "windows": torch.cat(said, dim=1).flatten(1).round(decimals=3)}

    def _tokens(self, frames: torch.Tensor) -> torch.Tensor:
        if frames.shape[1] != self.length:
            raise BadInput(f"{frames.shape[1]} frames, where U x V = {self.length} are asked for", "NRDFERNet",
                           "sample so many (data.video.dynamic), or build the network with another length")
        if self.size and frames.shape[-2:] != (self.size, self.size):
            raise BadInput(f"frames of {frames.shape[-2]}x{frames.shape[-1]} px, for {self.size} px", "NRDFERNet",
                           "scale the frames, or build the network with another size")
        return self.spatial_features(frames)


def _check(length: int, layers: int, token: str, snippet_width: int, snippet_stride: int, snippets: bool | str,
           snippet_times: str) -> None:
    """Raise BadInput for what no NRDFERNet can have."""
    if token not in ("dynamic", "learned") or snippet_times not in ("own", "first") or (
            snippets not in (True, False, "testing")):
        raise BadInput(f"no network with token={token!r}, snippets={snippets!r}, snippet_times={snippet_times!r}",
                       "NRDFERNet", 'use token "dynamic" or "learned", snippets True, False or "testing", '
                       'snippet_times "own" or "first"')
    if layers < 1:
        raise BadInput(f"{layers} temporal layers let the class token see nothing", "NRDFERNet", "use at least one")
    if snippet_stride < 1 or not 1 <= snippet_width <= length - 1:
        raise BadInput(f"no snippets of L={snippet_width} frames, S={snippet_stride} apart, of T={length} frames",
                       "NRDFERNet", "use a length L from 1 to T-1, and a stride S of at least 1")


class SnippetFiltering(Method):
    """NR-DFERNet's training, cross-entropy of the sequence, and its decision, filtered by snippets (Eq. 7).

    filtered=False decides without (Table 1: a, c, e, g). snippet_loss: a share of the snippets' own cross-entropy,
    ours, for a network that tells of them in training. For the record of evaluated clips: the likeliest but Neutral,
    `otherwise`, and Neutral's probability without the filter, `neutral`; of snippet k its class s{k}, with probability
    m{k}, and its probability of Neutral n{k}; and the class token's attention on frame t, a{t}, which sums to 1.
    """

    def __init__(self, smoothing: float = 0.0, filtered: bool = True, mu1: float = 0.7, mu2: float = 0.05,
                 snippet_loss: float = 0.0):
        super().__init__(smoothing)
        tripping(torch.zeros(1, 1, len(EXPRESSIONS)), mu1, mu2)  # refuses thresholds that are none
        self.filtered, self.thresholds, self.snippet_loss = filtered, (mu1, mu2), snippet_loss

    def decide(self, output: Output) -> torch.Tensor | None:
        if not self.filtered:
            return None
        found = output.get("snippet_logits")
        return output["logits"] if found is None else snippet_filter(output["logits"], found, *self.thresholds)

    def auxiliary(self, output: Output, batch: Batch) -> torch.Tensor | float:
        if not self.snippet_loss:
            return 0.0
        logits = output["snippet_logits"]  # (B, Ns, 7)
        labels = batch.label[:, None].expand(logits.shape[:2])
        return self.snippet_loss * self.cross_entropy(logits.transpose(1, 2), labels).mean(dim=1)

    def columns(self, output: Output) -> dict[str, torch.Tensor]:
        if "attention" not in output:  # of training clips nothing is told
            return {}
        said = output["logits"].float().softmax(-1)
        others = said.clone()
        others[:, NEUTRAL] = -1
        columns = {"otherwise": others.argmax(1), "neutral": said[:, NEUTRAL]}
        if "snippet_logits" in output:
            of_each = output["snippet_logits"].float().softmax(-1).unbind(1)  # Ns of (B, 7)
            columns |= {f"s{k}": each.argmax(1) for k, each in enumerate(of_each)}
            columns |= {f"m{k}": each.amax(1) for k, each in enumerate(of_each)}
            columns |= {f"n{k}": each[:, NEUTRAL] for k, each in enumerate(of_each)}
        return columns | {f"a{t}": share for t, share in enumerate(output["attention"].T)}
