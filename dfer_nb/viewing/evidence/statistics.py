"""Is one variant better than another? Differences paired by draw, seed and test clip, with honest intervals.

A run's score depends on the draw of the data, on the training seed and on the test clips, so the variance of a mean
over runs has three parts. Each enters by what it adds to the parts below it, and never as a negative number:

- clips: the variance of the mean over test clips, each clip averaged over the seeds, which share them; it is taken to
  be no less than if a single clip had changed sides, for two runs that agree everywhere have not seen everything;
- seeds: what the scores of a draw's seeds vary more than the clips explain;
- draws: what the means of the draws vary more than seeds and clips explain.

The scores are means, so the variance that resampling draws, seeds within draws, and clips (within their class for UAR)
would show has a closed form: nothing is drawn by lot. Variances divide by n - 1; a plain bootstrap over n units divides
by n, and so says too little by (n - 1) / n, which for two draws is half. Drawing seeds and clips together, it would
also count the clips' noise at each level.

The interval is a quantile of t; its degrees of freedom are Satterthwaite's (Biometrics Bulletin 2, 1946), and never
fewer than runs - 1: with the one degree of freedom of two draws, some intervals would be several times as wide.
`benchmarks/coverage.py` measures how often the intervals hold the truth.

Clips count as independent, though ten of a test fold show one identity.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import t

from dfer_nb.data.expressions import EXPRESSIONS
from dfer_nb.errors import BadInput
from dfer_nb.viewing.evidence.records import by_draw, check_metric, key, of_variant, reported_rows, setting
from dfer_nb.viewing.page import number

HOW = ("Differences are paired by draw, seed and test clip; in brackets stands the 95 % interval over draws, seeds and "
       "test clips, or, where that covers zero, the true difference that so many runs see about four times in five.")


@dataclass(frozen=True)
class Effect:
    """A paired difference in points, its 95 % interval, and how much there was to see it with.

    smallest: the true difference that is seen (two-sided 5 %) with a power of about 80 %: the standard error times the
    two quantiles of t, which are 1.96 and 0.84 where runs are many. It is as unsure as the error itself.
    clips: test clips of all draws and folds together; seeds: of a draw, the fewest.
    """

    difference: float
    low: float
    high: float
    smallest: float
    runs: int
    draws: int
    seeds: int
    clips: int

    @property
    def seen(self) -> bool:
        """Whether the interval leaves zero out."""
        return not self.low <= 0 <= self.high

    def words(self) -> str:
        """The difference with its interval, or that none was seen and how large one would have been."""
        if not self.seen:
            return f"no difference seen (could have seen {number(self.smallest)})"
        return f"{number(self.difference, sign='+')} ({number(self.low)} to {number(self.high)})"

    def limits(self) -> str:
        """What the interval does not cover, in a sentence; empty where it covers draws and seeds."""
        single = (("other draws of the data", self.draws), ("other seeds", self.seeds))
        missing = [words for words, n in single if n == 1]
        return f"The intervals do not cover {' and '.join(missing)}." if missing else ""


def paired(ours: Sequence, base: Sequence, split: str = "test", metric: str = "WAR") -> Effect:
    """The difference ours - base in points, paired by fold, draw, seed and test clip.

    ours, base: the records of two variants. metric: "WAR", "UAR" or the name of an expression, for its recall.
    A fold counts as a draw does; folds share training clips, so an interval over folds alone is a little too narrow.

    Measured coverage (`benchmarks/coverage.py`: 3000 simulated experiments each, 3 seeds, 280 clips), for true
    differences that vary over draws by 0, 0.5, 1 and 2 points: 97, 95, 92 and 87 % with two draws, 97, 95, 94 and 88 %
    with three, 96, 95, 93 and 91 % with five; with one draw 95 %, of the difference in that draw. Few draws can hide
    how much they differ, and no interval that is short enough to be of use mends that. Where only a handful of clips
    change sides, it is too narrow as well.

    Raises BadInput for no records, a run without its partner, records of several settings, and clips or labels that
    differ between the runs of a draw.
    """
    check_metric(metric)
    differences, classes = [], []
    draws = _pairs(ours, base)
    for pairs in draws.values():
        tables = [(_right(one, split), _right(other, split)) for one, other in pairs]
        _check_clips([table for pair in tables for table in pair], pairs)
        label = tables[0][0]["label"].to_numpy()
        chosen = label == EXPRESSIONS.index(metric) if metric in EXPRESSIONS else label >= 0
        if not chosen.any():
            raise BadInput(f"there are no clips of {metric} in split {split!r}", "record.clips", "use another metric")
        rows = [100.0 * (a["right"].to_numpy(float) - b["right"].to_numpy(float))[chosen] for a, b in tables]
        differences.append(np.stack(rows))  # (seeds, clips)
        classes.append(label[chosen] if metric == "UAR" else np.zeros(chosen.sum(), int))
    return effect(differences, classes, draws=len({draw for _, draw in draws}))


def effect(differences: Sequence[np.ndarray], classes: Sequence[np.ndarray], draws: int | None = None) -> Effect:
    """An Effect from paired differences of single clips.

    differences: of each draw (seeds, clips), in points; classes: of each draw (clips,), the means of whose classes are
    averaged: all the same for WAR, the labels for UAR. draws: how many there are, where some are folds of one.
    """
    means, clips, noise = zip(*map(_of_draw, differences, classes), strict=True)
    clips = [max(variance, (100 / rows.shape[1]) ** 2) for variance, rows in zip(clips, differences, strict=True)]
    sizes = [len(rows) for rows in differences]
    n = sum(rows.shape[1] for rows in differences)
    difference, error, freedom = combine(means, float(np.mean(clips)), float(np.mean(noise)), n)
    wide, power = t.ppf((0.975, 0.8), freedom)
    low, high = difference - wide * error, difference + wide * error
    return Effect(difference, low, high, (wide + power) * error, sum(sizes), draws or len(sizes), min(sizes), n)


def _of_draw(x: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Of one draw: each seed's score (S,), the clips' variance of their mean, and of one seed's score by itself."""
    of_class = (classes == np.unique(classes)[:, None]).T / 1.0  # (clips, classes)
    scores = (x @ of_class / of_class.sum(0)).mean(1)  # (S,)
    average = x.mean(0)
    noise = _clip_variance(x - average, of_class).sum() / (len(x) - 1) if len(x) > 1 else 0.0
    return scores, float(_clip_variance(average[None], of_class)[0]), float(noise)


def _clip_variance(x: np.ndarray, of_class: np.ndarray) -> np.ndarray:
    """Variance of the mean of class means, each over its clips: x (S, clips), of_class (clips, classes) -> (S,)."""
    sizes = of_class.sum(0)
    squares = np.square(x - (x @ of_class / sizes) @ of_class.T) @ of_class  # (S, classes)
    pooled = squares.sum(1, keepdims=True) / max(len(of_class) - len(sizes), 1)
    within = np.where(sizes > 1, squares / np.maximum(sizes - 1, 1), pooled)  # a lone clip says nothing of its class
    return (within / sizes).sum(1) / len(sizes) ** 2


def combine(scores: Sequence[np.ndarray], clips=0.0, noise=0.0, n: int = 2) -> tuple[float, float, float]:
    """Mean over draws of the means over seeds, its standard error, and degrees of freedom for t.

    scores: of each draw (seeds,); clips: the clips' variance of a draw's mean, noise: of a single score; n: clips.
    """
    draws, runs = len(scores), sum(map(len, scores))
    means = np.array([one.mean() for one in scores])
    spare = runs - draws
    seeds = max(0.0, sum(((one - one.mean()) ** 2).sum() for one in scores) / spare - noise) if spare else 0.0
    seeds *= float(np.mean([1 / len(one) for one in scores]))
    beyond = max(0.0, means.var(ddof=1) - clips - seeds) if draws > 1 else 0.0
    total = clips + seeds + beyond
    parts = ((clips, n - draws), (seeds, spare), (beyond, draws - 1))
    doubt = sum(part**2 / free for part, free in parts if part > 0)
    freedom = max(total**2 / doubt if doubt else np.inf, runs - 1, 1)
    return float(means.mean()), float(np.sqrt(total / draws)), float(freedom)


def over_runs(values: Iterable[float], records: Sequence) -> tuple[float, float, float]:
    """Mean of a number per run, and its 95 % interval over seeds and draws: (mean, low, high), NaN ends for one run."""
    mean, error, freedom = combine(by_draw(values, records))
    wide = t.ppf(0.975, freedom) * error if len(records) > 1 else np.nan
    return mean, mean - wide, mean + wide


def against(records: Sequence, variants: Sequence[str], base: str, splits: Sequence[str],
            metric: str = "WAR") -> dict[str, dict[str, Effect | None]]:
    """Variant -> split -> its difference to `base`; None for the base itself, and where one of the two was not run.

    A variant with fewer runs than the base is paired with the same runs of the base. Raises BadInput as `paired`.
    """
    found, plain = {}, of_variant(records, base)
    for variant in variants:
        ours = of_variant(records, variant)
        same = [r for r in plain if key(r) in set(map(key, ours))]
        both = ours and plain and variant != base
        found[variant] = {split: paired(ours, same, split, metric) if both else None for split in splits}
    return found


def _pairs(ours: Sequence, base: Sequence) -> dict[tuple[int, int], list]:
    """Fold and draw -> pairs of records, a pair a seed."""
    if not ours or not base:
        raise BadInput("there are no records to compare", "paired(ours, base)", "run both variants first")
    setting([*ours, *base])
    sides = []
    for records in (ours, base):
        variants = {r.config["variant"] for r in records}
        if len(variants) > 1:
            raise BadInput("one side holds several variants", ", ".join(sorted(variants)), "give the records of one")
        sides.append({key(r): r for r in of_variant(records, variants.pop())})
    if alone := sorted(set(sides[0]) ^ set(sides[1])):
        raise BadInput("a run has no partner of the same fold, draw and seed", f"fold, draw, seed = {alone}",
                       "run the other variant too, or leave the run out")
    pairs: dict[tuple[int, int], list] = {}
    for fold, draw, seed in sorted(sides[0]):
        pairs.setdefault((fold, draw), []).append(tuple(side[fold, draw, seed] for side in sides))
    return pairs


def _right(record, split: str) -> pd.DataFrame:
    """The label of each test clip, and whether it was recognised: `label`, `right`, ordered by the clips' names."""
    rows = reported_rows(record, split, truth=False).set_index("clip").sort_index()
    return pd.DataFrame({"label": rows["label"], "right": rows["label"] == rows["prediction"]})


def _check_clips(tables: Sequence[pd.DataFrame], pairs: Sequence) -> None:
    first = tables[0]
    for table in tables[1:]:
        what = ("clips" if not table.index.equals(first.index)
                else "labels" if (table["label"] != first["label"]).any() else "")
        if what:
            fold, draw, _ = key(pairs[0][0])
            raise BadInput(f"the test {what} of two runs differ", f"fold {fold}, draw {draw}",
                           "run both again on the same data: a clip is compared with itself")
