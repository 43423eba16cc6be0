"""A display list: shapes in the coordinates of a face, projected and painted all at once.

Face coordinates: the origin lies between the eyes and the mouth, x runs to the right of the picture, y down,
and half a face is about 1 wide. The shapes lie on an ellipsoid, so turning the head moves near points further
than far ones (parallax): two and a half dimensions are enough for a face.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy import cos, sin

SHIFT = 4  # OpenCV takes coordinates in 1/16 pixel: edges move smoothly from frame to frame
HEAD = (1.15, 1.5, 0.85)  # half axes of the ellipsoid that carries the shapes
MIRROR = np.array([-1.0, 1.0])  # times points: the other side of the face
ROOM = 2048  # points in one sketch; a face has about 1200


def mix(colour, other, share: float) -> tuple[float, float, float]:
    """`colour` with `share` (0..1) of `other` in it; both RGB."""
    (r, g, b), (s, h, c) = colour, other
    return r + (s - r) * share, g + (h - g) * share, b + (c - b) * share


def shade(colour, factor: float) -> tuple[float, float, float]:
    """`colour` made darker (factor below 1) or lighter (above 1), kept inside 0..255."""
    r, g, b = colour
    return min(255.0, r * factor), min(255.0, g * factor), min(255.0, b * factor)


@dataclass
class Pose:
    """Where a head is and how it is turned: radians; offsets and scale in fractions of the frame."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    x: float = 0.0
    y: float = 0.0
    scale: float = 1.0

    def centre(self, size: int) -> tuple[float, float, float]:
        """Pixel position of the face's origin, and pixels per unit."""
        return size * (0.5 + self.x), size * (0.475 + self.y), size * 0.445 * self.scale

    def project(self, points: np.ndarray, depth: np.ndarray, size: int) -> np.ndarray:
        """Pixels (…, 2) of points (…, 2) that lie `depth` in front of the ellipsoid; a pose of arrays is many poses."""
        x, y = points[..., 0], points[..., 1]
        inside = 1 - (x / HEAD[0]) ** 2 - (y / HEAD[1]) ** 2
        # the head turns about a point inside it, as a crop that follows the face shows it
        z = HEAD[2] * np.sqrt(np.maximum(inside, 0)) + depth - 0.5
        x, z = x * cos(self.yaw) + z * sin(self.yaw), z * cos(self.yaw) - x * sin(self.yaw)
        y = y * cos(self.pitch) - z * sin(self.pitch)
        cx, cy, unit = self.centre(size)
        near = unit * (1 + 0.05 * z)
        pixels = np.empty_like(points)
        pixels[..., 0] = cx + near * (x * cos(self.roll) - y * sin(self.roll))
        pixels[..., 1] = cy + near * (x * sin(self.roll) + y * cos(self.roll))
        return pixels


class Sketch:
    """Collects fills and lines in face coordinates; `paint` projects them all and draws them in order."""

    def __init__(self):
        self.points, self.depth = np.empty((ROOM, 2)), np.empty(ROOM)
        self.steps, self.count = [], 0

    def _put(self, points, depth) -> tuple[int, int]:
        start, stop = self.count, self.count + len(points)
        self.points[start:stop], self.depth[start:stop] = points, depth
        self.count = stop
        return start, stop

    def fill(self, points, colour, depth=0.0, both: bool = False) -> None:
        """A filled polygon; points (n, 2), depth a number or (n,); `both` adds its mirror image."""
        self.line(points, colour, 0.0, depth, both)

    def line(self, points, colour, width: float, depth=0.0, both: bool = False) -> None:
        """An open line through points (n, 2); `width` in face units; `both` adds its mirror image."""
        shapes = [self._put(points, depth)]
        if both:
            shapes.append(self._put(points * MIRROR, depth))
        self.steps.append((shapes, colour, width))

    def fill_pair(self, left, right, colour, depth=0.0) -> None:
        """Two filled polygons of one colour that do not overlap."""
        self.steps.append(([self._put(left, depth), self._put(right, depth)], colour, 0.0))

    def extend(self, other: "Sketch") -> None:
        """All shapes of another sketch, on top."""
        begin, _ = self._put(other.points[: other.count], other.depth[: other.count])
        for shapes, colour, width in other.steps:
            self.steps.append(([(start + begin, stop + begin) for start, stop in shapes], colour, width))

    def paint(self, image: np.ndarray, pose: Pose) -> None:
        """Draws everything onto image (size, size, 3), in place."""
        pixels = pose.project(self.points[: self.count], self.depth[: self.count], len(image))
        fixed = np.rint((pixels - 0.5) * (1 << SHIFT)).astype(np.int32)
        unit = Pose().centre(len(image))[2]  # not this pose's: widths must not jump from frame to frame
        for shapes, colour, width in self.steps:
            polygons = [fixed[start:stop] for start, stop in shapes]
            if width:
                thick = max(1, round(width * unit))
                cv2.polylines(image, polygons, False, colour, thick, cv2.LINE_AA, SHIFT)
            else:
                cv2.fillPoly(image, polygons, colour, cv2.LINE_AA, SHIFT)
