"""Differences between variants, drawn: every mark is what the table of the same records says."""

import io

import matplotlib
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from dfer_nb.errors import BadInput
from dfer_nb.viewing.evidence import tables
from dfer_nb.viewing.evidence.statistics import against
from dfer_nb.viewing.page import show
from dfer_nb.viewing.pictures.effects import effects_figure, ladder_figure


def words(figure):
    """Every text on a figure, in one string."""
    return "\n".join(text.get_text() for text in figure.findobj(matplotlib.text.Text))


@pytest.fixture
def sweep(slim):
    """plain, better by 40 of 280 clips, and no better; four draws of one seed."""
    def run(variant, draw, more):
        rng = np.random.default_rng(draw)
        right = {split: np.arange(n) < 0.7 * n + more for split, n in (("test", 280), ("clean", 700))}
        right = {split: hit ^ (rng.random(len(hit)) < 0.01) for split, hit in right.items()}
        return slim(right, variant, draw=draw)

    return [run(variant, draw, more + draw % 2 * (variant == "same"))
            for variant, more in (("plain", 0), ("better", 40), ("same", 0)) for draw in range(4)]


def test_effects_show_every_variant_with_its_interval(sweep):
    variants = ["same", "plain", "better", "flat"]
    figure = effects_figure(sweep, variants)
    table = tables.effects(sweep, variants).frame
    left, right = figure.axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["same", "better", "flat"]
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["test clips", "clean clips"]
    for axes, split in ((left, "test"), (right, "clean")):
        bars = {round(line.get_ydata()[0]): line.get_xdata() for line in axes.lines if len(set(line.get_xdata())) == 2}
        assert f"({bars[1][0]:.1f} to {bars[1][1]:.1f})" in table.loc["better", f"difference to plain, {split}"]
        assert f"[{bars[1][0]:.1f}, {bars[1][1]:.1f}]" in words(figure)
        assert set(bars) == {0, 1}
        dots = [line for line in axes.lines if line.get_marker() == "o"]
        assert [line.get_markerfacecolor() for line in dots] == ["white", dots[1].get_color()]  # seen: filled
        low, high = axes.get_xlim()
        assert low < min(0, bars[0][0]) and bars[1][1] < high
    text = words(figure)
    assert text.count("not run") == 2 and "laptop, end to end" in text and "WAR minus that of plain" in text
    assert "facsimile-hard, fold 1, 8 epochs, 1 seed x 4 draws" in text and "no verdict" not in text
    assert Image.open(io.BytesIO(show(figure, "differences").data)).width == 700


def test_effects_of_few_draws_show_means_alone(sweep):
    few = [run for run in sweep if run.config["draw"] < 2]
    figure = effects_figure(few, ["better", "same"])
    for axes in figure.axes:
        assert [line.get_marker() for line in axes.lines if len(line.get_xdata()) == 1] == ["|", "|"]
        bars = [line.get_xdata() for line in axes.lines if len(line.get_xdata()) == 2]
        assert sum(pd.isna(ends).all() for ends in bars) == 2  # drawn as nothing
    assert "no verdict" in words(figure)


def test_a_variant_with_an_interval_of_its_own_has_a_star(sweep, slim):
    wild = [slim({"test": np.arange(280) < wide, "clean": np.arange(700) < 490}, "wild", draw=draw)
            for draw, wide in enumerate((100, 250, 60, 280))]
    assert "*" in words(effects_figure([*sweep, *wild], ["better", "wild"]))
    assert "*" not in words(effects_figure(sweep, ["better", "same"]))


def test_effects_of_nothing_say_so(sweep):
    text = words(effects_figure([], ["better"]))
    assert "WAR minus that of plain: no records" in text and text.count("not run") == 3  # two panels, and the badge
    with pytest.raises(BadInput, match="nothing to compare"):
        effects_figure(sweep, ["plain"])


def test_effects_on_frozen_features_are_badged_as_such(sweep):
    for run in sweep:
        run.config["preset"] = "frozen"
    assert "frozen features" in words(effects_figure(sweep, ["better"])).split("\n")


def test_the_ladder_shows_the_difference_on_every_step(sweep):
    rungs = {0: [], 15: sweep[:6], 33: sweep}
    figure = ladder_figure(rungs, ["better", "oracle-drop"], splits=["test", "clean"])
    for axes, split in zip(figure.axes, ("test", "clean"), strict=True):
        dots = [line for line in axes.lines if line.get_marker() not in ("", "None", None)]
        found = [against(records, ["better"], "plain", [split])["better"][split] for records in (sweep[:6], sweep)]
        assert [dot.get_ydata()[0] for dot in dots] == [effect.difference for effect in found]
        assert [dot.get_marker() for dot in dots] == ["|", "o"]  # two draws: a mean alone
        assert found[1].seen == (dots[1].get_markerfacecolor() != "white")
    assert "WAR minus that of plain, points" in words(figure)


def test_a_ladder_that_was_not_run_says_so():
    assert "not run" in words(ladder_figure({0: [], 50: []}, ["better"]))
