"""Variants side by side, from the committed records of several seeds."""

from collections.abc import Sequence

import pandas as pd

from dfer_nb.errors import BadInput
from dfer_nb.viewing.page import Table, number
from dfer_nb.viewing.pointing import hits, known_apex
from dfer_nb.viewing.tables import group_of, last_rows


def _settings(records: Sequence) -> str:
    """What the records have in common, in words. Raises BadInput when it is not one setting."""
    kinds = {(r.config["dataset"], r.config["preset"], r.config["draw"], r.config["fold"]) for r in records}
    if len(kinds) > 1:
        raise BadInput(
            f"records of {len(kinds)} settings cannot stand in one table",
            sorted(kinds),
            "choose one dataset, preset, draw and fold",
        )
    if not kinds:
        return "no records"
    dataset, preset, draw, fold = kinds.pop()
    return f"{dataset}, draw {draw}, fold {fold}, {preset} preset"


def _table(records: Sequence, variants: Sequence[str], row, caption: str) -> Table:
    """A row a variant, each cell the mean and range over its records of what `row(record)` gives."""
    settings, rows = _settings(records), {}
    for variant in variants:
        values = pd.DataFrame([row(r) for r in records if r.config["variant"] == variant])
        cells = {name: _cell(values[name].tolist()) for name in values if values[name].notna().any()}
        rows[variant] = {"runs": str(len(values)), **cells}
    frame = pd.DataFrame(rows).T.fillna("–")
    for name in frame.columns.drop("runs"):
        frame.loc[frame["runs"] == "0", name] = "not run"
    note = ("Mean over seeds (lowest–highest) where there are several. One run, or a range over few, is not an "
            "interval: a difference of a point or two is not shown by it.")
    return Table(frame, f"{caption}; {settings}, last epoch, percent", note)


def _cell(values: list[float]) -> str:
    spread = f" ({number(min(values))}–{number(max(values))})" if len(values) > 1 else ""
    return number(sum(values) / len(values)) + spread


def compare(records: Sequence, variants: Sequence[str], splits: Sequence[str] = ("test",)) -> Table:
    """WAR of the splits, UAR, mu against the apex of the test clips, and time, a row a variant.

    records: of one dataset, draw, fold and preset; a variant without a record says "not run". Raises BadInput for
    records of several settings.
    """

    def row(record) -> dict[str, float]:
        parts = {"test": record.summary["last"], **record.summary["slices"]}
        values = {f"WAR, {split.replace('_', ' ')}": parts[split]["WAR"] for split in splits}
        values["UAR, test"] = record.summary["last"]["UAR"]
        test = last_rows(record, "test")
        if "apex_start" in test and "mu" in test and test["mu"].notna().any():
            known = known_apex(test)
            values |= {"mu in the apex": hits(known), "always the middle": hits(known, 0.5)}
        values["seconds an epoch"] = record.epochs["seconds"].median()
        return values

    return _table(records, variants, row, "Recognition")


def compare_groups(records: Sequence, variants: Sequence[str]) -> Table:
    """What the noisy and the hard group of the last epoch hold, against the truth, a row a variant.

    Precision is the share of a group that is what it is named after. Beside the noisy group stands the same number of
    clips with the largest losses: what agreement adds is the difference. Raises BadInput as `compare` does.
    """
    def row(record) -> dict[str, float]:
        clips = last_rows(record, "train")
        group, wrong, hard = group_of(clips, record.config["method"]), clips["wrong_label"], clips["hard"]
        largest = clips["loss"].rank(ascending=False, method="first") <= (group == "noisy").sum()
        return {"full agreement": 100 * (clips["agreement"] == 1).mean(),
                "noisy: wrong labels": 100 * wrong[group == "noisy"].mean(),
                "as many by loss alone": 100 * wrong[largest].mean(), "wrong labels in all": 100 * wrong.mean(),
                "hard: hard clips": 100 * hard[group == "hard"].mean(), "hard clips in all": 100 * hard.mean(),
                "hard: wrong labels": 100 * wrong[group == "hard"].mean()}

    return _table(records, variants, row, "Groups of the training clips")
