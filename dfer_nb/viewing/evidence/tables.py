"""Small tables of run records, for the page: plain HTML with a caption, and the same cells as text."""

from collections.abc import Sequence

import pandas as pd
from scipy.stats import binomtest

from dfer_nb.data.expressions import EXPRESSIONS
from dfer_nb.viewing.evidence.comparison import compare, effects, measured, predictions, with_and_without
from dfer_nb.viewing.evidence.groups import compare_groups, detection
from dfer_nb.viewing.evidence.published import beside
from dfer_nb.viewing.evidence.records import describe, group_of, mean, reported_rows, rules
from dfer_nb.viewing.page import Table, number
from dfer_nb.viewing.palette import truth_flags

__all__ = ["Table", "agreement_by_expression", "beside", "compare", "compare_groups", "detection", "effects",
           "group_of", "measured", "metrics", "predictions", "reported_rows", "slices", "truth_statistics",
           "with_and_without"]

def metrics(record) -> Table:
    """Recall of each expression, UAR and WAR on the test fold: the reported epoch, and best-on-test as what it is."""
    reported, best = record.summary["reported"], record.summary["best_on_test"]
    count = reported_rows(record, "test")["label"].value_counts()
    clips = {name: count.get(k, 0) for k, name in enumerate(reported["recalls"])}
    clips |= {"UAR": reported["clips"], "WAR": reported["clips"]}
    columns = {"clips": {name: str(shown) for name, shown in clips.items()}}
    for head, part in (("reported", reported), ("best on test", best)):
        values = part["recalls"] | {"UAR": part["UAR"], "WAR": part["WAR"]}
        columns[head] = {name: number(values[name]) for name in clips}
    note = ("UAR is the mean of the recalls, WAR the share of all clips that is right. Best on test was "
            "chosen with the test labels, which nobody has before the test: it is shown, not reported.")
    return Table(pd.DataFrame(columns), "Recall in percent on the test fold", note,
                 {"reported": f"epoch {reported['epoch']}, {record.summary['rule']}",
                  "best on test": f"epoch {best['epoch']}, not reported"})


def over_folds(records: Sequence) -> Table:
    """Recall of each class, UAR and WAR on the test clips, the mean over folds: of a dataset without published figures.

    records: of one variant, a fold each. Raises BadInput for records of several settings.
    """
    names = (*records[0].summary["reported"]["recalls"], "UAR", "WAR")
    ours = pd.DataFrame({"ours": {name: number(mean(records, "test", name), 2) for name in names}})
    paper = records[0].config["paper"]
    return Table(ours, f"{paper} on the test clips, percent",
                 f"{rules(records)} The paper has no such table for this dataset.", {"ours": describe(records)})


def _interval(percent: float, n: int) -> str:
    """95 % Wilson interval of a share, given in percent of n clips."""
    interval = binomtest(round(percent * n / 100), n).proportion_ci(method="wilson")
    return f"{100 * interval.low:.1f} to {100 * interval.high:.1f}"


def slices(record) -> Table:
    """WAR with its 95 % interval, and UAR, of the test fold and of every slice, in the reported epoch."""
    rows = {"test fold": record.summary["reported"], **record.summary["slices"]}
    cells = [{"clips": str(row["clips"]), "WAR": number(row["WAR"]),
              "95 % interval of WAR": _interval(row["WAR"], row["clips"]), "UAR": number(row["UAR"])}
             for row in rows.values()]
    frame = pd.DataFrame(cells, index=[name.replace("_", " ") for name in rows])
    note = "" if len(rows) > 1 else "This dataset has no slices."
    epoch = f"Epoch {record.summary['reported']['epoch']} ({record.summary['rule']})"
    return Table(frame, f"{epoch}, percent: the test fold, and sets of further clips", note)


def agreement_by_expression(clips: pd.DataFrame, classes: Sequence[str] = EXPRESSIONS) -> Table:
    """Share of each expression's clips with each agreement, and accuracy (cf. RDFER, Tables V and VII).

    clips: rows with `label`, `prediction`, `agreement`; classes: `record.classes`.
    """
    level, right = clips["agreement"].astype(float).round(3), clips["label"] == clips["prediction"]
    masks = _by_expression(clips["label"], classes)
    lines = {}
    for value in sorted(level.unique()):
        lines[f"agreement {value:.2f}"] = {name: _share(mask & (level == value), mask, right)
                                           for name, mask in masks.items()}
    lines["clips"] = {name: str(mask.sum()) for name, mask in masks.items()}
    return Table(pd.DataFrame(lines).T, "Agreement of the sub-clips, percent of the expression's clips",
                 "In brackets: the accuracy among these clips, percent.")


def _by_expression(label: pd.Series, classes: Sequence[str] = EXPRESSIONS) -> dict[str, pd.Series]:
    return {name: label == k for k, name in enumerate(classes)} | {"all": label >= 0}


def _share(here: pd.Series, mask: pd.Series, right: pd.Series) -> str:
    return f"{100 * here.sum() / mask.sum():.0f} ({100 * right[here].mean():.0f})" if here.any() else "–"


def truth_statistics(truth: pd.DataFrame) -> Table:
    """How many clips of each true expression a FACSimile holds in its five folds, and their troubles.

    truth: the dataset's table (`facsimile.truth(root)`); clips of fold 0 belong to the slices: left out.
    """
    folds = truth[truth["fold"] > 0]
    masks = _by_expression(folds["true_label"])
    kinds = {"clips": masks["all"], **truth_flags(folds), "irrelevant frames": folds["irrelevant_frames"] > 0}
    frame = pd.DataFrame({kind: {name: str((mask & where).sum()) for name, mask in masks.items()}
                          for kind, where in kinds.items()})
    return Table(frame, "Clips of the five folds by true expression, and those with each trouble",
                 "A clip can have several troubles. Wrong labels stand in the training lists only.")
