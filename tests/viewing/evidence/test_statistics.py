"""The block design: by hand on small tables, against scipy's Dunnett, and honest in simulation."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.stats import t

from benchmarks import coverage
from dfer_nb.errors import BadInput
from dfer_nb.viewing.evidence.blocks import scores
from dfer_nb.viewing.evidence.statistics import (
    APART,
    Effect,
    against,
    compare,
    contrasts,
    critical,
    notes,
    over_draws,
    predicted,
    within,
)


def table(**rows) -> pd.DataFrame:
    """Scores: a row a variant, a column a draw."""
    return pd.DataFrame.from_dict(rows, orient="index").astype(float)


def noise(variants=6, draws=6, seed=0, **times) -> pd.DataFrame:
    """Variants without any effect, on draws that differ; times: a variant's spread over that of the others."""
    rng = np.random.default_rng(seed)
    values = pd.DataFrame(rng.normal(size=(variants, draws)), [f"v{k}" for k in range(variants)])
    for name, factor in times.items():
        values.loc[name] *= factor
    return values + 10 * rng.normal(size=draws)


def squares(values: pd.DataFrame) -> float:
    """What least squares leave of three rows, with the first row and column as the reference."""
    row, column = np.nonzero(values.notna().to_numpy())
    known = values.to_numpy()[row, column]
    others = (column == k for k in range(1, values.shape[1]))
    design = np.column_stack([np.ones(len(known)), row == 1, row == 2, *others]).astype(float)
    return ((known - design @ np.linalg.solve(design.T @ design, design.T @ known)) ** 2).sum()


def half(effect: Effect) -> float:
    return (effect.high - effect.low) / 2


# ------------------------------------------------------------------------------------------------------- by hand


def test_two_variants_on_four_draws_by_hand():
    # Differences 3 2 4 3: mean 3, their variance 2/3, half of it 1/3 is s²; error sqrt(2/3 / 4), 3 degrees of freedom.
    found = compare(table(plain=[70, 72, 74, 76], better=[73, 74, 78, 79]), "plain")["better"]
    error = np.sqrt(2 / 3 / 4)
    assert found.difference == 3 and found.draws == 4 and not found.own
    assert half(found) == pytest.approx(3.182 * error, rel=1e-3)
    assert stats.nct.sf(3.1824, 3, found.smallest / error) == pytest.approx(0.8, abs=1e-4)
    assert found.seen and found.words() == "+3.0 (1.7 to 4.3)"


def test_three_variants_share_one_spread_by_hand():
    # The rest, without the means of rows and columns (0, 10, 20): 1 -1 1 -1, 0 0 0 0, -1 1 -1 1.
    values = np.array([[1, -1, 1, -1], [10, 10, 10, 10], [19, 21, 19, 21]]) + [5, 0, -7, 3]
    found = compare(table(base=values[0], one=values[1], two=values[2]), "base")
    wide, error = critical(2, 6), np.sqrt(8 / 6) * np.sqrt(2 / 4)  # 8 over 2 x 3 degrees of freedom
    for name, difference in (("one", 10), ("two", 20)):
        assert found[name].difference == difference and half(found[name]) == pytest.approx(wide * error)
        assert stats.nct.sf(wide, 6, found[name].smallest / error) == pytest.approx(0.8, abs=1e-4)


def test_what_a_draw_does_to_all_variants_changes_nothing_nor_does_the_order():
    values = noise()
    found = compare(values, "v2")
    moved = compare(values + [0, 5, -3, 100, 1, 1], "v2")
    turned = compare(values.iloc[::-1, [3, 1, 0, 5, 4, 2]], "v2")
    raised = compare(values.add([0, 0, 0, 7, 0, 0], axis=0), "v2")
    for name in ("v0", "v1", "v3", "v4", "v5"):
        up = 7 * (name == "v3")
        for other, more in ((moved, 0), (turned, 0), (raised, up)):
            ends = (other[name].low - more, other[name].high - more, other[name].smallest)
            assert ends == pytest.approx((found[name].low, found[name].high, found[name].smallest))


def test_fewer_than_four_draws_give_a_mean_and_no_verdict():
    found = compare(noise(draws=3), "v0")
    assert all(np.isnan([e.low, e.high, e.smallest]).all() and not e.seen and not e.verdict for e in found.values())
    sure = compare(table(plain=[70, 72, 74], better=[80, 82, 84]), "plain")["better"]
    assert sure.words() == "+10.0" and not sure.seen and notes([sure])[0].endswith("no verdict.")


def test_a_variant_that_lacks_draws_is_compared_on_those_it_shares():
    values = noise(variants=3, draws=5)
    values.loc["v2", 4] = np.nan
    found = compare(values, "v0")["v2"]
    assert found.difference == pytest.approx((values.loc["v2"] - values.loc["v0"])[:4].mean()) and found.draws == 4
    wide = critical(2, 7, np.floor(1000 * 4 / 2 / np.sqrt(20)) / 1000)  # 14 numbers, 7 means
    assert half(found) == pytest.approx(wide * np.sqrt(2 * squares(values) / 7 / 4))
    values.loc["v2", 3] = np.nan
    few = compare(values, "v0")  # v2 is not in the family any more, but in the spread
    assert not few["v2"].verdict and half(few["v1"]) == pytest.approx(
        critical(1, 6) * np.sqrt(2 * squares(values) / 6 / 5))
    values.loc["v2", :2] = np.nan
    values.loc["v0", 2] = np.nan
    with pytest.raises(BadInput, match="v2 and v0 share no draw"):
        compare(values, "v0")


# ------------------------------------------------------------------------------------------------------- Dunnett


@pytest.mark.parametrize(("k", "freedom", "printed"), [
    (2, 5, 3.03), (3, 5, 3.29), (2, 10, 2.57), (4, 10, 2.89), (2, 20, 2.38), (5, 20, 2.73), (1, 20, 2.086)])
def test_critical_values_are_those_of_dunnetts_table(k, freedom, printed):
    assert critical(k, freedom) == pytest.approx(printed, abs=0.006)


@pytest.mark.parametrize(("k", "freedom", "together"), [(3, 12, 0.5), (9, 54, 0.5), (9, 40, 0.4), (5, 15, 0.0)])
def test_so_many_correlated_t_stay_inside_in_95_of_100(k, freedom, together):
    shape = np.full((k, k), together) + (1 - together) * np.eye(k)
    wide = np.full(k, critical(k, freedom, together))
    inside = stats.multivariate_t(shape=shape, df=freedom).cdf(wide, lower_limit=-wide, random_state=0)
    assert inside == pytest.approx(0.95, abs=5e-4)


def test_intervals_without_draws_in_common_are_those_of_scipys_dunnett():
    groups = np.random.default_rng(3).normal(size=(5, 6))
    found = stats.dunnett(*groups[1:], control=groups[0], random_state=0).confidence_interval()
    spread = np.sqrt(groups.var(1, ddof=1).mean() * 2 / 6)
    halves = (found.high - found.low) / 2
    assert np.allclose(halves, critical(4, 25) * spread, rtol=0.01)


def test_a_column_is_a_family_and_pairs_of_their_own_are_too():
    values = noise(variants=6)
    one, five = contrasts(values, [("v1", "v0")])[0], compare(values, "v0")["v1"]
    error = half(one) / critical(1, 25)
    assert half(five) == pytest.approx(critical(5, 25) * error)
    apart = contrasts(values, [("v1", "v0"), ("v3", "v2"), ("v5", "v4")])
    assert [half(e) for e in apart] == pytest.approx([critical(3, 25, 0.0) * error] * 3)


# ----------------------------------------------------------------------------------------- a variant that departs


def test_a_variant_that_departs_gets_its_own_interval_and_a_mark():
    values = noise(seed=5, v3=20)
    found = compare(values, "v0")
    assert [name for name, e in found.items() if e.own] == ["v3"]
    gain = values.loc["v3"] - values.loc["v0"]
    pooled = len(values) - 2, 5  # without v3: five variants on six draws
    rarely = t.sf(critical(5, pooled[0] * pooled[1]), pooled[0] * pooled[1])
    assert half(found["v3"]) == pytest.approx(t.isf(rarely, 5) * gain.std() / 6**0.5)
    alone = compare(values.drop(index="v3"), "v0")
    assert half(found["v1"]) == pytest.approx(half(alone["v1"]) * critical(5, 20) / critical(4, 20))
    assert found["v3"].words().endswith(" *") and any("*" in words for words in notes(found.values()))
    assert "*" not in found["v1"].words() and not any("*" in words for words in notes(alone.values()))


def test_a_variant_that_is_known_to_spread_more_is_apart_in_every_column():
    values = noise(seed=5, v3=3)  # not noticed by itself
    assert not compare(values, "v0")["v3"].own
    named = values.rename(index={"v3": "stopped-early"})
    found, alone = compare(named, "v0"), compare(values.drop(index="v3"), "v0")
    assert [name for name, e in found.items() if e.own] == ["stopped-early"]
    assert half(found["v1"]) == pytest.approx(half(alone["v1"]) * critical(5, 20) / critical(4, 20))
    two = named.loc[["v0", "stopped-early"]]
    assert not compare(two, "v0")["stopped-early"].own  # there is nothing else to pool


def test_a_base_that_departs_leaves_each_variant_its_own_interval():
    found = compare(noise(seed=5, v0=20), "v0")
    assert all(e.own for e in found.values())


def test_among_three_variants_one_may_depart_among_two_none():
    assert compare(noise(variants=2, v1=50), "v0")["v1"].own is False
    alike = table(plain=[70, 72, 74, 76], same=[70, 72, 74, 76], other=[75, 70, 79, 70])
    assert [e.own for e in compare(alike, "plain").values()] == [False, True]


# ----------------------------------------------------------------------------------------- kept-out draws, means


def test_what_leaves_no_interval_is_refused():
    table = pd.DataFrame(np.random.default_rng(0).normal(70, 1, (3, 5)), ["a", "b", "c"])
    with pytest.raises(BadInput, match="asked twice"):
        contrasts(table, [("a", "b"), ("b", "a")])
    apart = pd.DataFrame(np.random.default_rng(0).normal(70, 1, (3, 8)), ["a", "b", APART[0]])
    apart.loc["a", 4:] = apart.loc["b", :3] = np.nan
    with pytest.raises(BadInput, match="share two draws"):
        contrasts(apart, [("a", APART[0]), ("b", APART[0])])


def test_a_kept_out_draw_by_hand():
    sweep = table(plain=[70, 72, 74, 76], better=[73, 74, 78, 79])
    late = pd.DataFrame({20: [70.0, 75.6], 21: [70.0, 76.0]}, ["plain", "better"])
    found = predicted(sweep, late, "plain")
    reach = 3.1824 * np.sqrt(2 / 3 * (1 + 1 / 4))  # 2.905 about the mean of 3
    assert found["inside"].tolist() == [True, False] and found["draw"].tolist() == [20, 21]
    assert np.allclose(found["difference"], [5.6, 6.0]) and np.allclose(found["high"] - 3, reach, atol=1e-3)
    with pytest.raises(BadInput, match="kept-out draw is in the table"):
        predicted(sweep, sweep[[0]], "plain")
    with pytest.raises(BadInput, match="base 'plain' is not in both"):
        predicted(sweep, late.drop(index="plain"), "plain")
    assert predicted(sweep[[0, 1, 2]], late, "plain").empty  # nothing is foretold where there is no verdict


def test_means_over_draws_have_students_interval(slim):
    def runs(draws, seeds=1):
        return [slim({"test": np.ones(7, bool)}, draw=d, seed=s) for d in range(draws) for s in range(seeds)]

    mean, low, high = over_draws([1.0, 3, 2, 6], runs(4))
    assert mean == 3 and np.allclose((low, high), t.interval(0.95, 3, loc=3, scale=np.std([1, 3, 2, 6], ddof=1) / 2))
    assert np.allclose(over_draws(np.repeat([1.0, 3, 2, 6], 2), runs(4, 2)), (mean, low, high))  # seeds are no draws
    assert np.isnan(over_draws([1.0, 2, 6], runs(3))[1:]).all()


def test_words():
    assert Effect(1.84, 0.41, 3.12, 2.5, 6).words() == "+1.8 (0.4 to 3.1)"
    assert Effect(-1.84, -3.12, -0.41, 2.5, 6).words() == "-1.8 (-3.1 to -0.4)"
    assert Effect(0.7, -0.8, 2.2, 2.14, 6).words() == "no difference seen (could have seen 2.1)"
    assert Effect(0.7, -0.8, 2.2, 2.14, 6, own=True).words() == "no difference seen (could have seen 2.1) *"
    assert Effect(0.7).words() == "+0.7"
    both = notes([Effect(1, 0, 2, 2, 4), None, Effect(1)])
    assert len(both) == 2 and "Dunnett" in both[0] and "no verdict" in both[1] and notes([None]) == []


# ---------------------------------------------------------------------------------------------------- simulation


@pytest.mark.parametrize(("variants", "draws"), [(2, 4), (6, 5), (10, 6)])
def test_columns_hold_and_differences_are_seen_as_often_as_they_say(variants, draws):
    rng = np.random.default_rng(variants)
    found = coverage.row(coverage.tables(rng, 500, variants, draws + 1, (28, 1.5, 2.0)))
    assert 92.5 < found["all hold"] < 97.5 and found["marked"] < 3
    assert 75 < found["power at X"] < 85 and found["as said"] < found["power at X"] < found["as said"] + 20
    assert 89 < found["new draw"] < 99


# ------------------------------------------------------------------------------------------------------- records


@pytest.fixture
def sweep(slim):
    """Three variants on five draws, each with its own seed; `better` gets about ten points more clips right."""
    def run(variant, draw, share):
        rng = np.random.default_rng([draw, share])
        right = {split: rng.random(n) < share / 100 for split, n in (("test", 140), ("clean", 280))}
        return slim(right, variant, seed=draw, draw=draw)

    return [run(variant, draw, share) for variant, share in (("plain", 70), ("better", 80), ("lame", 71))
            for draw in range(5)]


def test_against_compares_records_on_each_split(sweep):
    found = against(sweep, ["better", "plain", "flat", "lame"], "plain", ["test", "clean"])
    values = scores(sweep, ["lame", "plain", "better"], "clean")
    assert found["better"]["clean"] == compare(values, "plain")["better"] and found["better"]["clean"].seen
    assert found["plain"] == found["flat"] == {"test": None, "clean": None}
    only = [r for r in sweep if r.config["variant"] == "better"]
    assert against(only, ["better"], "plain", ["test"]) == {"better": {"test": None}}
    assert against([], ["better"], "plain", ["test"]) == {"better": {"test": None}}


def test_a_pool_lends_its_spread_and_is_not_asked_about(sweep):
    alone, pooled = (against(sweep, ["lame"], "plain", ["test"], pool=pool) for pool in ([], ["better"]))
    assert list(pooled) == ["lame"] and alone["lame"]["test"].difference == pooled["lame"]["test"].difference
    values = scores(sweep, ["plain", "better", "lame"])
    assert pooled["lame"]["test"] == contrasts(values, [("lame", "plain")])[0]


def test_pairs_with_bases_of_their_own(sweep):
    found = within(sweep, [("better", "lame"), ("flat", "plain")], ["test"])
    assert found["flat", "plain"] == {"test": None}
    assert found["better", "lame"]["test"].difference > 4


def test_a_difference_that_is_the_same_on_every_draw_says_so():
    same = compare(table(plain=[70, 72, 74, 76], same=[70, 72, 74, 76]), "plain")["same"]
    assert same.words() == "0.0 on every draw" and same.verdict and not same.seen
