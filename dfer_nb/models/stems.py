"""Stems: the first layers of a 2-D network by name, a frame in, a feature map out."""

import torch
from torch import nn

from dfer_nb.errors import BadInput
from dfer_nb.models.backbones import IMAGENET_MEAN, IMAGENET_STD, FaceNet, backbone
from dfer_nb.models.pretrained import torchvision_network


class ResNetStem(nn.Module):
    """ResNet18's 7x7 convolution and max-pool, then the first block of each of its first three stages.

    frames (N, 3, H, W) in 0..1 -> (N, 256, H/16, W/16): 7 x 7 for 112 px. ImageNet's mean and std are applied to the
    colours, with and without its weights. weights: "imagenet" (asked of torchvision) or "none".
    """

    channels, size, shrinks = 256, 112, 16  # of the map; pixels it is meant for; sides of a frame and of the map

    def __init__(self, weights: str = "none"):
        super().__init__()
        net = torchvision_network("resnet18", weights)
        self.layers = nn.Sequential(net.conv1, net.bn1, net.relu, net.maxpool, net.layer1[0], net.layer2[0],
                                    net.layer3[0])
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(3, 1, 1), persistent=False)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        return self.layers((frames - self.mean) / self.std)


class FaceNetStem(nn.Module):
    """FaceNet without its mean over positions: (N, 3, H, W) in 0..1 -> (N, 128, H/16, W/16), 3 x 3 for 48 px."""

    channels, size, shrinks = FaceNet.out_dim, 48, 16

    def __init__(self, weights: str = "shipped"):
        super().__init__()
        self.net = backbone("facenet", weights)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        return self.net.blocks(torch.relu(self.net.stem((frames - 0.5) * 4)))


class FeaturesAsMaps(nn.Module):
    """Frozen frame features as maps of one position: (N, D) -> (N, D, 1, 1)."""

    channels, size, shrinks = FaceNet.out_dim, 0, 1

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return features[:, :, None, None]


def stem(name: str, weights: str = "none") -> nn.Module:
    """A stem by name: "resnet18" ("imagenet" or "none"), "facenet" ("shipped" or "none"), "features" ("none").

    It has `channels` and `shrinks`, how often a frame's side holds the map's (rounded up), and `size`, the pixels that
    it is meant for, 0 where there are none. Raises BadInput for an unknown pair, and for weights that cannot be had.
    """
    known = {"resnet18": ("imagenet", ResNetStem), "facenet": ("shipped", FaceNetStem), "features": ("none", None)}
    if name not in known or weights not in (known[name][0], "none"):
        raise BadInput(f"no stem {name!r} with weights {weights!r}", "the preset's model settings",
                       'use "resnet18" with "imagenet" or "none", "facenet" with "shipped" or "none", or "features"')
    return known[name][1](weights) if known[name][1] else FeaturesAsMaps()
