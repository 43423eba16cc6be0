"""Presets and variants of the M3DFEL chapter."""

from dfer_nb.m3dfel import BagTraining, network
from dfer_nb.models.hosts import VIDEO
from dfer_nb.presets.values import (
    ALL_COLUMNS,
    COSINE,
    CROP,
    FROM_START,
    FROZEN_TRAINING,
    JITTER,
    LAPTOP_TRAINING,
    MEMORISE_TRAINING,
    Choice,
    Value,
    Variant,
    assumed,
    laptop,
    stated,
)

MODEL, METHOD = network, BagTraining
# dataset -> the paper's main table on it, its own row there, and what is printed in it
MAIN_TABLES = {"dfew": ("1", "M3DFEL", ALL_COLUMNS), "ferv39k": ("2", "M3DFEL", ("WAR", "UAR"))}

_MODULE = {
    **stated("Sec. 4.4", bag_size=4),
    **stated("Sec. 3.2", pooling="dliam", lstm=True, attention=True, norm="dmin"),
    **assumed(initial_scale=0.02),
}
_SMOOTHING = stated("Sec. 4.2", smoothing=0.1)
_PAPER = {
    "training": {
        **stated(
            "Sec. 4.2",
            epochs=300,
            warmup=20,
            optimizer="adamw",
            schedule="cosine",
            lr=5e-4,
            lr_backbone=5e-4,
            lr_min=5e-6,
            weight_decay=0.05,
            batch_size=256,
            flip=True,
            jitter=0.4,
            max_frames=16,
        ),
        **assumed(size=112, crop_scale=(0.7, 1.0), clip_norm=0.0, cosine_from="warmup"),
        **assumed(precision="bf16-mixed", cpu_precision="32-true"),
    },
    "model": {
        **_MODULE,
        **stated("Sec. 4.2", backbone_name="r3d", backbone_weights="torchvision"),
        **assumed(width="full", hidden=512, layers=2, heads=8, feature_norm=False),
    },
    "method": _SMOOTHING,
}

_LAPTOP = {
    "training": {
        **LAPTOP_TRAINING,
        **stated("Sec. 4.2", max_frames=16),
        **laptop(cpu_precision="32-true"),  # bf16 gradients of 3-D convolutions were seen to fail on a CPU
    },
    "model": {
        **_MODULE,
        **laptop(backbone_name="r2plus1d", backbone_weights="shipped", width="narrow"),
        **laptop(hidden=64, layers=2, heads=8, feature_norm=True),
    },
    "method": _SMOOTHING,
}

PRESETS: dict[str, dict[str, dict[str, Value]]] = {
    "laptop": _LAPTOP,
    "memorise": {**_LAPTOP, "training": {**_LAPTOP["training"], **MEMORISE_TRAINING}},
    "frozen": {
        **_LAPTOP,
        "training": {**_LAPTOP["training"], **FROZEN_TRAINING},
        "model": {**_LAPTOP["model"], **laptop(backbone_name="features", backbone_weights="none")},
    },
    "paper": _PAPER,
    "paper-scratch": {**_PAPER, "model": {**_PAPER["model"], **assumed(backbone_weights="none")}},
}
FRAMES: dict[str, int] = {}  # 16 of every kind
# Of networks without a 3-D convolution, as RDFER's: bf16 gradients of those alone were seen to fail on a CPU.
_BF16 = {"cpu_precision": "bf16-mixed"}


def _backbones() -> dict[str, Variant]:
    """Each host alone and in a bag of four. The preset's own host makes one pair of them bag-1 and m3dfel again."""
    hosts = {"cnn-lstm": "CNN-LSTM", "mc3": "MC3", "r2plus1d": "R(2+1)D", "r3d": "R3D18", "former-dfer": "Former-DFER"}
    found = {}
    for name, title in hosts.items():
        flat = {} if name in VIDEO else _BF16
        found[name] = Variant(f"RDFER, Table VI, {title}", model={"backbone_name": name, "bag_size": 1}, full_size=flat)
        found[f"{name}-m3dfel"] = Variant(f"RDFER, Table VI, {title} with M3DFEL", model={"backbone_name": name},
                                          full_size=flat)
    return found


def _initial_scale() -> dict[str, Variant]:
    """Former-DFER, alone and in a bag of four, as its public code lets it begin."""
    words, model = "Former-DFER's public code: initial scale 1", {"backbone_name": "former-dfer", "initial_scale": 1.0}
    return {"former-dfer-scale-1": Variant(words, model=model | {"bag_size": 1}, full_size=_BF16),
            "former-dfer-scale-1-m3dfel": Variant(f"{words}, with M3DFEL", model=model, full_size=_BF16)}


_PIECES = {"pooling": "average"}

VARIANTS = {
    "m3dfel": Variant("Table 3, bag size 4; Table 4, M3DFEL (ours)"),
    "bag-1": Variant("Table 3, bag size 1: the host alone", model={"bag_size": 1}),
    "bag-2": Variant("Table 3, bag size 2", model={"bag_size": 2}),
    "bag-8": Variant("Table 3, bag size 8", model={"bag_size": 8}),
    "bag-16": Variant("Table 3, bag size 16: single frames, a 2-D host", model={"bag_size": 16}, full_size=_BF16),
    "average-pooling": Variant("Table 4, baseline; Fig. 4, 3-D instances", model=_PIECES),
    "average-of-frames": Variant("Fig. 4, 2-D instances: 16 single frames, averaged", model=_PIECES | {"bag_size": 16},
                                 full_size=_BF16),
    "average-pooling-long": Variant("ours: does a piece of video tell more after 24 epochs?", model=_PIECES,
                                    training={"epochs": 24}),
    "without-lstm": Variant("Table 4, w/o LSTM", model={"lstm": False}),
    "without-dmin": Variant("Table 4, w/o DMIN", model={"norm": "none"}),
    "without-mhsa": Variant("Table 4, w/o MHSA", model={"attention": False}),
    "lstm-mean": Variant("control: a BiLSTM and the mean of its outputs", model={"pooling": "lstm"}),
    "layernorm": Variant("control: LayerNorm in the place of DMIN", model={"norm": "layer"}),
    **_backbones(),
    **_initial_scale(),
    "cosine-from-start": FROM_START,
}

CHOICES = {
    "Former-DFER's beginning": Choice(
        "its positions, class token and times from a normal of deviation 0.02",
        "not said where it is a host (RDFER, Table VI); its own public code: 1.0",
        "former-dfer-scale-1",
    ),
    "what CNN-LSTM's BiLSTM gives": Choice(
        "the mean of its outputs over time, then a linear layer", "RDFER's Table VI has the network's name alone"
    ),
    "frames of a video": Choice(
        "16, the middles of equal pieces; a shorter video repeats its last frame",
        "16, and not how (Sec. 4.2); public code moves them at random, in testing too, and stretches a short video",
    ),
    "cosine": COSINE,
    "colour jitter": JITTER,
    "random crop": CROP,
    "input scaling": Choice(
        "mean and deviation that the weights expect: Kinetics' for 3-D networks, ImageNet's for 2-D ones (laptop: "
        "(x - 0.5) * 4, the small networks' own)",
        "not said; most public code of the field leaves colours in 0 to 1",
    ),
}
