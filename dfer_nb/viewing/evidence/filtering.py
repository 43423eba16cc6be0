"""What a snippet-based filter does to the answers of a network, from records alone (NR-DFERNet, Eq. 7)."""

import copy
import re

import numpy as np
import pandas as pd

from dfer_nb.data import video
from dfer_nb.data.expressions import EXPRESSIONS, NEUTRAL
from dfer_nb.errors import BadInput
from dfer_nb.training import metrics
from dfer_nb.training.optimise import Settings
from dfer_nb.training.record import UNFILTERED
from dfer_nb.viewing.evidence.records import reported_rows

HUNDRED = 100  # thresholds are asked in hundredths


def neutral_slices(record) -> dict[str, int]:
    """The record's slices of one share of neutral frames each, the lowest first: name -> percent, "neutral50" -> 50."""
    found = {name: re.fullmatch(r"neutral(\d+)", name) for name in record.summary["slices"]}
    return dict(sorted(((name, int(share[1])) for name, share in found.items() if share), key=lambda item: item[1]))


def frames_seen(record, n_frames: int) -> np.ndarray:
    """Which frames of a video of `n_frames` the network of a run sees in testing: (T,) indices."""
    settings = Settings(**record.config["training"])
    kept = video.kept(n_frames, settings.max_frames)
    chosen = settings.sample(len(kept), None) if settings.sample else video.uniform(len(kept), settings.n_frames)
    return kept[chosen]


def frames_of(record, rows: pd.DataFrame) -> np.ndarray:
    """`frames_seen` of each row (n) of a record's clips, with the truth's `n_frames`: (n, T)."""
    of = {n: frames_seen(record, n) for n in rows["n_frames"].unique()}
    return np.stack([of[n] for n in rows["n_frames"]])


def within_reach(record, split: str) -> float:
    """Percent of the clips of a slice of which the network sees a frame with some expression, also a weaker one."""
    rows = reported_rows(record, split)
    seen = frames_of(record, rows)
    apex = (rows["apex_end"] - rows["apex_start"]).to_numpy()
    expressive = np.rint(rows["n_frames"] * (1 - rows["neutral_share"])).to_numpy()
    ramp = np.maximum(expressive - apex, 0) // 2  # before the apex, and as long after it
    first, last = rows["apex_start"].to_numpy() - ramp, rows["apex_end"].to_numpy() + ramp
    return 100 * float(((seen >= first[:, None]) & (seen < last[:, None])).any(axis=1).mean())


def unfiltered(record, variant: str):
    """The same training as it answers without its filter: a record under another variant's name.

    The filter takes no part in training, so a run without it is the same run: Table 1's rows a, c, e and g need none of
    their own. Of the best epoch on the test clips there are no recalls. Raises BadInput for a record of a method that
    decides nothing.
    """
    if UNFILTERED not in record.summary["reported"]:
        raise BadInput(f"{record!r} decides nothing that could be left out", "filtering.unfiltered",
                       "give a record of NR-DFERNet with its filter")
    view = copy.copy(record)
    view.config = record.config | {"variant": variant, "method": record.config["method"] | {"filtered": False}}
    parts = {split: part | part[UNFILTERED] | {"recalls": _recalls(record, split)} for split, part in
             {"test": record.summary["reported"], **record.summary["slices"]}.items()}
    best = record.summary["best_on_test"]
    best = {name: value for name, value in best.items() if name != "recalls"} | best[UNFILTERED]
    view.summary = record.summary | {"reported": parts.pop("test"), "best_on_test": best, "slices": parts}
    view.clips = _own_answers(record.clips)
    names = [name for name in record.epochs if name.endswith(f"_{UNFILTERED}")]
    view.epochs = record.epochs.assign(**{name.removesuffix(f"_{UNFILTERED}"): record.epochs[name] for name in names})
    return view


def _recalls(record, split: str) -> dict[str, float]:
    rows = reported_rows(record, split, truth=False)
    return metrics.recalls(rows["label"], rows[UNFILTERED])


def _own_answers(clips: pd.DataFrame) -> pd.DataFrame:
    """Clip rows with the network's own predictions and, where they are kept, its own probabilities."""
    clips = clips.assign(prediction=clips[UNFILTERED])
    if "neutral" in clips and f"p{NEUTRAL}" in clips:  # the decision has shared out Neutral's among the others
        left = (1 - clips["neutral"]).where(clips[f"p{NEUTRAL}"] == 0, 1).fillna(1)
        clips = clips.assign(**{f"p{k}": clips[f"p{k}"] * left for k in range(len(EXPRESSIONS))})
        clips[f"p{NEUTRAL}"] = clips["neutral"].fillna(clips[f"p{NEUTRAL}"])
    return clips


def decided(rows: pd.DataFrame, highest: np.ndarray, neutral: np.ndarray, mu1: float, mu2: float) -> np.ndarray:
    """What is answered with such thresholds: (n,) classes.

    rows (n): of a record's clips, with `unfiltered` and `otherwise`; highest, neutral (n, Ns): of each snippet its
    highest probability, and Neutral's; or their `limits`, where thresholds are given in hundredths.
    """
    trips = ((highest > mu1) & (neutral < mu2)).any(axis=1)
    own = rows[UNFILTERED].to_numpy()
    return np.where(trips & (own == NEUTRAL), rows["otherwise"], own).astype(int)


def asked(rows: pd.DataFrame, frames: int, width: int, stride: int, mu1: float, mu2: float) -> np.ndarray:
    """What is answered with snippets of L frames, S apart, and such thresholds: (n,) classes.

    rows (n): of a record's clips and their features, with `unfiltered`, `otherwise` and `limits`; frames: how many
    features a clip has, T-1; mu1, mu2: whole hundredths in 0..1, which limits tell exactly. Raises BadInput for
    others, and as `snippets_of` does.
    """
    steps = [HUNDRED * mu for mu in (mu1, mu2)]
    if any(not 0 <= step <= HUNDRED or abs(step - round(step)) > 1e-6 for step in steps):
        raise BadInput(f"thresholds mu1={mu1}, mu2={mu2} are no hundredths", "filtering.asked",
                       "give two of 0.00, 0.01, … 1.00")
    highest, neutral = np.split(np.stack(rows["limits"]), 2, axis=1)
    said = [snippets_of(values, frames, width, stride) for values in (highest, neutral)]
    return decided(rows, *said, *map(round, steps))


def snippets_of(values: np.ndarray, frames: int, width: int, stride: int) -> np.ndarray:
    """Of what is said of all snippets what is said of those of L frames, S apart: (n, W, …) -> (n, Ns, …).

    values: of the snippets of 1, 2, … frames, one frame apart, in the order of time; frames: how many features a clip
    has, T-1. Raises BadInput for snippets that are not among them.
    """
    first = sum(frames - length + 1 for length in range(1, width))
    if stride < 1 or not 1 <= width <= frames or first + frames - width + 1 > values.shape[1]:
        raise BadInput(f"there are no snippets of {width} frames, {stride} apart, of {frames}", "record.features",
                       "choose a length from 1 up to the longest that is kept, and a stride of at least 1")
    return values[:, first:first + frames - width + 1:stride]


def windows(vectors: np.ndarray, frames: int, width: int, stride: int) -> np.ndarray:
    """Probabilities of the snippets of L frames, S apart: (n, Ns, 7).

    vectors (n, W * 7): `windows` of a record's features; else as `snippets_of`.
    """
    said = np.asarray(vectors, np.float32).reshape(len(vectors), -1, len(EXPRESSIONS))
    return snippets_of(said, frames, width, stride)
