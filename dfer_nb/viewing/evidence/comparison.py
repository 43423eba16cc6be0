"""Variants side by side, from the records of several draws."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.stats import t

from dfer_nb.errors import BadInput
from dfer_nb.viewing.evidence import blocks, statistics
from dfer_nb.viewing.evidence.pointing import hits, known_apex
from dfer_nb.viewing.evidence.records import (
    describe,
    key,
    mean,
    of_variant,
    reported_rows,
    rules,
    runs,
    score,
    setting,
)
from dfer_nb.viewing.evidence.statistics import Effect
from dfer_nb.viewing.page import Table, number

NOT_RUN = "not run"
PAIRED = ("Differences are points, taken on the same draws. In brackets stands the 95 % interval, or, where it covers "
          "zero, the true difference that would be seen four times in five. All intervals of a column hold at once in "
          "95 of 100 such tables (Bonferroni).")


def effects(records: Sequence, variants: Sequence[str], base: str = "plain", splits: Sequence[str] = ("test", "clean"),
            metric: str = "WAR") -> Table:
    """A metric of each variant, and its difference to `base` with its interval, on each split; a row a variant.

    records: of one dataset, preset and number of epochs; what has no record says "not run". metric: "WAR", "UAR" or an
    expression, for its recall. Raises BadInput for records of several settings, and as `statistics.against` does.
    """
    shown = blocks.of(records, [*variants, base])
    found, rows = statistics.against(shown, variants, base, splits, metric), {}
    for variant in variants:
        own = of_variant(shown, variant)
        rows[variant] = {"runs": runs(own) if own else NOT_RUN}
        for split in splits:
            name, effect = split.replace("_", " "), found[variant][split]
            rows[variant][f"{metric}, {name}"] = number(mean(own, split, metric)) if own else NOT_RUN
            rows[variant][f"difference to {base}, {name}"] = difference_cell(effect, own, variant == base)
    frame = pd.DataFrame.from_dict(rows, orient="index")
    badge = setting(shown).badge if shown else NOT_RUN
    uneven = f"A variant with other draws than {base} is compared on those that both have."
    notes = (*statistics.notes(e for row in found.values() for e in row.values()),
             uneven if len(set(frame["runs"]) - {NOT_RUN}) > 1 else "", rules(shown))
    caption = f"{metric} in percent, differences in points; {describe(shown)}"
    if frame["runs"].nunique() == 1:  # the caption says it
        frame = frame.drop(columns="runs")
    return Table(frame, caption, " ".join(filter(None, notes)),
                 {name: badge for name in frame if name != "runs"})


def with_and_without(records: Sequence, pairs: Mapping[str, tuple[str, str]],
                     splits: Sequence[str] = ("test", "clean"), metric: str = "WAR") -> Table:
    """Networks alone and in a framework: a metric of both, and their difference; a row a network, all one family.

    pairs: network -> (variant alone, variant in the framework). records and errors: as `effects`.
    """
    shown, rows = blocks.of(records, [v for pair in pairs.values() for v in pair]), {}
    found = statistics.within(shown, [(within, alone) for alone, within in pairs.values()], splits, metric)
    for network, (alone, within) in pairs.items():
        sides, effect = [of_variant(shown, name) for name in (alone, within)], found[within, alone]
        rows[network] = {"runs of each": runs(sides[0]) if sides[0] else NOT_RUN}
        for split in splits:
            name = split.replace("_", " ")
            values = [number(mean(own, split, metric)) if own else NOT_RUN for own in sides]
            rows[network] |= {f"{name}: alone, in a bag": ", ".join(values),
                              f"{name}: difference": difference_cell(effect[split], sides[1], False)}
    caption = f"{metric} in percent, differences in points; {describe(shown)}"
    notes = (*statistics.notes(e for row in found.values() for e in row.values()), rules(shown))
    badge = setting(shown).badge if shown else NOT_RUN
    frame = pd.DataFrame.from_dict(rows, orient="index")
    return Table(frame, caption, " ".join(filter(None, notes)), {name: badge for name in frame.columns[1:]})


def difference_cell(effect: Effect | None, own: Sequence, is_base: bool) -> str:
    """An effect in words; a dash for the base itself; what was not run, the variant or the base."""
    if effect is not None:
        return effect.words()
    return NOT_RUN if not own else "–" if is_base else f"base {NOT_RUN}"


def foretold(records: Sequence, held_out: Sequence, variants: Sequence[str], base: str = "plain",
             splits: Sequence[str] = ("test", "clean"), metric: str = "WAR") -> pd.DataFrame:
    """`statistics.predicted` of several test sets, with a column `split`; no rows where the base was not run on both.

    records: those of the sweep; held_out: those of the kept-out draws. Raises BadInput as `statistics.predicted` does.
    """
    parts = []
    for split in splits if of_variant(held_out, base) and of_variant(records, base) else ():
        sides = [blocks.scores(part, [*variants, base], split, metric) for part in (records, held_out)]
        parts.append(statistics.predicted(*sides, base).assign(split=split))
    columns = ["variant", "draw", "difference", "low", "high", "inside", "split"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def predictions(records: Sequence, held_out: Sequence, variants: Sequence[str], base: str = "plain",
                splits: Sequence[str] = ("test", "clean"), metric: str = "WAR") -> Table:
    """Differences to `base` on draws that were kept out of the sweep, beside what its draws foretell; a row a variant.

    Where they were not run, the table says so. Arguments and errors: as `foretold`.
    """
    found = foretold(records, held_out, variants, base, splits, metric)
    if found.empty:
        return Table(pd.DataFrame({"kept-out draws": NOT_RUN}, index=list(variants)), NOT_RUN)
    rows: dict[str, dict[str, str]] = {}
    for (split, variant), own in found.groupby(["split", "variant"], sort=False):
        new = ", ".join(number(x, sign="+") + ("" if fits else " (out)")
                        for x, fits in zip(own["difference"], own["inside"], strict=True))
        low, high = own[["low", "high"]].iloc[0]
        rows.setdefault(variant, {})[split.replace("_", " ")] = f"{new}; {number(low)} to {number(high)}"
    note = ("The differences on the kept-out draws; the 95 % interval of one new draw, from the draws of the sweep. "
            "Each interval is by itself: 19 of 20 should hold, but those of one draw share a base and fail together.")
    caption = (f"{found['inside'].sum()} of {len(found)} kept-out differences to {base} lie where the sweep says; "
               f"{metric}, points; {describe(held_out)}")
    return Table(pd.DataFrame.from_dict(rows, orient="index"), caption, note)


def compare(records: Sequence, variants: Sequence[str], splits: Sequence[str] = ("test",)) -> Table:
    """WAR of the splits, UAR, and mu against the apex of the test clips, a row a variant.

    No times: runs share their machine with others, so their seconds cannot be compared (`benchmarks/` can).

    records: of one dataset, preset and number of epochs; a variant without a record says "not run". Raises BadInput
    for records of several settings.
    """

    def row(record) -> dict[str, float]:
        values = {f"WAR, {split.replace('_', ' ')}": score(record, split, "WAR") for split in splits}
        values["UAR, test"] = score(record, "test", "UAR")
        test = reported_rows(record, "test")
        if "apex_start" in test and "mu" in test and test["mu"].notna().any():
            known = known_apex(test)
            values |= {"mu in the apex": hits(known), "always the middle": hits(known, 0.5)}
        return values

    return _table(records, variants, row, "Recognition")


def per_draw(records: Sequence, variant: str, value: Callable) -> pd.Series:
    """What `value(record)` gives for the runs of a variant, by (fold, draw). Raises BadInput for two runs of a draw."""
    own = of_variant(records, variant)
    places = [key(record)[:2] for record in own]
    if len(set(places)) < len(places):
        raise BadInput(f"{variant} has several seeds on a draw", "the records", "choose one seed a draw")
    index = pd.MultiIndex.from_arrays([[place[k] for place in places] for k in (0, 1)], names=["fold", "draw"])
    return pd.Series([value(record) for record in own], index, dtype=object if not own else None)


def paired(ours: pd.Series, base: pd.Series, together: int = 1) -> Effect:
    """The mean difference of two numbers over the draws that both have, with Student's interval of these differences.

    For numbers whose spread differs from variant to variant, and which can therefore not be pooled as
    `statistics.contrasts` does. together: how many such intervals shall hold at once (Bonferroni).
    """
    gains = (ours - base).dropna().to_numpy(float)  # on the draws that both have
    n = len(gains)
    if n < blocks.FEWEST:
        return Effect(float(gains.mean()) if n else np.nan, draws=n)
    wide, error = t.ppf(1 - (1 - statistics.LEVEL) / 2 / together, n - 1), gains.std(ddof=1) / n**0.5
    smallest = error * float(statistics.noncentrality(n - 1, 1 - statistics.POWER, wide))
    middle = float(gains.mean())
    return Effect(middle, middle - wide * error, middle + wide * error, smallest, n)


def slopes(rungs: Mapping[float, Sequence], variants: Sequence[str], split: str = "test") -> pd.DataFrame:
    """By how many points WAR rises with every ten more wrong labels in a hundred: a row a variant, a column a draw.

    rungs: percent of wrong labels -> the records of that step of the ladder. A line through the steps of each draw, by
    least squares; only draws on which a variant was run on all steps. Raises BadInput as `blocks.scores` does.
    """
    wars = pd.concat({share: blocks.scores(records, variants, split) for share, records in rungs.items()})
    rows = {}
    for variant in variants:
        own = wars[wars.index.get_level_values(1) == variant].dropna(axis=1)
        if len(own) == len(rungs) and own.shape[1]:
            rise = np.polyfit([share / 10 for share in rungs], own.to_numpy(), 1)[0]
            rows[variant] = pd.Series(rise, own.columns)
    return pd.DataFrame.from_dict(rows, orient="index")


def measured(records: Sequence, variants: Sequence[str], base: str, values: Mapping[str, Callable],
             digits: int = 1) -> Table:
    """The mean over draws of some numbers of a run, and the difference to `base`; a row a variant.

    values: a column's name -> what gives the number of a record, in percent. Each column is a family. Raises BadInput
    for records of several settings, and as `per_draw` does.
    """
    shown, rows, found = blocks.of(records, [*variants, base]), {}, {}
    for name, value in values.items():
        of = {variant: per_draw(shown, variant, value) for variant in dict.fromkeys((*variants, base))
              if of_variant(shown, variant)}
        for variant in variants:
            cells = rows.setdefault(variant, {})
            cells[name] = number(of[variant].mean(), digits) if variant in of else NOT_RUN
            if base in of and variant in of and variant != base:
                found[name, variant] = paired(of[variant], of[base], len(of) - 1)
            cells[f"{name}: less {base}"] = difference_cell(found.get((name, variant)), of_variant(shown, variant),
                                                            variant == base)
    frame = pd.DataFrame.from_dict(rows, orient="index")
    notes = (PAIRED if any(effect.verdict for effect in found.values()) else "", rules(shown))
    return Table(frame, f"Percent; {describe(shown)}", " ".join(filter(None, notes)))


def _table(records: Sequence, variants: Sequence[str], row: Callable[[object], dict], caption: str) -> Table:
    """A row a variant, each cell the mean over its records of what `row(record)` gives, with its interval."""
    shown, rows = blocks.of(records, variants), {}
    settings = describe(shown)
    for variant in variants:
        own = of_variant(shown, variant)
        values = pd.DataFrame([row(record) for record in own])
        rows[variant] = {"runs": runs(own) if own else NOT_RUN}
        rows[variant] |= {name: mean_cell(values[name], own) for name in values if values[name].notna().any()}
    frame = pd.DataFrame.from_dict(rows, orient="index").fillna("–")
    frame.loc[frame["runs"] == NOT_RUN] = NOT_RUN
    note = ("Mean over draws, and from four draws on its 95 % interval, which is of one variant by itself. A "
            "difference between two rows is surer than their two intervals, for both stand on the same draws.")
    return Table(frame, f"{caption}, percent; {settings}", f"{note} {rules(shown)}".strip(),
                 {name: setting(shown).badge for name in frame if name != "runs"} if shown else {})


def mean_cell(values: pd.Series, records: Sequence, digits: int = 1, limits: tuple[float, float] = (0, 100)) -> str:
    """Mean over draws of a number a record, with its interval (`statistics.over_draws`), cut at the limits.

    Records whose number is NaN are left out; a dash where all are.
    """
    known = values.notna().to_numpy()
    if not known.any():
        return "–"
    middle, *ends = statistics.over_draws(values[known], [r for r, k in zip(records, known, strict=True) if k])
    low, high = (number(end, digits) for end in np.clip(ends, *limits))
    return number(middle, digits) + ("" if np.isnan(ends[0]) else f" ({low} to {high})")
