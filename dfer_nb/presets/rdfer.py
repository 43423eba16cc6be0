"""Presets and variants of the RDFER chapter."""

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
from dfer_nb.rdfer import RDFER, AgreementReweighting

MODEL, METHOD = RDFER, AgreementReweighting
MAIN_TABLE = ("I", "RDFER")  # the paper's table of five folds on DFEW, and its own row there

_REWEIGHTING = {
    **stated("Sec. IV-B", hard=0.2, noisy=0.1, lambda_hard=1.5, lambda_noisy=0.0, smoothing=0.1),
    **assumed(lambda_ordinary=1.0, ranks="batch"),
}
_NETWORK = {
    **stated("Sec. III-B", detector_stride=4),
    **stated("Fig. 3", clip_length=4, clips="groups"),
    **stated("Sec. III-C", fuse="concat"),
    **assumed(n_frames=16, locator="softmax"),
}
_PAPER = {
    "training": {
        **stated(
            "Sec. IV-B",
            epochs=100,
            warmup=10,
            optimizer="adamw",
            schedule="cosine",
            lr=7e-4,
            lr_backbone=7e-4,
            lr_min=7e-6,
            weight_decay=0.05,
            batch_size=128,
            flip=True,
            jitter=0.4,
        ),
        **stated("Sec. III-B", max_frames=64),
        **assumed(size=112, crop_scale=(0.7, 1.0), clip_norm=0.0, precision="bf16-mixed"),
    },
    "model": {
        **_NETWORK,
        **stated("Sec. IV-B", backbone_name="resnet50", backbone_weights="imagenet"),
        **assumed(detector_name="mobilenet_v3_small", detector_weights="imagenet", dim=512),
    },
    "method": {**_REWEIGHTING, **assumed(start=10, summary_loss=0.5)},
}
_WITHOUT_WEIGHTS = assumed(backbone_weights="none", detector_weights="none")

_LAPTOP = {
    "training": LAPTOP_TRAINING,
    "model": {
        **_NETWORK,
        **laptop(backbone_name="facenet", backbone_weights="shipped",
                 detector_name="facenet", detector_weights="shipped", dim=128),
    },
    "method": {**_REWEIGHTING, **laptop(start=2, summary_loss=0.5)},
}

PRESETS: dict[str, dict[str, dict[str, Value]]] = {
    "laptop": _LAPTOP,
    "memorise": {**_LAPTOP, "training": {**_LAPTOP["training"], **MEMORISE_TRAINING}},
    "frozen": {
        **_LAPTOP,
        "training": {**_LAPTOP["training"], **FROZEN_TRAINING},
        "model": {
            **_LAPTOP["model"],
            **laptop(backbone_name="features", backbone_weights="none",
                     detector_name="features", detector_weights="none"),
        },
    },
    "paper": _PAPER,
    "paper-scratch": {**_PAPER, "model": {**_PAPER["model"], **_WITHOUT_WEIGHTS}},
}
# "facsimile-long" is about finding a short apex in a long clip: more frames are kept than on the other kinds.
FRAMES = {"facsimile-long": 64}

VARIANTS = {
    "rdfer": Variant("Tables III and IV, RDFER (ours)"),
    "without-resampling": Variant("Table III, w/o Re-sampling", model={"resampling": False}),
    "without-summary": Variant("Table III, w/o Global Summary", model={"summary": False}),
    "single-stream": Variant("Table III, w/o Dual-stream Architecture", model={"structure": "single"}),
    "flat": Variant("Table III, w/o Hierarchical Architecture", model={"structure": "flat"}),
    "big-loss-strengthening": Variant(
        "Table IV, + big-loss strengthening", method={"use_agreement": False, "noisy": 0.0}
    ),
    "hard-only": Variant("Table IV, + hard sample strengthening", method={"noisy": 0.0}),
    "noisy-only": Variant("Table IV, + noisy sample weakening", method={"hard": 0.0}),
    "loss-only": Variant("ours: the weights of Eq. 2, ranked by loss alone", method={"use_agreement": False}),
    "fc-locator": Variant("Eq. 4 read literally", model={"locator": "fc"}),
    "sum-fusion": Variant("Algorithm 1, last line but one", model={"fuse": "sum"}),
    "epoch-ranks": Variant("Sec. III-A, ranks over all samples", method={"ranks": "epoch"}),
    "windows": Variant("Sec. III-A, overlapping sub-clips", model={"clips": "windows"}),
    "sub-clip-loss": Variant(
        "ours: sub-clips are trained too", model={"train_sub_clips": True}, method={"sub_clip_loss": 0.5}
    ),
}
