"""What a class token looks at, and what is left of a face when two frames are set against each other (NR-DFERNet)."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from dfer_nb.errors import BadInput
from dfer_nb.viewing.palette import WIDTH, panels, styled

IRRELEVANT, LOOKED = "#D55E00", "#0072B2"
BAR = 0.62  # inches: height of a row of bars


@styled()
def attention_strips(frames: np.ndarray, attention: Mapping[str, np.ndarray], irrelevant: Sequence[bool],
                     title: str = "") -> Figure:
    """A clip's frames, those that are irrelevant framed, and under them each token's attention (Figure 5).

    frames (n, H, W, 3) uint8; attention: a row's title -> (n,), sums to about 1; irrelevant (n,). The dotted line is an
    equal share for all. Raises BadInput for numbers that do not fit the frames.
    """
    n = len(frames)
    if not attention or any(len(row) != n for row in (*attention.values(), irrelevant)):
        raise BadInput(f"attention or marks are not of {n} frames", "attention_strips", "give a number a frame")
    cell, head = WIDTH / n, 0.28 if title else 0.05
    height = head + cell + len(attention) * (BAR + 0.22) + 0.05
    figure, axes = panels(height=height)
    figure.set_layout_engine("none")
    axes.set_position((0, 0, 1, 1))
    axes.set(xlim=(0, WIDTH), ylim=(height, 0))
    axes.axis("off")
    for t, frame in enumerate(frames):
        left, right = t * cell + 0.015, (t + 1) * cell - 0.015
        axes.imshow(frame, extent=(left, right, head + cell - 0.03, head), interpolation="antialiased")
        if irrelevant[t]:
            axes.plot([left, right, right, left, left], [head, head, *[head + cell - 0.03] * 2, head],
                      color=IRRELEVANT, linewidth=2.2, clip_on=False)
    most = max(float(np.max(row)) for row in attention.values())
    for k, (name, row) in enumerate(attention.items()):
        floor = head + cell + (k + 1) * (BAR + 0.22)
        axes.text(0.05, floor - BAR - 0.03, name, fontsize=8, va="bottom")
        axes.bar((np.arange(n) + 0.5) * cell, -BAR * np.asarray(row) / most, width=0.8 * cell, bottom=floor,
                 color=[IRRELEVANT if off else LOOKED for off in irrelevant])
        axes.plot([0, WIDTH], [floor - BAR / n / most] * 2, ":", color="#555555", linewidth=0.9)
    if title:
        axes.text(0.05, 0.06, title, fontsize=9, va="top")
    return figure


@styled()
def change_maps(frames: np.ndarray, maps: Mapping[str, np.ndarray]) -> Figure:
    """Frames, what changes between two neighbours, and how strongly parts of a network answer to that.

    frames (n + 1, H, W, 3) uint8; maps: a row's name -> (n, h, w), from 0 up, each row on its own scale, drawn in the
    size of the frames. Raises BadInput for maps of another number.
    """
    n = len(frames) - 1
    if any(len(row) != n for row in maps.values()):
        raise BadInput(f"{len(frames)} frames have {n} changes", "change_maps", "give a map for each pair of frames")
    pixels = np.abs(frames[1:].astype(float) - frames[:-1]).mean(axis=-1)
    rows = {"frame": frames[:-1], "next less this, pixels": pixels, **maps}
    figure, grid = panels(len(rows), n, height=0.95 * len(rows) * WIDTH / (n + 1.5), squeeze=False)
    for axes_row, (name, pictures) in zip(grid, rows.items(), strict=True):
        most = max(float(np.max(pictures)), 1e-9)
        for axes, picture in zip(axes_row, pictures, strict=True):
            axes.imshow(picture, **({} if picture.ndim == 3 else {"vmin": 0, "vmax": most, "cmap": "magma"}),
                        interpolation="nearest" if picture.ndim == 2 and len(picture) < 12 else "antialiased")
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
        axes_row[0].set_ylabel(name.replace(", ", "\n"), rotation=0, ha="right", va="center", fontsize=8)
    return figure
