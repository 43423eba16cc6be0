"""The trace of a training: a few clips, two epochs or a few, and everything that a run of the same kind goes through.

The real loader, augmentation, model, method or control, optimiser, schedule, evaluation and record, in double
precision. In single precision the trace of one and the same code differs between processors, in the third digit and
more: AdamW divides a gradient by its own size, so where a gradient is rounding alone, a whole step is.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import torch
from lightning_fabric import Fabric
from torch.overrides import TorchFunctionMode

from dfer_nb.models.host import Host
from dfer_nb.models.layers import parameter_groups
from dfer_nb.training.fit import Fit
from dfer_nb.training.optimise import Settings
from dfer_nb.training.record import UNFILTERED, Record
from dfer_nb.training.replay import features

EPOCHS, BATCH, FEW, SIZE, RAISED, TIGHTER = 2, 6, 24, 32, 20, 50
EASED, RAISED_LESS = {"prune_below": 1 / 3, "correct_above": 0.1}, 2
SEED, FOLD = 1, 2  # with 0, or the first, what they are multiplied by or mistaken for would not show
DIGITS, MANY = 7, 50  # significant ones that are written; numbers that a method remembers in one place
VOTES, CLASSES = "si", (UNFILTERED, "otherwise")  # columns that hold a class, by first letter or name: others say more


def epochs(method: dict) -> int:
    """Epochs of the trace of a method with these settings: two, after as many `rounds` as it looks back on."""
    return EPOCHS + method.get("rounds", 0)


def eased(method: dict) -> dict:
    """A method's settings as a trace has them: thresholds on scores that a network reaches in a few steps."""
    return method | {name: factor * method[name] for name, factor in EASED.items() if name in method}


def small(settings: Settings, model: torch.nn.Module, method: dict) -> Settings:
    """The settings of a run as its trace has them: small batches, and frames as small as the model takes.

    Rates are raised, so that after a few steps clips and sub-clips are told apart (less for a method that compares
    scores, which would saturate), and the clipping of gradients is tightened, so that it does something. Epochs are the
    plan's: see `epochs`.
    """
    size = max((part.size for part in model.modules() if isinstance(part, Host)), default=0) or SIZE
    raised = RAISED_LESS if "rounds" in method else RAISED
    rates = {name: raised * getattr(settings, name) for name in ("lr", "lr_backbone", "lr_min")}
    clips = FEW if settings.train_clips else 0
    return replace(settings, batch_size=BATCH, size=size, train_clips=clips, clip_norm=settings.clip_norm / TIGHTER,
                   precision="32-true", cpu_precision="32-true", **rates)


def fabric() -> Fabric:
    """What a traced training runs on: one process on the CPU, in double precision."""
    return Fabric(accelerator="cpu", devices=1, precision="64-true")


def measure(fit: Fit) -> dict[str, list]:
    """The trace of a training that `fit` is ready for: settings as `small` makes them, built meanwhile `exactly`."""
    start = _weights(fit)
    fit.method.lenient = True
    fit.run({}, {})
    record = Record(fit.folder)
    found = _of_record(record) | _of_weights(start, _weights(fit)) | _of_features(record, fit)
    remembered = enumerate(fit.method.state_dict().values(), start=1)  # by their turn: a name may change
    found |= {f"remembered, {number}": _flat(value) for number, value in remembered}
    return {name: _rounded(values) for name, values in found.items()}


class _Double(TorchFunctionMode):
    """Meanwhile, code that asks for single precision, `x.float()` or `dtype=torch.float32`, gets double."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func is torch.Tensor.float:
            return args[0].double()
        args = [torch.float64 if each is torch.float32 else each for each in args]
        kwargs = {name: torch.float64 if each is torch.float32 else each for name, each in (kwargs or {}).items()}
        return func(*args, **kwargs)


@contextmanager
def exactly() -> Iterator[None]:
    """Meanwhile, what is built and computed is so in double precision, on one thread: more would only wait.

    PyTorch's random numbers on the CPU go on afterwards as if nothing had been drawn.
    """
    before, threads = torch.get_default_dtype(), torch.get_num_threads()
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    try:
        with _Double(), torch.random.fork_rng(devices=[]):
            yield
    finally:
        torch.set_default_dtype(before)
        torch.set_num_threads(threads)


def _of_record(record: Record) -> dict[str, list]:
    clips = record.clips.sort_values(["split", "clip"])
    found = {name: record.epochs[name] for name in record.epochs if name not in ("epoch", "seconds")}
    for epoch, rows in clips.groupby("epoch"):
        train = rows["split"] == "train"
        found |= {f"training, epoch {epoch + 1}: {name}": rows.loc[train, name] for name in ("loss", "weight")}
        others = rows[~train].dropna(axis=1)
        found |= {f"evaluation, epoch {epoch + 1}: {name}": others[name] for name in others if _says_more(name)}
    parts = {"test": record.summary["reported"], **record.summary["slices"]}
    scores = {name: [part[name] for part in parts.values()] for name in ("WAR", "UAR")}
    return {name: values.tolist() for name, values in found.items()} | scores | {
        "reported and best epoch": [record.summary[which]["epoch"] for which in ("reported", "best_on_test")]}


def _says_more(column: str) -> bool:
    vote = column[0] in VOTES and column[1:].isdigit()
    return not vote and column not in ("split", "epoch", "clip", "label", "prediction", "weight", *CLASSES)


def _weights(fit: Fit) -> dict[str, torch.Tensor]:
    """Each group's parameters as one vector."""
    return {name: torch.cat([p.detach().flatten() for p in parameters])
            for name, parameters in parameter_groups(fit.model.module).items()}


def _of_weights(start: dict[str, torch.Tensor], end: dict[str, torch.Tensor]) -> dict[str, list]:
    """How long each group's vector is, and how far it has moved: sums over so many numbers hardly know rounding."""
    return {f"{what} of the {name}": [float(vector.norm())] for name in end
            for what, vector in (("norm", end[name]), ("way", end[name] - start[name]))}


def _of_features(record: Record, fit: Fit) -> dict[str, list]:
    """What would be kept as the features of the test clips: of each clip their mean and their length."""
    table = np.stack(features(record, fit.model.module, fit.data, fit.settings)["features"]).astype(float)
    return {"features, means": table.mean(axis=1).tolist(), "features, norms": np.linalg.norm(table, axis=1).tolist()}


def _flat(value) -> list[float]:
    """The numbers in what a method remembers, in the order of their names: tensors, lists, dicts, numbers.

    Of more than MANY numbers in one place, lengths along the longest side: a trace has room for a few hundred.
    """
    if isinstance(value, Mapping):
        return [number for name in sorted(value, key=str) for number in _flat(value[name])]
    if isinstance(value, str):
        return []
    numbers = np.asarray(value, float)
    if numbers.size > MANY:
        numbers = np.linalg.norm(numbers, axis=int(np.argmax(numbers.shape)))
    return numbers.ravel().tolist()


def _rounded(values: list[float]) -> list[float]:
    return [float(f"{value:.{DIGITS}g}") for value in values]
