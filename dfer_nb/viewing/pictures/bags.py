"""Pictures of single bags: the frames of a video, and under them what its instances say (M3DFEL)."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dfer_nb.data.expressions import EXPRESSIONS, NEUTRAL
from dfer_nb.errors import BadInput
from dfer_nb.viewing.evidence.instances import (
    FRAMES,
    bag_size,
    in_apex,
    measured,
    missable,
    over_place,
    several,
)
from dfer_nb.viewing.evidence.records import reported_rows
from dfer_nb.viewing.evidence.statistics import over_draws
from dfer_nb.viewing.palette import EXPRESSION_COLOURS, WIDTH, need, panels, styled
from dfer_nb.viewing.pictures.pointing import APEX


@styled()
def along(frames: np.ndarray, bags: Mapping[str, pd.Series], title: str = "") -> Figure:
    """What each instance of a video says alone, for several networks (M3DFEL, Fig. 3 and 4).

    frames: (16, H, W, 3) uint8, the frames that the networks saw. bags: network -> the clip's row of its record. A
    block is an instance, under its frames, in the colour of what it says; the apex is marked over the frames where it
    is known. At the right: the bag's answer, with its probability. Raises BadInput for other frames, for no network,
    and for a record without probabilities.
    """
    if not bags:
        raise BadInput("there is no network to show", "along(frames, bags)", "give at least one row of a record")
    figure, axes, y = _strip(frames, next(iter(bags.values())), title, lines=len(bags))
    for row, (name, bag) in enumerate(bags.items()):
        _bag_line(axes, name, bag, y + LINE * row)
    return figure


@styled()
def inside(frames: np.ndarray, row: pd.Series, title: str = "") -> Figure:
    """One bag: its instances, and of each of them support, attention and gate, as bars with their numbers.

    frames and row as in `along`. A dotted line: what every instance would have if all were alike (attention), a gate
    half open, no support. Raises BadInput for other frames.
    """
    shown = {name: values[0] for name, values in measured(row.to_frame().T.dropna(axis=1)).items()}
    figure, axes, y = _strip(frames, row, title, lines=1 + 1.5 * len(shown))
    _bag_line(axes, "says alone", row, y)
    for k, (name, values) in enumerate(shown.items()):
        rest = {"attention": 1 / len(values), "gate": 0.5, "support": 0}[name]
        _bar_line(axes, name, values, rest, y + LINE * (1 + 1.5 * k), 1.5 * LINE - 0.1)
    return figure


LINE, CELL, ANSWER = 0.36, 0.305, 1.1  # inches: a network's line, a frame, the room for the answer
LEFT, RIGHT = WIDTH - FRAMES * CELL - ANSWER, WIDTH - ANSWER


def _strip(frames: np.ndarray, row: pd.Series, title: str, lines: float):
    """A figure with the 16 frames of a video, the apex over them and room for so many lines below; where that begins.

    Its axes are in inches, from the upper left corner.
    """
    frames = np.asarray(frames)
    if frames.ndim != 4 or len(frames) != FRAMES or frames.dtype != np.uint8:
        raise BadInput(f"frames are {frames.dtype} {frames.shape}", "the frames of a bag",
                       f"give {FRAMES} uint8 frames, (16, H, W, 3), as the networks saw them")
    top = 0.3 * bool(title) + 0.12
    height = top + CELL + LINE * lines + 0.05
    figure, axes = panels(height=height)
    figure.set_layout_engine("none")
    axes.set_position((0, 0, 1, 1))
    axes.axis("off")
    for k, frame in enumerate(frames):
        axes.imshow(frame, extent=(LEFT + k * CELL + 0.01, LEFT + (k + 1) * CELL - 0.01, top + CELL, top),
                    interpolation="antialiased", aspect="auto")
    axes.set(xlim=(0, WIDTH), ylim=(height, 0))
    axes.text(0.02, 0.15, title, fontsize=9.5, va="center")
    _mark_apex(axes, row, top)
    return figure, axes, top + CELL + 0.05


def _mark_apex(axes, row: pd.Series, top: float) -> None:
    if pd.isna(row.get("apex_start")) or row["true_label"] == NEUTRAL:
        return
    touched = np.flatnonzero(in_apex(row.to_frame().T, FRAMES)[0])
    for k in touched:
        axes.fill_between([LEFT + k * CELL, LEFT + (k + 1) * CELL], top - 0.07, top - 0.01, color=APEX, linewidth=0)
    if len(touched):
        axes.text(RIGHT + 0.06, top - 0.04, "▬ apex", color="#8A6500", fontsize=8, va="center")


def _bag_line(axes, name: str, row: pd.Series, y: float) -> None:
    """One network: its name, a block an instance, and the bag's answer."""
    size, height = bag_size(row.dropna().index), LINE - 0.05
    width = FRAMES * CELL / size
    axes.text(LEFT - 0.06, y + height / 2, name, ha="right", va="center", fontsize=8)
    for n in range(size):
        said = EXPRESSIONS[int(row[f"i{n}"] if size > 1 else row["prediction"])]
        x = LEFT + n * width
        axes.fill_between([x + 0.015, x + width - 0.015], y, y + height, color=EXPRESSION_COLOURS[said], linewidth=0)
        axes.text(x + width / 2, y + height / 2, said if width > 0.7 else said[:2], ha="center", va="center",
                  fontsize=8 if width > 0.7 else 7, color="#222222" if said in _LIGHT else "white", weight="bold")
    need(row.to_frame().T, "p0", "p6")
    answer = int(row["prediction"])
    mark = "✓" if answer == row["label"] else "✗"
    axes.text(RIGHT + 0.06, y + height / 2, f"{mark} {EXPRESSIONS[answer]} {row[f'p{answer}']:.2f}", va="center",
              fontsize=8)


def _bar_line(axes, name: str, values: np.ndarray, rest: float, y: float, height: float) -> None:
    """A bar an instance, upwards from zero or downwards, with its number; a dotted line at `rest`."""
    low, high = min(values.min(), 0.0), max(values.max(), rest)
    scale, width = (height - 0.14) / max(high - low, 1e-9), FRAMES * CELL / len(values)
    zero = y + height + low * scale
    axes.text(LEFT - 0.06, y + height / 2, name, ha="right", va="center", fontsize=8)
    for n, value in enumerate(values):
        middle = LEFT + (n + 0.5) * width
        axes.fill_between([middle - 0.3 * width, middle + 0.3 * width], zero - value * scale, zero, color="#4A8DB7",
                          linewidth=0)
        axes.text(middle, zero - max(value, 0) * scale - 0.015, f"{value:.2f}", ha="center", va="bottom",
                  fontsize=8 if len(values) <= 8 else 6)
    axes.plot([LEFT, RIGHT], [zero - rest * scale] * 2, ":", color="#777777", linewidth=1)


_LIGHT = ("Happy", "Surprise", "Fear")  # colours on which dark letters read better


def clip_rows(records: Mapping[str, object], clip: str, split: str = "test") -> dict[str, pd.Series]:
    """The row of one clip in each record. Raises BadInput when a record lacks it."""
    found = {}
    for name, record in records.items():
        rows = reported_rows(record, split).set_index("clip", drop=False)
        if clip not in rows.index:
            raise BadInput(f"there is no clip {clip!r} in the split {split!r} of {name}", "clip_rows",
                           "choose one of record.clips['clip']")
        found[name] = rows.loc[clip]
    return found


def choose(record, expressions: Sequence[int], split: str = "test", longest: float = 0.5) -> list[str]:
    """A clip of each of these expressions, of good quality, whose apex is in view and fills at most `longest` of it.

    Not hard, not of low quality and without irrelevant frames; the first in the order of names, whatever any network
    says of it.
    """
    rows = missable(record, split)
    rows = rows.assign(clip=rows["clip"].str.partition(":")[2])
    calm = ~rows[["low_quality", "hard", "irrelevant"]].fillna(False).astype(bool).any(axis=1)
    share = in_apex(rows, FRAMES).mean(1)
    rows = rows[calm & (share >= 2 / FRAMES) & (share <= longest)].sort_values("clip")
    return [rows.loc[rows["true_label"] == k, "clip"].iloc[0] for k in expressions if (rows["true_label"] == k).any()]


@styled()
def profile(records, split: str = "test") -> Figure:
    """Support, attention and gate of an instance over the mean of its place, by how much of it lies in the apex.

    records: a record, or several draws of one network. Means over the instances of a draw, then over draws, with the
    95 % interval from four draws on; of clips whose apex can be missed. A panel each.
    """
    records = several(records)
    levels = {measure: pd.DataFrame(columns) for measure, columns in _levels(records, split).items()}
    figure, grid = panels(1, len(levels), height=2.7, squeeze=False)
    for axes, (name, table) in zip(grid[0], levels.items(), strict=True):
        found = {level: over_draws(row.dropna(), [records[k] for k in row.dropna().index])
                 for level, row in table.sort_index().iterrows()}
        mean, low, high = (np.array(column) for column in zip(*found.values(), strict=True))
        ends = np.nan_to_num(np.array([mean - low, high - mean]))
        axes.errorbar(list(found), mean, ends, marker="o", color="#0072B2", capsize=3)
        axes.axhline(0, color="#999999", linestyle=":", linewidth=1.2)
        axes.set(title=name, xlabel="share in the apex")
        axes.grid(axis="y")
    grid[0][0].set_ylabel("over the mean of its place")
    return figure


def _levels(records: Sequence, split: str) -> dict[str, dict[int, pd.Series]]:
    """Measure -> number of the record -> share in the apex -> mean over its instances."""
    found: dict[str, dict[int, pd.Series]] = {}
    for k, record in enumerate(records):
        rows = missable(record, split)
        level = in_apex(rows, bag_size(rows)).ravel().round(3)
        for measure, values in measured(rows).items():
            found.setdefault(measure, {})[k] = pd.Series(over_place(values).ravel()).groupby(level).mean()
    return found
