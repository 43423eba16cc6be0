"""Folders that hold records: the results/ or runs/ of another machine, and where runs lie in this machine's runs/."""

from pathlib import Path

from dfer_nb import files
from dfer_nb.errors import BadInput
from dfer_nb.training.record import Record
from dfer_nb.training.results import RUNS, Kept, called

# what lies in results/ and in runs/: paper, dataset, preset; and paper, dataset, fold, variant, seed
PLACES = (f"*/*/*/{RUNS}", "*/*/fold*/*/seed*/summary.json")


def check(folder: Path) -> Path:
    """The same folder, when it is a results/ or a runs/. Raises BadInput for another, with the one to name."""
    found = _around(folder)
    if folder.resolve() in found:
        return folder
    if found:
        raise BadInput("the records here lie at another level", folder, f"name {' or '.join(map(str, sorted(found)))}")
    raise BadInput("there are no records here", folder, "name the folder results/ or runs/ of another machine")


def _around(folder: Path) -> set[Path]:
    """Every results/ and runs/ that a folder is, lies in, or has up to two levels down."""
    found = set()
    for place in PLACES:
        steps, height = ["*", "*", *place.split("/")], place.count("/")
        for first in range(len(steps)):
            paths = folder.resolve().glob("/".join(steps[first:]))
            found |= {path.parents[height] for path in paths if path.match(place) and len(path.parents) > height}
    return found


def lying(run: Kept) -> list[Path]:
    """The folders in runs/ whose whole record has the name of a kept run, of whatever code and processor."""
    paths = files.runs_dir().glob(PLACES[1].replace("*", run.config["paper"], 1))
    configs = {path.parent: {"threads": 0} | Record(path.parent).config for path in paths}  # the oldest do not say it
    return sorted(path for path, config in configs.items() if called(config) == run.name)
