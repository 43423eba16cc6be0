"""Differences in few characters, and the box at both ends of a chapter."""

import numpy as np
import pytest

from dfer_nb.viewing.evidence.overview import Claim
from dfer_nb.viewing.evidence.short import short, short_effects
from dfer_nb.viewing.evidence.statistics import Effect, against
from dfer_nb.viewing.evidence.verdict import Finding, verdict_box
from dfer_nb.viewing.page import Strong


@pytest.fixture(scope="module")
def sweep(slim):
    """plain, one that is better by far, and one that is no better, on four draws."""
    def run(variant, draw, share):
        right = {split: np.random.default_rng([draw, share]).random(400) < share / 100 for split in ("test", "clean")}
        return slim(right, variant, seed=draw, draw=draw)

    return [run(variant, draw, share) for variant, share in (("plain", 60), ("better", 80), ("lame", 60))
            for draw in range(10, 14)]


@pytest.mark.parametrize(
    ("effect", "words", "strong"),
    [(Effect(-0.42, -1.81, 1.1, 2.0, 4), "-0.4 [-1.8, 1.1]", False),
     (Effect(2.0, 0.93, 3.04, 1.0, 6), "+2.0 [0.9, 3.0]", True),
     (Effect(2.0, 0.02, 3.98, 1.0, 6), "+2.0 [0.02, 3.98]", True),  # seen: its end is not zero
     (Effect(0.7, -0.02, 1.4, 1.0, 6), "+0.7 [0.0, 1.4]", False),
     (Effect(-3.0, -5.0, -1.0, 1.0, 4, own=True), "-3.0 [-5.0, -1.0] *", True),
     (Effect(1.5, draws=3), "+1.5", False), (None, "–", False), (Effect(np.nan, draws=0), "–", False)])
def test_a_difference_in_few_characters(effect, words, strong):
    assert short(effect) == words and isinstance(short(effect), Strong) == strong


def test_a_table_of_short_effects_has_the_base_first_and_no_column_of_dashes(sweep):
    table = short_effects(sweep, ["better", "lame", "absent"], "plain")
    assert list(table.frame.index) == ["plain", "better", "lame", "absent"] and list(table.frame) == ["test", "clean"]
    found = against(sweep, ["better", "lame"], "plain", ["test"])
    assert table.frame.loc["better", "test"] == short(found["better"]["test"])
    assert table.frame.loc["absent"].tolist() == ["not run", "not run"]
    page = table._repr_html_()
    assert page.count('<td class="dfer-strong">') == 2 and "<details" not in page
    folded = table.fold()._repr_html_()
    assert folded.startswith('<details class="dfer-folded"><summary>WAR of plain') and "<caption>" not in folded
    assert repr(table.fold()) == repr(table)


def test_without_records_the_table_says_so():
    table = short_effects([], ["better"], "plain")
    assert table.frame["test"].tolist() == ["not run", "not run"]


def test_the_box_says_claim_test_number_and_word(sweep):
    far = Effect(0.31, 0.2, 0.42, 0.1, 6)
    box = verdict_box([Claim("it helps", sweep, "better", "plain"), Claim("it <hurts>", sweep, "lame", "plain"),
                       Claim("nobody knows", sweep, "absent", "plain"), Claim("classes gain", sweep, "better", "plain",
                                                                             metric="UAR"),
                       Finding("it looks there", "share of attention", far, "times"),
                       Finding("it was forgotten", "share", Effect(np.nan, draws=0)),
                       Finding("it is cheap", "a count", result="5.1 GMAC", verdict="counted twice")])
    assert [row[3] for row in box.rows] == ["seen", "not seen", "not run", "seen", "seen", "not run", "counted twice"]
    assert box.rows[0][1] == "better less plain; facsimile-hard, laptop, test clips, 4 draws"
    assert box.rows[0][2].startswith("WAR +") and box.rows[3][2].startswith("UAR +")
    assert box.rows[4][2] == "times +0.3 [0.2, 0.4]" and box.rows[2][2] == box.rows[5][2] == "–"
    page = box._repr_html_()
    assert page.count("<tr>") == 8 and "it &lt;hurts&gt;" in page and 'class="dfer-verdict dfer-yes">seen<' in page
    assert 'dfer-none">not run<' in page and 'dfer-open">counted twice<' in page and "it looks there | " in repr(box)
