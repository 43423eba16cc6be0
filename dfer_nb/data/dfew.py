"""The reader of DFEW's layout on disk: two lists a fold, clips as folders of frames or as mp4 files."""

import operator
import os
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from dfer_nb.data import patterns
from dfer_nb.data.clips import COLUMNS, FOLDS, by_line, contents, natural, some
from dfer_nb.data.dataset import Dataset
from dfer_nb.errors import BadInput

HEADER = ("video_name", "label")
N_CLASSES = 7
SPLITS, FRAMES = "EmoLabel_DataSplit", "Clip/clip_224x224"
TRAIN, TEST = 24, 4  # clips of a sample in the two lists of a fold


class Dfew(Dataset):
    """DFEW under its licence: where a user has unpacked it, labels as its lists give them."""

    name = "dfew"
    holds = "Clip/ and EmoLabel_DataSplit/"

    def table(self, folder: Path, fold: int, drop_missing: bool = False, zero_based: bool = False) -> pd.DataFrame:
        """The ClipTable of a fold; raises BadInput as `read_dfew` does."""
        return read_dfew(folder, fold, drop_missing, zero_based)

    def sample(self, root: Path, size: int) -> None:
        """So few clips that an epoch takes no time: the same ones in every fold, with other labels."""
        clips = pd.DataFrame({"clip": [str(number) for number in range(1, TRAIN + TEST + 1)]})
        clips["label"] = np.arange(len(clips)) % len(self.classes)
        for split, part in (("train", clips[:TRAIN]), ("test", clips[TRAIN:])):
            for fold in FOLDS:
                own = part.assign(label=(part["label"] + fold) % len(self.classes))  # so that folds can be told apart
                patterns.write_list(root / SPLITS / f"{split}(single-labeled)" / f"set_{fold}.csv", own)
        patterns.write(root / FRAMES, clips.assign(any_length=0).itertuples(index=False), len(self.classes), size)


def read_dfew(root, fold, drop_missing=False, zero_based=False, prefer="frames", lists=SPLITS) -> pd.DataFrame:
    """ClipTable of one fold of DFEW (or of a dataset in its layout): first the training, then the test clips.

    root: the folder that holds `Clip/` and `EmoLabel_DataSplit/`; fold: 1 to 5.
    drop_missing: leave out clips that are not on disk (a warning says how many) instead of refusing.
    zero_based: the CSVs of a re-distribution number the classes 0 to 6 instead of 1 to 7.
    prefer: "frames" reads the face crops in `Clip/clip_224x224` where they are there, else the mp4 files
    in `Clip/original`; "mp4" the other way round. The two never mix: DFEW's original videos are whole
    film scenes, its frames are faces.
    lists: the folder of the two lists, where the same clips have others too.
    Raises BadInput: missing root or CSV; a bad header, name or label; a clip that is twice in a list,
    in both lists, or not on disk; a fold that does not exist.
    """
    root, fold = _root(root), _fold(fold)
    parts = []
    for split in ("train", "test"):
        path = root / lists / f"{split}(single-labeled)" / f"set_{fold}.csv"
        parts.append(_read_csv(path, zero_based).assign(split=split, fold=fold))
    shared = sorted(set(parts[0]["clip"]) & set(parts[1]["clip"]), key=natural)
    if shared:
        raise BadInput(
            f"{len(shared)} clips are in both the training and the test list of fold {fold}: {some(shared)}",
            root / lists,
            "take the clips out of one of the two lists: a test clip must never be trained on",
        )
    return _table(parts, root, drop_missing, prefer)


def read_slices(root, drop_missing=False, zero_based=False, prefer="frames") -> pd.DataFrame:
    """ClipTable of the extra test sets in `EmoLabel_DataSplit/slices/*.csv`; no rows when there are none.

    `split` is the file's name ("clean", "short_apex" …), `fold` is 0. Arguments and errors as in
    `read_dfew`.
    """
    root = _root(root)
    folder = root / SPLITS / "slices"
    parts = [
        _read_csv(path, zero_based).assign(split=path.stem, fold=0)
        for path in sorted(folder.glob("*.csv"))
        if not path.name.startswith(".")
    ]
    return _table(parts, root, drop_missing, prefer)


# ---------------------------------------------------------------- root, fold


def _root(root) -> Path:
    todo = "give the folder that holds Clip/ and EmoLabel_DataSplit/ as root"
    if not str(root):  # an empty path would mean the current folder
        raise BadInput("no root given", "root", todo)
    root = Path(root).expanduser().absolute()
    if not root.is_dir():
        raise BadInput("the dataset's root folder is not there", root, todo)
    if not (root / SPLITS).is_dir():
        inside = [p.parent.name for p in sorted(root.glob(f"*/{SPLITS}"))]
        raise BadInput(
            f"the root has no folder {SPLITS}",
            f"{root} holds: {contents(root)}",
            f"did you mean {root / inside[0]}?"
            if inside
            else "give the folder that holds Clip/ and EmoLabel_DataSplit/",
        )
    return root


def _fold(fold) -> int:
    try:
        number = operator.index(fold)
    except TypeError:
        number = None
    if number not in FOLDS:
        raise BadInput(f"there is no fold {fold!r}", "fold", "choose a whole number from 1 to 5")
    return number


# ---------------------------------------------------------------- the CSVs


def _read_csv(path, zero_based) -> pd.DataFrame:
    """Columns clip (str), label (0-based) of one list; raises BadInput."""
    if not path.is_file():
        near = next(p for p in path.parents if p.is_dir())
        raise BadInput(
            "a list of clips is not there",
            path,
            f"unpack the dataset's lists there; {near} holds: {contents(near)}",
        )
    try:
        _check_header(path)
        # Blank lines are kept while reading, so that index + 2 is the line an editor shows.
        rows = pd.read_csv(
            path,
            dtype=str,
            encoding="utf-8-sig",
            skip_blank_lines=False,
            keep_default_na=False,
            index_col=False,
            on_bad_lines="error",
        )
    except (UnicodeDecodeError, pd.errors.ParserError) as error:
        raise BadInput(
            "the CSV cannot be read as a table", path, f"two columns, {','.join(HEADER)}, in UTF-8 ({error})"
        ) from error
    rows = rows.rename(columns=str.strip)[list(HEADER)].fillna("").apply(lambda column: column.str.strip())
    rows["line"] = rows.index + 2
    rows = rows[(rows["video_name"] != "") | (rows["label"] != "")]
    if rows.empty:
        raise BadInput("the list names no clip", path, "unpack the dataset's lists again")
    clip = _clip_names(rows, path)
    label = _labels(rows, path, zero_based)
    return pd.DataFrame({"clip": clip.to_numpy(), "label": label.to_numpy()})


def _check_header(path) -> None:
    with open(path, encoding="utf-8-sig") as file:
        first = file.readline().strip()
    if not set(HEADER) <= {name.strip() for name in first.replace('"', "").split(",")}:
        raise BadInput(
            "the CSV has no header" if first else "the CSV is empty",
            f"{path}: its first line is {first!r}",
            f"the first line must be {','.join(HEADER)!r}",
        )


def _clip_names(rows, path) -> pd.Series:
    """Clip names as plain numbers ("00012" is clip "12"); raises BadInput for others and for doubles."""
    names = rows["video_name"]
    odd = ~names.str.fullmatch(r"\d+")
    if odd.any():
        raise BadInput(
            f"{odd.sum()} clip names are not numbers: {by_line(names[odd], rows)}",
            path,
            "DFEW names its clips by number",
        )
    names = names.str.lstrip("0").replace("", "0")
    twice = names.duplicated(keep=False)
    if twice.any():
        raise BadInput(
            f"{names[twice].nunique()} clips are in the list more than once: {by_line(names[twice], rows)}",
            path,
            "keep one row a clip",
        )
    return names


def _labels(rows, path, zero_based) -> pd.Series:
    """0-based labels; raises BadInput for an unknown one and for the other numbering."""
    text = rows["label"]
    number = pd.to_numeric(text.where(text.str.fullmatch(r"\d+")), errors="coerce")
    first = 0 if zero_based else 1
    known = number.between(first, first + N_CLASSES - 1)
    if known.all():
        return number.astype("int64") - first
    if zero_based and (number == N_CLASSES).any():
        raise BadInput(
            "the labels are not 0-based: a 7 is among them",
            f"{path}, {by_line(text[number == N_CLASSES], rows)}",
            "read without zero_based=True; DFEW's own labels run from 1 to 7",
        )
    if not zero_based and number.between(0, N_CLASSES - 1).all():
        raise BadInput(
            "the labels are 0-based (a 0 is among them); read as they stand, every class would shift by one",
            f"{path}, {by_line(text[number == 0], rows)}",
            "DFEW's own labels run from 1 (Happy) to 7 (Fear); if this is a copy with 0 to 6 in the same "
            "order, say so with zero_based=True",
        )
    raise BadInput(
        f"{(~known).sum()} labels are unknown: {by_line(text[~known], rows)}",
        path,
        f"labels are whole numbers from {first} to {first + N_CLASSES - 1}",
    )


# ---------------------------------------------------------------- the files


def _table(parts, root, drop_missing, prefer) -> pd.DataFrame:
    """ClipTable of the lists read, each clip with its file; raises BadInput for those without one."""
    table = pd.concat(parts or [pd.DataFrame(columns=list(COLUMNS))], ignore_index=True)
    table["source"] = "dfew"
    table["n_frames"] = pd.array([pd.NA] * len(table), dtype="Int64")
    place, on_disk = _on_disk(root, prefer) if len(table) else (root, {})
    table["path"] = table["clip"].map(on_disk)
    missing = table["path"].isna()
    if missing.any():
        found = f"{missing.sum()} of {len(table)} clips are not on disk: {some(table['clip'][missing])}"
        if not drop_missing or missing.all():
            raise BadInput(
                found,
                place,
                "unpack the missing clips there"
                + ("" if missing.all() else ", or leave them out with drop_missing=True"),
            )
        warnings.warn(f"{found}; left out ({place})", stacklevel=3)
        table = table[~missing].reset_index(drop=True)
    text = dict.fromkeys(("clip", "path", "split", "source"), str)
    return table[list(COLUMNS)].astype(
        text | {"label": "int64", "fold": "int64"}
    )  # also when no row is there


def _on_disk(root, prefer):
    """Where the clips lie, and path by clip name; each folder is listed once, never asked file by file."""
    if prefer not in ("frames", "mp4"):
        raise BadInput(f"prefer={prefer!r} is unknown", "prefer", "choose 'frames' or 'mp4'")
    frames = root / FRAMES
    if (frames / frames.name).is_dir():  # some unpackings have the folder doubled
        frames = frames / frames.name
    places = [(frames, ""), (root / "Clip" / "original", ".mp4")]
    for folder, suffix in places if prefer == "frames" else reversed(places):
        found = _numbered(folder, suffix)
        if found:
            return folder, found
    raise BadInput(
        "the dataset has no clips",
        f"neither frames in {frames} nor mp4 files in {root / 'Clip' / 'original'}",
        "unpack the clips into one of the two folders",
    )


def _numbered(folder, suffix) -> dict[str, str]:
    """Path by clip name of everything in a folder named by a number: sub-folders (suffix "") or files."""
    if not folder.is_dir():
        return {}
    with os.scandir(folder) as entries:
        names = [e.name for e in entries if (e.is_file() if suffix else e.is_dir())]
    found = {}
    for name in sorted(names, key=len, reverse=True):  # of 00001.mp4 and 1.mp4 the latter, as the CSV says
        stem, end = os.path.splitext(name)
        if stem.isascii() and stem.isdigit() and end.lower() == suffix:
            found[stem.lstrip("0") or "0"] = str(folder / name)
    return found
