"""Pictures of clips: film strips and contact sheets."""

from collections.abc import Iterable, Mapping

import numpy as np
from matplotlib.figure import Figure

from dfer_nb.errors import BadInput
from dfer_nb.viewing.page import show
from dfer_nb.viewing.palette import WIDTH, panels, styled

__all__ = ["contact_sheet", "film_strip", "show"]

MARK_COLOURS = ("#E69F00", "#0072B2", "#009E73", "#CC79A7")
NAMES, TITLE = 1.0, 0.32  # inches: room for a sheet's row names, and for a title


def _frames(frames, where: str) -> np.ndarray:
    frames = np.asarray(frames)
    if frames.ndim != 4 or frames.shape[-1] != 3 or frames.dtype != np.uint8 or not len(frames):
        raise BadInput(f"frames are {frames.dtype} {frames.shape}, not uint8 (T, H, W, 3) with T > 0", where,
                       "read them with dfer_nb.data.video.read_frames")
    return frames


def _canvas(height: float, top: float, left: float = 0.0, width: float = WIDTH):
    """A figure of WIDTH with one bare set of axes under `top` and right of `left`; all in inches."""
    figure, axes = panels(height=height + top)
    figure.set_layout_engine("none")
    axes.set_position((left / WIDTH, 0, width / WIDTH, height / (height + top)))
    axes.axis("off")
    return figure, axes


def _write(figure: Figure, x: float, y: float, text: str, **style) -> None:
    """Text at x, y inches from the upper left corner."""
    figure.text(x / WIDTH, 1 - y / figure.get_figheight(), text, **style)


@styled()
def film_strip(frames, marks: Mapping[str, Iterable[float]] | None = None, title: str = "",
               per_row: int = 8) -> Figure:
    """The frames of a clip in order, numbered from 0, with coloured bars under the marked ones.

    frames: (T, H, W, 3) uint8. marks: up to four names -> frame numbers, for example {"apex": range(9, 15),
    "re-sampled": positions}; fractional numbers are rounded. Raises BadInput for frames of another shape.
    """
    frames, marks = _frames(frames, "film_strip"), dict(marks or {})
    if len(marks) > len(MARK_COLOURS):
        raise BadInput(f"{len(marks)} kinds of marks", "film_strip", f"give at most {len(MARK_COLOURS)}")
    rounded = [set(np.rint(np.fromiter(numbers, float)).astype(int)) for numbers in marks.values()]
    per_row = min(per_row, len(frames))
    # inches: a frame, and under it its number, its bars, and a gap to the next row
    cell, below = WIDTH / per_row, 0.17 + 0.07 * len(marks) + 0.06 * bool(marks)
    lines = -(-len(frames) // per_row)
    figure, axes = _canvas(lines * (cell + below), TITLE * bool(title) + 0.25 * bool(marks) + 0.03)
    for i, frame in enumerate(frames):
        left, right = (i % per_row) * cell + 0.01, (i % per_row + 1) * cell - 0.01
        top = (i // per_row) * (cell + below)
        axes.imshow(frame, extent=(left, right, top + cell, top + 0.01), interpolation="antialiased")
        axes.text((left + right) / 2, top + cell + 0.025, str(i), ha="center", va="top", fontsize=7)
        for k in (k for k, numbers in enumerate(rounded) if i in numbers):
            bar = top + cell + 0.17 + 0.07 * k
            axes.fill_between([left, right], bar, bar + 0.05, color=MARK_COLOURS[k], linewidth=0)
    axes.set(xlim=(0, WIDTH), ylim=(lines * (cell + below), 0))
    if title:
        _write(figure, 0.05, 0.06, title, va="top", fontsize=10)
    _name_marks(figure, list(marks), TITLE * bool(title) + 0.04)
    return figure


def _name_marks(figure: Figure, names: list[str], y: float) -> None:
    x = 0.05
    for name, colour in zip(names, MARK_COLOURS, strict=False):
        _write(figure, x, y, f"▬ {name}", va="top", fontsize=8.5, color=colour, weight="bold")
        x += 0.35 + 0.085 * len(name)


def _montage(rows: list[np.ndarray], gap: int = 3) -> np.ndarray:
    """Rows of equally large frames as one picture with white gaps (H', W', 3); short rows end in white."""
    height, width = rows[0].shape[1:3]
    columns = max(map(len, rows))
    sheet = np.full((len(rows) * (height + gap) - gap, columns * (width + gap) - gap, 3), 255, np.uint8)
    for r, row in enumerate(rows):
        for c, frame in enumerate(row):
            sheet[r * (height + gap):, c * (width + gap):][:height, :width] = frame
    return sheet


@styled()
def contact_sheet(frames: Mapping[str, np.ndarray], title: str = "",
                  captions: Mapping[str, str] | None = None) -> Figure:
    """One row of faces a name, for example each expression at its apex.

    frames: name -> (n, H, W, 3) uint8, all of one size; drawn pixel by pixel where they fit on the page,
    smaller where they do not. captions: name -> a second line under that name.
    Raises BadInput for frames of another shape, or of several sizes.
    """
    rows = {name: _frames(row, f"contact_sheet, row {name!r}") for name, row in frames.items()}
    if len({row.shape[1:] for row in rows.values()}) != 1:
        raise BadInput("the faces of a contact sheet must all have one size",
                       ", ".join(f"{name}: {row.shape[1:]}" for name, row in rows.items()), "resize them")
    sheet = _montage(list(rows.values()))
    scale = (WIDTH - NAMES) * 100 / sheet.shape[1]
    scale = int(scale) if scale > 1 else scale  # whole multiples keep small faces sharp
    height, width = (side * scale / 100 for side in sheet.shape[:2])
    top = TITLE * bool(title) + 0.02
    figure, axes = _canvas(height, top, NAMES, width)
    axes.imshow(sheet, interpolation="nearest" if scale >= 1 else "antialiased", aspect="auto")
    for r, name in enumerate(rows):
        text = name + (f"\n{captions[name]}" if captions and name in captions else "")
        _write(figure, 0.05, top + (r + 0.5) / len(rows) * height, text, va="center", linespacing=1.3)
    if title:
        _write(figure, 0.05, 0.06, title, va="top", fontsize=10)
    return figure
