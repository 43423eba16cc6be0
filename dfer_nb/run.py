"""What a notebook's one training cell calls: from names to a finished run record."""

import argparse
import contextlib
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path

import torch
from lightning_fabric import Fabric
from tqdm import tqdm

from dfer_nb import datasets, files
from dfer_nb.errors import BadInput
from dfer_nb.presets import PRESETS, build, plan, variants
from dfer_nb.request import Request, arranged, as_data, make_fabric, prepare
from dfer_nb.trace import differences
from dfer_nb.training import state, tracing
from dfer_nb.training.fit import Fit
from dfer_nb.training.provenance import code_text, environment
from dfer_nb.training.record import FEATURES, Record, is_complete, record_folder
from dfer_nb.training.replay import features
from dfer_nb.training.results import KEEP


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
    request = Request(paper, **parameters)
    fabric, config = make_fabric(request), request.config()
    folder = record_folder(config)
    # of several processes that are one run, the first starts the others, and must not wait for them here
    with files.alone(folder) if request.devices == 1 else contextlib.nullcontext():
        fresh = fresh or _out_of_date(folder, request)
        if fresh or is_complete(folder):  # a kill between a record and its tidying leaves a state that nobody needs
            state.remove(folder.with_name(folder.name + ".unfinished"))
        if fresh or not is_complete(folder):
            with _threads(request.threads):
                _train(fabric, request, config, folder, progress)
    return Record(folder)


def _out_of_date(folder: Path, request: Request) -> bool:
    """Whether a record is there that today's code would not make again; why, on stderr."""
    changed = differences(traces(request), Record(folder).traces) if is_complete(folder) else []
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
    """What today's code computes: the trace of such a training on a few clips, and that of the drawing of its clips.

    Names of what was traced -> series -> numbers; compared by `trace.differences`. About a second, once for each state
    of the code: they are remembered under the runs folder.
    """
    variant = request.variant or request.paper
    name = f"{request.paper}/{request.dataset}/{request.preset}/{variant}"
    found = {f"training {name}": _remembered(name, lambda: _training_trace(request, variant))}
    source = datasets.dataset(request.dataset)
    drawing = _remembered(source.name, source.drawing)
    return found | ({f"drawing {source.name}": drawing} if drawing else {})


def _remembered(name: str, compute: Callable[[], dict[str, list]]) -> dict[str, list]:
    """What `compute` gives, from the disk where this code has computed it before."""
    path = files.runs_dir() / ".traces" / code_text() / f"{name}.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        found = compute()
    with files.disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    files.write_atomic(path, json.dumps(found))
    return json.loads(json.dumps(found))


def _training_trace(request: Request, variant: str) -> dict[str, list]:
    chosen = plan(request.paper, request.preset, variant, request.dataset, tracing.EPOCHS)
    model = {name: "none" if value in ("imagenet", "torchvision") else value for name, value in chosen.model.items()}
    chosen = replace(chosen, model=model)  # weights that would have to be downloaded decide no arithmetic
    settings = tracing.small(chosen.training, build(request.paper, chosen)[0])
    with tempfile.TemporaryDirectory(prefix="dfer-sample-") as folder, tracing.exactly():
        sample = datasets.dataset(request.dataset).sample(Path(folder), settings.max_frames, settings.size)
        table = arranged(sample.table, sample.truth, settings, 0)
        data = as_data(table, sample.truth, sample.frames, settings, progress=False)
        return tracing.measure(lambda: build(request.paper, chosen), data, settings)


def _train(fabric: Fabric, request: Request, config: dict, folder: Path, progress: bool) -> None:
    data, chosen, arithmetic = prepare(request, progress), request.plan(), traces(request)
    source = datasets.dataset(request.dataset)
    drawn = source.digest(source.folder(request.root, request.draw, progress=False))
    made_with = environment(_device_name(fabric), len(data.frames)) | ({"drawn": drawn} if drawn else {})
    fabric.launch()
    torch.manual_seed(config["seed"])
    model, method = build(config["paper"], chosen)
    fit = Fit(model, method, data, chosen.training, config["seed"], fabric, folder, progress)
    fit.run(config, made_with, arithmetic)


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
        if how == "features":
            record = add_features(_request(arguments), record)
    except (BadInput, FloatingPointError) as error:
        raise SystemExit(f"error: {error}") from None
    last = record.summary["reported"]
    told = f"{record.summary['rule']}: WAR {last['WAR']:.2f}, UAR {last['UAR']:.2f} on {last['clips']} clips"
    print(f"{record.path}\n{told}")


def drawing(dataset: str) -> dict:
    """The remembered trace of a dataset's drawing; {} where nothing is drawn."""
    source = datasets.dataset(dataset)
    return _remembered(source.name, source.drawing)


if __name__ == "__main__":
    main()
