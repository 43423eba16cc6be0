"""The plan: one table for the whole dataset, so that shares are exact."""

import functools

import numpy as np
import pandas as pd
import pytest

from dfer_nb.data.expressions import EXPRESSIONS, NEUTRAL
from dfer_nb.facsimile import casting, labelling, styles

HARD = ("low intensity", "two expressions", "short apex")


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


def five_folds(kind, draw=0):
    table = full_plan(kind, draw)
    return table[table.fold > 0]


@pytest.mark.parametrize("kind", styles.KINDS)
def test_noise_at_its_share(kind):
    style, folds = styles.STYLES[kind], five_folds(kind)
    assert len(folds) == 1400 and folds.fold.value_counts().tolist() == [280] * 5
    shares = {
        "wrong": (folds.given_label != folds.true_label).mean(),
        "low_quality": (folds.quality_kind != "").mean(),
        "irrelevant": (folds.irrelevant_frames > 0).mean(),
        "short_apex": folds.short_apex.mean(),
        "weak": (folds.hard_why == "low intensity").mean(),
        "mixed": (folds.second_label >= 0).mean(),
        "hard": (folds.hard_why != "").mean(),
    }
    assert shares == pytest.approx({name: getattr(style, name) for name in shares}, abs=1e-9)
    assert set(folds.quality_kind) == {"", *casting.QUALITY}
    assert set(folds.irrelevant_kind) == {"", *casting.IRRELEVANT}


@pytest.mark.parametrize("kind", styles.KINDS)
@pytest.mark.parametrize("draw", [0, 9])
def test_every_trouble_is_as_frequent_in_each_fold(kind, draw):
    folds = five_folds(kind, draw)
    for column in ("hard_why", "quality_kind", "irrelevant_kind", "short_apex", "true_label", "wrong_kind"):
        counts = pd.crosstab(folds.fold, folds[column])
        room = 6 if column == "wrong_kind" else 1  # how a label is wrong depends on the clips of the fold as well
        assert (counts.max() - counts.min()).max() <= room, column
    wrong = (folds.given_label != folds.true_label).groupby(folds.fold).sum()
    assert wrong.max() - wrong.min() <= 1


@pytest.mark.parametrize("kind", styles.KINDS)
@pytest.mark.parametrize("draw", [0, 10, 15])
def test_every_trouble_meets_every_label_and_every_other_trouble_as_often_in_each_fold(kind, draw):
    folds = five_folds(kind, draw)
    irrelevant, bad = folds.irrelevant_frames > 0, folds.quality_kind != ""
    wrong = folds.given_label != folds.true_label
    pairs = {"hard, label": (folds.hard_why, folds.true_label), "hard, irrelevant": (folds.hard_why, irrelevant),
             "hard, bad": (folds.hard_why, bad), "hard, wrong": (folds.hard_why, wrong)}
    pairs |= {"irrelevant, label": (irrelevant, folds.true_label), "bad, label": (bad, folds.true_label),
              "bad, irrelevant": (bad, irrelevant), "wrong, label": (wrong, folds.true_label),
              "wrong, irrelevant": (wrong, irrelevant), "wrong, bad": (wrong, bad)}
    for name, (one, other) in pairs.items():
        counts = pd.crosstab(folds.fold, [one, other])
        assert (counts.max() - counts.min()).max() <= 3, name  # of 280 clips


@pytest.mark.parametrize("kind", styles.KINDS)
@pytest.mark.parametrize("draw", [0, 9])
def test_wrong_labels_are_crossed_with_all_that_makes_a_clip_hard(kind, draw):
    folds, share = five_folds(kind, draw), styles.STYLES[kind].wrong
    wrong, irrelevant = folds.given_label != folds.true_label, folds.irrelevant_frames > 0
    groups = {f"{why or 'not hard'}, {there}": (folds.hard_why == why) & (irrelevant == there)
              for why in ("", *HARD) for there in (False, True)}
    groups |= {why: folds.hard_why == why for why in ("", *HARD)} | {"irrelevant": irrelevant}
    groups |= {label: folds.true_label == label for label in range(7)} | {"bad": folds.quality_kind != ""}
    for name, group in groups.items():
        assert wrong[group].sum() == pytest.approx(share * group.sum(), abs=2), name


def test_troubles_are_crossed_with_each_other():
    folds = five_folds("facsimile-hard")
    hard, irrelevant, bad = folds.hard_why, folds.irrelevant_frames > 0, folds.quality_kind != ""
    for one, other in ((hard, irrelevant), (hard, bad), (irrelevant, bad), (folds.true_label, bad),
                       (folds.true_label, irrelevant), (folds.true_label[folds.true_label != NEUTRAL], hard)):
        found = pd.crosstab(one, other).to_numpy()
        wanted = np.outer(found.sum(axis=1), found.sum(axis=0)) / found.sum()
        assert np.abs(found - wanted).max() < 3
    severity = folds.severity[bad].sort_values().to_numpy()
    assert severity[0] < 0.01 and severity[-1] > 0.99 and np.diff(severity).max() < 0.01


def test_the_ladder_has_the_same_clips_and_nested_labels():
    kinds = [f"facsimile-hard{step}" for step in ("-0", "-15", "", "-50")]
    tables = [full_plan(kind) for kind in kinds]
    wrong = [table.given_label != table.true_label for table in tables]
    assert [int(each.sum()) for each in wrong] == [0, 210, 462, 700]
    labels = ["given_label", "wrong_kind"]
    for less, more, table, greater in zip(wrong, wrong[1:], tables, tables[1:], strict=False):
        pd.testing.assert_frame_equal(table.drop(columns=labels), greater.drop(columns=labels))
        assert more[less].all()
        pd.testing.assert_frame_equal(table.loc[less, labels], greater.loc[less, labels])
    assert (wrong[3] == (tables[0].wrong_from < 0.5)).all()


def test_wrong_labels_are_of_their_kind():
    table = full_plan("facsimile-hard")
    wrong = table[table.wrong_kind != ""]
    assert (wrong.given_label != wrong.true_label).all() and (wrong.fold > 0).all()
    assert (table.given_label == table.true_label)[table.wrong_kind == ""].all()
    assert set(wrong.wrong_kind) == set(labelling.WRONG_KINDS)
    swapped = wrong[wrong.wrong_kind == "confusion"]
    pairs = {(EXPRESSIONS[a], EXPRESSIONS[b]) for a, b in swapped[["true_label", "given_label"]].to_numpy()}
    assert pairs == {(name, other) for name, others in labelling.CONFUSED.items() for other in others}
    called_neutral = wrong[wrong.wrong_kind == "low intensity to neutral"]
    assert (called_neutral.given_label == NEUTRAL).all() and (called_neutral.hard_why == "low intensity").all()
    assert 0.2 < len(called_neutral) / (table[table.fold > 0].hard_why == "low intensity").sum() < 0.5
    runs = wrong[wrong.wrong_kind == "run of one label"]
    neighbours = (runs.number.diff() == 1) & (runs.given_label.diff() == 0)
    assert neighbours.mean() > 0.6


def test_runs_strike_ambiguous_clips_first():
    clips = pd.concat([five_folds("facsimile-hard", draw) for draw in range(4)])
    clips = clips[(clips.wrong_kind != "") & (clips.wrong_kind != "low intensity to neutral")]
    vague, runs = labelling.ambiguity(clips), clips.wrong_kind == "run of one label"
    shares = [runs[(vague >= low) & (vague < high)].mean() for low, high in ((0, 0.25), (0.25, 0.5), (0.5, 2))]
    assert shares[0] < 0.25 < shares[1] < 0.45 < shares[2]
    assert runs[clips.hard_why == ""].mean() < 0.8 * min(runs[clips.hard_why == why].mean() for why in HARD)


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
        "clean": 700, "short_apex": 300, "low_intensity": 300, "irrelevant": 150, "low_quality": 150,
        **dict.fromkeys(casting.NEUTRAL_SHARES, 150),
    }  # fmt: skip
    flags = pd.DataFrame({
        "short_apex": table.short_apex, "irrelevant": table.irrelevant_frames > 0,
        "low_quality": table.quality_kind != "", "low_intensity": table.hard_why == "low intensity",
    })  # fmt: skip
    for name in ("clean", *casting.SLICES):
        rows = flags[table.slice == name]
        assert rows.to_numpy().sum() == (len(rows) if name in flags else 0)
        assert name not in flags or rows[name].all()


def test_slices_by_neutral_share_hold_the_same_clips():
    table = full_plan("facsimile")
    slices = [table[table.slice == name].reset_index(drop=True) for name in casting.NEUTRAL_SHARES]
    assert [part.expressive_frames.unique().tolist() for part in slices] == [[16], [8], [3], [1]]
    for part in slices[1:]:
        differs = ["number", "slice", "expressive_frames"]
        pd.testing.assert_frame_equal(part.drop(columns=differs), slices[0].drop(columns=differs))
    assert (slices[0].true_label != NEUTRAL).all() and (slices[0].scene == slices[0].number).all()
