"""What was learnt by heart, by kind of wrong label; what was pruned and corrected."""

import pandas as pd
import pytest

from dfer_nb.training.memory import learnt, purified, weighed

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


def test_what_is_pruned_and_corrected_is_counted_by_hand():
    rows = pd.DataFrame({"clip": list("abcdefg"), "label": TRUTH["given_label"], "kept": [1, 0, 1, 0, 1, 1, 1],
                         "corrected_to": [0, 1, 6, 4, 4, 2, 5]})
    truth = TRUTH.assign(low_quality=[True, True] + [False] * 5)
    found = purified(rows[::-1], truth[::-1])
    assert found == {"pruned": 2, "corrected": 3,  # b, d; c, e, f
                     "pruned_low_quality": 1, "pruned_wrong_label": 1,  # b; d
                     "repaired": 1, "mistaken": 1, "broken": 1}  # e; f; c
    assert purified(rows, None) == {"pruned": 2, "corrected": 3}
    assert purified(rows.drop(columns="kept"), truth) == {}


def test_weights_by_hand():
    rows = pd.DataFrame({"clip": list("abcdefg"), "label": TRUTH["given_label"], "prediction": TRUTH["given_label"],
                         "sample_weight": [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.75]})
    truth = TRUTH.assign(low_quality=[True] * 2 + [False] * 5)
    found = weighed(rows[::-1], truth[::-1])
    assert found["weight_mean"] == pytest.approx(4.65 / 7) and found["weight_50"] == pytest.approx(0.7)
    assert found["weight_sd"] == pytest.approx(rows["sample_weight"].std(ddof=0))
    assert found["weight_05"] == pytest.approx(0.43) and found["weight_95"] == pytest.approx(0.87)
    # d, e, f weigh less than a, b, c; g, of 0.75, less than a and b: 11 of 12 pairs
    assert found["weight_finds_wrong_label"] == pytest.approx(100 * 11 / 12)
    assert found["weight_finds_low_quality"] == pytest.approx(0.0)  # a and b weigh most
    assert "weight_finds_error" not in found  # all are predicted as labelled
    wrong = rows.assign(prediction=[6, *rows["prediction"][1:]])
    assert weighed(wrong, None)["weight_finds_error"] == 0.0
    assert not [name for name in weighed(wrong, None) if name.endswith(("label", "quality"))]
    assert weighed(rows.drop(columns="sample_weight"), truth) == {}
