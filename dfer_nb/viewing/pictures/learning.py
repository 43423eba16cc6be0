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
    their own. records: of one setting, with `right_as_given` and its like in their epochs. Raises BadInput for none.
    """
    shown = [record for variant in variants for record in of_variant(records, variant)]
    if not shown:
        raise BadInput("there are no records of these variants", "learning_curves", "run them first")
    means = {variant: _mean(of_variant(shown, variant)) for variant in variants if of_variant(shown, variant)}
    below = {name: f"“{name.removeprefix(AS_GIVEN)}”,\nanswered as given"
             for name in shown[0].epochs if name.startswith(AS_GIVEN)}
    figure, grid = panels(2, len(PANELS), height=4.1, sharex=True)
    for axes, (name, title) in zip(grid.flat, (PANELS | below).items(), strict=False):
        for variant, mean in means.items():
            axes.plot(mean.index + 1, mean[name], color=colour_of(variant), label=variant, linewidth=1.4,
                      linestyle=LINES.get(variant, "-"))
        axes.set_title(title, fontsize=8.5)
        axes.set(ylim=(None, None) if name == "test_war" else (-3, 103))
        axes.grid(axis="y")
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    spare = grid.flat[len(PANELS | below):]
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
