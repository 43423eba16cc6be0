"""The ClipTable: one row a clip, whatever the dataset, and what every reader of one shares.

A ClipTable is a pandas DataFrame with the columns of `COLUMNS`:
`clip` (str, the name the list gives), `path` (str, absolute; a video or a folder of images),
`n_frames` (Int64, missing until decoded), `label` (int, 0-based, in the order of the dataset's classes), `split`
("train", "test" or a slice's name), `fold` (from 1; 0 for a slice) and `source` (the dataset's name).
Where a user's files were read, `attrs["read"]` says what they are: kind, folder, clips, numbering, left_out.
"""

import os
import warnings

import numpy as np
import pandas as pd

from dfer_nb.errors import BadInput

COLUMNS = ("clip", "path", "n_frames", "label", "split", "fold", "source")
FOLDS = (1, 2, 3, 4, 5)


def clip_table(rows: pd.DataFrame, paths: dict[str, str], source: str, where, packed=(),
               drop_missing: bool = False) -> pd.DataFrame:
    """ClipTable of rows (clip, label, split, fold), each with a file of its own; raises BadInput for those without one.

    paths: of the clips on disk; where: the folder they lie in; packed: archives there, for the error; drop_missing:
    leave clips out that are not on disk (a warning says how many), as long as each split has some. Raises BadInput also
    where two names lead to one file.
    """
    table = rows.reindex(columns=[name for name in COLUMNS if name in rows]).reset_index(drop=True)
    table["source"], table["n_frames"] = source, pd.array([pd.NA] * len(table), dtype="Int64")
    table["path"] = table["clip"].map(paths)
    missing = table["path"].isna()
    if missing.any():
        found = f"{missing.sum()} of {len(table)} clips are not on disk: {some(table['clip'][missing])}"
        todo = f"unpack {some(packed, 5)}" if packed else "unpack the missing clips there"
        if not drop_missing or missing.all():
            raise BadInput(found, where, todo + ("" if missing.all() else ", or leave them out with drop_missing=True"))
        each_split(table[~missing], table["split"].unique(), where, todo)
        warnings.warn(f"{found}; left out ({where})", stacklevel=3)
    text = dict.fromkeys(("clip", "path", "split", "source"), str)
    kept = table[~missing].reset_index(drop=True)[list(COLUMNS)]
    _one_name_each(kept, where)
    return kept.astype(text | {"label": "int64", "fold": "int64"})  # also when no row is there


def each_split(table: pd.DataFrame, splits, where, todo: str) -> None:
    """Raise BadInput where no clip of one of these splits is left in a table."""
    for split in splits:
        if not (table["split"] == split).any():
            raise BadInput(f"none of the {split} clips can be read", where, todo)


def _one_name_each(table: pd.DataFrame, where) -> None:
    """Raise BadInput where two names of clips lead to one file, in other words or through links to folders."""
    plain = table["path"].map(os.path.normpath)
    homes = {folder: os.path.realpath(folder) for folder in set(map(os.path.dirname, plain))}
    files = plain.map(lambda path: os.path.join(homes[os.path.dirname(path)], os.path.basename(path)))
    named = table.assign(file=files).drop_duplicates(["clip", "file"])
    shared = named[named["file"].duplicated(keep=False)].sort_values("file", kind="stable")
    if len(shared):
        one, two = shared.head(2).itertuples()
        raise BadInput(f"{shared['file'].nunique()} clips have two names in the lists: {one.clip} ({one.split}) and "
                       f"{two.clip} ({two.split}) are both {one.file}", where,
                       "keep one row a clip: a test clip must never be trained on")


# ---------------------------------------------------------------- words for errors


def natural(name):
    return len(name), name


def some(things, limit=10) -> str:
    things = list(things)
    more = f" … and {len(things) - limit} more" if len(things) > limit else ""
    return ", ".join(str(thing)[:200] for thing in things[:limit]) + more


def by_line(values, rows) -> str:
    return some(
        [f"{value[:80]!r} (line {line})" for value, line in zip(values, rows["line"][values.index], strict=True)]
    )


def listing(folder) -> str:
    """What lies in a folder."""
    return some(np.sort([e for e in os.listdir(folder) if not e.startswith(".")]), 8) or "nothing"
