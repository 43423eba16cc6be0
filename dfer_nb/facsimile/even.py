"""Samples that are even by design, so that no trouble of a drawn dataset goes with another one, a fold or a label."""

import numpy as np
import pandas as pd

PARTS = 1000  # rates are rounded to thousandths: sums of whole numbers are the same on every machine
GOLDEN = (5**0.5 - 1) / 2


def even_order(rng: np.random.Generator, n: int, group, factors, among=None, rates=None) -> np.ndarray:
    """n places (all, when there are fewer) in an order of which every beginning is an even sample.

    Groups take turns, so that their counts differ by one at most. Of a group, the next place is the one that leaves the
    smallest imbalance over all factors, in all groups together and in its own, and chance breaks ties: minimisation, as
    clinical trials balance their arms (Pocock & Simon, Biometrics 31, 1975). All groups together are not enough: all
    Sad clips of one fold and all Happy ones of the next are even, too.
    group (N,), factors (K arrays of (N,)): any values; among (N,): mask of the places to choose from; rates: number of
    a factor -> (N,), how often its places are wanted (mean 1) where they are not all wanted alike.
    """
    places = rng.permutation(np.flatnonzero(np.ones(len(group), bool) if among is None else among))
    n, codes, wanted = min(n, len(places)), [], []
    asked = [(group, None), *((factor, (rates or {}).get(number)) for number, factor in enumerate(factors))]
    for factor, rate in [*asked, *((crossed(group, factor), rate) for factor, rate in asked[1:])]:
        values, code = np.unique(np.asarray(factor)[places], return_inverse=True)
        codes.append(rng.permutation(len(values))[code])  # so that it is no group's right to come first
        wanted.append(np.bincount(codes[-1], None if rate is None else np.asarray(rate)[places]))
    wanted[0] = np.full(len(wanted[0]), len(places) / len(wanted[0])) if n else wanted[0]
    sizes = [len(each) for each in wanted]
    codes = np.stack([code + sum(sizes[:k]) for k, code in enumerate(codes)], axis=1)
    wanted = np.rint(PARTS * np.concatenate(wanted)).astype(np.int64)
    return places[_minimised(codes, wanted, sizes[0], n)] if n else places[:0]


def crossed(one, other) -> np.ndarray:
    """Two factors (N,) as one (N,), which has a value for each pair of theirs."""
    return pd.factorize(pd.MultiIndex.from_arrays([one, other]), sort=True)[0]


def _minimised(codes: np.ndarray, wanted: np.ndarray, groups: int, n: int) -> list[int]:
    """The order of n of the rows of codes (N, 1 + K); wanted: of every code in PARTS; the first `groups` are groups."""
    taken, order = np.zeros(len(wanted), np.int64), []
    free = [np.flatnonzero(codes[:, 0] == group) for group in range(groups)]
    for step in range(1, n + 1):
        over = PARTS * len(codes) * taken - step * wanted  # by how much each value is too often in the sample
        turn = min((group for group in range(groups) if len(free[group])), key=over.__getitem__)
        best = np.argmin(over[codes[free[turn], 1:]].sum(axis=1))
        order.append(free[turn][best])
        free[turn] = np.delete(free[turn], best)
        taken[codes[order[-1]]] += 1
    return order


def evenly(rng: np.random.Generator, n: int) -> np.ndarray:
    """n numbers from 0 to 1 that are spread evenly, and so is every n-th of them (steps of the golden section)."""
    return (rng.uniform() + GOLDEN * np.arange(n)) % 1
