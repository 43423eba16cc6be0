"""A small dataset of a kind, its lists and its truth, where a few steps of training are all that is wanted."""

from functools import cache
from pathlib import Path

import pandas as pd

from dfer_nb.data import patterns
from dfer_nb.data.dfew import FRAMES
from dfer_nb.data.expressions import EXPRESSIONS
from dfer_nb.facsimile import casting, lists, storyboard
from dfer_nb.facsimile.styles import STYLES, drawn_as

# The first draw below a million, used for nothing else, in which of every kind the 32 training clips of fold 2 have all
# sorts of wrong labels, all ways to be hard, two short apexes, three kinds of irrelevant frames and two clips of low
# quality (of facsimile-motion: two cues and both sorts of clips). With eight clips a fold its four training folds show
# two people each.
DRAW = 999884
SIZES = {"clips": 40, "clean": 1, "slice_clips": 1}


def write(kind: str, root: Path, size: int) -> None:
    """Lists, truth and clips of a small dataset of a kind in a folder; the clips show no face: see `data.patterns`.

    size: side of a frame in pixels.
    """
    for each in sorted({drawn_as(kind), kind}):
        lists.write_labels(root, truth := _truth(each), each)
    clips = truth[["clip", "true_label", "n_frames"]].itertuples(index=False)
    patterns.write(root / FRAMES, clips, len(EXPRESSIONS), size)


@cache
def _truth(kind: str) -> pd.DataFrame:
    """What would be true of the clips, were they drawn."""
    plan = casting.plan(kind, DRAW, **SIZES)
    scripts = [vars(storyboard.script(row, kind, DRAW)) for row in plan.itertuples()]
    return lists.truth_table(plan, scripts, STYLES[kind].n_frames)
