"""DFEW's layout on disk: two CSV lists a fold, clips as folders of frames or as video files."""

from pathlib import Path

import pandas as pd

from dfer_nb.data import lists, patterns
from dfer_nb.data.choices import PLAIN, Reading
from dfer_nb.data.clips import COLUMNS, by_line
from dfer_nb.data.expressions import DFEW_COUNTS
from dfer_nb.data.licensed import Licensed, Published
from dfer_nb.data.places import Kind
from dfer_nb.errors import BadInput

HEADER = ("video_name", "label")
SPLITS, FRAMES, FILMS = "EmoLabel_DataSplit", "Clip/clip_224x224", "Clip/original"
FACES = (
    Kind("face crops, a folder of frames a clip", (FRAMES, f"{FRAMES}_part*")),
    Kind("face crops, a video a clip", (f"{FRAMES}_avi",), videos=True),
    Kind("face crops, interpolated to 16 frames a clip", ("Clip/clip_224x*16f",)),
)
SCENES = Kind("whole film scenes, a video a clip", (FILMS,), videos=True, scenes=True)
COUNTS = Published(clips=11697, test=(2341, 2341, 2340, 2339, 2336), classes=DFEW_COUNTS,
                   note="NR-DFERNet speaks of 12,059 clips")


class Dfew(Licensed):
    """DFEW, or a dataset in its layout: numbers from 1 name the classes, five folds."""

    name = "dfew"
    holds = "Clip/ and EmoLabel_DataSplit/"
    marks = (SPLITS,)
    first = 1
    published: Published | None = COUNTS

    def __init__(self, folder: str = SPLITS, kinds: tuple[Kind, ...] = (*FACES, SCENES)):
        """folder: of the lists, where the same clips have others too."""
        self.lists, self.kinds = folder, kinds

    def rows(self, root: Path, fold: int) -> pd.DataFrame:
        """Rows of set_<fold>.csv of both splits."""
        paths = {split: self.list(root, split, fold) for split in ("train", "test")}
        return pd.concat([_read(path).assign(split=split) for split, path in paths.items()])

    def list(self, root: Path, split: str, fold: int) -> Path:
        """The list of a split, whether it is there or not."""
        return root / self.lists / f"{split}(single-labeled)" / f"set_{fold}.csv"

    def has_lists(self, root: Path, fold: int) -> bool:
        """Whether one of both splits is there."""
        return any(self.list(root, split, fold).is_file() for split in ("train", "test"))

    def key(self, parts: tuple[str, ...]) -> str:
        """Clips are named by number: 00012 is clip 12."""
        return _plain(parts[-1]) if parts[-1].isascii() and parts[-1].isdecimal() else ""

    def slices(self, root, reading: Reading = PLAIN) -> pd.DataFrame:
        """ClipTable of the extra test sets in `EmoLabel_DataSplit/slices/*.csv`; no rows when there are none.

        `split` is the file's name ("clean", "short_apex" …), `fold` is 0. Errors as in `table`.
        """
        root = self.checked_root(root)
        paths = [path for path in sorted((root / SPLITS / "slices").glob("*.csv")) if not path.name.startswith(".")]
        if not paths:
            kinds = {"label": "int64", "fold": "int64", "n_frames": "Int64"}
            return pd.DataFrame({name: pd.Series(dtype=kinds.get(name, str)) for name in COLUMNS})
        rows = pd.concat([_read(path).assign(split=path.stem, fold=0) for path in paths], ignore_index=True)
        labels, said = self.labels(lists.each_once(rows), reading)
        rows = rows.assign(label=labels)
        return self.with_clips(root, rows, said, self.place(root, rows, reading), reading)

    def sample_place(self, number: int, clip) -> str:
        return f"{FRAMES}/{number:05d}"

    def write_sample(self, root: Path, clips: pd.DataFrame, fold: int) -> None:
        clips = clips.assign(clip=clips["place"].str.rpartition("/")[2].map(_plain))
        for split, own in clips.groupby("split"):
            patterns.write_list(self.list(root, split, fold), own)


def _plain(number: str) -> str:
    return number.lstrip("0") or "0"


def _read(path: Path) -> pd.DataFrame:
    """Rows of one list, clips named as plain numbers; raises BadInput for other names."""
    rows = lists.headed(path, HEADER).rename(columns={"video_name": "clip"})
    odd = ~rows["clip"].str.fullmatch(r"[0-9]+")
    if odd.any():
        raise BadInput(f"{odd.sum()} clip names are not numbers: {by_line(rows['clip'][odd], rows)}", path,
                       "DFEW names its clips by number")
    return rows.assign(clip=rows["clip"].map(_plain))
