"""FaceNet in space and time: narrow 3-D networks that start from the shipped 2-D weights."""

from itertools import pairwise

import torch
from torch import nn

from dfer_nb.errors import BadInput
from dfer_nb.models.backbones import FaceNet, shipped_weights
from dfer_nb.models.host import Host
from dfer_nb.models.layers3d import OverTime, as_video, inflate

# How the stem and each of the three blocks see time: "split", a spatial convolution and then a temporal one;
# "full", one convolution over both; "flat", space alone.
KINDS = {
    "r2plus1d": ("split", "split", "split", "split"),
    "mc3": ("full", "full", "flat", "flat"),
    "r3d": ("full", "full", "full", "full"),
}


def _conv(inputs: int, outputs: int, size: int, stride: int, form: str) -> nn.Sequential:
    """A square convolution of `size` pixels in one of the three forms. A 1x1 convolution sees one frame in all."""
    depth = 3 if form == "full" and size > 1 else 1
    padding = (depth // 2, size // 2, size // 2)
    layers: list[nn.Module] = [nn.Conv3d(inputs, outputs, (depth, size, size), (1, stride, stride), padding)]
    if form == "split" and size > 1:
        layers.append(OverTime(outputs))
    return nn.Sequential(*layers)


class _Block(nn.Module):
    """FaceNet's residual block over (B, C, T, H, W); the map is halved, time is not."""

    def __init__(self, inputs: int, outputs: int, form: str):
        super().__init__()
        self.first = _conv(inputs, outputs, 3, 2, form)
        self.second = _conv(outputs, outputs, 3, 1, form)
        self.pool = nn.AvgPool3d((1, 2, 2))
        self.shortcut = _conv(inputs, outputs, 1, 1, form)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.second(torch.relu(self.first(x))) + self.shortcut(self.pool(x)))


class _Trunk(nn.Module):
    """The stem and the blocks; parameter names are FaceNet's."""

    def __init__(self, forms: tuple[str, ...]):
        super().__init__()
        widths = FaceNet.widths
        self.stem = _conv(3, widths[0], 3, 2, forms[0])
        blocks = [_Block(a, b, form) for (a, b), form in zip(pairwise(widths), forms[1:], strict=True)]
        self.blocks = nn.Sequential(*blocks)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.blocks(torch.relu(self.stem((x - 0.5) * 4)))


class FaceNet3D(Host):
    """A narrow 3-D network for small drawn faces, at first blind to time.

    frames (B, T, 3, H, W) in 0..1, shown to the network as (x - 0.5) * 4, as FaceNet sees them -> features (B, 128).
    Temporal kernels start as identity, so at first the features are the mean of FaceNet's frame features, and
    training alone decides what movement is worth. kind: "r2plus1d" (spatial and temporal convolutions in turn, as in
    R(2+1)D, but without the ReLU between them, which would break the start), "mc3" (3-D in the stem and the first
    block, 2-D after), "r3d" (3-D everywhere). weights: "shipped" or "none". Raises BadInput for others.
    """

    def __init__(self, kind: str = "r2plus1d", weights: str = "shipped", num_classes: int = 7):
        super().__init__(FaceNet.out_dim, num_classes)
        if kind not in KINDS or weights not in ("shipped", "none"):
            raise BadInput(f"no FaceNet3D of kind {kind!r} with weights {weights!r}", "FaceNet3D",
                           f'use {", ".join(KINDS)} with "shipped" or "none"')
        self.backbone = _Trunk(KINDS[kind])
        if weights == "shipped":
            self._inflate(shipped_weights())

    def _inflate(self, weights: dict[str, torch.Tensor]) -> None:
        own = self.backbone.state_dict()
        flat = {name: inflate(tensor, own[name].shape[2]) if tensor.dim() == 4 else tensor
                for name, tensor in weights.items()}
        self.backbone.load_state_dict(own | flat)

    def features(self, frames: torch.Tensor) -> torch.Tensor:
        return self.backbone(as_video(frames)).mean(dim=(2, 3, 4))
