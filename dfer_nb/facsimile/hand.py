"""A hand in front of a face."""

import cv2
import numpy as np

from dfer_nb.facsimile.sketch import SHIFT, mix, shade

# from knuckle to fingertip; the palm is about one unit wide and the fingers point up
FINGERS = (
    (-0.34, -0.25, -0.50, -0.98), (-0.12, -0.32, -0.17, -1.22),
    (0.11, -0.32, 0.15, -1.17), (0.33, -0.22, 0.45, -0.92),
)  # fmt: skip
PALM = np.array([
    (-0.46, -0.28), (-0.15, -0.40), (0.15, -0.40), (0.46, -0.26),
    (0.46, 0.18), (0.30, 0.56), (-0.30, 0.56), (-0.46, 0.18),
])  # fmt: skip
THUMB = [(0.34, 0.30), (0.70, 0.02), (0.86, -0.30)]


class _Brush:
    """Fills and strokes in the coordinates of a hand."""

    def __init__(self, image: np.ndarray, spot):
        x, y, unit, angle, mirror = spot
        size, cos, sin = len(image), np.cos(angle), np.sin(angle)
        self.image, self.scale = image, unit * size
        self.turn = np.array([[cos * mirror, sin * mirror], [-sin, cos]]) * self.scale
        self.shift = (x * size - 0.5, y * size - 0.5)

    def _place(self, points) -> list[np.ndarray]:
        pixels = np.asarray(points, float) @ self.turn + self.shift
        return [np.rint(pixels * (1 << SHIFT)).astype(np.int32)]

    def fill(self, points, colour) -> None:
        cv2.fillPoly(self.image, self._place(points), colour, cv2.LINE_AA, SHIFT)

    def stroke(self, points, colour, width: float) -> None:
        thick = max(1, round(width * self.scale))
        cv2.polylines(self.image, self._place(points), False, colour, thick, cv2.LINE_AA, SHIFT)


def paint_hand(image: np.ndarray, spot, skin, sleeve) -> None:
    """Paints an open hand, seen from its back, over the image (size, size, 3), in place.

    spot: (x, y, unit, angle, mirror): the palm's centre and its width in fractions of the frame, the turn in
    radians (0: fingers up), and -1 or 1 for a left or right hand. A dark rim sets it off from the same skin.
    """
    brush, dark = _Brush(image, spot), shade(skin, 0.42)
    for colour, extra in ((dark, 0.08), (skin, 0.0)):
        wrist = [(-0.28 - extra, 0.4), (0.28 + extra, 0.4), (0.31 + extra, 3.0), (-0.31 - extra, 3.0)]
        brush.fill(wrist, colour)
        brush.fill(PALM, colour)
        brush.stroke([*PALM, PALM[0]], colour, 0.10 + extra)
        brush.stroke(THUMB, colour, 0.26 + extra)
    for x0, y0, x1, y1 in FINGERS:
        brush.stroke([(x0, y0), (x1, y1)], dark, 0.26 + 0.08)
        brush.stroke([(x0, y0), (x1, y1)], skin, 0.26)
    brush.fill(PALM * (0.96, 0.94), skin)
    _finger_details(brush, skin)
    brush.fill([(-0.44, 1.0), (0.44, 1.0), (0.58, 3.2), (-0.58, 3.2)], sleeve)
    brush.stroke([(-0.44, 1.02), (0.44, 1.02)], shade(sleeve, 0.6), 0.06)


def _finger_details(brush: _Brush, skin) -> None:
    """Nails, the creases of the finger joints, and the bones of the back of the hand."""
    crease, nail = shade(skin, 0.66), mix(skin, (255, 226, 220), 0.6)
    for x0, y0, x1, y1 in FINGERS:
        base, tip = np.array([x0, y0]), np.array([x1, y1])
        along = (tip - base) / np.hypot(*(tip - base))
        across = 0.085 * np.array([-along[1], along[0]])
        for share in (0.40, 0.68):
            joint = base + share * (tip - base)
            brush.stroke([joint - across, joint + across], crease, 0.04)
        brush.stroke([tip + 0.02 * along, tip - 0.07 * along], nail, 0.14)
        brush.stroke([base * (0.95, 1), base * (0.6, 0) + (0, 0.16)], mix(skin, crease, 0.7), 0.05)
    brush.stroke([THUMB[2], (0.835, -0.23)], nail, 0.13)
