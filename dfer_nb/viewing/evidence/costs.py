"""What the networks cost beside what the papers print, and which way of counting the print agrees with."""

from collections.abc import Mapping

import pandas as pd

from dfer_nb.models.cost import Cost
from dfer_nb.viewing.evidence.published import load, pick
from dfer_nb.viewing.page import Table, number

NOT_BUILT, NOT_MEASURED = "not built", "not measured"
TOLERANCE = 0.05  # of the published figure; the two counts of R3D18 are a factor of 25 apart
MEANING = ("FLOPs are multiply-adds, here and in the papers: GMAC, 1e9 of them, for one clip of 16 frames of 112 px. "
           "The true count is of all convolutions and matrix products, however they are called. The count by exact "
           "types has a rule for nn.Conv3d and none for its subclasses, of which torchvision builds R3D18 and MC3: it "
           "skips their convolutions. It skips too what is called as a function (attention), and it counts "
           "normalisation and pooling, which the true count leaves out.")


def agrees_with(published: float | None, cost: Cost | None, tolerance: float = TOLERANCE) -> str:
    """Which of the two counts a published figure (in 1e9) is within `tolerance` of, as a share of itself, in words.

    "true count", "skipped layers" (the count by exact types alone), "both counts" or "neither"; "–" without a figure
    or without a network here.
    """
    if published is None or cost is None:
        return "–"
    true, skipping = (abs(found - published) <= tolerance * published for found in (cost.gmac, cost.gmac_exact_types))
    return {(True, True): "both counts", (True, False): "true count", (False, True): "skipped layers",
            (False, False): "neither"}[true, skipping]


def costs_table(rows: Mapping[str, Cost], paper: str, table: str, notes: Mapping[str, str] | None = None,
                tolerance: float = TOLERANCE) -> Table:
    """Parameters and GMAC, counted both ways, beside a published table's column FLOPs and, if it has it, Params.

    rows: the paper's row -> the cost of the same network, built here; all rows of the paper are shown, and the others
    say "not built". notes: the paper's row -> what to know of it ("another network of that name"), below the table.
    Raises BadInput for a paper, table or row that published.yml does not have, and for a table without FLOPs.
    """
    published = load(paper, table)
    theirs, notes = published["rows"], notes or {}
    for row in [*rows, *notes]:
        pick(theirs, row, f"table {table} has no row {row!r}")
    lines = {row: _line(rows.get(row), cells, table, tolerance) for row, cells in theirs.items()}
    remarks = [MEANING, f"Agrees: within {100 * tolerance:.0f} % of the published figure.",
               *(f"{row}: {words.rstrip('.')}." for row, words in notes.items())]
    caption = f"Millions of parameters and GMAC, here and in: {published['title']} (Table {table})"
    return Table(pd.DataFrame.from_dict(lines, orient="index"), caption, " ".join(remarks))


def counts_table(counts: Mapping[str, Mapping[str, Cost]], paper: str, table: str, note: str = "") -> Table:
    """True counts of a table's networks, made in several ways, beside the published FLOPs; of the last way the gap.

    counts: a way to count, in words -> the paper's row -> the cost. Raises BadInput as `costs_table` does.
    """
    published = load(paper, table)
    theirs = published["rows"]
    for row in (row for ways in counts.values() for row in ways):
        pick(theirs, row, f"table {table} has no row {row!r}")
    lines = {}
    for row, cells in theirs.items():
        flops = pick(cells, "FLOPs", f"table {table} has no column 'FLOPs'")
        found = {f"GMAC, {way}": own.get(row) for way, own in counts.items()}
        line = {way: number(cost.gmac, 2) if cost else NOT_BUILT for way, cost in found.items()}
        *_, last = found.values()
        gap = number(last.gmac - flops, 2, "+") if last and flops is not None else "–"
        lines[row] = line | {"FLOPs, paper": number(flops, 2), "last count less paper": gap}
    caption = f"GMAC, here and in: {published['title']} (Table {table})"
    return Table(pd.DataFrame.from_dict(lines, orient="index"), caption, note)


def filter_table(counts: Mapping[str, tuple[Cost, Cost]], measured: Mapping | None) -> Table:
    """What a filter adds to a plain evaluation: by multiply-adds, and by the processor's time where that was measured.

    counts: a preset -> the cost without and with the filter; measured: what `benchmarks/snippets.py` wrote, or None.
    """
    rows = {}
    for preset, (plain, filtered) in counts.items():
        time = (measured or {}).get("presets", {}).get(preset)
        rows[preset] = {"GMAC, plain": number(plain.gmac, 3), "with filter": number(filtered.gmac, 3),
                        "more": f"{number(100 * (filtered.gmac / plain.gmac - 1), 1, '+')} %",
                        "more time": f"{number(time['added'], 1, '+')} %" if time else NOT_MEASURED}
    note = (f"Time: of an evaluation of {measured['clips']} clips, on {measured['threads']} thread of "
            f"{measured['processor']}, {measured['date'][:10]} (benchmarks/snippets.py).") if measured else ""
    return Table(pd.DataFrame.from_dict(rows, orient="index"), "What the filter adds to a plain evaluation", note)


def _line(cost: Cost | None, cells: Mapping, table: str, tolerance: float) -> dict[str, str]:
    flops = pick(cells, "FLOPs", f"table {table} has no column 'FLOPs'")
    line = {"parameters, here": number(cost.parameters / 1e6) if cost else NOT_BUILT}
    if "Params" in cells:
        line["parameters, paper"] = number(cells["Params"])
    return line | {"GMAC, true count": number(cost.gmac, 2) if cost else NOT_BUILT,
                   "GMAC, exact types": number(cost.gmac_exact_types, 2) if cost else NOT_BUILT,
                   "FLOPs, paper": number(flops, 2), "paper agrees with": agrees_with(flops, cost, tolerance)}
