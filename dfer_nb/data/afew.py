"""AFEW's layout: no lists, a folder an expression in each of two folders; tested is on the validation clips."""

from pathlib import Path

import pandas as pd

from dfer_nb.data.choices import Reading
from dfer_nb.data.expressions import EXPRESSIONS
from dfer_nb.data.licensed import Licensed, Published
from dfer_nb.data.numbering import class_of
from dfer_nb.data.places import Kind
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

    def labelled(self, root: Path, fold: int, reading: Reading) -> tuple[pd.DataFrame, str]:
        """Rows of all clips that lie there: what is not there is named nowhere."""
        if reading.zero_based:
            raise BadInput("zero_based says how numbers count, and these labels are folders", root,
                           "read without zero_based=True")
        names = sorted(self.place(root, pd.DataFrame(), reading).paths, key=lambda name: (name[:5] != "train", name))
        rows = pd.DataFrame({"clip": names, "text": [name.split("/")[1] for name in names]})
        rows["split"] = ["train" if name.startswith("train/") else "test" for name in names]
        if (empty := {"train", "test"} - set(rows["split"])):
            raise BadInput(f"there are no {empty.pop()} clips", root, f"give the folder that holds {self.holds}")
        return rows.assign(fold=fold, label=[class_of(word, self.classes) for word in rows["text"]],
                           list=str(root), line=0), "named by folders"

    def key(self, parts: tuple[str, ...]) -> str:
        """Split, expression and clip."""
        split = SPLITS.get(parts[-3].lower().removesuffix("_afew"), "") if len(parts) > 2 else ""
        return f"{split}/{parts[-2]}/{parts[-1]}" if split and class_of(parts[-2], EXPRESSIONS) >= 0 else ""

    def sample_place(self, number: int, clip) -> str:
        return f"{'train' if clip.split == 'train' else 'validation'}/{EXPRESSIONS[clip.label]}/{number:09d}"

    def write_sample(self, root: Path, clips: pd.DataFrame, fold: int) -> None:
        """The folders say it all."""
