"""Twins that are told apart: by hand on made-up clips."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from dfer_nb.errors import BadInput
from dfer_nb.viewing.evidence import twins
from dfer_nb.viewing.page import Table


@pytest.fixture
def seen(slim):
    """A record of test and clean clips: label, twin, cue and prediction of each."""
    def make(rows, variant="plain", draw=10):
        clips = pd.DataFrame(rows, columns=["split", "label", "twin_label", "motion_cue", "prediction"])
        clips["clip"] = [f"{k}" for k in range(len(clips))]
        run = slim({"test": np.ones(9, bool), "clean": np.ones(9, bool)}, variant, seed=draw, draw=draw,
                   dataset="facsimile-motion")
        return SimpleNamespace(**vars(run) | {"clips": clips.drop(columns=["twin_label", "motion_cue"]),
                                              "truth": clips[["clip", "twin_label", "motion_cue"]]})
    return make


ROWS = [("test", 0, 2, "smile", 0), ("test", 2, 0, "smile", 0), ("clean", 0, 2, "smile", 5),
        ("clean", 0, 2, "smile", 0), ("clean", 6, 5, "turn", 6), ("test", 1, -1, "", 3),
        ("low_quality", 5, 6, "turn", 6)]


def test_told_by_hand(seen):
    percent = twins.told(seen(ROWS))
    assert list(percent.index) == ["smile", "turn", "all twins"]
    assert percent["smile"] == pytest.approx(200 / 3)  # the third is called neither way
    assert percent["turn"] == 100 and percent["all twins"] == 75  # the one of low quality is of another set
    silent = twins.told(seen([*ROWS[:4], ("clean", 6, 5, "turn", 0)]))
    assert np.isnan(silent["turn"]) and silent["all twins"] == pytest.approx(200 / 3)


def test_a_kind_without_twins_is_refused(seen):
    with pytest.raises(BadInput, match="no clip has a twin"):
        twins.told(seen([("test", 1, -1, "", 3), ("clean", 1, -1, "", 1)]))


def test_twins_are_told_by_variants_on_the_same_draws(seen):
    rng = np.random.default_rng(0)

    def run(variant, draw, skill):
        right = rng.random(400) < skill
        return seen([("test" if k % 2 else "clean", 0, 2, "smile", 0 if r else 2) for k, r in enumerate(right)],
                    variant, draw)

    runs = [run(variant, draw, skill) for variant, skill in (("frames", 0.5), ("order", 0.9)) for draw in range(10, 14)]
    by_draw = twins.told_by_draw(runs, ["frames", "order"])
    by_draw = pd.DataFrame({variant: of.loc["all twins"] for variant, of in by_draw.items()}).T
    assert by_draw.shape == (2, 4) and list(by_draw.columns) == [(1, draw) for draw in range(10, 14)]
    table = twins.twin_table(runs, ["frames", "order", "flat"], "frames")
    assert isinstance(table, Table) and "4 draws, a seed each" in table.caption
    assert table.frame.loc["frames", "all, less frames"] == "–" and set(table.frame.loc["flat"]) == {"not run"}
    gain = (by_draw.loc["order"] - by_draw.loc["frames"]).mean()
    assert table.frame.loc["order", "all, less frames"].startswith(f"{gain:+.1f} (")
    assert table.frame.loc["order", "smile"] == f"{by_draw.loc['order'].mean():.1f}"
    assert set(twins.twin_table([], ["frames"], "frames").frame.loc["frames"]) == {"not run"}
