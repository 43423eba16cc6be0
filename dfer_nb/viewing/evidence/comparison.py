"""Variants side by side, from the records of several draws."""

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from dfer_nb.viewing.evidence import blocks, statistics
from dfer_nb.viewing.evidence.pointing import hits, known_apex
from dfer_nb.viewing.evidence.records import (
    describe,
    group_of,
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
from dfer_nb.viewing.palette import has_truth

NOT_RUN = "not run"


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


def predictions(records: Sequence, held_out: Sequence, variants: Sequence[str], base: str = "plain",
                splits: Sequence[str] = ("test", "clean"), metric: str = "WAR") -> Table:
    """Differences to `base` on draws that were kept out of the sweep, beside what its draws foretell; a row a variant.

    records: those of the sweep; held_out: those of the kept-out draws. Raises BadInput as `statistics.predicted` does.
    """
    rows: dict[str, dict[str, str]] = {}
    inside = total = 0
    for split in splits:
        sides = [blocks.scores(part, [*variants, base], split, metric) for part in (records, held_out)]
        found = statistics.predicted(*sides, base)
        inside, total = inside + int(found["inside"].sum()), total + len(found)
        for variant, own in found.groupby("variant", sort=False):
            new = ", ".join(number(x, sign="+") + ("" if fits else " (out)")
                            for x, fits in zip(own["difference"], own["inside"], strict=True))
            low, high = own[["low", "high"]].iloc[0]
            rows.setdefault(variant, {})[split.replace("_", " ")] = f"{new}; {number(low)} to {number(high)}"
    note = ("The differences on the kept-out draws; the 95 % interval of one new draw, from the draws of the sweep. "
            "Each interval is by itself: 19 of 20 should hold, but those of one draw share a base and fail together.")
    caption = f"{inside} of {total} kept-out differences to {base} lie where the sweep says; {metric}, points"
    return Table(pd.DataFrame.from_dict(rows, orient="index"), f"{caption}; {describe(held_out)}", note)


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


def compare_groups(records: Sequence, variants: Sequence[str]) -> Table:
    """What the noisy and the hard group of the reported epoch hold, against the truth, a row a variant.

    Precision is the share of a group that is what it is named after. Beside the noisy group stands the same number of
    clips with the largest losses: what agreement adds is the difference. Where the truth is not known, agreement alone.
    Raises BadInput as `compare` does.
    """
    def row(record) -> dict[str, float]:
        clips = reported_rows(record, "train")
        agreed = {"full agreement": 100 * (clips["agreement"] == 1).mean()} if "agreement" in clips else {}
        if not has_truth(clips):
            return agreed
        group, wrong, hard = group_of(clips, record.config["method"]), clips["wrong_label"], clips["hard"]
        largest = clips["loss"].rank(ascending=False, method="first") <= (group == "noisy").sum()
        found = {"noisy: wrong labels": wrong[group == "noisy"], "as many by loss alone": wrong[largest],
                 "wrong labels in all": wrong, "hard: hard clips": hard[group == "hard"], "hard clips in all": hard,
                 "hard: wrong labels": wrong[group == "hard"]}
        return agreed | {name: 100 * share.mean() for name, share in found.items()}

    return _table(records, variants, row, "Groups of the training clips")


def _table(records: Sequence, variants: Sequence[str], row: Callable[[object], dict], caption: str) -> Table:
    """A row a variant, each cell the mean over its records of what `row(record)` gives, with its interval."""
    shown, rows = blocks.of(records, variants), {}
    settings = describe(shown)
    for variant in variants:
        own = of_variant(shown, variant)
        values = pd.DataFrame([row(record) for record in own])
        rows[variant] = {"runs": runs(own) if own else NOT_RUN}
        rows[variant] |= {name: _cell(values[name], own) for name in values if values[name].notna().any()}
    frame = pd.DataFrame.from_dict(rows, orient="index").fillna("–")
    frame.loc[frame["runs"] == NOT_RUN] = NOT_RUN
    note = ("Mean over draws, and from four draws on its 95 % interval, which is of one variant by itself. A "
            "difference between two rows is surer than their two intervals, for both stand on the same draws.")
    return Table(frame, f"{caption}, percent; {settings}", f"{note} {rules(shown)}".strip(),
                 {name: setting(shown).badge for name in frame if name != "runs"} if shown else {})


def _cell(values: pd.Series, records: Sequence) -> str:
    known = values.notna().to_numpy()
    middle, low, high = statistics.over_draws(values[known], [r for r, k in zip(records, known, strict=True) if k])
    if pd.isna(low):
        return number(middle)
    return f"{number(middle)} ({number(max(low, 0.0))} to {number(min(high, 100.0))})"
