"""WAR, UAR and their kin, computed by scikit-learn from labels and predictions."""

import numpy as np
from sklearn.metrics import accuracy_score, confusion_matrix, recall_score

from dfer_nb.data.expressions import EXPRESSIONS
from dfer_nb.training.record import UNFILTERED

CLASSES = list(range(len(EXPRESSIONS)))


def war(label, prediction) -> float:
    """Weighted average recall in percent: the share of clips predicted rightly."""
    return 100 * float(accuracy_score(label, prediction))


def recalls(label, prediction) -> dict[str, float]:
    """Recall of each expression in percent; NaN where it has no clip."""
    label = np.asarray(label)
    values = recall_score(label, prediction, labels=CLASSES, average=None, zero_division=0)
    present = np.isin(CLASSES, label)
    return {
        name: 100 * float(v) if there else float("nan")
        for name, v, there in zip(EXPRESSIONS, values, present, strict=True)
    }


def uar(label, prediction) -> float:
    """Unweighted average recall in percent: the mean of the recalls of the expressions that occur."""
    return float(np.nanmean(list(recalls(label, prediction).values())))


def confusion(label, prediction) -> np.ndarray:
    """Counts (7, 7): rows are the true expressions, columns the predicted ones."""
    return confusion_matrix(label, prediction, labels=CLASSES)


def summary(clips) -> dict:
    """WAR, UAR, recalls and the number of clips of a table with `label` and `prediction`.

    Where it has `unfiltered`, what the network says where its method decides otherwise, WAR and UAR of that beside it.
    """
    label, said = clips["label"], clips["prediction"]
    found = {"WAR": war(label, said), "UAR": uar(label, said), "recalls": recalls(label, said), "clips": len(clips)}
    if UNFILTERED in clips:
        found[UNFILTERED] = {"WAR": war(label, clips[UNFILTERED]), "UAR": uar(label, clips[UNFILTERED])}
    return found
