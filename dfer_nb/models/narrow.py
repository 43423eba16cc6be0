"""Narrow networks of the families that the papers' hosts are of, for drawn faces of 48 px: frames in, features out."""

import copy

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from dfer_nb.errors import BadInput
from dfer_nb.models.layers import Encoder

SIZE = 48  # px, of the frames that the shipped weights are for
DEPTHS = {"vgg13": (2, 2, 2, 2, 2), "vgg16": (2, 2, 3, 3, 3)}  # convolutions of a stage (Simonyan and Zisserman, 2015)


def conv(inputs: int, outputs: int, size: int, stride: int = 1, norm: bool = False) -> nn.Sequential:
    """A square convolution that keeps the map's side, or divides it by the stride; norm: batch normalisation after."""
    layers = [nn.Conv2d(inputs, outputs, size, stride, size // 2)]
    return nn.Sequential(*layers, nn.BatchNorm2d(outputs)) if norm else nn.Sequential(*layers)


class Narrow(nn.Module):
    """frames (N, 3, H, W) in 0..1 -> (N, out_dim); colours are shown to the network as (x - 0.5) * 4.

    Batch normalisation is there only while `dfer_nb.pretrain` trains a network; `fused()` folds it into the
    convolutions, which is what ships: frozen batch normalisation, for free.
    """

    out_dim = 0

    def fused(self) -> "Narrow":
        """The same network with its batch normalisation folded into the convolutions."""
        result = copy.deepcopy(self).eval()
        for layers in list(result.modules()):
            if isinstance(layers, nn.Sequential) and len(layers) == 2 and isinstance(layers[1], nn.BatchNorm2d):
                layers[0] = fuse_conv_bn_eval(*layers)
                del layers[1]
        return result


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut (He et al., 2016); halves the map when stride is 2."""

    def __init__(self, inputs: int, outputs: int, stride: int, norm: bool):
        super().__init__()
        self.first = conv(inputs, outputs, 3, stride, norm)
        self.second = conv(outputs, outputs, 3, 1, norm)
        self.pool = nn.AvgPool2d(stride) if stride > 1 else nn.Identity()
        self.shortcut = conv(inputs, outputs, 1, 1, norm) if inputs != outputs else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.second(torch.relu(self.first(x))) + self.shortcut(self.pool(x)))


class Bottleneck(nn.Module):
    """A 1x1, a 3x3 and a 1x1 convolution, four times as wide as within, and a shortcut (He et al., 2016).

    With batch normalisation it begins as its shortcut alone: so many narrow blocks hardly learn otherwise.
    """

    def __init__(self, inputs: int, width: int, stride: int, norm: bool):
        super().__init__()
        self.reduce, self.expand = conv(inputs, width, 1, 1, norm), conv(width, 4 * width, 1, 1, norm)
        self.middle = conv(width, width, 3, stride, norm)
        same = inputs == 4 * width and stride == 1
        self.shortcut = nn.Identity() if same else conv(inputs, 4 * width, 1, stride, norm)
        if norm:
            nn.init.zeros_(self.expand[1].weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.expand(torch.relu(self.middle(torch.relu(self.reduce(x))))) + self.shortcut(x))


class NarrowResNet(Narrow):
    """ResNet50's 16 bottleneck blocks, narrow: 128 features.

    The stem is one 3x3 convolution that halves the map, where ResNet50's quarters it: frames are small.
    """

    out_dim = 128

    def __init__(self, norm: bool = False):
        super().__init__()
        self.stem = conv(3, 16, 3, 2, norm)
        blocks, inputs = [], 16
        for stage, (width, depth) in enumerate(((8, 3), (12, 4), (20, 6), (32, 3))):
            for block in range(depth):
                blocks.append(Bottleneck(inputs, width, 2 if stage and not block else 1, norm))
                inputs = 4 * width
        self.blocks = nn.Sequential(*blocks)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        return self.blocks(torch.relu(self.stem((frames - 0.5) * 4))).mean(dim=(2, 3))


class NarrowVGG(Narrow):
    """A VGG's 3x3 convolutions, stage by stage, with max-pooling after each: 48 features; depth: of `DEPTHS`.

    Widths are an eighth of its own, in the last two stages less than a tenth. As in `ImageBackbone`, the mean over the
    last map stands where a VGG has large linear layers.
    """

    out_dim = 48

    def __init__(self, depth: str, norm: bool = False):
        super().__init__()
        stages, inputs = [], 3
        for width, number in zip((8, 16, 32, 48, 48), DEPTHS[depth], strict=True):
            layers = [layer for k in range(number)
                      for layer in (conv(width if k else inputs, width, 3, 1, norm), nn.ReLU())]
            stages += [*layers, nn.MaxPool2d(2, ceil_mode=True)]
            inputs = width
        self.stages = nn.Sequential(*stages)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        return self.stages((frames - 0.5) * 4).mean(dim=(2, 3))


class NarrowViT(Narrow):
    """A hybrid vision transformer (Dosovitskiy et al., 2021), a token for each patch of 8 px: 48 features.

    A token is what FaceNet's stem and first two blocks make of a patch and its surroundings, and pre-training begins
    with their weights: raw patches of so few faces taught it nothing. A class token, learned positions, and encoders
    that normalise first. size: pixels of the frames, a multiple of 8. Raises BadInput for other sizes.
    """

    out_dim, patch = 48, 8

    def __init__(self, norm: bool = False, size: int = SIZE, layers: int = 3, heads: int = 3):
        super().__init__()
        if size % self.patch:
            raise BadInput(f"frames of {size} px cannot be cut into patches of {self.patch}", "NarrowViT",
                           f"use a multiple of {self.patch} px")
        dim = self.out_dim
        self.stem = conv(3, 16, 3, 2, norm)
        self.blocks = nn.Sequential(ResidualBlock(16, 32, 2, norm), ResidualBlock(32, 64, 2, norm))
        self.patches = nn.Conv2d(64, dim, 1)
        self.token = nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = nn.Parameter(torch.randn(1, (size // self.patch) ** 2 + 1, dim) * 0.02)
        self.encoders = nn.Sequential(*(Encoder(dim, heads, 2 * dim) for _ in range(layers)))
        self.norm = nn.LayerNorm(dim)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        tokens = self.patches(self.blocks(torch.relu(self.stem((frames - 0.5) * 4)))).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.token.expand(len(tokens), -1, -1), tokens], dim=1) + self.positions
        return self.norm(self.encoders(tokens)[:, 0])


def narrow(name: str, norm: bool = False, size: int = 0) -> Narrow:
    """A narrow network of NAMES, at random. size: pixels of a vision transformer's frames, 0 for SIZE."""
    if name == "narrow-vit":
        return NarrowViT(norm, size or SIZE)
    depth = name.removeprefix("narrow-")
    return NarrowVGG(depth, norm) if depth in DEPTHS else NarrowResNet(norm)


NAMES = ("narrow-resnet50", *(f"narrow-{depth}" for depth in DEPTHS), "narrow-vit")
