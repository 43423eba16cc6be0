"""WAR, UAR and their kin, computed by scikit-learn from labels and predictions."""

import numpy as np
from sklearn.metrics import accuracy_score, confusion_matrix, recall_score

from dfer_nb.data.expressions import EXPRESSIONS


def war(label, prediction) -> float:
    """Weighted average recall in percent: the share of clips predicted rightly."""
    return 100 * float(accuracy_score(label, prediction))


def recalls(label, prediction, classes=EXPRESSIONS) -> dict[str, float]:
    """Recall of each class in percent, by its name; NaN where it has no clip. classes: the dataset's, in order."""
    label, numbers = np.asarray(label), list(range(len(classes)))
    values = recall_score(label, prediction, labels=numbers, average=None, zero_division=0)
    present = np.isin(numbers, label)
    return {
        name: 100 * float(v) if there else float("nan")
        for name, v, there in zip(classes, values, present, strict=True)
    }


def uar(label, prediction, classes=EXPRESSIONS) -> float:
    """Unweighted average recall in percent: the mean of the recalls of the classes that occur."""
    return float(np.nanmean(list(recalls(label, prediction, classes).values())))


def confusion(label, prediction, classes=EXPRESSIONS) -> np.ndarray:
    """Counts (C, C): rows are the true classes, columns the predicted ones."""
    return confusion_matrix(label, prediction, labels=range(len(classes)))


def summary(clips, classes=EXPRESSIONS) -> dict:
    """WAR, UAR, recalls and the number of clips of a table with `label` and `prediction`."""
    label, prediction = clips["label"].to_numpy(), clips["prediction"].to_numpy()
    return {
        "WAR": war(label, prediction),
        "UAR": uar(label, prediction, classes),
        "recalls": recalls(label, prediction, classes),
        "clips": len(clips),
    }
