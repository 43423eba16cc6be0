"""The drawing of a method: what is asked for is drawn where it is asked for."""

import numpy as np
import pytest

from dfer_nb.errors import BadInput
from dfer_nb.viewing.palette import WIDTH
from dfer_nb.viewing.pictures.pipeline import ROW, Arrow, Node, pipeline

FACES = np.zeros((3, 8, 8, 3), np.uint8)
NODES = {"frames": Node((0, 0), "frames", "16", FACES), "stem": Node((1, 0), "stem", "Eq. 9", tone="ours"),
         "end": Node((1, 1), "end", tone="decision")}


def test_boxes_pictures_and_shapes_are_there():
    figure = pipeline(NODES, [Arrow("frames", "stem", "16 x 3"), Arrow("stem", "end", via=[(0, 1)])])
    (axes,) = figure.axes
    assert {text.get_text() for text in axes.texts} == {"frames\n16", "stem", "Eq. 9", "end", "16 x 3"}
    assert len(axes.images) == len(FACES) and figure.get_figwidth() == WIDTH
    assert figure.get_figheight() == pytest.approx(2 * ROW, abs=0.2)
    places = {text.get_text(): text.get_position() for text in axes.texts}
    assert places["stem"][0] == pytest.approx(0.75 * WIDTH) and places["end"][1] == pytest.approx(1.5 * ROW)
    assert places["frames\n16"][0] < places["16 x 3"][0] < places["stem"][0]


def test_an_arrow_touches_no_box():
    (axes,) = pipeline(NODES, [Arrow("stem", "end")]).axes
    boxes = [patch.get_bbox() for patch in axes.patches if hasattr(patch, "get_boxstyle")]
    (way,) = [patch.get_path().vertices for patch in axes.patches if not hasattr(patch, "get_boxstyle")]
    for x, y in (way[0], way[-1]):
        assert not any(box.x0 <= x <= box.x1 and box.y0 <= y <= box.y1 for box in boxes)


@pytest.mark.parametrize(
    ("nodes", "arrows", "message"),
    [(NODES, [Arrow("frames", "nowhere")], "an end at 'nowhere'"),
     (NODES | {"odd": Node((0, 1), "odd", tone="loud")}, [], "'odd' cannot be drawn"),
     (NODES | {"grey": Node((0, 1), "grey", pictures=FACES[..., 0])}, [], "'grey' cannot be drawn"),
     (NODES | {"none": Node((0, 1), "none", pictures=FACES[:0])}, [], "'none' cannot be drawn")])
def test_what_cannot_be_drawn_is_refused(nodes, arrows, message):
    with pytest.raises(BadInput, match=message):
        pipeline(nodes, arrows)
