"""What the class token looks at, and what it costs when frames do not belong to the clip's expression."""

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from dfer_nb.data import foreign
from dfer_nb.errors import BadInput
from dfer_nb.training.clips import FOREIGN
from dfer_nb.training.record import UNFILTERED
from dfer_nb.viewing.evidence.filtering import frames_of
from dfer_nb.viewing.evidence.records import reported_rows

KINDS = ("other face", "other expression", "turned away", "blocked")
PUT_IN = "put in"  # beside these kinds: frames of another clip, put into the clean clips


def shares(rows: pd.DataFrame) -> np.ndarray:
    """The class token's attention on each frame, (n, T-1), rows of a record with a0, a1, …; each row sums to about 1.

    Raises BadInput for a run of which it is not kept.
    """
    names = [f"a{t}" for t in range(len(rows.columns)) if f"a{t}" in rows]
    if not names:
        raise BadInput("these rows say nothing of attention", "record.clips", "declare the run with keep: own")
    return rows[names].to_numpy(float)


def watched(records: Iterable) -> list:
    """Those of some records that say what their class token looked at."""
    return [record for record in records if "a0" in record.clips]


def irrelevant(rows: pd.DataFrame, record) -> tuple[np.ndarray, np.ndarray]:
    """Which features are of irrelevant frames alone, and which of relevant ones alone: both (n, T-1), booleans.

    Feature t is of sampled frames t and t + 1 (Eq. 1), so one at the border of the irrelevant block is neither. rows:
    with a truth's columns; the frames are those that are seen in testing.
    """
    seen = frames_of(record, rows)
    start, length = (rows[name].to_numpy(int)[:, None] for name in ("irrelevant_start", "irrelevant_frames"))
    return _alone((seen >= start) & (seen < start + length))


def put_in(clips: Iterable[str], record) -> tuple[np.ndarray, np.ndarray]:
    """The same of the clips into which frames of others are put (`data.foreign`)."""
    number, n = record.config["training"]["foreign_frames"], record.config["model"]["length"]
    first = np.array([foreign.place(clip, n, number) for clip in clips])[:, None]
    return _alone((np.arange(n) >= first) & (np.arange(n) < first + number))


def _alone(inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return inside[:, :-1] & inside[:, 1:], ~inside[:, :-1] & ~inside[:, 1:]


def looked_at(kind: str = "") -> Callable:
    """What gives of a record how much its token looks at irrelevant frames, in percent of how much at relevant ones.

    Both are taken in terms of what the same places of clips get where nothing is irrelevant, for a token may look at
    the middle whatever it sees: 100 of one that knows nothing. These are all clean clips; where the kind is PUT_IN, the
    very same clips. kind: of KINDS, or all of them.
    """
    return lambda record: _put_in_looked_at(record) if kind == PUT_IN else _looked_at(record, kind)


def _looked_at(record, kind: str) -> float:
    rows = reported_rows(record, "irrelevant")
    rows = rows[rows["irrelevant_kind"] == kind] if kind else rows
    usual = shares(reported_rows(record, "clean", truth=False)).mean(axis=0)
    return _percent(shares(rows), np.broadcast_to(usual, (len(rows), len(usual))), *irrelevant(rows, record))


def _put_in_looked_at(record) -> float:
    rows, usual = (reported_rows(record, split, truth=False).set_index("clip") for split in (FOREIGN, "clean"))
    return _percent(shares(rows), shares(usual.loc[rows.index]), *put_in(rows.index, record))


def _percent(seen: np.ndarray, usual: np.ndarray, off: np.ndarray, on: np.ndarray) -> float:
    """Attention (n, T-1) on the places `off`, over what is usual there; in percent of the same of the places `on`."""
    return 100 * float(seen[off].sum() / usual[off].sum() / (seen[on].sum() / usual[on].sum()))


def lost(filtered: bool = False) -> Callable:
    """What gives by how many points WAR falls on the clean clips of a record, when frames of others are put in.

    filtered: of what is answered with the filter; else of what the network itself says.
    """
    def value(record) -> float:
        parts = [record.summary["slices"][name] for name in ("clean", FOREIGN)]
        clean, spoilt = (part if filtered else part.get(UNFILTERED, part) for part in parts)
        return clean["WAR"] - spoilt["WAR"]

    return value
