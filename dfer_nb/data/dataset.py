"""What a dataset is to everything above it: one small protocol, so that nobody asks a dataset's name."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from dfer_nb import files
from dfer_nb.data import cache
from dfer_nb.data.clips import COLUMNS
from dfer_nb.data.expressions import EXPRESSIONS
from dfer_nb.errors import BadInput

SIDE = 48  # pixels of a sample's frames
TRAIN, TEST = 16, 4  # clips of a sample in each list of its fold 1


@dataclass(frozen=True)
class Sample:
    """A handful of clips that stand for a dataset where a few steps of training are all that is wanted.

    table: a ClipTable of fold 1, without paths; truth: of the same clips, or None; frames: their cache.
    """

    table: pd.DataFrame
    truth: pd.DataFrame | None
    frames: cache.FrameCache


class Dataset:
    """A dataset under its name. As it stands here, a licensed one: files that a user has, and labels without a truth.

    name: what it is asked for by; classes: in the order of its labels; drawn: its truth is known, and it can be drawn
    again with other noise; holds: what its folder holds, in words for an error. A licensed dataset gives its own
    `table`, and leaves the rest as it is.
    """

    name: str
    classes: tuple[str, ...] = EXPRESSIONS
    drawn: bool = False
    holds: str = "the clips and their lists"

    def folder(self, root: str = "", draw: int = 0, progress: bool = True) -> Path:
        """Where it lies, made first where it is drawn. Raises BadInput for a licensed dataset without a root."""
        if not root:
            raise BadInput(f"{self.name} needs its folder", "the run's parameters",
                           f"give root=… (papermill: -p root DIR), the folder that holds {self.holds}")
        return Path(root).expanduser()

    def table(self, folder: Path, fold: int, drop_missing: bool = False, zero_based: bool = False) -> pd.DataFrame:
        """The ClipTable of a fold, with the slices where it has some. Raises BadInput for what cannot be read."""
        raise NotImplementedError

    def truth(self, folder: Path) -> pd.DataFrame | None:
        """What is true of each clip, where that is known; None where it is not."""
        return None

    def identity(self, root: str = "", draw: int = 0, fold: int = 1, **reading: bool) -> str:
        """What identifies its pixels and labels, known without drawing; reading: the options of `table`.

        Here: a hash of clips, labels, splits, and the sizes of the files on disk. Raises BadInput as `table` does.
        """
        table = self.table(self.folder(root, draw, progress=False), fold, **reading)
        rows = table[["clip", "label", "split"]].sort_values(["split", "clip"]).to_numpy().tolist()
        paths = [Path(path) for path in sorted(set(table["path"]))]
        return files.digest([rows, [len(os.listdir(p)) if p.is_dir() else p.stat().st_size for p in paths]])

    def digest(self, folder: Path) -> str:
        """SHA-256 of the frames that were really drawn there; "" where nothing is drawn."""
        return ""

    def drawing(self) -> dict[str, list]:
        """What today's code draws, in numbers (a trace); {} where nothing is drawn."""
        return {}

    def sample(self, folder: Path, max_frames: int, size: int = SIDE) -> Sample:
        """A few clips as this dataset's would be read, the same ones every time; their frames are put into `folder`.

        Here: pictures of no face, so that no change of a drawn face concerns what was trained on a licensed dataset.
        max_frames: a longer clip keeps so many, as decoding does; size: side of a frame in pixels.
        """
        labels = np.arange(TRAIN + TEST) % len(self.classes)
        columns = {"clip": [str(number) for number in range(1, len(labels) + 1)], "path": "",
                   "n_frames": pd.array([pd.NA] * len(labels), dtype="Int64"), "label": labels.astype("int64"),
                   "split": ["train"] * TRAIN + ["test"] * TEST, "fold": 1, "source": self.name}
        table = pd.DataFrame(columns)[list(COLUMNS)]
        patterns = _patterns(labels, len(self.classes), max_frames, size)
        return Sample(table, None, cache.store(Path(folder) / "frames", table, patterns, size, max_frames))


def _patterns(labels: np.ndarray, classes: int, max_frames: int, size: int) -> Iterator[tuple[np.ndarray, int]]:
    """A bright spot that crosses the frame, for each label in another direction: frames (T, size, size, 3), length."""
    y, x = (np.mgrid[:size, :size] + 0.5) / size - 0.5
    for number, label in enumerate(labels):
        rng = np.random.default_rng([29, number])
        length = int(rng.integers(12, 49))  # shorter and longer than what is kept
        t = (cache.kept(length, max_frames) / length - 0.5)[:, None, None]
        angle, width = 2 * np.pi * label / classes + rng.normal(0, 0.2), rng.uniform(0.1, 0.2)
        spot = np.exp(-((x - t * np.cos(angle)) ** 2 + (y - t * np.sin(angle)) ** 2) / (2 * width**2))
        yield np.rint(rng.uniform(20, 80, 3) + spot[..., None] * rng.uniform(80, 170, 3)).astype(np.uint8), length
