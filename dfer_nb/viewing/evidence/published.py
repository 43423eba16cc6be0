"""A paper's own figures beside ours, never confused with them. What was not run says so."""

from collections.abc import Mapping, Sequence

import pandas as pd
import yaml

from dfer_nb import files
from dfer_nb.errors import BadInput
from dfer_nb.viewing.evidence.comparison import NOT_RUN, difference_cell
from dfer_nb.viewing.evidence.records import check_metric, mean, of_variant, rules, runs, setting
from dfer_nb.viewing.evidence.statistics import against
from dfer_nb.viewing.evidence.statistics import notes as notes_of
from dfer_nb.viewing.page import Table, number

DATASETS = ("dfew", "ferv39k", "mafw", "afew")  # as a table's title or a column's first word names them
OTHER = "Ours is not the paper's data and protocol: no difference is taken between the two."
OURS_WITHIN, THEIRS_WITHIN = "ours: row - base", "paper: row - base"


def load(paper: str, table: str) -> dict:
    """A paper's table from book/published.yml: `title`, `columns`, `rows` (name -> column -> value or None).

    Raises BadInput that names what is missing.
    """
    return pick(_paper(paper)["tables"], table, f"published.yml has no table {table!r} of {paper}")


def papers() -> dict:
    """All of book/published.yml: paper -> `settings`, `tables`, `claims`. Raises BadInput when it is not here."""
    path = files.root() / "book" / "published.yml"
    if not path.exists():
        raise BadInput("the papers' figures are not here", path, "run from a checkout of the repository")
    return yaml.safe_load(path.read_text(encoding="utf-8")) or {}


def _paper(paper: str) -> dict:
    return pick(papers(), paper, f"published.yml has no paper {paper!r}")


def pick(options: Mapping, name: str, what: str):
    """What `options` holds under a name. Raises BadInput that says `what` is missing, and lists what is there."""
    if name not in options:
        raise BadInput(what, "book/published.yml", f"choose one of: {', '.join(map(str, options))}")
    return options[name]


def beside(paper: str, table: str, answers: Mapping[str, str | None], records, columns: Sequence[str] = ("WAR", "UAR"),
           base_row: str | None = None) -> Table:
    """Rows of a paper's table beside ours: ours, the paper's, and the difference where data and protocol are the same.

    answers: the paper's row -> our variant that answers it, or None; a row without records says "not run".
    records: a record, or those of several seeds, draws and folds; ours is their mean, over the seeds of each fold and
    draw first. columns: the paper's, such as "UAR", "Fear" (its recall) or "DFEW WAR".
    base_row: show too what each row has more than this one, ours with its interval, and the paper's.
    Raises BadInput for a table, row or column that published.yml does not have, a column that we do not measure,
    records of several settings, and as `statistics.against` does.
    """
    published = load(paper, table)
    theirs = _theirs(published["rows"], dict.fromkeys([*answers, *([base_row] if base_row else [])]), columns, table)
    records = list(records) if isinstance(records, Sequence) else [records]
    ours = {row: of_variant(records, answers.get(row)) for row, _ in theirs}
    shown = list({id(record): record for own in ours.values() for record in own}.values())
    lines, same = {}, {name: bool(shown) and _same(shown, paper, published["title"], name) for name in columns}
    for (row, name), value in theirs.items():
        own = mean(ours[row], "test", metric_of(name)) if ours[row] else None
        lines[row, name] = {"ours": number(own, 2) if ours[row] else NOT_RUN, "paper": number(value, 2),
                            "difference": _minus(own, value) if same[name] else "–"}
    frame, notes = pd.DataFrame.from_dict(lines, orient="index"), [OTHER] if shown and not all(same.values()) else []
    if base_row:
        within, effects = _within(theirs, ours, {row: answers.get(row) for row in ours}, base_row)
        frame = frame.join(within)
        notes += [f"The base is the row “{base_row}”; only differences within a source can be compared.",
                  *notes_of(effects)]
    return _page(frame, ours, f"{published['title']} (Table {table}", notes)


def metric_of(column: str) -> str:
    """The metric of a paper's column: its last word ("DFEW WAR" -> "WAR"). Raises BadInput for what is no metric."""
    metric = column.rpartition(" ")[2]
    check_metric(metric)
    return metric


def _theirs(rows: Mapping, wanted: Sequence[str], columns: Sequence[str], table: str) -> dict[tuple[str, str], float]:
    """(row, column) -> the paper's figure, or None."""
    chosen = {row: pick(rows, row, f"table {table} has no row {row!r}") for row in wanted}
    return {(row, name): pick(cells, name, f"table {table} has no column {name!r}")
            for row, cells in chosen.items() for name in columns}


def _same(records: Sequence, paper: str, title: str, column: str) -> bool:
    """Whether our mean is of the paper's dataset, folds and settings. A paper that does not give its folds has none."""
    ours = setting(records)
    named = [name for name in DATASETS if name in title.lower()]
    dataset = column.rpartition(" ")[0].lower() or (named[0] if named else "dfew")
    given = _paper(paper).get("settings", {}).get("folds", {"value": 0})["value"] if dataset == "dfew" else 0
    folds = (1,) if "first fold" in title else tuple(range(1, given + 1))
    return (ours.preset, ours.dataset, ours.folds) == ("paper", dataset, folds)


def _minus(value: float | None, other: float | None) -> str:
    return "–" if value is None or other is None else number(value - other, 2, "+")


def _within(theirs: Mapping, ours: Mapping[str, list], answers: Mapping[str, str | None], base: str):
    """Two columns, a row less the base row in each source, and the effects that stand in ours."""
    records = [record for own in ours.values() for record in own]
    records = list({id(record): record for record in records}.values())
    answered = [answer for answer in answers.values() if answer]
    found = {name: against(records, answered, answers[base], ["test"], metric_of(name)) if answers[base] else {}
             for _, name in theirs}  # a column is a family
    lines, effects = {}, []
    for row, name in theirs:
        is_base = row == base
        effect = found[name].get(answers[row], {}).get("test")
        effects.append(effect)
        lines[row, name] = {OURS_WITHIN: difference_cell(effect, ours[row], is_base),
                            THEIRS_WITHIN: "–" if is_base else _minus(theirs[row, name], theirs[base, name])}
    return pd.DataFrame.from_dict(lines, orient="index"), effects


def _page(frame: pd.DataFrame, ours: Mapping[str, list], caption: str, notes: list[str]) -> Table:
    """The table with its badge: what stands in every line goes into the caption, and different runs into a column."""
    records = list({id(record): record for own in ours.values() for record in own}.values())
    words = {row: runs(own) if own else NOT_RUN for row, own in ours.items()}
    badge, short = NOT_RUN, NOT_RUN
    if records:
        what = setting(records)
        badge, short = f"{what.badge}, {what.dataset}, {what.fold_words}", what.badge
        if len(set(words.values()) - {NOT_RUN}) == 1:
            badge += f", {next(word for word in words.values() if word != NOT_RUN)}"
        else:
            frame.insert(0, "runs", [words[row] for row, _ in frame.index])
        folds = "Ours is the mean over the folds." if len(what.folds) > 1 else ""
        notes = [*notes, folds, rules(records)]
    rows, columns = (frame.index.get_level_values(level).unique() for level in (0, 1))
    if len(rows) == 1:
        caption, frame = f"{caption}, {rows[0]}", frame.droplevel(0)
    elif len(columns) == 1:
        caption, frame = f"{caption}, {columns[0]}", frame.droplevel(1)
    badges = {"ours": badge} | ({OURS_WITHIN: short} if OURS_WITHIN in frame else {})
    return Table(frame, f"{caption}), percent", " ".join(filter(None, notes)), badges)
