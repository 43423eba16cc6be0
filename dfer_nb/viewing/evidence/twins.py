"""Clips that only order and pace can tell (FACSimile's kind for movement): are they told from their twins?"""

from collections.abc import Sequence

import pandas as pd

from dfer_nb.errors import BadInput
from dfer_nb.viewing.evidence import blocks, statistics
from dfer_nb.viewing.evidence.comparison import NOT_RUN, difference_cell
from dfer_nb.viewing.evidence.records import describe, key, of_variant, reported_rows, rules, setting
from dfer_nb.viewing.page import Table, number

SPLITS = ("test", "clean")  # both hold twins, half of their clips
ALL = "all twins"
NOTE = ("Twins show the same frames in another order. Of the test clips that have one, and that the network calls by "
        "their own label or by their twin's: the percentage that is called by its own. Chance is 50.")


def told(record) -> pd.Series:
    """Percent of the twins that are told apart, by the cue that tells them, and of all of them.

    Of the clips of the test fold and of the clean slice that have a twin, and that are called by their own label or
    their twin's. NaN for a cue of which no clip is called by either. Raises BadInput where no clip has a twin.
    """
    rows = pd.concat([reported_rows(record, split) for split in SPLITS], ignore_index=True)
    rows = rows[rows["motion_cue"].fillna("") != ""] if "motion_cue" in rows else rows.head(0)
    if rows.empty:
        raise BadInput("no clip has a twin", "told(record)", "give a record on facsimile-motion")
    own = rows["prediction"] == rows["label"]
    own = own[own | (rows["prediction"] == rows["twin_label"])]
    percent = 100 * own.groupby(rows["motion_cue"]).mean().reindex(sorted(rows["motion_cue"].unique()))
    return pd.concat([percent, pd.Series({ALL: 100 * own.mean()})])


def told_by_draw(records: Sequence, variants: Sequence[str]) -> dict[str, pd.DataFrame]:
    """`told` of each variant that has records: a row a cue, a column a (fold, draw), the mean over its seeds."""
    found = {}
    for variant in dict.fromkeys(variants):
        if own := of_variant(records, variant):
            places = pd.MultiIndex.from_tuples([key(record)[:2] for record in own], names=["fold", "draw"])
            runs = pd.DataFrame([told(record) for record in own]).set_index(places)
            found[variant] = runs.groupby(["fold", "draw"]).mean().T
    return found


def twin_table(records: Sequence, variants: Sequence[str], base: str) -> Table:
    """Percent of the twins that each variant tells apart, by cue, and its difference to `base` over all; a row each.

    records: of one preset, on facsimile-motion; a variant without a record says "not run". Raises BadInput for records
    of several settings, and as `told` and `statistics.contrasts` do.
    """
    shown = blocks.of(records, [*variants, base])
    if not shown:
        return Table(pd.DataFrame({ALL: NOT_RUN}, index=list(variants)), "Twins told apart; no records")
    by_draw = told_by_draw(shown, [*variants, base])
    scores = pd.DataFrame({variant: table.loc[ALL] for variant, table in by_draw.items()}).T
    found, rows = statistics.compare(scores, base) if base in by_draw else {}, {}
    for variant in variants:
        own = of_variant(shown, variant)
        means = by_draw[variant].mean(axis=1) if own else {}
        rows[variant] = {cue: number(value) for cue, value in means.items()} if own else {ALL: NOT_RUN}
        rows[variant][f"all, less {base}"] = difference_cell(found.get(variant), own, variant == base)
    frame = pd.DataFrame.from_dict(rows, orient="index").fillna(NOT_RUN)
    notes = " ".join((NOTE, *statistics.notes(found.values()), rules(shown)))
    return Table(frame, f"Twins told apart, percent; {describe(shown)}", notes,
                 {name: setting(shown).badge for name in frame})
