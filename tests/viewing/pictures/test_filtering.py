"""Pictures of the filter, of attention and of what changes between frames: they show what the records say."""

import numpy as np
import pandas as pd
import pytest
from filtered import made

from dfer_nb.errors import BadInput
from dfer_nb.viewing.evidence.statistics import Effect
from dfer_nb.viewing.palette import WIDTH
from dfer_nb.viewing.pictures.attention import attention_strips, change_maps
from dfer_nb.viewing.pictures.effects import forest
from dfer_nb.viewing.pictures.filtering import along_neutral_shares, confusions, gain_over_epochs

FACES = np.random.default_rng(0).integers(0, 255, (4, 8, 8, 3), np.uint8)


@pytest.fixture(scope="module")
def records():
    return [made(draw=draw) for draw in (10, 11, 12)]


def test_the_gain_over_the_epochs_is_the_mean_of_the_draws(records):
    left, right = gain_over_epochs(records, "nr_dfernet").axes
    gains = np.mean([r.epochs["test_war"] - r.epochs["test_war_unfiltered"] for r in records], axis=0)
    assert right.lines[-1].get_ydata() == pytest.approx(gains) and len(right.lines) == 1 + 3 + 1
    assert left.lines[1].get_ydata() == pytest.approx(np.mean([r.epochs["test_war"] for r in records], axis=0))
    with pytest.raises(BadInput, match="no records of absent"):
        gain_over_epochs(records, "absent")


def test_the_shares_of_neutral_frames_have_two_lines_each(records):
    figure = along_neutral_shares({"all": records, "none": []})
    (axes,) = figure.axes
    thick = [line for line in axes.lines if line.get_linewidth() > 2]
    filtered = np.mean([[r.summary["slices"][f"neutral{share}"]["WAR"] for share in (50, 75, 90, 97)] for r in records],
                       axis=0)
    assert thick[1].get_ydata() == pytest.approx(filtered) and len(axes.lines) == 2 * (3 + 1)
    with pytest.raises(BadInput):
        along_neutral_shares({"none": []})


def test_confusions_say_what_the_filter_moves():
    clips = pd.DataFrame({"label": [0, 0, 2], "unfiltered": [2, 0, 2], "prediction": [0, 0, 2]})
    before, after = confusions(clips).axes
    words = {text.get_text() for text in after.texts}
    assert {"2\n+1", "0\n-1", "1"} <= words and not any("\n" in text.get_text() for text in before.texts)


def test_strips_frame_the_irrelevant_and_share_a_scale():
    looks = {"learned": np.array([0.1, 0.2, 0.3, 0.4]), "dynamic": np.full(4, 0.25)}
    figure = attention_strips(FACES, looks, [True, False, False, True], "a clip")
    (axes,) = figure.axes
    heights = np.array([bar.get_height() for bar in axes.patches])
    assert heights[3] / heights[0] == pytest.approx(4) and heights[4] / heights[3] == pytest.approx(0.25 / 0.4)
    assert len(axes.images) == 4 and figure.get_figwidth() == WIDTH
    with pytest.raises(BadInput, match="not of 4 frames"):
        attention_strips(FACES, {"short": np.ones(3)}, [False] * 4)


def test_maps_of_change_have_a_row_each():
    figure = change_maps(FACES, {"stem": np.ones((3, 2, 2)), "branch": np.zeros((3, 1, 1))})
    assert len(figure.axes) == 4 * 3
    pixels = figure.axes[3].images[0].get_array()
    assert np.allclose(pixels, np.abs(FACES[1].astype(float) - FACES[0]).mean(-1))
    with pytest.raises(BadInput, match="4 frames have 3 changes"):
        change_maps(FACES, {"stem": np.ones((4, 2, 2))})


def test_a_forest_of_any_effects_has_a_row_each(records):
    found = {"DSF": {"test": Effect(1.0, 0.5, 1.5, 0.5, 6), "clean": None},
             "SF": {"test": Effect(0.1, -0.5, 0.7, 0.5, 6), "clean": Effect(0.2, draws=2)}}
    figure = forest(found, records, "what a part adds")
    left, right = figure.axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["DSF", "SF"]
    words = [text.get_text() for text in left.texts]
    assert words == ["+1.0 [0.5, 1.5]", "+0.1 [-0.5, 0.7]"] and "not run" in [t.get_text() for t in right.texts]
    assert [axes.get_title(loc="left") for axes in (left, right)] == ["test", "clean"]
    with pytest.raises(BadInput, match="no effect"):
        forest({}, records, "nothing")
