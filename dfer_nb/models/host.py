"""What every host network is: a classifier of clips that also gives its feature vector."""

import torch
import torch.nn.functional as F
from torch import nn

from dfer_nb.errors import BadInput
from dfer_nb.models.layers3d import ChannelsLast


class Host(ChannelsLast):
    """A plain classifier of clips; a framework may also be put around its features.

    frames (B, T, 3, H, W) in 0..1. `features(frames)` -> (B, out_dim). Calling it -> a dict: logits
    (B, num_classes) and features (B, out_dim). num_classes 0 leaves the classifier out, so a framework that brings
    its own does not carry two; then calling it raises BadInput. What may come pre-trained is named `backbone`, and
    learns at the rate of backbones; everything else learns at the rate of heads. `scale` brings features to one scale
    before the classifier, or before the framework's own layers; it does nothing unless it is replaced.
    `size`: the only side of frames, in pixels, that it takes; `n_frames`: the only number of frames; 0: any.
    """

    size = n_frames = 0

    def __init__(self, out_dim: int, num_classes: int = 7):
        super().__init__()
        self.out_dim = out_dim
        self.scale: nn.Module = nn.Identity()
        self.classifier = nn.Linear(out_dim, num_classes) if num_classes else None

    def features(self, frames: torch.Tensor) -> torch.Tensor:
        """frames (B, T, 3, H, W) -> (B, out_dim)."""
        raise NotImplementedError

    def forward(self, frames: torch.Tensor) -> dict[str, torch.Tensor]:
        if self.classifier is None:
            raise BadInput("this host was built without a classifier", type(self).__name__,
                           "build it with num_classes=7, or ask for its features(frames)")
        features = self.features(frames)
        return {"logits": self.classifier(self.scale(features)), "features": features}


class FeatureNorm(nn.BatchNorm1d):
    """Batch normalisation of features (N, D) -> (N, D); one row alone, which has no variance, takes the running one."""

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        if self.training and len(features) == 1:
            return F.batch_norm(features, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)
        return super().forward(features)


class SubClips(ChannelsLast):
    """Any network of clips that is also asked about the sub-clips of each clip, without gradient.

    frames (B, T, …) -> what the network gives, with clip_logits (B, count, 7): of each of `count` runs of T / count
    frames. A network that takes T frames alone is shown every frame `count` times, a `Host` that takes any number once.
    Normalisation and dropout are as in testing then. Raises BadInput for a T that cannot be cut so.
    """

    def __init__(self, net: nn.Module, count: int = 4):
        super().__init__()
        self.net, self.count, self.out_dim = net, count, getattr(net, "out_dim", 0)

    @property
    def classifier(self) -> nn.Module:
        """The network's own last layer."""
        return self.net.classifier

    def forward(self, frames: torch.Tensor) -> dict[str, torch.Tensor]:
        if frames.shape[1] % self.count:
            raise BadInput(f"{frames.shape[1]} frames cannot be cut into {self.count} sub-clips", "SubClips",
                           "give a multiple of `count` frames")
        output, training = self.net(frames), self.net.training
        parts = frames.unflatten(1, (self.count, -1)).flatten(0, 1)  # (B * count, T / count, …)
        if getattr(self.net, "n_frames", True):
            parts = parts.repeat_interleave(self.count, dim=1)  # (B * count, T, …)
        with torch.no_grad():
            said = self.net.eval()(parts)["logits"]
        self.net.train(training)
        return {**output, "clip_logits": said.unflatten(0, (-1, self.count))}


def per_frame(net: nn.Module, frames: torch.Tensor) -> torch.Tensor:
    """A 2-D network on every frame: (B, T, 3, H, W) -> (B, T, D)."""
    return net(frames.flatten(0, 1)).unflatten(0, frames.shape[:2])  # (B, T, D)
