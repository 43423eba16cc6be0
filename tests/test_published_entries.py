"""book/published.yml is whole: every table of the four papers, every figure with its place."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PUBLISHED = yaml.safe_load((ROOT / "book" / "published.yml").read_text(encoding="utf-8"))
PLACE = re.compile(r"(Sec\. [\dIV]+|Table [\dIV]+|Fig\. \d+|Eq\. \d+|Algorithm \d+)")
TABLES = {"nr_dfernet": "1 2 3 4 5", "m3dfel": "1 2 3 4", "sciu": "1 2 3 4 5", "rdfer": "I II III IV V VI VII"}
# What a claim may say about itself, and how it may be recomputed (the head of published.yml explains the ways).
CLAIM = {"value", "unit", "place", "note"}
WAYS = ({"table", "row", "column"}, {"table", "row", "column", "minus"}, {"clips"}, {"dfew"},
        {"table", "column", "adds", "within"}, set())  # fmt: skip


def is_number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def test_four_papers_in_the_order_of_the_book_with_all_their_tables():
    assert list(PUBLISHED) == list(TABLES)
    assert {name: " ".join(paper["tables"]) for name, paper in PUBLISHED.items()} == TABLES


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_entry_is_whole(name):
    paper = PUBLISHED[name]
    assert list(paper) == ["paper", "settings", "not_given", "tables", "claims"]
    assert set(paper["paper"]) == {"title", "authors", "year", "source", "cite"} and paper["paper"]["cite"] == name
    assert paper["not_given"] and all(isinstance(line, str) for line in paper["not_given"])
    for setting, entry in paper["settings"].items():
        assert {"value", "place"} <= set(entry) <= {"value", "place", "note"}, setting
        assert entry["value"] is not None and PLACE.match(entry["place"]), setting
    for number, table in paper["tables"].items():
        assert list(table) == ["title", "place", "unit", "columns", "rows", "notes"], number
        assert table["place"] == f"Table {number}"
        assert all(isinstance(note, str) for note in table["notes"]), number


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_row_has_its_columns_and_numbers_in_them(name):
    for number, table in PUBLISHED[name]["tables"].items():
        for row, cells in table["rows"].items():
            assert isinstance(row, str) and list(cells) == table["columns"], (number, row)
            assert all(value is None or isinstance(value, int | float) for value in cells.values()), (number, row)
            assert any(is_number(value) for value in cells.values()), (number, row)
        for column in table["columns"]:  # yes and no are not mixed with numbers, and no column is empty
            kinds = {type(row[column]) is bool for row in table["rows"].values() if row[column] is not None}
            assert len(kinds) == 1, (number, column)


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_claim_has_a_place_and_at_most_one_way_to_recompute_it(name):
    for claim, entry in PUBLISHED[name]["claims"].items():
        assert {"value", "unit", "place"} <= set(entry), claim
        assert is_number(entry["value"]) and entry["place"].startswith("Sec. "), claim
        assert set(entry) - CLAIM in WAYS, claim


@pytest.mark.parametrize("name", PUBLISHED)
def test_percentages_are_percentages_and_war_and_uar_are_not_swapped(name):
    """WAR is above UAR in every row: the rare classes, which weigh as much in UAR, are the hard ones."""
    for number, table in PUBLISHED[name]["tables"].items():
        for row, cells in table["rows"].items():
            for war in (column for column in cells if column.endswith("WAR") and not column.startswith("delta")):
                uar = cells[war.replace("WAR", "UAR")]
                if cells[war] is not None and uar is not None:
                    assert 0 < uar < cells[war] < 100, (number, row, war)


def test_every_paper_is_in_the_bibliography():
    bibliography = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
    keys = re.findall(r"^@\w+\{([^,]+),", bibliography, re.M)
    assert {paper["paper"]["cite"] for paper in PUBLISHED.values()} <= set(keys)
