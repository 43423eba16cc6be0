"""One clip: what happens in it is a function of (kind, draw, scene)."""

import functools

import numpy as np
import pytest

from dfer_nb import facsimile
from dfer_nb.facsimile import casting, storyboard
from dfer_nb.facsimile.recipes import ACTION_UNITS


@functools.cache
def full_plan(kind, draw=0):
    return casting.plan(kind, draw, **facsimile.SIZES)


def row_of(kind, **changes):
    row = full_plan(kind).query("fold == 0 and slice == 'clean' and true_label == 4 and cue < 0").iloc[0].copy()
    for name, value in changes.items():
        row[name] = value
    return row


@pytest.mark.parametrize("kind", facsimile.KINDS)
def test_the_apex_shows_the_expression(kind):
    style, brows, rises = storyboard.STYLES[kind], [ACTION_UNITS.index(1), ACTION_UNITS.index(2)], []
    for number in range(900, 920):
        row = row_of(kind, scene=number, intensity=1.0)  # surprise
        script = storyboard.script(row, kind, 0)
        start, end = script.apex
        assert script.aus.shape == (style.n_frames, len(ACTION_UNITS))
        assert script.aus.min() >= 0 and script.aus.max() <= 1
        assert 0 <= start and end <= style.n_frames and style.apex[0] <= end - start <= style.apex[1]
        far = np.r_[0 : max(start - 6, 0), min(end + 6, style.n_frames) : style.n_frames]
        if len(far):
            rises.append(script.aus[start:end, brows].mean() - script.aus[far][:, brows].mean())
    assert len(rises) > 10 and np.mean(rises) > 0.4  # some leave a unit out


def test_short_apex_and_irrelevant_block():
    smiles = []
    for number in range(900, 920):
        row = row_of("facsimile", scene=number, short_apex=True, irrelevant_frames=10, irrelevant_start=0,
                     irrelevant_kind="other expression", irrelevant_label=0)  # fmt: skip
        script = storyboard.script(row, "facsimile", 0)
        start, end = script.apex
        assert 1 <= end - start <= 3 and start >= 10 and end <= 32
        smiles.append(script.aus[3:7, ACTION_UNITS.index(12)].min())
    assert np.median(smiles) > 0.35  # a smile, before a surprise


def test_irrelevant_kinds():
    block = {"irrelevant_frames": 8, "irrelevant_start": 24, "irrelevant_label": 0}
    away = storyboard.script(row_of("facsimile", irrelevant_kind="turned away", **block), "facsimile", 0)
    assert [t for t, view in enumerate(away.views) if view.away] == [26, 27, 28, 29]
    assert (away.aus[26:30] == 0).all()
    blocked = storyboard.script(row_of("facsimile", irrelevant_kind="blocked", **block), "facsimile", 0)
    assert [t for t, view in enumerate(blocked.views) if view.hand] == list(range(24, 32))
    row = row_of("facsimile", irrelevant_kind="other face", **block)
    other = storyboard.script(row, "facsimile", 0)
    assert set(other.who[24:]) == {row.other_identity} and set(other.who[:24]) == {row.identity}


def spoilt(quality, severity):
    row = row_of("facsimile", quality_kind=quality, severity=severity)
    return facsimile.render(row, "facsimile", 0, numbers=[0])[0][0].astype(float)


@pytest.mark.parametrize("quality", casting.QUALITY)
def test_severity_is_graded_from_nothing_on(quality):
    clear = facsimile.render(row_of("facsimile"), "facsimile", 0, numbers=[0])[0][0].astype(float)
    off = [np.abs(spoilt(quality, severity) - clear).mean() for severity in (0, 0.02, 0.25, 0.5, 0.75, 1)]
    assert off[0] < 0.1 and off[1] < 6 < 8 < off[-1]  # no step where it begins
    assert all(np.diff(off) > -0.1)
    if quality == "dark":
        assert spoilt(quality, 1.0).mean() < 0.15 * clear.mean() < 0.5 * spoilt(quality, 0.4).mean()


@pytest.mark.parametrize("kind", ["facsimile", "facsimile-long"])
def test_neutral_share_is_exact_and_nothing_else_differs(kind):
    plan = full_plan(kind)
    for place in range(0, 150, 15):
        rows = [plan[plan.slice == name].iloc[place] for name in casting.NEUTRAL_SHARES]
        scripts = [storyboard.script(row, kind, 0) for row in rows]
        for script, share in zip(scripts, casting.NEUTRAL_SHARES.values(), strict=True):
            assert script.neutral_share == pytest.approx(share, abs=0.5 / len(script.views))
        first = scripts[0]
        idle = first.aus[: max(first.apex[0] - 4, 0)]
        for script in scripts[1:]:
            assert first.apex[0] <= script.apex[0] < script.apex[1] <= first.apex[1]
            assert [vars(view.pose) for view in script.views] == [vars(view.pose) for view in first.views]
            np.testing.assert_array_equal(script.aus[: len(idle)], idle)


def test_steps_of_the_ladder_are_drawn_alike():
    row = row_of("facsimile-hard")
    frames = [facsimile.render(row, kind, 0, numbers=[5])[0] for kind in ("facsimile-hard", "facsimile-hard-50")]
    np.testing.assert_array_equal(*frames)


def test_low_intensity_lowers_the_action_units():
    strong, weak = (storyboard.script(row_of("facsimile", intensity=i), "facsimile", 0) for i in (1.0, 0.4))
    assert strong.apex == weak.apex
    sums = [script.aus[slice(*script.apex)].max(axis=0).sum() for script in (strong, weak)]
    assert sums[1] < 0.75 * sums[0]
    columns = strong.aus[slice(*strong.apex)].mean(axis=0) > 0.6
    shown = [script.aus[slice(*script.apex)][:, columns].mean() for script in (strong, weak)]
    assert columns.any() and shown[1] == pytest.approx(0.4 * shown[0], rel=0.15)
