"""M3DFEL: a video as a bag of short 3-D instances, and the module that aggregates them.

Source: H. Wang et al., "Rethinking the Learning Paradigm for Dynamic Facial Expression Recognition" (M3DFEL), Sec. 3.
Letters: B clips, T frames, N instances of a bag, D features of an instance, C channels in the aggregation.
"""

import inspect

import torch
import torch.nn.functional as F
from torch import nn

from dfer_nb.errors import BadInput
from dfer_nb.models.host import Host
from dfer_nb.models.hosts import host, without_time
from dfer_nb.models.layers3d import ChannelsLast
from dfer_nb.training.method import Method, Output

EPS = 1e-5  # of Eq. 1, which does not give it


def instances(frames: torch.Tensor, bag_size: int) -> torch.Tensor:
    """Cut a video into the 3-D instances of its bag, in the order of time (M3DFEL, Sec. 3.2).

    frames (B, T, 3, H, W) -> (B, N, T/N, 3, H, W), N = bag_size. Raises BadInput when T is no multiple of N.
    """
    if bag_size < 1 or frames.shape[1] % bag_size:
        raise BadInput(f"{frames.shape[1]} frames cannot be cut into {bag_size} equal instances", "m3dfel.instances",
                       "give a bag_size that divides the number of frames (1, 2, 4, 8 or 16 of 16)")
    return frames.unflatten(1, (bag_size, -1))  # (B, N, T/N, 3, H, W)


def attend(x: torch.Tensor, projection: torch.Tensor, heads: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Multi-head self-attention among the instances of each bag, without a residual (M3DFEL, Sec. 3.2).

    x (B, N, C), projection (3C, C): the queries', keys' and values' weights, without bias -> the mixed values
    A (B, N, C), and how much each instance (row) looks at each other (column), (B, heads, N, N).
    """
    q, k, v = F.linear(x, projection).unflatten(2, (3, heads, -1)).permute(2, 0, 3, 1, 4)  # each (B, heads, N, d)
    attention = (q @ k.transpose(2, 3) * q.shape[-1] ** -0.5).softmax(-1)
    return (attention @ v).transpose(1, 2).flatten(2), attention  # (B, N, C), (B, heads, N, N)


def attention_received(attention: torch.Tensor) -> torch.Tensor:
    """How much each instance is looked at, by all heads and instances: (B, heads, N, N) -> (B, N), sums to 1. Ours."""
    return attention.mean(dim=(1, 2))


def dmin_statistics(x: torch.Tensor) -> tuple[tuple[torch.Tensor, torch.Tensor], tuple[torch.Tensor, torch.Tensor]]:
    """Means and variances of the two normalisers, bag and instance, with 1/N as printed (M3DFEL, Eq. 2 and 3).

    x (B, N, C) -> (means, variances), each a pair: of the whole bag (B, 1, 1), and of each channel over the bag's
    instances (B, 1, C). With 1/(N-1) a bag of one instance would have no variance.
    """
    means = x.mean(dim=(1, 2), keepdim=True), x.mean(dim=1, keepdim=True)
    variances = tuple(((x - mean) ** 2).mean(dim, keepdim=True) for mean, dim in zip(means, ((1, 2), 1), strict=True))
    return means, variances


def importance(scores: torch.Tensor) -> torch.Tensor:
    """Importance weights w of the two normalisers from their learned lambdas (M3DFEL, Eq. 4): (2,) -> (2,)."""
    return scores.softmax(0)


def dmin(x: torch.Tensor, mean_weights: torch.Tensor, variance_weights: torch.Tensor,
         gamma: torch.Tensor | float = 1.0, beta: torch.Tensor | float = 0.0, eps: float = EPS) -> torch.Tensor:
    """Dynamic multi-instance normalisation (M3DFEL, Eq. 1).

    x (B, N, C); mean_weights and variance_weights (2,): of bag and instance, each summing to 1; gamma, beta (C,)
    -> (B, N, C). Eq. 2 and 3 write sigma for what is a variance and Eq. 1 squares it again; here it is used once.
    """
    means, variances = dmin_statistics(x)
    mean = sum(w * m for w, m in zip(mean_weights, means, strict=True))
    variance = sum(w * v for w, v in zip(variance_weights, variances, strict=True))
    return (x - mean) / torch.sqrt(variance + eps) * gamma + beta


def gate(x: torch.Tensor, normalised: torch.Tensor) -> torch.Tensor:
    """Instances weighed channel by channel, X * Sigmoid(A) of Eq. 5: x (B, N, C), normalised (B, N, C) -> (B, N, C)."""
    return x * torch.sigmoid(normalised)


def aggregate(gated: torch.Tensor, kernel: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """The bag's feature Z: a convolution that takes the instances for its channels (M3DFEL, Eq. 5).

    gated (B, N, C), kernel (1, N, 3), bias (1,) -> (B, C): one weight for each instance and each neighbour along the
    CHANNEL axis, over which the kernel slides. (Eq. 5 says that Z is N x C, which would not be one vector a bag.)
    """
    return F.conv1d(gated, kernel, bias, padding=kernel.shape[2] // 2).squeeze(1)  # (B, 1, C) -> (B, C)


class DMIN(nn.Module):
    """`dmin` with what it learns: two lambdas for means, two for variances, gamma and beta of each channel."""

    def __init__(self, channels: int):
        super().__init__()
        self.mean_scores, self.variance_scores = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))
        self.gamma, self.beta = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        weights = importance(self.mean_scores), importance(self.variance_scores)
        return dmin(x.float(), *weights, self.gamma, self.beta)  # a variance needs float32, also under bf16


class Mean(nn.Module):
    """Average pooling of the instances, Table 4's baseline; with an LSTM before it, a control of ours.

    x (B, N, D) -> a dict: features (B, C) and parts (B, N, C), what was averaged.
    """

    def __init__(self, dim: int, hidden: int = 0, layers: int = 2):
        super().__init__()
        self.lstm = nn.LSTM(dim, hidden, layers, batch_first=True, bidirectional=True) if hidden else None
        self.out_dim = 2 * hidden or dim

    def forward(self, x: torch.Tensor) -> Output:
        parts = self.lstm(x)[0] if self.lstm else x
        return {"features": self.pool(parts), "parts": parts}

    def pool(self, parts: torch.Tensor) -> torch.Tensor:
        """(B, N, C) -> (B, C)."""
        return parts.mean(dim=1)


class DLIAM(nn.Module):
    """The dynamic long-term instance aggregation module (M3DFEL, Fig. 2b).

    x (B, N, D) -> a dict: features Z (B, C); parts, the gated instances (B, N, C); attention (B, heads, N, N); and,
    when it is not training, gate (B, N, C), 0..1. A BiLSTM makes C = 2 * hidden channels; attention and `norm` make
    the gate of its outputs.
    lstm=False, attention=False, norm="none": the ablations of Table 4 (without LSTM, C = D; without attention, the
    LSTM's outputs are normalised). norm="layer": LayerNorm over the channels instead, a control of ours.
    """

    def __init__(self, dim: int, bag_size: int, hidden: int = 512, layers: int = 2, heads: int = 8,
                 lstm: bool = True, attention: bool = True, norm: str = "dmin"):
        super().__init__()
        channels = 2 * hidden if lstm else dim
        if norm not in ("dmin", "layer", "none") or channels % heads:
            raise BadInput(f"no DLIAM with norm={norm!r} and {channels} channels for {heads} heads", "DLIAM",
                           'use norm "dmin", "layer" or "none", and heads that divide the channels')
        self.heads, self.out_dim = heads, channels
        self.lstm = nn.LSTM(dim, hidden, layers, batch_first=True, bidirectional=True) if lstm else None
        self.qkv = nn.Linear(channels, 3 * channels, bias=False) if attention else None
        self.norm = {"dmin": DMIN, "layer": nn.LayerNorm, "none": lambda _: nn.Identity()}[norm](channels)
        self.conv = nn.Conv1d(bag_size, 1, 3, padding=1)

    def forward(self, x: torch.Tensor) -> Output:
        x = self.lstm(x)[0] if self.lstm else x  # (B, N, C)
        mixed, found = x, {}
        if self.qkv is not None:
            mixed, found["attention"] = attend(x, self.qkv.weight, self.heads)
        normalised = self.norm(mixed)
        parts = gate(x, normalised)
        if not self.training:  # only records and pictures need it by itself
            found["gate"] = torch.sigmoid(normalised)
        return {"features": self.pool(parts), "parts": parts, **found}

    def pool(self, parts: torch.Tensor) -> torch.Tensor:
        """(B, N, C) -> (B, C)."""
        return aggregate(parts, self.conv.weight, self.conv.bias)


def each_alone(pool, parts: torch.Tensor) -> torch.Tensor:
    """What a bag's feature would be, held every place what the module made of this instance: (B, N, C) -> (B, N, C).

    parts: the instances after BiLSTM and gate, which hold something of their neighbours already. pool: (B, N, C) ->
    (B, C). The paper shows predictions of single instances (Fig. 3 and 4) and does not say how it gets them; this way
    they are on the scale that the classifier knows. For average pooling it is the instance's own feature.
    """
    size, number = parts.shape[:2]
    repeated = parts[:, :, None].expand(-1, -1, number, -1).flatten(0, 1)  # (B*N, N, C)
    return pool(repeated).unflatten(0, (size, number))  # (B, N, C)


def contributions(pool, parts: torch.Tensor, classifier: nn.Linear) -> torch.Tensor:
    """What each instance adds to its bag's logits: parts (B, N, C) -> (B, N, num_classes). Ours.

    pool: (B, N, C) -> (B, C), affine as both of ours are. So this is exact: the contributions and the logits of a bag
    of zeros sum to the bag's logits. (What an instance adds was made with the others in view, through LSTM and gate.)
    """
    number = parts.shape[1]
    kept = parts[:, None] * torch.eye(number, dtype=parts.dtype, device=parts.device)[:, :, None]  # (B, N, N, C)
    return classifier(pool(kept.flatten(0, 1))).unflatten(0, (-1, number)) - classifier(pool(0 * parts))[:, None]


def support(output: Output) -> torch.Tensor:
    """What each instance adds to the answer of its bag, above what it adds to all classes on average: (B, N). Ours."""
    added = output["contributions"] - output["contributions"].mean(dim=2, keepdim=True)
    answer = output["logits"].argmax(1)
    return added[torch.arange(len(answer), device=answer.device), :, answer]  # (B, N)


class M3DFEL(ChannelsLast):
    """The whole framework (M3DFEL, Fig. 2a): frames (B, T, 3, H, W) in 0..1 -> logits (B, num_classes).

    At the default sizes, 16 frames of 112 px, it has 46.8 M parameters and 43.2 GMAC. `outputs` tells more than
    the logits. backbone_name, width, backbone_weights, initial_scale: the host of the instances, as in `hosts.host`;
    a video network's 2-D counterpart when an instance is one frame (Sec. 4.4). length: T. pooling: "dliam", "average"
    (Table 4's baseline), or "lstm" (BiLSTM and average, ours); feature_norm: batch normalisation of the instances'
    features, ours, which narrow hosts need; the rest as in `DLIAM`. Raises BadInput.
    """

    def __init__(self, bag_size: int = 4, num_classes: int = 7, backbone_name: str = "r3d", width: str = "full",
                 backbone_weights: str = "none", length: int = 16, hidden: int = 512, layers: int = 2, heads: int = 8,
                 pooling: str = "dliam", lstm: bool = True, attention: bool = True, norm: str = "dmin",
                 initial_scale: float = 0.02, feature_norm: bool = False):
        super().__init__()
        if pooling not in ("dliam", "average", "lstm"):
            raise BadInput(f"no pooling {pooling!r}", "M3DFEL", 'use "dliam", "average" or "lstm"')
        part = instances(torch.empty(1, length), bag_size).shape[2]  # frames of an instance
        name = without_time(backbone_name) if part == 1 else backbone_name
        self.bag_size = bag_size
        self.host = host(name, width, backbone_weights, part, num_classes=0, feature_norm=feature_norm,
                         initial_scale=initial_scale)
        dim = self.host.out_dim
        if pooling == "dliam":
            self.aggregation = DLIAM(dim, bag_size, hidden, layers, heads, lstm, attention, norm)
        else:
            self.aggregation = Mean(dim, hidden if pooling == "lstm" else 0, layers)
        self.classifier = nn.Linear(self.aggregation.out_dim, num_classes)

    def outputs(self, frames: torch.Tensor) -> Output:
        """All that is known of each clip, a dict: frames (B, T, 3, H, W) in 0..1.

        logits (B, 7) and features (B, C) of the bag. Outside of training also, without a gradient, what records and
        pictures show: instance_logits (B, N, 7), of each instance alone; contributions (B, N, 7) to the logits;
        instance_features (B, N, C), gated; gate (B, N), the mean over channels; attention (B, heads, N, N). The last
        two are there only where a module makes them.
        """
        bags = instances(frames, self.bag_size)
        x = self.host.scale(self.host.features(bags.flatten(0, 1))).unflatten(0, bags.shape[:2])  # (B, N, D)
        found = self.aggregation(x)
        output = {"logits": self.classifier(found["features"]), "features": found["features"]}
        return output if self.training else output | self._of_instances(found)

    @torch.no_grad()
    def _of_instances(self, found: Output) -> Output:
        """What `outputs` tells of single instances, from what the aggregation gave."""
        parts, pool = found["parts"].detach(), self.aggregation.pool
        told = {"instance_logits": self.classifier(each_alone(pool, parts)),
                "contributions": contributions(pool, parts, self.classifier), "instance_features": parts}
        if "gate" in found:
            told["gate"] = found["gate"].mean(dim=2)
        if "attention" in found:
            told["attention"] = found["attention"].detach()
        return told

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        return self.outputs(frames)["logits"]


class M3DFELNet(M3DFEL):
    """The same network, with the same weights, as the training loop calls it: it returns all `outputs`."""

    def forward(self, frames: torch.Tensor) -> Output:
        return self.outputs(frames)


def network(bag_size: int = 4, **settings) -> M3DFELNet | Host:
    """What a run trains: an `M3DFELNet`, or for bag size 1 its plain host.

    With bag size 1 the paper feeds the whole video to the host and leaves the aggregation out (M3DFEL, Table 3, and
    RDFER, Table VI: "setting the bag size to one and removing the Instance Aggregation Module"). settings: those of
    `M3DFEL`. (`M3DFEL(bag_size=1)` is the framework with one instance, of which no table speaks.)
    """
    if bag_size != 1:
        return M3DFELNet(bag_size, **settings)
    names = {"backbone_name": "name", "backbone_weights": "weights", "length": "n_frames"}
    same = ("width", "num_classes", "feature_norm", "initial_scale")
    kept = {names.get(key, key): settings[key] for key in (*names, *same) if key in settings}
    return host(**{"name": "r3d"} | kept)


network.__signature__ = inspect.signature(M3DFEL)  # what may be given, and what it is otherwise


class BagTraining(Method):
    """M3DFEL's training: cross-entropy of the bag (Sec. 3.2) with label smoothing (Sec. 4.2).

    For the record of evaluated clips it keeps, where the network has them (in training it tells nothing of single
    instances, which would cost time in every step): what each instance said alone, i0, i1, … (a class, 0..6, see
    `each_alone`); what it added to the logit of the bag's answer, over the mean of all logits, c0, c1, …; how far its
    gate was open, g0, g1, … (0..1, the mean over channels); and the share of attention it received, a0, a1, …, which
    sum to 1.
    """

    def columns(self, output: Output) -> dict[str, torch.Tensor]:
        columns = {}
        if "instance_logits" in output:
            columns |= {f"i{n}": votes for n, votes in enumerate(output["instance_logits"].argmax(2).T)}
            columns |= {f"c{n}": added for n, added in enumerate(support(output).T)}
        if "gate" in output:
            columns |= {f"g{n}": opening for n, opening in enumerate(output["gate"].T)}
        if "attention" in output:
            columns |= {f"a{n}": share for n, share in enumerate(attention_received(output["attention"].float()).T)}
        return columns
