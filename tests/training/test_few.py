"""A part of the training clips: by lot, a small picture of all, or all without a trouble."""

import pandas as pd
import pytest

from dfer_nb import facsimile
from dfer_nb.errors import BadInput
from dfer_nb.facsimile import casting
from dfer_nb.presets import plan
from dfer_nb.request import Request, arranged, read_table
from dfer_nb.training.controls import few, without


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


@pytest.fixture(scope="module")
def fold():
    """The lists of a fold of a full draw and its truth; no film is drawn."""
    clips = casting.plan("facsimile", 3, **facsimile.SIZES)
    truth = clips.assign(clip=clips["number"].astype(str), irrelevant=clips["irrelevant_frames"] > 0)
    split = truth["slice"].where(truth["slice"] != "", truth["fold"].map(lambda fold: "test" if fold == 1 else "train"))
    return pd.DataFrame({"clip": truth["clip"], "split": split, "label": truth["given_label"]}), truth


@pytest.mark.parametrize("trouble", ["short_apex", "irrelevant"])
def test_clips_with_a_trouble_are_left_out_of_training_alone(fold, trouble):
    table, truth = fold
    left = without(table, truth, trouble)
    bad = set(truth.loc[truth[trouble], "clip"])
    train, others = left[left["split"] == "train"], left[left["split"] != "train"]
    assert not set(train["clip"]) & bad and set(others["clip"]) & bad
    assert len(train) == 1120 - (table["clip"].isin(bad) & (table["split"] == "train")).sum() >= 880
    assert set(others["clip"]) == set(table.loc[table["split"] != "train", "clip"])


def test_training_without_a_trouble_has_as_many_clips_as_its_control(fold):
    """NR-DFERNet: what the filter and the token do where training has not shown the trouble."""
    counts = {}
    for variant in ("as-many", "as-many-learned", "no-brief", "no-irrelevant", "no-irrelevant-learned"):
        found = arranged(*fold, plan("nr_dfernet", variant=variant).training, seed=5)
        counts[variant] = (found["split"] == "train").sum()
    assert set(counts.values()) == {880}


def test_a_trouble_that_nobody_knows_of_is_refused(fold):
    with pytest.raises(BadInput, match="nothing is known of 'sneezes'(.|\n)*short_apex"):
        without(*fold, "sneezes")
    with pytest.raises(BadInput, match="does not say"):
        without(fold[0], None, "irrelevant")
    with pytest.raises(BadInput, match="no-brief needs to know what is true of the clips"):
        Request("nr_dfernet", "dfew", "there", variant="no-brief")
