"""What is asked for, by name, and what it comes to: values, clips and frames."""

import json
import logging
import sys
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path

import pandas as pd
import torch
from lightning_fabric import Fabric
from tqdm import tqdm

from dfer_nb import datasets, files
from dfer_nb.data import batches
from dfer_nb.data.choices import CHOICES, Reading
from dfer_nb.data.clips import each_split
from dfer_nb.data.licensed import folds_in_words
from dfer_nb.errors import BadInput
from dfer_nb.presets import Plan, defaults, plan
from dfer_nb.training.controls import few, hold_out, with_true_labels
from dfer_nb.training.features import frozen
from dfer_nb.training.fit import Data
from dfer_nb.training.optimise import Settings

# Fabric says the precision of every run on stderr; the record says it too.
logging.getLogger("lightning_fabric.utilities.rank_zero").setLevel(logging.WARNING)

NAMED = 100  # clips that were left out, in a record
DEVICES = ("auto", "cpu", "cuda", "mps")


def dataset_root(dataset: str, root: str = "", draw: int = 0, progress: bool = True) -> Path:
    """The folder of a dataset; FACSimile is drawn there first if it is not there yet.

    Raises BadInput for an unknown dataset, and for one of the licensed datasets without a root.
    """
    return datasets.dataset(dataset).folder(root, draw, progress)


def read_table(
    dataset: str, root: Path, fold: int, drop_missing: bool = False, zero_based: bool = False,
    drop_broken: bool = False, scenes: bool = False, numbering: str = "",
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """The ClipTable of a fold, FACSimile's with its slices, and the truth where the dataset has one.

    The choices are those of `data.choices.Reading`. Raises BadInput for what cannot be read.
    """
    source, reading = datasets.dataset(dataset), Reading(drop_missing, drop_broken, zero_based, scenes, numbering)
    return source.table(root, fold, reading), source.truth(root)


@dataclass(frozen=True)
class Request:
    """What is asked for, by name. variant "" is the paper's own method; epochs 0 keeps the preset's.

    root: the folder of a dataset of films, or another place for FACSimile than the data folder; device: "auto", "cpu",
    "cuda" or "mps", `devices` of them; threads: of the CPU, 0 for as many as PyTorch takes by itself; drop_missing,
    drop_broken, zero_based, scenes, numbering: see `data.choices.Reading`. Raises BadInput for a number or a name that
    does not exist, for a choice that is none, and for a variant that needs a truth that films lack.
    """

    paper: str = "rdfer"
    dataset: str = "facsimile"
    root: str = ""
    fold: int = 1
    preset: str = "laptop"
    variant: str = ""
    seed: int = 0
    draw: int = 0
    epochs: int = 0
    device: str = "auto"
    devices: int = 1
    threads: int = 0
    drop_missing: bool = False
    zero_based: bool = False
    drop_broken: bool = False
    scenes: bool = False
    numbering: str = ""

    def __post_init__(self):
        for name, value in vars(self.reading).items():  # a command line makes text of truth values
            object.__setattr__(self, name, value)
        folds = datasets.dataset(self.dataset).folds
        least = {"fold": 1, "seed": 0, "draw": 0, "epochs": 0, "devices": 1, "threads": 0}
        for name, lowest in least.items():
            value = getattr(self, name)
            if type(value) is not int or value < lowest or (name == "fold" and value not in folds):
                todo = f"use a whole number of {lowest} or more"
                raise BadInput(f"there is no {name} {value!r}", "the run's parameters",
                               f"use {folds_in_words(folds)}" if name == "fold" else todo)
        if not isinstance(self.root, str):
            raise BadInput(f"the root is {self.root!r}, and no text", "the run's parameters",
                           f'give a folder, such as root="{str(self.root)[:80]}"')
        if self.device not in DEVICES:
            raise BadInput(f"there is no device {self.device!r}", "the run's parameters", f"use {', '.join(DEVICES)}")
        source, chosen = datasets.dataset(self.dataset), self.plan()
        if not source.drawn and (chosen.control == "truth" or chosen.training.labels == "true"):
            raise BadInput(f"{self.variant} needs to know which labels are wrong, and {self.dataset} does not say",
                           "the run's parameters", f"use {', '.join(datasets.drawn())}, or another variant")

    def plan(self) -> Plan:
        """The values that the names stand for."""
        return plan(self.paper, self.preset, self.variant, self.dataset, self.epochs)

    @property
    def reading(self) -> Reading:
        """How the dataset is read."""
        return Reading(**{name: getattr(self, name) for name in CHOICES})

    def config(self) -> dict:
        """All that decides the result, and so the record's folder. FACSimile need not be drawn to know it."""
        data = datasets.dataset(self.dataset).identity(self.root, self.draw, self.fold, self.reading)
        chosen, device = self.plan(), self.device if self.device != "auto" else make_fabric(self).device.type
        names = ("paper", "dataset", "fold", "preset", "variant", "seed", "draw", "devices", "threads")
        config = {name: getattr(self, name) for name in names} | {"variant": self.variant or self.paper}
        config |= {"device": device, "precision": _precision(chosen, device)}
        config |= self.reading.chosen()  # what is as usual is not said
        return config | {"data": data} | asdict(chosen)


def record_folder(config: dict) -> Path:
    """Where the record of a configuration belongs: paper/dataset/fold/variant/seed-hash under the runs folder.

    The hash is of what differs from today's defaults: a field that joins the settings moves no record.
    """
    place = files.runs_dir() / config["paper"] / config["dataset"] / f"fold{config['fold']}" / config["variant"]
    return place / f"seed{config['seed']}-{files.digest(_unusual(config))}"


def changed_settings(then: dict, now: dict) -> list[str]:
    """In what two configurations differ, by name. What an older one does not say is what today's default says.

    So a field that joins the settings of a model, a method or the loop makes no record stale, if its default is what
    the code did before: whether it is, the traces tell.
    """
    then, now = _completed(then), _completed(now)
    return [name for name in sorted({*then, *now}) if then.get(name) != now.get(name)]


@cache
def _defaults(paper: str) -> dict[str, dict]:
    """What a configuration's groups have where nobody says otherwise; "" the configuration's own fields.

    Kept for the process, which compares hundreds of records: leave it as it is.
    """
    own = {field.name: field.default for field in fields(Request) if field.name not in ("paper", "root", "epochs")}
    return _as_read({"": own, **defaults(paper)})


def _as_read(config: dict) -> dict:
    """A configuration as it comes back from a file: tuples are lists there."""
    return json.loads(json.dumps(config))


def _completed(config: dict) -> dict:
    """A configuration with today's defaults for what it does not say."""
    config, usual = _as_read(config), _defaults(config["paper"])
    groups = {name: usual[name] | config[name] for name in usual if isinstance(config.get(name), dict)}
    return usual[""] | config | groups


def _unusual(config: dict) -> dict:
    """A configuration without what is as it usually is."""
    config, usual = _as_read(config), _defaults(config["paper"])
    groups = {name: _less(config[name], usual[name]) for name in usual if isinstance(config.get(name), dict)}
    return _less(config, usual[""]) | groups


def _less(values: dict, usual: dict) -> dict:
    return {name: value for name, value in values.items() if name not in usual or usual[name] != value}


def arranged(table: pd.DataFrame, truth: pd.DataFrame | None, settings: Settings, seed: int) -> pd.DataFrame:
    """A ClipTable as a run wants it: with few clips, the true labels, or clips held out, where the settings say so."""
    if settings.train_clips:
        table = few(table, truth, settings.train_clips, seed)
    if settings.labels == "true":
        table = with_true_labels(table, truth)
    return hold_out(table, truth, settings.held_out, seed) if settings.held_out else table


def prepare(request: Request, progress: bool = True) -> Data:
    """The clips of a run, drawn, decoded and turned into features as far as this has not been done before."""
    root = dataset_root(request.dataset, request.root, request.draw, progress)
    return read(request, root, request.plan().training, progress=progress)


def read(request: Request, root: Path, settings: Settings, caches: Path | None = None, progress: bool = True) -> Data:
    """The clips of a run from a dataset's folder: table and truth, and frames or what is frozen of them.

    settings: of the run, or of its trace; caches: where decoded frames go, if not into the data folder.
    """
    source = datasets.dataset(request.dataset)
    table, truth = source.table(root, request.fold, request.reading), source.truth(root)
    said = dict(table.attrs.get("read", {}))
    if said and progress:
        tqdm.write(in_words(request.dataset, said), file=sys.stderr)
    table = arranged(table, truth, settings, request.seed)
    frames = batches.cache(table, settings.size, settings.max_frames, caches, progress, request.drop_broken)
    if frames.broken:
        splits, table = table["split"].unique(), table[~table["clip"].isin(frames.broken)].reset_index(drop=True)
        each_split(table, splits, f"{frames.folder / 'meta.json'} says why", "copy or unpack these clips again")
        said["left_out"] = said.get("left_out", {}) | {"broken": dict(list(frames.broken.items())[:NAMED])}
    frames = frozen(frames, settings.features, progress) if settings.features else frames
    known = truth[truth["clip"].isin(table["clip"])] if truth is not None else None
    return Data(table, frames, known, source.classes, said)


def in_words(dataset: str, said: dict) -> str:
    """What was read of a user's dataset, in a line: how many clips, of what kind, where, with which labels."""
    left_out = f"; {said['left_out']['missing']} left out" if said["left_out"]["missing"] else ""
    return (f"{dataset}: {said['clips']} clips{left_out}, {said['kind']}, in {said['folder']}; "
            f"classes {said['labels']}")


def make_fabric(request: Request) -> Fabric:
    """Lightning Fabric for the device that was asked for. Raises BadInput when it is not there."""
    options = {"accelerator": request.device, "devices": request.devices}
    if request.devices > 1:  # some variants leave a head unused
        options["strategy"] = "ddp_find_unused_parameters_true"
    try:
        fabric = Fabric(**options)
        return Fabric(**options, precision=_precision(request.plan(), fabric.device.type))
    except (RuntimeError, ValueError) as error:  # what Fabric raises for a device that is not there
        what = f"the device {request.device!r} (x{request.devices}) cannot be used: {error}"
        raise BadInput(what, "the run's parameters", 'use device="auto"') from error


def _precision(chosen: Plan, device: str) -> str:
    """The plan's precision for a GPU; for a CPU the plan's other one, where the processor computes bf16 natively."""
    if device == "cuda":
        return chosen.training.precision
    native = device == "cpu" and torch.cpu._is_avx512_bf16_supported()  # emulated, bf16 is slower than float32
    return chosen.training.cpu_precision if native else "32-true"
