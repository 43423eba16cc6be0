"""Tables say what the record says."""

import html
from types import SimpleNamespace

import pandas as pd
import pytest
from filtered import made

from dfer_nb.data.expressions import EXPRESSIONS
from dfer_nb.errors import BadInput
from dfer_nb.viewing.evidence import tables
from dfer_nb.viewing.page import number


def test_metrics_show_both_epochs_and_which_one_is_reported(record):
    table = tables.metrics(record)
    reported, best = record.summary["reported"], record.summary["best_on_test"]
    assert table.frame.loc["WAR"].tolist() == ["280", f"{reported['WAR']:.1f}", f"{best['WAR']:.1f}"]
    assert table.frame.loc["Fear", "reported"] == f"{reported['recalls']['Fear']:.1f}"
    assert table.frame["clips"][list(EXPRESSIONS)].astype(int).sum() == 280
    assert table.badges == {"reported": "epoch 6, last epoch", "best on test": f"epoch {best['epoch']}, not reported"}
    assert best["epoch"] != 6


def test_what_a_network_says_before_its_method_decides_stands_beside_it():
    record = made()
    frame, own = tables.metrics(record).frame, record.summary["reported"]["unfiltered"]
    rows = record.clips[record.clips["split"] == "test"]
    assert list(frame) == ["clips", "reported", "without filter", "best on test"]
    assert frame.loc["WAR", "without filter"] == f"{own['WAR']:.1f}" != frame.loc["WAR", "reported"]
    sad = rows[rows["label"] == 1]
    assert frame.loc["Sad", "without filter"] == f"{100 * (sad['unfiltered'] == 1).mean():.1f}"
    frame, part = tables.slices(record).frame, record.summary["slices"]["clean"]
    assert frame.loc["clean", "UAR, without filter"] == f"{part['unfiltered']['UAR']:.1f}"
    assert list(frame)[-2:] == ["WAR, without filter", "UAR, without filter"] and "foreign" in frame.index


def test_an_expression_without_clips_has_a_dash(record):
    reported = record.summary["reported"]
    reported = reported | {"recalls": reported["recalls"] | {"Disgust": float("nan")}}
    table = tables.metrics(SimpleNamespace(**{**vars(record), "summary": record.summary | {"reported": reported}}))
    assert table.frame.loc["Disgust", "reported"] == "–"


def test_slices_carry_their_intervals(record, films):
    table = tables.slices(record)
    assert list(table.frame.index) == ["test fold", "clean", "short apex", "irrelevant", "low quality", "low intensity"]
    low, high = map(float, table.frame.loc["clean", "95 % interval of WAR"].split(" to "))
    war = float(table.frame.loc["clean", "WAR"])
    assert low < war < high and 4 < high - low < 11  # 350 clips
    assert table.caption.startswith("Epoch 6 (last epoch), percent")
    assert tables.slices(films).note == "This dataset has no slices."


def test_wilson_interval_of_a_textbook_case():
    assert tables._interval(70.0, 10) == "39.7 to 89.2"


def test_reported_rows_join_the_truth_once(record):
    rows = tables.reported_rows(record, "train")
    assert len(rows) == 1120 and set(rows["epoch"]) == {5} and rows["wrong_label"].notna().all()
    with pytest.raises(BadInput, match="clean, short_apex"):
        tables.reported_rows(record, "validation")


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


def test_numbers_in_cells():
    assert [number(x) for x in (1.25, -0.04, 0.04, None, float("nan"))] == ["1.2", "0.0", "0.0", "–", "–"]
    assert [number(x, sign="+") for x in (1.0, -1.0, -0.04, 0.0, 0.06)] == ["+1.0", "-1.0", "0.0", "0.0", "+0.1"]
    assert number(-0.004, 2) == "0.00" and number(-0.006, 2) == "-0.01"


def test_a_table_is_the_same_text_every_time_and_escapes_what_it_is_given():
    frame = pd.DataFrame({"a<b": ["<script>"]}, index=["r&d"])
    table = tables.Table(frame, "x < y", "n & m", {"a<b": "lap<top"})
    page = table._repr_html_()
    assert page == tables.Table(frame.copy(), "x < y", "n & m", {"a<b": "lap<top"})._repr_html_()
    assert "<script>" not in page and "<caption>x &lt; y</caption>" in page and html.escape("lap<top") in page
    assert 'class="dataframe"' in page and "id=" not in page
    assert repr(table).startswith("x < y\n") and "a<b [lap<top]" in repr(table) and repr(table).endswith("n & m")
