"""What a chapter prints of its presets: every value with its source, every choice with the paper's own words."""

import pytest

from dfer_nb import presets
from dfer_nb.presets import Choice, Value
from dfer_nb.viewing.evidence.choices import choices_table, values_table


def test_values_of_two_presets_stand_side_by_side():
    shown = {"paper": {"training": {"size": Value(112, "assumption")}, "model": {"dim": Value(512, "Sec. 3")}},
             "laptop": {"training": {"size": Value(48, "laptop"), "clip_norm": Value(1.0, "laptop")}}}
    table = values_table(shown)
    assert list(table.frame.index) == ["size", "dim", "clip_norm"]
    assert table.frame.loc["size"].tolist() == ["112 (assumption)", "48"]
    assert "512 (Sec. 3)" in repr(table) and table.frame.isna().sum().tolist() == [1, 1]
    assert table._repr_html_().count("<td>–</td>") == 2  # what a preset leaves to the code


def test_choices_say_what_the_paper_says_and_who_takes_the_other_way():
    table = choices_table({"ties": Choice("by loss", "not said", "by-lot"), "hue": Choice("left out", "not said")})
    assert table.frame.loc["ties"].tolist() == ["by loss", "not said", "by-lot"]
    assert table.frame.loc["hue", "variant"] == "–"


@pytest.mark.parametrize("paper", presets.PRESETS)
def test_every_value_and_choice_of_a_chapter_is_shown(paper):
    found = {name: presets.PRESETS[paper][name] for name in ("paper", "laptop")}
    names = {name for preset in found.values() for part in preset.values() for name in part}
    assert set(values_table(found).frame.index) == names
    assert list(choices_table(presets.CHOICES[paper]).frame.index) == list(presets.CHOICES[paper])
