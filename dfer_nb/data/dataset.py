"""What a dataset is to everything above it: one small protocol, so that nobody asks a dataset's name."""

from pathlib import Path

import pandas as pd

from dfer_nb import files
from dfer_nb.data import contents
from dfer_nb.data.choices import PLAIN, Reading
from dfer_nb.data.clips import FOLDS
from dfer_nb.data.expressions import EXPRESSIONS
from dfer_nb.errors import BadInput


class Dataset:
    """A dataset under its name. As it stands here, a licensed one: files that a user has, and labels without a truth.

    name: what it is asked for by; classes: in the order of its labels; folds: its divisions into training and test
    clips; drawn: its truth is known, and it can be drawn again with other noise; holds: what its folder holds, in words
    for an error. A licensed dataset gives its own `table` and `sample`, and leaves the rest as it is: see `licensed`.
    """

    name: str
    classes: tuple[str, ...] = EXPRESSIONS
    folds: tuple[int, ...] = FOLDS
    drawn: bool = False
    holds: str = "the clips and their lists"

    def folder(self, root: str = "", draw: int = 0, progress: bool = True) -> Path:
        """Where it lies, made first where it is drawn. Raises BadInput for a licensed dataset without a root."""
        if not root:
            raise BadInput(f"{self.name} needs its folder", "the run's parameters",
                           f"give root=… (papermill: -p root DIR), the folder that holds {self.holds}")
        return Path(root).expanduser()

    def folds_of(self, root) -> tuple[int, ...]:
        """The folds that a folder can be trained on, as far as its lists say."""
        return self.folds

    def drawn_into(self, draw: int) -> Path | None:
        """The folder of this draw in the data folder, drawn or not yet; None where it is a user's own."""
        return None

    def table(self, folder: Path, fold: int, reading: Reading = PLAIN) -> pd.DataFrame:
        """The ClipTable of a fold, with the slices where it has some. Raises BadInput for what cannot be read."""
        raise NotImplementedError

    def truth(self, folder: Path) -> pd.DataFrame | None:
        """What is true of each clip, where that is known; None where it is not."""
        return None

    def identity(self, root: str = "", draw: int = 0, fold: int = 1, reading: Reading = PLAIN) -> str:
        """What identifies its pixels and labels, known without drawing; reading: as in `table`.

        Here: a hash of clips, labels and splits, and after a point one of what the files that are read hold
        (`contents`), which all folds of the same clips share. Raises BadInput as `table` does.
        """
        table = self.table(self.folder(root, draw, progress=False), fold, reading).sort_values(["split", "clip"])
        lists = files.digest(table[["clip", "label", "split"]].to_numpy().tolist())
        return f"{lists}.{contents.digest(table.sort_values('clip')['path'])}"

    def digest(self, folder: Path) -> str:
        """SHA-256 of the frames that were really drawn there; "" where nothing is drawn."""
        return ""

    def drawing(self) -> dict[str, list]:
        """What today's code draws, in numbers (a trace); {} where nothing is drawn."""
        return {}

    def sample(self, root: Path, size: int) -> None:
        """Write a handful of clips with their lists into the folder `root`, as `table` and `truth` read them from it.

        They stand for the dataset where a few steps of training are all that is wanted; they are the same every time,
        and show no face (`patterns`), so that no change of a drawing concerns what they are trained for.
        size: side of a frame in pixels.
        """
        raise NotImplementedError
