"""2-D backbones: a frame in, a feature vector out."""

from itertools import pairwise
from pathlib import Path

import torch
import torchvision
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from dfer_nb.errors import BadInput
from dfer_nb.models.narrow import NAMES, SIZE, Narrow, ResidualBlock, conv, narrow
from dfer_nb.models.pretrained import torchvision_network

SHIPPED_WEIGHTS = Path(__file__).with_name("facenet.safetensors")
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class FaceNet(Narrow):
    """A narrow residual network for small drawn faces, of ResNet18's blocks.

    frames (N, 3, H, W) in 0..1 -> (N, 128). Made for 48 px; larger frames work. norm: as in `Narrow`.
    """

    widths = (16, 32, 64, 128)
    out_dim = widths[-1]

    def __init__(self, norm: bool = False):
        super().__init__()
        self.stem = conv(3, self.widths[0], 3, 2, norm)
        self.blocks = nn.Sequential(*(ResidualBlock(a, b, 2, norm) for a, b in pairwise(self.widths)))

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.stem((frames - 0.5) * 4))
        return self.blocks(x).mean(dim=(2, 3))


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
    """A backbone by name: "facenet", another narrow one ("narrow-vit", …), or one of torchvision ("resnet50", …).

    weights: "shipped" (action-unit weights of the narrow ones), "imagenet" (asked of torchvision, needs a network
    once), or "none". "features" with "none" passes on FaceNet's features, computed beforehand. size: pixels of a vision
    transformer's frames, 0 for 48 or 224; the shipped weights are for 48. Returns a module with `out_dim`. Raises
    BadInput for an unknown pair or weights that cannot be had.
    """
    if name in ("facenet", *NAMES) and weights in ("shipped", "none"):
        return _small(name, weights, size)
    if name == "features" and weights == "none":
        return FeaturesAsTheyAre()
    if name in torchvision.models.list_models(module=torchvision.models) and weights in ("imagenet", "none"):
        return ImageBackbone(name, weights, size)
    raise BadInput(
        f"no backbone {name!r} with weights {weights!r}",
        "the preset's model settings",
        f'use facenet, {", ".join(NAMES)} with "shipped" or "none", or a torchvision classifier with "imagenet" or '
        '"none"',
    )


def small(name: str, norm: bool, size: int = 0) -> Narrow:
    """FaceNet or another narrow network, at random; norm: as in `Narrow`; size: as in `backbone`."""
    return FaceNet(norm) if name == "facenet" else narrow(name, norm, size)


def _small(name: str, weights: str, size: int) -> Narrow:
    net = small(name, weights == "none", size)
    if weights == "shipped":
        if name == "narrow-vit" and size not in (0, SIZE):
            raise BadInput(f"the shipped weights of {name} are not for frames of {size} px",
                           "the preset's model settings", f'use frames of {SIZE} px, or weights "none"')
        net.load_state_dict(shipped_weights(SHIPPED_WEIGHTS.with_name(f"{name}.safetensors")))
    return net


def shipped_weights(path: Path = SHIPPED_WEIGHTS) -> dict[str, torch.Tensor]:
    """A narrow network's weights, pre-trained on action units by `python -m dfer_nb.pretrain`. Raises BadInput."""
    try:
        return {name: tensor.float() for name, tensor in load_file(path).items()}
    except (OSError, SafetensorError) as error:
        raise BadInput(f"the shipped weights cannot be read ({error})", path, "python -m dfer_nb.pretrain") from error
