"""Even samples: every beginning of the order is one."""

import numpy as np
import pytest

from dfer_nb.facsimile.even import even_order, evenly

RNG = np.random.default_rng(3)
GROUP, COLOUR, SIZE = np.repeat(np.arange(4), 50), RNG.integers(3, size=200), RNG.choice(["s", "m", "l"], 200)


@pytest.mark.parametrize("n", [7, 60, 150, 200])
def test_every_beginning_is_even(n):
    order = even_order(np.random.default_rng(0), 200, GROUP, [COLOUR, SIZE])
    assert sorted(order) == list(range(200))
    for factor, room in ((GROUP, 1), (COLOUR, 2), (SIZE, 2)):
        for value in np.unique(factor):
            assert abs((factor[order[:n]] == value).sum() - n * (factor == value).mean()) <= room


def test_only_what_is_allowed_and_no_more_than_there_is():
    allowed = COLOUR > 0
    order = even_order(np.random.default_rng(0), 500, GROUP, [SIZE], allowed)
    assert set(order) == set(np.flatnonzero(allowed)) and len(order) == allowed.sum()
    assert len(even_order(np.random.default_rng(0), 5, GROUP, [SIZE], allowed & ~allowed)) == 0


def test_some_are_wanted_more_often():
    rates = np.where(COLOUR == 0, 0.5, np.where(COLOUR == 1, 1.0, 1.5))
    rates = rates / rates.mean()
    taken = even_order(np.random.default_rng(0), 80, GROUP, [SIZE, COLOUR], rates={1: rates})
    for value in range(3):
        wanted = 80 * rates[COLOUR == value].sum() / rates.sum()
        assert abs((COLOUR[taken] == value).sum() - wanted) <= 2


def test_chance_decides_between_equals():
    orders = [even_order(np.random.default_rng(seed), 20, GROUP, [COLOUR]).tolist() for seed in (0, 0, 1)]
    assert orders[0] == orders[1] != orders[2]


def test_numbers_spread_evenly():
    numbers = evenly(np.random.default_rng(0), 100)
    for part in (numbers, numbers[::3], numbers[40:70]):
        assert np.abs(np.histogram(part, 5, (0, 1))[0] - len(part) / 5).max() <= 2
