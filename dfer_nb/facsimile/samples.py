"""A few drawn clips in memory: where a few steps of training are all that is wanted, no dataset need be drawn."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from dfer_nb.data import cache
from dfer_nb.data.clips import COLUMNS
from dfer_nb.data.dataset import SIDE, Sample
from dfer_nb.facsimile import casting
from dfer_nb.facsimile.dataset import render
from dfer_nb.facsimile.lists import lists, truth_table
from dfer_nb.facsimile.storyboard import STYLES

# The first draw below a million, used for nothing else, in which the 16 training clips of fold 1 of every kind have all
# three sorts of wrong labels, both ways to be hard, two short apexes, three kinds of irrelevant frames and two clips of
# low quality. With four clips a fold its four training folds show two people each. Few clips: most of the time goes
# into the 64 frames of each that the longest kind has.
DRAW = 998439
SIZES = {"clips": 20, "clean": 1, "slice_clips": 1}
FOLD = 1


def sample(kind: str, folder: Path, max_frames: int, size: int = SIDE) -> Sample:
    """A small dataset of a kind as it would be read, slices and truth with it; its frames are put into `folder`.

    The frames are those that were drawn, not encoded and decoded. max_frames: a longer clip keeps so many, as decoding
    does; size: side of a frame in pixels.
    """
    frames, truth = _drawn(kind, max_frames, size)
    table = _table(truth)
    pixels = ((clip, STYLES[kind].n_frames) for clip in frames)
    stored = cache.store(Path(folder) / "frames", truth.assign(path=""), pixels, size, max_frames)
    return Sample(table, truth.copy(), stored)


@lru_cache(maxsize=4)
def _drawn(kind: str, max_frames: int, size: int) -> tuple[np.ndarray, pd.DataFrame]:
    """Frames (N, T, size, size, 3) of the sample's clips, only those that are kept, and the clips' truth."""
    plan, n_frames = casting.plan(kind, DRAW, **SIZES), STYLES[kind].n_frames
    made = [render(row, kind, DRAW, size, cache.kept(n_frames, max_frames)) for row in plan.itertuples()]
    truth = truth_table(plan, [vars(script) for _, script in made], n_frames)
    return np.stack([frames for frames, _ in made]), truth


def _table(truth: pd.DataFrame) -> pd.DataFrame:
    """The ClipTable of the sample's fold: its lists as the readers of DFEW's layout give them, without paths."""
    read = {(split, fold): rows.assign(split=split, fold=fold) for split, fold, rows in lists(truth)}
    slices = sorted(split for split, fold in read if fold == 0)
    order = [("train", FOLD), ("test", FOLD), *((split, 0) for split in slices)]
    table = pd.concat([read[name] for name in order], ignore_index=True)
    unknown = pd.array([pd.NA] * len(table), dtype="Int64")
    return table.assign(path="", n_frames=unknown, source="dfew")[list(COLUMNS)]
