"""Presets and variants: every number that a run uses, with the place it comes from.

A preset is three groups of values, for training, model and method. "laptop" and "paper" train end to end; "frozen"
trains heads on frozen frame features (the second tier: many runs in minutes). Each value says where the paper states it, or
`assumption` where the paper does not, or `laptop` where it was chosen for two CPU cores. A variant changes a few values
and names the paper's table that it answers.
"""

from dataclasses import dataclass, field

import torch

from dfer_nb import rdfer
from dfer_nb.data.facsimile import KINDS
from dfer_nb.errors import BadInput
from dfer_nb.training.controls import Control
from dfer_nb.training.method import Method
from dfer_nb.training.optimise import Settings


@dataclass(frozen=True)
class Value:
    """A setting and the place in the paper where it is said, or `assumption`, or `laptop`."""

    value: object
    source: str


def _laptop(**values) -> dict[str, Value]:
    return {name: Value(value, "laptop") for name, value in values.items()}


def _assumed(**values) -> dict[str, Value]:
    return {name: Value(value, "assumption") for name, value in values.items()}


def _stated(place: str, **values) -> dict[str, Value]:
    return {name: Value(value, place) for name, value in values.items()}


_RDFER_REWEIGHTING = {
    **_stated("Sec. IV-B", hard=0.2, noisy=0.1, lambda_hard=1.5, lambda_noisy=0.0, smoothing=0.1),
    **_assumed(lambda_ordinary=1.0, ranks="batch"),
}
_RDFER_NETWORK = {
    **_stated("Sec. III-B", detector_stride=4),
    **_stated("Fig. 3", clip_length=4, clips="groups"),
    **_stated("Sec. III-C", fuse="concat"),
    **_assumed(n_frames=16, locator="softmax"),
}
_RDFER_PAPER = {
    "training": {
        **_stated(
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
        **_stated("Sec. III-B", max_frames=64),
        **_assumed(size=112, crop_scale=(0.7, 1.0), clip_norm=0.0, precision="bf16-mixed"),
    },
    "model": {
        **_RDFER_NETWORK,
        **_stated("Sec. IV-B", backbone_name="resnet50", backbone_weights="imagenet"),
        **_assumed(detector_name="mobilenet_v3_small", detector_weights="imagenet", dim=512),
    },
    "method": {**_RDFER_REWEIGHTING, **_assumed(start=10, summary_loss=0.5)},
}
_WITHOUT_WEIGHTS = _assumed(backbone_weights="none", detector_weights="none")

_LAPTOP_TRAINING = _laptop(
    size=48,
    max_frames=32,
    epochs=8,
    warmup=1,
    batch_size=32,
    lr=3e-3,
    lr_backbone=3e-4,
    lr_min=3e-5,
    weight_decay=0.05,
    optimizer="adamw",
    schedule="cosine",
    clip_norm=1.0,
    precision="bf16-mixed",
    cpu_precision="bf16-mixed",
    crop_scale=(0.8, 1.0),
    flip=True,
    jitter=0.4,
)
# Heads on the shipped backbone's frame features: nothing is augmented, float32 is fast enough.
_FROZEN_TRAINING = _laptop(
    features="facenet", epochs=8, crop_scale=(1.0, 1.0), flip=False, jitter=0.0, cpu_precision="32-true"
)

PRESETS: dict[str, dict[str, dict[str, dict[str, Value]]]] = {
    "rdfer": {
        "laptop": {
            "training": _LAPTOP_TRAINING,
            "model": {
                **_RDFER_NETWORK,
                **_laptop(
                    backbone_name="facenet",
                    backbone_weights="shipped",
                    detector_name="facenet",
                    detector_weights="shipped",
                    dim=128,
                ),
            },
            "method": {**_RDFER_REWEIGHTING, **_laptop(start=2, summary_loss=0.5)},
        },
        "frozen": {
            "training": {**_LAPTOP_TRAINING, **_FROZEN_TRAINING},
            "model": {**_RDFER_NETWORK, **_laptop(backbone_name="features", backbone_weights="none",
                                                  detector_name="features", detector_weights="none", dim=128)},
            "method": {**_RDFER_REWEIGHTING, **_laptop(start=2, summary_loss=0.5)},
        },
        "paper": _RDFER_PAPER,
        "paper-scratch": {**_RDFER_PAPER, "model": {**_RDFER_PAPER["model"], **_WITHOUT_WEIGHTS}},
    },
}
MODELS = {"rdfer": rdfer.RDFER}
METHODS: dict[str, type[Method]] = {"rdfer": rdfer.AgreementReweighting}
MAIN_TABLES = {"rdfer": ("I", "RDFER")}  # the paper's table of five folds on DFEW, and its own row there
# "facsimile-long" is about finding a short apex in a long clip: more frames are kept than on the other kinds.
FRAMES = {"facsimile-long": 64}


@dataclass(frozen=True)
class Variant:
    """What a variant changes, and what it answers in the paper or in this book."""

    answers: str
    training: dict = field(default_factory=dict)
    model: dict = field(default_factory=dict)
    method: dict = field(default_factory=dict)
    control: str = ""  # the rule of `training.controls.Control` that takes the method's place


# Every paper has these beside its own variants.
CONTROLS = {
    "plain": Variant("control: the same network, every clip alike", control="none"),
    "stopped-early": Variant("control: plain, the epoch chosen on held-out training identities",
                             training={"held_out": 0.15}, control="none"),
    "random-drop": Variant("control: as many clips dropped by lot", control="random"),
    "loss-drop": Variant("control: as many clips dropped by the largest loss", control="loss"),
    "oracle-drop": Variant("control: clips dropped that are known to be wrongly labelled", control="truth"),
    "clean-labels": Variant("control: plain, trained on the true labels (upper bound)",
                            training={"labels": "true"}, control="none"),
}  # fmt: skip
VARIANTS: dict[str, dict[str, Variant]] = {
    "rdfer": {
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
    },
}


@dataclass(frozen=True)
class Plan:
    """What a run will use: settings of the loop, arguments of the model and of the method, a control's rule."""

    training: Settings
    model: dict
    method: dict
    control: str = ""


def variants(paper: str) -> dict[str, Variant]:
    """A paper's own variants, then the controls."""
    return VARIANTS[paper] | CONTROLS


def _choose(options: dict, name: str, what: str):
    if name not in options:
        raise BadInput(f"there is no {what} {name!r}", "the run's parameters", f"choose one of: {', '.join(options)}")
    return options[name]


def plan(paper: str, preset: str = "laptop", variant: str = "", dataset: str = "facsimile", epochs: int = 0) -> Plan:
    """Resolve names to values. variant "" is the paper's own method; epochs 0 keeps the preset's.

    Raises BadInput for an unknown paper, preset or variant, listing the known ones.
    """
    chosen = _choose(_choose(PRESETS, paper, "paper"), preset, "preset")
    changes = _choose(variants(paper), variant or paper, "variant")
    values = {
        part: {name: v.value for name, v in chosen[part].items()} | getattr(changes, part)
        for part in ("training", "model", "method")
    }
    training = values["training"]
    if preset in ("laptop", "frozen") and dataset in KINDS:
        training["max_frames"] = FRAMES.get(dataset, training["max_frames"])
    if epochs:
        training["epochs"] = epochs
        training["warmup"] = min(training["warmup"], max(epochs - 1, 0))
        if "start" in values["method"]:
            values["method"]["start"] = min(values["method"]["start"], max(epochs - 1, 0))
    values["model"]["length"] = training["max_frames"]
    return Plan(Settings(**training), values["model"], values["method"], changes.control)


def build(paper: str, plan: Plan) -> tuple[torch.nn.Module, Method]:
    """The model and the method of a plan, or the control in the method's place: it drops as much, from the same epoch."""
    model, method = MODELS[paper](**plan.model), METHODS[paper](**plan.method)
    if plan.control:
        method = Control(method, plan.control, plan.method.get("noisy", 0.1), plan.method.get("start", 0))
    return model, method
