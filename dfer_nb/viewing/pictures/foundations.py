"""Pictures of the foundations chapter: a clip in time, intervals, what choosing an epoch does, bags, noisy labels."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from dfer_nb.data.expressions import EXPRESSIONS
from dfer_nb.errors import BadInput
from dfer_nb.viewing.palette import need, panels, styled

__all__ = ["bags", "blocks", "flattery", "fold_intervals", "in_time", "memorising", "transitions"]

ONSET, APEX, OFFSET = "#F3C969", "#0072B2", "#A8CDE3"
LINES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
SLOTS = 12  # faces side by side in `in_time`


@styled()
def in_time(faces, level, apex: tuple[int, int]) -> Figure:
    """Faces of a clip over the strength of its expression, with onset, apex and offset shaded.

    faces: (T, H, W, 3) uint8, twelve of them are shown; level: (T,) from 0 to 1; apex: its first frame and the one
    after its last. Raises BadInput for another number of faces than levels.
    """
    faces, level = np.asarray(faces), np.asarray(level, float)
    if faces.ndim != 4 or len(faces) != len(level):
        raise BadInput(f"faces of shape {faces.shape} for {len(level)} levels", "in_time", "give one face a level")
    figure, (above, below) = panels(2, 1, height=2.9, height_ratios=(1, 2.2))
    shown = np.linspace(0, len(faces) - 1, min(SLOTS, len(faces))).round().astype(int)
    above.imshow(np.concatenate(list(faces[shown]), axis=1))
    above.axis("off")
    above.set_title("Frames " + ", ".join(map(str, shown)), fontsize=8)
    moving = np.flatnonzero(level > 0)
    edges = (moving[0] - 0.5, apex[0] - 0.5, apex[1] - 0.5, moving[-1] + 0.5)
    for left, right, colour, name in zip(edges, edges[1:], (ONSET, APEX, OFFSET), ("onset", "apex", "offset"),
                                         strict=False):
        below.axvspan(left, right, color=colour, alpha=0.35, linewidth=0)
        below.text((left + right) / 2, 1.04, name, ha="center", va="bottom")
    below.plot(level, color="#222222", marker="o", markersize=3)
    below.set(xlabel="frame", ylabel="strength", ylim=(-0.04, 1.2), yticks=(0, 0.5, 1), xlim=(-0.5, len(level) - 0.5))
    return figure


@styled()
def fold_intervals(folds: pd.DataFrame) -> Figure:
    """WAR of each fold with its interval, the mean of the folds as a line, and what the best epoch would have said.

    folds: a row a fold with `fold`, `WAR`, `low`, `high`, `best`.
    """
    need(folds, "fold", "WAR", "low", "high", "best")
    figure, axes = panels(height=2.7)
    mean = folds["WAR"].mean()
    axes.axhline(mean, color="#555555", linewidth=1, linestyle="--", label="mean of the reported figures")
    reach = [folds["WAR"] - folds["low"], folds["high"] - folds["WAR"]]
    axes.errorbar(folds["fold"], folds["WAR"], reach, fmt="o", color=LINES[0], capsize=4,
                  label="reported, with its 95 % interval")
    axes.plot(folds["fold"] + 0.12, folds["best"], "o", markerfacecolor="none", color=LINES[1],
              label="best epoch on test, not reported")
    axes.set(xlabel="fold", ylabel="WAR, %", xlim=(0.5, folds["fold"].max() + 0.5), xticks=folds["fold"])
    axes.grid(axis="y")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


@styled()
def flattery(table: pd.DataFrame) -> Figure:
    """How much the best of several epochs flatters when no epoch is better than another.

    table: rows are numbers of epochs, columns numbers of test clips, cells points.
    """
    need(table)
    figure, axes = panels(height=3.0)
    for (clips, values), colour in zip(table.items(), LINES, strict=False):
        axes.plot(table.index, values, marker="o", markersize=4, color=colour)
        axes.annotate(f"{clips} test clips", (table.index[-1], values.iloc[-1]), xytext=(8, 0), va="center",
                      textcoords="offset points", color=colour)
    axes.set_xscale("log")
    axes.set_xticks(table.index, [str(n) for n in table.index])
    axes.minorticks_off()
    axes.set(xlabel="epochs to choose from", ylabel="points too many", ylim=(0, None),
             title="Best epoch minus the truth, all epochs equally good", xlim=(0.9, table.index[-1] * 3.2))
    axes.grid(axis="y")
    return figure


@styled()
def blocks(parts: Mapping[str, pd.DataFrame]) -> Figure:
    """Scores over draws, a line a variant, all on one scale. parts: title -> rows are variants, columns draws."""
    for table in parts.values():
        need(table)
    figure, grid = panels(1, len(parts), height=2.7, squeeze=False, sharey=True)
    for axes, (title, table) in zip(grid[0], parts.items(), strict=True):
        for (name, values), colour, mark in zip(table.iterrows(), LINES, "os^D", strict=False):
            axes.plot(range(len(values)), values, marker=mark, markersize=5, color=colour, label=name)
        names = [str(name).removeprefix("draw ") for name in table]
        axes.set_xticks(range(len(names)), names)
        axes.set(title=title, xlabel="draw", xlim=(-0.3, len(names) - 0.7))
        axes.grid(axis="y")
    grid[0][0].set_ylabel("WAR, %")
    grid[0][-1].legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


@styled()
def bags(table: pd.DataFrame, theory: pd.Series) -> Figure:
    """Accuracy of each pooling against the size of the bag, and what theory says of the mean.

    table: rows are bag sizes, columns poolings, cells percent; theory: bag size -> percent.
    """
    need(table)
    figure, axes = panels(height=3.0)
    axes.plot(theory.index, theory, color="#8C8C8C", linewidth=4, alpha=0.5, label="mean, by theory")
    for (name, values), colour, mark in zip(table.items(), LINES, "os^", strict=False):
        axes.plot(table.index, values, marker=mark, color=colour, label=name)
    axes.axhline(50, color="#555555", linestyle=":", linewidth=1, label="by lot")
    axes.set_xscale("log", base=2)
    axes.set_xticks(table.index, [str(n) for n in table.index])
    axes.set(xlabel="instances in the bag, one of which carries the expression", ylabel="bags recognised, %",
             ylim=(45, 101))
    axes.grid(axis="y")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), title="pooling")
    return figure


@styled()
def transitions(parts: Mapping[str, np.ndarray]) -> Figure:
    """Matrices of label noise side by side: of each true expression (row), the percent that is given another name.

    parts: name -> (7, 7) in percent of the row's clips; the diagonal is left empty.
    """
    if not parts or any(np.shape(matrix) != (7, 7) for matrix in parts.values()):
        raise BadInput("a transition matrix is 7 x 7", "transitions", "give name -> (7, 7), in percent")
    figure, grid = panels(1, len(parts), height=3.1, squeeze=False, sharey=True)
    top = max(float(np.max(matrix)) for matrix in parts.values())
    for axes, (name, matrix) in zip(grid[0], parts.items(), strict=True):
        axes.imshow(matrix, vmin=0, vmax=max(top, 1))
        for (row, column), value in np.ndenumerate(matrix):
            if row == column:
                axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, color="#E6E6E6"))
            elif value >= 0.5:
                axes.text(column, row, f"{value:.0f}", ha="center", va="center", fontsize=7.5,
                          color="white" if value > 0.55 * top else "#222222")
        axes.set_xticks(range(7), EXPRESSIONS, rotation=90)
        axes.set(title=name, xlabel="given label")
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
    grid[0][0].set_yticks(range(7), EXPRESSIONS)
    grid[0][0].set_ylabel("true label (cells: % of its clips)")
    return figure


@styled()
def memorising(log: pd.DataFrame, losses: Mapping[str, tuple[Sequence[float], Sequence[bool]]]) -> Figure:
    """Left: what a network has learnt, epoch by epoch. Right of it: the training losses at two moments.

    log: rows are epochs from 1, columns curves in percent; losses: title -> (loss of each clip, whether it is wrong).
    """
    need(log)
    figure, (left, *others) = panels(1, 1 + len(losses), height=3.1, width_ratios=(1.7, *[1] * len(losses)))
    for (name, values), colour, line in zip(log.items(), LINES, ("-", "-", "--", "-."), strict=False):
        left.plot(log.index, values, line, color=colour, label=name)
    left.set(xlabel="epoch", ylabel="%", ylim=(0, 101), title="What is learnt")
    left.grid(axis="y")
    left.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2, fontsize=7.5)
    for axes, (title, (loss, wrong)) in zip(others, losses.items(), strict=True):
        loss, wrong = np.asarray(loss, float), np.asarray(wrong, bool)
        bins = np.linspace(0, np.quantile(loss, 0.99), 18)
        axes.hist([np.minimum(loss[~wrong], bins[-1]), np.minimum(loss[wrong], bins[-1])], bins, stacked=True,
                  color=["#8C8C8C", "#D55E00"], label=["right label", "wrong label"])
        axes.set(title=title, xlabel="loss", ylabel="clips" if axes is others[0] else "")
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    if others:
        others[-1].legend(loc="upper right", fontsize=7.5)
    return figure
