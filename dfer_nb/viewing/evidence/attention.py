"""What the class token looks at: frames that show the clip's expression, or frames that do not belong to it."""

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from dfer_nb.data.video import dynamic
from dfer_nb.errors import BadInput
from dfer_nb.viewing.evidence.records import reported_rows, score

KINDS = ("other face", "other expression", "turned away", "blocked")


def shares(rows: pd.DataFrame) -> np.ndarray:
    """The class token's attention on each frame, (n, T-1), rows of a record with a0, a1, …; each row sums to about 1.

    Raises BadInput for a run that is not kept whole.
    """
    names = [f"a{t}" for t in range(len(rows.columns)) if f"a{t}" in rows]
    if not names:
        raise BadInput("these rows say nothing of attention", "record.clips", "declare the run with keep: whole")
    return rows[names].to_numpy(float)


def watched(records: Iterable) -> list:
    """Those of some records that say what their class token looked at: they are kept whole."""
    return [record for record in records if "a0" in record.clips]


def irrelevant(rows: pd.DataFrame, record) -> tuple[np.ndarray, np.ndarray]:
    """Which features are of irrelevant frames alone, and which of relevant ones alone: both (n, T-1), booleans.

    Feature t is of sampled frames t and t + 1 (Eq. 1), so one at the border of the irrelevant block is neither. rows:
    with a truth's columns; the frames are those that are taken in testing.
    """
    settings = record.config["training"]
    kept = np.minimum(rows["n_frames"].to_numpy(int), settings["max_frames"])
    taken = np.stack([dynamic(n, settings["segments"], settings["frames_per_segment"]) for n in kept])
    start, length = (rows[name].to_numpy(int)[:, None] for name in ("irrelevant_start", "irrelevant_frames"))
    inside = (taken >= start) & (taken < start + length)
    return inside[:, :-1] & inside[:, 1:], ~inside[:, :-1] & ~inside[:, 1:]


def on_irrelevant(record, split: str = "irrelevant") -> pd.DataFrame:
    """A row a clip of a slice: its `kind`, and how much an irrelevant frame is looked at, as a `ratio` to a relevant

    one (1: as much, 0: not at all). Clips without a frame of each are left out.
    """
    rows = reported_rows(record, split)
    off, on = irrelevant(rows, record)
    known = off.any(axis=1) & on.any(axis=1)
    seen, off, on, rows = shares(rows)[known], off[known], on[known], rows[known]
    ratio = (seen * off).sum(1) / off.sum(1) / np.maximum((seen * on).sum(1) / on.sum(1), 1e-6)
    return pd.DataFrame({"clip": rows["clip"].to_numpy(), "kind": rows["irrelevant_kind"].to_numpy(), "ratio": ratio})


def looked_at(kind: str = "") -> Callable:
    """What gives of a record the mean attention on an irrelevant frame, percent of that on a relevant one.

    kind: of KINDS, or all. The mean of clips is that of logarithms, so that twice and half as much make one.
    """
    def value(record) -> float:
        found = on_irrelevant(record)
        ratio = found.loc[found["kind"] == kind, "ratio"] if kind else found["ratio"]
        return 100 * float(np.exp(np.log(ratio.clip(lower=1e-3)).mean()))

    return value


def drop(record) -> float:
    """By how many points WAR is lower on clips with irrelevant frames than on clean ones (other clips, drawn alike)."""
    return score(record, "clean", "WAR") - score(record, "irrelevant", "WAR")
