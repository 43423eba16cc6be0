"""MAFW's layout: text lists of five folds, eleven expressions in words, single labels alone."""

from pathlib import Path

import pandas as pd

from dfer_nb.data import lists
from dfer_nb.data.clips import by_line
from dfer_nb.data.licensed import Licensed, Published
from dfer_nb.data.places import Kind
from dfer_nb.errors import BadInput

CLASSES = ("Happy", "Sad", "Neutral", "Angry", "Surprise", "Disgust", "Fear", "Contempt", "Anxiety", "Helplessness",
           "Disappointment")  # DFEW's seven first, in its order; the lists name them in words
COUNTS = dict(zip(CLASSES, (1242, 1470, 1138, 1390, 1072, 639, 625, 236, 916, 262, 182), strict=True))
BEFORE = ("", "Train & Test Set/", "anno/", "label/", "labels/")  # folders around the lists


class Mafw(Licensed):
    """The 9,172 clips with a single label."""

    name = "mafw"
    holds = "the lists single/no_caption/set_1 to set_5, and data/ with the clips"
    marks = tuple(f"{before}{single}no_caption" for before in BEFORE for single in ("single/", ""))
    kinds = (Kind("frames, a folder a clip", ("data/frames*", "frames*", "data/faces*", "faces*")),
             Kind("whole film scenes, a video a clip", ("data/clips", "clips"), videos=True, scenes=True))
    classes = CLASSES
    published = Published(clips=9172, test=(1839, 1837, 1833, 1832, 1831), classes=COUNTS)

    def checked_root(self, root) -> Path:
        """As for all, with a word for the lists that are not read."""
        try:
            return super().checked_root(root)
        except BadInput as error:
            below = [path for path in (Path(str(root)).expanduser().glob("*")) if str(root) and path.is_dir()]
            other = [path.name for path in below if path.name.lower() in ("compound", "multi", "single")]
            if other:
                raise BadInput(f"the lists of single labels without captions are not there, only {', '.join(other)}",
                               error.where, "compound labels, and the lists with captions, are not read: unpack "
                               "single/no_caption") from error
            raise

    def rows(self, root: Path, fold: int) -> pd.DataFrame:
        """Rows such as "00025.mp4 anger"; the clip's name is its number as it stands."""
        return pd.concat([_read(path).assign(split=split) for split, path in self.list_paths(root, fold).items()])

    def list_paths(self, root: Path, fold: int) -> dict[str, Path]:
        """The list of each split, whether it is there or not."""
        home = next((root / mark for mark in self.marks if (root / mark).is_dir()), root / self.marks[0])
        return {split: home / f"set_{fold}" / f"{split}.txt" for split in ("train", "test")}

    def has_lists(self, root: Path, fold: int) -> bool:
        """Whether one of both splits is there."""
        return any(path.is_file() for path in self.list_paths(root, fold).values())

    def key(self, parts: tuple[str, ...]) -> str:
        """Clips are named by number, with five digits."""
        return parts[-1] if parts[-1].isascii() and parts[-1].isdecimal() else ""

    def sample_place(self, number: int, clip) -> str:
        return f"data/frames/{number:05d}"

    def write_sample(self, root: Path, clips: pd.DataFrame, fold: int) -> None:
        words = {"Happy": "happiness", "Sad": "sadness", "Angry": "anger"}
        for split, own in clips.groupby("split"):
            path = self.list_paths(root, fold)[split]
            path.parent.mkdir(parents=True, exist_ok=True)
            names = [words.get(CLASSES[label], CLASSES[label].lower()) for label in own["label"]]
            text = [f"{Path(place).name}.mp4 {name}\n" for place, name in zip(own["place"], names, strict=True)]
            path.write_text("".join(text), encoding="utf-8")


def _read(path: Path) -> pd.DataFrame:
    """Rows of one list, clips without their ending; what follows a clip's name is its label. Raises BadInput."""
    rows = lists.spaced(path, ("clip", "label"))
    odd = ~rows["clip"].str.fullmatch(r"[0-9]+(\.\w+)?")
    if odd.any():
        raise BadInput(f"{odd.sum()} clip names are not numbers: {by_line(rows['clip'][odd], rows)}", path,
                       "MAFW names its clips by number, such as 00025.mp4")
    return rows.assign(clip=[Path(name).stem for name in rows["clip"]])
