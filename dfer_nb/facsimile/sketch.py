"""A display list: shapes in the coordinates of a face, of all frames of a clip, projected at once and painted.

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
AT_ONCE = 8  # frames that are projected together: their numbers fit into a processor's cache
MIRROR = np.array([-1.0, 1.0])  # times points: the other side of the face


def mix(colour, other, share: float) -> tuple[float, float, float]:
    """`colour` with `share` (0..1; (T, 1) for T frames) of `other` in it; both RGB."""
    (r, g, b), (s, h, c) = colour, other
    return r + (s - r) * share, g + (h - g) * share, b + (c - b) * share


def shade(colour, factor: float) -> tuple[float, float, float]:
    """`colour` made darker (factor below 1) or lighter (above 1), kept inside 0..255."""
    r, g, b = colour
    return np.minimum(255.0, r * factor), np.minimum(255.0, g * factor), np.minimum(255.0, b * factor)


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
    """Collects fills and lines in face coordinates, for T frames at once; `paint` draws them in order.

    What differs between frames has T as its first axis: points (n, 2) or (T, n, 2); depth a number, (n,) or (T, n);
    colour RGB, each a number or (T, 1); where: (T,) or (T, 1), the frames that show a shape (None: all of them).
    """

    def __init__(self, frames: int):
        self.frames, self.parts, self.count, self.steps = frames, [], 0, []
        self.fixed = None  # whole numbers (T, N, 2) of all points, once they are placed

    def _put(self, points, depth) -> slice:
        where = slice(self.count, self.count + np.shape(points)[-2])
        self.parts.append((where, points, depth))
        self.count = where.stop
        return where

    def _add(self, shapes: list[slice], colour, width: float, where) -> None:
        """A step of `paint`: shapes, the colour of each frame, their width, and whether each frame shows them."""
        if any(map(np.ndim, colour)):
            colours = np.concatenate(np.broadcast_arrays(*colour), axis=1).tolist()
        else:
            colours = [tuple(map(float, colour))] * self.frames
        shown = [True] * self.frames if where is None else (np.ravel(where) & np.ones(self.frames, bool)).tolist()
        self.steps.append((shapes, colours, width, shown))

    def fill(self, points, colour, depth=0.0, both: bool = False, where=None) -> None:
        """A filled polygon; `both` adds its mirror image."""
        self.line(points, colour, 0.0, depth, both, where)

    def line(self, points, colour, width: float, depth=0.0, both: bool = False, where=None) -> None:
        """An open line through points; `width` in face units; `both` adds its mirror image."""
        points = np.asarray(points, float)
        sides = (points, points * MIRROR) if both else (points,)
        self._add([self._put(side, depth) for side in sides], colour, width, where)

    def fill_pair(self, left, right, colour, depth=0.0, where=None) -> None:
        """Two filled polygons of one colour that do not overlap."""
        self._add([self._put(left, depth), self._put(right, depth)], colour, 0.0, where)

    def place(self, poses: Pose, size: int) -> None:
        """Project everything, for frames of size x size pixels; poses: of arrays (T, 1)."""
        points, depths = np.empty((self.frames, self.count, 2)), np.empty((self.frames, self.count))
        for where, own, depth in self.parts:
            points[:, where], depths[:, where] = own, depth
        self.fixed = np.empty(points.shape, np.int32)
        for first in range(0, self.frames, AT_ONCE):
            part = slice(first, first + AT_ONCE)
            pixels = Pose(*(each[part] for each in vars(poses).values())).project(points[part], depths[part], size)
            self.fixed[part] = np.rint((pixels - 0.5) * (1 << SHIFT))

    def paint(self, image: np.ndarray, t: int) -> None:
        """Draws all that frame t shows onto image (size, size, 3), in place, after `place`."""
        unit = Pose().centre(len(image))[2]  # no pose's own: widths must not jump from frame to frame
        fixed = self.fixed[t]
        for shapes, colours, width, shown in self.steps:
            if shown[t]:
                polygons = [fixed[shape] for shape in shapes]
                if width:
                    thick = max(1, round(width * unit))
                    cv2.polylines(image, polygons, False, colours[t], thick, cv2.LINE_AA, SHIFT)
                else:
                    cv2.fillPoly(image, polygons, colours[t], cv2.LINE_AA, SHIFT)
