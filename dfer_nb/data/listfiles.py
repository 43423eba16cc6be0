"""List files as most public training code reads them: "path num_frames label" a line."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from dfer_nb.data import dfew, ferv39k, lists, mafw
from dfer_nb.data.choices import Reading
from dfer_nb.data.clips import listing, some
from dfer_nb.data.expressions import EXPRESSIONS
from dfer_nb.data.licensed import Licensed
from dfer_nb.data.places import Kind, Place
from dfer_nb.errors import BadInput

COLUMNS = ("clip", "n", "label")
WORDS = {"train": ("train",), "test": ("test", "val")}  # that a word in a list's name begins with
LISTED = Kind("what list files name", ())


class ListFiles(Licensed):
    """A folder with a training list and a test list, of one division or of several folds.

    Numbers of seven classes count from 0 in DFEW's order, as that code has it, or from 1 where they run from 1 to 7;
    those of MAFW's eleven are numbered in several ways. Other numberings are taken where paths or published counts
    prove them, or where a user says them, and else refused. Paths are absolute or below the folder; where all lie below
    another root than the one here, that root is taken for the folder.
    """

    holds = "a training and a test list, such as DFEW_set_1_train.txt and DFEW_set_1_test.txt"
    marks = ("*train*.txt", "annotation/*train*.txt")

    def __init__(self, name: str = "listfiles", classes: tuple[str, ...] = EXPRESSIONS):
        """name, classes: of lists of other classes than the seven."""
        self.name, self.classes = name, classes
        self.first = 0 if classes == EXPRESSIONS else None

    def rows(self, root: Path, fold: int) -> pd.DataFrame:
        """Rows of both lists; a clip's name is its path as the list has it."""
        parts = {split: lists.spaced(self.list(root, split, fold), COLUMNS, first=True) for split in WORDS}
        rows = pd.concat([part.assign(split=split) for split, part in parts.items()])
        if (odd := ~rows["n"].str.fullmatch(r"[0-9]{1,7}")).any():
            raise BadInput(f"numbers of frames are no numbers, such as {rows['n'][odd].iloc[0][:80]!r}",
                           f"{rows['list'][odd].iloc[0]}, line {rows['line'][odd].iloc[0]}",
                           f"a line of this list is: {' '.join(COLUMNS)}")
        return rows.assign(clip=rows["clip"].str.replace("\\", "/").map(_plain))

    def has_lists(self, root: Path, fold: int) -> bool:
        """Whether a list of either split is there."""
        return any(self.candidates(root, split, fold) for split in WORDS)

    def candidates(self, root: Path, split: str, fold: int) -> Sequence[Path]:
        """Lists that may be that of a split: those that name the fold, or of fold 1 those that name none."""
        paths = [path for path in sorted(_folder(root).glob("*.txt"))
                 if any(word.startswith(WORDS[split]) for word in re.split(r"[^a-z]+", path.stem.lower()))]
        folds = {path: re.findall(r"\d+", re.sub(r"(?i)ferv39k", "", path.stem)) for path in paths}
        own = [path for path in paths if str(fold) in folds[path]]
        return own or ([path for path in paths if not folds[path]] if fold == 1 else [])

    def list(self, root: Path, split: str, fold: int) -> Path:
        """The list of a split. Raises BadInput where there is none, or where there are several."""
        paths, folder = self.candidates(root, split, fold), _folder(root)
        if len(paths) != 1:
            raise BadInput(f"there is no {split} list of fold {fold}" if not paths else
                           f"{len(paths)} lists may be the {split} list of fold {fold}: "
                           f"{some([path.name for path in paths], 4)}", f"{folder} holds: {listing(folder)}",
                           "keep one training and one test list a fold, such as set_1_train.txt and set_1_test.txt")
        return paths[0]

    def counts(self) -> Sequence[Mapping[str, int]]:
        """Those of every dataset with these classes: the lists do not say whose clips they name."""
        every = (dfew.COUNTS.classes, ferv39k.Ferv39k().published.classes, mafw.COUNTS)
        return [classes for classes in every if set(classes) == set(self.classes)]

    def counted_from(self, rows: pd.DataFrame) -> int | None:
        """0; 1 where numbers run up to 7, and none is 0; None where the classes are numbered in several ways."""
        found = set(rows["label"])
        return self.first if self.first is None else int("0" not in found and str(len(self.classes)) in found)

    def told(self, rows: pd.DataFrame) -> np.ndarray:
        """The folder around a clip, where it is named after an expression."""
        around = rows["clip"].str.split("/").map(lambda parts: parts[-2] if len(parts) > 1 else "")
        return around.map(self.class_of).to_numpy()

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
            names = self.classes if self.first is None else range(len(self.classes))
            text = "".join(f"{row.place} 16 {names[row.label]}\n" for row in own.itertuples())
            (root / f"set_{fold}_{split}.txt").write_text(text, encoding="utf-8")


def _folder(root: Path) -> Path:
    """Where the lists lie: in the root, or in its folder of annotations."""
    return root if any(root.glob("*train*.txt")) else root / "annotation"


def _plain(clip: str) -> str:
    """A path of a list without what says nothing: "./clips//00001/" and "clips/00001" are one clip."""
    return ("/" if clip.startswith("/") else "") + "/".join(part for part in clip.split("/") if part not in ("", "."))


def _home(root: Path, clips: pd.Series):
    """From a list's path to the one on this disk: as it stands, below the root, or below it without its first folders.

    How many folders go is decided once, by the first clip of those tried that is found, and holds for all.
    """
    for clip in clips.iloc[:: max(len(clips) // 50, 1)]:
        parts = clip.strip("/").split("/")
        if clip.startswith("/") and os.path.exists(clip):
            return str
        for gone in range(len(parts)):
            if ".." not in parts and os.path.exists(root.joinpath(*parts[gone:])):
                return lambda clip, gone=gone: _below(root, clip, gone)
    return lambda clip: ""


def _below(root: Path, clip: str, gone: int) -> str:
    parts = clip.strip("/").split("/")[gone:]
    return str(root.joinpath(*parts)) if parts and ".." not in parts else ""
