"""The pictures of FACSimile's page show what the truth says."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from dfer_nb.data.expressions import EXPRESSIONS
from dfer_nb.errors import BadInput
from dfer_nb.facsimile import face
from dfer_nb.facsimile.recipes import ACTION_UNITS
from dfer_nb.viewing.palette import EXPRESSION_COLOURS, WIDTH
from dfer_nb.viewing.pictures import faces
from dfer_nb.viewing.pictures import strips as pictures

N = len(ACTION_UNITS)


def column(au):
    return ACTION_UNITS.index(au)


def test_a_gallery_puts_each_caption_under_its_own_face():
    drawn = np.stack([np.full((8, 8, 3), grey, np.uint8) for grey in (10, 120, 240)])
    figure = faces.gallery(drawn, ["one", "two\nlines", "three"], columns=2)
    axes = figure.axes[0]
    assert [image.get_array()[0, 0, 0] for image in axes.images] == [10, 120, 240]
    places = {text.get_text(): text.get_position() for text in axes.texts}
    assert list(places) == ["one", "two", "lines", "three"]
    for image, line in zip(axes.images, ("one", "two", "three"), strict=True):
        left, right, bottom, _ = image.get_extent()
        x, y = places[line]
        assert left < x < right and bottom < y < bottom + 0.2
    assert places["lines"][0] == places["two"][0] and places["lines"][1] > places["two"][1] == places["one"][1]
    assert axes.images[2].get_extent()[3] > axes.images[0].get_extent()[2], "the third begins the second row"


def test_a_gallery_of_one_long_row_keeps_faces_square():
    figure = faces.gallery(np.zeros((5, 8, 8, 3), np.uint8), ["x"] * 5, columns=5)
    figure.draw_without_rendering()
    left, right, bottom, top = figure.axes[0].images[0].get_extent()
    assert np.isclose(right - left, bottom - top)
    assert figure.get_figwidth() == WIDTH
    low, high = figure.axes[0].get_ylim()
    assert np.isclose(low - high, figure.get_figheight()), "one unit of the axes is one inch"


@pytest.mark.parametrize("drawn, captions", [
    (np.zeros((2, 8, 8), np.uint8), ["a", "b"]), (np.zeros((2, 8, 8, 3)), ["a", "b"]),
    (np.zeros((0, 8, 8, 3), np.uint8), []), (np.zeros((2, 8, 8, 3), np.uint8), ["a"])])
def test_a_gallery_refuses_what_it_cannot_show(drawn, captions):
    with pytest.raises(BadInput):
        faces.gallery(drawn, captions)


def test_curves_show_the_units_that_move_and_the_apex():
    intensity = np.zeros((6, N))
    intensity[:, column(12)], intensity[3, column(4)], intensity[:, column(9)] = np.linspace(0, 1, 6), 0.5, 0.1
    axes = faces.units_over_time(intensity, (2, 5)).axes[0]
    lines = {line.get_label(): line.get_ydata() for line in axes.lines}
    assert list(lines) == ["AU 4 brow lowerer", "AU 12 lip corner puller"], "AU 9 stays below 0.15"
    assert np.allclose(lines["AU 12 lip corner puller"], np.linspace(0, 1, 6))
    box = axes.patches[0].get_extents().transformed(axes.transData.inverted())
    assert np.allclose((box.x0, box.x1), (1.5, 4.5)), "frames 2, 3 and 4"


def test_no_two_curves_look_alike():
    lines = faces.units_over_time(np.ones((4, N))).axes[0].lines
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == len(lines) == N


def test_curves_refuse_another_shape():
    with pytest.raises(BadInput, match="action_units"):
        faces.units_over_time(np.zeros((4, N - 1)))


def test_timelines_place_apex_and_irrelevant_frames():
    truth = pd.DataFrame({"true_label": [6, 2], "apex_start": [10, 8], "apex_end": [14, 32], "n_frames": 32,
                          "irrelevant_start": [24, 0], "irrelevant_frames": [8, 8]})
    axes = faces.timelines(truth).axes[0]
    bars = {(bar.get_facecolor()[:3], round(bar.get_y() + 0.4)): (bar.get_x() + 0.5, bar.get_width())
            for bar in axes.patches if bar.get_width()}
    assert bars[to_rgb(EXPRESSION_COLOURS["Fear"]), 0] == (10, 4)
    assert bars[to_rgb("#222222"), 0] == (24, 8) and bars[to_rgb("#222222"), 1] == (0, 8)
    assert (to_rgb(EXPRESSION_COLOURS["Neutral"]), 1) not in bars, "a neutral clip has no apex"
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["apex of Fear", "irrelevant frames", "the rest"]


def test_timelines_name_a_missing_column():
    with pytest.raises(BadInput, match="apex_end"):
        faces.timelines(pd.DataFrame({"true_label": [0], "apex_start": [1], "n_frames": [4]}))


def test_pictures_reach_the_page():
    drawn = face.draw(face.identity(3), np.zeros(N))[None]
    shown = pictures.show(faces.gallery(drawn, EXPRESSIONS[:1], columns=1), "A face.", photo=True)
    assert shown.data[:2] == b"\xff\xd8" and len(shown.data) > 5000
