"""AFEW's layout: no lists, a folder an expression in each of two folders; tested is on the validation clips."""

from pathlib import Path

import pandas as pd

from dfer_nb.data import contents
from dfer_nb.data.choices import Reading
from dfer_nb.data.expressions import EXPRESSIONS
from dfer_nb.data.licensed import Licensed, Published
from dfer_nb.data.numbering import refuse_numbers
from dfer_nb.data.places import Kind, Place
from dfer_nb.errors import BadInput

SPLITS = {"train": "train", "validation": "test", "val": "test"}  # tested is on the validation clips


class Afew(Licensed):
    """AFEW: the folders are the lists."""

    name = "afew"
    holds = "train/ and validation/"
    marks = ("train", "Train", "Train_AFEW")
    kinds = (Kind("faces, a folder of frames a clip", ("[tT]rain*", "[vV]al*")),
             Kind("whole film scenes, a video a clip", ("[tT]rain*", "[vV]al*"), videos=True, scenes=True))
    folds = (1,)
    published = Published(clips=1156, test=(383,), note="773 training clips; 381 to 383 validation clips, by edition")

    def has_lists(self, root: Path, fold: int) -> bool:
        """Whether a folder of a split is there."""
        return any(path.is_dir() for kind in self.kinds for way in kind.folders for path in root.glob(way))

    def found(self, root: Path, fold: int, reading: Reading) -> tuple[pd.DataFrame, str, Place]:
        """Rows of all clips that lie there: what is not there is named nowhere. Raises BadInput."""
        refuse_numbers(reading, root, "folders")
        place = self.place(root, pd.DataFrame(), reading)
        _each_once(place)
        names = sorted(place.paths, key=lambda name: (name[:5] != "train", name))
        rows = pd.DataFrame({"clip": names, "text": [name.split("/")[1] for name in names]})
        rows["split"] = ["train" if name.startswith("train/") else "test" for name in names]
        if (empty := {"train", "test"} - set(rows["split"])):
            raise BadInput(f"there are no {empty.pop()} clips", root, f"give the folder that holds {self.holds}")
        rows = rows.assign(fold=fold, label=rows["text"].map(self.class_of), list=str(root), line=0)
        return rows, "named by folders", place

    def key(self, parts: tuple[str, ...]) -> str:
        """Split, expression and clip."""
        split = SPLITS.get(parts[-3].lower().removesuffix("_afew"), "") if len(parts) > 2 else ""
        return f"{split}/{parts[-2]}/{parts[-1]}" if split and self.class_of(parts[-2]) >= 0 else ""

    def sample_place(self, number: int, clip) -> str:
        return f"{'train' if clip.split == 'train' else 'validation'}/{EXPRESSIONS[clip.label]}/{number:09d}"

    def write_sample(self, root: Path, clips: pd.DataFrame, fold: int) -> None:
        """The folders say it all."""


def _each_once(place: Place) -> None:
    """Raise BadInput for a clip that lies under two expressions, or in both splits.

    Names are numbers that two clips may share by chance, so what such clips hold decides.
    """
    named: dict[str, list[str]] = {}
    for clip in place.paths:
        named.setdefault(clip.rpartition("/")[2], []).append(clip)
    for same in (same for same in named.values() if len(same) > 1):
        held: dict[str, str] = {}
        for clip in same:
            other = held.setdefault(contents.of_clip(place.paths[clip]) or clip, clip)
            if other != clip:
                raise BadInput(f"one clip lies there twice, as {other} and as {clip}", place.folder,
                               "keep one of the two: a clip has one label, and a test clip must never be trained on")
