"""Scores of variants on draws: what is a block design, and what is not."""

from types import SimpleNamespace

import numpy as np
import pytest

from dfer_nb.errors import BadInput
from dfer_nb.viewing.evidence.blocks import scores


@pytest.fixture
def sweep(slim):
    """A function: two variants on some draws, with one seed of each or several."""
    def make(draws=4, seeds=1):
        return [slim({split: np.random.default_rng([draw, seed, number]).random(n) < 0.7
                      for split, n in (("test", 63), ("clean", 90))}, variant, draw=draw, seed=seed)
                for number, variant in enumerate(("plain", "better")) for draw in range(draws)
                for seed in range(seeds)]

    return make


def test_a_row_is_a_variant_and_a_column_a_draw(sweep):
    runs = sweep()
    for metric, value in (("WAR", lambda part: part["WAR"]), ("Fear", lambda part: part["recalls"]["Fear"])):
        table = scores(runs[::-1], ["better", "flat", "plain"], "clean", metric)
        assert table.index.tolist() == ["better", "plain"] and table.columns.tolist() == [(1, d) for d in range(4)]
        assert table.loc["plain", (1, 2)] == value(runs[2].summary["slices"]["clean"])
    assert scores(runs, ["flat"]).empty and scores([], ["plain"]).empty


def test_folds_are_blocks_and_what_was_not_run_is_missing(slim):
    runs = [slim({"test": np.arange(70) < 40 + fold}, variant, fold=fold)
            for variant in ("plain", "better") for fold in range(1, 6)]
    table = scores(runs[:-1], ["plain", "better"])
    assert table.columns.tolist() == [(fold, 0) for fold in range(1, 6)]
    assert table.isna().sum().sum() == 1 and np.isnan(table.loc["better", (5, 0)])


def test_seeds_of_a_draw_are_one_value(sweep):
    runs = sweep(seeds=3)
    table = scores(runs, ["plain", "better"])
    assert table.shape == (2, 4)
    assert table.loc["plain", (1, 0)] == pytest.approx(np.mean([r.summary["reported"]["WAR"] for r in runs[:3]]))


def test_uneven_seeds_are_no_block_design(sweep):
    runs = sweep(seeds=2)
    with pytest.raises(BadInput, match="different seeds(.|\n)*draw 1(.|\n)*same seeds"):
        scores([r for r in runs if r.config["draw"] != 1 or r.config["seed"] == 0 or r.config["variant"] == "plain"],
               ["plain", "better"])
    with pytest.raises(BadInput, match="some draws have more seeds"):
        scores([r for r in runs if r.config["draw"] != 1 or r.config["seed"] == 0], ["plain", "better"])
    few = [r for r in runs if r.config["draw"] < 2 and (r.config["seed"] == 0 or r.config["variant"] == "plain")]
    assert scores(few, ["plain", "better"]).shape == (2, 2)  # a table that gives no verdict may be uneven
    alone = [r for r in runs if r.config["variant"] == "plain" and r.config["draw"] >= 2]
    assert scores(few + alone, ["plain", "better"]).shape == (2, 4)  # and so may one whose draws compare nothing


def changed(record, **config):
    return SimpleNamespace(**{**vars(record), "config": record.config | config})


@pytest.mark.parametrize(("config", "words"), [
    ({"dataset": "facsimile"}, "2 settings"), ({"preset": "frozen"}, "2 settings"),
    ({"training": {"epochs": 9}}, "2 settings"), ({"draw": 1}, "two records of plain")])
def test_records_that_do_not_match_are_refused(sweep, config, words):
    first, *others = sweep()
    with pytest.raises(BadInput, match=words):
        scores([changed(first, **config | ({"seed": 0} if "draw" in config else {})), *others], ["plain", "better"])


def test_other_clips_or_labels_on_a_draw_are_refused(slim):
    right = {"test": np.ones(21, bool)}
    for other, words in ((slim(right, label={"test": np.zeros(21, int)}), "test labels of two runs differ"),
                         (slim({"test": np.ones(20, bool)}), "test clips of two runs differ")):
        with pytest.raises(BadInput, match=words):
            scores([slim(right, "better"), other], ["better", "plain"])
    same = slim(right)
    same.clips = same.clips.sample(frac=1, random_state=1)  # the order does not matter
    assert scores([slim(right, "better"), same], ["better", "plain"]).shape == (2, 1)


def test_unknown_splits_metrics_and_expressions_without_clips_are_refused(sweep, slim):
    with pytest.raises(BadInput, match="no clips of split 'short_apex'"):
        scores(sweep(), ["plain"], "short_apex")
    with pytest.raises(BadInput, match="no metric 'F1'"):
        scores(sweep(), ["plain"], metric="F1")
    with pytest.raises(BadInput, match="no clips of Fear"):
        scores([slim({"test": np.ones(21, bool)}, label={"test": np.zeros(21, int)})], ["plain"], metric="Fear")
