"""Is one variant better than another? Every variant of a table is run on the same draws: a randomised block design.

A run has a draw of the data of its own, and its seed goes with it. A score is taken to be

    score = variant + draw + rest

The *draw* (easy faces, few wrong labels) is the same for all variants, and cancels in a difference on one draw. The
*rest* is the seed, what the draw does to this variant alone, and which clips are tested. Its variance s² is what is
left of the table when the means of its rows and columns are taken away: the sum of squares over (V - 1)(D - 1) for V
variants on D draws. A difference of two means over n draws has the standard error s sqrt(2 / n).

- **One spread for the table.** s² is pooled over the variants, so that few draws are enough. A variant whose spread
  clearly departs from that of the others (an F test at 1 % of tables) is left out of it: its interval is made from
  its own differences, and has a mark. So is a variant of which it is known beforehand (`APART`), in every column.
- **Many variants, one base.** All intervals of a column hold the truth at once in 95 of 100 tables (Dunnett, JASA 50,
  1955). A column, one metric on one test set, is a family.
- **Could have seen**: the true difference that such an interval leaves zero out for in 80 of 100 tables, by the
  noncentral t distribution. It is as unsure as s is: with five variants on six draws or more, a difference as large as
  the table says is seen 76 to 79 times in 100, with two variants on four draws 66 times.
- **Fewer than four draws**: means, and no verdict.

Five folds of a real dataset are blocks in the same way, though they share training clips. Clips of one person hang
together (about 1.2 times the variance of clips that do not); nothing has to be done about it, for a draw has its own
people, and what clips and people add is in the rest.

`benchmarks/coverage.py` measures all of this. For 2 to 17 variants on 4 to 8 draws all intervals of a column hold in 94
to 96 of 100 tables. Where one variant has three times the spread of the others, it is often not noticed (on six draws
in three tables of five): then all hold in 90 to 93 of 100, and in 77 to 90 where it is the base.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import chdtri as chi2_above  # scipy.stats has the same numbers, a hundred times slower
from scipy.special import fdtrc as f_tail
from scipy.special import nctdtrinc as noncentrality
from scipy.special import ndtr as normal_cdf
from scipy.special import stdtr as t_cdf
from scipy.special import stdtrit as t_quantile

from dfer_nb.errors import BadInput
from dfer_nb.viewing.evidence.blocks import FEWEST, scores
from dfer_nb.viewing.evidence.records import by_draw
from dfer_nb.viewing.page import number

LEVEL, POWER = 0.95, 0.8
DEPARTS = 0.01  # of tables of variants that are alike, the share in which one is said to depart
APART = ("stopped-early",)  # a rule that stops somewhere else in each draw spreads more, whatever the data
HOW = ("Differences are taken on the same draws. In brackets stands the 95 % interval, or, where that covers zero, the "
       "true difference that would be seen about four times in five. All intervals of a column hold at once in 95 "
       "of 100 such tables (Dunnett).")
OWN = ("* Its spread over draws, or that of its base, is clearly larger than that of the others, or was expected to "
       "be: its interval is made from its own differences alone.")
FEW = "A difference without brackets rests on fewer than four draws: a mean, and no verdict."


@dataclass(frozen=True)
class Effect:
    """A difference in points, its 95 % interval, and how small a true one could have been seen.

    low, high, smallest: NaN on fewer than four draws. draws: those that both variants have. own: whether the interval
    is made from its own differences alone, because their spread departs from that of the table.
    """

    difference: float
    low: float = np.nan
    high: float = np.nan
    smallest: float = np.nan
    draws: int = 1
    own: bool = False

    @property
    def verdict(self) -> bool:
        """Whether there are enough draws for an interval."""
        return bool(self.low <= self.high)

    @property
    def seen(self) -> bool:
        """Whether the interval leaves zero out; without an interval nothing is seen."""
        return self.low > 0 or self.high < 0

    def words(self) -> str:
        """The difference with its interval, or that none was seen and how large one would have been."""
        if not self.verdict:
            return number(self.difference, sign="+")
        mark = " *" if self.own else ""
        if self.low == self.high:
            return f"{number(self.difference, sign='+')} on every draw"
        if not self.seen:
            return f"no difference seen (could have seen {number(self.smallest)}){mark}"
        return f"{number(self.difference, sign='+')} ({number(self.low)} to {number(self.high)}){mark}"


def notes(effects: Iterable[Effect | None]) -> list[str]:
    """What has to be known to read these effects in a table, a sentence or two each."""
    known = [effect for effect in effects if effect is not None]
    found = [(HOW, any(e.verdict for e in known)), (OWN, any(e.own for e in known)),
             (FEW, not all(e.verdict for e in known))]
    return [words for words, there in found if there]


def against(records: Sequence, variants: Sequence[str], base: str, splits: Sequence[str], metric: str = "WAR",
            pool: Sequence[str] = ()) -> dict[str, dict[str, Effect | None]]:
    """Variant -> split -> its difference to `base`; None for the base itself, and where one of the two was not run.

    metric: "WAR", "UAR" or an expression, for its recall. pool: variants that are not asked about, but whose spread is
    pooled too: two variants alone know little of it. Raises BadInput as `blocks.scores` and `contrasts` do.
    """
    asked = [variant for variant in dict.fromkeys(variants) if variant != base]
    found = within(records, [(variant, base) for variant in asked], splits, metric, pool)
    return {variant: found.get((variant, base), dict.fromkeys(splits)) for variant in variants}


def within(records: Sequence, pairs: Sequence[tuple[str, str]], splits: Sequence[str], metric: str = "WAR",
           pool: Sequence[str] = ()) -> dict[tuple[str, str], dict[str, Effect | None]]:
    """(variant, its own base) -> split -> difference, None where one of the two was not run; else as `against`."""
    found: dict[tuple[str, str], dict] = {pair: {} for pair in pairs}
    for split in splits:
        table = scores(records, [name for pair in pairs for name in pair] + list(pool), split, metric)
        there = [pair for pair in found if set(pair) <= set(table.index)]
        known = dict(zip(there, contrasts(table, there), strict=True))
        for pair in found:
            found[pair][split] = known.get(pair)
    return found


def compare(table: pd.DataFrame, base: str) -> dict[str, Effect]:
    """Every variant of a table of scores against its base. table and errors: as `contrasts`."""
    others = [name for name in table.index if name != base]
    return dict(zip(others, contrasts(table, [(name, base) for name in others]), strict=True))


def contrasts(table: pd.DataFrame, pairs: Sequence[tuple[str, str]]) -> list[Effect]:
    """The difference of each pair (variant, base) of a table's rows; the pairs are one family.

    table: scores in percent, a row a variant, a column a draw, NaN where one was not run; all rows count for the
    spread. A pair is compared on the draws that both have. Raises BadInput for a pair that shares no draw, a comparison
    that is asked twice, and a table that leaves nothing to take a spread from.
    """
    found, together = _differences(table, pairs)
    family = [d for d in found if d.draws >= FEWEST]
    effects = []
    for d in found:
        if d.draws < FEWEST:
            effects.append(Effect(d.mean, draws=d.draws))
            continue
        wide = critical(len(family), d.pooled, together)
        if d.own:  # as rarely wrong as each of the others
            wide = -float(t_quantile(d.freedom, t_cdf(d.pooled, -wide)))
        error = d.spread / d.draws**0.5
        smallest = error * float(noncentrality(d.freedom, 1 - POWER, wide))
        effects.append(Effect(d.mean, d.mean - wide * error, d.mean + wide * error, smallest, d.draws, d.own))
    return effects


def predicted(table: pd.DataFrame, held_out: pd.DataFrame, base: str) -> pd.DataFrame:
    """Do differences on draws that were kept out lie where the table's draws say? A row a variant and kept-out draw.

    table, held_out: scores as of `blocks.scores`. Columns: variant, draw (fold, draw), difference, low, high, inside.
    low and high: the 95 % interval of the difference on one new draw, each by itself, so that 19 of 20 are expected
    inside; those of one draw share its base, and those of one variant its mean, so that they go astray together.
    Raises BadInput for a kept-out draw that is in the table, and for a base that is not in both.
    """
    if base not in table.index or base not in held_out.index:
        raise BadInput(f"the base {base!r} is not in both tables", "predicted(table, held_out, base)",
                       "run it on all draws, or choose another base")
    if again := sorted(set(table.columns) & set(held_out.columns)):
        raise BadInput("a kept-out draw is in the table that foretells it", f"fold, draw = {again}",
                       "give the draws of the sweep and the kept-out ones apart")
    pairs = [(name, base) for name in table.index if name != base and name in held_out.index]
    rows = []
    for (name, _), d in zip(pairs, _differences(table, pairs)[0], strict=True):
        for draw, new in (held_out.loc[name] - held_out.loc[base]).dropna().items() if d.draws >= FEWEST else ():
            half = float(t_quantile(d.freedom, (1 + LEVEL) / 2)) * d.spread * (1 + 1 / d.draws) ** 0.5
            rows.append((name, draw, new, d.mean - half, d.mean + half, abs(new - d.mean) <= half))
    return pd.DataFrame(rows, columns=["variant", "draw", "difference", "low", "high", "inside"])


def over_draws(values: Iterable[float], records: Sequence) -> tuple[float, float, float]:
    """Mean of a number per run, over the seeds of a draw first, and its 95 % interval: (mean, low, high).

    Student's interval over draws, of one variant by itself; NaN ends for fewer than four draws.
    """
    means = np.array([part.mean() for part in by_draw(values, records)])
    mean, n = float(means.mean()), len(means)
    if n < FEWEST:
        return mean, np.nan, np.nan
    half = float(t_quantile(n - 1, (1 + LEVEL) / 2)) * float(means.std(ddof=1)) / n**0.5
    return mean, mean - half, mean + half


@cache
def critical(k: int, freedom: int, together: float = 0.5) -> float:
    """What k differences must not exceed, in standard errors, to hold at once in 95 of 100 tables (Dunnett, 1955).

    together: the correlation of two differences, 1/2 where all share a base and their draws. The integral over what
    they share (the base, normal; their standard error, chi) is exact to four digits; scipy.stats.dunnett draws lots for
    it, and takes a fifth of a second.
    """
    if k == 1:
        return float(t_quantile(freedom, (1 + LEVEL) / 2))
    z, weight = np.polynomial.hermite_e.hermegauss(48)
    u, part = np.polynomial.legendre.leggauss(48)
    error = np.sqrt(chi2_above(freedom, (1 - u) / 2) / freedom)[:, None]  # of s / sigma, at equal steps of chance
    shared, alone = together**0.5 * z, (1 - together) ** 0.5

    def missing(c: float) -> float:
        held = (normal_cdf((c * error - shared) / alone) - normal_cdf((-c * error - shared) / alone)) ** k
        return float(part @ held @ weight) / weight.sum() / 2 - LEVEL

    one, all_apart = (float(t_quantile(freedom, 1 - (1 - LEVEL) / 2 / n)) for n in (1, 2 * k))
    return float(brentq(missing, one, all_apart))


class _Difference(NamedTuple):
    """mean; spread: standard deviation of one draw's difference, and its degrees of freedom; pooled: the table's."""

    mean: float
    spread: float
    freedom: int
    draws: int
    own: bool
    pooled: int


def _differences(table: pd.DataFrame, pairs: Sequence[tuple[str, str]]) -> tuple[list[_Difference], float]:
    """What the draws say of each pair, and the smallest correlation between two of the differences.

    Where variants lack draws, correlations differ. The smallest stands for all: it makes intervals a little wider.
    """
    if not pairs:
        return [], 0.5
    values, row = table.to_numpy(float), {name: k for k, name in enumerate(table.index)}
    ours, base = (np.array([row[pair[side]] for pair in pairs]) for side in (0, 1))
    gains = values[ours] - values[base]
    shared = ~np.isnan(gains)
    n = shared.sum(1)
    if not n.all():
        raise BadInput(f"{' and '.join(pairs[int(n.argmin())])} share no draw", "the records",
                       "run both on the same draws")
    if len({frozenset(pair) for pair in pairs}) < len(pairs):
        raise BadInput("a comparison is asked twice", "the pairs of variants", "ask each once, in one direction")
    variance, freedom, departing = _pool(values, {row[name] for name in APART if name in row})
    if freedom < 1 and n.max() >= FEWEST:
        raise BadInput("no two variants that are alike in spread share two draws", "the records",
                       "run all variants of a table on the same draws")
    found = []
    for k, gain in enumerate(gains):
        gain, own = gain[shared[k]], bool({ours[k], base[k]} & departing) and n[k] > 1
        spread = gain.std(ddof=1) if own else (2 * variance) ** 0.5
        found.append(_Difference(float(gain.mean()), float(spread), int(n[k]) - 1 if own else freedom, int(n[k]), own,
                                 freedom))
    sides = np.eye(len(values))[ours] - np.eye(len(values))[base]
    alike = np.abs(sides @ sides.T) * (shared @ shared.T.astype(int)) / (2 * np.sqrt(np.outer(n, n)))
    apart = alike[~np.eye(len(pairs), dtype=bool)]
    return found, float(np.floor(1000 * apart.min()) / 1000) if len(pairs) > 1 else 0.5


def _pool(values: np.ndarray, apart: set[int]) -> tuple[float, int, set[int]]:
    """Pooled variance of the rest, its degrees of freedom, and the rows that depart: the most departing goes first.

    apart: rows that are left out beforehand, where two others are left to pool.
    """
    kept = [k for k in range(len(values)) if k not in apart or len(values) - len(apart) < 2]
    while True:
        rest, freedom = rest_of(values[kept])
        chances = {k: _chance(rest, freedom, *rest_of(values[[j for j in kept if j != k]]))
                   for k in kept} if len(kept) > 2 else {}
        most = min(chances, key=chances.get, default=None)
        if most is None or chances[most] >= DEPARTS / len(values):
            return rest / max(freedom, 1), freedom, set(range(len(values))) - set(kept)
        kept.remove(most)


def _chance(rest: float, freedom: int, less: float, fewer: int) -> float:
    """How often alike variants give so large a part of the rest as a variant that leaves `less` of it behind."""
    if freedom == fewer or fewer == 0:
        return 1.0
    own, others = (rest - less) / (freedom - fewer), less / fewer
    return float(f_tail(freedom - fewer, fewer, max(own, 0.0) / max(others, 1e-9)))


def rest_of(values: np.ndarray) -> tuple[float, int]:
    """Sum of squares that the means of rows and columns leave of a table, and its degrees of freedom.

    values: (variants, draws), NaN where one was not run.
    """
    rows, columns = values.shape
    if not np.isnan(values).any():
        left = values - values.mean(1, keepdims=True) - values.mean(0) + values.mean()
        return float((left**2).sum()), (rows - 1) * (columns - 1)
    row, column = np.nonzero(~np.isnan(values))
    design, known = np.hstack([np.eye(rows)[row], np.eye(columns)[column]]), values[row, column]
    fit, _, rank, _ = np.linalg.lstsq(design, known, rcond=None)
    return float(((known - design @ fit) ** 2).sum()), len(known) - int(rank)
