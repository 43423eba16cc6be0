"""The ClipTable: one row a clip, whatever the dataset, and what every reader of one shares.

A ClipTable is a pandas DataFrame with the columns of `COLUMNS`:
`clip` (str, the name the CSV gives), `path` (str, absolute; an mp4 or a folder of images),
`n_frames` (Int64, missing until decoded), `label` (int, 0-based, in the order of DFEW), `split`
("train", "test" or a slice's name), `fold` (1 to 5; 0 for a slice) and `source` ("dfew").
"""

import os

import numpy as np
import pandas as pd

from dfer_nb.errors import BadInput

COLUMNS = ("clip", "path", "n_frames", "label", "split", "fold", "source")
FOLDS = (1, 2, 3, 4, 5)


def with_truth(table, truth) -> pd.DataFrame:
    """The table with the truth's columns beside each clip (FACSimile knows which labels are wrong, and why).

    Joined by `clip`; rows, their order and index stay. Where both have a column the table's own is kept,
    but for `n_frames`, whose gaps the truth fills. A clip the truth does not know gets missing values.
    truth None (a real dataset has none) gives a copy. Raises BadInput when the truth has no `clip`
    column or names a clip twice.
    """
    if truth is None:
        return table.copy()
    if "clip" not in truth:
        raise BadInput(
            "the truth table has no column 'clip'",
            f"its columns: {list(truth.columns)}",
            "make the dataset again, or join by hand",
        )
    truth = truth.assign(clip=truth["clip"].astype(str)).set_index("clip")
    twice = truth.index[truth.index.duplicated()].unique()
    if len(twice):
        raise BadInput(
            f"the truth table names {len(twice)} clips twice: {some(twice)}",
            "truth",
            "make the dataset again",
        )
    if not table["clip"].isin(truth.index).all():
        truth = truth.convert_dtypes()  # bool and int columns must be able to hold "missing"
    joined = table.join(truth.drop(columns=[c for c in truth if c in table]), on="clip")
    if "n_frames" in truth and "n_frames" in table:
        known = table["clip"].map(truth["n_frames"]).astype("Int64")
        joined["n_frames"] = table["n_frames"].astype("Int64").fillna(known)
    return joined


# ---------------------------------------------------------------- words for errors


def natural(name):
    return len(name), name


def some(things, limit=10) -> str:
    things = list(things)
    more = f" … and {len(things) - limit} more" if len(things) > limit else ""
    return ", ".join(map(str, things[:limit])) + more


def by_line(values, rows) -> str:
    return some(
        [f"{value!r} (line {line})" for value, line in zip(values, rows["line"][values.index], strict=True)]
    )


def contents(folder) -> str:
    return some(np.sort([e for e in os.listdir(folder) if not e.startswith(".")]), 8) or "nothing"
