"""Former-DFER: a spatial transformer inside a CNN, and a temporal transformer over its frame features.

Source: Z. Zhao, Q. Liu, "Former-DFER: Dynamic Facial Expression Recognition Transformer", ACM MM 2021.
"""

import torch
import torch.nn.functional as F
from torch import nn

from dfer_nb.errors import BadInput
from dfer_nb.models.backbones import FaceNet, ImageBackbone, backbone
from dfer_nb.models.host import Host

_SHRINK = {"resnet18": 16, "facenet": 8}  # sides of a frame and of the map before the last stage


class Encoder(nn.Module):
    """A transformer encoder that normalises before each branch (pre-norm), with tanh-GELU.

    tokens (B, L, dim) -> (B, L, dim). dim is a multiple of heads; mlp: hidden units of the feed-forward branch.
    """

    def __init__(self, dim: int, heads: int, mlp: int):
        super().__init__()
        self.heads = heads
        self.before_attention, self.before_mlp = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.qkv, self.out = nn.Linear(dim, 3 * dim, bias=False), nn.Linear(dim, dim)
        self.mlp = nn.Sequential(nn.Linear(dim, mlp), nn.GELU(approximate="tanh"), nn.Linear(mlp, dim))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        tokens = tokens + self._attend(self.before_attention(tokens))
        return tokens + self.mlp(self.before_mlp(tokens))

    def _attend(self, tokens: torch.Tensor) -> torch.Tensor:
        q, k, v = self.qkv(tokens).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)  # each (B, heads, L, d)
        mixed = F.scaled_dot_product_attention(q, k, v)
        return self.out(mixed.transpose(1, 2).flatten(2))  # (B, L, dim)


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
