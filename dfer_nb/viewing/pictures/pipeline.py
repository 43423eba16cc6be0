"""A method in one drawing: boxes on a grid, arrows between them with shapes on them, and faces that flow through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from dfer_nb.errors import BadInput
from dfer_nb.viewing.palette import WIDTH, panels, styled

# edge and ground of a box: what every network has, what the paper adds, what is decided
TONES = {"plain": ("#555555", "#F4F4F4"), "ours": ("#0072B2", "#E3F0F8"), "decision": ("#D55E00", "#FBEADF")}
ROW, BOX = 0.92, (0.64, 0.54)  # inches from row to row; a box's share of its column, and its height in inches
FACE, STEP, BELOW = 0.54, 0.18, 0.14  # inches: side of a face, from a face to the one behind it, room for words
LINE = {"color": "#555555", "linewidth": 1.1}


@dataclass(frozen=True)
class Node:
    """A box, or a stack of pictures, of a drawing.

    at: (column, row), halves allowed; words: inside the box, or under the pictures; note: a second, smaller line, such
    as the equation; pictures: (n, H, W, 3) uint8 in the box's place, the first one in front; tone: of `TONES`.
    """

    at: tuple[float, float]
    words: str
    note: str = ""
    pictures: np.ndarray | None = None
    tone: str = "plain"


@dataclass(frozen=True)
class Arrow:
    """From one node to another, by their names; shape: written on it; via: corners (column, row) on the way."""

    start: str
    end: str
    shape: str = ""
    via: Sequence[tuple[float, float]] = ()


@styled()
def pipeline(nodes: Mapping[str, Node], arrows: Sequence[Arrow]) -> Figure:
    """The drawing of a method. nodes: name -> box or pictures; arrows between these names.

    Raises BadInput for an arrow from or to nothing, an unknown tone, and pictures of another shape.
    """
    _check(nodes, arrows)
    columns, rows = (max(node.at[k] for node in nodes.values()) + 1 for k in (0, 1))
    column = WIDTH / columns
    height = rows * ROW + BELOW
    figure, axes = panels(height=height)
    figure.set_layout_engine("none")
    axes.set_position((0, 0, 1, 1))
    axes.set(xlim=(0, WIDTH), ylim=(height, 0))
    axes.axis("off")

    def inches(at: tuple[float, float]) -> np.ndarray:
        return np.array([(at[0] + 0.5) * column, (at[1] + 0.5) * ROW])

    half = {name: np.array(_size(node, column)) / 2 for name, node in nodes.items()}
    for arrow in arrows:
        stops = [inches(at) for at in (nodes[arrow.start].at, *arrow.via, nodes[arrow.end].at)]
        stops[0] = _edge(stops[0], stops[1], half[arrow.start])
        stops[-1] = _edge(stops[-1], stops[-2], half[arrow.end])
        _draw_arrow(axes, stops, arrow.shape)
    for name, node in nodes.items():
        _draw_node(axes, node, inches(node.at), half[name])
    return figure


def _check(nodes: Mapping[str, Node], arrows: Sequence[Arrow]) -> None:
    for name in (name for arrow in arrows for name in (arrow.start, arrow.end) if name not in nodes):
        raise BadInput(f"an arrow has an end at {name!r}", "pipeline", f"choose among: {', '.join(nodes)}")
    for name, node in nodes.items():
        faces = node.pictures
        if node.tone not in TONES or faces is not None and (
                faces.dtype != np.uint8 or faces.ndim != 4 or faces.shape[-1] != 3 or not len(faces)):
            raise BadInput(f"{name!r} cannot be drawn", "pipeline",
                           f"use a tone of {', '.join(TONES)}, and pictures (n, H, W, 3) uint8")


def _size(node: Node, column: float) -> tuple[float, float]:
    """Width and height of a node in inches."""
    if node.pictures is None:
        return BOX[0] * column, BOX[1]
    return FACE + STEP * (len(node.pictures) - 1), FACE


def _edge(inside: np.ndarray, towards: np.ndarray, half: np.ndarray) -> np.ndarray:
    """Where the way from a node's middle to another place leaves the node, and a little further."""
    way = towards - inside
    reach = min((half[k] + 0.03) / abs(way[k]) for k in (0, 1) if way[k])
    return inside + min(reach, 1.0) * way


def _draw_arrow(axes, stops: list[np.ndarray], shape: str) -> None:
    axes.plot(*np.array(stops[:-1]).T, **LINE, solid_capstyle="round")
    axes.add_patch(FancyArrowPatch(stops[-2], stops[-1], arrowstyle="-|>", mutation_scale=9, shrinkA=0, shrinkB=0,
                                   **LINE))
    lengths = [np.abs(b - a).sum() for a, b in zip(stops, stops[1:], strict=False)]
    longest = int(np.argmax(lengths))
    middle = (stops[longest] + stops[longest + 1]) / 2
    if shape:
        axes.text(*middle, shape, ha="center", va="center", fontsize=6.5, color="#333333", linespacing=1.05,
                  zorder=5, bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6})


def _draw_node(axes, node: Node, middle: np.ndarray, half: np.ndarray) -> None:
    left, top = middle - half
    if node.pictures is not None:
        for k, picture in reversed(list(enumerate(node.pictures))):
            x, depth = left + STEP * k, 3 - 0.01 * k
            axes.imshow(picture, extent=(x, x + FACE, top + FACE, top), interpolation="antialiased", zorder=depth)
            axes.plot([x, x + FACE, x + FACE, x, x], [top, top, top + FACE, top + FACE, top], color="white",
                      linewidth=0.8, zorder=depth)
        axes.text(middle[0], top + FACE + 0.04, node.words + (f"\n{node.note}" if node.note else ""), ha="center",
                  va="top", fontsize=7, linespacing=1.1)
        return
    edge, ground = TONES[node.tone]
    axes.add_patch(FancyBboxPatch((left, top), *(2 * half), boxstyle="round,pad=0,rounding_size=0.06", edgecolor=edge,
                                  facecolor=ground, linewidth=1.2, zorder=3))
    axes.text(middle[0], middle[1] - (0.09 if node.note else 0), node.words, ha="center", va="center", fontsize=8,
              linespacing=1.1, zorder=4)
    if node.note:
        axes.text(middle[0], middle[1] + 0.15, node.note, ha="center", va="center", fontsize=6.8, color=edge, zorder=4)
