"""RDFER: agreement-based reweighting, key-expression re-sampling, and the dual-stream hierarchical network.

Source: F. Liu, H. Wang, S. Shen, "Robust Dynamic Facial Expression Recognition" (RDFER), Sec. III.
"""

import pandas as pd
import torch
import torch.nn.functional as F
from torch import nn

from dfer_nb.data.batches import Batch
from dfer_nb.data.video import uniform
from dfer_nb.errors import BadInput
from dfer_nb.models.backbones import backbone
from dfer_nb.models.layers import FrameEmbedding, SequenceModel
from dfer_nb.training.method import Method, Output

ORDINARY, HARD, NOISY = 0, 1, 2
GROUPS = ("ordinary", "hard", "noisy")


def agreement(clip_logits: torch.Tensor) -> torch.Tensor:
    """Agreement of the sub-clips of each video: the share that the most predicted class has (RDFER, after Eq. 1).

    clip_logits (B, K, 7) -> (B,), between 1/K and 1.
    """
    votes = F.one_hot(clip_logits.argmax(-1), clip_logits.shape[-1]).sum(dim=1)  # (B, 7)
    return votes.amax(dim=1) / clip_logits.shape[1]


def _ranking(*keys: torch.Tensor) -> torch.Tensor:
    """Positions sorted by the first key, ties by the next, then by position; each key descending."""
    order = torch.arange(len(keys[0]), device=keys[0].device)
    for key in reversed(keys):
        order = order[torch.argsort(key[order], descending=True, stable=True)]
    return order


def groups(agreement: torch.Tensor, loss: torch.Tensor, hard: float = 0.2, noisy: float = 0.1) -> torch.Tensor:
    """Which clips are ordinary (0), hard (1) and noisy (2), by their ranks among the clips given (RDFER, Sec. III-A).

    agreement (B,), loss (B,), hard and noisy: shares t_h and t_n in 0..1 -> (B,) whole numbers. Noisy: the highest
    agreement, then the largest loss. Hard: of the rest, the lowest agreement, then the largest loss.
    Raises BadInput for shares that cannot be had.
    """
    if not (0 <= hard <= 1 and 0 <= noisy <= 1 and hard + noisy <= 1):
        raise BadInput(f"shares hard={hard}, noisy={noisy} cannot be taken from one set of clips", "rdfer.groups",
                       "give shares between 0 and 1 whose sum is at most 1")
    n = len(loss)
    n_noisy = min(round(noisy * n), n)
    n_hard = min(round(hard * n), n - n_noisy)
    result = torch.full_like(loss, ORDINARY, dtype=torch.long)
    result[_ranking(agreement, loss)[:n_noisy]] = NOISY
    by_hardness = _ranking(-agreement, loss)
    result[by_hardness[result[by_hardness] != NOISY][:n_hard]] = HARD
    return result


def reweight(agreement: torch.Tensor, loss: torch.Tensor, hard: float = 0.2, noisy: float = 0.1,
             lambda_hard: float = 1.5, lambda_noisy: float = 0.0, lambda_ordinary: float = 1.0) -> torch.Tensor:
    """Weight of each clip's loss by its group (RDFER, Eq. 2; the default values are those of Sec. IV-B).

    agreement (B,), loss (B,) -> (B,). Raises BadInput for shares that cannot be had.
    """
    lambdas = torch.tensor([lambda_ordinary, lambda_hard, lambda_noisy], dtype=loss.dtype, device=loss.device)
    return lambdas[groups(agreement, loss, hard, noisy)]


def positions(mu: torch.Tensor, delta: torch.Tensor, n_frames: int, length: int, printed: bool = False) -> torch.Tensor:
    """Where the re-sampled frames lie, in source frames, kept inside the video (RDFER, Sec. III-B, after Eq. 5).

    mu (B,) in 0..1, delta (B,) the stride in source frames -> (B, n_frames): mu*(T-1) + (i-(n-1)/2)*delta, for which
    mu 0 and 1 are the first and the last frame. printed: mu*T + (i-n//2)*delta, as the paper's V_(64 mu) has it.
    """
    span, middle = (length, n_frames // 2) if printed else (length - 1, (n_frames - 1) / 2)
    steps = torch.arange(n_frames, device=mu.device, dtype=torch.float32) - middle
    return (mu.float()[:, None] * span + steps * delta.float()[:, None]).clamp(0, length - 1)


def resample(frames: torch.Tensor, mu: torch.Tensor, delta: torch.Tensor, n_frames: int,
             printed: bool = False) -> torch.Tensor:
    """Frames around the key expression, interpolated in time: mu and delta receive a gradient (RDFER, Sec. III-B).

    frames (B, T, C, H, W), mu (B,) in 0..1, delta (B,) in source frames -> (B, n_frames, C, H, W).
    Frame features (B, T, D) are re-sampled alike. printed: see `positions`.
    """
    at = positions(mu, delta, n_frames, frames.shape[1], printed)  # float32: bf16 cannot tell frame 62 from 62.2
    below = at.detach().floor().long().clamp(max=max(frames.shape[1] - 2, 0))
    share = (at - below).unflatten(1, (-1, *[1] * (frames.dim() - 2))).to(frames.dtype)
    row = torch.arange(len(frames), device=frames.device)[:, None]
    above = (below + 1).clamp(max=frames.shape[1] - 1)
    return torch.lerp(frames[row, below], frames[row, above], share)


class KeyExpression(nn.Module):
    """The key expression detecting network (RDFER, Eq. 3-5): where to look in the video, and a summary of all of it.

    frames (B, T, 3, H, W) -> mu (B,) in 0..1, delta (B,) in source frames, summary (B, dim) in 0..1, and the
    logits (B, 7) of an auxiliary classifier on the attended feature, which gives the locator a gradient early.
    locator: "softmax" scores every frame with one shared layer and takes mu as the mean time under the softmax of
    the scores; "fc" is the paper's layer read literally, on the features of all frames side by side.
    Every stride-th frame is looked at (4 in Sec. III-B's example), n_frames will be re-sampled; length: T, for "fc".
    """

    min_stride = 0.5  # of the re-sampled frames, in source frames: 16 frames on an apex of 8

    def __init__(self, net: nn.Module, dim: int, length: int, n_frames: int = 16, stride: int = 4,
                 locator: str = "softmax", num_classes: int = 7):
        super().__init__()
        if locator not in ("softmax", "fc"):
            raise BadInput(f"no locator {locator!r}", "KeyExpression", 'use "softmax" or "fc"')
        self.stride, self.n_frames, self.locator = stride, n_frames, locator
        self.backbone = net
        self.embed = FrameEmbedding(net.out_dim, dim)
        if locator == "softmax":
            self.score = nn.Linear(dim, 1)
            self.stride_head = nn.Linear(dim, 1)
        else:
            self.locate = nn.Linear(dim * len(range(0, length, stride)), 2)
        self.summary = nn.Linear(dim, dim)  # F_s
        self.classifier = nn.Linear(dim, num_classes)

    def forward(self, frames: torch.Tensor) -> Output:
        length = frames.shape[1]
        seen = frames[:, :: self.stride]  # (B, n, 3, H, W)
        features = self.embed(self.backbone(seen.flatten(0, 1)).unflatten(0, seen.shape[:2]))  # Eq. 3: (B, n, dim)
        with torch.autocast(frames.device.type, enabled=False):  # times need float32
            features = features.float()
            mu, openness, attended, attention = self._locate(features, length)
            widest = max((length - 1) / (self.n_frames - 1), self.min_stride)  # spans the whole video
            delta = self.min_stride + (widest - self.min_stride) * torch.sigmoid(openness)
        return {"mu": mu, "delta": delta, "summary": torch.sigmoid(self.summary(attended)),  # Eq. 5
                "summary_logits": self.classifier(attended), "attention": attention}

    def _locate(self, features: torch.Tensor, length: int) -> tuple[torch.Tensor, ...]:
        """mu and the un-squashed stride (Eq. 4), with the feature and the attention (B, n) that they came from."""
        n = features.shape[1]
        if self.locator == "fc":
            centre, openness = self.locate(features.flatten(1)).unbind(1)
            return torch.sigmoid(centre), openness, features.mean(dim=1), torch.full_like(features[..., 0], 1 / n)
        times = torch.arange(n, device=features.device) * self.stride / max(length - 1, 1)
        attention = torch.softmax(self.score(features).squeeze(-1), dim=1)  # (B, n)
        attended = (attention[..., None] * features).sum(dim=1)
        return (attention * times).sum(dim=1), self.stride_head(attended).squeeze(-1), attended, attention


class DualStream(nn.Module):
    """The dual-stream hierarchical network (RDFER, Sec. III-C, Algorithm 1): two BiLSTMs, shared by both streams.

    features (B, n, dim) with n = n1 * clip_length -> (B, out_dim). The movement-emotion stream reads each short clip
    with the movement model and the clips' sequence with the emotion model; the emotion-movement stream reads frames
    with a stride first. fuse: "concat" (the text) or "sum" (Algorithm 1). structure: "dual"; "single" (the
    movement-emotion stream alone) and "flat" (both models on all frames), Table III. over_time: see `SequenceModel`.
    """

    def __init__(self, dim: int, clip_length: int = 4, fuse: str = "concat", structure: str = "dual",
                 over_time: str = "mean"):
        super().__init__()
        if fuse not in ("concat", "sum") or structure not in ("dual", "single", "flat"):
            raise BadInput(f"no DualStream with fuse={fuse!r}, structure={structure!r}", "DualStream",
                           'use fuse "concat" or "sum", structure "dual", "single" or "flat"')
        self.clip_length, self.fuse, self.structure = clip_length, fuse, structure
        self.movement, self.emotion = SequenceModel(dim, over_time), SequenceModel(dim, over_time)
        self.out_dim = 2 * dim if fuse == "concat" and structure != "single" else dim

    @staticmethod
    def _hierarchy(inner: nn.Module, outer: nn.Module, nested: torch.Tensor) -> torch.Tensor:
        """outer(inner(·)) over nested (B, a, b, dim): inner along b, outer along a."""
        return outer(inner(nested.flatten(0, 1)).unflatten(0, nested.shape[:2]))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        if features.shape[1] % self.clip_length:
            raise BadInput(f"{features.shape[1]} frames cannot be cut into clips of {self.clip_length}", "DualStream",
                           "give a multiple of clip_length frames")
        if self.structure == "flat":
            streams = [self.movement(features), self.emotion(features)]
        else:
            clips = features.unflatten(1, (-1, self.clip_length))  # (B, n1, n2, dim)
            streams = [self._hierarchy(self.movement, self.emotion, clips)]
            if self.structure == "dual":
                streams.append(self._hierarchy(self.emotion, self.movement, clips.transpose(1, 2)))
        return torch.cat(streams, dim=1) if self.fuse == "concat" else torch.stack(streams).sum(dim=0)


def sub_clips(features: torch.Tensor, clip_length: int = 4, how: str = "groups", count: int = 4) -> torch.Tensor:
    """The sub-clips whose agreement is asked: features (B, n, dim) -> (B, K, m, dim).

    how: "groups", the frames four by four (RDFER, Fig. 3: m = clip_length, K = n / m); "windows", `count` overlapping
    windows of half the frames, evenly spread (m = n / 2).
    """
    if how == "groups":
        return features.unflatten(1, (-1, clip_length))
    if how != "windows":
        raise BadInput(f"no sub-clips {how!r}", "rdfer.sub_clips", 'use "groups" or "windows"')
    n = features.shape[1]
    starts = torch.linspace(0, n - n // 2, count).round().long().tolist()
    return torch.stack([features[:, start:start + n // 2] for start in starts], dim=1)


class RDFER(nn.Module):
    """The whole network of RDFER's Fig. 2, and the sub-clip predictions that agreement needs.

    frames (B, T, 3, H, W) in 0..1 -> a dict: logits (B, 7), features (B, D) that its classifier sees, clip_logits
    (B, K, 7), and with re-sampling mu (B,), delta (B,), summary (B, dim), summary_logits (B, 7), attention. Each
    frame's feature is computed once and shared by the full clip and its sub-clips. resampling=False (Table III, "w/o
    Re-sampling") samples n_frames uniformly and has no summary; summary=False leaves the gate alone out.
    train_sub_clips lets a loss reach clip_logits; embedding=False gives the BiLSTMs the backbone's own features.
    """

    def __init__(self, backbone_name: str = "facenet", backbone_weights: str = "shipped",
                 detector_name: str = "facenet", detector_weights: str = "shipped", dim: int = 128, length: int = 32,
                 n_frames: int = 16, clip_length: int = 4, detector_stride: int = 4, num_classes: int = 7,
                 resampling: bool = True, summary: bool = True, locator: str = "softmax", fuse: str = "concat",
                 structure: str = "dual", clips: str = "groups", train_sub_clips: bool = False, embedding: bool = True,
                 over_time: str = "mean", printed_positions: bool = False):
        super().__init__()
        self.n_frames, self.clip_length, self.clips, self.printed = n_frames, clip_length, clips, printed_positions
        self.use_summary, self.train_sub_clips = summary and resampling, train_sub_clips
        dim = dim if embedding else backbone(backbone_name, backbone_weights).out_dim  # the gate has to fit
        self.detector = KeyExpression(backbone(detector_name, detector_weights), dim, length, n_frames, detector_stride,
                                      locator, num_classes) if resampling else None
        self.backbone = backbone(backbone_name, backbone_weights)
        self.embed = FrameEmbedding(self.backbone.out_dim, dim) if embedding else nn.Identity()
        self.streams = DualStream(dim, clip_length, fuse, structure, over_time)
        self.classifier = nn.Linear(self.streams.out_dim, num_classes)

    def select(self, frames: torch.Tensor) -> tuple[torch.Tensor, Output]:
        """The n_frames frames that are classified, and what the detecting network said."""
        if self.detector is None:
            return frames[:, torch.from_numpy(uniform(frames.shape[1], self.n_frames))], {}
        found = self.detector(frames)
        return resample(frames, found["mu"], found["delta"], self.n_frames, self.printed), found

    def forward(self, frames: torch.Tensor) -> Output:
        chosen, found = self.select(frames)
        features = self.embed(self.backbone(chosen.flatten(0, 1)).unflatten(0, chosen.shape[:2]))  # (B, n, dim)
        if self.use_summary:
            features = features * found["summary"][:, None]
        parts = sub_clips(features, self.clip_length, self.clips)  # (B, K, m, dim)
        with torch.set_grad_enabled(torch.is_grad_enabled() and self.train_sub_clips):
            clip_logits = self.classifier(self.streams(parts.flatten(0, 1))).unflatten(0, parts.shape[:2])
        seen = self.streams(features)  # (B, D)
        return {"logits": self.classifier(seen), "features": seen, "clip_logits": clip_logits, **found}


class AgreementReweighting(Method):
    """RDFER's training: agreement-based loss reweighting (Eq. 2), in the batch or over the epoch.

    ranks: "batch", or "epoch" (ranks over the whole of the last epoch weigh the next one). use_agreement=False ranks by
    loss alone, which is Table IV's big-loss strengthening and weakening. start: the first epoch (from 0) that is
    reweighted. summary_loss, sub_clip_loss: shares of the cross-entropies on the detecting network's summary and on
    the sub-clips; both are ours, the paper has neither. They carry the clip's weight too: a noisy clip teaches nothing.
    """

    def __init__(self, smoothing: float = 0.1, hard: float = 0.2, noisy: float = 0.1, lambda_hard: float = 1.5,
                 lambda_noisy: float = 0.0, lambda_ordinary: float = 1.0, ranks: str = "batch",
                 use_agreement: bool = True, start: int = 0, summary_loss: float = 0.0, sub_clip_loss: float = 0.0):
        super().__init__(smoothing)
        if ranks not in ("batch", "epoch"):
            raise BadInput(f"ranks cannot be taken over {ranks!r}", "AgreementReweighting", 'use "batch" or "epoch"')
        self.shares = {"hard": hard, "noisy": noisy}
        self.lambdas = {"lambda_hard": lambda_hard, "lambda_noisy": lambda_noisy, "lambda_ordinary": lambda_ordinary}
        self.ranks, self.use_agreement, self.start = ranks, use_agreement, start
        self.summary_loss, self.sub_clip_loss, self.clip_weights = summary_loss, sub_clip_loss, {}

    def weights(self, loss: torch.Tensor, columns: dict[str, torch.Tensor], clips: list[str]) -> torch.Tensor:
        if self.epoch < self.start:
            return torch.ones_like(loss)
        if self.ranks == "epoch":
            return torch.tensor([self.clip_weights.get(clip, 1.0) for clip in clips], device=loss.device)
        return self._reweight(columns["agreement"], loss)

    def _reweight(self, agreed: torch.Tensor, loss: torch.Tensor) -> torch.Tensor:
        return reweight(agreed if self.use_agreement else torch.ones_like(agreed), loss, **self.shares, **self.lambdas)

    def after_epoch(self, clips: pd.DataFrame) -> None:
        if self.ranks == "epoch":
            agreed, loss = (torch.tensor(clips[name].to_numpy()) for name in ("agreement", "loss"))
            self.clip_weights = dict(zip(clips["clip"], self._reweight(agreed, loss).tolist(), strict=True))

    def auxiliary(self, output: Output, batch: Batch) -> torch.Tensor | float:
        total: torch.Tensor | float = 0.0
        if self.summary_loss and "summary_logits" in output:
            total = total + self.summary_loss * self.cross_entropy(output["summary_logits"], batch.label)
        if self.sub_clip_loss:
            logits = output["clip_logits"]  # (B, K, 7)
            labels = batch.label[:, None].expand(logits.shape[:2])
            total = total + self.sub_clip_loss * self.cross_entropy(logits.transpose(1, 2), labels).mean(dim=1)
        return total

    def columns(self, output: Output) -> dict[str, torch.Tensor]:
        each = {f"s{k}": votes for k, votes in enumerate(output["clip_logits"].argmax(-1).T)}
        found = {name: output[name] for name in ("mu", "delta") if name in output}
        return {"agreement": agreement(output["clip_logits"]), **each, **found}

    def state_dict(self) -> dict:
        return {"clip_weights": self.clip_weights}

    def load_state_dict(self, state: dict) -> None:
        self.clip_weights = state["clip_weights"]
