"""What a snippet-based filter does to the answers of a network, from records alone (NR-DFERNet, Eq. 7)."""

import copy
import re

import numpy as np
import pandas as pd

from dfer_nb.data.expressions import EXPRESSIONS
from dfer_nb.errors import BadInput

NEUTRAL = EXPRESSIONS.index("Neutral")
OWN = "unfiltered"  # the column, and the part of a summary, of what the network itself says


def unfiltered(record, variant: str):
    """The same training as it answers without its filter: a record under another variant's name.

    The filter takes no part in training, so a run without it is the same run: Table 1's rows a, c, e and g need none of
    their own. Raises BadInput for a record of a method that decides nothing.
    """
    if OWN not in record.summary["reported"]:
        raise BadInput(f"{record!r} decides nothing that could be left out", "filtering.unfiltered",
                       "give a record of NR-DFERNet with its filter")
    view = copy.copy(record)
    view.config = record.config | {"variant": variant}
    parts = {name: record.summary[name] for name in ("reported", "best_on_test")}
    slices = {name: part | part[OWN] for name, part in record.summary["slices"].items()}
    view.summary = record.summary | {name: part | part[OWN] for name, part in parts.items()} | {"slices": slices}
    view.clips = _own_answers(record.clips)
    names = [name for name in record.epochs if name.endswith(f"_{OWN}")]
    view.epochs = record.epochs.assign(**{name.removesuffix(f"_{OWN}"): record.epochs[name] for name in names})
    return view


def _own_answers(clips: pd.DataFrame) -> pd.DataFrame:
    """Clip rows with the network's own predictions and, where they are kept, its own probabilities."""
    clips = clips.assign(prediction=clips[OWN])
    if "neutral" in clips and f"p{NEUTRAL}" in clips:  # the decision has shared out Neutral's among the others
        left = (1 - clips["neutral"]).where(clips[f"p{NEUTRAL}"] == 0, 1).fillna(1)
        clips = clips.assign(**{f"p{k}": clips[f"p{k}"] * left for k in range(len(EXPRESSIONS))})
        clips[f"p{NEUTRAL}"] = clips["neutral"].fillna(clips[f"p{NEUTRAL}"])
    return clips


def decided(rows: pd.DataFrame, highest: np.ndarray, neutral: np.ndarray, mu1: float, mu2: float) -> np.ndarray:
    """What is answered with such thresholds: (n,) classes.

    rows (n): of a record's clips, with `unfiltered` and `otherwise`; highest, neutral (n, Ns): of each snippet its
    highest probability, and Neutral's.
    """
    trips = ((highest > mu1) & (neutral < mu2)).any(axis=1)
    own = rows[OWN].to_numpy()
    return np.where(trips & (own == NEUTRAL), rows["otherwise"], own).astype(int)


def own_snippets(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Of each snippet that the run was filtered by its highest probability, and Neutral's: both (n, Ns).

    Raises BadInput for rows of a run that is not kept whole.
    """
    numbers = sorted(int(name[1:]) for name in rows if re.fullmatch(r"m\d+", name))
    if not numbers:
        raise BadInput("these rows say nothing of snippets", "record.clips", "declare the run with keep: whole")
    return rows[[f"m{k}" for k in numbers]].to_numpy(), rows[[f"n{k}" for k in numbers]].to_numpy()


def windows(vectors: np.ndarray, frames: int, width: int, stride: int) -> np.ndarray:
    """Probabilities of the snippets of L frames, S apart: (n, Ns, 7).

    vectors (n, W * 7): `windows` of a record's features, the snippets of 1, 2, … frames, one frame apart, in the order
    of time; frames: how many features a clip has, T-1. Raises BadInput for snippets that are not among them.
    """
    said = np.asarray(vectors, np.float32).reshape(len(vectors), -1, len(EXPRESSIONS))
    first = sum(frames - length + 1 for length in range(1, width))
    if stride < 1 or not 1 <= width <= frames or first + frames - width + 1 > said.shape[1]:
        raise BadInput(f"there are no snippets of {width} frames, {stride} apart, of {frames}", "record.features",
                       "choose a length from 1 up to the longest that is kept, and a stride of at least 1")
    return said[:, first:first + frames - width + 1:stride]
