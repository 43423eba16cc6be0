"""WAR and UAR against values worked out by hand."""

import numpy as np
import pytest

from dfer_nb.training import metrics

LABEL = [0, 0, 0, 0, 1, 1, 2, 2]
PREDICTION = [0, 0, 0, 1, 1, 2, 2, 2]


def test_war_is_the_share_of_right_clips():
    assert metrics.war(LABEL, PREDICTION) == pytest.approx(75.0)


def test_uar_is_the_mean_recall_of_the_classes_that_occur():
    assert metrics.uar(LABEL, PREDICTION) == pytest.approx((75 + 50 + 100) / 3)
    assert metrics.uar(LABEL, [6] * 8) == 0  # a class that is only predicted has no recall to average


def test_recalls_say_nan_for_a_class_without_clips():
    found = metrics.recalls(LABEL, PREDICTION)
    assert found["Happy"] == 75 and found["Sad"] == 50 and np.isnan(found["Fear"])


def test_confusion_rows_are_the_truth():
    found = metrics.confusion(LABEL, PREDICTION)
    assert found.shape == (7, 7) and found[0, 1] == 1 and found[1, 2] == 1 and found.sum() == 8
