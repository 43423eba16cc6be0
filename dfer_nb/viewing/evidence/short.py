"""Differences in few characters, for tables that are looked over: "-0.4 [-1.8, 1.1]"."""

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from dfer_nb.viewing.evidence import blocks, statistics
from dfer_nb.viewing.evidence.comparison import NOT_RUN, paired, per_draw
from dfer_nb.viewing.evidence.records import describe, mean, of_variant, rules
from dfer_nb.viewing.evidence.statistics import Effect
from dfer_nb.viewing.page import Strong, Table, number

HOW = ("In brackets the 95 % interval of the difference, in points, taken on the same draws; bold: it leaves zero out. "
       "All intervals of a column hold at once in 95 of 100 such tables (Dunnett). Without brackets: fewer than four "
       "draws, and no verdict. *: made from its own differences alone, which spread more than the others.")

PAIRED = ("In brackets the 95 % interval of a difference, in points, taken on the same draws (Student); bold: it "
          "leaves zero out. All intervals of a column hold at once in 95 of 100 such tables (Bonferroni).")


def short(effect: Effect | None, missing: str = "–") -> str:
    """A difference with its interval, such as "-0.4 [-1.8, 1.1]"; `Strong` where it is seen.

    On fewer than four draws the mean alone; `missing` where there is none. An end that would read as zero, of a
    difference that is seen, has a digit more.
    """
    if effect is None or pd.isna(effect.difference):
        return missing
    middle, mark = number(effect.difference, sign="+"), " *" if effect.own else ""
    if not effect.verdict:
        return middle
    digits = 1 if round(effect.low, 1) and round(effect.high, 1) or not effect.seen else 2
    words = f"{middle} [{number(effect.low, digits)}, {number(effect.high, digits)}]{mark}"
    return Strong(words) if effect.seen else words


def short_effects(records: Sequence, variants: Sequence[str], base: str, splits: Sequence[str] = ("test", "clean"),
                  metric: str = "WAR") -> Table:
    """A metric of the base and each variant's difference to it, on each split; a row a variant, the base first.

    Errors as of `comparison.effects`, which says the same at length.
    """
    shown = blocks.of(records, [base, *variants])
    found = statistics.against(shown, variants, base, splits, metric)
    names = {split: split.replace("_", " ") for split in splits}
    own = of_variant(shown, base)
    rows = {base: {names[split]: number(mean(own, split, metric)) if own else NOT_RUN for split in splits}}
    for variant in (name for name in variants if name != base):
        there = NOT_RUN if not of_variant(shown, variant) else f"{base} {NOT_RUN}"
        rows[variant] = {names[split]: short(found[variant][split], there) for split in splits}
    caption = f"{metric} of {base}, percent, and differences to it, points; {describe(shown)}"
    frame = pd.DataFrame.from_dict(rows, orient="index", dtype=object)  # as text, pandas would forget what is strong
    return Table(frame, caption, f"{HOW} {rules(shown)}".strip())


def short_numbers(records: Sequence, variants: Sequence[str], base: str, values: Mapping[str, Callable]) -> Table:
    """The mean over draws of some numbers of a run, and the difference to `base`; a row a variant, the base first.

    values: a column's name -> what gives the number of a record. Errors as of `comparison.measured`, which says the
    same at length.
    """
    shown, rows = blocks.of(records, [base, *variants]), {}
    names = list(dict.fromkeys([base, *variants]))
    for name, value in values.items():
        of = {variant: per_draw(shown, variant, value) for variant in names}
        there = sum(len(numbers) > 0 for numbers in of.values())
        for variant, numbers in of.items():
            cells = rows.setdefault(variant, {})
            cells[name] = number(numbers.mean()) if len(numbers) else NOT_RUN
            effect = paired(numbers, of[base], max(there - 1, 1)) if len(numbers) and len(of[base]) else None
            cells[f"{name}, less {base}"] = "–" if variant == base else short(effect, NOT_RUN)
    return Table(pd.DataFrame.from_dict(rows, orient="index", dtype=object), describe(shown),
                 f"{PAIRED} {rules(shown)}".strip())
