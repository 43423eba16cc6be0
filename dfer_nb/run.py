"""What a notebook's one training cell calls: from names to a finished run record."""

import argparse
import contextlib
import json
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, replace
from pathlib import Path

import torch
from lightning_fabric import Fabric
from tqdm import tqdm

from dfer_nb import datasets, files
from dfer_nb.data.choices import CHOICES, truth_value
from dfer_nb.data.decoding import decoding
from dfer_nb.errors import BadInput
from dfer_nb.presets import PRESETS, Plan, build, plan, variants
from dfer_nb.request import Request, changed_settings, make_fabric, prepare, read, record_folder
from dfer_nb.trace import differences
from dfer_nb.training import state, tracing
from dfer_nb.training.fit import Data, Fit
from dfer_nb.training.processes import is_first
from dfer_nb.training.provenance import CODE, environment, is_edited
from dfer_nb.training.record import FEATURES, Record, is_complete
from dfer_nb.training.replay import features
from dfer_nb.training.results import KEEP

STATES = 5  # of the code, whose traces are remembered
PATIENCE = 5  # seconds without a word
_samples: dict[tuple[str, int], tempfile.TemporaryDirectory] = {}


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
    is at is waited for; one that was made by code which computes otherwise than today's (`traces`) is trained again.
    Raises BadInput for a bad parameter, dataset or clip; FloatingPointError for a non-finite gradient.
    """
    request, fresh = Request(paper, **parameters), truth_value("fresh", fresh)
    fabric, config = make_fabric(request), request.config()
    folder = record_folder(config)
    unfinished = folder.with_name(folder.name + ".unfinished")
    if not fresh and is_complete(folder) and not unfinished.exists() and not out_of_date(
            Record(folder), request, config):
        return Record(folder)  # without a lock: who can only read has it too
    if request.devices > 1 and is_edited():  # the other processes would load other code than this one has
        raise BadInput("the code was edited since it was loaded here", files.root(), "restart Python, or the kernel")
    # of several processes that are one run, the first alone keeps others away, and starts the rest
    with files.alone(folder) if is_first() else contextlib.nullcontext():
        fresh = fresh or _out_of_date(folder, request, config)
        if fresh or is_complete(folder):  # a kill between a record and its tidying leaves a state that nobody needs
            state.remove(unfinished)
        if fresh or not is_complete(folder):
            with _threads(request.threads):
                _train(fabric, request, config, folder, progress)
    return Record(folder)


def out_of_date(record: Record, request: Request, config: dict, free: Iterable[str] = ()) -> list[str]:
    """In what a record differs from what the run would be today: settings, data, arithmetic; [] when it counts.

    config: the request's; free: names in it that may differ.
    """
    words = [name for name in changed_settings(record.config, config) if name not in free]
    return words or differences(record.traces, traces(request))


def _out_of_date(folder: Path, request: Request, config: dict) -> bool:
    """Whether a record is there that today's code would not make again; why, on stderr."""
    changed = out_of_date(Record(folder), request, config) if is_complete(folder) else []
    if changed:
        tqdm.write(f"The code computes otherwise than when this run was trained ({changed[0]}): it is trained again.",
                   file=sys.stderr)
    return bool(changed)


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


def traces(request: Request) -> dict[str, dict[str, list]]:
    """What today's code computes: the traces of such a training on a few clips, of its clips' drawing, and of reading.

    What was traced -> series -> numbers; compared by `trace.differences`. About a second, once for each state of the
    code: they are remembered under the runs folder.
    """
    variant = request.variant or request.paper
    name = f"{request.paper}/{request.dataset}/{request.preset}/{variant}"
    found = {f"training {name}": _remembered(name, lambda: _training_trace(request, variant))}
    drawn = drawing(request.dataset)
    return found | {"decoding": _remembered("decoding", decoding)} | (
        {f"drawing {request.dataset}": drawn} if drawn else {})


def drawing(dataset: str) -> dict[str, list]:
    """The trace of what today's code draws of a dataset, remembered as others are; {} where nothing is drawn."""
    return _remembered(f"drawing/{dataset}", datasets.dataset(dataset).drawing)


def _remembered(name: str, compute: Callable[[], dict[str, list]]) -> dict[str, list]:
    """What `compute` gives, from the disk where the code that runs here has computed it before."""
    # Code that was edited after it was loaded here (a notebook's kernel) is not what the next process will load, and
    # parts of it may have been loaded again.
    path = None if is_edited() else files.runs_dir() / ".traces" / CODE / f"{name}.json"
    with contextlib.suppress(OSError, ValueError):
        if path:
            return json.loads(path.read_text(encoding="utf-8"))
    with _after(PATIENCE, f"tracing what the code computes, once for each state of it ({name})"):
        text = json.dumps(compute())
    if path:
        with contextlib.suppress(BadInput, OSError):  # where nothing can be written, it is computed again
            _remember(path, text)
    return json.loads(text)


@contextlib.contextmanager
def _after(seconds: float, words: str) -> Iterator[None]:
    """Say so on stderr if what is done meanwhile takes longer."""
    timer = threading.Timer(seconds, tqdm.write, [words], {"file": sys.stderr})
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _remember(path: Path, text: str) -> None:
    home = files.runs_dir() / ".traces"
    with files.disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        others = sorted(home.iterdir(), key=lambda folder: folder.stat().st_mtime)
        for old in others[:-STATES]:
            shutil.rmtree(old, ignore_errors=True)
    files.write_atomic(path, text)


def _training_trace(request: Request, variant: str) -> dict[str, list]:
    chosen = plan(request.paper, request.preset, variant, request.dataset, tracing.EPOCHS)
    model = {name: "none" if value in ("imagenet", "torchvision") else value for name, value in chosen.model.items()}
    chosen = replace(chosen, model=model)  # weights that would have to be downloaded decide no arithmetic
    folds = datasets.dataset(request.dataset).folds
    same = {"devices": 1, **CHOICES}
    traced = replace(request, fold=tracing.FOLD if tracing.FOLD in folds else folds[0], seed=tracing.SEED, **same)
    with tempfile.TemporaryDirectory(prefix="dfer-trace-") as folder, tracing.exactly():
        settings = tracing.small(chosen.training, build(request.paper, chosen)[0])
        home = _sample(request.dataset, settings.size)
        data, chosen = read(traced, home, settings, home / "cache", progress=False), replace(chosen, training=settings)
        record = Path(folder) / "record"
        return tracing.measure(_fit(traced, chosen, data, tracing.fabric(), record, progress=False, resumable=False))


def _sample(dataset: str, size: int) -> Path:
    """A folder with the small dataset that stands for this one, written once a process and removed at its end."""
    if (dataset, size) not in _samples:
        _samples[dataset, size] = tempfile.TemporaryDirectory(prefix="dfer-sample-")
        datasets.dataset(dataset).sample(Path(_samples[dataset, size].name), size)
    return Path(_samples[dataset, size].name)


def _fit(request: Request, chosen: Plan, data: Data, fabric: Fabric, folder: Path, progress: bool,
         resumable: bool = True) -> Fit:
    """A training before its first step. A run and its trace both begin here, so that a trace sees how it begins."""
    torch.manual_seed(request.seed)
    model, method = build(request.paper, chosen)
    return Fit(model, method, data, chosen.training, request.seed, fabric, folder, progress, resumable)


def _train(fabric: Fabric, request: Request, config: dict, folder: Path, progress: bool) -> None:
    data, arithmetic = prepare(request, progress), traces(request)
    source = datasets.dataset(request.dataset)
    drawn = source.digest(source.folder(request.root, request.draw, progress=False))
    made_with = environment(_device_name(fabric), len(data.frames)) | ({"drawn": drawn} if drawn else {})
    made_with |= {"read": data.read} if data.read else {}
    fabric.launch()
    _fit(request, request.plan(), data, fabric, folder, progress).run(config, made_with, arithmetic)


def add_features(request: Request, record: Record) -> Record:
    """Put the features of the test clips beside a run's record, where they are not yet. Returns the record anew."""
    if record.features is None:
        chosen = request.plan()
        model, _ = build(request.paper, chosen)
        table = features(record, model, prepare(request, progress=False), chosen.training)
        files.write_atomic(record.path / FEATURES, table.to_parquet(index=False))
    return Record(record.path)


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
    parser.add_argument("--keep", choices=KEEP, default=KEEP[0], help="how much of the record dfer_nb.sweep will keep: "
                        "with features, those of the test clips are put beside it")
    arguments = vars(parser.parse_args())
    how = arguments.pop("keep")
    try:
        record = run(**arguments)
        if how == "features" and is_first():
            record = add_features(_request(arguments), record)
    except (BadInput, FloatingPointError) as error:
        raise SystemExit(f"error: {error}") from None
    last = record.summary["reported"]
    told = f"{record.summary['rule']}: WAR {last['WAR']:.2f}, UAR {last['UAR']:.2f} on {last['clips']} clips"
    print(f"{record.path}\n{told}")


if __name__ == "__main__":
    main()
