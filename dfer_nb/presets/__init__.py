"""Presets and variants: every number that a run uses, with the place it comes from.

A preset is three groups of values, for training, model and method. "laptop" and "paper" train end to end; "memorise" is
the laptop's network on so few clips, so often and so unchanged that it learns wrong labels by heart; "frozen" trains
heads on frozen frame features (the second tier: many runs in minutes). Each value says where the paper states
it, or `assumption` where the paper does not, or gives an example alone, or `laptop` where it was chosen for two CPU
cores. A variant changes a few values and names the paper's table that it answers. What is decided in code, without the
paper's word, is named among the choices. A paper's numbers stand in a file of its name.
"""

import inspect
from dataclasses import dataclass, replace

import torch

from dfer_nb.errors import BadInput
from dfer_nb.presets import m3dfel, nr_dfernet, rdfer, sciu
from dfer_nb.presets.values import Choice, Value, Variant
from dfer_nb.training.controls import Control
from dfer_nb.training.method import Method
from dfer_nb.training.optimise import Settings

__all__ = ["CHOICES", "CONTROLS", "MAIN_TABLES", "PRESETS", "VARIANTS", "Choice", "Plan", "Value", "Variant", "build",
           "defaults", "plan", "variants"]

# A paper's module has PRESETS, VARIANTS, CHOICES, MODEL, METHOD, MAIN_TABLE and FRAMES (what another kind of FACSimile
# needs, by its name); where its controls are of another network than its own, CONTROLLED says how that differs.
PAPERS = {"rdfer": rdfer, "m3dfel": m3dfel, "nr_dfernet": nr_dfernet, "sciu": sciu}
PRESETS = {name: paper.PRESETS for name, paper in PAPERS.items()}
VARIANTS: dict[str, dict[str, Variant]] = {name: paper.VARIANTS for name, paper in PAPERS.items()}
CHOICES: dict[str, dict[str, Choice]] = {name: paper.CHOICES for name, paper in PAPERS.items()}
MAIN_TABLES: dict[str, tuple[str, str]] = {name: paper.MAIN_TABLE for name, paper in PAPERS.items()}

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


@dataclass(frozen=True)
class Plan:
    """What a run will use: settings of the loop, arguments of the model and of the method, a control's rule."""

    training: Settings
    model: dict
    method: dict
    control: str = ""


def variants(paper: str) -> dict[str, Variant]:
    """A paper's own variants, then the controls."""
    network = getattr(PAPERS[paper], "CONTROLLED", {})
    return VARIANTS[paper] | {name: replace(control, **network) for name, control in CONTROLS.items()}


def _choose(options: dict, name: str, what: str):
    if name not in options:
        raise BadInput(f"there is no {what} {name!r}", "the run's parameters", f"choose one of: {', '.join(options)}")
    return options[name]


def plan(paper: str, preset: str = "laptop", variant: str = "", dataset: str = "facsimile", epochs: int = 0) -> Plan:
    """Resolve names to values. variant "" is the paper's own method; epochs 0 keeps the preset's.

    Raises BadInput for an unknown paper, preset or variant, listing the known ones, and for a variant that needs frames
    where the preset has frozen features.
    """
    chosen = _choose(_choose(PRESETS, paper, "paper"), preset, "preset")
    changes = _choose(variants(paper), variant or paper, "variant")
    values = {
        part: {name: v.value for name, v in chosen[part].items()} | getattr(changes, part)
        for part in ("training", "model", "method")
    }
    training, network = values["training"], values["model"].get("backbone_name")
    if training.get("features") and network != "features":
        raise BadInput(f"the variant {variant!r} trains its own {network}, and the preset {preset!r} has no frames",
                       "the run's parameters", "use preset laptop, or another variant")
    if preset.startswith("paper"):
        training |= changes.full_size
    else:
        training["max_frames"] = PAPERS[paper].FRAMES.get(dataset, training["max_frames"])
    if epochs:
        training["epochs"] = epochs
        training["warmup"] = min(training["warmup"], max(epochs - 1, 0))
        if "start" in values["method"]:
            values["method"]["start"] = min(values["method"]["start"], max(epochs - 1, 0))
        if "rounds" in values["method"]:
            values["method"]["rounds"] = min(values["method"]["rounds"], epochs)
    settings = Settings(**training)
    return Plan(settings, values["model"] | {"length": settings.n_frames}, values["method"], changes.control)


def defaults(paper: str) -> dict[str, dict]:
    """What the groups of a plan have where no preset says otherwise: by group, name -> value."""
    parts = {"training": Settings, "model": PAPERS[paper].MODEL, "method": PAPERS[paper].METHOD}
    return {part: {name: parameter.default for name, parameter in inspect.signature(made).parameters.items()
                   if parameter.default is not inspect.Parameter.empty} for part, made in parts.items()}


def build(paper: str, plan: Plan) -> tuple[torch.nn.Module, Method]:
    """The model and the method of a plan, or the control in its place: it drops as much, from the same epoch."""
    model, method = PAPERS[paper].MODEL(**plan.model), PAPERS[paper].METHOD(**plan.method)
    if plan.control:
        method = Control(method, plan.control, plan.method.get("noisy", 0.1), plan.method.get("start", 0))
    return model, method
