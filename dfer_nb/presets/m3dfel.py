"""Presets and variants of the M3DFEL chapter."""

from dfer_nb.m3dfel import BagTraining, network
from dfer_nb.presets.values import (
    FROZEN_TRAINING,
    LAPTOP_TRAINING,
    MEMORISE_TRAINING,
    Value,
    Variant,
    assumed,
    laptop,
    stated,
)

MODEL, METHOD = network, BagTraining
MAIN_TABLE = ("1", "M3DFEL")  # the paper's table of five folds on DFEW, and its own row there

_MODULE = {
    **stated("Sec. 4.4", bag_size=4),
    **stated("Sec. 3.2", pooling="dliam", lstm=True, attention=True, norm="dmin"),
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
        **assumed(size=112, crop_scale=(0.7, 1.0), clip_norm=0.0, precision="bf16-mixed"),
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


def _backbones() -> dict[str, Variant]:
    """Each host alone and in a bag of four. The preset's own host makes one pair of them bag-1 and m3dfel again."""
    hosts = {"cnn-lstm": "CNN-LSTM", "mc3": "MC3", "r2plus1d": "R(2+1)D", "r3d": "R3D18", "former-dfer": "Former-DFER"}
    alone = {name: Variant(f"RDFER, Table VI, {title}", model={"backbone_name": name, "bag_size": 1})
             for name, title in hosts.items()}
    bags = {f"{name}-m3dfel": Variant(f"RDFER, Table VI, {title} with M3DFEL", model={"backbone_name": name})
            for name, title in hosts.items()}
    return {name: variant for pair in zip(alone.items(), bags.items(), strict=True) for name, variant in pair}


VARIANTS = {
    "m3dfel": Variant("Table 3, bag size 4; Table 4, M3DFEL (ours)"),
    "bag-1": Variant("Table 3, bag size 1: the host alone", model={"bag_size": 1}),
    "bag-2": Variant("Table 3, bag size 2", model={"bag_size": 2}),
    "bag-8": Variant("Table 3, bag size 8", model={"bag_size": 8}),
    "bag-16": Variant("Table 3, bag size 16: single frames, a 2-D host", model={"bag_size": 16}),
    "average-pooling": Variant("Table 4, baseline; Fig. 4, 3-D instances", model={"pooling": "average"}),
    "average-of-frames": Variant("Fig. 4, 2-D instances: 16 single frames, averaged",
                                 model={"pooling": "average", "bag_size": 16}),
    "without-lstm": Variant("Table 4, w/o LSTM", model={"lstm": False}),
    "without-dmin": Variant("Table 4, w/o DMIN", model={"norm": "none"}),
    "without-mhsa": Variant("Table 4, w/o MHSA", model={"attention": False}),
    "lstm-mean": Variant("control: a BiLSTM and the mean of its outputs", model={"pooling": "lstm"}),
    "layernorm": Variant("control: LayerNorm in the place of DMIN", model={"norm": "layer"}),
    **_backbones(),
}
