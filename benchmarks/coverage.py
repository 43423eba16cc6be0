"""Do the intervals of `viewing.evidence.statistics` hold what they say? Simulated tables with a known truth.

    python benchmarks/coverage.py [--tables 800]

A table has variants (one of them the base) on draws. A score is the share of clips that are recognised: 28 people with
ten clips each, six easy, two middling and two hard ones; the clips of one person hang together, so that their mean has
1.2 times the variance of clips that do not. A run has a seed, and is helped or hurt by the draw by itself: both move
all of its clips. What a draw does to all variants alike is there too, and has to cancel. Three spreads:

- test fold: sd of seeds 0.5 or 1.0 points, and differences that vary over draws by 0 or 2 points;
- short apex: 300 clips, sd of seeds 1.5 points, and differences that vary over draws by 4 points.

With the clips they leave a rest of 1.6, 2.2 and 3.3 points, about that of the records' tables on those sets of clips;
the last table has both.

All true differences are 0. Adding d points to a variant moves its interval by d and changes nothing else, so the same
tables tell how often a true difference of d is seen. Columns, in percent:

- all hold: tables in which every interval holds its truth, after Dunnett 95; without any effect the others, `false
  seen`, show a difference that is not there;
- one holds: of single intervals;
- X: the difference that is said to be seen about four times in five, the median over tables, in points;
- power at X: how often X is seen when it is computed with the true spread; `as said`: on average over the tables that
  say it, each with its own guess of the spread;
- new draw: of a fresh draw's differences, those that lie in the interval foretold for one;
- marked: tables in which a variant is said to depart, though none does.

X is of the second spread, the other columns are the mean over the three. A second table has one variant, or the base,
that does depart. The seed is fixed: the same tables every time. "all hold" is unsure by 0.9 points (two standard
errors of 2400 tables a row), and by 2 in the second table.
"""

import argparse

import numpy as np
import pandas as pd

from dfer_nb.training.results import kept
from dfer_nb.viewing.evidence.blocks import apart, scores
from dfer_nb.viewing.evidence.statistics import APART, Effect, compare, predicted, rest_of

DESIGNS = {f"{variants} variants, {words}": (variants, draws) for variants in (2, 5, 10, 17)
           for words, draws in (("4 draws", 4), ("five folds", 5), ("6 draws", 6), ("8 draws", 8))}
DESIGNS |= {f"{variants} variants, 6 draws": (variants, 6) for variants in (3, 4)}
UNEVEN = {"10 variants, 7 on 6 draws, 3 on 4": (10, 6, 7, 4), "12 variants, 7 on 6 draws, 5 on 4": (12, 6, 7, 4),
          "9 variants, 7 on 8 draws, 2 on 6": (9, 8, 7, 6)}  # variants, draws; so many have them all, the others fewer
# People, sd of seeds, and of a difference over draws, in points; ten clips each.
SPREADS = ((28, 0.5, 0.0), (28, 1.0, 2.0), (30, 1.5, 4.0))
CLIPS, EASE = np.array([6, 2, 2]), np.array([0.99, 0.85, 0.15])  # of each person, and how often they are recognised
GROUPS = (("rdfer", "facsimile-hard", "laptop"), ("rdfer", "facsimile-hard", "memorise"),
          ("rdfer", "facsimile-motion", "laptop"), ("m3dfel", "facsimile-motion", "laptop"),
          ("m3dfel", "facsimile", "laptop"))  # whose records are looked at
TOGETHER = 1.2  # the variance of a mean over clips, times that of independent clips
BLOCK = 2.0  # sd of what a draw does to all variants alike, points


def tables(rng: np.random.Generator, number: int, variants: int, draws: int, spread: tuple[int, float, float],
           times: np.ndarray | float = 1.0) -> np.ndarray:
    """Scores in percent (number, variants, draws) without any effect. times: factor of each variant's spread."""
    people, seeds, over_draws = spread
    coins = EASE * (1 - EASE)
    mean = (CLIPS @ coins) / CLIPS.sum()
    person = 100 * (mean * (TOGETHER - 1) / CLIPS.sum()) ** 0.5
    size, by_variant = (number, variants, draws), np.broadcast_to(times, variants)[:, None, None]
    run = np.hypot(seeds, over_draws / 2**0.5) * rng.normal(size=(*size, 1)) * by_variant  # two runs: a difference
    points = run + person * by_variant * rng.normal(size=(*size, people))
    points += BLOCK * rng.normal(size=(number, 1, draws, 1))
    chance = (EASE + points[..., None] / 100 * coins / mean).clip(0, 1)
    return 100 * rng.binomial(CLIPS, chance).sum((-1, -2)) / (people * CLIPS.sum())


def judged(scores: np.ndarray, names: dict[str, str] | None = None) -> tuple[list[dict[str, Effect]], list[bool]]:
    """The effects of each table, made from all of its draws but the last, and whether the last is as foretold.

    names: other names of variants than v0, v1, …
    """
    effects, inside = [], []
    for k, values in enumerate(scores):
        frame = pd.DataFrame(values, [f"v{row}" for row in range(len(values))]).rename(index=names or {})
        effects.append(compare(frame.iloc[:, :-1], "v0"))
        if k % 10 == 0:
            inside += list(predicted(frame.iloc[:, :-1], frame.iloc[:, -1:], "v0")["inside"])
    return effects, inside


def row(scores: np.ndarray) -> dict[str, float]:
    """What a row of the first table shows, from scores with one draw to spare."""
    effects, inside = judged(scores)
    low, high, smallest, own = (of_all(effects, name) for name in ("low", "high", "smallest", "own"))
    holds = (low <= 0) & (high >= 0)
    exact = np.sqrt(np.mean(smallest[own == 0] ** 2))  # s² is right on average
    reach = np.sort(np.concatenate([-low.ravel(), high.ravel()]))  # from where on a true d, or -d, is seen

    def power(points):
        return 100 * np.mean(np.searchsorted(reach, points) / len(reach))

    return {"all hold": 100 * holds.all(1).mean(), "false seen": 100 * (~holds).any(1).mean(),
            "one holds": 100 * holds.mean(), "X": np.median(smallest), "power at X": power(exact),
            "as said": power(smallest), "new draw": 100 * np.mean(inside), "marked": 100 * own.any(1).mean()}


def of_all(effects: list[dict[str, Effect]], name: str) -> np.ndarray:
    """One field of all effects: (tables, variants but the base)."""
    return np.array([[getattr(effect, name) for effect in of.values()] for of in effects])


def designs(number: int) -> pd.DataFrame:
    """A row a design, the mean over the spreads, and its first column for each of them."""
    lines = {}
    for name, (variants, draws) in DESIGNS.items():
        parts = [row(tables(np.random.default_rng([variants, draws, k]), number, variants, draws + 1, spread))
                 for k, spread in enumerate(SPREADS)]
        lines[name] = pd.DataFrame(parts).mean().to_dict() | {"X": parts[1]["X"]}
        lines[name] |= {"all hold, by spread": " ".join(f"{part['all hold']:.1f}" for part in parts)}
    for k, (name, (variants, draws, whole, fewer)) in enumerate(UNEVEN.items()):
        scores = tables(np.random.default_rng(1 + k), 3 * number, variants, draws + 1, SPREADS[1])
        scores[:, whole:, fewer:-1] = np.nan
        lines[name] = row(scores)
    return pd.DataFrame.from_dict(lines, orient="index")


def departing(number: int) -> pd.DataFrame:
    """A row a design with one variant, or the base, of three times the spread of the others; test fold, all draws.

    "known": the variant is one of which that is expected (`statistics.APART`), as of stopped-early.
    """
    lines, cases = {}, (("variant", 1), ("variant, known", 1), ("base", 0))
    for name, (variants, draws) in DESIGNS.items():
        for who, which in cases if variants > 2 else ():
            times = np.where(np.arange(variants) == which, 5.0, 1.0)  # with the coins of clips, which stay: 3
            rng = np.random.default_rng([variants, draws, which])
            scores = tables(rng, number, variants, draws + 1, SPREADS[1], times)
            effects, _ = judged(scores, {"v1": APART[0]} if "known" in who else {})
            low, high, own = (of_all(effects, field) for field in ("low", "high", "own"))
            holds = (low <= 0) & (high >= 0)
            lines[f"{name}, one {who}"] = {
                "all hold": 100 * holds.all(1).mean(), "its own holds": 100 * holds[:, 0].mean() if which else np.nan,
                "all others hold": 100 * holds[:, which:].all(1).mean(), "it is marked": 100 * own[:, 0].mean(),
                "others are marked": 100 * own[:, 1:].any(1).mean() if which else np.nan}
    return pd.DataFrame.from_dict(lines, orient="index")


def rests() -> pd.DataFrame:
    """What is left of a table without its variants' and draws' means, sd in points: of the records and simulated."""
    def rest(values: np.ndarray) -> float:
        squares, freedom = rest_of(values)
        return (squares / freedom) ** 0.5

    lines = {}
    for paper, kind, preset in GROUPS:
        runs, _ = apart([r for r in kept(paper, dataset=kind, preset=preset, threads=1, fold=1) if r.config["draw"]])
        usual = min((r.config["epochs"] for r in runs), default=0)
        runs = [r for r in runs if r.config["epochs"] == usual]
        names = sorted({r.config["variant"] for r in runs} - set(APART))
        found = {split: scores(runs, names, split) for split in ("test", "short_apex")}
        lines[f"{paper}, {kind}, {preset}"] = {split: f"{rest(of.to_numpy()):.1f}" for split, of in found.items()}
    made = [np.mean([rest(of) for of in tables(np.random.default_rng(9), 200, 5, 6, spread)]) for spread in SPREADS]
    lines["simulated"] = {"test": f"{made[0]:.1f} and {made[1]:.1f}", "short_apex": f"{made[2]:.1f}"}
    return pd.DataFrame(lines).T


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", type=int, default=800, help="of each design and spread")
    number = parser.parse_args().tables
    with pd.option_context("display.width", 250, "display.max_columns", 20):
        print(designs(number).round(1).to_string())
        print(f"\nOne departs\n{departing(number // 2).round(1).to_string()}")
        print(f"\nWhat is left of a table, sd in points\n{rests().to_string()}")


if __name__ == "__main__":
    main()
