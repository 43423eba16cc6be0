"""Where RDFER's detecting network points in a video, against the known apex."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dfer_nb.viewing.evidence.pointing import hits, known_apex, resampled_positions
from dfer_nb.viewing.palette import need, panels, styled

APEX, INSIDE, OUTSIDE = "#F3C969", "#0072B2", "#8C8C8C"


@styled()
def pointing(clips: pd.DataFrame, n_sampled: int = 16, shown: int = 40) -> Figure:
    """Where mu and delta point, against the known apex: every clip's centre, and the frames taken from some.

    clips: rows with `mu`, `delta`, and the truth's `true_label`, `apex_start`, `apex_end` (exclusive), `n_frames`;
    neutral clips are left out: nothing can miss there. Where no apex is known at all (films), histograms of mu and
    delta.
    shown: how many clips are drawn as strips, spread evenly over the order of their apex.
    Raises BadInput when `mu` or `delta` is missing: a variant without re-sampling has none.
    """
    need(clips, "mu", "delta")
    if not {"apex_start", "apex_end", "n_frames"} <= set(clips) or clips["apex_start"].isna().all():
        return _histograms(clips)
    known = known_apex(clips).sort_values("apex_start", kind="stable")
    need(known)
    figure, (left, right) = panels(1, 2, height=3.6, width_ratios=(1, 1.35))
    _centres(left, known)
    _strips(right, known, n_sampled, shown)
    return figure


def _centres(axes, clips: pd.DataFrame) -> None:
    guess, limits = clips["mu"] * (clips["n_frames"] - 1), (0, clips["n_frames"].max() - 1)
    axes.plot(limits, limits, color="#999999", linewidth=1)
    centre = (clips["apex_start"] + clips["apex_end"] - 1) / 2
    axes.scatter(centre, guess, s=8, color=INSIDE, alpha=0.5, linewidths=0)
    axes.set(xlim=limits, ylim=limits, xlabel="true centre of the apex, frame",
             ylabel=r"$\mu$ points at frame",
             title=f"$\\mu$ inside the apex: {hits(clips):.0f} % of {len(clips)} clips\n"
                   f"(always the middle: {hits(clips, 0.5):.0f} %)")


def _strips(axes, clips: pd.DataFrame, n_sampled: int, shown: int) -> None:
    positions = resampled_positions(clips["mu"], clips["delta"], clips["n_frames"], n_sampled)
    start, end = (clips[name].to_numpy(float)[:, None] - 0.5 for name in ("apex_start", "apex_end"))
    inside = (positions >= start) & (positions <= end)
    rows = np.linspace(0, len(clips) - 1, min(shown, len(clips))).astype(int)
    for y, row in enumerate(rows):
        axes.barh(y, end[row] - start[row], left=start[row], height=0.9, color=APEX)
        colours = np.where(inside[row], INSIDE, OUTSIDE)
        axes.scatter(positions[row], np.full(n_sampled, y), s=4, linewidths=0, color=colours)
    share = f"{100 * inside.mean():.0f} % of the re-sampled frames"
    axes.set(xlim=(-0.5, clips["n_frames"].max() - 0.5), ylim=(-1, len(rows)), yticks=[],
             xlabel="frame of the video", title=f"{share}\nlie in the apex (yellow); {len(rows)} clips shown")


def _histograms(clips: pd.DataFrame) -> Figure:
    figure, (left, right) = panels(1, 2, height=2.8)
    left.hist(clips["mu"], np.linspace(0, 1, 21), color=INSIDE)
    left.set(title=rf"Centre $\mu$ of {len(clips)} clips", xlabel="position in the video, 0 to 1",
             ylabel="clips")
    right.hist(clips["delta"], 20, color=INSIDE)
    right.set(title=r"Stride $\delta$", xlabel="frames between two re-sampled frames")
    return figure
