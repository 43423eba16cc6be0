"""What was learnt by heart, by kind of wrong label."""

import pandas as pd
import pytest

from dfer_nb.training.memory import learnt

TRUTH = pd.DataFrame({
    "clip": list("abcdefg"), "true_label": [0, 1, 2, 3, 4, 5, 6], "given_label": [0, 1, 2, 4, 3, 6, 5],
    "wrong_label": [False] * 3 + [True] * 4,
    "wrong_kind": ["", "", "", "confusion", "confusion", "confusion", "run of one label"]})


def test_shares_by_hand():
    rows = pd.DataFrame({"clip": list("gfedcba"), "prediction": [5, 5, 3, 4, 0, 1, 0], "label": 9})
    assert learnt(rows, TRUTH) == pytest.approx({
        "right_as_given": 100 * 2 / 3,  # a, b of a, b, c
        "wrong_as_given": 75.0,  # d, e, g of d, e, f, g
        "wrong_as_true": 25.0,  # f
        "wrong_as_given: confusion": 100 * 2 / 3,
        "wrong_as_given: run of one label": 100.0,
    })


def test_kinds_without_clips_are_left_out():
    rows = pd.DataFrame({"clip": ["a", "b"], "prediction": [0, 0]})
    assert learnt(rows, TRUTH) == {"right_as_given": 50.0}
