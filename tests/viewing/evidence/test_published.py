"""A paper's figures beside ours: never confused with them, and what was not run says so."""

from types import SimpleNamespace

import numpy as np
import pytest
import yaml

from dfer_nb import files
from dfer_nb.data.expressions import EXPRESSIONS
from dfer_nb.errors import BadInput
from dfer_nb.viewing.evidence import published, tables
from dfer_nb.viewing.evidence.statistics import against

ROW, BASE = "w/o Re-sampling", "RDFER"
PAPER = {
    "rdfer": {"settings": {"folds": {"value": 5, "place": "Sec. IV-A"}}, "tables": {
        "I": {"title": "On films, five-fold cross-validation", "columns": ["Happy", "Disgust", "WAR", "UAR", "FLOPs"],
              "rows": {"RDFER": {"Happy": 89.69, "Disgust": None, "WAR": 69.73, "UAR": 56.93, "FLOPs": 1.0}}},
        "II": {"title": "RDFER on FERV39k", "columns": ["WAR"], "rows": {"RDFER": {"WAR": 48.60}}},
        "III": {"title": "Ablation", "columns": ["WAR", "UAR"],
                "rows": {BASE: {"WAR": 69.73, "UAR": 56.93}, ROW: {"WAR": 68.16, "UAR": 55.89}}},
        "VI": {"title": "Backbones, first fold of DFEW", "columns": ["WAR"], "rows": {"MC3": {"WAR": 67.49}}}}},
    "sciu": {"settings": {}, "tables": {"1": {"title": "With SCIU", "columns": ["DFEW WAR", "FERV39k WAR"], "rows": {
        "Former-DFER": {"DFEW WAR": 65.70, "FERV39k WAR": 46.85}}}}}}


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A repository whose published.yml holds PAPER."""
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "published.yml").write_text(yaml.safe_dump(PAPER), encoding="utf-8")
    monkeypatch.setattr(files, "root", lambda: tmp_path)
    return tmp_path


def run_of(war, preset="paper", dataset="dfew", fold=1, **config):
    reported = {"epoch": 9, "WAR": war, "UAR": war - 10, "recalls": dict.fromkeys(EXPRESSIONS, war + 1), "clips": 100}
    config = {"preset": preset, "dataset": dataset, "fold": fold, "variant": "rdfer", "seed": 0, "draw": 0,
              "training": {"epochs": 9}} | config
    return SimpleNamespace(config=config, summary={"rule": "last epoch", "reported": reported, "slices": {}})


def folds(**config):
    return [run_of(70 + fold, fold=fold, **config) for fold in range(1, 6)]  # mean 73


def row_i(records, columns=("Happy", "Disgust", "WAR", "UAR")):
    return published.beside("rdfer", "I", {"RDFER": "rdfer"}, records, columns)


def test_a_full_run_of_the_papers_protocol_is_compared(book):
    table = row_i(folds())
    assert list(table.frame) == ["ours", "paper", "difference"]
    assert table.frame.loc["WAR"].tolist() == ["73.00", "69.73", "+3.27"]
    assert table.frame.loc["Happy"].tolist() == ["74.00", "89.69", "-15.69"]
    assert table.frame.loc["Disgust"].tolist() == ["74.00", "–", "–"]
    assert table.badges == {"ours": "paper, dfew, folds 1, 2, 3, 4, 5, 1 seed"}
    assert table.note == "Ours is the mean over the folds. Reported is the last epoch."
    assert table.caption == "On films, five-fold cross-validation (Table I, RDFER), percent"


@pytest.mark.parametrize("records", [
    run_of(80, preset="laptop"), run_of(80, dataset="facsimile"), run_of(80), run_of(80, preset="paper-scratch"),
    [run_of(80, fold=k) for k in (1, 2, 3, 4)], [run_of(80, preset="laptop", fold=k) for k in range(1, 6)]])
def test_anything_else_is_shown_with_its_badge_and_no_difference(book, records):
    table = row_i(records)
    assert table.frame.loc["WAR"].tolist() == ["80.00", "69.73", "–"] and set(table.frame["difference"]) == {"–"}
    first = records[0] if isinstance(records, list) else records
    badge = table.badges["ours"]
    assert badge.startswith(f"{first.config['preset']}, {first.config['dataset']}, fold")
    assert "no difference is taken" in table.note
    page = table._repr_html_()
    assert f'border-radius:0.3em;padding:0 0.4em;font-weight:normal">{badge}</span></th>' in page


def test_a_table_of_other_data_is_not_compared(book):
    frame = published.beside("rdfer", "II", {"RDFER": "rdfer"}, folds(), ["WAR"]).frame
    assert frame.loc["WAR"].tolist() == ["73.00", "48.60", "–"]
    other = published.beside("rdfer", "II", {"RDFER": "rdfer"}, folds(dataset="ferv39k"), ["WAR"]).frame
    assert other.loc["WAR", "difference"] == "–"  # the paper's five folds are those of DFEW
    first = published.beside("rdfer", "VI", {"MC3": "rdfer"}, run_of(70), ["WAR"]).frame
    assert first.loc["WAR", "difference"] == "+2.51"  # the paper's, too, is the first fold
    assert published.beside("rdfer", "VI", {"MC3": "rdfer"}, folds(), ["WAR"]).frame.loc["WAR", "difference"] == "–"
    columns = ["DFEW WAR", "FERV39k WAR"]
    sciu = published.beside("sciu", "1", {"Former-DFER": "rdfer"}, folds(), columns).frame
    assert sciu["difference"].tolist() == ["–", "–"]  # the paper does not say which folds its figures are of
    assert sciu["ours"].tolist() == ["73.00", "73.00"]


def test_the_mean_is_over_seeds_first_then_over_folds_and_draws(book):
    runs = [run_of(60, seed=0), run_of(70, seed=1), run_of(90, fold=2)]
    assert row_i(runs, ["WAR"]).frame.loc["WAR", "ours"] == "77.50"


def test_what_was_not_run_says_so(book):
    table = row_i([])
    assert table.frame["ours"].tolist() == ["not run"] * 4 and set(table.frame["difference"]) == {"–"}
    assert table.badges == {"ours": "not run"} and table.note == ""
    rows = published.beside("rdfer", "III", {BASE: "rdfer", ROW: None}, run_of(80, preset="laptop"))
    assert rows.frame.loc[BASE, "WAR"].tolist() == ["80.00", "69.73", "–"]
    assert rows.frame.loc[ROW, "UAR"].tolist() == ["not run", "55.89", "–"]
    rows = published.beside("rdfer", "III", {BASE: "rdfer", ROW: "flat"}, folds(), ["WAR"])
    assert rows.frame.loc[ROW].tolist() == ["not run", "68.16", "–"]
    assert rows.caption == "Ablation (Table III, WAR), percent"


@pytest.fixture
def sweep(slim):
    """Two variants on four draws, at laptop size; "less" loses twenty clips of 140."""
    def run(variant, draw):
        right = np.random.default_rng(draw).random(140) < 0.8
        right[:20 * (variant == "less")] = False
        return slim({"test": right}, variant, seed=draw, draw=draw)

    return [run(variant, draw) for variant in ("rdfer", "less") for draw in range(4)]


def test_differences_within_a_source_stand_beside_each_other(book, sweep):
    table = published.beside("rdfer", "III", {ROW: "less", BASE: "rdfer"}, sweep, base_row=BASE)
    assert list(table.frame)[-2:] == ["ours: row - base", "paper: row - base"]
    for metric, theirs in (("WAR", "-1.57"), ("UAR", "-1.04")):
        words = against(sweep, ["less"], "rdfer", ["test"], metric)["less"]["test"].words()
        assert words.startswith("-") and table.frame.loc[ROW, metric].tolist()[-2:] == [words, theirs]
        assert table.frame.loc[BASE, metric].tolist()[-2:] == ["–", "–"]
    assert table.badges == {"ours": "laptop, facsimile-hard, fold 1, 4 draws, a seed each",
                            "ours: row - base": "laptop"}
    assert f"The base is the row “{BASE}”" in table.note and "95 % interval" in table.note


def test_a_base_that_was_not_run_or_not_asked_for(book, sweep):
    frame = published.beside("rdfer", "III", {ROW: "less"}, sweep, ["WAR"], base_row=BASE).frame
    assert frame.loc[ROW].tolist()[-2:] == ["base not run", "-1.57"]
    assert frame.loc[BASE].tolist() == ["not run", "69.73", "–", "not run", "–"]


def test_rows_with_other_runs_say_which(book, sweep):
    table = published.beside("rdfer", "III", {BASE: "rdfer", ROW: "less"}, sweep[:5], base_row=BASE)
    assert table.frame["runs"].tolist() == ["4 draws, a seed each"] * 2 + ["1 seed x 1 draw"] * 2
    assert table.badges["ours"] == "laptop, facsimile-hard, fold 1"
    assert "fewer than four draws" in table.note


def test_one_record_is_enough_for_a_row_with_recalls(book, sweep, record):
    frame = row_i(record).frame
    reported = record.summary["reported"]
    assert frame.loc["Happy", "ours"] == f"{reported['recalls']['Happy']:.2f}"
    assert frame.loc["UAR", "ours"] == f"{reported['UAR']:.2f}"


def test_frozen_features_are_badged_as_such(book):
    assert row_i(run_of(80, preset="frozen")).badges["ours"].startswith("frozen features, dfew, fold 1")


def test_missing_papers_tables_rows_and_columns_are_named(book, sweep):
    for call, words in (
            (lambda: published.load("m3dfel", "I"), "no paper 'm3dfel'"),
            (lambda: published.load("rdfer", "IX"), "no table 'IX' of rdfer"),
            (lambda: published.beside("rdfer", "I", {"RDFER (theirs)": None}, []), r"no row 'RDFER \(theirs\)'"),
            (lambda: published.beside("rdfer", "III", {BASE: None}, [], base_row="all"), "no row 'all'"),
            (lambda: row_i([], ["Fear"]), "no column 'Fear'"),
            (lambda: row_i(run_of(80), ["FLOPs"]), "no metric 'FLOPs'")):
        with pytest.raises(BadInput, match=f"{words}(.|\n)*choose one of"):
            call()
    with pytest.raises(BadInput, match="records of 2 settings"):
        row_i([run_of(80), run_of(80, preset="laptop", seed=1)])
    with pytest.raises(BadInput, match="two records of rdfer"):
        row_i([run_of(80), run_of(81)])
    (book / "book" / "published.yml").unlink()
    with pytest.raises(BadInput, match="not here"):
        published.load("rdfer", "I")


def test_the_books_own_published_figures_can_be_shown():
    assert published.load("rdfer", "I")["rows"]["RDFER"]["WAR"] == 69.73
    columns = [*EXPRESSIONS, "WAR", "UAR"]
    assert tables.beside("rdfer", "I", {"RDFER": None}, [], columns).frame.loc["Happy", "paper"] == "89.69"
    assert tables.beside("sciu", "1", {"Res18_LSTM": None}, [], ["DFEW WAR"]).frame.loc["DFEW WAR", "paper"] == "63.85"
