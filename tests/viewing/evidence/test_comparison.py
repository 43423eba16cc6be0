"""Variants side by side: means and intervals over runs, controls beside them, nothing made up for what was not run."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from dfer_nb.errors import BadInput
from dfer_nb.viewing.evidence import records, tables
from dfer_nb.viewing.evidence.comparison import (
    compare,
    effects,
    foretold,
    measured,
    paired,
    per_draw,
    predictions,
    slopes,
    with_and_without,
)
from dfer_nb.viewing.evidence.pointing import hits, known_apex
from dfer_nb.viewing.evidence.statistics import against, within


def test_hits_by_hand():
    clips = pd.DataFrame({"mu": [0.0, 0.5, 0.5, 1.0, 0.5], "n_frames": 11,  # frames 0, 5, 5, 10, 5
                          "apex_start": [0, 5, 6, 0, 0], "apex_end": [2, 7, 8, 5, 9], "true_label": [0, 1, 3, 4, 2]})
    known = known_apex(clips)
    assert len(known) == 4  # a neutral clip's apex is all that is not irrelevant: nobody can miss it
    assert hits(known) == 50  # in, in, out (5 is a whole frame before 6), out
    assert hits(known, 0.5) == 25  # always frame 5


@pytest.fixture
def runs(record):
    """Two seeds of one variant, with tests of 70 and 80 %."""
    def seed(number: int, war: float):
        parts = {"WAR": war, "UAR": war - 5, "epoch": 6}
        return SimpleNamespace(**{**vars(record), "config": record.config | {"seed": number}, "summary": {
            "rule": "last epoch", "reported": parts, "slices": {"clean": {"WAR": war + 10, "UAR": war}}}})

    return [seed(0, 70.0), seed(1, 80.0)]


@pytest.fixture
def sweep(slim):
    """plain, better by far, and no better, on five draws with a seed each, as slim records without a truth."""
    return some(slim, range(5))


def some(slim, draws):
    def run(variant, draw, share):
        rng = np.random.default_rng([draw, share])
        right = {split: rng.random(n) < share / 100 for split, n in (("test", 280), ("clean", 700))}
        return slim(right, variant, seed=draw, draw=draw)

    return [run(variant, draw, share) for variant, share in (("plain", 60), ("better", 80), ("lame", 61))
            for draw in draws]


def test_effects_are_means_and_differences(sweep):
    table = effects(sweep, ["plain", "better", "lame", "flat"])
    found = against(sweep, ["better", "lame"], "plain", ["test", "clean"])
    assert list(table.frame) == ["runs", "WAR, test", "difference to plain, test", "WAR, clean",
                                 "difference to plain, clean"]
    war = np.mean([r.summary["slices"]["clean"]["WAR"] for r in sweep if r.config["variant"] == "better"])
    assert table.frame.loc["better"].tolist()[::3] == ["5 draws, a seed each", f"{war:.1f}"]
    for name in ("better", "lame"):
        for split in ("test", "clean"):
            assert table.frame.loc[name, f"difference to plain, {split}"] == found[name][split].words()
    assert table.frame.loc["better", "difference to plain, test"].startswith("+")
    assert table.frame.loc["lame", "difference to plain, test"].startswith("no difference seen")
    assert set(table.frame.loc["plain", ["difference to plain, test", "difference to plain, clean"]]) == {"–"}
    assert set(table.frame.loc["flat"]) == {"not run"}


def test_effects_say_what_was_run(sweep):
    table = effects(sweep, ["plain", "better"], metric="UAR")
    assert table.caption.startswith("UAR in percent")
    assert table.caption.endswith("facsimile-hard, fold 1, laptop preset, end to end, 8 epochs, 5 draws, a seed each")
    assert "runs" not in table.frame  # the caption says it, where all are the same
    assert table.badges == dict.fromkeys(table.frame, "laptop")
    assert "95 % interval" in table.note and "Reported is the last epoch." in table.note
    assert "no verdict" not in table.note and "other draws" not in table.note
    for run in sweep:
        run.config["preset"] = "frozen"
    table = effects(sweep, ["plain", "better"])
    assert "frozen features" in table.caption and set(table.badges.values()) == {"frozen features"}


def test_effects_of_few_draws_are_means_without_a_verdict(sweep):
    few = [r for r in sweep if r.config["draw"] < 3]
    table = effects(few, ["better", "lame"])
    assert "no verdict" in table.note and "95 %" not in table.note
    for variant in ("better", "lame"):
        float(table.frame.loc[variant, "difference to plain, test"])  # a number, and nothing beside it
    few = [r for r in sweep if r.config["variant"] != "better" or r.config["draw"] == 0]
    table = effects(few, ["better", "lame"])
    assert "other draws than plain" in table.note and "no verdict" in table.note and "95 %" in table.note
    assert table.frame["runs"].tolist() == ["1 seed x 1 draw", "5 draws, a seed each"]


def test_draws_that_were_kept_out_stand_beside_what_was_foretold(sweep, slim):
    table = predictions(sweep, some(slim, [20, 21]), ["better", "lame", "flat"])
    assert table.caption.split(" kept-out")[0] in {f"{n} of 8" for n in range(5, 9)}
    assert table.frame.index.tolist() == ["better", "lame"] and list(table.frame) == ["test", "clean"]
    found = foretold(sweep, some(slim, [20, 21]), ["better", "lame", "flat"])
    assert table.caption.startswith(f"{found['inside'].sum()} of {len(found)} kept-out")
    assert found.groupby(["split", "variant"]).size().tolist() == [2] * 4
    assert table.frame.loc["better", "clean"].count(",") == 1 and " to " in table.frame.loc["better", "clean"]
    assert table.caption.endswith("2 draws, a seed each")
    late = some(slim, [20])
    late[1].summary["slices"]["clean"]["WAR"] = 5.0
    assert "(out)" in predictions(sweep, late, ["better"]).frame.loc["better", "clean"]


def test_kept_out_draws_that_were_not_run_say_so(sweep, slim):
    late = [run for run in some(slim, [20]) if run.config["variant"] != "plain"]
    for held_out in ([], late):
        table = predictions(sweep, held_out, ["better", "lame"])
        assert foretold(sweep, held_out, ["better"]).empty
        assert table.caption == "not run" and table.frame["kept-out draws"].tolist() == ["not run"] * 2


def test_effects_without_the_base_or_without_anything_say_not_run(sweep):
    only = [r for r in sweep if r.config["variant"] == "better"]
    table = effects(only, ["better"], splits=["test"]).frame
    assert table.loc["better", "difference to plain, test"] == "base not run"
    assert float(table.loc["better", "WAR, test"]) > 70
    assert effects([], ["better"]).badges["WAR, test"] == "not run"
    assert "no records" in effects([], ["better"]).caption


def test_a_rule_of_its_own_is_named(sweep):
    for run in sweep:
        if run.config["variant"] == "lame":
            run.summary["rule"] = "best epoch on held-out training clips"
    words = "Reported is the last epoch, but of lame the best epoch on held-out training clips."
    assert words in effects(sweep, ["better", "lame"]).note and words in compare(sweep, ["plain", "lame"]).note


def test_unknown_metrics_splits_and_mixed_settings_are_refused(sweep):
    with pytest.raises(BadInput, match="no metric 'F1'"):
        effects(sweep, ["better"], metric="F1")
    with pytest.raises(BadInput, match="no clips of split 'short_apex'(.|\n)*test, clean"):
        effects([r for r in sweep if r.config["variant"] == "better"], ["better"], splits=["short_apex"])
    sweep[0].config["training"] = {"epochs": 9}
    with pytest.raises(BadInput, match="records of 2 settings"):
        effects(sweep, ["better"])


def test_means_and_intervals_over_draws(runs):
    frame = compare(runs, ["rdfer", "flat"], splits=["test", "clean"]).frame
    assert frame.loc["rdfer", "runs"] == "2 seeds x 1 draw" and frame.loc["rdfer", "WAR, test"] == "75.0"
    assert set(frame.loc["flat"]) == {"not run"}
    assert compare(runs[:1], ["rdfer"]).frame.loc["rdfer", "WAR, test"] == "70.0"
    assert compare(runs, ["rdfer"]).badges["WAR, test"] == "laptop"
    four = [SimpleNamespace(**{**vars(runs[0]), "config": runs[0].config | {"draw": draw}, "summary": {
        "rule": "last epoch", "slices": {}, "reported": {"WAR": war, "UAR": 50.0, "epoch": 6}}})
        for draw, war in enumerate((5.0, 25.0, 25.0, 5.0))]
    reach = t.ppf(0.975, 3) * np.std([5, 25, 25, 5], ddof=1) / 2
    assert reach > 15 and compare(four, ["rdfer"]).frame.loc["rdfer", "WAR, test"] == f"15.0 (0.0 to {15 + reach:.1f})"


def test_several_draws_stand_in_one_table(sweep):
    table = compare(sweep, ["plain", "better"], ["test", "clean"])
    wars = [r.summary["reported"]["WAR"] for r in sweep if r.config["variant"] == "better"]
    assert table.frame.loc["better", "WAR, test"].startswith(f"{np.mean(wars):.1f} (")
    assert not [name for name in table.frame if "seconds" in name]  # of runs that shared a machine
    assert "5 draws, a seed each" in table.caption


def test_a_paired_difference_is_students():
    places = pd.MultiIndex.from_tuples([(1, draw) for draw in range(6)])
    ours, base = pd.Series([9.0, 7, 8, 6, 5, 70], places), pd.Series([5.0, 4, 6, 5, 3, 60], places)
    ours, base = ours.iloc[:5], base.iloc[1:]  # draws 1 to 4 are shared
    found, gains = paired(ours, base), [3, 2, 1, 2]
    error = np.std(gains, ddof=1) / 2
    assert (found.difference, found.draws, found.own) == (2, 4, False)
    assert np.allclose([found.low, found.high], [2 - t.ppf(0.975, 3) * error, 2 + t.ppf(0.975, 3) * error])
    assert found.seen and found.smallest > t.ppf(0.975, 3) * error
    three = paired(ours, base, together=3)
    assert three.high - 2 == pytest.approx(t.ppf(1 - 0.025 / 3, 3) * error) and three.smallest > found.smallest
    none = per_draw([], "plain", len)
    assert paired(none, none).words() == "–"
    few = paired(ours, base.iloc[:3])
    assert few.difference == 2 and few.draws == 3 and not few.verdict and not few.seen


def test_paired_intervals_hold_together():
    rng, n = np.random.default_rng(0), 1500
    held = [all(e.low <= 0 <= e.high for e in (paired(pd.Series(rng.normal(size=6)), pd.Series(np.zeros(6)), 5)
                                               for _ in range(5))) for _ in range(n)]
    assert 0.93 < np.mean(held) < 0.97


def test_what_could_have_been_seen_is_seen_in_four_of_five():
    rng, base = np.random.default_rng(1), pd.Series(np.zeros(6))
    smallest = np.mean([paired(pd.Series(rng.normal(size=6)), base).smallest ** 2 for _ in range(2000)]) ** 0.5
    seen = [paired(pd.Series(smallest + rng.normal(size=6)), base).seen for _ in range(2000)]
    assert 0.76 < np.mean(seen) < 0.84


def test_slopes_of_the_ladder_by_hand(slim):
    def run(variant, draw, right):
        return slim({"test": np.arange(280) < right}, variant, draw=draw, seed=draw)

    rungs = {0: [run("plain", 1, 280), run("plain", 2, 280), run("better", 1, 280)],
             10: [run("plain", 1, 210), run("plain", 2, 252), run("better", 1, 280)],
             20: [run("plain", 1, 140), run("plain", 2, 224), run("better", 1, 252)]}
    found = slopes(rungs, ["plain", "better", "flat"])
    assert found.index.tolist() == ["plain", "better"]
    assert np.allclose(found.loc["plain"], [-25, -10]) and found.loc["better"].iloc[0] == pytest.approx(-5)
    assert slopes({0: rungs[0], 10: []}, ["plain"]).empty and slopes({0: []}, ["plain"]).empty


def test_numbers_of_runs_stand_beside_those_of_the_base(sweep):
    values = {"clean WAR": lambda record: record.summary["slices"]["clean"]["WAR"]}
    table = measured(sweep, ["plain", "better", "flat"], "plain", values)
    of = {name: per_draw(sweep, name, values["clean WAR"]) for name in ("plain", "better")}
    difference = paired(of["better"], of["plain"]).words()
    assert table.frame.loc["better"].tolist() == [f"{of['better'].mean():.1f}", difference]
    assert table.frame.loc["plain"].tolist() == [f"{of['plain'].mean():.1f}", "–"]
    assert set(table.frame.loc["flat"]) == {"not run"} and list(table.frame)[1] == "clean WAR: less plain"
    assert "Bonferroni" in table.note and "5 draws, a seed each" in table.caption
    assert "Bonferroni" not in measured(sweep[:2], ["plain"], "plain", values).note
    sweep[1].config["draw"] = 0
    with pytest.raises(BadInput, match="several seeds on a draw"):
        per_draw(sweep, "plain", values["clean WAR"])


def test_other_settings_do_not_mix(runs):
    runs[1].config["dataset"] = "facsimile-hard"
    with pytest.raises(BadInput, match="records of 2 settings"):
        compare(runs, ["rdfer"])


def test_no_records_at_all_say_not_run():
    assert compare([], ["rdfer"]).frame.loc["rdfer"].tolist() == ["not run"]
    assert "no records" in compare([], ["rdfer"]).caption


# -------------------------------------------------------------------------------------------- what records say


def test_runs_in_words(slim):
    def some(*keys, **config):
        right = {"test": np.ones(7, bool)}
        return [slim(right, fold=fold, draw=draw, seed=seed, **config) for fold, draw, seed in keys]

    assert records.runs(some((1, 0, 0))) == "1 seed x 1 draw"
    assert records.runs(some(*((1, d, s) for d in range(2) for s in range(3)))) == "3 seeds x 2 draws"
    assert records.runs(some((1, 0, 0), (1, 0, 1), (1, 1, 0))) == "3 runs"
    assert records.runs(some(*((1, d, d) for d in range(6)))) == "6 draws, a seed each"
    assert records.runs(some((1, 0, 0), (1, 1, 1), (2, 0, 0))) == "3 runs"
    films = some(*((fold, 0, 0) for fold in range(1, 6)), dataset="dfew", preset="paper")
    assert records.runs(films) == "1 seed"  # a film is not drawn again
    assert str(records.setting(films)) == "dfew, folds 1, 2, 3, 4, 5, paper preset, end to end, 8 epochs, 1 seed"
    with pytest.raises(BadInput, match="two records of plain"):
        records.runs(some((1, 0, 0), (1, 0, 0)))


def test_reported_rows_are_those_of_the_reported_epoch_with_the_truth(record, slim):
    early = SimpleNamespace(**{**vars(record), "summary": record.summary | {"reported": {"epoch": 2}}})
    rows = tables.reported_rows(early, "test")
    assert set(rows["epoch"]) == {1} and len(rows) == 280 and "wrong_label" in rows
    assert set(tables.reported_rows(record, "test")["epoch"]) == {5}
    assert "wrong_label" not in records.reported_rows(record, "test", truth=False)
    kept = slim({"test": np.ones(7, bool), "clean": np.ones(9, bool)})
    assert len(tables.reported_rows(kept, "clean")) == 9 and "wrong_label" not in tables.reported_rows(kept, "test")
    with pytest.raises(BadInput, match="no clips of split 'clean'"):  # tested after the last epoch only
        tables.reported_rows(early, "clean")


def test_networks_alone_and_in_a_framework(sweep):
    table = with_and_without(sweep, {"ours": ("plain", "better"), "other": ("plain", "flat")}, ["clean"])
    of = {name: [r for r in sweep if r.config["variant"] == name] for name in ("plain", "better")}
    values = ", ".join(f"{records.mean(of[name], 'clean', 'WAR'):.1f}" for name in of)
    words = within(sweep, [("better", "plain")], ["clean"])["better", "plain"]["clean"].words()
    assert table.frame.loc["ours"].tolist() == ["5 draws, a seed each", values, words]
    assert table.frame.loc["other"].tolist()[1:] == [f"{values[:4]}, not run", "not run"]
    assert list(table.badges) == ["clean: alone, in a bag", "clean: difference"]
