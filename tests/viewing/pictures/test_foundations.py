"""The pictures of the foundations chapter show the numbers that they are given."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from dfer_nb.errors import BadInput
from dfer_nb.facsimile import storyboard
from dfer_nb.viewing import page
from dfer_nb.viewing.pictures import foundations


def test_a_clip_in_time_is_shaded_from_onset_to_offset():
    level = storyboard.envelope(32, 12, 18, 5, 7)
    faces = np.repeat(np.arange(32, dtype=np.uint8)[:, None, None, None], 8, axis=1) * np.ones((1, 8, 8, 3), np.uint8)
    figure = foundations.in_time(faces, level, (12, 18))
    above, below = figure.axes
    shown = above.images[0].get_array()
    assert shown.shape == (8, 8 * 12, 3) and [int(v) for v in (shown[0, 0, 0], shown[0, -1, 0])] == [0, 31]
    edges = [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in below.patches]
    assert [text.get_text() for text in below.texts] == ["onset", "apex", "offset"]
    assert edges[1] == (11.5, 17.5) and edges[0][1] == 11.5 and edges[2][0] == 17.5
    assert level[int(edges[0][0] + 0.5)] > 0 == level[int(edges[0][0] - 0.5)]
    assert np.allclose(below.lines[0].get_ydata(), level)


def test_another_number_of_faces_than_levels_is_refused():
    with pytest.raises(BadInput):
        foundations.in_time(np.zeros((3, 8, 8, 3), np.uint8), np.zeros(4), (1, 2))


def test_folds_stand_with_their_intervals_and_their_mean():
    folds = pd.DataFrame({"fold": [1, 2], "WAR": [60.0, 70.0], "low": [55.0, 64.0], "high": [66.0, 75.0],
                          "best": [61.0, 73.0]})
    axes = foundations.fold_intervals(folds).axes[0]
    assert axes.lines[0].get_ydata()[0] == 65
    segments = axes.containers[0].lines[2][0].get_segments()
    assert [sorted(end[1] for end in segment) for segment in segments] == [[55, 66], [64, 75]]
    assert list(axes.lines[-1].get_ydata()) == [61, 73]


def test_a_curve_for_each_number_of_clips():
    table = pd.DataFrame({280: [0.0, 2.0], 700: [0.0, 1.0]}, index=[1, 8])
    axes = foundations.flattery(table).axes[0]
    assert [text.get_text() for text in axes.texts] == ["280 test clips", "700 test clips"]
    assert [list(line.get_ydata()) for line in axes.lines] == [[0, 2], [0, 1]]


def test_variants_are_lines_over_draws_on_one_scale():
    table = pd.DataFrame([[60.0, 70], [62, 71]], ["plain", "ours"], ["draw 1", "draw 2"])
    left, right = foundations.blocks({"test": table, "clean": table + 10}).axes
    assert {line.get_label(): list(line.get_ydata()) for line in right.lines} == {"plain": [70, 80], "ours": [72, 81]}
    assert left.get_ylim() == right.get_ylim() and [a.get_title(loc="left") for a in (left, right)] == ["test", "clean"]
    assert [tick.get_text() for tick in left.get_xticklabels()] == ["1", "2"]


def test_poolings_stand_beside_theory():
    table = pd.DataFrame({"mean": [98, 60], "max": [98, 90]}, index=[1, 32])
    axes = foundations.bags(table, pd.Series({1: 97.7, 32: 64.0})).axes[0]
    named = {line.get_label(): list(line.get_ydata()) for line in axes.lines}
    assert named["mean, by theory"] == [97.7, 64.0] and named["max"] == [98, 90]


def test_a_transition_matrix_leaves_its_diagonal_empty():
    matrix = np.full((7, 7), 0.2)
    matrix[3, 5], matrix[0, 0] = 33.0, 99.0
    axes = foundations.transitions({"by confusion": matrix}).axes[0]
    assert [text.get_text() for text in axes.texts] == ["33"], "neither the diagonal nor what rounds to zero"
    assert axes.texts[0].get_position() == (5, 3) and len(axes.patches) == 7


@pytest.mark.parametrize("parts", [{}, {"a": np.zeros((4, 4))}])
def test_other_matrices_are_refused(parts):
    with pytest.raises(BadInput):
        foundations.transitions(parts)


def test_memorising_stacks_wrong_labels_on_right_ones():
    log = pd.DataFrame({"right labels learnt": [50.0, 99.0], "wrong labels learnt": [10.0, 90.0]}, index=[1, 2])
    loss, wrong = np.linspace(0.1, 2, 40), np.arange(40) >= 30
    left, right = foundations.memorising(log, {"epoch 1": (loss, wrong)}).axes
    assert [list(line.get_ydata()) for line in left.lines] == [[50, 99], [10, 90]]
    bars = {to_hex(group[0].get_facecolor()): sum(bar.get_height() for bar in group) for group in right.containers}
    assert bars == {"#8c8c8c": 30, "#d55e00": 10}


def test_every_picture_can_be_put_on_a_page():
    figure = foundations.flattery(pd.DataFrame({280: [0.0, 2.0]}, index=[1, 8]))
    assert page.show(figure, "A rising curve.").data.startswith(b"\x89PNG")
