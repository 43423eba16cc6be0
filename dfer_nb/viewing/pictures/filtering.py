"""What a snippet-based filter changes, in pictures (NR-DFERNet)."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from dfer_nb.data.expressions import EXPRESSIONS
from dfer_nb.errors import BadInput
from dfer_nb.training import metrics
from dfer_nb.viewing.evidence.filtering import OWN
from dfer_nb.viewing.evidence.records import of_variant, reported_rows, setting
from dfer_nb.viewing.palette import need, panels, styled

WITH, WITHOUT = "#0072B2", "#6E6E6E"
NEUTRAL_SLICES = {"neutral50": 50, "neutral75": 75, "neutral90": 90, "neutral97": 97}  # percent of neutral frames


@styled()
def gain_over_epochs(records: Sequence, variant: str) -> Figure:
    """WAR of the test clips with and without the filter over the epochs, and the gain of each draw (Figure 4).

    records: of one setting. Thick: the mean over draws. Raises BadInput where there is no run of the variant.
    """
    own = of_variant(records, variant)
    if not own:
        raise BadInput(f"there are no records of {variant}", "gain_over_epochs", "run them first")
    both, alone = (pd.concat([record.epochs.set_index("epoch")[name] for record in own], axis=1)
                   for name in ("test_war", f"test_war_{OWN}"))
    figure, (left, right) = panels(1, 2, height=3.0)
    for table, colour, label in ((alone, WITHOUT, "without filter"), (both, WITH, "with filter")):
        left.plot(table.index + 1, table.mean(axis=1), color=colour, label=label, marker="o", markersize=3)
    left.set(title="WAR of the test clips, %", xlabel="epoch")
    left.legend(loc="lower right")
    gains = both.to_numpy() - alone.to_numpy()
    right.axhline(0, color="#555555", linewidth=1)
    right.plot(both.index + 1, gains, color=WITH, alpha=0.35, linewidth=1)
    right.plot(both.index + 1, gains.mean(axis=1), color=WITH, linewidth=2.4, marker="o", markersize=3)
    right.set(title="gain by the filter, points (thin: a draw)", xlabel="epoch")
    for axes in (left, right):
        axes.grid(axis="y")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    figure.suptitle(f"{setting(own)}", x=0.01, ha="left", fontsize=9)
    return figure


@styled()
def along_neutral_shares(records: Mapping[str, Sequence]) -> Figure:
    """WAR of the same clips with more and more neutral frames, with and without the filter; a panel a title.

    records: title -> runs of one variant. No clip of these slices is Neutral. Thin: a draw. Raises BadInput for none.
    """
    shown = {title: runs for title, runs in records.items() if runs}
    if not shown:
        raise BadInput("there are no records", "along_neutral_shares", "run them first")
    figure, grid = panels(1, len(shown), height=3.1, sharey=True, squeeze=False)
    shares = list(NEUTRAL_SLICES.values())
    for axes, (title, runs) in zip(grid[0], shown.items(), strict=True):
        for name, colour, label in ((OWN, WITHOUT, "without filter"), ("prediction", WITH, "with filter")):
            wars = np.array([[_war(record, split, name) for split in NEUTRAL_SLICES] for record in runs])
            axes.plot(shares, wars.T, color=colour, alpha=0.3, linewidth=0.9)
            axes.plot(shares, wars.mean(axis=0), color=colour, linewidth=2.2, marker="o", markersize=4, label=label)
        axes.set(title=title, xlabel="neutral frames, %", xticks=shares)
        axes.grid(axis="y")
    grid[0][0].set_ylabel("WAR, %")
    grid[0][0].legend(loc="lower left")
    return figure


def _war(record, split: str, name: str) -> float:
    rows = reported_rows(record, split, truth=False)
    return metrics.war(rows["label"], rows[name])


@styled()
def confusions(clips: pd.DataFrame) -> Figure:
    """Two confusion matrices side by side, counts: without the filter, and with what it moves marked.

    clips: rows with `label`, `prediction` and `unfiltered`. On the right, cells that the filter changes are framed and
    say by how much.
    """
    need(clips, "label", "prediction", OWN)
    before, after = (metrics.confusion(clips["label"], clips[name]) for name in (OWN, "prediction"))
    figure, grid = panels(1, 2, height=3.5, sharey=True)
    names = [name[:4] for name in EXPRESSIONS]
    for axes, counts, title in zip(grid, (before, after), ("without filter", "with filter"), strict=True):
        share = counts / np.maximum(counts.sum(1, keepdims=True), 1)
        axes.imshow(share, vmin=0, vmax=1, aspect="auto")
        for (row, column), value in np.ndenumerate(counts):
            moved = int(value - before[row, column])
            text = f"{value}" + (f"\n{moved:+d}" if moved else "")
            axes.text(column, row, text if value or moved else "·", ha="center", va="center", fontsize=7,
                      linespacing=0.95, color="white" if share[row, column] > 0.55 else "#222222",
                      fontweight="bold" if moved else "normal")
        axes.set_xticks(range(7), names)
        axes.set(title=title, xlabel="predicted as")
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
    grid[0].set_yticks(range(7), names)
    grid[0].set_ylabel("true expression")
    return figure
