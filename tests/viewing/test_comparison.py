"""Variants side by side: means over seeds, controls beside them, and nothing made up for what was not run."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from dfer_nb.errors import BadInput
from dfer_nb.viewing.comparison import compare, compare_groups
from dfer_nb.viewing.pointing import hits, known_apex


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
    def seed(war: float):
        config = record.config | {"variant": "rdfer", "draw": 0}
        parts = {"WAR": war, "UAR": war - 5}
        return SimpleNamespace(config=config, clips=record.clips, truth=record.truth, epochs=record.epochs,
                               summary={"last": parts, "slices": {"clean": {"WAR": war + 10, "UAR": war}}})

    return [seed(70.0), seed(80.0)]


def test_means_and_ranges_over_seeds(runs):
    frame = compare(runs, ["rdfer", "flat"], splits=["test", "clean"]).frame
    assert frame.loc["rdfer", "runs"] == "2"
    assert frame.loc["rdfer", "WAR, test"] == "75.0 (70.0–80.0)"
    assert frame.loc["rdfer", "WAR, clean"] == "85.0 (80.0–90.0)"
    assert frame.loc["rdfer", "UAR, test"] == "70.0 (65.0–75.0)"
    assert frame.loc["flat", "runs"] == "0" and set(frame.loc["flat"].drop("runs")) == {"not run"}


def test_groups_stand_beside_their_controls(runs):
    frame = compare_groups(runs[:1], ["rdfer"]).frame
    clips = runs[0].clips[(runs[0].clips["split"] == "train") & (runs[0].clips["epoch"] == 5)]
    clips = clips.merge(runs[0].truth[["clip", "wrong_label", "hard"]], on="clip")
    noisy = clips[clips["weight"] == 0]
    largest = clips.nlargest(len(noisy), "loss")
    expected = [noisy["wrong_label"].mean(), largest["wrong_label"].mean(), clips["wrong_label"].mean()]
    found = frame.loc["rdfer", ["noisy: wrong labels", "as many by loss alone", "wrong labels in all"]].astype(float)
    assert np.allclose(found, [100 * x for x in expected], atol=0.06)


def test_other_settings_do_not_mix(runs):
    runs[1].config["dataset"] = "facsimile-hard"
    with pytest.raises(BadInput, match="records of 2 settings"):
        compare(runs, ["rdfer"])


def test_no_records_at_all_say_not_run():
    assert set(compare([], ["rdfer"]).frame.columns) == {"runs"}
    assert "no records" in compare([], ["rdfer"]).caption
