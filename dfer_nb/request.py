"""What is asked for, by name, and what it comes to: values, clips and frames."""

import json
import logging
import re
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path

import pandas as pd
import torch
from lightning_fabric import Fabric

from dfer_nb import datasets, files
from dfer_nb.data import batches
from dfer_nb.errors import BadInput
from dfer_nb.presets import Plan, defaults, plan, variants
from dfer_nb.training.controls import OF_TRUTH, few, hold_out, with_true_labels, without
from dfer_nb.training.features import frozen
from dfer_nb.training.fit import Data
from dfer_nb.training.optimise import Settings

# Fabric says the precision of every run on stderr; the record says it too.
logging.getLogger("lightning_fabric.utilities.rank_zero").setLevel(logging.WARNING)

DEVICES = ("auto", "cpu", "cuda", "mps")
START = re.compile(r"(?P<paper>\w+)/(?P<dataset>[\w-]+)/(?P<preset>[\w-]+)/(?P<variant>[\w-]+)"
                   r"/fold(?P<fold>\d)/draw(?P<draw>\d+)/seed(?P<seed>\d+)(/threads(?P<threads>\d+))?")
_START = "start=paper/dataset/preset/variant/fold1/draw0/seed0, as runs are called in results/"


def dataset_root(dataset: str, root: str = "", draw: int = 0, progress: bool = True) -> Path:
    """The folder of a dataset; FACSimile is drawn there first if it is not there yet.

    Raises BadInput for an unknown dataset, and for one of the licensed datasets without a root.
    """
    return datasets.dataset(dataset).folder(root, draw, progress)


def read_table(
    dataset: str, root: Path, fold: int, drop_missing: bool = False, zero_based: bool = False
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """The ClipTable of a fold, FACSimile's with its slices, and the truth where the dataset has one."""
    source = datasets.dataset(dataset)
    return source.table(root, fold, drop_missing, zero_based), source.truth(root)


@dataclass(frozen=True)
class Request:
    """What is asked for, by name. variant "" is the paper's own method; epochs 0 keeps the preset's.

    root: the folder of "dfew", or another place for FACSimile than the data folder; drop_missing: leave out clips
    that a list names and the disk does not hold; zero_based: the lists count labels from 0; device: "auto", "cpu",
    "cuda" or "mps", `devices` of them; threads: of the CPU, 0 for as many as PyTorch takes by itself. start: the run
    whose last weights this one begins with, by the name that it has among kept runs (`training.results.called`).
    Raises BadInput for a number or a name that does not exist, and for a variant that needs what is not there: the
    truth, a start.
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
    start: str = ""

    def __post_init__(self):
        least = {"fold": 1, "seed": 0, "draw": 0, "epochs": 0, "devices": 1, "threads": 0}
        for name, lowest in least.items():
            value = getattr(self, name)
            if type(value) is not int or value < lowest or (name == "fold" and value > 5):
                todo = "use fold 1, 2, 3, 4 or 5" if name == "fold" else f"use a whole number of {lowest} or more"
                raise BadInput(f"there is no {name} {value!r}", "the run's parameters", todo)
        if self.device not in DEVICES:
            raise BadInput(f"there is no device {self.device!r}", "the run's parameters", f"use {', '.join(DEVICES)}")
        source, chosen = datasets.dataset(self.dataset), self.plan()
        knowing = (chosen.control == "truth" or chosen.training.labels == "true" or chosen.training.leave_out
                   or OF_TRUTH & {chosen.method.get("prune_by"), chosen.method.get("correct_by")})
        if not source.drawn and knowing:
            raise BadInput(f"{self.variant} needs to know what is true of the clips, and {self.dataset} does not say",
                           "the run's parameters", f"use {', '.join(datasets.drawn())}, or another variant")
        if variants(self.paper)[self.variant or self.paper].begins and not self.start:
            raise BadInput(f"{self.variant} goes on from another run", "the run's parameters", f"give {_START}")
        if chosen.training.balance and self.devices > 1:  # of a clip twice in a batch one would be dropped
            raise BadInput("classes are balanced by one process alone", "the run's parameters", "use devices=1")
        self.first()

    def first(self) -> "Request | None":
        """The run to begin with, on the same device; None where there is none. Raises BadInput for a name of none."""
        if not self.start:
            return None
        parts = START.fullmatch(self.start)
        if not parts or parts["paper"] != self.paper:
            raise BadInput(f"there is no run of {self.paper} called {self.start!r}", "the run's parameters",
                           f"give {_START}")
        numbers = {name: int(parts[name] or 1) for name in ("fold", "draw", "seed", "threads")}
        names = {name: parts[name] for name in ("paper", "dataset", "preset", "variant")}
        return Request(**names, **numbers, device=self.device, devices=self.devices)

    def plan(self) -> Plan:
        """The values that the names stand for."""
        return plan(self.paper, self.preset, self.variant, self.dataset, self.epochs)

    def config(self) -> dict:
        """All that decides the result, and so the record's folder. FACSimile need not be drawn to know it."""
        reading = {"drop_missing": self.drop_missing, "zero_based": self.zero_based}
        data = datasets.dataset(self.dataset).identity(self.root, self.draw, self.fold, **reading)
        chosen, device = self.plan(), self.device if self.device != "auto" else make_fabric(self).device.type
        names = ("paper", "dataset", "fold", "preset", "variant", "seed", "draw", "devices", "threads", "start")
        config = {name: getattr(self, name) for name in names} | {"variant": self.variant or self.paper}
        config |= {"device": device, "precision": _precision(chosen, device)}
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
    """A ClipTable as a run wants it: without some clips, with few, the true labels, or clips held out, as is set."""
    if settings.leave_out:
        table = without(table, truth, settings.leave_out)
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
    table, truth = read_table(request.dataset, root, request.fold, request.drop_missing, request.zero_based)
    table = arranged(table, truth, settings, request.seed)
    frames = batches.cache(table, settings.size, settings.max_frames, caches, progress)
    frames = frozen(frames, settings.features, progress) if settings.features else frames
    return Data(table, frames, truth[truth["clip"].isin(table["clip"])] if truth is not None else None)


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
