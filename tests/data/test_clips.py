"""The ClipTable beside the truth."""

import pandas as pd
import pytest

from dfer_nb.data import clips
from dfer_nb.errors import BadInput


def five_clips():
    columns = {"clip": ["1", "2", "12", "3", "4"], "path": "", "n_frames": pd.array([pd.NA] * 5, dtype="Int64"),
               "label": [0, 6, 2, 1, 4], "split": ["train"] * 3 + ["test"] * 2, "fold": 1, "source": "dfew"}
    return pd.DataFrame(columns)[list(clips.COLUMNS)]


def test_truth_stands_beside_each_clip_in_the_tables_own_order():
    table = five_clips().sample(frac=1, random_state=0)
    truth = pd.DataFrame(
        {
            "clip": ["1", "2", "3", "4", "12"],
            "wrong_label": [True, False, False, False, True],
            "fold": 9,
            "n_frames": 32,
        }
    )
    joined = clips.with_truth(table, truth)
    assert joined.index.tolist() == table.index.tolist()
    assert dict(zip(joined["clip"], joined["wrong_label"], strict=True)) == dict(
        zip(truth["clip"], truth["wrong_label"], strict=True)
    )
    assert joined["wrong_label"].dtype == bool  # so that ~wrong_label means "right label"
    assert (joined["fold"] == 1).all() and (joined["n_frames"] == 32).all()
    assert "wrong_label" not in table


def test_a_clip_the_truth_does_not_know_has_missing_values():
    table = five_clips()
    joined = clips.with_truth(table, pd.DataFrame({"clip": ["1"], "wrong_label": [True]}))
    assert (
        len(joined) == 5
        and joined["wrong_label"].dtype == "boolean"
        and joined["wrong_label"].isna().sum() == 4
    )


def test_no_truth_and_truth_that_is_broken():
    table = five_clips()
    assert clips.with_truth(table, None).equals(table)
    with pytest.raises(BadInput, match="no column 'clip'"):
        clips.with_truth(table, pd.DataFrame({"name": ["1"]}))
    with pytest.raises(BadInput, match="twice: 1"):
        clips.with_truth(table, pd.DataFrame({"clip": ["1", "1"]}))
