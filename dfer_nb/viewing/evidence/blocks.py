"""The scores of a table of variants: a row a variant, a column a draw of the data, which is a block of the design."""

from collections.abc import Iterable, Sequence

import pandas as pd

from dfer_nb.errors import BadInput
from dfer_nb.viewing.evidence.records import key, of_variant, reported_rows, score, setting

FEWEST = 4  # draws from which on a table gives a verdict
KEPT_OUT = (20, 21)  # draws that no table rests on: what the tables say is held against them


def apart(records: Iterable) -> tuple[list, list]:
    """The records on the draws of a sweep, and those on the draws that were kept out."""
    records = list(records)
    return tuple([r for r in records if (r.config["draw"] in KEPT_OUT) is out] for out in (False, True))


def of(records: Iterable, variants: Iterable[str]) -> list:
    """The records of these variants, in their order, a variant once."""
    records = list(records)
    return [record for variant in dict.fromkeys(variants) for record in of_variant(records, variant)]


def scores(records: Sequence, variants: Sequence[str], split: str = "test", metric: str = "WAR") -> pd.DataFrame:
    """A metric in percent: a row a variant that has records, a column a (fold, draw); NaN where one was not run.

    A run has its own draw, and its seed goes with it. Where a draw has several seeds, as in older records, their mean
    is the draw's value: two seeds on one draw are not two draws. From four shared draws on, all must have as many.

    Raises BadInput for records of several settings, two records of one run, seeds that differ between the variants of
    a draw or in number between draws, test clips or labels that differ within a draw, and as `records.score` does.
    """
    shown = of(records, variants)
    if not shown:
        return pd.DataFrame()
    setting(shown)
    _check_clips(shown, split)
    values = [score(record, split, metric) for record in shown]
    places = [(record.config["variant"], *key(record)) for record in shown]
    runs = pd.Series(values, pd.MultiIndex.from_tuples(places, names=["variant", "fold", "draw", "seed"]))
    if runs.isna().any():
        raise BadInput(f"there are no clips of {metric} in split {split!r}", "record.summary", "use another metric")
    table = runs.groupby(["variant", "fold", "draw"]).mean().unstack(["fold", "draw"]).sort_index(axis=1)
    shared = table.columns[table.notna().sum() > 1]
    if len(shared) >= FEWEST:
        _check_seeds(runs[runs.index.droplevel(["variant", "seed"]).isin(shared)])
    return table.loc[list(dict.fromkeys(runs.index.get_level_values("variant")))]


def _check_seeds(runs: pd.Series) -> None:
    """Without this, a value that is a mean of three would vary less than one that is a single run."""
    seeds = pd.Series(runs.index.get_level_values("seed"), runs.index.droplevel("seed"))
    seeds = seeds.groupby(["fold", "draw", "variant"]).agg(tuple)
    for (fold, draw), of_draw in seeds.groupby(["fold", "draw"]):
        if of_draw.nunique() > 1:
            kinds = "; ".join(f"{', '.join(of_draw[of_draw == kind].index.get_level_values('variant'))}: "
                              f"{', '.join(map(str, kind))}" for kind in of_draw.unique())
            raise BadInput("the variants of a draw have different seeds", f"fold {fold}, draw {draw}; {kinds}",
                           "give every variant the same seeds on a draw: run the missing ones, or leave the others out")
    if seeds.map(len).nunique() > 1:
        raise BadInput("some draws have more seeds than others", f"numbers of seeds: {sorted(set(seeds.map(len)))}",
                       "give every draw as many seeds, best one: leave the further seeds out, or run more draws")


def _check_clips(records: Sequence, split: str) -> None:
    """Runs of one draw are compared on the same clips with the same labels."""
    first: dict[tuple, pd.Series] = {}
    for record in records:
        rows = reported_rows(record, split, truth=False)
        label = rows.set_index("clip")["label"].sort_index()
        known = first.setdefault(key(record)[:2], label)
        what = "clips" if not label.index.equals(known.index) else "labels" if (label != known).any() else ""
        if what:
            fold, draw, _ = key(record)
            raise BadInput(f"the test {what} of two runs differ", f"fold {fold}, draw {draw}",
                           "run both again on the same data: a draw is compared with itself")
