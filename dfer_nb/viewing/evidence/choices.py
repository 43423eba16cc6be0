"""What a chapter's presets hold, and what was decided without the paper's word."""

from collections.abc import Mapping

import pandas as pd

from dfer_nb.viewing.page import Table

NOTE = ("In brackets the place where the paper says so; assumption: it does not, or gives an example alone; without "
        "brackets: chosen for two CPU cores.")


def values_table(presets: Mapping[str, Mapping[str, Mapping]]) -> Table:
    """Every value of some presets with its source, side by side; a row a value.

    presets: a preset's name -> its groups, name -> what has a `value` and a `source` (`presets.Value`). A dash where a
    preset does not name a value, which then is as the code has it by default.
    """
    columns = {preset: {name: _cell(value) for part in groups.values() for name, value in part.items()}
               for preset, groups in presets.items()}
    names = dict.fromkeys(name for column in columns.values() for name in column)  # in their first order
    frame = pd.DataFrame({preset: pd.Series(column, dtype=object) for preset, column in columns.items()})
    return Table(frame.reindex(list(names)), "Values of the presets " + ", ".join(columns), NOTE)


def _cell(value) -> str:
    return f"{value.value}" + (f" ({value.source})" if value.source != "laptop" else "")


def choices_table(choices: Mapping) -> Table:
    """What is decided here without the paper's word; a row a decision.

    choices: what is decided -> what has `ours`, `theirs` and `variant` (`presets.Choice`).
    """
    rows = {name: {"here": choice.ours, "the paper, and public code": choice.theirs, "variant": choice.variant or "–"}
            for name, choice in choices.items()}
    note = "Variant: the one that takes the other way, where there is one."
    return Table(pd.DataFrame.from_dict(rows, orient="index"), "Decided without the paper's word", note)
