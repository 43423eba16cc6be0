"""Figures of the papers that do not follow from their own row, table or text, recomputed from book/published.yml alone.

Each rule below takes the papers as published.yml has them (paper -> entry) and yields what it finds.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from dfer_nb.data.expressions import DFEW_COUNTS, EXPRESSIONS
from dfer_nb.errors import BadInput
from dfer_nb.viewing.evidence.published import papers
from dfer_nb.viewing.page import Table, number

HALF = 0.005 + 1e-9  # what rounding to two decimals can hide
FOLDS = 0.05  # a mean of five folds against their clips taken together, and the rounding of seven recalls
AGREEMENTS = ("0.50", "0.75", "1.00")
# A figure that stands in several places, as "paper table row", " : " and a column, or what columns begin with. The
# first place that has a column counts. "(TI)" is in NR-DFERNet's row names only, so these rows are paired by hand.
REPEATED = (
    ("nr_dfernet 5 NR-DFERNet", "nr_dfernet 1 h", "nr_dfernet 2 S=2, L=3", "nr_dfernet 3 M=2, N=4",
     "nr_dfernet 4 NR-DFERNet : FLOPs", "m3dfel 1 NR-DFERNet", "rdfer I NR-DFERNet"),
    ("nr_dfernet 5 C3D (TI)", "nr_dfernet 4 C3D : FLOPs", "m3dfel 1 C3D", "rdfer I C3D"),
    ("nr_dfernet 5 P3D (TI)", "m3dfel 1 P3D", "rdfer I P3D"),
    ("nr_dfernet 5 I3D-RGB (TI)", "nr_dfernet 4 I3D-RGB : FLOPs", "m3dfel 1 I3D", "rdfer I I3D"),
    ("nr_dfernet 5 R(2+1)D18 (TI)", "nr_dfernet 4 R(2+1)D : FLOPs", "m3dfel 1 R(2+1)D18", "rdfer I R(2+1)D18",
     "rdfer VI R(2+1)D : FLOPs"),
    ("nr_dfernet 5 3D Resnet18 (TI)", "nr_dfernet 5 3D Resnet18 : FLOPs", "nr_dfernet 4 3D ResNet18 : FLOPs",
     "m3dfel 1 3D ResNet18", "rdfer I 3D ResNet18"),
    ("nr_dfernet 5 ResNet18+LSTM (TI)", "nr_dfernet 4 ResNet18+LSTM : FLOPs", "m3dfel 1 ResNet18+LSTM",
     "rdfer I ResNet18+LSTM"),
    ("nr_dfernet 5 ResNet18+LSTM", "sciu 1 Res18_LSTM : DFEW"),
    ("nr_dfernet 5 Resnet18+GRU : FLOPs", "nr_dfernet 4 ResNet18+GRU : FLOPs"),
    ("nr_dfernet 5 EC-STFL (TI)", "nr_dfernet 4 EC-STFL : FLOPs", "m3dfel 1 EC-STFL", "rdfer I EC-STFL"),
    ("nr_dfernet 5 Former-DFER", "nr_dfernet 4 Former-DFER : FLOPs", "m3dfel 1 FormerDFER", "sciu 1 Former-DFER : DFEW",
     "rdfer I FormerDFER", "rdfer VI Former-DFER : FLOPs"),
    ("m3dfel 1 STT", "rdfer I STT"),
    ("m3dfel 1 DPCNet", "rdfer I DPCNet"),
    ("m3dfel 1 M3DFEL", "m3dfel 3 4", "m3dfel 4 M3DFEL", "rdfer I M3DFEL", "rdfer VI R3D18 + M3DFEL : FLOPs"),
    *((f"m3dfel 2 {row}", f"rdfer II {row}")
      for row in ("C3D", "P3D", "I3D", "R(2+1)D18", "3D ResNet18", "2R18+LSTM", "NRDFERNet", "M3DFEL")),
    ("m3dfel 2 R18+LSTM", "sciu 1 Res18_LSTM : FERV39k", "rdfer II R18+LSTM"),
    ("rdfer II FormerDFER", "sciu 1 Former-DFER : FERV39k"),
    ("sciu 1 Res18_LSTM", "sciu 2 neither"),
    ("sciu 1 Res18_LSTM + SCIU", "sciu 2 CGP and FGC"),
    ("sciu 1 Res18_LSTM + SCIU : DFEW", "sciu 4 lambda=0.6 : DFEW", "sciu 4 tau=0.4 : DFEW", "sciu 5 t=2 : DFEW"),
    ("sciu 1 Res18_LSTM + SCIU : FERV39k", "sciu 4 lambda=0.7 : FERV39k", "sciu 4 tau=0.2 : FERV39k",
     "sciu 5 t=3 : FERV39k"),
    ("rdfer I RDFER", "rdfer III RDFER", "rdfer IV + hard and noisy sample reweighting"),
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """A printed figure, what it should be by `rule`, and where it stands; for the text, `table` is the section."""

    paper: str
    table: str
    row: str
    column: str
    printed: float
    recomputed: float
    rule: str
    digits: int = 2


def _rows(published: Mapping) -> Iterator[tuple[str, str, str, Mapping, Mapping]]:
    """Paper, table, row, cells of the row, all rows of its table."""
    for paper, entry in published.items():
        for table, content in entry["tables"].items():
            for row, cells in content["rows"].items():
                yield paper, table, row, cells, content["rows"]


def recalls(cells: Mapping) -> dict[str, float] | None:
    """Expression -> recall in percent; None for a row without UAR, or with a recall missing."""
    found = {name: cells.get(name) for name in EXPRESSIONS}
    return None if cells.get("UAR") is None or None in found.values() else found


def whole_clips(percent: float, n: int, cut: bool = True) -> bool:
    """Whether a whole number of n clips can print as this percentage, rounded to two decimals or (cut) cut off."""
    return any(-HALF <= 100 * k / n - percent <= HALF * (2 if cut else 1) for k in _around(percent, n))


def _around(percent: float, n: int) -> tuple[int, int]:
    below = math.floor(percent * n / 100)
    return below, below + 1


def _nearest(percent: float, n: int) -> float:
    return min((100 * k / n for k in _around(percent, n)), key=lambda share: abs(share - percent))


def from_recalls(published: Mapping) -> Iterator[Finding]:
    """UAR is the mean of the recalls; WAR is the recalls weighted by DFEW's classes."""
    total = sum(DFEW_COUNTS.values())
    for paper, table, row, cells, _ in _rows(published):
        if found := recalls(cells):
            uar = sum(found.values()) / len(found)
            if abs(cells["UAR"] - uar) > 2 * HALF:
                yield Finding(paper, table, row, "UAR", cells["UAR"], uar, "mean of the row's recalls")
            war = sum(found[name] * clips for name, clips in DFEW_COUNTS.items()) / total
            if abs(cells["WAR"] - war) > FOLDS:
                yield Finding(paper, table, row, "WAR", cells["WAR"], war, "recalls weighted by DFEW's classes")


def deltas(published: Mapping) -> Iterator[Finding]:
    """A delta is the row less the row it is named after ("MC3 + M3DFEL" less "MC3"), else less the first row.

    The row of averages holds the means of its columns' deltas.
    """
    for paper, table, row, cells, rows in _rows(published):
        plain = rows.get(row.partition(" + ")[0]) if " + " in row else next(iter(rows.values()))
        for column in (name for name in cells if name.startswith("delta ") and cells[name] is not None):
            if row == "Average Improvement":
                each = [other[column] for name, other in rows.items() if name != row and other[column] is not None]
                value, rule = sum(each) / len(each), "mean of the column's deltas"
            else:
                figure = column.removeprefix("delta ")
                value, rule = cells[figure] - plain[figure], "difference of the two rows"
            if abs(cells[column] - value) > HALF:
                yield Finding(paper, table, row, column, cells[column], value, rule)


def agreements(published: Mapping) -> Iterator[Finding]:
    """RDFER's Tables V and VII: shares of a class sum to 1, and overall figures are weighted by the classes' clips."""
    shares, accuracy = (published["rdfer"]["tables"][table]["rows"] for table in ("V", "VII"))
    for name in (*EXPRESSIONS, "Sum"):
        total = sum(shares[agreement][name] for agreement in AGREEMENTS)
        if abs(total - 1) > 3 * HALF:
            yield Finding("rdfer", "V", "sum of the shares", name, total, 1.0, "all clips of the class")
    for agreement in AGREEMENTS:
        clips = {name: shares["Num."][name] for name in EXPRESSIONS}
        overall = sum(shares[agreement][name] * clips[name] for name in clips) / sum(clips.values())
        printed = shares[agreement]["Sum"]
        if abs(printed - overall) > 2 * HALF:
            yield Finding("rdfer", "V", agreement, "Sum", printed, overall, "classes by their clips", 3)
        clips = {name: shares[agreement][name] * clips[name] for name in clips}
        mean = sum(accuracy[agreement][name] * clips[name] for name in clips) / sum(clips.values())
        printed = accuracy[agreement]["Ave"]
        if abs(printed - mean) > 2 * HALF:
            yield Finding("rdfer", "VII", agreement, "Ave", printed, mean, "classes by their clips in Table V", 3)


def few_clips(published: Mapping) -> Iterator[Finding]:
    """A percentage of few clips is a whole number of them.

    Disgust has 29 clips in each of DFEW's five folds, so that a mean over the folds is a share of all 145.
    """
    afew = published["nr_dfernet"]["claims"]["afew_validation"]["value"]
    fold = published["rdfer"]["tables"]["V"]["rows"]["Num."]["Sum"]
    for paper, table, row, cells, _ in _rows(published):
        column, n = {("nr_dfernet", "4"): ("WAR", afew), ("rdfer", "VI"): ("WAR", fold)}.get((paper, table), (None, 0))
        if recalls(cells):
            column, n = "Disgust", DFEW_COUNTS["Disgust"]
        if column and not whole_clips(cells[column], n):
            nearest = _nearest(cells[column], n)
            yield Finding(paper, table, row, column, cells[column], nearest, f"a whole number of {n:,} clips")


def sentences(published: Mapping) -> Iterator[Finding]:
    """Figures of the text, from the tables' cells, from a number of clips, or from DFEW's classes."""
    for paper, entry in published.items():
        for name, claim in entry["claims"].items():
            yield from _added(paper, entry, claim) if "adds" in claim else _claimed(paper, entry, name, claim)


def _claimed(paper: str, entry: Mapping, name: str, claim: Mapping) -> Iterator[Finding]:
    def cell(place: Mapping) -> float:
        return entry["tables"][place["table"]]["rows"][place["row"]][place["column"]]

    printed, holds, total = claim["value"], None, sum(DFEW_COUNTS.values())
    if "table" in claim:
        value, rule = cell(claim), f"Table {claim['table']}"
        if "minus" in claim:
            value, rule = value - cell({**claim, **claim["minus"]}), f"{rule}, a difference"
    elif "clips" in claim:
        n = cell(claim["clips"])
        value, rule, holds = _nearest(printed, n), f"a whole number of {n:,} clips", whole_clips(printed, n)
    elif claim.get("dfew") == "clips":
        value, rule = total, "clips of DFEW's five folds"
    elif "dfew" in claim:
        value, rule = 100 * DFEW_COUNTS[claim["dfew"]] / total, "clips of DFEW's five folds"
    else:
        return
    if not (abs(printed - value) <= HALF if holds is None else holds):
        digits = 0 if isinstance(printed, int) else 2
        yield Finding(paper, claim["place"], name, claim["unit"], printed, value, rule, digits)


def _added(paper: str, entry: Mapping, claim: Mapping) -> Iterator[Finding]:
    rows, column, ending = entry["tables"][claim["table"]]["rows"], claim["column"], claim["adds"]
    for row in (name for name in rows if name.endswith(ending)):
        value = rows[row][column] - rows[row.removesuffix(ending)][column]
        if abs(value - claim["value"]) > claim["within"]:
            rule = f"Table {claim['table']}, a difference"
            yield Finding(paper, claim["place"], row, claim["unit"], claim["value"], value, rule)


def repeated(published: Mapping) -> Iterator[Finding]:
    """A figure stands the same in every place: tables of one paper, and papers that quote another's method."""
    for places in REPEATED:
        first: dict[str, tuple[float, str]] = {}
        for place in places:
            where, _, only = place.partition(" : ")
            paper, table, row = where.split(" ", 2)
            for column, value in published[paper]["tables"][table]["rows"][row].items():
                if value is None or only and column != only and not column.startswith(f"{only} "):
                    continue
                known, source = first.setdefault(column.removeprefix(f"{only} "), (value, where))
                if known != value:
                    other, number_there, row_there = source.split(" ", 2)
                    rule = f"{other}, Table {number_there}, {row_there}"
                    yield Finding(paper, table, row, column, value, known, rule)


RULES = (from_recalls, deltas, agreements, few_clips, sentences, repeated)


def findings(published: Mapping) -> list[Finding]:
    """What all rules find, in the order of the papers and of their tables; the text of a paper comes last."""
    order = {(paper, table): k for k, (paper, table, *_) in enumerate(_rows(published))}
    names = list(published)
    found = [finding for rule in RULES for finding in rule(published)]
    return sorted(found, key=lambda f: (names.index(f.paper), order.get((f.paper, f.table), math.inf), f.table))


def audit(paper: str | None = None) -> Table:
    """Figures of the papers that do not follow from their own row, beside what they should be, and why.

    paper: a key of published.yml; None: all of them. Columns: paper, table (a section for figures of the text), row,
    column, printed, recomputed, difference (printed less recomputed), rule. Raises BadInput for an unknown paper.
    """
    published = papers()
    if paper is not None and paper not in published:
        raise BadInput(f"there is no paper {paper!r}", "book/published.yml", f"choose one of: {', '.join(published)}")
    columns = ["paper", "table", "row", "column", "printed", "recomputed", "difference", "rule"]
    cells = [(f.paper, f.table, f.row, f.column, number(f.printed, min(f.digits, 2)), number(f.recomputed, f.digits),
              number(f.printed - f.recomputed, f.digits, "+"), f.rule)
             for f in findings(published) if paper in (None, f.paper)]  # fmt: skip
    note = ("Rounding, and the mean over folds, are allowed for. A figure may be right all the same: "
            "what is shown is that the paper's own figures do not give it.")
    frame = pd.DataFrame(cells, columns=columns, index=range(1, len(cells) + 1))
    return Table(frame, "Figures that do not follow from their own row, or that stand elsewhere otherwise", note)
