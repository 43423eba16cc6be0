"""Presets and variants of the RDFER chapter."""

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
from dfer_nb.rdfer import RDFER, AgreementReweighting

MODEL, METHOD = RDFER, AgreementReweighting
# dataset -> the paper's main table on it, its own row there, and what is printed in it
MAIN_TABLES = {"dfew": ("I", "RDFER", ALL_COLUMNS), "ferv39k": ("II", "RDFER", ("WAR", "UAR"))}

_REWEIGHTING = {
    **stated("Sec. IV-B", hard=0.2, noisy=0.1, lambda_hard=1.5, lambda_noisy=0.0, smoothing=0.1),
    **assumed(lambda_ordinary=1.0, ranks="batch"),
}
_NETWORK = {
    **stated("Fig. 3", clips="groups"),
    **stated("Sec. III-C", fuse="concat"),
    **assumed(detector_stride=4, n_frames=16, clip_length=4, locator="softmax"),
    **assumed(embedding=True, over_time="mean", printed_positions=False),
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
        **assumed(max_frames=64, size=112, crop_scale=(0.7, 1.0), clip_norm=0.0, cosine_from="warmup"),
        **assumed(precision="bf16-mixed", cpu_precision="bf16-mixed"),
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
    "printed-positions": Variant("Sec. III-B, re-sampled frames where they are printed",
                                 model={"printed_positions": True}),
    "without-embedding": Variant("Sec. III-C, the backbone's features as they are", model={"embedding": False}),
    "last-states": Variant("ours: the BiLSTMs' last states, not the mean", model={"over_time": "last"}),
    "cosine-from-start": FROM_START,
    "sub-clip-loss": Variant(
        "ours: sub-clips are trained too", model={"train_sub_clips": True}, method={"sub_clip_loss": 0.5}
    ),
}

CHOICES = {
    "frames of a video": Choice(
        "64 (laptop: 32), evenly; a shorter video repeats its last frame",
        '64 is an example (Sec. III-B: "in a video V with 64 frames"); how they are taken is not said, and public code '
        "stretches a short video",
    ),
    "detector's stride": Choice("every fourth frame", "of the same example: V0, V4, V8 … V60"),
    "n1 and n2": Choice(
        "4 and 4: 16 re-sampled frames, four by four",
        "Algorithm 1 does not give them; the clips that are asked for their agreement have four frames (Fig. 3)",
    ),
    "frame embedding": Choice(
        "batch normalisation, a linear layer and ReLU before the BiLSTMs",
        "none: the backbone's features are rearranged (Sec. III-C)",
        "without-embedding",
    ),
    "what a BiLSTM gives": Choice(
        "the mean of its outputs over time", "not said (Algorithm 1 writes S(R) alone)", "last-states"
    ),
    "re-sampled positions": Choice(
        "mu (T - 1) + (i - 7.5) delta, between the first and the last frame",
        "64 mu, and strides of delta before and after it (Sec. III-B): 16 frames have no middle one, mu = 1 no frame",
        "printed-positions",
    ),
    "loss that is ranked": Choice(
        "the one that is trained, with its smoothed labels",
        '"maximum loss" (Sec. III-A): whether it is the smoothed one is not said',
    ),
    "cosine": COSINE,
    "colour jitter": JITTER,
    "random crop": CROP,
    "input scaling": Choice(
        "ImageNet's mean and deviation, which its weights expect (laptop: (x - 0.5) * 4, the small network's own)",
        "not said; most public code of the field leaves colours in 0 to 1",
    ),
}
