"""The creases that action units press into the skin; many expressions are told apart by them.

Every function lists its `Fold`s for a face seen from the front; `draw_folds` paints them all at once. `au` is
that of `parts`.
"""

from functools import reduce
from typing import NamedTuple

import numpy as np

from dfer_nb.facsimile.parts import ALONG, EYE_X, EYE_Y, MOUTH_Y, brow_drop, points
from dfer_nb.facsimile.sketch import Sketch, mix

BEZIER = np.stack([(1 - ALONG) * (1 - 2 * ALONG), 4 * ALONG * (1 - ALONG), ALONG * (2 * ALONG - 1)], axis=1)
TAPER = np.sin(np.pi * np.clip(ALONG, 0.04, 0.96))[:, None]


class Fold(NamedTuple):
    """A crease through three points, thin at its ends, darker with `strength` (0..1); `both` mirrors it.

    Coordinates and strength are numbers, or (T, 1) where they differ between frames.
    """

    points: tuple
    strength: float | np.ndarray
    width: float
    both: bool = True


def draw_folds(sketch: Sketch, look, folds: list[Fold]) -> None:
    """Paints folds; where they are too weak to be seen, they are left out."""
    places = np.empty((len(folds), sketch.frames, 3, 2))
    for place, fold in zip(places, folds, strict=True):
        place[:] = points(*fold.points)
    middle = BEZIER @ places
    along = middle[:, :, -1] - middle[:, :, 0]  # of [F, T, 9, 2]
    across = np.stack([-along[..., 1], along[..., 0]], axis=-1) / np.hypot(along[..., :1], along[..., 1:])
    rim = TAPER * (across * np.array([[[0.5 * fold.width]] for fold in folds]))[:, :, None]  # [F, T, 9, 2]
    shapes = np.concatenate([middle + rim, (middle - rim)[:, :, ::-1]], axis=2)
    for fold, shape in zip(folds, shapes, strict=True):
        colour = mix(look.skin, look.crease, np.minimum(1.0, fold.strength))
        sketch.fill(shape, colour, both=fold.both, where=np.asarray(fold.strength) > 0.06)


def _max(*levels) -> np.ndarray:
    return reduce(np.maximum, levels)


def forehead(look, au) -> list[Fold]:
    """Upright furrows between the brows (AU 4), level lines above them (AU 1, AU 2, age)."""
    top, bottom = look.brow_y - 0.15 - 0.05 * au[1], look.brow_y + 0.12 + 0.10 * brow_drop(au)
    furrow = (0.085, top), (0.055, (top + bottom) / 2), (0.075, bottom)
    folds = [Fold(furrow, au[4] * (1 - 0.35 * au[1]), 0.036)]
    half = 0.22 + 0.36 * au[2]
    bend = 0.06 * au[1] * au[4] * (1 - au[2])  # sadness: the lines arch up in the middle
    for row in range(2):
        y = look.brow_y - 0.28 - 0.09 * row - 0.02 * au[2]
        level = _max((0.72 - 0.2 * row) * _max(au[1], 0.8 * au[2]), (0.24 - 0.08 * row) * look.age)
        line = (-half, y + bend), (0, y - bend - 0.02 * au[2]), (half, y + bend)
        folds.append(Fold(line, level, 0.024, both=False))
    return folds


def eyes(look, au) -> list[Fold]:
    """The pouch below the eyes (AU 6, AU 7, age), the crow's feet beside them (AU 6), the crease above."""
    x = EYE_X * look.eye_gap
    up = look.eye_open * 0.1 * (1 - 0.7 * au[43] + au[5] * (1 - 0.72 * brow_drop(au)))
    pouch = _max(0.5 * au[6], 0.42 * au[7], 0.27 * look.age, 0.3 * au[9], 0.07)
    feet = _max(0.5 * au[6], 0.2 * look.age)
    y = EYE_Y + 0.145 - 0.03 * au[6]
    inner, outer = (x - 0.165, EYE_Y - 0.055), (x + 0.20, EYE_Y - 0.05 + look.eye_tilt)
    folds = [
        Fold(((x - 0.18, y - 0.01), (x - 0.02, y + 0.055), (x + 0.19, y - 0.02)), pouch, 0.026),
        Fold((inner, (x, EYE_Y - up - 0.062), outer), 0.5 * (1 - 0.7 * look.monolid), 0.022),
    ]
    for rise in (-0.075, 0.005, 0.08):
        start, end = (x + 0.27, EYE_Y + rise * 0.5), (x + 0.40, EYE_Y + rise * 1.5)
        folds.append(Fold((start, (x + 0.335, EYE_Y + rise - 0.006), end), feet, 0.016))
    return folds


def nose(look, au) -> list[Fold]:
    """The wings of the nose, and the wrinkles that AU 9 puts across its bridge."""
    w, nine, tip = look.nose_width, au[9], nose_tip(look, au)
    wing = (0.15 * w, tip - 0.12), (0.205 * w + 0.015 * nine, tip - 0.03), (0.14 * w, tip + 0.035)
    base = (-0.1 * w, tip + 0.045), (0, tip + 0.065), (0.1 * w, tip + 0.045)
    folds = [Fold(wing, 0.55 + 0.35 * nine, 0.03), Fold(base, 0.35, 0.03, both=False)]
    for row in range(3):
        y = -0.24 + 0.092 * row
        wrinkle = (0.012, y - 0.035), (0.08, y - 0.02), (0.15 - 0.015 * row, y + 0.04)
        folds.append(Fold(wrinkle, nine * (0.95 - 0.15 * row), 0.022))
    return folds


def nose_tip(look, au) -> np.ndarray:
    """Height of the nose's tip; AU 9 and AU 10 pull it up."""
    return 0.26 * look.nose_length - 0.06 * au[9] - 0.02 * au[10]


def cheeks(look, au) -> list[Fold]:
    """The folds from the nose's wings around the mouth: AU 9, 10, 12 and 20, and age."""
    strength = _max(0.62 * au[12], 0.6 * au[10], 0.7 * au[9], 0.35 * look.age + 0.10, 0.4 * au[20])
    start = 0.20 * look.nose_width, 0.20 - 0.06 * au[9] - 0.03 * au[10]
    x = 0.31 + 0.10 * au[12] + 0.08 * au[10] + 0.06 * au[9] + 0.05 * au[20]
    end_x = 0.38 + 0.14 * au[12] + 0.06 * au[20] + 0.04 * au[10]
    end = end_x, MOUTH_Y - 0.03 - 0.10 * au[12] + 0.04 * au[9]
    return [Fold((start, (x, 0.36 - 0.02 * au[12]), end), strength, 0.03)]


def mouth(look, au, m: dict) -> list[Fold]:
    """Corners of the mouth (AU 12, 15, 20), tight lips (AU 23), chin (AU 17); m: `parts.lips`."""
    x, low = m["x"][..., -1:], m["under"][..., 8:9]
    y = (m["top"][..., :1] + m["top"][..., -1:]) / 2
    tug = _max(0.75 * au[12], 0.75 * au[15], 0.6 * au[20], 0.3 * look.age, 0.25)
    up = (x - 0.005, y - 0.055), (x + 0.035, y), (x + 0.02, y + 0.055)
    down = (x - 0.01, y - 0.02), (x + 0.04, y + 0.05), (x + 0.05, y + 0.12)
    corner = np.where(au[12] >= au[15], up, down)
    stretched = (x + 0.10, y - 0.15), (x + 0.155, y), (x + 0.10, y + 0.15)
    below = (-0.14, low + 0.05), (0, low + 0.07), (0.14, low + 0.05)
    chin = (-0.17, low + 0.19), (0, low + 0.10), (0.17, low + 0.19)
    return [
        Fold(corner, tug, 0.03),
        Fold(stretched, 0.6 * au[20] * (1 - au[12]), 0.028),
        Fold(below, 0.3 + 0.3 * au[23] + 0.3 * au[15], 0.035, both=False),
        Fold(chin, 0.8 * au[17], 0.03, both=False),
    ]
