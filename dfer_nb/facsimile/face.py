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

    aus: (A,) intensities 0..1 in the order of `expressions.ACTION_UNITS`; view: how it is seen (None: from
    the front, plainly lit).
    """
    view = view or View()
    image = cv2.resize(np.asarray(view.background, np.uint8), (size, size), interpolation=cv2.INTER_LINEAR)
    if view.away:
        sketch, spots = _from_behind(identity), None
    else:
        au = dict(zip(ACTION_UNITS, np.clip(np.asarray(aus, float), 0, 1).tolist(), strict=True))
        sketch, spots = _from_the_front(identity, au, view.gaze), _relief(identity, au)
    sketch.paint(image, view.pose)
    return _develop(image, view, identity, spots)


def _from_the_front(look: Identity, au: dict, gaze: tuple) -> Sketch:
    """The display list of a face, from back to front; `au` maps FACS numbers to intensities."""
    sketch, (hair, glasses) = Sketch(), _before(look)
    mouth, tip = parts.lips(look, au), folds.nose_tip(look, au)
    sketch.extend(_behind(look))
    looks.head(sketch, look, au[26])
    creases = [folds.forehead(look, au), folds.eyes(look, au), folds.nose(look, au), folds.cheeks(look, au)]
    folds.draw_folds(sketch, look, sum(creases, folds.mouth(look, au, mouth)))
    if look.beard:
        looks.beard(sketch, look, au[26], mouth)
    parts.nose(sketch, look, au, tip)
    parts.mouth(sketch, look, au, mouth)
    parts.eyes(sketch, look, au, gaze)
    sketch.extend(hair)
    parts.brows(sketch, look, au)
    sketch.extend(glasses)
    return sketch


@lru_cache(maxsize=256)
def _behind(look: Identity) -> Sketch:
    """What lies behind a face and no action unit moves."""
    sketch = Sketch()
    looks.hair_behind(sketch, look)
    looks.shoulders(sketch, look)
    if look.hair not in (looks.LONG, looks.SCARF):
        looks.ears(sketch, look)
    return sketch


@lru_cache(maxsize=256)
def _before(look: Identity) -> tuple[Sketch, Sketch]:
    """Hair over the forehead, and glasses."""
    hair, glasses = Sketch(), Sketch()
    looks.hair_front(hair, look)
    looks.glasses(glasses, look)
    return hair, glasses


def _from_behind(look: Identity) -> Sketch:
    sketch = Sketch()
    sketch.extend(_behind(look))
    looks.back_of_head(sketch, look)
    return sketch


def _relief(look: Identity, au: dict) -> np.ndarray:
    """Soft light and shadow of a face: (K, 6), rows x, y, width, height (face units), gain, redness."""
    ball, frown = min(1.0, 0.6 * au[12] + 0.5 * au[6]), parts.brow_drop(au)
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
    return np.array(both_sides + [(-x, *rest) for x, *rest in both_sides] + middle)


def _lighting(view: View, spots: np.ndarray | None, cells: int = 20) -> np.ndarray:
    """Gains (cells, cells, 3), float32: light on an ellipsoid, a face's relief, exposure and tint."""
    cell = (np.arange(cells) + 0.5) / cells
    cx, cy, unit = view.pose.centre(1)
    u, v = ((cell - cx) / unit)[None], ((cell - cy) / unit)[:, None]
    w = np.sqrt(np.maximum(1 - (u / 1.05) ** 2 - (v / 1.4) ** 2, 0.05))
    lx, ly, lz = np.asarray(view.light) / np.linalg.norm(view.light)
    lit = np.maximum((lx * u + 0.6 * ly * v + lz * w) / np.sqrt(u**2 + (0.6 * v) ** 2 + w**2), 0)
    gains = np.repeat((1 - view.contrast + 1.3 * view.contrast * lit)[:, :, None], 3, axis=2)
    if spots is not None:
        at, width = view.pose.project(spots[:, :2], np.zeros(len(spots)), 1), unit * spots[:, 2:4]
        near = np.exp(-(((cell[:, None, None] - at) / width) ** 2))  # [cells, K, 2]
        bump, red = ((near[:, :, 1] * spots[:, i]) @ near[:, :, 0].T for i in (4, 5))
        gains *= 1 + np.stack([bump + 0.4 * red, bump - 0.6 * red, bump - 0.6 * red], axis=2)
    return (gains * (view.exposure * np.asarray(view.tint))).astype(np.float32)


@lru_cache(maxsize=16)
def _noise(size: int, grain: float) -> tuple[np.ndarray, np.ndarray]:
    """What noise adds and what it takes away, each uint8 (2 size, 2 size, 3): a frame uses one window."""
    noise = np.rint(np.random.default_rng(5).normal(0, grain, (2 * size, 2 * size, 3)))
    return np.clip(noise, 0, 255).astype(np.uint8), np.clip(-noise, 0, 255).astype(np.uint8)


def _develop(image: np.ndarray, view: View, look: Identity, spots: np.ndarray | None) -> np.ndarray:
    """A painted frame (size, size, 3) as a camera sees it: light, a hand in front, blur and grain; uint8."""
    size = len(image)
    gains = cv2.resize(_lighting(view, spots), (size, size), interpolation=cv2.INTER_LINEAR)
    image = cv2.multiply(image, gains, dtype=cv2.CV_8U)
    if view.hand is not None:
        gain = np.asarray(view.tint) * (view.exposure * (1 - 0.2 * view.contrast))
        paint_hand(image, view.hand, tuple(np.minimum(255, look.skin * gain)), tuple(look.clothes * gain))
    if view.blur > 0:
        image = cv2.GaussianBlur(image, (0, 0), view.blur * size)
    if view.grain > 0:
        x, y = view.grain_at % size, view.grain_at // size % size
        more, less = (noise[y : y + size, x : x + size] for noise in _noise(size, view.grain))
        image = cv2.subtract(cv2.add(image, more), less)
    return image
