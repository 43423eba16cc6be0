"""Figures of run records. Each function returns a matplotlib Figure; `show` puts it on the page."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from scipy.stats import binomtest

from dfer_nb.data.expressions import EXPRESSIONS
from dfer_nb.training import metrics
from dfer_nb.viewing.evidence.pointing import resampled_positions
from dfer_nb.viewing.page import show
from dfer_nb.viewing.palette import (
    AGREEMENT_COLOURS,
    HALO,
    TRUTH_COLOURS,
    has_truth,
    need,
    panels,
    styled,
    troubles,
    truth_of,
)
from dfer_nb.viewing.pictures.effects import effects_figure
from dfer_nb.viewing.pictures.pointing import pointing
from dfer_nb.viewing.pictures.strips import contact_sheet, film_strip

__all__ = ["agreement_by_truth", "confusion", "contact_sheet", "curves", "effects_figure", "film_strip",
           "loss_by_agreement", "pointing", "resampled_positions", "show"]


@styled()
def confusion(clips: pd.DataFrame, title: str = "Recall of each expression, and counts",
              classes: Sequence[str] = EXPRESSIONS) -> Figure:
    """Confusion matrix: the share of each true expression (row) that is given each name (column), and counts.

    clips: rows with `label` and `prediction`, 0-based; classes: `record.classes`.
    """
    need(clips, "label", "prediction")
    counts = metrics.confusion(clips["label"], clips["prediction"], classes)
    total = counts.sum(1, keepdims=True)
    percent = 100 * np.divide(counts, total, out=np.zeros(counts.shape), where=total > 0)
    many = len(classes) > len(EXPRESSIONS)
    figure, axes = panels(height=6.4 if many else 4.2)
    image = axes.imshow(percent, vmin=0, vmax=100, aspect="auto")
    for (row, column), value in np.ndenumerate(counts):
        text = f"{percent[row, column]:.0f} %\n{value}" if value else "·"
        axes.text(column, row, text, ha="center", va="center", fontsize=6 if many else 7.5, linespacing=1.1,
                  color="white" if percent[row, column] > 55 else "#222222")
    axes.set_xticks(range(len(classes)), classes, rotation=90 if many else 0)
    axes.set_yticks(range(len(classes)), [f"{name} ({n})" for name, n in zip(classes, total[:, 0], strict=True)])
    axes.set(xlabel="predicted as", ylabel="true expression (clips)", title=title)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    figure.colorbar(image, ax=axes, label="share of the row, %", pad=0.02).outline.set_visible(False)
    return figure


@styled()
def curves(epochs: pd.DataFrame, reported: int = 0) -> Figure:
    """Loss, WAR and UAR of every epoch. One is reported; the best on the test clips is only pointed out.

    epochs: the record's table with `epoch` (from 0), `loss`, `train_war`, `test_war`, `test_uar`, in percent, perhaps
    `held_out_war`. reported: the epoch that the record reports, `record.summary["reported"]["epoch"]`; 0: the last.
    """
    need(epochs, "epoch", "loss", "train_war", "test_war", "test_uar")
    figure, (left, right) = panels(1, 2, height=3.7, width_ratios=(1, 1.6))
    epoch, test = (epochs["epoch"] + 1).to_numpy(), epochs["test_war"].to_numpy()
    left.plot(epoch, epochs["loss"], color="#555555", marker="o", markersize=3)
    left.set(title="Training loss (mean over clips)", xlabel="epoch", ylim=(0, None))
    right.plot(epoch, epochs["train_war"], ":", color="#8C8C8C", label="WAR, training clips (given labels)")
    if "held_out_war" in epochs and epochs["held_out_war"].notna().any():
        right.plot(epoch, epochs["held_out_war"], "-.", color="#CC79A7", label="WAR, held-out training clips")
    right.plot(epoch, test, color="#0072B2", label="WAR, test clips")
    right.plot(epoch, epochs["test_uar"], "--", color="#009E73", label="UAR, test clips")
    row, name = (reported - 1, f"epoch {reported}") if reported else (-1, "last epoch")
    right.plot(epoch[row], test[row], "o", color="#0072B2", markersize=8,
               label=f"{name}: {test[row]:.1f}, the reported one")
    best = int(test.argmax())
    right.plot(epoch[best], test[best], "o", markerfacecolor="none", markeredgecolor="#D55E00", markersize=12,
               label=f"best on test: {test[best]:.1f}, not reported (the test labels chose it)")
    right.set(title="WAR and UAR, %", xlabel="epoch", ylim=(None, 100))
    figure.legend(loc="outside lower right", ncols=2)
    for axes in (left, right):
        axes.grid(axis="y")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def _kinds(clips: pd.DataFrame) -> dict[str, pd.Series]:
    """Named groups of clips, as masks. With a truth: clips without any trouble, and those with one and no other."""
    if has_truth(clips):
        flags = pd.DataFrame(troubles(clips))
        number = flags.sum(axis=1)
        return {"no trouble": number == 0} | {f"{name} alone": flags[name] & (number == 1) for name in flags}
    right = clips["label"] == clips["prediction"]
    return {"predicted as\nlabelled": right, "predicted\notherwise": ~right}


@styled()
def agreement_by_truth(clips: pd.DataFrame) -> Figure:
    """How far sub-clips agree, for clips without a trouble and for those that have a single one (cf. RDFER, Table V).

    clips: rows with `agreement` in 0..1, `label`, `prediction`, and the truth's columns; clips with several troubles
    are left out. Without a truth the two groups are clips predicted as labelled, and otherwise. Whiskers: 95 % Wilson
    intervals.
    """
    need(clips, "agreement", "label", "prediction")
    level = clips["agreement"].astype(float).round(3)
    kinds = {name: mask for name, mask in _kinds(clips).items() if mask.any()}
    levels = sorted(level[pd.concat(kinds, axis=1).any(axis=1)].unique(), reverse=True)
    colours = {value: AGREEMENT_COLOURS[min(k, 5)] for k, value in enumerate(levels)}
    figure, axes = panels(height=1.0 + 0.42 * len(kinds))
    for row, mask in enumerate(kinds.values()):
        _stack(axes, row, {value: int((mask & (level == value)).sum()) for value in levels}, colours)
    axes.set_yticks(range(len(kinds)), [f"{name}\n({mask.sum()} clips)" for name, mask in kinds.items()])
    axes.set(xlim=(0, 100), title="How many sub-clips agree",
             xlabel="share of the clips, %  (whisker: 95 % interval of the share with full agreement)")
    axes.invert_yaxis()
    axes.legend(handles=[Patch(color=colour, label=f"{value:.3g}") for value, colour in colours.items()],
                title="agreement", loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def _stack(axes, row: int, counts: dict[float, int], colours: dict[float, str]) -> None:
    """One bar of 100 %, cut by agreement, its counts on it, and the interval of its first part under them."""
    n, start = sum(counts.values()), 0.0
    for value, count in counts.items():
        share = 100 * count / n
        axes.barh(row, share, left=start, color=colours[value], edgecolor="white", height=0.66)
        if share > 3.5:
            ink = "#222222" if colours[value] in AGREEMENT_COLOURS[2:4] else "white"
            axes.text(start + share / 2, row - 0.12, count, ha="center", va="center", fontsize=8, color=ink)
        start += share
    interval = binomtest(next(iter(counts.values())), n).proportion_ci(method="wilson")
    axes.plot([100 * interval.low, 100 * interval.high], [row + 0.2] * 2, color="black", linewidth=1.4,
              marker="|", markersize=6, path_effects=HALO)


@styled()
def loss_by_agreement(clips: pd.DataFrame, fewest: int = 20) -> Figure:
    """Histograms of the loss, one panel an agreement, stacked by what the truth says of the clips.

    Every panel adds up to 100 %, so that panels of many and of few clips can be compared. clips: rows with `agreement`,
    `loss`, and the truth's flags where known. A clip with two troubles stands under the first of wrong label, low
    quality, hard. Agreements of fewer than `fewest` clips share a panel with the next higher one.
    """
    need(clips, "agreement", "loss")
    word = truth_of(clips) if has_truth(clips) else pd.Series("clean", index=clips.index)
    names = [name for name in TRUTH_COLOURS if (word == name).any()]
    parts = _by_agreement(clips["agreement"].astype(float).round(3), fewest)
    figure, grid = panels(1, len(parts), height=2.9, sharex=True, sharey=True, squeeze=False)
    bins = np.linspace(0, max(float(clips["loss"].quantile(0.995)), 0.1), 19)
    for axes, (title, rows) in zip(grid[0], parts.items(), strict=True):
        losses = [clips["loss"][rows & (word == name)].clip(upper=bins[-1]) for name in names]
        axes.hist(losses, bins, stacked=True, color=[TRUTH_COLOURS[name] for name in names],
                  weights=[np.full(len(part), 100 / rows.sum()) for part in losses])
        axes.set(title=f"{title}\n{rows.sum()} clips", xlabel="loss")
    grid[0][0].set_ylabel("share of the panel's clips, %")
    if has_truth(clips):
        handles = [Patch(color=TRUTH_COLOURS[name], label=name) for name in names]
        figure.legend(handles=handles, loc="outside upper center", ncols=4)
    return figure


def _by_agreement(level: pd.Series, fewest: int) -> dict[str, pd.Series]:
    """Titles of panels -> which clips, from full agreement downwards."""
    parts, rest = {}, pd.Series(True, index=level.index)
    for value in sorted(level.unique(), reverse=True):
        below = rest & (level < value)
        if 0 < below.sum() < fewest:
            return parts | {f"agreement {value:.3g} or less": rest}
        parts[f"agreement {value:.3g}"], rest = rest & (level == value), below
    return parts
