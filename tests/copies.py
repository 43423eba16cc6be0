"""Copies of the package in which something is changed, and which records are out of date by each copy's code.

A fresh process computes the traces of a panel of records with a copy. What a change cannot reach, by what imports what,
is not computed again but taken from the code as it is; so a change costs as much as may depend on it.
"""

import importlib
import multiprocessing
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import SimpleNamespace

from imports import reach
from mutations import PANEL

import dfer_nb

PACKAGE = Path(dfer_nb.__file__).parent
FRESH = multiprocessing.get_context("forkserver")
FRESH.set_forkserver_preload(["torch", "torchvision", "lightning_fabric", "pandas", "sklearn.metrics", "cv2", "decord",
                              "joblib", "safetensors.torch", "tqdm", "yaml", "pyarrow.dataset", "PIL.PngImagePlugin"])
SIZE = 32  # side of the frames that are traced, in pixels
TRAINING = "training "  # how the name of a training's trace begins
CLIPS = "clips"  # what is read in a trace, beside the traces themselves


class Copy:
    """A copy of the package in a folder of its own, and the paths in it that are no longer as they were."""

    def __init__(self, folder: Path):
        self.folder, self.changed = folder, set()
        shutil.copytree(PACKAGE, folder / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__", "viewing"))

    def change(self, file: str, old: str, new: str) -> None:
        """Put `new` in the place of `old`, which must stand in the file, everywhere there; "": at the file's end."""
        path = self.folder / PACKAGE.name / file
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        assert old in text, f"{file} has no {old!r}"
        path.write_text(text.replace(old, new) if old else text + new, encoding="utf-8")
        self.changed.add(file)


@cache
def reached(what: str) -> frozenset[str]:
    """The files of the package whose text can matter to a trace of this name, or to the CLIPS of all of them."""
    if what.startswith(TRAINING):
        from dfer_nb.presets import PRESETS  # loaded late: a copy's process has its own

        others = set(PRESETS) - {what.removeprefix(TRAINING).partition("/")[0]}  # papers do not import each other
        return frozenset(reach(PACKAGE, "run.py", [file for name in others for file in (
            f"{name}.py", f"presets/{name}.py")]))
    return frozenset(reach(PACKAGE, "data/decoding.py" if what == "decoding" else "datasets.py"))


def loaded(module: str) -> set[str]:
    """The files of the package that a fresh process has loaded once it has imported this module."""
    with FRESH.Pool(1) as pool:
        return pool.apply(_loaded, (module,))


def _loaded(module: str) -> set[str]:
    _unload()
    importlib.import_module(module)
    paths = [Path(each.__file__) for name, each in sys.modules.items() if name.partition(".")[0] == PACKAGE.name]
    return {path.relative_to(PACKAGE).as_posix() for path in paths}


def today(films: Path) -> dict[str, dict]:
    """The panel's records, as the code that is not changed would make them: word -> config, traces and place.

    films: a folder for the clips that each dataset has in a trace.
    """
    from dfer_nb import datasets, files, run
    from dfer_nb.request import record_folder

    found = {}
    for dataset in sorted({names[1] for names in PANEL.values()}):
        datasets.dataset(dataset).sample(films / dataset, SIZE)
    for word, names in PANEL.items():
        request = _request(names, films)
        config = request.config()
        place = record_folder(config).relative_to(files.runs_dir()).as_posix()
        found[word] = {"config": config, "traces": run.traces(request), "place": place}
    return found


def stale(made: dict[str, dict], films: Path, copies: Iterable[Copy]) -> list[dict[str, tuple[bool, str]]]:
    """By each copy: of every record of the panel whether it is out of date, and its place.

    made: what `today` gave for the same films. Each copy has a fresh process; two run at once.
    """
    names = {CLIPS, *(name for record in made.values() for name in record["traces"])}
    tasks = [(str(copy.folder), made, films, {name for name in names if not copy.changed & reached(name)})
             for copy in copies]
    with FRESH.Pool(2, maxtasksperchild=1) as pool:
        return pool.starmap(_of_panel, tasks, chunksize=1)


def _request(names: tuple[str, ...], films: Path):
    from dfer_nb.request import Request

    root = str(films / "dfew") if names[1] == "dfew" else ""
    return Request(*names[:2], root, preset=names[2], variant=names[3], device="cpu")


def _of_panel(folder: str, made: dict[str, dict], films: Path, same: set[str]) -> dict[str, tuple[bool, str]]:
    """What `stale` says of one copy; same: names of traces, and CLIPS, that its changes cannot reach."""
    run = _run_of(folder)
    from dfer_nb.request import record_folder
    from dfer_nb.trace import differences

    if CLIPS in same:
        _lend_clips(run, films, Path(folder))
    known, found = _known(run), {}
    for word, names in PANEL.items():
        request, record = _request(names, films), SimpleNamespace(**made[word])
        known.update({_remembered_as(name): record.traces[name] for name in same & record.traces.keys()})
        now = {"decoding": run._remembered("decoding", run.decoding), f"drawing {names[1]}": run.drawing(names[1])}
        then = {name: numbers for name, numbers in record.traces.items() if not name.startswith(TRAINING)}
        if differences(then, {name: now[name] for name in then}):  # then it is out of date whatever its training gives
            known.update({_remembered_as(name): record.traces[name] for name in record.traces.keys() - then})
        config = request.config()
        place = record_folder(config).relative_to(f"{folder}/runs").as_posix()
        found[word] = bool(run.out_of_date(record, request, config)), place
    return found


def _run_of(folder: str):
    """`dfer_nb.run` of the copy in a folder."""
    os.environ["DFER_RUNS"] = f"{folder}/runs"
    sys.path.insert(0, folder)
    _unload()
    from dfer_nb import run

    assert run.__file__.startswith(folder)
    return run


def _unload() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE.name]:
        del sys.modules[name]  # another test's server has it


def _lend_clips(run, films: Path, folder: Path) -> None:
    """Let a process read the clips that lie in `films`, instead of writing the same; what it decodes is its own."""
    for lent in films.iterdir():
        own = folder / CLIPS / lent.name
        own.mkdir(parents=True)
        for entry in lent.iterdir():
            (own / entry.name).symlink_to(entry)
        run._samples[lent.name, SIZE] = SimpleNamespace(name=str(own))


def _known(run) -> Mapping[str, Mapping[str, list]]:
    """A dictionary, empty yet; a trace that is put into it is believed, where another is computed and remembered."""
    known, compute = {}, run._remembered
    run._remembered = lambda name, trace: known[name] if name in known else compute(name, trace)
    return known


def _remembered_as(name: str) -> str:
    return name.removeprefix(TRAINING).replace(" ", "/")
