"""Pictures of FACSimile's faces: captioned galleries, action units over time, and what lies where in a clip."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from dfer_nb.data.expressions import EXPRESSIONS, NEUTRAL
from dfer_nb.errors import BadInput
from dfer_nb.facsimile.recipes import ACTION_UNITS, AU_NAMES
from dfer_nb.viewing.palette import EXPRESSION_COLOURS, WIDTH, need, panels, styled

__all__ = ["gallery", "timelines", "units_over_time"]

LINE = 0.135  # inches: one line of a caption
SHADE = "#E6E6E6"
UNIT_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#333333")


@styled()
def gallery(faces, captions: Sequence[str], columns: int = 6) -> Figure:
    """Faces in rows of `columns`, each with its caption under it (several lines, cut at newlines).

    faces: (n, H, W, 3) uint8; captions: n texts. Raises BadInput for faces of another shape, and for
    another number of captions.
    """
    faces = np.asarray(faces)
    if faces.ndim != 4 or faces.shape[-1] != 3 or faces.dtype != np.uint8 or not len(faces):
        raise BadInput(f"faces are {faces.dtype} {faces.shape}, not uint8 (n, H, W, 3) with n > 0", "gallery",
                       "draw them with dfer_nb.facsimile.face.draw, or read them with dfer_nb.data.video.read_frames")
    if len(captions) != len(faces):
        raise BadInput(f"{len(captions)} captions for {len(faces)} faces", "gallery", "give one caption a face")
    cell, gap = WIDTH / columns, 0.02  # inches
    text = 0.06 + LINE * max(1 + caption.count("\n") for caption in captions)
    height = -(-len(faces) // columns) * (cell + text)
    figure, axes = panels(height=height)
    figure.set_layout_engine("none")
    axes.set_position((0, 0, 1, 1))
    axes.axis("off")
    for i, (face, caption) in enumerate(zip(faces, captions, strict=True)):
        left, top = (i % columns) * cell, (i // columns) * (cell + text)
        axes.imshow(face, extent=(left + gap, left + cell - gap, top + cell - gap, top + gap),
                    interpolation="antialiased")
        for k, line in enumerate(caption.split("\n")):  # line by line: the baselines of a row then agree
            axes.text(left + cell / 2, top + cell + LINE * (k + 0.85), line, ha="center", fontsize=7.5)
    axes.set(xlim=(0, WIDTH), ylim=(height, 0))
    return figure


@styled()
def units_over_time(intensity, apex: tuple[int, int] | None = None, least: float = 0.15) -> Figure:
    """The intensity of a clip's action units in every frame; units that stay below `least` are left out.

    intensity: (T, A), 0 to 1, in the order of `recipes.ACTION_UNITS` (`facsimile.action_units(root)[clip]`);
    apex: its first frame and the one after its last, shaded. Raises BadInput for another shape.
    """
    intensity = np.asarray(intensity, float)
    if intensity.ndim != 2 or intensity.shape[1] != len(ACTION_UNITS) or not len(intensity):
        raise BadInput(f"intensities have shape {intensity.shape}, not (T, {len(ACTION_UNITS)}) with T > 0",
                       "units_over_time", "give one clip of dfer_nb.facsimile.dataset.action_units(root)")
    figure, axes = panels(height=3.2)
    if apex is not None:
        axes.axvspan(apex[0] - 0.5, apex[1] - 0.5, color=SHADE, label="apex")
    moving = np.flatnonzero(intensity.max(axis=0) >= least)
    for k, column in enumerate(moving):
        au = ACTION_UNITS[column]
        axes.plot(intensity[:, column], color=UNIT_COLOURS[k % 7], linestyle=("-", "--", ":")[k // 7],
                  label=f"AU {au} {AU_NAMES[au]}")
    axes.set(title="Action units over time", xlabel="frame", ylabel="intensity", ylim=(0, 1.03),
             xlim=(-0.5, len(intensity) - 0.5))
    axes.grid(axis="y")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


@styled()
def timelines(truth: pd.DataFrame, title: str = "Where the apex lies") -> Figure:
    """One line a clip, frames to the right: the apex in its expression's colour, irrelevant frames in black.

    truth: rows of `facsimile.truth(root)`, drawn in their order; a Neutral clip has no apex to draw. Raises
    BadInput where columns are missing.
    """
    need(truth, "true_label", "apex_start", "apex_end", "irrelevant_start", "irrelevant_frames", "n_frames")
    figure, axes = panels(height=1.0 + 0.09 * len(truth))
    rows = np.arange(len(truth))
    axes.barh(rows, truth["n_frames"], left=-0.5, height=0.8, color=SHADE)
    axes.barh(rows, truth["irrelevant_frames"], left=truth["irrelevant_start"] - 0.5, height=0.8, color="#222222")
    shown = truth["true_label"] != NEUTRAL
    colours = [EXPRESSION_COLOURS[EXPRESSIONS[label]] for label in truth["true_label"]]
    axes.barh(rows, (truth["apex_end"] - truth["apex_start"]).where(shown, 0), left=truth["apex_start"] - 0.5,
              height=0.8, color=colours)
    names = [name for k, name in enumerate(EXPRESSIONS) if shown.any() and (truth["true_label"][shown] == k).any()]
    handles = [Patch(color=EXPRESSION_COLOURS[name], label=f"apex of {name}") for name in names]
    handles += [Patch(color="#222222", label="irrelevant frames"), Patch(color=SHADE, label="the rest")]
    axes.legend(handles=handles, loc="center left", bbox_to_anchor=(1, 0.5))
    axes.set(title=title, xlabel="frame", ylabel="clips", yticks=[], ylim=(len(truth) - 0.4, -0.6),
             xlim=(-0.5, truth["n_frames"].max() - 0.5))
    axes.spines[:].set_visible(False)
    return figure
