"""What the instances of a bag say (M3DFEL), against the known apex."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.stats import binomtest

from dfer_nb.data.expressions import EXPRESSIONS, NEUTRAL
from dfer_nb.data.video import uniform
from dfer_nb.errors import BadInput
from dfer_nb.viewing.page import Table
from dfer_nb.viewing.palette import EXPRESSION_COLOURS, WIDTH, need, panels, styled
from dfer_nb.viewing.pointing import APEX, known_apex
from dfer_nb.viewing.records import reported_rows

MEASURES = {"support": "c", "attention": "a", "gate": "g"}  # and the first letter of their columns in a record
FRAMES = 16  # of a video, in every bag (M3DFEL, Sec. 4.2)


def bag_size(rows: pd.DataFrame) -> int:
    """Number of instances of the bags that a record's rows tell of; 1 for a plain network, which has no instances."""
    return max(1, sum(name[0] == "i" and name[1:].isdigit() for name in rows))


def in_apex(rows: pd.DataFrame, size: int) -> np.ndarray:
    """Which share of the frames of each instance lies inside the known apex: (clips, size), 0..1.

    rows: with the truth's `n_frames`, `apex_start` and `apex_end` (exclusive), in frames of the raw video.
    """
    need(rows, "n_frames", "apex_start", "apex_end")
    taken = np.array([uniform(int(n), FRAMES) for n in rows["n_frames"]])  # (clips, 16)
    start, end = (rows[name].to_numpy(float)[:, None] for name in ("apex_start", "apex_end"))
    return ((taken >= start) & (taken < end)).reshape(len(rows), size, -1).mean(2)


def instance_table(rows: pd.DataFrame) -> pd.DataFrame:
    """One line an instance: clip, instance (from 0), label, answer of the bag, prediction of the instance alone, apex.

    rows: test rows of a record, with its columns i0, i1, … (`m3dfel.BagTraining`). support, attention and gate are
    there where the record has them; apex, the share of the instance's frames inside the known apex, where it is known.
    Clips with an apex that nobody can miss (neutral ones) are kept. Raises BadInput for rows without instances.
    """
    size = bag_size(rows)
    need(rows, "i0", "label", "prediction")
    table = pd.DataFrame({
        "clip": rows["clip"].repeat(size).to_numpy(), "instance": np.tile(np.arange(size), len(rows)),
        "label": rows["label"].repeat(size).to_numpy(), "answer": rows["prediction"].repeat(size).to_numpy(int),
        "prediction": rows[[f"i{n}" for n in range(size)]].to_numpy(int).ravel(),
    })
    for name, letter in MEASURES.items():
        if f"{letter}0" in rows:
            table[name] = rows[[f"{letter}{n}" for n in range(size)]].to_numpy(float).ravel()
    if "apex_start" in rows and rows["apex_start"].notna().any():
        table["apex"] = in_apex(rows, size).ravel()
    return table


def missable(record, split: str = "test") -> pd.DataFrame:
    """The rows of a split whose apex is known and can be missed: neutral clips are out, and clips all of whose 16
    frames lie in the apex or none."""
    rows = known_apex(reported_rows(record, split))
    inside = in_apex(rows, FRAMES).mean(1)
    return rows[(inside > 0) & (inside < 1)].reset_index(drop=True)


def alone_table(records: Mapping[str, object], split: str = "test") -> Table:
    """Single instances in and outside the apex: how often each kind is right alone, or says Neutral. A row a record.

    records: name -> record of bags. Of clips whose apex can be missed. Intervals: as in `clustered`.
    """
    lines = {}
    for name, record in records.items():
        one = instance_table(missable(record, split))
        inside, right = one["apex"] >= 0.5, one["prediction"] == one["label"]
        outside, calm = one["apex"] == 0, one["prediction"] == NEUTRAL
        lines[name] = {"instances": f"{inside.sum()} in, {outside.sum()} outside",
                       "right alone, in the apex": _of_clips(right[inside], one["clip"]),
                       "right alone, outside": _of_clips(right[outside], one["clip"]),
                       "says Neutral, outside": _of_clips(calm[outside], one["clip"])}
    note = ("In the apex: at least half of the instance's frames; outside: none of them. Clips whose apex can be "
            "missed: neutral ones are left out. Outside the apex the face is at rest or between two expressions. The "
            "intervals are over clips.")
    return Table(pd.DataFrame.from_dict(lines, orient="index"), "Predictions of single instances, percent (95 % "
                 "interval); one run of each", note)


def clustered(values: pd.Series, clips: pd.Series) -> tuple[float, float]:
    """Mean over instances, and half of its 95 % interval, which knows that instances of a clip go together.

    values and clips (names) share an index; values may be a part. A mean of sums over clips: the variance is that of
    a ratio, by clips (linearised). NaN for half of the interval of a single clip.
    """
    parts = values.astype(float).groupby(clips[values.index]).agg(["sum", "size"])
    mean, n = parts["sum"].sum() / parts["size"].sum(), len(parts)
    spread = ((parts["sum"] - mean * parts["size"]) ** 2).sum() * n / (n - 1) if n > 1 else np.nan
    return mean, 1.96 * np.sqrt(spread) / parts["size"].sum()


def _of_clips(mask: pd.Series, clips: pd.Series) -> str:
    """A share of instances in percent, with its interval."""
    if mask.empty:
        return "–"
    mean, half = clustered(mask, clips)
    return f"{100 * mean:.0f} ({100 * max(mean - half, 0):.0f} to {100 * min(mean + half, 1):.0f})"


def _share(mask: pd.Series) -> str:
    if mask.empty:
        return "–"
    interval = binomtest(int(mask.sum()), len(mask)).proportion_ci(method="wilson")
    return f"{100 * mask.mean():.0f} ({100 * interval.low:.0f} to {100 * interval.high:.0f})"


def carrier_table(records: Mapping[str, object], split: str = "test") -> Table:
    """Which instance carries the bag: how often the one with most support, attention or gate touches the apex.

    records: name -> record of bags. Of clips whose apex can be missed and whose bag is right. Beside it, how often an
    instance drawn by lot touches it. Intervals: 95 %, Wilson.
    """
    lines = {}
    for name, record in records.items():
        rows = missable(record, split)
        rows = rows[rows["prediction"] == rows["label"]]
        touches = in_apex(rows, bag_size(rows)) > 0
        line = {"bags": str(len(rows))}
        for measure, letter in MEASURES.items():
            columns = [f"{letter}{n}" for n in range(bag_size(rows))]
            line[f"most {measure}"] = _share(pd.Series(
                touches[np.arange(len(rows)), rows[columns].to_numpy(float).argmax(1)])) if columns[0] in rows else "–"
        lines[name] = line | {"by lot": f"{100 * touches.mean():.0f}"}
    note = "Of bags that are right, on clips whose apex can be missed. A dash: this network has no such part."
    return Table(pd.DataFrame.from_dict(lines, orient="index"),
                 "The instance with the most … touches the apex, percent of the bags (95 % interval); one run of each",
                 note)


@styled()
def profile(record, split: str = "test") -> Figure:
    """Support, attention and gate of an instance, by how much of it lies in the apex; a panel each.

    Means over the instances with their 95 % interval (`clustered`). Of clips whose apex can be missed.
    """
    one = instance_table(missable(record, split))
    shown = [name for name in MEASURES if name in one]
    if not shown:
        raise BadInput("these rows have no support, attention or gate", "profile(record)",
                       "give a record of bags that was made with dfer_nb.m3dfel.BagTraining")
    figure, grid = panels(1, len(shown), height=2.7, squeeze=False)
    for axes, name in zip(grid[0], shown, strict=True):
        found = {level: clustered(part, one["clip"]) for level, part in one[name].groupby(one["apex"].round(3))}
        mean, half = zip(*found.values(), strict=True)
        axes.errorbar(list(found), mean, np.nan_to_num(half), marker="o", color="#0072B2", capsize=3)
        rest = {"attention": 1 / bag_size(record.clips), "gate": 0.5, "support": 0}[name]
        axes.axhline(rest, color="#999999", linestyle=":", linewidth=1.2)
        axes.set(title=name, xlabel="share in the apex")
        axes.grid(axis="y")
    grid[0][0].set_ylabel("mean over instances")
    return figure


@styled()
def along(frames: np.ndarray, bags: Mapping[str, pd.Series], title: str = "") -> Figure:
    """What each instance of a video says alone, for several networks (M3DFEL, Fig. 3 and 4).

    frames: (16, H, W, 3) uint8, the frames that the networks saw. bags: network -> the clip's row of its record. A
    block is an instance, under its frames, in the colour of what it says; the apex is marked over the frames where it
    is known. At the right: the bag's answer, with its probability. Raises BadInput for other frames.
    """
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
    size = bag_size(row.to_frame().T.dropna(axis=1))
    shown = {name: row[[f"{letter}{n}" for n in range(size)]].to_numpy(float)
             for name, letter in MEASURES.items() if f"{letter}0" in row and pd.notna(row[f"{letter}0"])}
    figure, axes, y = _strip(frames, row, title, lines=1 + 1.5 * len(shown))
    _bag_line(axes, "says alone", row, y)
    for k, (name, values) in enumerate(shown.items()):
        _bar_line(axes, name, values, {"attention": 1 / size, "gate": 0.5, "support": 0}[name],
                  y + LINE * (1 + 1.5 * k), 1.5 * LINE - 0.1)
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
    size, height = bag_size(row.to_frame().T.dropna(axis=1)), LINE - 0.05
    width = FRAMES * CELL / size
    axes.text(LEFT - 0.06, y + height / 2, name, ha="right", va="center", fontsize=8)
    for n in range(size):
        said = EXPRESSIONS[int(row[f"i{n}"] if size > 1 else row["prediction"])]
        x = LEFT + n * width
        axes.fill_between([x + 0.015, x + width - 0.015], y, y + height, color=EXPRESSION_COLOURS[said], linewidth=0)
        axes.text(x + width / 2, y + height / 2, said if width > 0.7 else said[:2], ha="center", va="center",
                  fontsize=8 if width > 0.7 else 7, color="#222222" if said in _LIGHT else "white", weight="bold")
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

    The first in the order of names, whatever any network says of it: nothing is picked to look good.
    """
    rows = missable(record, split)
    calm = ~rows[["low_quality", "hard", "irrelevant"]].fillna(False).astype(bool).any(axis=1)
    share = in_apex(rows, FRAMES).mean(1)
    rows = rows[calm & (share >= 2 / FRAMES) & (share <= longest)].sort_values("clip")
    return [rows.loc[rows["true_label"] == k, "clip"].iloc[0] for k in expressions if (rows["true_label"] == k).any()]
