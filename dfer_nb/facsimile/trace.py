"""What the code really draws, in numbers: how a folder of clips, or a record, tells that other code has drawn it.

A hash of the pixels would differ on another processor, and a version number is forgotten. The trace holds the plan's
own numbers, and of a few clips in which every trouble and every look occurs, what happens in them and how a few of
their frames look, as means over parts of the picture, also once they were in a file: one grey level in a few pixels
does not show, a moved line does.
"""

import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from dfer_nb.data import film, video
from dfer_nb.data.expressions import NEUTRAL
from dfer_nb.facsimile import casting, face, identity, storyboard
from dfer_nb.facsimile.storyboard import FPS, SIZE, Script
from dfer_nb.trace import Numbers, changed

DRAW = 1  # 0 would hide all that a draw's number is multiplied by
OF_EACH = 10  # clips of every label whose scripts are averaged: among so many, every version of an expression occurs
GRID = 4  # a frame is described by the mean colours of GRID x GRID cells
WORDS = ("slice", "wrong_kind", "quality_kind", "irrelevant_kind", "hard_why")
COUNTED = (*WORDS, "fold", "true_label", "given_label", "second_label", "irrelevant_label", "short_apex", "cue",
           "twin_label")
MEASURED = ("severity", "intensity", "irrelevant_start", "irrelevant_frames", "expressive_frames", "wrong_from")
LOOKS = ("hair", "beard", "glasses", "iris", "clothes")


@cache
def drawing(kind: str) -> dict[str, list]:
    """The trace of one kind of FACSimile. It is kept for the process: leave it as it is."""
    plan = casting.plan(kind, DRAW, **casting.SIZES)
    chosen = telling(plan)
    scripts = [storyboard.script(row, kind, DRAW) for row in chosen.itertuples()]
    found = _of_plan(plan) | _of_people(plan) | _of_scripts(plan, kind) | _of_clips(chosen)
    found |= {"files": [SIZE, FPS], "apex": [list(map(int, script.apex)) for script in scripts],
              "neutral share": [round(script.neutral_share, 5) for script in scripts],
              "action units": [_rounded(script.aus.mean(axis=0), 5) for script in scripts],
              "views": [_rounded(_seen(script).mean(axis=0), 5) for script in scripts]}
    shown = [_frame(script, t) for script, row in zip(scripts, chosen.itertuples(), strict=True)
             for t in _moments(script, row)]
    return found | {"cells": [_cells(frame) for frame in shown], "cells of films": _filmed(np.stack(shown[:3]))}


def same(one: Numbers, other: Numbers) -> bool:
    """Whether two traces are of one drawing, give or take what another processor rounds otherwise."""
    return not (changed(one, other, "drawing") or changed(other, one, "drawing"))


def telling(plan: pd.DataFrame) -> pd.DataFrame:
    """Rows of a plan, in its order, that together show every trouble, label, slice and look: each adds one at least."""
    seen, rows = set(), []
    for place, row in enumerate(plan.itertuples()):
        look = face.identity(int(row.identity))
        traits = {(name, getattr(row, name)) for name in COUNTED} | {(name, getattr(look, name)) for name in LOOKS}
        traits |= {("where", row.irrelevant_kind, row.irrelevant_start == 0), ("old", look.age > 0.62),
                   ("mixed", row.true_label == NEUTRAL, row.second_label >= 0),
                   ("behind", row.irrelevant_kind == "turned away" and look.hair)}
        if not traits <= seen:
            rows.append(place)
            seen |= traits
    return plan.iloc[rows]


def _of_plan(plan: pd.DataFrame) -> Numbers:
    """Counts of every value of the plan's columns, and means of the measures, over the whole plan."""
    counts = {f"plan, {name}": plan[name].value_counts().sort_index().tolist() for name in COUNTED}
    people = plan.groupby(["fold", "slice"])["identity"].nunique().tolist()
    return counts | {"plan, people": people, "plan, means": _rounded(plan[list(MEASURED)].mean(), 5)}


def _of_people(plan: pd.DataFrame) -> Numbers:
    """Means of every colour and length over the people of a plan."""
    fields = [name for name in identity.Identity.__dataclass_fields__ if name != "number"]
    looks = [face.identity(int(number)) for number in plan["identity"].unique()]
    return {f"people, {name}": _rounded(np.atleast_1d(np.mean([getattr(look, name) for look in looks], axis=0)), 5)
            for name in fields}


def _of_scripts(plan: pd.DataFrame, kind: str) -> Numbers:
    """What happens in clips of each label: largest action units, neutral share; and how the frames are seen."""
    rows = plan.groupby("true_label").head(OF_EACH).sort_values("true_label", kind="stable")
    scripts = [storyboard.script(row, kind, DRAW) for row in rows.itertuples()]
    peaks = pd.DataFrame([[*script.aus.max(axis=0), script.neutral_share] for script in scripts])
    seen = np.concatenate([_seen(script) for script in scripts])
    return {"labels, largest units and neutral share": _rounded(peaks.groupby(rows["true_label"].to_numpy()).mean(), 5),
            "labels, views": _rounded([seen.mean(axis=0), seen.min(axis=0), seen.max(axis=0)], 5)}


def _of_clips(chosen: pd.DataFrame) -> Numbers:
    """The plan's own columns of the chosen clips, words as codes."""
    columns = {}
    for name in chosen:
        values = pd.factorize(chosen[name], sort=True)[0] if name in WORDS else chosen[name].to_numpy()
        columns[f"clips, {name}"] = _rounded(values, 5) if values.dtype.kind == "f" else values.astype(int).tolist()
    return columns


def _seen(script: Script) -> np.ndarray:
    """How the frames of a clip are seen, (T, V): pose, gaze, light, and what spoils them."""
    return np.array([[*vars(view.pose).values(), *view.gaze, *view.light, view.contrast, view.exposure, *view.tint,
                      view.background.mean(), view.blur, view.grain, view.grain_at / 1e6, view.away,
                      *(view.hand or (0,) * 5)] for view in script.views], float)


def _moments(script: Script, row) -> list[int]:
    """Frames worth a look: the middle of the apex, the edge and the middle of an irrelevant block."""
    moments = {sum(script.apex) // 2}
    if row.irrelevant_frames:
        moments |= {row.irrelevant_start + 1, row.irrelevant_start + row.irrelevant_frames // 2}
    return sorted(int(t) for t in moments)


def _frame(script: Script, t: int) -> np.ndarray:
    return face.draw(face.identity(int(script.who[t])), script.aus[t], script.views[t], SIZE)


def _cells(frame: np.ndarray) -> list[list[float]]:
    """Mean colours (GRID * GRID, 3) of the cells of a frame, in grey levels."""
    cells = frame.reshape(GRID, SIZE // GRID, GRID, SIZE // GRID, 3).mean(axis=(1, 3))
    return _rounded(cells.reshape(-1, 3), 3)


def _filmed(frames: np.ndarray) -> list[list[list[float]]]:
    """The cells of frames that were written into a file and read again."""
    with tempfile.TemporaryDirectory(prefix="dfer-film-") as folder:
        path = Path(folder) / "1.mp4"
        film.write(path, frames, FPS)
        return [_cells(frame) for frame in video.read_frames(path)]


def _rounded(values, digits: int) -> list:
    return np.round(np.asarray(values, float), digits).tolist()
