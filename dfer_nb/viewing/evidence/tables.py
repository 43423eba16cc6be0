"""Small tables of run records, for the page: plain HTML with a caption, and the same cells as text."""

import pandas as pd
from scipy.stats import binomtest

from dfer_nb.data.expressions import EXPRESSIONS
from dfer_nb.training import metrics as scores
from dfer_nb.training.record import UNFILTERED
from dfer_nb.viewing.evidence.comparison import compare, effects, measured, predictions, with_and_without
from dfer_nb.viewing.evidence.groups import compare_groups, detection
from dfer_nb.viewing.evidence.published import beside
from dfer_nb.viewing.evidence.records import group_of, reported_rows
from dfer_nb.viewing.page import Table, number
from dfer_nb.viewing.palette import truth_flags

__all__ = ["Table", "agreement_by_expression", "beside", "compare", "compare_groups", "detection", "effects",
           "group_of", "measured", "metrics", "predictions", "reported_rows", "slices", "truth_statistics",
           "with_and_without"]

METRICS = (*EXPRESSIONS, "UAR", "WAR")
OWN = "without filter"  # what the network itself says, where its method decides otherwise


def metrics(record) -> Table:
    """Recall of each expression, UAR and WAR on the test fold: the reported epoch, and best-on-test as what it is.

    Where the method decides otherwise than the network, what the network itself says stands between the two.
    """
    reported, best = record.summary["reported"], record.summary["best_on_test"]
    rows = reported_rows(record, "test")
    count = rows["label"].value_counts()
    clips = {name: count.get(k, 0) for k, name in enumerate(EXPRESSIONS)}
    clips |= {"UAR": reported["clips"], "WAR": reported["clips"]}
    columns = {"clips": {name: str(clips[name]) for name in METRICS}}
    parts = {"reported": reported, "best on test": best}
    if UNFILTERED in rows:
        own = reported[UNFILTERED] | {"recalls": scores.recalls(rows["label"], rows[UNFILTERED])}
        parts = {"reported": reported, OWN: own, "best on test": best}
    for head, part in parts.items():
        values = part["recalls"] | {"UAR": part["UAR"], "WAR": part["WAR"]}
        columns[head] = {name: number(values[name]) for name in METRICS}
    note = ("UAR is the mean of the recalls, WAR the share of all clips that is right. Best on test was "
            "chosen with the test labels, which nobody has before the test: it is shown, not reported.")
    return Table(pd.DataFrame(columns), "Recall in percent on the test fold", note,
                 {"reported": f"epoch {reported['epoch']}, {record.summary['rule']}",
                  "best on test": f"epoch {best['epoch']}, not reported"})


def _interval(percent: float, n: int) -> str:
    """95 % Wilson interval of a share, given in percent of n clips."""
    interval = binomtest(round(percent * n / 100), n).proportion_ci(method="wilson")
    return f"{100 * interval.low:.1f} to {100 * interval.high:.1f}"


def slices(record) -> Table:
    """WAR with its 95 % interval, and UAR, of the test fold and of every slice, in the reported epoch.

    Where the method decides otherwise than the network, both also of what the network itself says.
    """
    rows = {"test fold": record.summary["reported"], **record.summary["slices"]}
    cells = [{"clips": str(row["clips"]), "WAR": number(row["WAR"]),
              "95 % interval of WAR": _interval(row["WAR"], row["clips"]), "UAR": number(row["UAR"])}
             | {f"{name}, {OWN}": number(row[UNFILTERED][name]) for name in ("WAR", "UAR") if UNFILTERED in row}
             for row in rows.values()]
    frame = pd.DataFrame(cells, index=[name.replace("_", " ") for name in rows])
    note = "" if len(rows) > 1 else "This dataset has no slices."
    epoch = f"Epoch {record.summary['reported']['epoch']} ({record.summary['rule']})"
    return Table(frame, f"{epoch}, percent: the test fold, and sets of further clips", note)


def agreement_by_expression(clips: pd.DataFrame) -> Table:
    """Share of each expression's clips with each agreement, and accuracy (cf. RDFER, Tables V and VII).

    clips: rows with `label`, `prediction`, `agreement`.
    """
    level, right = clips["agreement"].astype(float).round(3), clips["label"] == clips["prediction"]
    masks = _by_expression(clips["label"])
    lines = {}
    for value in sorted(level.unique()):
        lines[f"agreement {value:.2f}"] = {name: _share(mask & (level == value), mask, right)
                                           for name, mask in masks.items()}
    lines["clips"] = {name: str(mask.sum()) for name, mask in masks.items()}
    return Table(pd.DataFrame(lines).T, "Agreement of the sub-clips, percent of the expression's clips",
                 "In brackets: the accuracy among these clips, percent.")


def _by_expression(label: pd.Series) -> dict[str, pd.Series]:
    return {name: label == k for k, name in enumerate(EXPRESSIONS)} | {"all": label >= 0}


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
