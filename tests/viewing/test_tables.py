"""Tables say what the record says; a paper's figure is never confused with ours, and what was not run says so."""

import html
from types import SimpleNamespace

import pandas as pd
import pytest
import yaml

from dfer_nb import files
from dfer_nb.data.expressions import EXPRESSIONS
from dfer_nb.errors import BadInput
from dfer_nb.viewing import published, tables

PAPER = {"rdfer": {"tables": {
    "I": {"title": "On films", "columns": ["Happy", "Disgust", "WAR", "UAR"],
          "rows": {"RDFER": {"Happy": 89.69, "Disgust": None, "WAR": 69.73, "UAR": 56.93}}},
    "III": {"title": "Ablation", "columns": ["WAR", "UAR"],
            "rows": {"RDFER": {"WAR": 69.73, "UAR": 56.93}, "w/o Re-sampling": {"WAR": 68.16, "UAR": 55.89}}}}}}


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A repository whose published.yml holds PAPER."""
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "published.yml").write_text(yaml.safe_dump(PAPER), encoding="utf-8")
    monkeypatch.setattr(files, "root", lambda: tmp_path)
    return tmp_path


def run_of(war, preset="paper", dataset="dfew", fold=1):
    last = {"epoch": 9, "WAR": war, "UAR": war - 10, "recalls": dict.fromkeys(EXPRESSIONS, war + 1), "clips": 100}
    return SimpleNamespace(config={"preset": preset, "dataset": dataset, "fold": fold}, summary={"last": last})


def test_metrics_show_both_epochs_and_which_one_is_reported(record):
    table = tables.metrics(record)
    last, best = record.summary["last"], record.summary["best_on_test"]
    assert table.frame.loc["WAR"].tolist() == ["280", f"{last['WAR']:.1f}", f"{best['WAR']:.1f}"]
    assert table.frame.loc["Fear", "last epoch"] == f"{last['recalls']['Fear']:.1f}"
    assert table.frame["clips"][list(EXPRESSIONS)].astype(int).sum() == 280
    assert table.badges == {"last epoch": "epoch 6, reported", "best on test": f"epoch {best['epoch']}, not reported"}
    assert best["epoch"] != 6


def test_an_expression_without_clips_has_a_dash(record):
    last = record.summary["last"] | {"recalls": record.summary["last"]["recalls"] | {"Disgust": float("nan")}}
    table = tables.metrics(SimpleNamespace(**{**vars(record), "summary": record.summary | {"last": last}}))
    assert table.frame.loc["Disgust", "last epoch"] == "–"


def test_slices_carry_their_intervals(record, films):
    table = tables.slices(record)
    assert list(table.frame.index) == ["test fold", "clean", "short apex", "irrelevant", "low quality", "low intensity"]
    low, high = map(float, table.frame.loc["clean", "95 % interval of WAR"].split(" to "))
    war = float(table.frame.loc["clean", "WAR"])
    assert low < war < high and 4 < high - low < 11  # 350 clips
    assert tables.slices(films).note == "This dataset has no slices."


def test_wilson_interval_of_a_textbook_case():
    assert tables._interval(70.0, 10) == "39.7 to 89.2"


def test_a_full_run_of_the_papers_protocol_is_compared(book):
    table = tables.beside_paper([run_of(70 + k, fold=k) for k in range(1, 6)])  # mean 73
    assert table.frame.loc["WAR"].tolist() == ["69.73", "73.00", "+3.27"]
    assert table.frame.loc["Happy"].tolist() == ["89.69", "74.00", "-15.69"]
    assert table.frame.loc["Disgust", ["paper", "difference"]].tolist() == ["–", "–"]
    assert table.badges == {"ours": "paper, dfew, folds 1, 2, 3, 4, 5"} and table.note == ""


@pytest.mark.parametrize("record", [
    run_of(80, preset="laptop"), run_of(80, dataset="facsimile"), run_of(80),
    [run_of(80, fold=k) for k in (1, 2, 3, 4, 4)], [run_of(80, preset="laptop", fold=k) for k in range(1, 6)]])
def test_anything_else_is_shown_with_its_badge_and_no_difference(book, record):
    table = tables.beside_paper(record)
    assert table.frame.loc["WAR"].tolist() == ["69.73", "80.00", "–"]
    first = record[0] if isinstance(record, list) else record
    badge = table.badges["ours"]
    assert badge.startswith(f"{first.config['preset']}, {first.config['dataset']}, fold")
    assert "no difference" in table.note
    page = table._repr_html_()
    assert f'border-radius:0.3em;padding:0 0.4em;font-weight:normal">{badge}</span></th>' in page


def test_what_was_not_run_says_so(book):
    table = tables.beside_paper(None)
    assert table.frame["ours"].tolist() == ["not run"] * 4 and set(table.frame["difference"]) == {"–"}
    rows = tables.ablation({"RDFER": run_of(80, preset="laptop", dataset="facsimile")}).frame
    assert rows.loc["RDFER"].tolist() == ["69.73", "80.00", "56.93", "70.00"]
    assert rows.loc["w/o Re-sampling"].tolist() == ["68.16", "not run", "55.89", "not run"]
    assert tables.ablation({}).badges["WAR, ours"] == "not run"


def test_missing_papers_tables_and_rows_are_named(book):
    for call, words in ((lambda: published.load("sciu", "I"), "no paper 'sciu'"),
                        (lambda: published.load("rdfer", "IX"), "no table 'IX'"),
                        (lambda: tables.beside_paper(None, row="RDFER (theirs)"), "no row 'RDFER (theirs)'"),
                        (lambda: tables.ablation({"w/o everything": None}), "no row 'w/o everything'")):
        with pytest.raises(BadInput, match="choose one of") as error:
            call()
        assert words in str(error.value)
    (book / "book" / "published.yml").unlink()
    with pytest.raises(BadInput, match="not here"):
        published.load("rdfer", "I")


def test_the_books_own_published_figures_can_be_shown():
    assert published.load("rdfer", "I")["rows"]["RDFER"]["WAR"] == 69.73
    assert tables.ablation({}).frame.loc["w/o Re-sampling", "WAR, paper"] == "68.16"


def tiny(**columns):
    """Ten training clips of one epoch, as a record."""
    clips = pd.DataFrame({"clip": list("abcdefghij"), "split": "train", "epoch": 3, "label": 0, "prediction": 0,
                          "weight": [0.0, 0.0, 1.5, 1.5, 1.5, 1, 1, 1, 1, 1]} | columns)
    truth = pd.DataFrame({"clip": list("abcdefghij"), "wrong_label": [True] + 8 * [False] + [True],
                          "low_quality": [False, True] + 8 * [False], "hard": 4 * [False] + 3 * [True] + 3 * [False]})
    method = {"lambda_hard": 1.5, "lambda_noisy": 0.0, "lambda_ordinary": 1.0}
    return SimpleNamespace(clips=clips, truth=truth, config={"method": method})


def test_detection_by_hand():
    rows = tables.detection(tiny()).frame
    assert rows.loc["noisy: wrong label"].tolist() == ["2", "2", "1", "50.0", "50.0", "20.0"]
    assert rows.loc["noisy: wrong label or low quality"].tolist() == ["2", "3", "2", "100.0", "66.7", "30.0"]
    assert rows.loc["hard: hard"].tolist() == ["3", "3", "1", "33.3", "33.3", "30.0"]


def test_detection_of_no_clips_has_dashes():
    rows = tables.detection(tiny(weight=1.0)).frame
    assert rows.loc["noisy: wrong label"].tolist() == ["0", "2", "0", "–", "0.0", "20.0"]


def test_detection_where_the_truth_is_not_known(films):
    table = tables.detection(films)
    assert table.frame["clips"].to_dict() == {"ordinary": "784", "hard": "224", "noisy": "112"}
    assert "not known" in table.note


def test_last_rows_join_the_truth_once(record):
    rows = tables.last_rows(record, "train")
    assert len(rows) == 1120 and set(rows["epoch"]) == {5} and rows["wrong_label"].notna().all()
    with pytest.raises(BadInput, match="clean, short_apex"):
        tables.last_rows(record, "validation")


def test_agreement_by_expression_by_hand():
    clips = pd.DataFrame({"label": [0, 0, 0, 0, 6], "prediction": [0, 0, 1, 0, 1], "agreement": [1, 1, 1, 0.5, 1]})
    rows = tables.agreement_by_expression(clips).frame
    assert rows["Happy"].to_dict() == {"agreement 0.50": "25 (100)", "agreement 1.00": "75 (67)", "clips": "4"}
    assert rows["Fear"].tolist() == ["–", "100 (0)", "1"] and rows["all"].tolist() == ["20 (100)", "80 (50)", "5"]


def test_truth_statistics_leave_the_slices_out(record):
    rows = tables.truth_statistics(record.truth).frame
    assert rows.loc["all", "clips"] == "1400"
    assert rows.loc["all", "wrong label"] == str(record.truth["wrong_label"].sum())
    assert rows["clips"][:-1].astype(int).sum() == 1400


def test_a_table_is_the_same_text_every_time_and_escapes_what_it_is_given():
    frame = pd.DataFrame({"a<b": ["<script>"]}, index=["r&d"])
    table = tables.Table(frame, "x < y", "n & m", {"a<b": "lap<top"})
    page = table._repr_html_()
    assert page == tables.Table(frame.copy(), "x < y", "n & m", {"a<b": "lap<top"})._repr_html_()
    assert "<script>" not in page and "<caption>x &lt; y</caption>" in page and html.escape("lap<top") in page
    assert 'class="dataframe"' in page and "id=" not in page
    assert repr(table).startswith("x < y\n") and "a<b [lap<top]" in repr(table) and repr(table).endswith("n & m")
