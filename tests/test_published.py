"""The papers' own figures (book/published.yml): complete, and recomputed where a row lets one.

What does not follow from its own row stands in the lists below: visible, and unable to grow unnoticed.
"""

import re
from pathlib import Path

import pytest
import yaml

from dfer_nb.data.expressions import DFEW_COUNTS, EXPRESSIONS

ROOT = Path(__file__).resolve().parents[1]
PUBLISHED = yaml.safe_load((ROOT / "book" / "published.yml").read_text(encoding="utf-8"))
RDFER = PUBLISHED["rdfer"]
HALF = 0.005 + 1e-9  # what rounding to two decimals can hide


def rows(table: str, paper: dict = RDFER) -> dict:
    return paper["tables"][table]["rows"]


def recalls(row: dict) -> list[float] | None:
    values = [row[name] for name in EXPRESSIONS]
    return None if None in values else values


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_entry_is_whole(name):
    paper = PUBLISHED[name]
    assert {"title", "authors", "source", "cite"} <= set(paper["paper"])
    for setting, entry in paper["settings"].items():
        assert {"value", "place"} <= set(entry), setting
        assert re.match(r"(Sec\.|Table|Fig\.|Eq\.|Algorithm) ", entry["place"]), (setting, entry["place"])
    for number, table in paper["tables"].items():
        assert {"title", "place", "unit", "columns", "rows", "notes"} == set(table), number
        for row, cells in table["rows"].items():
            assert list(cells) == table["columns"], (number, row)
            for column, value in cells.items():
                assert value is None or isinstance(value, int | float), (number, row, column)


def test_every_paper_is_in_the_bibliography():
    bibliography = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
    keys = re.findall(r"^@\w+\{([^,]+),", bibliography, re.M)
    assert {paper["paper"]["cite"] for paper in PUBLISHED.values()} <= set(keys)


def test_the_same_figure_is_printed_the_same_everywhere():
    ours = [("I", "RDFER"), ("III", "RDFER"), ("IV", "+ hard and noisy sample reweighting")]
    assert {(rows(table)[row]["WAR"], rows(table)[row]["UAR"]) for table, row in ours} == {(69.73, 56.93)}


def test_which_uar_is_not_the_mean_of_its_recalls():
    """UAR is the mean of the per-class recalls; Table I prints both."""
    off = {}
    for method, row in rows("I").items():
        if values := recalls(row):
            mean = sum(values) / len(values)
            if abs(row["UAR"] - mean) > 2 * HALF:
                off[method] = (row["UAR"], round(mean, 2))
    assert off == {"M3DFEL": (56.10, 55.92), "RDFER": (56.93, 56.01)}


def test_which_war_is_not_its_recalls_weighted_by_class():
    """WAR is the recalls weighted by DFEW's class totals; 0.05 covers rounding and the mean over folds."""
    off = {}
    for method, row in rows("I").items():
        if recalls(row):
            war = sum(row[name] * clips for name, clips in DFEW_COUNTS.items()) / sum(DFEW_COUNTS.values())
            if abs(row["WAR"] - war) > 0.05:
                off[method] = (row["WAR"], round(war, 2))
    assert off == {"STT": (66.45, 66.65), "M3DFEL": (69.25, 69.02), "RDFER": (69.73, 69.27)}


def test_gains_claimed_in_the_text_follow_from_the_tables():
    def gain(table, better, worse, metric):
        return round(rows(table)[better][metric] - rows(table)[worse][metric], 2)

    assert [gain("I", "RDFER", "GCA+IAL", m) for m in ("WAR", "UAR")] == [0.49, 1.22]
    assert [gain("II", "RDFER", "3D ResNet18", m) for m in ("WAR", "UAR")] == [11.03, 9.80]
    assert [gain("II", "RDFER", "R18+LSTM", m) for m in ("WAR", "UAR")] == [5.65, 5.55]
    assert [gain("III", "RDFER", "w/o Re-sampling", m) for m in ("WAR", "UAR")] == [1.57, 1.04]
    assert [gain("III", "RDFER", "w/o Hierarchical Architecture", m) for m in ("WAR", "UAR")] == [0.51, 0.24]
    whole, plain = "+ hard and noisy sample reweighting", "vanilla Cross Entropy Loss"
    assert [gain("IV", whole, plain, m) for m in ("WAR", "UAR")] == [0.70, 0.90]


def test_shares_of_agreement_sum_to_one_but_for_disgust():
    """Table V: all columns but Disgust's sum to 1 within rounding; its gap of 0.03 is one of its 29 clips."""
    table = rows("V")
    gaps = {name: round(1 - sum(table[agreement][name] for agreement in ("0.50", "0.75", "1.00")), 2)
            for name in (*EXPRESSIONS, "Sum")}
    assert {name: gap for name, gap in gaps.items() if abs(gap) > 3 * HALF} == {"Disgust": 0.03}
    assert round(gaps["Disgust"] * table["Num."]["Disgust"]) == 1


def test_counts_of_the_first_fold_add_up():
    counts = rows("V")["Num."]
    assert sum(counts[name] for name in EXPRESSIONS) == counts["Sum"] == 2341


def test_overall_shares_follow_from_the_columns():
    counts, table = rows("V")["Num."], rows("V")
    for agreement in ("0.50", "0.75", "1.00"):
        overall = sum(table[agreement][name] * counts[name] for name in EXPRESSIONS) / counts["Sum"]
        assert overall == pytest.approx(table[agreement]["Sum"], abs=2 * HALF), agreement


def test_which_accuracies_do_not_follow_from_their_classes():
    """Table VII's last column, from the class accuracies and the counts of Table V."""
    counts, shares, off = rows("V")["Num."], rows("V"), {}
    for agreement, row in rows("VII").items():
        clips = {name: shares[agreement][name] * counts[name] for name in EXPRESSIONS}
        mean = sum(row[name] * clips[name] for name in EXPRESSIONS) / sum(clips.values())
        if abs(row["Ave"] - mean) > 2 * HALF:
            off[agreement] = (row["Ave"], round(mean, 3))
    assert off == {"1.00": (0.79, 0.775)}
    # Happy's "0.9" has one decimal: read as anything from 0.94 to 0.95 it would explain the gap.
    happy = rows("VII")["1.00"] | {"Happy": 0.945}
    clips = {name: shares["1.00"][name] * counts[name] for name in EXPRESSIONS}
    mean = sum(happy[name] * clips[name] for name in EXPRESSIONS) / sum(clips.values())
    assert mean == pytest.approx(0.79, abs=HALF)


def test_deltas_are_differences_of_their_rows():
    table = rows("VI")
    for name in [name for name, row in table.items() if not row["M3DFEL"]]:
        plain, with_it = table[name], table[f"{name} + M3DFEL"]
        for metric in ("WAR", "UAR"):
            assert round(with_it[metric] - plain[metric], 2) == with_it[f"delta {metric}"], (name, metric)


def test_which_backbone_costs_more_than_claimed():
    """Sec. IV-E: the framework adds "approximately 0.05G FLOPs"; one row of Table VI adds 2.14."""
    table, claim = rows("VI"), RDFER["claims"]["framework_flops"]["value"]
    added = {name: round(table[f"{name} + M3DFEL"]["FLOPs"] - row["FLOPs"], 2)
             for name, row in table.items() if not row["M3DFEL"]}
    assert {name: cost for name, cost in added.items() if abs(cost - claim) > 0.015} == {"R(2+1)D": 2.14}


def test_which_shares_of_the_text_do_not_follow_from_the_counts():
    """Sec. IV-F and IV-G give percentages: of the first fold's clips, and of DFEW."""
    counts, claims = rows("V")["Num."], {name: entry["value"] for name, entry in RDFER["claims"].items()}

    def whole_clips(percent, n):  # can a whole number of n clips print so, rounded or cut off?
        return any(abs(100 * k / n - percent) <= 0.01 for k in range(n + 1))

    off = []
    for name, n in {"full_agreement_share": counts["Sum"], "one_clip_differs_share": counts["Sum"],
                    "four_different_share": counts["Sum"], "surprise_full_agreement": counts["Surprise"],
                    "fear_full_agreement": counts["Fear"]}.items():
        if not whole_clips(claims[name], n):
            off.append(name)
    for name, column in {"disgust_share": "Disgust", "fear_share": "Fear"}.items():
        in_dfew = 100 * DFEW_COUNTS[column] / sum(DFEW_COUNTS.values())
        if abs(claims[name] - in_dfew) > HALF:
            off.append(name)
    # One clip of 2,341 is 0.04 %. The shares of Disgust and Fear are not those of the 11,697 clips.
    assert off == ["four_different_share", "disgust_share", "fear_share"]
