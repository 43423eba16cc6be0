"""Host networks by name: plain classifiers of clips, at the papers' size and small enough for two CPU cores."""

import torch
from torch import nn

from dfer_nb.errors import BadInput
from dfer_nb.models.backbones import backbone
from dfer_nb.models.facenet3d import FaceNet3D
from dfer_nb.models.former_dfer import FormerDFER
from dfer_nb.models.host import FeatureNorm, Host, per_frame
from dfer_nb.models.layers3d import as_video
from dfer_nb.models.pretrained import torchvision_network

__all__ = ["CNNRecurrent", "FaceNet3D", "FormerDFER", "FrameMean", "Host", "TwoStream", "VideoHost", "host", "movement",
           "without_time"]

KINETICS_MEAN, KINETICS_STD = (0.43216, 0.394666, 0.37645), (0.22803, 0.22145, 0.216989)  # torchvision's, of RGB


class FrameMean(Host):
    """A 2-D network whose frame features are averaged: what is left of a 3-D network when a clip is one frame.

    frames (B, T, 3, H, W) in 0..1 -> features (B, D). cnn, weights: as in `backbone`, which also says the mean and
    std that are applied (ImageNet's for torchvision's networks, FaceNet's own scaling).
    """

    def __init__(self, cnn: str = "resnet18", weights: str = "none", num_classes: int = 7):
        net = backbone(cnn, weights)
        super().__init__(net.out_dim, num_classes)
        self.backbone = net

    def features(self, frames: torch.Tensor) -> torch.Tensor:
        return per_frame(self.backbone, frames).mean(dim=1)


class CNNRecurrent(Host):
    """CNN-LSTM or CNN-GRU: a 2-D network on every frame, a bidirectional recurrent network, a mean over time.

    frames (B, T, 3, H, W) in 0..1 -> features (B, out_dim). cnn, weights: as in `backbone`, which also says the mean
    and std that are applied; cell: "lstm" or "gru"; hidden: units of each direction; out_dim: width after a last
    linear layer; size: pixels of the frames, where cnn is a vision transformer, 0 else. The default sizes are a reading
    of RDFER's Table VI: they give its 22.2 M parameters, and features of 512 that fit M3DFEL at the 11.8 M more which
    the table has for every backbone.
    """

    streams = 1  # how many networks look at the frames

    def __init__(self, cnn: str = "resnet18", weights: str = "none", cell: str = "lstm", hidden: int = 512,
                 layers: int = 2, out_dim: int = 512, num_classes: int = 7, size: int = 0):
        if cell not in ("lstm", "gru"):
            raise BadInput(f"no recurrent cell {cell!r}", "CNNRecurrent", 'use "lstm" or "gru"')
        super().__init__(out_dim, num_classes)
        self.backbone, self.size = backbone(cnn, weights, size), size
        kind = nn.LSTM if cell == "lstm" else nn.GRU
        self.recurrent = kind(self.streams * self.backbone.out_dim, hidden, layers, batch_first=True,
                              bidirectional=True)
        self.project = nn.Linear(2 * hidden, out_dim)

    def of_frames(self, frames: torch.Tensor) -> torch.Tensor:
        """What is known of every frame: (B, T, 3, H, W) -> (B, T, D)."""
        return per_frame(self.backbone, frames)

    def features(self, frames: torch.Tensor) -> torch.Tensor:
        if self.size and frames.shape[-2:] != (self.size, self.size):
            raise BadInput(f"frames of {frames.shape[-2]}x{frames.shape[-1]} px, for {self.size} px", "CNNRecurrent",
                           "scale the frames, or build the network with another size")
        sequence, _ = self.recurrent(self.of_frames(frames))  # (B, T, 2 * hidden)
        return self.project(sequence.mean(dim=1))


def movement(frames: torch.Tensor) -> torch.Tensor:
    """What changes from frame to frame, as pictures: (B, T, 3, H, W) in 0..1 -> the same; grey where nothing does.

    The first frame has none before it: it is all grey.
    """
    return 0.5 + torch.diff(frames, dim=1, prepend=frames[:, :1]) / 2


class TwoStream(CNNRecurrent):
    """Two-stream CNN-LSTM: one 2-D network on the frames, another on their movement, one recurrent network on both.

    As in `CNNRecurrent`, but that features of both networks are put side by side for every frame. The papers say "2R18"
    and no more: that the second stream sees the differences between frames, in the place of optical flow, is our
    reading.
    """

    streams = 2

    def __init__(self, cnn: str = "resnet18", weights: str = "none", *sizes, **more):
        super().__init__(cnn, weights, *sizes, **more)
        self.moving = nn.ModuleDict({"backbone": backbone(cnn, weights, self.size)})

    def of_frames(self, frames: torch.Tensor) -> torch.Tensor:
        moving = per_frame(self.moving["backbone"], movement(frames))
        return torch.cat([super().of_frames(frames), moving], dim=2)  # (B, T, 2 * D)


class VideoHost(Host):
    """A video network of torchvision without its last layer: "r3d_18", "mc3_18" or "r2plus1d_18".

    frames (B, T, 3, H, W) in 0..1 -> features (B, 512). The mean and std of torchvision's Kinetics weights are
    applied to the colours, with and without those weights. weights: "kinetics" (asked of torchvision, needs a network
    once) or "none". Raises BadInput for other names and for weights that cannot be had.
    """

    def __init__(self, name: str = "r3d_18", weights: str = "none", num_classes: int = 7):
        if name not in ("r3d_18", "mc3_18", "r2plus1d_18") or weights not in ("kinetics", "none"):
            raise BadInput(f"no video network {name!r} with weights {weights!r}", "VideoHost",
                           'use "r3d_18", "mc3_18" or "r2plus1d_18" with "kinetics" or "none"')
        net = torchvision_network(name, weights)
        super().__init__(net.fc.in_features, num_classes)
        net.fc = nn.Identity()
        self.backbone = net
        self.register_buffer("mean", torch.tensor(KINETICS_MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(KINETICS_STD).view(3, 1, 1), persistent=False)

    def features(self, frames: torch.Tensor) -> torch.Tensor:
        return self.backbone(as_video((frames - self.mean) / self.std))


# Names of the hosts at the two widths. Each takes the weights, frames of a clip, side in pixels and number of classes;
# Former-DFER also its initial scale. "cnn-lstm" is the papers' ResNet18+LSTM.
_FULL = {
    "r3d": lambda weights, n, size, k: VideoHost("r3d_18", weights, k),
    "mc3": lambda weights, n, size, k: VideoHost("mc3_18", weights, k),
    "r2plus1d": lambda weights, n, size, k: VideoHost("r2plus1d_18", weights, k),
    "cnn": lambda weights, n, size, k: FrameMean("resnet18", weights, k),
    "cnn-lstm": lambda weights, n, size, k: CNNRecurrent("resnet18", weights, "lstm", num_classes=k),
    "cnn-gru": lambda weights, n, size, k: CNNRecurrent("resnet18", weights, "gru", num_classes=k),
    "resnet50-lstm": lambda weights, n, size, k: CNNRecurrent("resnet50", weights, num_classes=k),
    "two-stream-lstm": lambda weights, n, size, k: TwoStream("resnet18", weights, num_classes=k),
    "vgg11-lstm": lambda weights, n, size, k: CNNRecurrent("vgg11", weights, num_classes=k),
    "vgg13-lstm": lambda weights, n, size, k: CNNRecurrent("vgg13", weights, num_classes=k),
    "vgg16-lstm": lambda weights, n, size, k: CNNRecurrent("vgg16", weights, num_classes=k),
    "vit-lstm": lambda weights, n, size, k: CNNRecurrent("vit_b_16", weights, num_classes=k, size=size or 112),
    "former-dfer": lambda weights, n, size, k, **more: FormerDFER(
        "resnet18", weights, n, size or 112, num_classes=k, **more),
}
_NARROW = {
    "r3d": lambda weights, n, size, k: FaceNet3D("r3d", weights, k),
    "mc3": lambda weights, n, size, k: FaceNet3D("mc3", weights, k),
    "r2plus1d": lambda weights, n, size, k: FaceNet3D("r2plus1d", weights, k),
    "cnn": lambda weights, n, size, k: FrameMean("facenet", weights, k),
    "features": lambda weights, n, size, k: FrameMean("features", weights, k),
    "cnn-lstm": lambda weights, n, size, k: CNNRecurrent("facenet", weights, "lstm", 64, 1, 128, k),
    "cnn-gru": lambda weights, n, size, k: CNNRecurrent("facenet", weights, "gru", 64, 1, 128, k),
    "resnet50-lstm": lambda weights, n, size, k: CNNRecurrent("narrow-resnet50", weights, "lstm", 64, 1, 128, k),
    "two-stream-lstm": lambda weights, n, size, k: TwoStream("facenet", weights, "lstm", 64, 1, 128, k),
    "vgg13-lstm": lambda weights, n, size, k: CNNRecurrent("narrow-vgg13", weights, "lstm", 64, 1, 128, k),
    "vgg16-lstm": lambda weights, n, size, k: CNNRecurrent("narrow-vgg16", weights, "lstm", 64, 1, 128, k),
    "vit-lstm": lambda weights, n, size, k: CNNRecurrent("narrow-vit", weights, "lstm", 64, 1, 128, k, size or 48),
    "former-dfer": lambda weights, n, size, k, **more: FormerDFER(
        "facenet", weights, n, size or 48, num_classes=k, **more),
}
VIDEO = ("r3d", "mc3", "r2plus1d")
HOSTS = tuple(name for name in _FULL if name != "cnn")


def host(name: str, width: str = "full", weights: str = "none", n_frames: int = 16, size: int = 0,
         num_classes: int = 7, feature_norm: bool = False, initial_scale: float = 0.02) -> Host:
    """A host by name, as a full or a narrow network: one of HOSTS, which the papers' tables have between them.

    A full host may also be "cnn", and a narrow one "cnn" or "features": the mean of frame features, of a ResNet18 or
    FaceNet, or of such (B, T, 128) that were computed beforehand. "vgg11-lstm" is full alone.
    width: "full" (the papers' sizes) or "narrow" (small networks of the same families, for 48 px).
    weights: "none"; "torchvision" for full ones (Kinetics for the video networks, ImageNet for the others);
    "shipped" for narrow ones. n_frames of a clip and initial_scale (see `FormerDFER`) matter to "former-dfer" alone,
    size in pixels (0: 112 or 48) to "vit-lstm" as well. feature_norm: batch normalisation as the host's `scale`. The
    full networks have enough of it inside; narrow ones ship with their own folded away. Raises BadInput for what is
    not known, and for weights that cannot be had.
    """
    known = {"full": (_FULL, "torchvision"), "narrow": (_NARROW, "shipped")}
    if width not in known or name not in known[width][0] or weights not in (known[width][1], "none"):
        raise BadInput(f"no host {name!r} of width {width!r} with weights {weights!r}", "the preset's model settings",
                       f'use {", ".join(_FULL)}, "full" ("torchvision" or "none") or "narrow" ("shipped" or "none")')
    if weights == "torchvision":
        weights = "kinetics" if name in VIDEO else "imagenet"
    more = {"initial_scale": initial_scale} if name == "former-dfer" else {}
    net = known[width][0][name](weights, n_frames, size, num_classes, **more)
    if feature_norm:
        net.scale = FeatureNorm(net.out_dim)
    return net


def without_time(name: str) -> str:
    """The host that a video network comes down to on single frames: "cnn" (M3DFEL, Sec. 4.4, bag size 16)."""
    return "cnn" if name in VIDEO else name
