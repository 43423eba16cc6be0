"""Faces drawn from action units.

An identity says how a face looks, action units how it moves, a view how it is seen. Nothing is traced from
photographs: no real person is shown, and every intensity is known exactly.
"""

from dataclasses import dataclass, field
from functools import lru_cache

import cv2
import numpy as np

from dfer_nb.facsimile import folds, looks, parts
from dfer_nb.facsimile.hand import paint_hand
from dfer_nb.facsimile.identity import Identity, identity
from dfer_nb.facsimile.recipes import ACTION_UNITS
from dfer_nb.facsimile.sketch import Pose, Sketch

__all__ = ["Identity", "Pose", "View", "draw", "identity"]


@dataclass
class View:
    """How one frame sees a face.

    pose: radians and fractions of the frame; gaze: (x, y) in -1..1; light: direction (x, y, z); contrast:
    share of directed light (0..1); exposure: gain of the whole picture; tint: RGB gains; background: four
    corner colours (2, 2, 3); blur: sigma in fractions of the frame; grain: noise in grey levels, drawn at
    `grain_at`; hand: None or (x, y, unit, angle, mirror) of `hand.paint_hand`; away: seen from behind.
    """

    pose: Pose = field(default_factory=Pose)
    gaze: tuple = (0.0, 0.0)
    light: tuple = (-0.3, -0.5, 0.8)
    contrast: float = 0.35
    exposure: float = 1.0
    tint: tuple = (1.0, 1.0, 1.0)
    background: np.ndarray = field(default_factory=lambda: np.full((2, 2, 3), 128, np.uint8))
    blur: float = 0.0
    grain: float = 0.0
    grain_at: int = 0
    hand: tuple | None = None
    away: bool = False


def draw(identity: Identity, aus: np.ndarray, view: View | None = None, size: int = 112) -> np.ndarray:
    """One frame: uint8 (size, size, 3), RGB.

    aus: (A,) intensities 0..1 in the order of `recipes.ACTION_UNITS`; view: how it is seen (None: from
    the front, plainly lit).
    """
    return film([identity], [aus], [view or View()], size)[0]


def film(identities: list[Identity], aus: np.ndarray, views: list[View], size: int = 112) -> np.ndarray:
    """T frames at once, which is quicker: uint8 (T, size, size, 3); aus: (T, A)."""
    frames, relief = np.empty((len(views), size, size, 3), np.uint8), np.tile(NO_RELIEF, (len(views), 1, 1))
    aus, sketched = np.clip(np.asarray(aus, float), 0, 1), [None] * len(views)
    for look, away in dict.fromkeys((look, view.away) for look, view in zip(identities, views, strict=True)):
        own = [t for t, view in enumerate(views) if identities[t] is look and view.away == away]
        au, seen = dict(zip(ACTION_UNITS, aus[own].T[:, :, None], strict=True)), [views[t] for t in own]
        sketch = _from_behind(look, len(own)) if away else _from_the_front(look, au, _columns(v.gaze for v in seen))
        sketch.place(_poses(seen), size)
        if not away:
            relief[own] = _relief(look, au)
        for place, t in enumerate(own):
            sketched[t] = sketch, place
    corners = wall = None
    for frame, light, look, view, (sketch, place) in zip(frames, _lighting(views, relief), identities, views, sketched,
                                                         strict=True):
        if view.background is not corners:  # of most clips, all frames have one background
            corners = view.background
            wall = cv2.resize(np.asarray(corners, np.uint8), (size, size), interpolation=cv2.INTER_LINEAR)
        frame[:] = wall
        sketch.paint(frame, place)
        _develop(frame, view, look, light)
    return frames


def _columns(rows) -> np.ndarray:
    """T rows of n numbers, as n columns (T, 1)."""
    return np.array(list(rows), float).T[:, :, None]


def _poses(views: list[View]) -> Pose:
    return Pose(*_columns(list(vars(view.pose).values()) for view in views))


def _from_the_front(look: Identity, au: dict, gaze) -> Sketch:
    """The display list of a face, from back to front, of T frames.

    au: FACS number -> intensities (T, 1); gaze: x and y, each (T, 1).
    """
    sketch, mouth = Sketch(len(au[26])), parts.lips(look, au)
    _behind(sketch, look)
    looks.head(sketch, look, au[26])
    creases = [folds.forehead(look, au), folds.eyes(look, au), folds.nose(look, au), folds.cheeks(look, au)]
    folds.draw_folds(sketch, look, sum(creases, folds.mouth(look, au, mouth)))
    if look.beard:
        looks.beard(sketch, look, au[26], mouth)
    parts.nose(sketch, look, au, folds.nose_tip(look, au))
    parts.mouth(sketch, look, au, mouth)
    parts.eyes(sketch, look, au, gaze)
    looks.hair_front(sketch, look)
    parts.brows(sketch, look, au)
    looks.glasses(sketch, look)
    return sketch


def _behind(sketch: Sketch, look: Identity) -> None:
    """What lies behind a face."""
    looks.hair_behind(sketch, look)
    looks.shoulders(sketch, look)
    if look.hair not in (looks.LONG, looks.SCARF):
        looks.ears(sketch, look)


def _from_behind(look: Identity, frames: int) -> Sketch:
    sketch = Sketch(frames)
    _behind(sketch, look)
    looks.back_of_head(sketch, look)
    return sketch


def _relief(look: Identity, au: dict) -> np.ndarray:
    """Soft light and shadow of a face: (T, K, 6), rows x, y, width, height (face units), gain, redness.

    au: FACS number -> intensities (T, 1).
    """
    ball, frown = np.minimum(1.0, 0.6 * au[12] + 0.5 * au[6]), parts.brow_drop(au)
    both_sides = [
        (0.40 * look.eye_gap, -0.24 + 0.04 * frown, 0.24, 0.16, -0.15 - 0.10 * frown, 0),  # eye sockets
        (0.50, 0.20 - 0.06 * au[6], 0.20, 0.15, 0.05 + 0.10 * ball, 0.03 + 0.13 * ball),  # cheeks
        (0.56, 0.52, 0.17, 0.26, -0.10, 0),  # hollows beside the mouth
        (0.80, -0.35, 0.16, 0.40, -0.12, 0),  # temples
    ]
    middle = [
        (0, -0.70, 0.40, 0.20, 0.06, 0),  # forehead
        (0, look.brow_y + 0.1, 0.11, 0.15, -0.22 * au[4], 0),  # between the brows
        (0, -0.02, 0.10, 0.22, 0.08, 0),  # bridge of the nose
        (0, 0.84 + 0.3 * au[26], 0.22, 0.10, -0.09, 0),  # below the lower lip
        (0, 1.02 + 0.3 * au[26], 0.17, 0.11, 0.08, 0),  # chin
    ]
    rows = both_sides + [(-x, *rest) for x, *rest in both_sides] + middle
    found = np.empty((len(rows), 6, *frown.shape))
    for spots, row in zip(found, rows, strict=True):
        for spot, number in zip(spots, row, strict=True):
            spot[:] = number
    return found[..., 0].transpose(2, 0, 1)


NO_RELIEF = np.tile((0.0, 0, 1, 1, 0, 0), (13, 1))  # of a head seen from behind


def _lighting(views: list[View], spots: np.ndarray, cells: int = 20) -> np.ndarray:
    """Gains (T, cells, cells, 3), float32: light on an ellipsoid, relief (spots: (T, K, 6)), exposure and tint."""
    cell = (np.arange(cells) + 0.5) / cells
    poses = _poses(views)
    cx, cy, unit = poses.centre(1)  # each (T, 1)
    u, v = ((cell - cx) / unit)[:, None, :], ((cell - cy) / unit)[:, :, None]
    w = np.sqrt(np.maximum(1 - (u / 1.05) ** 2 - (v / 1.4) ** 2, 0.05))
    light = np.array([view.light for view in views])
    lx, ly, lz = (light / np.linalg.norm(light, axis=1, keepdims=True)).T[:, :, None, None]
    contrast, exposure = np.array([(view.contrast, view.exposure) for view in views]).T[:, :, None, None]
    lit = np.maximum((lx * u + 0.6 * ly * v + lz * w) / np.sqrt(u**2 + (0.6 * v) ** 2 + w**2), 0)
    level = exposure * (1 - contrast + 1.3 * contrast * lit)
    at = poses.project(spots[:, :, :2], 0.0, 1)
    near = np.exp(-(((cell[:, None, None] - at[:, None]) / (unit[:, :, None, None] * spots[:, None, :, 2:4])) ** 2))
    across, down = near[..., 0].transpose(0, 2, 1), near[..., 1]  # [T, K, cells], [T, cells, K]
    bump, blush = (np.matmul(down * spots[:, None, :, i], across) for i in (4, 5))
    red, other = level * (1 + bump + 0.4 * blush), level * (1 + bump - 0.6 * blush)
    tints = np.array([view.tint for view in views])[:, None, None]
    return (np.stack([red, other, other], axis=3) * tints).astype(np.float32)


@lru_cache(maxsize=16)
def _noise(size: int, grain: float) -> tuple[np.ndarray, np.ndarray]:
    """What noise adds and what it takes away, each uint8 (2 size, 2 size, 3): a frame uses one window."""
    noise = np.rint(np.random.default_rng(5).normal(0, grain, (2 * size, 2 * size, 3)))
    return np.clip(noise, 0, 255).astype(np.uint8), np.clip(-noise, 0, 255).astype(np.uint8)


def _develop(image: np.ndarray, view: View, look: Identity, light: np.ndarray) -> None:
    """What a camera makes of a painted frame (size, size, 3), in place: light, a hand in front, blur and grain."""
    size = len(image)
    gains = cv2.resize(light, (size, size), interpolation=cv2.INTER_LINEAR)
    cv2.multiply(image, gains, dst=image, dtype=cv2.CV_8U)
    if view.hand is not None:
        gain = np.asarray(view.tint) * (view.exposure * (1 - 0.2 * view.contrast))
        paint_hand(image, view.hand, tuple(np.minimum(255, look.skin * gain)), tuple(look.clothes * gain))
    if view.blur > 0:
        cv2.GaussianBlur(image, (0, 0), view.blur * size, dst=image)
    if view.grain > 0:
        x, y = view.grain_at % size, view.grain_at // size % size
        more, less = (noise[y : y + size, x : x + size] for noise in _noise(size, view.grain))
        cv2.subtract(cv2.add(image, more, dst=image), less, dst=image)
