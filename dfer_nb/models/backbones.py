"""2-D backbones: a frame in, a feature vector out."""

from itertools import pairwise
from pathlib import Path

import torch
import torchvision
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from dfer_nb.errors import BadInput
from dfer_nb.models.pretrained import torchvision_network

SHIPPED_WEIGHTS = Path(__file__).with_name("facenet.safetensors")
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def _conv(inputs: int, outputs: int, size: int, stride: int = 1, norm: bool = False) -> nn.Sequential:
    layers = [nn.Conv2d(inputs, outputs, size, stride, size // 2)]
    return nn.Sequential(*layers, nn.BatchNorm2d(outputs)) if norm else nn.Sequential(*layers)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut (He et al., 2016); halves the map when stride is 2."""

    def __init__(self, inputs: int, outputs: int, stride: int, norm: bool):
        super().__init__()
        self.first = _conv(inputs, outputs, 3, stride, norm)
        self.second = _conv(outputs, outputs, 3, 1, norm)
        self.pool = nn.AvgPool2d(stride) if stride > 1 else nn.Identity()
        self.shortcut = _conv(inputs, outputs, 1, 1, norm) if inputs != outputs else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.second(torch.relu(self.first(x))) + self.shortcut(self.pool(x)))


class FaceNet(nn.Module):
    """A narrow residual network for small drawn faces.

    frames (N, 3, H, W) in 0..1 -> (N, 128). Made for 48 px; larger frames work. Batch normalisation is there
    only while `dfer_nb.pretrain` trains it; `fused()` folds it into the convolutions, which is what ships:
    frozen batch normalisation, for free.
    """

    widths = (16, 32, 64, 128)
    out_dim = widths[-1]

    def __init__(self, norm: bool = False):
        super().__init__()
        self.stem = _conv(3, self.widths[0], 3, 2, norm)
        self.blocks = nn.Sequential(*(ResidualBlock(a, b, 2, norm) for a, b in pairwise(self.widths)))

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.stem((frames - 0.5) * 4))
        return self.blocks(x).mean(dim=(2, 3))

    def fused(self) -> "FaceNet":
        """The same network with its batch normalisation folded into the convolutions."""
        self.eval()
        result = FaceNet(norm=False)
        for name, module in self.named_modules():
            if isinstance(module, nn.Sequential) and len(module) == 2 and isinstance(module[1], nn.BatchNorm2d):
                fused = fuse_conv_bn_eval(module[0], module[1])
                result.get_submodule(name)[0].load_state_dict(fused.state_dict())
        return result


class ImageBackbone(nn.Module):
    """A torchvision classifier without its last layers; frames are normalised with ImageNet's mean and std.

    frames (N, 3, H, W) in 0..1 -> (N, out_dim). Of a VGG the mean over the last map is given, not what its large linear
    layers make of it. size: pixels of a vision transformer's frames, 0: 224; others take any.
    """

    def __init__(self, name: str, weights: str, size: int = 0):
        super().__init__()
        self.net = torchvision_network(name, weights, size)
        last = next(part for part in ("fc", "classifier", "heads") if hasattr(self.net, part))
        layers = getattr(self.net, last)
        self.out_dim = (layers if last == "fc" else layers[0]).in_features
        setattr(self.net, last, nn.Identity())
        if name.startswith("vgg"):
            self.net.avgpool = nn.AdaptiveAvgPool2d(1)
            self.out_dim = 512
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(3, 1, 1), persistent=False)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        return self.net((frames - self.mean) / self.std)


class FeaturesAsTheyAre(nn.Identity):
    """Stands where a backbone would, when clips come as frozen features already: (N, D) -> (N, D)."""

    out_dim = FaceNet.out_dim


def backbone(name: str, weights: str, size: int = 0) -> nn.Module:
    """A backbone by name: "facenet" (shipped), or a torchvision model ("resnet50", "mobilenet_v3_small", …).

    weights: "shipped" (FaceNet's action-unit weights), "imagenet" (asked of torchvision, needs a network once),
    or "none". "features" with "none" passes on FaceNet's features, computed beforehand. size: as in `ImageBackbone`.
    Returns a module with `out_dim`. Raises BadInput for an unknown pair or weights that cannot be had.
    """
    if name == "facenet" and weights in ("shipped", "none"):
        net = FaceNet(norm=weights == "none")
        if weights == "shipped":
            net.load_state_dict(shipped_weights())
        return net
    if name == "features" and weights == "none":
        return FeaturesAsTheyAre()
    if name in torchvision.models.list_models(module=torchvision.models) and weights in ("imagenet", "none"):
        return ImageBackbone(name, weights, size)
    raise BadInput(
        f"no backbone {name!r} with weights {weights!r}",
        "the preset's model settings",
        'use "facenet" with "shipped" or "none", or a torchvision classifier with "imagenet" or "none"',
    )


def shipped_weights(path: Path = SHIPPED_WEIGHTS) -> dict[str, torch.Tensor]:
    """FaceNet's weights, pre-trained on action units by `python -m dfer_nb.pretrain`. Raises BadInput."""
    try:
        return {name: tensor.float() for name, tensor in load_file(path).items()}
    except (OSError, SafetensorError) as error:
        raise BadInput(f"the shipped weights cannot be read ({error})", path, "python -m dfer_nb.pretrain") from error
