"""The plan: one table for the whole dataset, so that shares are exact."""

import functools

import numpy as np
import pandas as pd
import pytest

from dfer_nb.data.expressions import EXPRESSIONS, NEUTRAL
from dfer_nb.facsimile import casting, storyboard


@functools.cache
def full_plan(kind, draw=0):
    return casting.plan(kind, draw, **casting.SIZES)


def test_class_shares_are_dfews_with_a_floor():
    shares = casting.class_shares()
    assert shares.sum() == pytest.approx(1) and shares[EXPRESSIONS.index("Disgust")] == 0.05
    ratio = shares[EXPRESSIONS.index("Happy")] / shares[EXPRESSIONS.index("Fear")]
    assert ratio == pytest.approx(2445 / 902)


def test_apportion_by_hand():
    assert casting.apportion(10, [0.25, 0.25, 0.5]).tolist() == [3, 2, 5]  # the first of two equal remainders
    assert casting.apportion(7, np.ones(5)).tolist() == [2, 2, 1, 1, 1]


@pytest.mark.parametrize("kind", storyboard.KINDS)
def test_noise_at_its_share(kind):
    style, table = storyboard.STYLES[kind], full_plan(kind)
    folds = table[table.fold > 0]
    assert len(folds) == 1400 and folds.fold.value_counts().tolist() == [280] * 5
    shares = {
        "wrong": (folds.given_label != folds.true_label).mean(),
        "low_quality": (folds.quality_kind != "").mean(),
        "irrelevant": (folds.irrelevant_frames > 0).mean(),
        "short_apex": folds.short_apex.mean(),
        "hard": (folds.hard_why != "").mean(),
    }
    assert shares == pytest.approx({name: getattr(style, name) for name in shares}, abs=0.002)
    assert set(folds.quality_kind) == {"", *casting.QUALITY}
    assert set(folds.irrelevant_kind) == {"", *casting.IRRELEVANT}


def test_wrong_labels_are_of_their_kind():
    table = full_plan("facsimile-hard")
    wrong = table[table.wrong_kind != ""]
    assert (wrong.given_label != wrong.true_label).all() and (wrong.fold > 0).all()
    assert (table.given_label == table.true_label)[table.wrong_kind == ""].all()
    swapped = wrong[wrong.wrong_kind == "confusion"]
    pairs = {
        tuple(sorted((EXPRESSIONS[a], EXPRESSIONS[b])))
        for a, b in swapped[["true_label", "given_label"]].to_numpy()
    }
    assert pairs == {("Fear", "Surprise"), ("Angry", "Disgust")}
    weak = wrong[wrong.wrong_kind == "low intensity to neutral"]
    assert (weak.given_label == NEUTRAL).all() and (weak.intensity < 0.5).all()
    runs = wrong[wrong.wrong_kind == "run of one label"]
    neighbours = runs.number.diff().between(1, 3) & (runs.given_label.diff() == 0)
    assert neighbours.mean() > 0.5


def test_people_are_disjoint():
    table = full_plan("facsimile")
    groups = table.groupby("fold")[["identity", "other_identity"]].agg(set)
    seen = [row.identity | row.other_identity for row in groups.itertuples()]
    assert sum(map(len, seen)) == len(set().union(*seen))
    assert (table.identity != table.other_identity).all()
    assert not set(table.identity) & set(full_plan("facsimile", 1).identity)
    assert not set(table.identity) & set(full_plan("facsimile-long").identity)


def test_extra_clips_have_one_difficulty_each():
    table = full_plan("facsimile")
    assert table[table.fold == 0].slice.value_counts().to_dict() == {
        "clean": 700,
        **dict.fromkeys(casting.SLICES, 150),
    }
    flags = pd.DataFrame({
        "short_apex": table.short_apex, "irrelevant": table.irrelevant_frames > 0,
        "low_quality": table.quality_kind != "", "low_intensity": table.hard_why == "low intensity",
    })  # fmt: skip
    for name in ("clean", *casting.SLICES):
        rows = flags[table.slice == name]
        assert rows.to_numpy().sum() == (0 if name == "clean" else 150)
        assert name == "clean" or rows[name].all()
