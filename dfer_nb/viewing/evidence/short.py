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
                  metric: str = "WAR", pool: Sequence[str] = ()) -> Table:
    """A metric of the base and each variant's difference to it, on each split; a row a variant, the base first.

    pool: variants whose spread is pooled alone (`statistics.against`). Errors as of `comparison.effects`, which says
    the same at length.
    """
    shown = blocks.of(records, [base, *variants])
    found = statistics.against(records, variants, base, splits, metric, pool)
    names = {split: split.replace("_", " ") for split in splits}
    own = of_variant(shown, base)
    rows = {base: {names[split]: number(mean(own, split, metric)) if own else NOT_RUN for split in splits}}
    for variant in (name for name in variants if name != base):
        there = NOT_RUN if not of_variant(shown, variant) else f"{base} {NOT_RUN}"
        rows[variant] = {names[split]: short(found[variant][split], there) for split in splits}
    caption = f"{metric} of {base}, percent, and differences to it, points; {describe(shown)}"
    frame = pd.DataFrame.from_dict(rows, orient="index", dtype=object)  # as text, pandas would forget what is strong
    return Table(frame, caption, f"{HOW} {rules(shown)}".strip())


def of_pair(records: Sequence, variant: str, base: str, value: Callable, together: int = 1) -> Effect | None:
    """How much more a number of a run is than that of the base, on the draws that both have; None without any.

    base "": the number itself, against zero. value: gives the number of a record. together: how many such intervals
    shall hold at once (Bonferroni). The two may differ in their epochs. Raises BadInput as `per_draw` does.
    """
    both = _both(records, variant, base, value)
    return paired(both["ours"], both["base"], together) if len(both) else None


def short_pairs(records: Sequence, pairs: Mapping[str, tuple[str, str]], values: Mapping[str, Callable],
                contrast: str = "") -> Table:
    """Some numbers of a run, each of two variants, and their difference with its interval; a row a pair.

    pairs: a row's name -> (variant, base), or (variant, "") for a number against zero; values: a column's name -> what
    gives the number of a record. contrast: the name of a last row, the first pair's difference less the second's. The
    intervals of a column are one family. Errors as of `of_pair`.
    """
    rows: dict[str, dict[str, str]] = {name: {} for name in [*pairs, *filter(None, [contrast])]}
    draws = set()
    for head, value in values.items():
        found = {name: _both(records, *pair, value) for name, pair in pairs.items()}
        gains = {name: both["ours"] - both["base"] for name, both in found.items()}
        if contrast:
            one, other, *_ = gains.values()
            gains[contrast] = (one - other).dropna()
        there = sum(len(gain) > 0 for gain in gains.values())
        for name, gain in gains.items():
            draws.add(len(gain))
            if name in pairs and pairs[name][1]:
                means = [number(found[name][side].mean()) for side in ("ours", "base")]
                rows[name][head] = " less ".join(means) if len(gain) else NOT_RUN
            column = f"{head}, difference" if any(base for _, base in pairs.values()) else head
            rows[name][column] = short(paired(gain, 0 * gain, there), NOT_RUN) if len(gain) else NOT_RUN
    words = ", ".join(map(str, sorted(draws - {0})))
    frame = pd.DataFrame.from_dict(rows, orient="index", dtype=object).fillna("–")
    return Table(frame, f"Means over {words} draws" if words else "no records", PAIRED)


def _both(records: Sequence, variant: str, base: str, value: Callable) -> pd.DataFrame:
    """A number of two variants, columns `ours` and `base`, a row a draw that both have; base "": zeros."""
    ours = per_draw(records, variant, value)
    other = per_draw(records, base, value) if base else 0 * ours
    return pd.concat({"ours": ours, "base": other}, axis=1, join="inner").astype(float)
