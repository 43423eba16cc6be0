"""The datasets that a run can be asked for, by name."""

import json
from pathlib import Path

import pandas as pd

from dfer_nb import facsimile
from dfer_nb.data.choices import PLAIN, Reading
from dfer_nb.data.dataset import Dataset
from dfer_nb.data.dfew import FILMS, FRAMES, Dfew
from dfer_nb.data.known import LAYOUTS, LICENSED
from dfer_nb.data.places import Kind
from dfer_nb.errors import BadInput
from dfer_nb.facsimile import samples

# A sample lies there as frames, a draw as films; both show faces.
DRAWN = Kind("drawn faces", (FRAMES,)), Kind("drawn faces", (FILMS,), videos=True)


class Facsimile(Dataset):
    """One kind of FACSimile: drawn on demand in DFEW's layout, with slices and a truth."""

    drawn = True

    def __init__(self, kind: str):
        self.name = kind
        self.layout = Dfew(facsimile.lists_folder(kind), DRAWN)
        self.layout.published = None

    def folder(self, root: str = "", draw: int = 0, progress: bool = True) -> Path:
        """Where this draw lies, in `root` or the data folder; drawn there first. Raises BadInput for a full disk."""
        return facsimile.make(self.name, draw=draw, base=root or None, progress=progress)

    def drawn_into(self, draw: int) -> Path | None:
        """The folder of this draw in the data folder, drawn or not yet; kinds with the same clips share one."""
        return facsimile.folder(self.name, draw)

    def table(self, folder: Path, fold: int, reading: Reading = PLAIN) -> pd.DataFrame:
        """The ClipTable of a fold and, after it, of the slices."""
        if reading.numbering:
            raise BadInput("the classes of what is drawn are numbered in one way", "the run's parameters",
                           "read without numbering")
        reading = Reading(reading.drop_missing, zero_based=reading.zero_based)
        parts = [self.layout.table(folder, fold, reading), self.layout.slices(folder)]
        table = pd.concat(parts, ignore_index=True)
        table.attrs.clear()  # what is drawn needs no word on what it is
        return table

    def truth(self, folder: Path) -> pd.DataFrame | None:
        """The truth table: see `facsimile.truth`."""
        return facsimile.truth(folder, self.name)

    def identity(self, root: str = "", draw: int = 0, fold: int = 1, reading: Reading = PLAIN) -> str:
        """Kind and draw: they decide every frame and every label."""
        return f"{self.name}, draw {draw}"

    def digest(self, folder: Path) -> str:
        """The card's SHA-256 of all frames before they were encoded."""
        return json.loads((Path(folder) / "card.json").read_text(encoding="utf-8"))["frames_sha256"]

    def drawing(self) -> dict[str, list]:
        """What today's code draws, in numbers: see `facsimile.trace`."""
        return facsimile.drawing(self.name)

    def sample(self, root: Path, size: int) -> None:
        """A small dataset of this kind, with every trouble: see `facsimile.samples`."""
        samples.write(self.name, root, size)


DATASETS: dict[str, Dataset] = {kind: Facsimile(kind) for kind in facsimile.KINDS} | LICENSED


def dataset(name: str) -> Dataset:
    """The dataset of this name. Raises BadInput for an unknown one, with the known ones."""
    if name not in DATASETS:
        scenes = len(LICENSED) - len(LAYOUTS)
        known = [each for each in DATASETS if each not in LICENSED or DATASETS[each] in LAYOUTS]
        raise BadInput(f"there is no dataset {str(name)[:80]!r}", "the run's parameters",
                       f"choose one of: {', '.join(known)}; or a scene of {scenes}, such as {list(LICENSED)[-1]}")
    return DATASETS[name]


def drawn() -> tuple[str, ...]:
    """Names of the datasets that are drawn, and whose truth is known."""
    return tuple(name for name, each in DATASETS.items() if each.drawn)
