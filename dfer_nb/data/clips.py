"""The ClipTable: one row a clip, whatever the dataset, and what every reader of one shares.

A ClipTable is a pandas DataFrame with the columns of `COLUMNS`:
`clip` (str, the name the CSV gives), `path` (str, absolute; an mp4 or a folder of images),
`n_frames` (Int64, missing until decoded), `label` (int, 0-based, in the order of DFEW), `split`
("train", "test" or a slice's name), `fold` (1 to 5; 0 for a slice) and `source` ("dfew").
"""

import os

import numpy as np

COLUMNS = ("clip", "path", "n_frames", "label", "split", "fold", "source")
FOLDS = (1, 2, 3, 4, 5)


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
