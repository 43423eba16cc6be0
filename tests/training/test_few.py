"""A few of the training clips: by lot, or a small picture of all."""

import pandas as pd
import pytest

from dfer_nb import facsimile
from dfer_nb.errors import BadInput
from dfer_nb.facsimile import casting
from dfer_nb.request import read_table
from dfer_nb.training.controls import few


def test_few_clips_are_drawn_by_lot_from_the_seed(tiny):
    table, _ = read_table("facsimile", tiny, 1)
    some = few(table, None, 7, 1)
    assert (some["split"] == "train").sum() == 7
    pd.testing.assert_frame_equal(some[some["split"] != "train"].reset_index(drop=True),
                                  table[table["split"] != "train"].reset_index(drop=True))
    shuffled = few(table.sample(frac=1, random_state=0), None, 7, 1)
    assert set(shuffled["clip"]) == set(some["clip"]) != set(few(table, None, 7, 2)["clip"])
    with pytest.raises(BadInput, match="not 5000"):
        few(table, None, 5000, 1)


def test_few_clips_are_a_small_picture_of_all():
    plan = casting.plan("facsimile-hard", 3, **facsimile.SIZES).query("fold > 1")
    truth = plan.assign(clip=plan["number"].astype(str))
    table = pd.DataFrame({"clip": truth["clip"], "split": "train", "label": truth["given_label"]})
    some = few(table, truth, 400, 3)
    of = truth[truth["clip"].isin(some["clip"])]
    assert len(of) == 400 and len(truth) == 1120
    for share in (0.15, 0.33, 0.5):  # steps of the ladder, which have the same clips
        assert (of["wrong_from"] < share).mean() == pytest.approx(share, abs=0.02)
    for kind, clips in of.groupby("hard_why"):
        assert len(clips) == pytest.approx((truth["hard_why"] == kind).sum() * 400 / 1120, abs=1)
        assert (clips["wrong_from"] < 0.33).sum() == pytest.approx(0.33 * len(clips), abs=3), kind
    counts = of["true_label"].value_counts() - truth["true_label"].value_counts() * 400 / 1120
    assert counts.abs().max() < 4
    assert set(few(table, truth, 400, 4)["clip"]) != set(some["clip"])
    same = few(table.sample(frac=1, random_state=0), truth.sample(frac=1, random_state=1), 400, 3)
    assert set(same["clip"]) == set(some["clip"])
