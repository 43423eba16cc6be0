"""Paired differences: by hand on small cases, against resampling, and honest in simulation where the truth is known."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import t

from benchmarks.coverage import experiment
from dfer_nb.errors import BadInput
from dfer_nb.viewing.evidence import statistics
from dfer_nb.viewing.evidence.statistics import Effect, against, combine, effect, over_runs, paired


def alike(x):
    """All clips of one class: what WAR averages over."""
    return np.zeros(np.shape(x)[-1], int)


def half(found: Effect) -> float:
    return (found.high - found.low) / 2


# ------------------------------------------------------------------------------------------------------- by hand


def test_one_run_by_hand():
    x = np.array([[100.0, 0, 0, 0]])  # mean 25, variance 2500 over 4 clips: error 25, with 3 degrees of freedom
    found = effect([x], [alike(x)])
    assert found.difference == 25 and half(found) == pytest.approx(25 * t.ppf(0.975, 3))
    assert found.smallest == pytest.approx(25 * (t.ppf(0.975, 3) + t.ppf(0.8, 3)))
    assert (found.runs, found.draws, found.seeds, found.clips) == (1, 1, 1, 4)


def test_seeds_that_differ_more_than_their_clips_explain():
    # scores 10 and 0 on 1000 clips that all agree: the seeds' variance 50, halved, and hardly any of the clips
    x = np.stack([np.full(1000, 10.0), np.zeros(1000)])
    found = effect([x], [alike(x)])
    error = np.sqrt(50 / 2 + 0.1**2)
    freedom = (25 + 0.01) ** 2 / (25**2 / 1 + 0.01**2 / 999)
    assert found.difference == 5 and half(found) == pytest.approx(error * t.ppf(0.975, freedom))


def test_draws_that_differ_more_than_seeds_and_clips_explain():
    # draws of 0 and 8: their variance 32 is divided by 2 - 1, and the mean's is half of it
    _, error, freedom = combine([np.array([0.0, 0]), np.array([8.0, 8])])
    assert error == pytest.approx(4) and freedom == 3  # runs - 1, not the 1 of two draws
    # seeds 2 and -2 in each: within a draw 8 / 2 = 4, between the draws nothing beyond it
    _, error, freedom = combine([np.array([2.0, -2]), np.array([3.0, -1])])
    assert error == pytest.approx(np.sqrt(4 / 2)) and freedom == 3


def test_what_clips_explain_is_not_counted_as_seeds_or_draws():
    error = combine([np.array([1.0, 3.0]), np.array([4.0, 6.0])], clips=9, noise=2, n=602)[1]
    assert error == pytest.approx(np.sqrt(9 / 2))


def test_uar_averages_classes_by_hand():
    x = np.repeat([100.0, 0, 100], (10, 30, 20))[None]
    found = effect([x], [np.repeat([0, 1], (40, 20))])
    variance = 100**2 * 0.25 * 0.75 * 40 / 39  # of the first class; the second has none
    assert found.difference == (25 + 100) / 2
    assert half(found) == pytest.approx(np.sqrt(variance / 40) / 2 * t.ppf(0.975, 59))


def test_a_lone_clip_of_a_class_varies_like_the_others():
    x = np.repeat([100.0, 0, 100], (10, 30, 1))[None]
    found = effect([x], [np.repeat([0, 1], (40, 1))])
    variance = 100**2 * 0.25 * 0.75 * 40 / 39
    assert half(found) == pytest.approx(np.sqrt(variance / 40 + variance) / 2 * t.ppf(0.975, 40))


def test_runs_that_agree_everywhere_have_not_seen_everything():
    x = np.zeros((3, 200))
    found = effect([x, x], [alike(x)] * 2)
    assert not found.seen and found.smallest == pytest.approx(2.8 * 100 / 200 / 2**0.5, rel=0.02)


def test_over_runs_is_students_interval_for_one_draw():
    runs = [SimpleNamespace(config={"fold": 1, "draw": 0, "seed": seed}) for seed in range(3)]
    mean, low, high = over_runs([1.0, 2.0, 6.0], runs)
    expected = t.interval(0.95, 2, loc=3, scale=np.std([1, 2, 6], ddof=1) / 3**0.5)
    assert mean == 3 and np.allclose((low, high), expected)
    assert np.isnan(over_runs([5.0], runs[:1])[1:]).all()


def test_words():
    shown = {"runs": 6, "draws": 2, "seeds": 3, "clips": 560}
    assert Effect(1.84, 0.41, 3.12, 2.5, **shown).words() == "+1.8 (0.4 to 3.1)"
    assert Effect(-1.84, -3.12, -0.41, 2.5, **shown).words() == "-1.8 (-3.1 to -0.4)"
    assert Effect(0.7, -0.8, 2.2, 2.14, **shown).words() == "no difference seen (could have seen 2.1)"
    assert Effect(0.7, -0.8, 2.2, 2.1, **shown).limits() == ""
    assert "other draws of the data and other seeds" in Effect(1, 0, 2, 2, 1, 1, 1, 280).limits()
    assert "other seeds" not in Effect(1, 0, 2, 2, 3, 1, 3, 280).limits()


# -------------------------------------------------------------------------------- against resampling and simulation


def test_the_clips_part_is_what_resampling_clips_gives():
    """Clips drawn with replacement, the same for every seed; for UAR within their class. Of n, n - 1 are free."""
    rng = np.random.default_rng(0)
    label = np.repeat(range(4), (80, 60, 30, 10))
    x = 100.0 * rng.choice([-1, 0, 1], (3, 180), p=[0.05, 0.8, 0.15])
    for classes, strata in ((alike(x), [np.arange(180)]), (label, [np.flatnonzero(label == k) for k in range(4)])):
        scores = []
        for members in strata:
            clips, n = x.mean(0)[members], len(members)
            resampled = clips[rng.integers(0, n, (20_000, n))].mean(1)
            scores.append((resampled - clips.mean()) * np.sqrt(n / (n - 1)))
        assert np.sqrt(statistics._of_draw(x, classes)[1]) == pytest.approx(np.mean(scores, axis=0).std(), rel=0.02)


@pytest.mark.parametrize(("draws", "over_draws", "least"), [(2, 0, 0.94), (2, 0.5, 0.93), (3, 0.5, 0.93), (2, 1, 0.9)])
def test_the_interval_holds_the_truth_as_often_as_it_says(draws, over_draws, least):
    rng = np.random.default_rng(draws)
    found = [experiment(rng, draws, over_draws, theta=2.0) for _ in range(500)]
    assert least <= np.mean([e.low <= 2 <= e.high for e in found]) <= 0.985


def test_the_smallest_difference_is_seen_four_times_in_five():
    rng = np.random.default_rng(5)
    smallest = np.mean([experiment(rng, 3, 0, theta=0.0).smallest for _ in range(200)])
    seen = np.mean([experiment(rng, 3, 0, theta=smallest).seen for _ in range(400)])
    assert 0.75 < seen < 0.9


# -------------------------------------------------------------------------------------------------------- records


@pytest.fixture
def sweep(slim):
    """Two variants, three seeds, two draws; `better` gets about ten points more clips right."""
    def run(variant, seed, draw, share):
        rng = np.random.default_rng([seed, draw, share])
        right = {split: rng.random(n) < share / 100 for split, n in (("test", 140), ("clean", 280))}
        return slim(right, variant, seed=seed, draw=draw)

    return [run(variant, seed, draw, share) for variant, share in (("plain", 70), ("better", 80))
            for seed in range(3) for draw in range(2)]


def of(runs, variant):
    return [r for r in runs if r.config["variant"] == variant]


def test_pairs_are_made_by_draw_and_seed_whatever_the_order(sweep):
    found = paired(of(sweep, "better"), of(sweep, "plain"))
    assert found == paired(of(sweep, "better")[::-1], of(sweep, "plain"))
    means = [np.mean([r.summary["reported"]["WAR"] for r in of(sweep, name)]) for name in ("better", "plain")]
    assert found.difference == pytest.approx(means[0] - means[1])
    assert (found.runs, found.draws, found.seeds, found.clips) == (6, 2, 3, 280)
    assert paired(of(sweep, "better"), of(sweep, "plain"), "clean").clips == 560


def test_uar_and_recalls_are_those_of_the_records(sweep):
    for metric, score in (("UAR", lambda part: part["UAR"]), ("Fear", lambda part: part["recalls"]["Fear"])):
        means = [np.mean([score(r.summary["reported"]) for r in of(sweep, name)]) for name in ("better", "plain")]
        assert paired(of(sweep, "better"), of(sweep, "plain"), metric=metric).difference == pytest.approx(
            means[0] - means[1])


def test_clips_are_paired_by_name_and_shared_noise_cancels(slim):
    hard = np.random.default_rng(0).random(280) < 0.3
    base, ours = ~hard, ~hard | (np.arange(280) < 20)
    runs = [slim({"test": ours}, "better"), slim({"test": base}, "plain")]
    runs[0].clips = runs[0].clips.sample(frac=1, random_state=1)
    found = paired(runs[:1], runs[1:])
    assert found.difference == pytest.approx(100 * (ours & ~base).sum() / 280)
    assert half(found) < 2  # unpaired, 280 clips leave more than five points


def test_only_the_reported_epoch_counts(record):
    other = SimpleNamespace(**vars(record))
    other.config = record.config | {"variant": "plain"}
    clips = record.clips.copy()
    last = (clips["split"] == "test") & (clips["epoch"] == 5)
    clips.loc[last, "prediction"] = clips.loc[last, "label"]
    other.clips = clips
    war = record.summary["reported"]["WAR"]
    assert paired([other], [record]).difference == pytest.approx(100 - war)


def test_folds_of_one_draw_are_averaged(slim):
    def runs(variant, shift):
        return [slim({"test": np.arange(100) < 50 + fold + shift}, variant, fold=fold) for fold in range(1, 6)]

    found = paired(runs("better", 10), runs("plain", 0))
    assert found.difference == pytest.approx(10) and (found.runs, found.draws, found.seeds) == (5, 1, 1)


def changed(runs, **config):
    first = SimpleNamespace(**vars(runs[0]))
    first.config = runs[0].config | config
    return [first, *runs[1:]]


@pytest.mark.parametrize(("config", "words"), [
    ({"seed": 7}, "no partner(.|\n)*seed"), ({"draw": 7}, "no partner"), ({"fold": 2}, "no partner"),
    ({"dataset": "facsimile"}, "2 settings"), ({"preset": "frozen"}, "2 settings"),
    ({"training": {"epochs": 9}}, "2 settings"), ({"variant": "other"}, "several variants"),
    ({"seed": 1}, "two records of better")])
def test_runs_that_do_not_match_are_refused(sweep, config, words):
    with pytest.raises(BadInput, match=words):
        paired(changed(of(sweep, "better"), **config), of(sweep, "plain"))


def test_what_cannot_be_paired_is_refused(sweep, slim):
    ours, base = of(sweep, "better"), of(sweep, "plain")
    for call, words in (
            (lambda: paired([], base), "no records"), (lambda: paired(ours, []), "no records"),
            (lambda: paired(ours[1:], base), "no partner"), (lambda: paired(ours, base, metric="F1"), "no metric 'F1'"),
            (lambda: paired(ours, base, "short_apex"), "no clips of split 'short_apex'")):
        with pytest.raises(BadInput, match=words):
            call()
    right = {"test": np.ones(21, bool)}
    one, other = slim(right, "better"), slim(right, label={"test": np.zeros(21, int)})
    with pytest.raises(BadInput, match="test labels of two runs differ"):
        paired([one], [other])
    with pytest.raises(BadInput, match="test clips of two runs differ"):
        paired([one], [slim({"test": np.ones(20, bool)})])
    with pytest.raises(BadInput, match="no clips of Fear"):
        paired([slim(right, "better", {"test": np.zeros(21, int)})], [other], metric="Fear")


def test_against_pairs_fewer_runs_with_the_same_runs_of_the_base(sweep):
    few = [r for r in sweep if r.config["variant"] == "plain" or r.config["draw"] == 0]
    found = against(few, ["better", "plain", "flat"], "plain", ["test", "clean"])
    assert found["better"]["test"] == paired(of(few, "better"),
                                             [r for r in of(few, "plain") if r.config["draw"] == 0])
    assert found["plain"] == found["flat"] == {"test": None, "clean": None}
    assert against(of(few, "better"), ["better"], "plain", ["test"]) == {"better": {"test": None}}
    with pytest.raises(BadInput, match="no partner"):  # the base must have what a variant has
        against([r for r in sweep if r.config["variant"] == "better" or r.config["draw"] == 0], ["better"], "plain",
                ["test"])
