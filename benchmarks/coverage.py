"""How often an interval of `viewing.evidence.statistics` holds the truth: simulated experiments with a known truth.

    python benchmarks/coverage.py [--experiments 3000]

Prints, for each number of draws and each spread of the true difference over draws, the share of 95 % intervals that
hold the mean true difference, and the median half of an interval. The seed is fixed: the same table every time.
"""

import argparse

import numpy as np
import pandas as pd
from scipy.stats import norm

from dfer_nb.viewing.evidence.statistics import Effect, effect

DRAWS, SPREADS = (1, 2, 3, 5), (0.0, 0.5, 1.0, 2.0)
THETA = 2.0  # the mean true difference, points


def experiment(rng: np.random.Generator, draws: int, over_draws: float, theta: float, seeds: int = 3,
               clips: int = 280, over_seeds: float = 0.8) -> Effect:
    """The effect that runs show whose true difference is theta points, and varies over draws and seeds."""
    differences = []
    for _ in range(draws):
        base, ours = rng.normal(size=(2, clips)) * 0.96**0.5  # how hard a clip is; nearly the same for both
        ours = 0.97 * base + (1 - 0.97**2) ** 0.5 * ours
        gain = theta + over_draws * rng.normal() + over_seeds * rng.normal(size=(seeds, 1))
        right = [part + 0.2 * rng.normal(size=(seeds, clips)) < norm.ppf(0.82 + extra / 100)
                 for part, extra in ((ours, gain), (base, 0.0))]
        differences.append(100.0 * right[0] - 100.0 * right[1])
    return effect(differences, [np.zeros(clips, int)] * draws)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--experiments", type=int, default=3000)
    number = parser.parse_args().experiments
    rows = {}
    for draws in DRAWS:
        for spread in SPREADS if draws > 1 else SPREADS[:1]:  # one draw says nothing of others
            rng = np.random.default_rng([draws, round(10 * spread)])
            found = [experiment(rng, draws, spread, THETA) for _ in range(number)]
            holds = 100 * np.mean([e.low <= THETA <= e.high for e in found])
            half = np.median([e.high - e.low for e in found]) / 2
            rows.setdefault(f"{draws} draws", {})[f"spread {spread}"] = f"{holds:.0f} % (± {half:.1f})"
    print(pd.DataFrame.from_dict(rows, orient="index").fillna("–").to_string())


if __name__ == "__main__":
    main()
