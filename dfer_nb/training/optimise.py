"""Optimiser, learning-rate schedule and the guard on gradients."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from dfer_nb.data.video import dynamic, uniform
from dfer_nb.errors import BadInput
from dfer_nb.models.layers import parameter_groups


@dataclass(frozen=True)
class Settings:
    """Everything about training that is not the model or the method. Rates are per step of AdamW or SGD.

    size: pixels; max_frames: frames kept of a clip; epochs and warmup: epochs; clip_norm: per parameter group, 0 = off.
    segments and frames_per_segment: dynamic sampling U x V, V of the kept frames from each of U equal segments, at a
    place that is drawn anew in every epoch, in testing in the middle (`video.dynamic`); segments 0: all kept frames.
    shuffled: the frames that the model sees are out of order, in training and testing, a control.
    cosine_from: where a cosine begins to fall, after the "warmup", or at the "start", so that it runs over all epochs
    and the warm-up cuts into it, as in the public code of M3DFEL's authors.
    precision: on a GPU; cpu_precision: on a CPU that computes it natively (else float32), 2-D convolutions alone:
    bf16 gradients of 3-D ones were seen to fail there.
    features: "" trains on frames; a backbone's name trains heads on its frozen frame features instead.
    labels: "given", or "true" (FACSimile's truth, the upper bound). held_out: share of the training clips, by identity
    where identities are known, that are not trained on but choose the epoch that is reported; 0: the last epoch is.
    leave_out: a trouble, a column of the truth; training clips that have it are left out. train_clips: so many of the
    training clips that are left, drawn by lot; 0: all of them. balance: from 0, every clip once an epoch, to 1, every
    class equally often, by over- and undersampling.
    """

    size: int
    max_frames: int
    epochs: int
    warmup: int
    batch_size: int
    lr: float
    lr_backbone: float
    lr_min: float
    weight_decay: float
    optimizer: str = "adamw"
    schedule: str = "cosine"
    cosine_from: str = "warmup"
    gamma: float = 0.96
    clip_norm: float = 0.0
    precision: str = "32-true"
    cpu_precision: str = "32-true"
    crop_scale: tuple[float, float] = (0.7, 1.0)
    flip: bool = True
    jitter: float = 0.4
    features: str = ""
    labels: str = "given"
    held_out: float = 0.0
    train_clips: int = 0
    leave_out: str = ""
    segments: int = 0
    frames_per_segment: int = 1
    shuffled: bool = False
    balance: float = 0.0

    def __post_init__(self):
        if self.epochs < 1 or self.batch_size < 1 or not 0 <= self.warmup <= self.epochs:
            raise BadInput(
                f"epochs={self.epochs}, warmup={self.warmup}, batch_size={self.batch_size} cannot be trained",
                "training settings",
                "use at least one epoch and one clip a batch, and no more warm-up than epochs",
            )
        if self.optimizer not in ("adamw", "sgd") or self.schedule not in ("cosine", "exponential"):
            raise BadInput(
                f"optimizer={self.optimizer!r}, schedule={self.schedule!r} is not known",
                "training settings",
                'use optimizer "adamw" or "sgd", schedule "cosine" or "exponential"',
            )
        if self.cosine_from not in ("warmup", "start"):
            raise BadInput(f"a cosine cannot begin at {self.cosine_from!r}", "training settings",
                           'use cosine_from "warmup" or "start"')
        self._check_frames()

    def _check_frames(self):
        u, v = self.segments, self.frames_per_segment
        if u < 0 or v < 1 or (u and self.max_frames % (u * v)):
            raise BadInput(f"U={u} segments of V={v} frames cannot be taken from {self.max_frames} frames",
                           "training settings", "use U and V of at least 1, and a multiple of U x V for max_frames; "
                           "segments=0 takes all frames")
        if not 0 <= self.balance <= 1:
            raise BadInput(f"classes cannot be balanced by {self.balance}", "training settings", "use 0 to 1")

    @property
    def n_frames(self) -> int:
        """Frames of a clip that the model sees, T."""
        return self.segments * self.frames_per_segment or self.max_frames

    @property
    def sample(self) -> Callable | None:
        """Which of a clip's kept frames the model sees, as `batches.loader` asks it; None: uniformly spread ones."""
        return partial(_chosen, self) if self.segments or self.shuffled else None


def _chosen(settings: Settings, available: int, rng: np.random.Generator | None) -> np.ndarray:
    u, v = settings.segments, settings.frames_per_segment
    frames = dynamic(available, u, v, rng) if u else uniform(available, settings.n_frames)
    if settings.shuffled:  # in testing all clips alike
        frames = (rng or np.random.default_rng(0)).permutation(frames)
    return frames


def build_optimizer(model: torch.nn.Module, settings: Settings, fused: bool = True) -> torch.optim.Optimizer:
    """AdamW, or SGD with momentum 0.9; a group for the backbones and one for the heads, each with its peak rate."""
    rates = {"backbone": settings.lr_backbone, "heads": settings.lr}
    groups = [
        {"params": parameters, "lr": rates[name], "peak": rates[name], "name": name}
        for name, parameters in parameter_groups(model).items()
    ]
    if settings.optimizer == "sgd":
        return torch.optim.SGD(groups, momentum=0.9, weight_decay=settings.weight_decay)
    return torch.optim.AdamW(groups, weight_decay=settings.weight_decay, fused=fused)


def rate_factor(progress: float, settings: Settings) -> float:
    """Learning rate at `progress` epochs as a share of its peak.

    Linear warm-up, then a cosine down to lr_min / lr, or gamma to the power of the epochs since the warm-up. A cosine
    from the start is not at its peak any more when the warm-up ends.
    """
    if progress < settings.warmup:
        return progress / settings.warmup
    if settings.schedule == "exponential":
        return settings.gamma ** (progress - settings.warmup)
    floor = settings.lr_min / settings.lr
    began = settings.warmup if settings.cosine_from == "warmup" else 0
    done = (progress - began) / max(settings.epochs - began, 1e-9)
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))


def set_rate(optimizer: torch.optim.Optimizer, progress: float, settings: Settings) -> None:
    """Give each group its peak rate times the schedule's factor."""
    factor = rate_factor(progress, settings)
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * factor


def guard_gradients(optimizer: torch.optim.Optimizer, clip_norm: float, where: str) -> float:
    """Clip each group's gradient norm by itself and return the norm of all; stop at a non-finite one.

    Backbone and heads are clipped apart: under one joint clip the larger gradient starves the other.
    Raises FloatingPointError that names the step and the likely cause.
    """
    total = 0.0
    for group in optimizer.param_groups:
        limit = clip_norm or math.inf
        norm = float(torch.nn.utils.clip_grad_norm_(group["params"], limit, error_if_nonfinite=False))
        if not math.isfinite(norm):
            raise FloatingPointError(
                f"the gradient of the {group['name']} is {norm} at {where}: the step was not taken.\n"
                "  likely cause: a learning rate too high for this batch size, "
                "bf16 gradients of 3-D convolutions on a CPU "
                '(use precision "32-true"), or a clip whose frames are not finite numbers'
            )
        total += norm**2
    return math.sqrt(total)
