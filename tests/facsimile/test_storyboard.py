"""One clip: what happens in it is a function of (kind, draw, clip number)."""

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
        row = row_of(kind, number=number, intensity=1.0)  # surprise
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
        row = row_of("facsimile", number=number, short_apex=True, irrelevant_frames=10, irrelevant_start=0,
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


def test_severity_is_graded():
    def brightness(severity):
        return facsimile.render(row_of("facsimile", quality_kind="dark", severity=severity), "facsimile", 0)[
            0
        ].mean()

    clear, mild, severe = (
        facsimile.render(row_of("facsimile"), "facsimile", 0)[0].mean(),
        brightness(0.25),
        brightness(1.0),
    )
    assert severe < mild / 2 < clear / 4


def test_low_intensity_lowers_the_action_units():
    strong, weak = (storyboard.script(row_of("facsimile", intensity=i), "facsimile", 0) for i in (1.0, 0.4))
    assert strong.apex == weak.apex
    sums = [script.aus[slice(*script.apex)].max(axis=0).sum() for script in (strong, weak)]
    assert sums[1] < 0.75 * sums[0]
    columns = strong.aus[slice(*strong.apex)].mean(axis=0) > 0.6
    shown = [script.aus[slice(*script.apex)][:, columns].mean() for script in (strong, weak)]
    assert columns.any() and shown[1] == pytest.approx(0.4 * shown[0], rel=0.15)
