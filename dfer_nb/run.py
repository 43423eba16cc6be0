"""What a notebook's one training cell calls: from names to a finished run record."""

import argparse
import json
import os
import shutil
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import pandas as pd
import torch
from lightning_fabric import Fabric

from dfer_nb import files
from dfer_nb.data import batches, clips, facsimile
from dfer_nb.errors import BadInput
from dfer_nb.presets import VARIANTS, Plan, build, plan
from dfer_nb.training.fit import Data, Fit
from dfer_nb.training.provenance import code_version, environment
from dfer_nb.training.record import Record, is_complete, keep, record_folder

DATASETS = (*facsimile.KINDS, "dfew")
DEVICES = ("auto", "cpu", "cuda", "mps")


def dataset_root(dataset: str, root: str = "", draw: int = 0, progress: bool = True) -> Path:
    """The folder of a dataset; FACSimile is drawn there first if it is not there yet.

    Raises BadInput for an unknown dataset, and for one of the licensed datasets without a root.
    """
    if dataset not in DATASETS:
        raise BadInput(
            f"there is no dataset {dataset!r}", "the run's parameters", f"choose one of: {', '.join(DATASETS)}"
        )
    if dataset in facsimile.KINDS:
        return facsimile.make(dataset, draw=draw, base=root or None, progress=progress)
    if not root:
        raise BadInput(
            f"{dataset} needs its folder",
            "the run's parameters",
            "give root=… (papermill: -p root DIR), the folder that holds Clip/ and EmoLabel_DataSplit/",
        )
    return Path(root).expanduser()


def read_table(
    dataset: str, root: Path, fold: int, drop_missing: bool = False, zero_based: bool = False
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """The ClipTable of a fold, FACSimile's with its slices, and the truth where the dataset has one."""
    table = clips.read_dfew(root, fold, drop_missing=drop_missing, zero_based=zero_based)
    if dataset not in facsimile.KINDS:
        return table, None
    truth = facsimile.truth(root)
    return pd.concat([table, clips.read_slices(root)], ignore_index=True), truth


def _data_hash(table: pd.DataFrame, root: Path) -> str:
    """What was trained on: clips, labels, splits, and the frames: FACSimile's own hash, or the sizes on disk."""
    card = root / "card.json"
    rows = table[["clip", "label", "split"]].sort_values(["split", "clip"]).to_numpy().tolist()
    if card.exists():
        return files.digest([rows, json.loads(card.read_text(encoding="utf-8"))["frames_sha256"]])
    paths = [Path(path) for path in sorted(set(table["path"]))]
    return files.digest([rows, [len(os.listdir(p)) if p.is_dir() else p.stat().st_size for p in paths]])


@dataclass(frozen=True)
class Request:
    """What is asked for, by name. variant "" is the paper's own method; epochs 0 keeps the preset's.

    root: the folder of "dfew", or another place for FACSimile than the data folder; drop_missing: leave out clips
    that a list names and the disk does not hold; zero_based: the lists count labels from 0; device: "auto", "cpu",
    "cuda" or "mps", `devices` of them. Raises BadInput for a number or a name that does not exist.
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
    drop_missing: bool = False
    zero_based: bool = False

    def __post_init__(self):
        least = {"fold": 1, "seed": 0, "draw": 0, "epochs": 0, "devices": 1}
        for name, lowest in least.items():
            value = getattr(self, name)
            if type(value) is not int or value < lowest or (name == "fold" and value > 5):
                todo = "use fold 1, 2, 3, 4 or 5" if name == "fold" else f"use a whole number of {lowest} or more"
                raise BadInput(f"there is no {name} {value!r}", "the run's parameters", todo)
        if self.device not in DEVICES:
            raise BadInput(f"there is no device {self.device!r}", "the run's parameters", f"use {', '.join(DEVICES)}")
        self.plan()

    def plan(self) -> Plan:
        """The values that the names stand for."""
        return plan(self.paper, self.preset, self.variant, self.dataset, self.epochs)

    def data(self, fabric: Fabric, progress: bool) -> tuple[pd.DataFrame, pd.DataFrame | None, dict]:
        """Table, truth, and the configuration: all that decides the result, and so the record's folder."""
        folder = dataset_root(self.dataset, self.root, self.draw, progress)
        table, truth = read_table(self.dataset, folder, self.fold, self.drop_missing, self.zero_based)
        chosen = self.plan()
        names = ("paper", "dataset", "fold", "preset", "variant", "seed", "draw", "devices")
        config = {name: getattr(self, name) for name in names} | {"variant": self.variant or self.paper}
        config |= {"device": fabric.device.type, "precision": _precision(chosen, fabric)}
        config |= {"data": _data_hash(table, folder), "code": code_version(self.paper)}
        return table, truth, config | asdict(chosen)


def find(**parameters) -> Path:
    """The folder of the record that `run` with the same parameters makes. Raises BadInput when it has not been run."""
    names = {field.name for field in fields(Request)}
    request = Request(**{name: value for name, value in parameters.items() if name in names})
    return Record(record_folder(request.data(make_fabric(request), progress=False)[-1])).path


def run(paper: str = "rdfer", fresh: bool = False, progress: bool = True, **parameters) -> Record:
    """Train one configuration, or return its record at once when it has been trained before.

    parameters: those of `Request`, by name; fresh: train again, and replace the record once the new one is whole.
    Raises BadInput for a bad parameter, dataset or clip; FloatingPointError for a non-finite gradient.
    """
    request = Request(paper, **parameters)
    fabric = make_fabric(request)
    table, truth, config = request.data(fabric, progress)
    folder = record_folder(config)
    if fresh:
        shutil.rmtree(folder.with_name(folder.name + ".unfinished"), ignore_errors=True)
    if fresh or not is_complete(folder):
        _train(fabric, request.plan(), table, truth, config, folder, progress)
    return Record(folder)


def _train(fabric: Fabric, chosen: Plan, table: pd.DataFrame, truth: pd.DataFrame | None, config: dict, folder: Path,
           progress: bool) -> None:  # fmt: skip
    fabric.launch()
    torch.manual_seed(config["seed"])
    model, method = build(config["paper"], chosen)
    frames = batches.cache(table, chosen.training.size, chosen.training.max_frames, progress=progress)
    data = Data(table, frames, truth[truth["clip"].isin(table["clip"])] if truth is not None else None)
    fit = Fit(model, method, data, chosen.training, config["seed"], fabric, folder, progress)
    fit.run(config, environment(config["paper"], _device_name(fabric)))


def make_fabric(request: Request) -> Fabric:
    """Lightning Fabric for the device that was asked for. Raises BadInput when it is not there."""
    options = {"accelerator": request.device, "devices": request.devices}
    if request.devices > 1:  # some variants leave a head unused
        options["strategy"] = "ddp_find_unused_parameters_true"
    try:
        fabric = Fabric(**options)
        return Fabric(**options, precision=_precision(request.plan(), fabric))
    except (RuntimeError, ValueError) as error:  # what Fabric raises for a device that is not there
        what = f"the device {request.device!r} (x{request.devices}) cannot be used: {error}"
        raise BadInput(what, "the run's parameters", 'use device="auto"') from error


def _precision(chosen: Plan, fabric: Fabric) -> str:
    """The preset's precision on a GPU; a CPU computes in float32, where bf16 gradients were seen to fail."""
    return chosen.training.precision if fabric.device.type == "cuda" else "32-true"


def _device_name(fabric: Fabric) -> str:
    return torch.cuda.get_device_name(fabric.device) if fabric.device.type == "cuda" else fabric.device.type


def main() -> None:
    """`python -m dfer_nb.run --fold 1 --variant cross-entropy`: the parameters of `run`, and where the record is."""
    parser = argparse.ArgumentParser(
        prog="python -m dfer_nb.run",
        description=run.__doc__.splitlines()[0],
        epilog="variants of rdfer: " + ", ".join(VARIANTS["rdfer"]),
    )
    options = {field.name: field.default for field in fields(Request)}
    options |= {"fresh": False, "progress": True}
    for name, default in options.items():
        how = {"action": argparse.BooleanOptionalAction} if isinstance(default, bool) else {"type": type(default)}
        parser.add_argument("--" + name.replace("_", "-"), default=default, **how)
    parser.add_argument("--keep", action="store_true", help="copy the record into results/, to be committed")
    arguments = vars(parser.parse_args())
    copy = arguments.pop("keep")
    try:
        record = run(**arguments)
    except (BadInput, FloatingPointError) as error:
        raise SystemExit(f"error: {error}") from None
    last = record.summary["last"]
    print(
        f"{keep(record) if copy else record.path}\n"
        f"last epoch: WAR {last['WAR']:.2f}, UAR {last['UAR']:.2f} on {last['clips']} clips"
    )


if __name__ == "__main__":
    main()
