"""Learning by heart, drawn: every line is a mean of the records that are given."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from dfer_nb.errors import BadInput
from dfer_nb.viewing.pictures.learning import AS_GIVEN, learning_curves


def words(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


@pytest.fixture
def sweep(slim):
    """plain and rdfer on five draws, with four epochs of made-up learning."""
    def run(variant, draw, more=0):
        rng = np.random.default_rng([draw, more])
        right = {split: rng.random(n) < 0.6 + more / 100 for split, n in (("test", 280), ("clean", 700))}
        record = slim(right, variant, draw=draw, seed=draw, epochs=4)
        names = ("right_as_given", "wrong_as_given", "wrong_as_true", "test_war", f"{AS_GIVEN}confusion",
                 f"{AS_GIVEN}run of one label")
        record.epochs = pd.DataFrame({"epoch": range(4), **{name: 100 * rng.random(4) for name in names}})
        return record

    return [run(variant, draw, more) for variant, more in (("plain", 0), ("rdfer", 12)) for draw in range(5)]


def test_every_line_is_a_mean_over_draws(sweep):
    figure = learning_curves(sweep, ["plain", "rdfer", "flat"])
    titles = {axes.get_title(loc="left").replace("\n", " "): axes for axes in figure.axes}
    assert len(figure.axes) == 8 and "“run of one label”, answered as given" in titles
    for variant in ("plain", "rdfer"):
        own = [r.epochs for r in sweep if r.config["variant"] == variant]
        for title, name in (("wrong labels, answered as given", "wrong_as_given"),
                            ("“confusion”, answered as given", f"{AS_GIVEN}confusion")):
            line = next(line for line in titles[title].lines if line.get_label() == variant)
            assert line.get_xdata().tolist() == [1, 2, 3, 4]
            assert np.allclose(line.get_ydata(), np.mean([epochs[name] for epochs in own], axis=0))
    assert "flat" not in words(figure) and any("5 draws, a seed each; means" in text for text in words(figure))
    with pytest.raises(BadInput, match="no record of these variants"):
        learning_curves(sweep, ["flat"])


def test_kinds_of_wrong_labels_may_lack_or_be_many(sweep):
    for record in sweep:
        lacks = "wrong_as_given" if record.config["variant"] == "plain" else f"{AS_GIVEN}confusion"
        record.epochs = record.epochs.drop(columns=lacks).assign(**{f"{AS_GIVEN}{k}": 50.0 for k in "abc"})
    figure = learning_curves(sweep, ["plain", "rdfer"])
    shown = {axes.get_title(loc="left").replace("\n", " "): [line.get_label() for line in axes.lines]
             for axes in figure.axes}
    assert shown["wrong labels, answered as given"] == ["rdfer"]
    assert shown["“confusion”, answered as given"] == ["plain"]
    assert all(shown[f"“{k}”, answered as given"] == ["plain", "rdfer"] for k in "abc")
    for record in sweep:
        record.epochs = record.epochs[["epoch", "test_war"]]
    with pytest.raises(BadInput, match="says what was learnt"):
        learning_curves(sweep, ["plain"])
