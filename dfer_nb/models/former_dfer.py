"""Former-DFER: a spatial transformer inside a CNN, and a temporal transformer over its frame features.

Source: Z. Zhao, Q. Liu, "Former-DFER: Dynamic Facial Expression Recognition Transformer", ACM MM 2021.
"""

import torch
from torch import nn

from dfer_nb.errors import BadInput
from dfer_nb.models.backbones import FaceNet, ImageBackbone, backbone
from dfer_nb.models.host import Host
from dfer_nb.models.layers import Encoder

_SHRINK = {"resnet18": 16, "facenet": 8}  # sides of a frame and of the map before the last stage


class FormerDFER(Host):
    """Former-DFER: 18.03 M parameters and 8.3 GMAC for 16 frames of 112 px at the default sizes.

    frames (B, n_frames, 3, H, W) in 0..1 -> features (B, 512), those of the class token. A CNN's map before its last
    stage becomes one token a position, with learned positions, for `spatial` encoders; the last stage and a mean over
    positions follow; then a class token and the frames, with learned positions, for `temporal` encoders.
    cnn: "resnet18" (ImageNet's mean and std are applied) or "facenet" (its own scaling), weights as in `backbone`;
    size: pixels, which fixes how many positions there are. initial_scale: standard deviation of the normal that
    positions, class token and times start from; 1.0 in Former-DFER's public code. MLPs are twice as wide as tokens.
    Raises BadInput for frames of another number or size.
    """

    def __init__(self, cnn: str = "resnet18", weights: str = "none", n_frames: int = 16, size: int = 112,
                 spatial: int = 1, temporal: int = 3, heads: int = 8, num_classes: int = 7,
                 initial_scale: float = 0.02):
        if cnn not in _SHRINK:
            raise BadInput(f"Former-DFER cannot be built on {cnn!r}", "FormerDFER", f"use {' or '.join(_SHRINK)}")
        net = backbone(cnn, weights)
        super().__init__(net.out_dim, num_classes)
        inner = net.out_dim // 2  # channels before the last stage
        side = -(-size // _SHRINK[cnn])  # each stage halves the map, rounding up
        self.n_frames, self.size = n_frames, size
        self.backbone = net
        self.positions = nn.Parameter(torch.randn(1, side * side, inner) * initial_scale)
        self.spatial = nn.Sequential(*(Encoder(inner, heads, 2 * inner) for _ in range(spatial)))
        self.token = nn.Parameter(torch.randn(1, 1, net.out_dim) * initial_scale)
        self.times = nn.Parameter(torch.randn(1, n_frames + 1, net.out_dim) * initial_scale)
        self.temporal = nn.Sequential(*(Encoder(net.out_dim, heads, 2 * net.out_dim) for _ in range(temporal)))

    def features(self, frames: torch.Tensor) -> torch.Tensor:
        if frames.shape[1] != self.n_frames or frames.shape[-2:] != (self.size, self.size):
            raise BadInput(f"{frames.shape[1]} frames of {frames.shape[-2]}x{frames.shape[-1]} px", "FormerDFER",
                           f"it was built for {self.n_frames} frames of {self.size} px: give n_frames and size")
        lower, upper = _stages(self.backbone)
        x = lower(frames.flatten(0, 1))  # (B*T, inner, h, w)
        tokens = self.spatial(x.flatten(2).transpose(1, 2) + self.positions)  # (B*T, h*w, inner)
        x = upper(tokens.transpose(1, 2).unflatten(2, x.shape[2:]))
        sequence = x.mean(dim=(2, 3)).unflatten(0, frames.shape[:2])  # (B, T, D)
        sequence = torch.cat([self.token.expand(len(frames), -1, -1), sequence], dim=1) + self.times  # (B, T+1, D)
        return self.temporal(sequence)[:, 0]


def _stages(net: nn.Module):
    """A CNN in two pieces: all up to the stage before the last, and the last stage, as functions of a batch."""
    if isinstance(net, FaceNet):
        return lambda x: net.blocks[:-1](torch.relu(net.stem((x - 0.5) * 4))), net.blocks[-1]
    assert isinstance(net, ImageBackbone)
    r = net.net

    def lower(x):
        x = r.maxpool(r.relu(r.bn1(r.conv1((x - net.mean) / net.std))))
        return r.layer3(r.layer2(r.layer1(x)))

    return lower, r.layer4
