"""What a notebook's one training cell calls: from names to a finished run record."""

import argparse
import contextlib
import logging
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import pandas as pd
import torch
from lightning_fabric import Fabric

from dfer_nb import datasets, files
from dfer_nb.data import batches
from dfer_nb.errors import BadInput
from dfer_nb.presets import PRESETS, Plan, build, plan, variants
from dfer_nb.training.controls import hold_out, with_true_labels
from dfer_nb.training.features import frozen
from dfer_nb.training.fit import Data, Fit
from dfer_nb.training.provenance import code_version, environment
from dfer_nb.training.record import FEATURES, Record, is_complete, keep, record_folder
from dfer_nb.training.replay import features

# Fabric says the precision of every run on stderr; the record says it too.
logging.getLogger("lightning_fabric.utilities.rank_zero").setLevel(logging.WARNING)

DEVICES = ("auto", "cpu", "cuda", "mps")
KEEP = ("slim", "whole", "features")  # how much of a record is committed, least first


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
    "cuda" or "mps", `devices` of them; threads: of the CPU, 0 for as many as PyTorch takes by itself.
    Raises BadInput for a number or a name that does not exist, and for a variant that needs a truth that "dfew" lacks.
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
        if not source.drawn and (chosen.control == "truth" or chosen.training.labels == "true"):
            raise BadInput(f"{self.variant} needs to know which labels are wrong, and {self.dataset} does not say",
                           "the run's parameters", f"use {', '.join(datasets.drawn())}, or another variant")

    def plan(self) -> Plan:
        """The values that the names stand for."""
        return plan(self.paper, self.preset, self.variant, self.dataset, self.epochs)

    def data(self, progress: bool = True) -> tuple[pd.DataFrame, pd.DataFrame | None]:
        """The ClipTable of this run and the truth; FACSimile is drawn first where it is not there yet."""
        folder = dataset_root(self.dataset, self.root, self.draw, progress)
        table, truth = read_table(self.dataset, folder, self.fold, self.drop_missing, self.zero_based)
        training = self.plan().training
        if training.labels == "true":
            table = with_true_labels(table, truth)
        if training.held_out:
            table = hold_out(table, truth, training.held_out, self.seed)
        return table, truth

    def config(self) -> dict:
        """All that decides the result, and so the record's folder. FACSimile need not be drawn to know it."""
        reading = {"drop_missing": self.drop_missing, "zero_based": self.zero_based}
        data = datasets.dataset(self.dataset).identity(self.root, self.draw, self.fold, **reading)
        chosen, device = self.plan(), self.device if self.device != "auto" else make_fabric(self).device.type
        names = ("paper", "dataset", "fold", "preset", "variant", "seed", "draw", "devices", "threads")
        config = {name: getattr(self, name) for name in names} | {"variant": self.variant or self.paper}
        config |= {"device": device, "precision": _precision(chosen, device)}
        return config | {"data": data, "code": code_version(self.paper)} | asdict(chosen)


def _request(parameters: dict) -> Request:
    """What is asked for, without how: `fresh` and `progress` change no result."""
    names = {field.name for field in fields(Request)}
    return Request(**{name: value for name, value in parameters.items() if name in names})


def find(**parameters) -> Path:
    """The folder of the record that `run` with the same parameters makes. Raises BadInput when it has not been run."""
    return Record(record_folder(_request(parameters).config())).path


def run(paper: str = "rdfer", fresh: bool = False, progress: bool = True, **parameters) -> Record:
    """Train one configuration, or return its record at once when it has been trained before.

    parameters: those of `Request`, by name; fresh: train again, and replace the record once the new one is whole.
    A run that was cut short goes on after its last whole epoch, and ends with the same record; one that another process
    is at is waited for.
    Raises BadInput for a bad parameter, dataset or clip; FloatingPointError for a non-finite gradient.
    """
    request = Request(paper, **parameters)
    fabric, config = make_fabric(request), request.config()
    folder = record_folder(config)
    # of several processes that are one run, the first starts the others, and must not wait for them here
    with files.alone(folder) if request.devices == 1 else contextlib.nullcontext():
        if fresh or is_complete(folder):  # a kill between a record and its tidying leaves a state that nobody needs
            unfinished = folder.with_name(folder.name + ".unfinished")
            files.sweep(unfinished)  # first: it may put such a state back
            shutil.rmtree(unfinished, ignore_errors=True)
        if fresh or not is_complete(folder):
            with _threads(request.threads):
                _train(fabric, request, config, folder, progress)
    return Record(folder)


@contextlib.contextmanager
def _threads(number: int) -> Iterator[None]:
    """So many threads for PyTorch's sums (0: as it is), and as many as before afterwards."""
    before = torch.get_num_threads()
    if number:
        torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def prepare(request: Request, progress: bool = True) -> Data:
    """The clips of a run, drawn, decoded and turned into features as far as this has not been done before."""
    table, truth = request.data(progress)
    settings = request.plan().training
    frames = batches.cache(table, settings.size, settings.max_frames, progress=progress)
    if settings.features:
        frames = frozen(frames, settings.features, progress)
    return Data(table, frames, truth[truth["clip"].isin(table["clip"])] if truth is not None else None)


def _train(fabric: Fabric, request: Request, config: dict, folder: Path, progress: bool) -> None:
    data, chosen = prepare(request, progress), request.plan()
    fabric.launch()
    torch.manual_seed(config["seed"])
    model, method = build(config["paper"], chosen)
    fit = Fit(model, method, data, chosen.training, config["seed"], fabric, folder, progress)
    fit.run(config, environment(config["paper"], _device_name(fabric)))


def add_features(request: Request, record: Record) -> Record:
    """Put the features of the test clips beside a run's record, where they are not yet. Returns the record anew."""
    if record.features is None:
        chosen = request.plan()
        model, _ = build(request.paper, chosen)
        table = features(record, model, prepare(request, progress=False), chosen.training)
        files.write_atomic(record.path / FEATURES, table.to_parquet(index=False))
    return Record(record.path)


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


def _device_name(fabric: Fabric) -> str:
    return torch.cuda.get_device_name(fabric.device) if fabric.device.type == "cuda" else fabric.device.type


def add_options(parser: argparse.ArgumentParser) -> None:
    """The parameters of `run` as options of a command line."""
    options = {field.name: field.default for field in fields(Request)}
    options |= {"fresh": False, "progress": True}
    for name, default in options.items():
        how = {"action": argparse.BooleanOptionalAction} if isinstance(default, bool) else {"type": type(default)}
        parser.add_argument("--" + name.replace("_", "-"), default=default, **how)


def main() -> None:
    """`python -m dfer_nb.run --fold 1 --variant plain`: the parameters of `run`, and where the record is."""
    told = "; ".join(f"of {paper}: {', '.join(variants(paper))}" for paper in PRESETS)
    parser = argparse.ArgumentParser(prog="python -m dfer_nb.run", description=run.__doc__.splitlines()[0],
                                     epilog=f"variants {told}")
    add_options(parser)
    parser.add_argument("--keep", choices=KEEP, help="copy the record into results/, to be committed: what comparisons "
                        "need, all that is known of the clips, or that and the features of the test clips")
    arguments = vars(parser.parse_args())
    copy = arguments.pop("keep")
    try:
        record = run(**arguments)
        if copy == "features":
            record = add_features(_request(arguments), record)
        kept = keep(record, slim=copy == "slim") if copy else record.path
    except (BadInput, FloatingPointError) as error:
        raise SystemExit(f"error: {error}") from None
    last = record.summary["reported"]
    print(f"{kept}\n{record.summary['rule']}: WAR {last['WAR']:.2f}, UAR {last['UAR']:.2f} on {last['clips']} clips")


if __name__ == "__main__":
    main()
