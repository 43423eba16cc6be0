"""Where RDFER's detecting network points in a video, against the known apex: the numbers."""

import numpy as np
import pandas as pd

from dfer_nb.data.expressions import NEUTRAL


def resampled_positions(mu, delta, n_frames, n_sampled: int = 16) -> np.ndarray:
    """Positions of the re-sampled frames, in source frames (RDFER, Sec. III-B, after Eq. 5).

    mu (B,) in 0..1, delta (B,) in frames, n_frames (B,) the length T of each video
    -> (B, n_sampled): mu (T - 1) + (i - (n_sampled - 1) / 2) delta, kept inside the video.
    """
    mu, delta, last = (np.asarray(x, float)[:, None] for x in (mu, delta, np.asarray(n_frames) - 1))
    return (mu * last + (np.arange(n_sampled) - (n_sampled - 1) / 2) * delta).clip(0, last)


def known_apex(clips: pd.DataFrame) -> pd.DataFrame:
    """The clips whose apex can be missed: it is known and not empty, and the clip is not a neutral one.

    clips: rows with the truth's `true_label`, `apex_start`, `apex_end` (exclusive). A neutral clip's apex is all of
    it that is not irrelevant.
    """
    return clips[(clips["apex_end"] > clips["apex_start"]) & (clips["true_label"] != NEUTRAL)]


def hits(clips: pd.DataFrame, mu=None) -> float:
    """Share of clips, in percent, whose mu lies inside the known apex (half a frame of grace on each side).

    clips: as `known_apex` gives them, with `n_frames`, and `mu` unless one is given: 0.5 is always the middle.
    """
    frame = (clips["mu"] if mu is None else mu) * (clips["n_frames"] - 1)
    return 100 * float(frame.between(clips["apex_start"] - 0.5, clips["apex_end"] - 0.5).mean())
