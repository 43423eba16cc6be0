"""The audit itself: a slip in any table is found, and the page shows all that was found."""

import copy

import pytest

from dfer_nb.errors import BadInput
from dfer_nb.viewing.evidence import audit, published

PUBLISHED = published.papers()


@pytest.mark.parametrize(
    ("paper", "table", "row", "name", "figure", "rule"),
    [
        ("nr_dfernet", "5", "VGG11+LSTM (TI)", "UAR", 42.42, "mean of the row's recalls"),
        ("nr_dfernet", "5", "VGG11+LSTM (TI)", "WAR", 53.60, "recalls weighted by DFEW's classes"),
        ("nr_dfernet", "5", "3D R.18+Center Loss (TI)", "Disgust", 0.72, "a whole number of 145 clips"),
        ("nr_dfernet", "5", "Former-DFER", "Sad", 62.75, "mean of the row's recalls"),
        ("nr_dfernet", "5", "NR-DFERNet*", "UAR", 55.67, "Table 5, a difference"),
        ("nr_dfernet", "4", "ResNet18+GRU", "WAR", 49.40, "a whole number of 383 clips"),
        ("nr_dfernet", "4", "C3D", "FLOPs", 38.75, "nr_dfernet, Table 5, C3D (TI)"),
        ("nr_dfernet", "3", "M=2, N=4", "FLOPs", 6.34, "nr_dfernet, Table 5, NR-DFERNet"),
        ("nr_dfernet", "2", "S=2, L=3", "UAR", 54.22, "nr_dfernet, Table 5, NR-DFERNet"),
        ("m3dfel", "4", "M3DFEL", "WAR", 69.52, "m3dfel, Table 1, M3DFEL"),
        ("m3dfel", "2", "M3DFEL", "UAR", 35.49, "Table 2, a difference"),
        ("m3dfel", "3", "16", "WAR", 66.63, "Table 3"),
        ("sciu", "1", "ViT_LSTM + SCIU", "DFEW UAR", 55.16, "difference of the two rows"),
        ("sciu", "1", "Average Improvement", "delta DFEW UAR", 0.86, "mean of the column's deltas"),
        ("sciu", "2", "FGC only", "delta DFEW UAR", 0.09, "difference of the two rows"),
        ("sciu", "3", "CGP and FGC", "FERV39k Correction", 1463, "Table 3"),
        ("sciu", "4", "tau=0.2", "FERV39k UAR", 34.42, "sciu, Table 1, Res18_LSTM + SCIU"),
        ("sciu", "5", "t=2", "DFEW WAR", 64.27, "sciu, Table 1, Res18_LSTM + SCIU"),
        ("rdfer", "I", "GCA+IAL", "UAR", 55.81, "mean of the row's recalls"),
        ("rdfer", "II", "P3D", "WAR", 33.93, "m3dfel, Table 2, P3D"),
        ("rdfer", "III", "w/o Re-sampling", "WAR", 68.61, "Table III, a difference"),
        ("rdfer", "IV", "+ hard and noisy sample reweighting", "UAR", 56.39, "rdfer, Table I, RDFER"),
        ("rdfer", "V", "0.75", "Sad", 0.20, "all clips of the class"),
        ("rdfer", "V", "0.75", "Sum", 0.21, "classes by their clips"),
        ("rdfer", "V", "Num.", "Fear", 183, "a whole number of 183 clips"),
        ("rdfer", "VI", "MC3 + M3DFEL", "delta UAR", 1.78, "difference of the two rows"),
        ("rdfer", "VI", "MC3 + M3DFEL", "FLOPs", 1.98, "Table VI, a difference"),
        ("rdfer", "VII", "0.75", "Ave", 0.35, "classes by their clips in Table V"),
    ],
)
def test_a_slip_in_a_figure_is_found(paper, table, row, name, figure, rule):
    slipped = copy.deepcopy(PUBLISHED)
    cells = slipped[paper]["tables"][table]["rows"][row]
    assert cells[name] != figure
    cells[name] = figure
    assert rule in {f.rule for f in set(audit.findings(slipped)) - set(audit.findings(PUBLISHED))}


def test_the_audit_shows_every_finding_with_its_difference():
    frame = audit.audit().frame
    assert list(frame)[:7] == ["paper", "table", "row", "column", "printed", "recomputed", "difference"]
    assert len(frame) == len(audit.findings(PUBLISHED))
    line = frame[(frame["paper"] == "rdfer") & (frame["table"] == "I") & (frame["column"] == "UAR")].iloc[-1]
    assert tuple(line[["row", "printed", "recomputed", "difference"]]) == ("RDFER", "56.93", "56.01", "+0.92")
    line = frame[frame["row"] == "pruned_dfew"].iloc[0]
    assert tuple(line[["table", "printed", "recomputed", "difference"]]) == ("Sec. 4.2", "2272", "851", "+1421")


@pytest.mark.parametrize("paper", PUBLISHED)
def test_the_audit_of_one_paper_is_its_part_of_the_whole(paper):
    whole, part = audit.audit().frame, audit.audit(paper).frame
    assert part.to_dict("records") == whole[whole["paper"] == paper].to_dict("records")
    assert len(part) > 0


def test_an_unknown_paper_is_named_with_the_known_ones():
    with pytest.raises(BadInput, match="no paper 'nr-dfernet'(.|\n)*yml(.|\n)*nr_dfernet, m3dfel, sciu, rdfer"):
        audit.audit("nr-dfernet")
