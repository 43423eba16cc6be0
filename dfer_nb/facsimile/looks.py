"""What makes one face another: the outline of the head, hair, ears, beard, glasses, shoulders."""

from functools import lru_cache

import numpy as np

from dfer_nb.facsimile.folds import BEZIER
from dfer_nb.facsimile.identity import BARE, CURLY, FRINGE, LONG, PARTED, SCARF, SHORT, TIED
from dfer_nb.facsimile.parts import CIRCLE, between, oval
from dfer_nb.facsimile.sketch import Sketch, mix, shade

ANGLES = np.linspace(-np.pi, np.pi, 41)[:-1]


@lru_cache(maxsize=512)
def _outline(look) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.sin(ANGLES), -np.cos(ANGLES)
    below = np.maximum(y, 0)
    width = look.face_width * (1 - look.taper * below**2.5)
    square = np.sign(x) * np.abs(x) ** (1 - 0.28 * look.square * (y > 0))
    rim = np.stack([square * width, y * np.where(y < 0, 1.22, look.chin)], 1)
    return rim, np.stack([np.zeros(len(y)), 0.19 * below], 1)


def outline(look, jaw=0.0) -> np.ndarray:
    """The head's outline (…, 40, 2); `jaw` (AU 26, 0..1; (T, 1) for T frames) lengthens it."""
    rim, drop = _outline(look)
    return rim + np.asarray(jaw)[..., None] * drop


def rim_depth(rim: np.ndarray) -> np.ndarray:
    """The chin lies in front, the rest of the outline at the side of the head."""
    return 0.42 * np.clip(rim[..., 1], 0, 1) ** 1.5


def head(sketch: Sketch, look, jaw) -> None:
    """The skin of the face, with a darker rim."""
    rim = outline(look, jaw)
    depth = rim_depth(rim)
    sketch.fill(rim, shade(look.skin, 0.80), depth)
    sketch.fill(rim * (0.962, 0.975), look.skin, depth)


def beard(sketch: Sketch, look, jaw, m: dict) -> None:
    """Stubble, moustache or full beard, cut around the lips (m: `parts.lips`): they stay readable."""
    colour = mix(look.skin, look.beard_colour, (0, 0.24, 0.85, 0.88)[look.beard])
    if look.beard in (1, 3):
        rim = outline(look, jaw) * (0.955, 0.972)
        side = np.array([(0.80, 0.30), (0.66, 0.50), (0.46, 0.44), (0.20, 0.36)])
        side = np.broadcast_to(np.concatenate([side, side[::-1] * (-1, 1)]), (len(rim), 2 * len(side), 2))
        below = rim[..., 1] > 0.12
        for these in np.unique(below, axis=0):  # an open mouth moves the ends of the jaw down
            lower = rim[:, these]
            order = np.argsort(np.arctan2(lower[..., 0], lower[..., 1]), axis=-1)
            lower = np.take_along_axis(lower, order[..., None], axis=-2)
            depth = np.concatenate([rim_depth(lower), np.zeros(side.shape[:-1])], axis=-1)
            sketch.fill(np.concatenate([lower, side], axis=-2), colour, depth, where=(below == these).all(axis=-1))
        around = between(m["x"] * 1.12, m["over"] - 0.035, m["under"] + 0.045)
        sketch.fill(around, mix(look.skin, colour, 0.25), 0.04)
    if look.beard in (2, 3):
        x = m["x"][..., 1:-1]
        low, rise = m["over"][..., 1:-1] - 0.015, 0.10 * (1 - 0.6 * (x / m["x"][..., -1:]) ** 2)
        sketch.fill(between(1.06 * x, low + 0.015 - rise, low), colour, 0.06)


def curve(first, middle, last) -> np.ndarray:
    """A smooth line (9, 2) from the first to the last point through the middle one."""
    return BEZIER @ np.array((first, middle, last))


def shoulders(sketch: Sketch, look) -> None:
    """Neck and clothes."""
    sketch.fill([(-0.52, 0.75), (-0.56, 1.5), (0.56, 1.5), (0.52, 0.75)], shade(look.skin, 0.70), -0.6)
    clothes = [(-2.2, 2.4), (-1.7, 1.42), (-0.6, 1.22), (0, 1.44), (0.6, 1.22), (1.7, 1.42), (2.2, 2.4)]
    sketch.fill(clothes, look.clothes, -0.6)


def ears(sketch: Sketch, look) -> None:
    """Two ears, behind the cheeks."""
    sketch.fill(oval(look.face_width, -0.06, 0.115, 0.22), shade(look.skin, 0.88), -0.25, both=True)
    sketch.fill(oval(look.face_width, -0.05, 0.055, 0.13), shade(look.skin, 0.70), -0.25, both=True)


def hair_behind(sketch: Sketch, look) -> None:
    """Hair (or a scarf) that lies behind the head."""
    w, dark = look.face_width, shade(look.hair_colour, 0.78)
    if look.hair in (LONG, SCARF):
        right = [(0.0, -1.5), (0.9, -1.3), (1.18, -0.75), (1.30, 0.3), (1.22, 1.0), (1.28, 1.9)]
        right = np.array(right) * (w, 1)
        sketch.fill(np.concatenate([right, right[::-1] * (-1, 1)]), dark, -0.5)
    elif look.hair == CURLY:
        for angle in np.linspace(-2.0, 2.0, 13):
            x, y = np.sin(angle) * w * 1.1, -0.25 - np.cos(angle) * 1.05
            sketch.fill(oval(x, y, 0.3, 0.3), dark, -0.4)
    elif look.hair != BARE:
        sketch.fill(outline(look)[np.abs(ANGLES) < 1.75] * (1.07, 1.06), look.hair_colour, -0.35)


# Right half of the hair's lower edge, from the side to the middle: (share of the face's width, height).
# A height above 5 counts from the hairline: 10 is on it, 10.1 is 0.1 below.
EDGES = {
    SHORT: [(0.94, -0.50), (0.90, -0.62), (0.80, 10.10), (0.45, 10.0), (0, 9.97)],
    FRINGE: [(0.97, -0.05), (0.90, -0.55), (0.82, 10.17), (0.50, 10.13), (0.15, 10.15), (0, 10.12)],
    LONG: [(1.03, 0.75), (0.93, 0.2), (0.89, -0.25), (0.80, -0.62), (0.40, 9.96), (0, 9.86)],
    CURLY: [(0.98, -0.30), (0.90, -0.55), (0.80, 10.10), (0.62, 10.02), (0.30, 10.06), (0, 9.98)],
    TIED: [(0.95, -0.45), (0.88, -0.66), (0.66, 9.98), (0.3, 9.88), (0, 9.86)],
    PARTED: [(0.96, -0.35), (0.90, -0.60), (0.80, 10.10), (0.45, 10.02), (0, 10.0)],
    SCARF: [(1.04, 0.95), (0.93, 0.5), (0.88, 0.0), (0.86, -0.5), (0.66, 10.02), (0, 9.98)],
}


def hair_front(sketch: Sketch, look) -> None:
    """Hair that falls over the forehead; it never hides the brows."""
    if look.hair == BARE:
        return
    low = look.hairline
    right = np.array([(x * look.face_width, y if y < 5 else low + y - 10) for x, y in EDGES[look.hair]])
    left = right[::-1][1:] * (-1, 1)
    if look.hair == PARTED:
        right[2:, 1] += (0.0, -0.16, -0.04)
        left[0, 1] += 0.06
    edge = np.concatenate([right, left]) * (look.parting, 1)
    edge = edge if look.parting > 0 else edge[::-1]
    cap = outline(look)[np.abs(ANGLES) < 1.52] * (1.05, 1.05)
    depth = np.concatenate([np.full(len(cap), -0.2), np.full(len(edge), 0.02)])
    sketch.fill(np.concatenate([cap, edge]), look.hair_colour, depth)
    shine = curve((-0.5, low - 0.12), (-0.1 * look.parting, low - 0.24), (0.45, low - 0.14))
    sketch.line(shine, mix(look.hair_colour, (255, 255, 255), 0.14), 0.035, 0.03)


def glasses(sketch: Sketch, look) -> None:
    """Thin frames whose rims stay below the brows."""
    if not look.glasses:
        return
    x = 0.41 * look.eye_gap
    rim = oval(x, -0.16, 0.285, 0.215)
    if look.glasses == 2:
        flat = np.minimum(1.0, 0.86 / np.abs(CIRCLE).max(axis=1))
        rim = CIRCLE * flat[:, None] * (0.33, 0.235) + (x, -0.155)
    rim = np.concatenate([rim, rim[:1]])
    arm = np.array([(x + 0.285, -0.2), (0.95 * look.face_width, -0.19)])
    sketch.line(rim, look.frame, 0.03, 0.12, both=True)
    sketch.line(arm, look.frame, 0.03, (0.1, -0.2), both=True)
    sketch.line(curve((-0.13, -0.18), (0, -0.22), (0.13, -0.18)), look.frame, 0.03, 0.14)


def back_of_head(sketch: Sketch, look) -> None:
    """A head seen from behind: no face, so no expression."""
    colour = shade(look.skin, 0.85) if look.hair == BARE else look.hair_colour
    shape, end = outline(look), 1.9 if look.hair in (LONG, SCARF) else 0.7
    shape[:, 1] = np.minimum(shape[:, 1], 0.85)
    sketch.fill(shape * (1.04, 1.05), colour, -0.3)
    if end > 1:
        w = 1.04 * look.face_width
        sketch.fill([(-w, 0), (w, 0), (1.12 * w, end), (-1.12 * w, end)], colour, -0.3)
    for x in (-0.5, -0.2, 0.15, 0.45):
        strand = curve((x * 0.6, -0.9), (x, -0.1), (x * 0.9, end))
        sketch.line(strand, shade(colour, 0.8), 0.035, -0.2)
