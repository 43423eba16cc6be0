"""What networks learn of right and wrong labels, epoch by epoch."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from dfer_nb.errors import BadInput
from dfer_nb.viewing.evidence.records import of_variant, setting
from dfer_nb.viewing.palette import colour_of, panels, styled

AS_GIVEN = "wrong_as_given: "
PANELS = {"right_as_given": "right labels,\nanswered as given", "wrong_as_given": "wrong labels,\nanswered as given",
          "wrong_as_true": "wrong labels,\nanswered as is true", "test_war": "test clips,\nanswered right"}
LINES = {"clean-labels": "--", "stopped-early": ":"}  # of variants whose colour is another's, too


@styled()
def learning_curves(records: Sequence, variants: Sequence[str]) -> Figure:
    """Shares of the training and the test clips over the epochs, a line a variant, mean over draws.

    Above: rightly labelled clips answered as given, wrongly labelled ones as given and as is true, test clips answered
    right. Below: wrongly labelled clips answered as given, by how the label went wrong. The test clips have a scale of
    their own. Kinds of label that a dataset lacks have no line. records: of one setting, with `right_as_given` and its
    like in their epochs. Raises BadInput where none has them.
    """
    shown = [record for variant in variants for record in of_variant(records, variant)
             if "right_as_given" in record.epochs]
    if not shown:
        raise BadInput("no record of these variants says what was learnt of the labels", "learning_curves",
                       "run them on a dataset whose truth is known")
    means = {variant: _mean(of_variant(shown, variant)) for variant in variants if of_variant(shown, variant)}
    below = {name: f"“{name.removeprefix(AS_GIVEN)}”,\nanswered as given"
             for record in shown for name in record.epochs if name.startswith(AS_GIVEN)}
    figure, grid = panels(2, max(len(PANELS), len(below) + 1), height=4.1, sharex=True)
    places = [*grid[0, : len(PANELS)], *grid[1]]
    for axes, (name, title) in zip(places, (PANELS | below).items(), strict=False):
        for variant, mean in ((variant, mean) for variant, mean in means.items() if name in mean):
            axes.plot(mean.index + 1, mean[name], color=colour_of(variant), label=variant, linewidth=1.4,
                      linestyle=LINES.get(variant, "-"))
        axes.set_title(title, fontsize=8.5)
        axes.set(ylim=(None, None) if name == "test_war" else (-3, 103))
        axes.grid(axis="y")
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    spare = [*grid[1, len(below):], *grid[0, len(PANELS):]]
    for axes in spare:
        axes.axis("off")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    spare[0].legend(handles, labels, loc="center")
    for axes in grid[1]:
        axes.set_xlabel("epoch")
    for axes in grid[:, 0]:
        axes.set_ylabel("% of such clips")
    figure.suptitle(f"{setting(shown)}; means", x=0.01, ha="left", fontsize=9)
    return figure


def _mean(records: Sequence) -> pd.DataFrame:
    """The mean of the records' numbers, a row an epoch (from 0)."""
    return pd.concat([record.epochs.set_index("epoch") for record in records]).groupby(level="epoch").mean()
