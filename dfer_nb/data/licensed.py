"""A dataset that a user has: lists and clips in a folder, read in one way whatever its layout."""

import contextlib
import operator
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from dfer_nb.data import lists, numbering, patterns
from dfer_nb.data.choices import PLAIN, Reading
from dfer_nb.data.clips import clip_table, listing
from dfer_nb.data.dataset import Dataset
from dfer_nb.data.places import Kind, Place, find, once
from dfer_nb.errors import BadInput

TRAIN, TEST = 16, 4  # clips of a sample in the two lists of a fold, of seven classes


@dataclass(frozen=True)
class Published:
    """How many clips a dataset is said to have, for a comparison.

    test: of each fold; clips: of a whole fold; classes: of a whole fold; by_split: split -> class -> clips.
    """

    clips: int
    test: tuple[int, ...]
    classes: Mapping[str, int] = field(default_factory=dict)
    by_split: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    note: str = ""


class Licensed(Dataset):
    """A layout on the disk. One of its own says where its lists and clips lie, and how a clip is named; no more.

    marks: files or folders of which its root has one; kinds: the forms of its clips, the best first; words: what its
    lists and folders call a class -> its name; first: what the numbers in its lists count from (None: they name classes
    in words alone); published: its known counts.
    """

    marks: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    words: Mapping[str, str] = numbering.WORDS
    first: int | None = None
    published: Published | None = None

    # ------------------------------------------------------------ what a layout of its own says

    def rows(self, root: Path, fold: int) -> pd.DataFrame:
        """Rows of the fold's lists: clip, label (text), split, line, list. Raises BadInput."""
        raise NotImplementedError

    def has_lists(self, root: Path, fold: int) -> bool:
        """Whether a list of this fold lies there."""
        raise NotImplementedError

    def key(self, parts: tuple[str, ...]) -> str:
        """The name of the clip at a path, which is given from a place of clips on, itself the last; "" for no clip."""
        raise NotImplementedError

    def told(self, rows: pd.DataFrame) -> np.ndarray | None:
        """The class of each row that its path tells, -1 where it does not; None where paths never do."""
        return None

    def counted_from(self, rows: pd.DataFrame) -> int | None:
        """What the numbers in these lists count from; None where that cannot be known."""
        return self.first

    def counts(self) -> list[Mapping[str, int]]:
        """Published clips of each class in a whole fold, of each dataset whose clips these lists may name."""
        return [self.published.classes] if self.published and self.published.classes else []

    # ------------------------------------------------------------ what follows from it

    def class_of(self, word: str) -> int:
        """The label of a word for a class, from 0; -1 for another word."""
        return numbering.class_of(word, self.classes, self.words)

    def folds_of(self, root) -> tuple[int, ...]:
        """The folds of which a list lies in a folder; all, where none does: reading them says what is wrong."""
        there = ()
        with contextlib.suppress(OSError):
            there = tuple(fold for fold in self.folds if str(root) and self.has_lists(Path(root).expanduser(), fold))
        return there or self.folds

    def place(self, root: Path, rows: pd.DataFrame, reading: Reading) -> Place:
        """Where the clips lie. Raises BadInput where there are none."""
        return once(find(root, self.kinds, self.key, reading.scenes))

    def table(self, folder, fold: int, reading: Reading = PLAIN) -> pd.DataFrame:
        """The ClipTable of a fold, training clips first; `attrs["read"]` says what was read.

        Raises BadInput: a root, list or clip that is not there; a fold that does not exist; a bad row; a clip twice in
        a list, in both lists, or in two folders.
        """
        root = self.checked_root(folder)
        return self.with_clips(root, *self.found(root, self.checked_fold(fold), reading), reading)

    def found(self, root: Path, fold: int, reading: Reading) -> tuple[pd.DataFrame, str, Place]:
        """Rows of a fold with labels from 0, their numbering in words, and where its clips lie. Raises BadInput."""
        rows, said = self.labelled(root, fold, reading)
        return rows, said, self.place(root, rows, reading)

    def labelled(self, root: Path, fold: int, reading: Reading) -> tuple[pd.DataFrame, str]:
        """Rows of a fold with labels from 0, and their numbering in words: what its lists say, without its clips."""
        rows = lists.each_once(self.rows(root, fold).assign(fold=fold).reset_index(drop=True))
        rows = lists.apart(rows, Path(rows["list"].iloc[0]).parent)
        labels, said = self.labels(rows, reading)
        return rows.assign(text=rows["label"], label=labels), said

    def labels(self, rows: pd.DataFrame, reading: Reading) -> tuple[np.ndarray, str]:
        """Labels from 0 of all rows together, and the numbering in words."""
        known = numbering.Classes(self.classes, self.words, self.counted_from(rows), self.counts())
        return numbering.labels(rows, known, self.told(rows), reading)

    def with_clips(self, root: Path, rows: pd.DataFrame, said: str, place: Place, reading: Reading) -> pd.DataFrame:
        """The ClipTable of labelled rows and a place, with what was read. Raises BadInput as `clip_table`."""
        table = clip_table(rows, place.paths, self.name, place.folder, place.packed, reading.drop_missing)
        table.attrs["read"] = place.said(root) | {"clips": len(table), "labels": said,
                                                  "left_out": {"missing": len(rows) - len(table)}}
        return table

    def checked_root(self, root) -> Path:
        """The root, absolute. Raises BadInput for one that is not this dataset's, with the one that was meant."""
        todo = f"give the folder that holds {self.holds} as root"
        if not str(root):  # an empty path would mean the current folder
            raise BadInput("no root given", "root", todo)
        root = Path(root).expanduser().absolute()
        if not root.is_dir():
            raise BadInput("the dataset's root folder is not there", root, todo)
        if not any(any(root.glob(mark)) for mark in self.marks):
            below = sorted({path for mark in self.marks for way in ("*", "*/*") for found in root.glob(f"{way}/{mark}")
                            for path in [Path(str(found).removesuffix(mark)) if "*" not in mark else found.parent]})
            raise BadInput(f"the root has no {' or '.join(self.marks[:2])}", f"{root} holds: {listing(root)}",
                           f"did you mean {below[0]}?" if below else todo)
        return root

    def checked_fold(self, fold) -> int:
        """The fold's number. Raises BadInput for a fold that this dataset does not have."""
        try:
            number = operator.index(fold)
        except TypeError:
            number = None
        if number not in self.folds:
            raise BadInput(f"there is no fold {str(fold)[:80]!r} of {self.name}" if isinstance(fold, str) else
                           f"there is no fold {fold!r} of {self.name}", "fold", f"use {folds_in_words(self.folds)}")
        return number

    # ------------------------------------------------------------ a small one of this layout

    def sample(self, root: Path, size: int) -> None:
        """So few clips that an epoch takes no time: the same ones in every fold, with other labels in each."""
        numbers, n = np.arange(TRAIN + TEST), len(self.classes)
        clips = pd.DataFrame({"label": numbers % n, "split": np.where(numbers < TRAIN, "train", "test")})
        clips["place"] = [self.sample_place(number + 1, clip) for number, clip in enumerate(clips.itertuples())]
        patterns.write(root, clips[["place", "label"]].assign(any_length=0).itertuples(index=False), n, size)
        for fold in self.folds:  # so that folds can be told apart
            shift = fold if len(self.folds) > 1 else 0
            self.write_sample(root, clips.assign(label=(clips["label"] + shift) % n), fold)

    def sample_place(self, number: int, clip) -> str:
        """Where a clip of a sample lies below its root. clip: its label and split."""
        raise NotImplementedError

    def write_sample(self, root: Path, clips: pd.DataFrame, fold: int) -> None:
        """The lists of a fold of a sample. clips: label, split, place."""
        raise NotImplementedError


def folds_in_words(folds: tuple[int, ...]) -> str:
    """Such as "fold 1, 2, 3, 4 or 5"."""
    *others, last = map(str, folds)
    return f"fold {', '.join(others)} or {last}" if others else f"fold {last}, its only one"
