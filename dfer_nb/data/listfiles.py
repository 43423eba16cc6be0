"""List files as most public training code reads them: "path num_frames label" a line, of seven classes."""

import os
import re
from pathlib import Path

import numpy as np
import pandas as pd

from dfer_nb.data import lists
from dfer_nb.data.choices import Reading
from dfer_nb.data.clips import contents, some
from dfer_nb.data.licensed import Licensed
from dfer_nb.data.numbering import class_of
from dfer_nb.data.places import Kind, Place
from dfer_nb.errors import BadInput

COLUMNS = ("clip", "n", "label")
WORDS = {"train": ("train",), "test": ("test", "val")}  # that a word in a list's name begins with
LISTED = Kind("what list files name", ())


class ListFiles(Licensed):
    """A folder with a training list and a test list, of one division or of several folds.

    Numbers of classes count from 0 in DFEW's order, as that code has it; other numberings are recognised where paths
    name the expression, or where the numbers run from 1 to 7, and else refused. Paths are absolute or below the folder;
    where all lie below another root than the one here, that root is taken for the folder.
    """

    name = "listfiles"
    holds = "a training and a test list, such as DFEW_set_1_train.txt and DFEW_set_1_test.txt"
    marks = ("*train*.txt", "annotation/*train*.txt")
    first = 0

    def rows(self, root: Path, fold: int) -> pd.DataFrame:
        """Rows of both lists; a clip's name is its path as the list has it."""
        parts = {split: lists.spaced(self.list(root, split, fold), COLUMNS) for split in WORDS}
        rows = pd.concat([part.assign(split=split) for split, part in parts.items()])
        return rows.assign(clip=rows["clip"].str.replace("\\", "/").str.rstrip("/"))

    def list(self, root: Path, split: str, fold: int) -> Path:
        """The list of a split: the one that names the fold, or the only one. Raises BadInput for none or several."""
        folder = root if any(root.glob(self.marks[0])) else root / "annotation"
        paths = [path for path in sorted(folder.glob("*.txt"))
                 if any(word.startswith(WORDS[split]) for word in re.split(r"[^a-z]+", path.stem.lower()))]
        folds = {path: re.findall(r"\d+", re.sub(r"(?i)ferv39k", "", path.stem)) for path in paths}
        own = [path for path in paths if str(fold) in folds[path]]
        lone = [path for path in paths if not folds[path]] if fold == 1 else []
        if len(own or lone) != 1:
            raise BadInput(f"there is no {split} list of fold {fold}" if not (own or lone) else
                           f"{len(own or lone)} lists may be the {split} list of fold {fold}: "
                           f"{some([path.name for path in own or lone], 4)}", f"{folder} holds: {contents(folder)}",
                           "keep one training and one test list a fold, such as set_1_train.txt and set_1_test.txt")
        return (own or lone)[0]

    def labels(self, rows: pd.DataFrame, zero_based: bool) -> tuple[np.ndarray, str]:
        """As for all; numbers from 1 to 7 without a 0 count from 1."""
        if (odd := ~rows["n"].str.fullmatch(r"[0-9]+")).any():
            raise BadInput(f"numbers of frames are no numbers, such as {rows['n'][odd].iloc[0][:80]!r}",
                           rows["list"][odd].iloc[0], f"a line of this list is: {' '.join(COLUMNS)}")
        return super().labels(rows, zero_based)

    def counted_from(self, rows: pd.DataFrame) -> int:
        """0; 1 where numbers run up to 7, and none is 0."""
        return int("0" not in set(rows["label"]) and str(len(self.classes)) in set(rows["label"]))

    def told(self, rows: pd.DataFrame) -> np.ndarray:
        """The folder around a clip, where it is named after an expression."""
        around = rows["clip"].str.split("/").map(lambda parts: parts[-2] if len(parts) > 1 else "")
        return np.array([class_of(word, self.classes) for word in around])

    def place(self, root: Path, rows: pd.DataFrame, reading: Reading) -> Place:
        """What the lists name, as far as it is there; whether faces or scenes, they do not say. Raises BadInput."""
        if reading.scenes:
            raise BadInput("list files say themselves what is read, faces or scenes", root, "read without scenes=True")
        home = _home(root, rows["clip"])
        paths = {clip: path for clip in rows["clip"] if (path := home(clip)) and os.path.exists(path)}
        return Place(LISTED, Path(os.path.commonpath([os.path.dirname(path) for path in paths.values()] or [root])),
                     paths)

    def sample_place(self, number: int, clip) -> str:
        return f"clips/{number:05d}"

    def write_sample(self, root: Path, clips: pd.DataFrame, fold: int) -> None:
        for split, own in clips.groupby("split"):
            text = "".join(f"{row.place} 16 {row.label}\n" for row in own.itertuples())
            (root / f"set_{fold}_{split}.txt").write_text(text, encoding="utf-8")


def _home(root: Path, clips: pd.Series):
    """From a list's path to the one on this disk: as it stands, below the root, or below it without its first folders.

    How many folders go is decided once, by the first clip of those tried that is found, and holds for all.
    """
    for clip in clips.iloc[:: max(len(clips) // 50, 1)]:
        parts = [part for part in clip.split("/") if part not in ("", ".")]
        if clip.startswith("/") and os.path.exists(clip):
            return str
        for gone in range(len(parts)):
            if ".." not in parts and os.path.exists(root.joinpath(*parts[gone:])):
                return lambda clip, gone=gone: _below(root, clip, gone)
    return lambda clip: ""


def _below(root: Path, clip: str, gone: int) -> str:
    parts = [part for part in clip.split("/") if part not in ("", ".")][gone:]
    return str(root.joinpath(*parts)) if parts and ".." not in parts else ""
