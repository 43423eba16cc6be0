"""The parts of NR-DFERNet, each with and without the others (Table 1)."""

from collections.abc import Iterable, Sequence

import pandas as pd

from dfer_nb.viewing.evidence.comparison import paired, per_draw
from dfer_nb.viewing.evidence.filtering import unfiltered
from dfer_nb.viewing.evidence.records import score
from dfer_nb.viewing.evidence.statistics import Effect

TRAININGS = ("baseline-filter", "token-filter", "fusion-filter", "nr_dfernet")  # of Table 1, two rows each
PARTS = {"DSF": lambda config: config["model"]["branches"] == "both",
         "DCT": lambda config: config["model"]["token"] == "dynamic", "SF": lambda config: config["method"]["filtered"]}
"""Dynamic-static fusion, dynamic class token and snippet-based filter -> whether a configuration has them."""


def components(records: Iterable) -> list:
    """The records of Table 1's rows, two of each of its four trainings: with its filter, and without.

    The latter have the names that the presets give such runs: "token" for "token-filter", and "without-filter".
    """
    own = [record for record in records if record.config["variant"] in TRAININGS]
    return [view for record in own for view in (record, unfiltered(record, _alone(record.config["variant"])))]


def _alone(training: str) -> str:
    return training.removesuffix("-filter") if training.endswith("-filter") else "without-filter"


def switched(records: Sequence, split: str = "test", metric: str = "WAR") -> dict[str, Effect | None]:
    """What each part of NR-DFERNet adds, in points, whichever of the others are there: part -> effect (Table 1).

    records: of `components`. In each draw the mean of the four rows with the part less that of the four without it;
    over draws Student's interval, all three at once (Bonferroni); None where no draw has all rows. Raises BadInput as
    `comparison.per_draw` does.
    """
    rows = dict.fromkeys(name for training in TRAININGS for name in (training, _alone(training)))
    of = {row: per_draw(records, row, lambda record: score(record, split, metric)) for row in rows}
    scores, found = pd.DataFrame(of).dropna(), dict.fromkeys(PARTS)
    configs = {record.config["variant"]: record.config for record in records}
    for part, has in PARTS.items() if len(scores) else ():
        there = {row: has(configs[row]) for row in rows}
        sides = [scores[[row for row in rows if there[row] is on]].mean(axis=1) for on in (True, False)]
        found[part] = paired(*sides, len(PARTS))
    return found
