"""The trace of the drawing: a small change of any room shows in it, rounding and the order of calls do not."""

import copy
import json
from dataclasses import replace

import numpy as np
import pytest

from dfer_nb.data.expressions import DFEW_COUNTS
from dfer_nb.facsimile import (
    casting,
    face,
    folds,
    hand,
    identity,
    labelling,
    looks,
    parts,
    recipes,
    sketch,
    storyboard,
    trace,
)
from dfer_nb.facsimile.styles import KINDS, STYLES

CACHES = (identity.identity, face._noise, looks._outline)
KIND = "facsimile"
DRAWN = [kind for kind in KINDS if not STYLES[kind].clips_of]


def empty_caches():
    for each in CACHES:
        each.cache_clear()


@pytest.fixture(autouse=True)
def _no_face_of_another_code():
    yield
    empty_caches()


def fresh(kind=KIND):
    """The trace as a new process would find it."""
    empty_caches()
    return trace.drawing.__wrapped__(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_every_trouble_is_in_it(kind):
    clips = trace.telling(casting.plan(kind, trace.DRAW, **casting.SIZES))
    assert set(clips["quality_kind"]) == {"", *casting.QUALITY}
    assert set(clips["irrelevant_kind"]) == {"", *casting.IRRELEVANT}
    assert set(clips["hard_why"]) == {"", "low intensity", "two expressions", "short apex"}
    wrong = labelling.WRONG_KINDS if STYLES[kind].wrong else ()
    assert set(clips["wrong_kind"]) == {"", *wrong}
    assert set(clips["slice"]) == {"", "clean", *casting.SLICES} and set(clips["short_apex"]) == {True, False}
    assert set(clips["true_label"]) == set(clips["given_label"]) == set(range(7)) and len(clips) < 60
    people = [identity.identity(int(number)) for number in clips["identity"]]
    assert {look.hair for look in people} == set(range(8)) and {look.beard for look in people} == set(range(4))
    assert {look.glasses for look in people} == {0, 1, 2} and {look.iris for look in people} == set(identity.EYES)


def test_it_is_the_same_after_other_calls_and_through_a_file():
    first = trace.drawing(KIND)
    np.random.seed(1)
    for other in reversed(DRAWN):
        fresh(other)
    face.draw(face.identity(3), np.ones(len(recipes.ACTION_UNITS)), size=48)
    assert fresh() == first
    assert json.loads(json.dumps(first)) == first and trace.same(json.loads(json.dumps(first)), first)


def moved(points, by=0.01):
    points = np.array(points, float)
    points[-1] += by
    return points


def scaled(values, name, factor=1.02):
    return values | {name: values[name] * factor}


CHANGES = {
    "height of the eyes": (parts, "EYE_Y", parts.EYE_Y + 0.004),
    "height of the mouth": (parts, "MOUTH_Y", parts.MOUTH_Y + 0.004),
    "shape of the lids": (parts, "LID", parts.LID * 1.02),
    "ends of the creases": (folds, "TAPER", folds.TAPER * 1.03),
    "edge of one hair style": (looks, "EDGES", looks.EDGES | {looks.TIED: moved(looks.EDGES[looks.TIED])}),
    "one colour of hair": (identity, "HAIRS", (*identity.HAIRS[:-1], (150, 70, 37))),
    "one colour of eyes": (identity, "EYES", (*identity.EYES[:-1], (110, 120, 125))),
    "one frame of glasses": (identity, "FRAMES", (*identity.FRAMES[:-1], (60, 66, 85))),
    "one finger": (hand, "FINGERS", moved(hand.FINGERS)),
    "the thumb": (hand, "THUMB", moved(hand.THUMB)),
    "depth of the head": (sketch, "HEAD", (1.15, 1.5, 0.86)),
    "a recipe": (storyboard, "RECIPES", recipes.RECIPES | {"Fear": scaled(recipes.RECIPES["Fear"], 20)}),
    "a variant": (storyboard, "VARIANTS", recipes.VARIANTS | {"Sad": ({17: 0.71}, {})}),
    "an accent": (storyboard, "ACCENTS", (*storyboard.ACCENTS[:-1], 18)),
    "a gesture": (storyboard, "GESTURES", (*storyboard.GESTURES[:-1], (9,))),
    "the floor of the shares": (casting, "FLOOR", 0.055),
    "clips of a person": (casting, "CLIPS_PER_IDENTITY", 11),
    "people of the slices": (casting, "EXTRA_PEOPLE", 81),
    "sizes": (casting, "SIZES", casting.SIZES | {"clean": 710}),
    "counts of the classes": (casting, "DFEW_COUNTS", DFEW_COUNTS | {"Fear": 950}),
    "rate": (trace, "FPS", 24),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_small_change_shows(change, monkeypatch):
    before = trace.drawing(KIND)
    monkeypatch.setattr(*CHANGES[change])
    assert not trace.same(fresh(), before)


@pytest.mark.parametrize(("function", "factor"), [("_lighting", 1.001), ("_relief", 1.01)])
def test_a_small_change_of_light_shows(function, factor, monkeypatch):
    before, light = trace.drawing(KIND), getattr(face, function)
    monkeypatch.setattr(face, function, lambda *given: (light(*given) * factor).astype(light(*given).dtype))
    assert not trace.same(fresh(), before)


@pytest.mark.parametrize("field", ["wrong", "short_apex", "weak", "au_noise", "rest", "talk", "idle", "turn", "light"])
def test_a_change_of_one_kind_is_that_kinds_alone(field, monkeypatch):
    before = {kind: trace.drawing(kind) for kind in DRAWN}
    style = STYLES["facsimile-long"]
    monkeypatch.setitem(STYLES, "facsimile-long", replace(style, **{field: getattr(style, field) * 1.02}))
    assert {kind for kind in DRAWN if not trace.same(fresh(kind), before[kind])} == {"facsimile-long"}


def test_a_step_of_the_ladder_differs_in_its_labels_alone():
    one, other = trace.drawing("facsimile-hard"), trace.drawing("facsimile-hard-15")
    for name in ("plan, true_label", "plan, hard_why", "plan, means", "labels, views"):
        assert one[name] == other[name]
    assert one["plan, wrong_kind"] != other["plan, wrong_kind"]


def test_another_processors_rounding_does_not_show(monkeypatch):
    before, draw = trace.drawing(KIND), face.draw

    def rounded(*given):
        image = draw(*given)
        image[5::28, 5::28] ^= 1  # one pixel of each cell, by one grey level
        image[9::28, 4::28] ^= 1
        return image

    monkeypatch.setattr(face, "draw", rounded)
    after = fresh()
    assert after != before and trace.same(after, before)


def test_what_is_no_trace_of_the_same_drawing():
    here = trace.drawing(KIND)
    for change in (lambda t: t.pop("apex"), lambda t: t["apex"].pop(), lambda t: t["plan, fold"].reverse(),
                   lambda t: t["files"].__setitem__(0, 113),
                   lambda t: t["cells"][3][2].__setitem__(1, t["cells"][3][2][1] + 0.03),
                   lambda t: t["cells"][3][2].pop(), lambda t: t.update(apex="none"), lambda t: t.update(more=[1])):
        other = copy.deepcopy(here)
        change(other)
        assert not trace.same(other, here)
