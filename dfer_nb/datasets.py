"""The datasets that a run can be asked for, by name."""

import json
from pathlib import Path

import pandas as pd

from dfer_nb import facsimile
from dfer_nb.data import dfew
from dfer_nb.data.dataset import Dataset
from dfer_nb.errors import BadInput
from dfer_nb.facsimile import samples


class Facsimile(Dataset):
    """One kind of FACSimile: drawn on demand in DFEW's layout, with slices and a truth."""

    drawn = True

    def __init__(self, kind: str):
        self.name = kind

    def folder(self, root: str = "", draw: int = 0, progress: bool = True) -> Path:
        """Where this draw lies, in `root` or the data folder; drawn there first. Raises BadInput for a full disk."""
        return facsimile.make(self.name, draw=draw, base=root or None, progress=progress)

    def drawn_into(self, draw: int) -> Path | None:
        """The folder of this draw in the data folder, drawn or not yet; kinds with the same clips share one."""
        return facsimile.folder(self.name, draw)

    def table(self, folder: Path, fold: int, drop_missing: bool = False, zero_based: bool = False) -> pd.DataFrame:
        """The ClipTable of a fold and, after it, of the slices."""
        lists = facsimile.lists_folder(self.name)
        parts = [dfew.read_dfew(folder, fold, drop_missing, zero_based, lists=lists), dfew.read_slices(folder)]
        return pd.concat(parts, ignore_index=True)

    def truth(self, folder: Path) -> pd.DataFrame | None:
        """The truth table: see `facsimile.truth`."""
        return facsimile.truth(folder, self.name)

    def identity(self, root: str = "", draw: int = 0, fold: int = 1, **reading: bool) -> str:
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


DATASETS: dict[str, Dataset] = {kind: Facsimile(kind) for kind in facsimile.KINDS} | {"dfew": dfew.Dfew()}


def dataset(name: str) -> Dataset:
    """The dataset of this name. Raises BadInput for an unknown one, with the known ones."""
    if name not in DATASETS:
        raise BadInput(f"there is no dataset {name!r}", "the run's parameters",
                       f"choose one of: {', '.join(DATASETS)}")
    return DATASETS[name]


def drawn() -> tuple[str, ...]:
    """Names of the datasets that are drawn, and whose truth is known."""
    return tuple(name for name, each in DATASETS.items() if each.drawn)
