"""Clips that time alone tells: twins show the very same frames, and nothing but the cue goes with their order."""

import functools

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from dfer_nb import facsimile
from dfer_nb.data.expressions import EXPRESSIONS, NEUTRAL
from dfer_nb.facsimile import casting, lists, motion, storyboard
from dfer_nb.facsimile.recipes import ACTION_UNITS

KIND, DRAW = "facsimile-motion", 9
CUES = pytest.mark.parametrize("code", range(len(motion.CUES)), ids=[cue.name for cue in motion.CUES])


@functools.cache
def plan():
    return casting.plan(KIND, DRAW, **casting.SIZES)


@functools.cache
def told(code):
    """Rows of a cue in a plan with more clean clips, and their scripts."""
    rows = casting.plan(KIND, DRAW, clips=1400, clean=1400, slice_clips=0).query("cue == @code")
    return rows, [storyboard.script(row, KIND, DRAW) for row in rows.itertuples()]


def units(code):
    """Action units of a cue's clips, (N, T, A)."""
    return np.stack([script.aus for script in told(code)[1]])


def twins(row):
    """The scripts of a row as both labels of its cue."""
    scripts = []
    for label in motion.CUES[row.cue].labels:
        row = row.copy()
        row["true_label"] = label
        scripts.append(storyboard.script(row, KIND, DRAW))
    return scripts


def column(au):
    return ACTION_UNITS.index(au)


def test_three_pairs_of_labels_and_half_of_the_clips():
    assert len({frozenset(cue.labels) for cue in motion.CUES}) >= 3 and all(cue.why for cue in motion.CUES)
    assert sum(cue.share for cue in motion.CUES) == pytest.approx(1)
    for table in (plan()[plan().fold > 0], plan().query("slice == 'clean'"), plan().query("slice == 'low_quality'")):
        assert (table.cue >= 0).mean() == pytest.approx(0.5, abs=0.03)
    assert (plan().query("slice in ['short_apex', 'irrelevant', 'low_intensity']").cue < 0).all()


def test_a_cues_labels_are_equally_frequent_in_every_fold():
    clips = plan()[plan().cue >= 0]
    for (code, _, _), group in clips.groupby(["cue", "fold", "slice"]):
        one, other = motion.CUES[code].labels
        assert (group.true_label == one).sum() == (group.true_label == other).sum()
        assert (group.true_label + group.twin_label == one + other).all()
    assert ((plan().twin_label < 0) == (plan().cue < 0)).all()
    per_fold = pd.crosstab(clips.fold, clips.cue).loc[1:]
    assert (per_fold.max() - per_fold.min() <= 2).all()


def test_they_bear_no_trouble_that_their_labels_would_meet_differently():
    clips = plan()[plan().cue >= 0]
    assert not clips.short_apex.any() and (clips.irrelevant_frames == 0).all() and (clips.hard_why == "").all()
    assert clips.intensity.between(*motion.STRENGTH).all() and (clips.quality_kind != "").any()
    assert (clips.given_label != clips.true_label).any()


@CUES
def test_twins_show_the_very_same_frames_in_another_order(code):
    for _, row in plan().query("cue == @code").iloc[:6].iterrows():
        one, other = twins(row)
        order = motion.CUES[code].reorder(len(one.aus))
        np.testing.assert_array_equal(one.aus[order], other.aus)
        assert [repr(one.views[t]) for t in order] == list(map(repr, other.views))
        assert one.neutral_share == other.neutral_share
        assert np.abs(one.aus - other.aus).max() > 0.25
    other = row.copy()
    other["true_label"] = row["twin_label"]
    pictures = [facsimile.render(made, KIND, DRAW, 24)[0] for made in (row, other)]
    np.testing.assert_array_equal(*(sorted(map(np.ndarray.tobytes, frames)) for frames in pictures))


@CUES
def test_what_a_time_course_looks_like(code):
    cue = motion.CUES[code]
    for seed in range(300):
        levels = cue.course(np.random.default_rng(seed), 32)
        assert levels.shape == (32, len(cue.looks)) and levels.min() >= 0 and levels.max() == 1
        assert levels.sum(axis=1).max() <= 1 + 1e-9
        for label in cue.labels:
            start, end = cue.window(levels[cue.order(label, 32)], label)
            assert 0 <= start < end <= 32


def test_a_felt_smile_grows_slowly_and_a_posed_one_snaps_on():
    for seed in range(50):
        level = motion.smile(np.random.default_rng(seed), 32)[:, 0]
        change = np.diff(level, append=level[0])
        assert change.min() < -0.25 and 0.07 < change.max() < 0.12


@CUES
def test_the_window_is_of_what_the_label_says(code):
    cue = motion.CUES[code]
    row = plan().query("cue == @code").iloc[0]
    for label, script in zip(cue.labels, twins(row), strict=True):
        start, end = script.apex
        own = [column(au) for au in storyboard.RECIPES[EXPRESSIONS[label if label != NEUTRAL else cue.looks[0]]]]
        inside, outside = script.aus[start:end], np.delete(script.aus, np.r_[start:end], axis=0)
        assert inside[:, own].mean() > outside[:, own].mean() + 0.1


def test_the_loop_is_alike_backwards_and_from_anywhere():
    loops = {tuple(motion.there_and_back(np.random.default_rng(seed), 8)) for seed in range(200)}
    assert len(loops) == 8 and {loop[::-1] for loop in loops} == loops == {(*loop[4:], *loop[:4]) for loop in loops}
    assert all(abs(a - b) <= 1 for loop in loops for a, b in zip(loop, loop[1:] + loop[:1], strict=True))


def right(describe):
    """Whether logistic regression is right, (answers,), by cue; describe: code -> (N, F).

    It learns from the folds and is tested on the clean clips and the other way round: other people, balanced labels.
    """
    found = []
    for code in range(len(motion.CUES)):
        rows, values = told(code)[0], describe(code).reshape(len(told(code)[0]), -1)
        label, clean = rows.true_label.to_numpy(), (rows.fold == 0).to_numpy()
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=500))
        answers = [model.fit(values[~part], label[~part]).predict(values[part]) for part in (clean, ~clean)]
        found.append(np.concatenate(answers) == np.concatenate([label[clean], label[~clean]]))
    return found


@pytest.mark.parametrize("describe", [
    lambda code: np.sort(units(code), axis=1)[:, ::4],
    lambda code: units(code).mean(axis=1),
    lambda code: units(code).max(axis=1),
], ids=["sorted", "mean", "largest"])  # fmt: skip
def test_action_units_without_order_are_at_chance(describe):
    assert np.concatenate(right(describe)).mean() == pytest.approx(0.5, abs=0.04)


def test_action_units_in_order_tell():
    """Few numbers are enough: of a unit its pace and quarters, and how stretched lips follow a dropped jaw."""

    def describe(code):
        pace, parts = (np.diff(units(code), axis=1) ** 3).sum(axis=1), np.array_split(units(code), 4, axis=1)
        change = np.diff(units(code), axis=1)
        joint = (change[..., column(20)] - change[..., column(26)]) * units(code)[:, 1:, column(5)]
        both = np.stack([joint.max(axis=1), joint.min(axis=1)], axis=1)
        return np.concatenate([pace, *(part.mean(axis=1) for part in parts), both], axis=1)

    hits = right(describe)
    assert np.mean(np.concatenate(hits)) > 0.97, [cue.mean() for cue in hits]


def test_head_and_gaze_do_not_tell_in_order():
    def describe(code):
        return np.array([[[v.pose.yaw, v.pose.pitch, v.pose.roll, *v.gaze] for v in script.views]
                         for script in told(code)[1]])

    assert np.concatenate(right(describe)).mean() == pytest.approx(0.5, abs=0.04)


def test_no_place_in_a_clip_tells_a_smile():
    rows, scripts = told(0)
    smiles = pd.DataFrame([script.aus[:, column(12)] for script in scripts], index=rows.true_label.tolist())
    means = smiles.groupby(level=0).mean()
    assert np.abs(means.loc[0] - means.loc[NEUTRAL]).max() < 0.12


def test_the_truth_says_which_clips_which_twin_and_which_cue():
    made = [{"apex": (0, 1), "neutral_share": 0.0}] * len(plan())
    truth = lists.truth_table(plan(), made, 32)
    assert set(truth.motion_cue) == {"", *(cue.name for cue in motion.CUES)}
    assert ((truth.motion_cue == "") == (truth.twin_label == -1)).all()
    other = casting.plan("facsimile", DRAW, clips=20, clean=1, slice_clips=1)
    truth = lists.truth_table(other, made[: len(other)], 32)
    assert set(truth.motion_cue) == {""} and set(truth.twin_label) == {-1}
