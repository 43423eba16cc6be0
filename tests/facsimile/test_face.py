"""Drawn faces: action units move what FACS says they move, and every expression stands apart."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from dfer_nb.data import expressions
from dfer_nb.data.expressions import EXPRESSIONS
from dfer_nb.facsimile import face, identity, parts, recipes
from dfer_nb.facsimile.face import Pose, View
from dfer_nb.facsimile.recipes import ACTION_UNITS, RECIPES
from dfer_nb.facsimile.sketch import Sketch, mix

LOOK = face.identity(3)


def units(**given):
    """Action units of one frame as a dict: units(au4=1.0)."""
    return dict.fromkeys(ACTION_UNITS, 0.0) | {int(name[2:]): value for name, value in given.items()}


def vector(name, strength=1.0):
    return np.array([RECIPES[name].get(au, 0.0) for au in ACTION_UNITS]) * strength


def grey(image):
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(float)


def test_expressions_are_dfews():
    assert EXPRESSIONS == ("Happy", "Sad", "Neutral", "Angry", "Surprise", "Disgust", "Fear")
    assert sum(expressions.DFEW_COUNTS.values()) == 11697
    assert tuple(expressions.DFEW_COUNTS) == EXPRESSIONS == tuple(RECIPES) == tuple(recipes.VARIANTS)


def test_recipes_are_the_facs_prototypes():
    assert {name: set(recipe) for name, recipe in RECIPES.items()} == {
        "Happy": {6, 12},
        "Sad": {1, 4, 15},
        "Neutral": set(),
        "Angry": {4, 5, 7, 23},
        "Surprise": {1, 2, 5, 26},
        "Disgust": {9, 15, 16},
        "Fear": {1, 2, 4, 5, 7, 20, 26},
    }
    for name, recipe in RECIPES.items():
        for units in (recipe, *recipes.VARIANTS[name]):
            assert set(units) <= set(ACTION_UNITS) and all(0 < weight <= 1 for weight in units.values())


def test_a_frame():
    image = face.draw(LOOK, vector("Happy"), View(), 112)
    assert image.shape == (112, 112, 3) and image.dtype == np.uint8 and image.std() > 20
    assert face.draw(LOOK, vector("Happy"), size=48).shape == (48, 48, 3)
    np.testing.assert_array_equal(image, face.draw(LOOK, vector("Happy"), View(), 112))


def test_identities_differ_and_repeat():
    assert face.identity(3) is LOOK
    assert len({face.identity(n).skin for n in range(50)}) == 50
    people = [face.identity(n) for n in range(300)]
    assert {p.hair for p in people} == set(range(len(identity.HAIR)))
    assert {p.beard for p in people} == set(range(len(identity.BEARD)))
    assert {p.glasses for p in people} == {0, 1, 2}


def test_brows_read_on_every_skin():
    for number in range(200):
        look = face.identity(number)
        assert np.mean(look.skin) - np.mean(look.brow) > 35, number


@pytest.mark.parametrize("name", [name for name in EXPRESSIONS if name != "Neutral"])
def test_every_expression_shows(name):
    """At 48 px the change from neutral at 80 % is most like that of the same expression at 100 %."""

    def change(of, strength):
        pictures = [face.draw(LOOK, vector(of, k)) for k in (strength, 0)]
        shown, neutral = (cv2.resize(p, (48, 48), interpolation=cv2.INTER_AREA) for p in pictures)
        return (grey(shown) - grey(neutral)).ravel()

    weak = change(name, 0.8)
    assert np.abs(weak).mean() > 1
    full = {of: change(of, 1.0) for of in EXPRESSIONS if of != "Neutral"}
    alike = {of: weak @ v / np.linalg.norm(weak) / np.linalg.norm(v) for of, v in full.items()}
    assert max(alike, key=alike.get) == name


class Recorder(Sketch):
    """Keeps the shapes a part draws of one frame: (points, colour)."""

    def __init__(self):
        super().__init__(1)
        self.drawn = []

    def line(self, points, colour, width, depth=0.0, both=False, where=None):
        self.drawn.append((np.asarray(points), colour))
        super().line(points, colour, width, depth, both, where)

    def fill_pair(self, left, right, colour, depth=0.0, where=None):
        self.drawn.append((np.asarray(right), colour))
        super().fill_pair(left, right, colour, depth, where)


def brow(**given):
    recorder = Recorder()
    parts.brows(recorder, LOOK, units(**given))
    points = recorder.drawn[0][0]
    return points[points[:, 0] < 0.35].mean(axis=0), points[points[:, 0] > 0.45].mean(axis=0)


def test_brow_units():
    (inner, outer), (inner1, outer1), (_, outer2), (inner4, _) = (
        brow(),
        brow(au1=1.0),
        brow(au2=1.0),
        brow(au4=1.0),
    )
    assert (
        inner1[1] < inner[1] - 0.08 and outer1[1] > outer[1] - 0.08
    )  # AU 1 raises the inner part (y runs down)
    assert outer2[1] < outer[1] - 0.10  # AU 2 the outer part
    assert inner4[1] > inner[1] + 0.08 and inner4[0] < inner[0]  # AU 4 lowers and draws together
    inner_fear, _ = brow(au1=1.0, au2=0.5, au4=0.8)
    assert inner_fear[1] < inner[1] - 0.08 and inner_fear[0] < inner[0]  # fear: raised and drawn together


def test_lid_units():
    def opening(**given):
        _, upper, lower, _ = parts.lids(LOOK, units(**given))
        return (lower - upper).max()

    assert opening(au5=1.0) > 1.4 * opening()
    assert opening(au7=1.0) < 0.7 * opening()
    assert opening(au43=1.0) < 0.01
    _, upper, _, _ = parts.lids(LOOK, units(au1=1.0, au2=0.5, au4=0.8, au5=1.0))
    assert upper.min() < parts.EYE_Y - 0.118  # fear: white above an iris of radius 0.108


def test_mouth_units():
    def mouth(**given):
        return parts.lips(LOOK, units(**given))

    rest = mouth()
    assert (rest["bottom"] - rest["top"]).max() == 0
    assert mouth(au12=1.0)["top"][-1] < rest["top"][-1] - 0.1 and mouth(au12=1.0)["x"][-1] > rest["x"][-1]
    assert mouth(au15=1.0)["top"][-1] > rest["top"][-1] + 0.1
    assert mouth(au20=1.0)["x"][-1] > 1.3 * rest["x"][-1]
    assert mouth(au18=1.0)["x"][-1] < 0.7 * rest["x"][-1]
    jaw = mouth(au26=1.0)
    assert (jaw["bottom"] - jaw["top"]).max() > 0.35
    lip = rest["under"][8] - rest["bottom"][8]
    tight = mouth(au23=1.0)
    assert tight["under"][8] - tight["bottom"][8] < 0.5 * lip


def test_turning_moves_near_points_further():
    points, depth = np.array([[0.0, 0.0], [0.9, 0.0]]), np.zeros(2)
    straight = Pose().project(points, depth, 112)
    turned = Pose(yaw=0.3).project(points, depth, 112)
    assert turned[0, 0] - straight[0, 0] > 4  # the nose
    assert abs(turned[1, 0] - straight[1, 0]) < abs(turned[0, 0] - straight[0, 0])
    np.testing.assert_allclose(
        Pose(roll=np.pi / 2).project(points, depth, 112)[1, 0], straight[0, 0], atol=1e-9
    )


def test_views_change_the_picture():
    plain = grey(face.draw(LOOK, vector("Angry")))
    assert grey(face.draw(LOOK, vector("Angry"), View(exposure=0.2))).mean() < 0.3 * plain.mean()
    edges = [
        cv2.Laplacian(grey(face.draw(LOOK, vector("Angry"), View(blur=b))), cv2.CV_64F).var()
        for b in (0, 0.04)
    ]
    assert edges[1] < 0.05 * edges[0]
    left, right = (
        grey(face.draw(LOOK, vector("Angry"), View(light=(x, 0, 0.5), contrast=0.6))) for x in (-1, 1)
    )
    assert left[:, :56].mean() > right[:, :56].mean() + 10
    hand = grey(face.draw(LOOK, vector("Angry"), View(hand=(0.5, 0.7, 0.4, 0.0, 1))))
    assert np.abs(hand - plain)[60:100, 35:75].mean() > 5 and np.abs(hand - plain)[:8].mean() < 1
    behind = face.draw(LOOK, vector("Happy"), View(away=True))
    np.testing.assert_array_equal(behind, face.draw(LOOK, vector("Fear"), View(away=True)))


def test_intensities_outside_0_to_1_are_clipped():
    np.testing.assert_array_equal(
        face.draw(LOOK, vector("Sad", 3.0)), face.draw(LOOK, np.sign(vector("Sad")))
    )


def test_a_clip_is_its_frames_one_by_one():
    people = [face.identity(n) for n in (3, 8, 3, 11, 8, 21, 3, 3)]
    rng = np.random.default_rng(2)
    aus = rng.uniform(0, 1, (8, len(ACTION_UNITS))) * rng.integers(0, 2, (8, len(ACTION_UNITS)))
    walls = rng.integers(20, 220, (2, 2, 2, 3))
    views = [View(pose=Pose(*rng.normal(0, 0.1, 5)), gaze=tuple(rng.uniform(-1, 1, 2)), background=walls[t % 2],
                  blur=0.02 * (t == 2), away=t in (4, 6), hand=(0.5, 0.7, 0.4, 0.0, 1) if t == 3 else None)
             for t in range(8)]
    clip = face.film(people, aus, views, 64)
    for t, frame in enumerate(clip):
        np.testing.assert_array_equal(frame, face.draw(people[t], aus[t], views[t], 64))


def test_shapes_are_shown_where_they_are_asked_for_in_the_colour_of_the_frame():
    square, red = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)]), np.array([[10.0], [20.0], [30.0]])
    sketch, images = Sketch(3), np.zeros((3, 64, 64, 3), np.uint8)
    moved, shown = square + np.array([0.0, 0.3, 0.0])[:, None, None], np.array([[True], [True], [False]])
    sketch.fill(moved, (red, 0, 5), where=shown)
    sketch.place(Pose(*np.zeros((5, 3, 1)), np.ones((3, 1))), 64)
    for t, image in enumerate(images):
        sketch.paint(image, t)
    assert [image[30, 32].tolist() for image in images] == [[10, 0, 5], [20, 0, 5], [0, 0, 0]]
    assert np.argwhere(images[1].any(axis=2))[:, 1].min() > np.argwhere(images[0].any(axis=2))[:, 1].min() + 5


def test_an_identity_can_be_varied():
    dark = replace(LOOK, hair_colour=(0, 0, 0))
    assert face.draw(dark, vector("Neutral")).mean() <= face.draw(LOOK, vector("Neutral")).mean()


def test_mix_is_linear():
    assert mix((0, 100, 200), (100, 100, 0), 0.25) == (25, 100, 150)
