"""A paper's own figures beside ours, never confused with them. What was not run says so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import yaml

from dfer_nb import files
from dfer_nb.errors import BadInput
from dfer_nb.viewing.page import Table, number

NOT_RUN = "not run"
# The preset, dataset and folds whose mean may be compared with a paper's figure.
PROTOCOL = ("paper", "dfew", [1, 2, 3, 4, 5])


def load(paper: str, table: str) -> dict:
    """A paper's table from book/published.yml: `title`, `columns`, `rows` (name -> column -> value or None).

    Raises BadInput that names what is missing.
    """
    path = files.root() / "book" / "published.yml"
    if not path.exists():
        raise BadInput("the papers' figures are not here", path, "run from a checkout of the repository")
    content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    for level, name in (("paper", paper), ("part", "tables"), ("table", table)):
        content = _pick(content, name, f"published.yml has no {level} {name!r}")
    return content


def _pick(options: Mapping, name: str, what: str):
    if name not in options:
        raise BadInput(what, "book/published.yml", f"choose one of: {', '.join(map(str, options))}")
    return options[name]


@dataclass(frozen=True)
class _Ours:
    """Our figures (None: not run), words that say what was run, and whether that is the paper's protocol."""

    values: Mapping[str, float] | None
    badge: str
    same: bool


def _ours(records) -> _Ours:
    """From None, one record, or the records of several folds, whose figures are averaged."""
    if records is None:
        return _Ours(None, NOT_RUN, False)
    records = list(records) if isinstance(records, Sequence) else [records]
    last = [r.summary["last"] for r in records]
    mean = pd.DataFrame([{**part["recalls"], "UAR": part["UAR"], "WAR": part["WAR"]} for part in last]).mean()
    preset, dataset = ("/".join(sorted({r.config[key] for r in records})) for key in ("preset", "dataset"))
    folds = sorted(r.config["fold"] for r in records)
    words = f"{preset}, {dataset}, fold{'s' if len(folds) > 1 else ''} {', '.join(map(str, folds))}"
    return _Ours(mean.to_dict(), words, (preset, dataset, folds) == PROTOCOL)


def _difference(ours: _Ours, name: str, theirs: float | None) -> str:
    return number(ours.values[name] - theirs, 2, "+") if ours.same and theirs is not None else "–"


def beside_paper(records=None, table: str = "I", row: str = "RDFER", paper: str = "rdfer") -> Table:
    """One row of a paper's table beside ours; the difference only where data and protocol are the paper's.

    records: None ("not run"), a record, or the records of several folds, whose figures are averaged.
    Raises BadInput when published.yml has no such table or row.
    """
    published = load(paper, table)
    theirs = _pick(published["rows"], row, f"table {table} of {paper} has no row {row!r}")
    ours = _ours(records)
    frame = pd.DataFrame({
        "paper": {name: number(value, 2) for name, value in theirs.items()},
        "ours": {name: number(ours.values.get(name), 2) if ours.values else NOT_RUN for name in theirs},
        "difference": {name: _difference(ours, name, value) for name, value in theirs.items()}})
    other = "Ours is not the paper's data and protocol: no difference is taken."
    note = "" if ours.same or not ours.values else other
    return Table(frame, f"{published['title']} (Table {table}, {row}), percent", note, {"ours": ours.badge})


def ablation(records: Mapping[str, object], table: str = "III", paper: str = "rdfer") -> Table:
    """WAR and UAR of every row of a paper's ablation beside ours; a row without a record says "not run".

    records: the paper's row name -> a record, or the records of several folds. Raises BadInput for a row
    that the paper's table does not have.
    """
    published = load(paper, table)
    for name in records:
        _pick(published["rows"], name, f"table {table} of {paper} has no row {name!r}")
    ours = {name: _ours(records.get(name)) for name in published["rows"]}
    columns = {}
    for metric in ("WAR", "UAR"):
        columns[f"{metric}, paper"] = {name: number(row.get(metric), 2)
                                       for name, row in published["rows"].items()}
        columns[f"{metric}, ours"] = {name: number(o.values[metric], 2) if o.values else NOT_RUN
                                      for name, o in ours.items()}
    badge = "; ".join(dict.fromkeys(o.badge for o in ours.values() if o.values)) or NOT_RUN
    other = "Compare ours with ours: the paper's column is another protocol."
    note = "" if all(o.same for o in ours.values()) else other
    return Table(pd.DataFrame(columns), f"{published['title']} (Table {table}), percent", note,
                 {"WAR, ours": badge, "UAR, ours": badge})
