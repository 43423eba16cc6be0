"""The parts of NR-DFERNet, each with and without the others (Table 1)."""

from collections.abc import Iterable, Sequence

import pandas as pd

from dfer_nb.viewing.evidence.comparison import paired, per_draw
from dfer_nb.viewing.evidence.filtering import unfiltered
from dfer_nb.viewing.evidence.records import score
from dfer_nb.viewing.evidence.statistics import Effect

PAIRS = {"baseline-filter": "baseline", "token-filter": "token", "fusion-filter": "fusion",
         "nr_dfernet": "without-filter"}
"""Table 1's rows with the filter -> the same training without it."""
SWITCHES = {"baseline": "", "baseline-filter": "SF", "token": "DCT", "token-filter": "DCT SF", "fusion": "DSF",
            "fusion-filter": "DSF SF", "without-filter": "DSF DCT", "nr_dfernet": "DSF DCT SF"}
"""What is on in each row of Table 1, a to h: dynamic-static fusion, dynamic class token, snippet-based filter."""


def components(records: Iterable) -> list:
    """The records of Table 1's rows, two of each of its four trainings: with its filter, and without."""
    own = [record for record in records if record.config["variant"] in PAIRS]
    return [view for record in own for view in (record, unfiltered(record, PAIRS[record.config["variant"]]))]


def switched(records: Sequence, split: str = "test", metric: str = "WAR") -> dict[str, Effect | None]:
    """What each part of NR-DFERNet adds, in points, whichever of the others are there: part -> effect (Table 1).

    records: of `components`. In each draw the mean of the four rows with the part less that of the four without it;
    over draws Student's interval, all three at once (Bonferroni); None where no draw has all
    rows. Raises BadInput as `comparison.per_draw` does.
    """
    of = {row: per_draw(records, row, lambda record: score(record, split, metric)) for row in SWITCHES}
    scores = pd.DataFrame(of).dropna()

    def mean(part: str, there: bool) -> pd.Series:
        return scores[[row for row, on in SWITCHES.items() if (part in on.split()) == there]].mean(axis=1)

    parts = ("DSF", "DCT", "SF")
    return {part: paired(mean(part, True), mean(part, False), len(parts)) if len(scores) else None for part in parts}
