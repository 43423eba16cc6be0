"""Features of clips on the plane, and how well they separate the expressions."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from sklearn.manifold import TSNE
from sklearn.metrics import silhouette_score
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from dfer_nb.data.expressions import EXPRESSIONS
from dfer_nb.errors import BadInput
from dfer_nb.viewing.evidence.records import reported_rows
from dfer_nb.viewing.page import Table
from dfer_nb.viewing.palette import EXPRESSION_COLOURS, panels, styled

MARKERS = "os^DvPX"  # of the seven expressions: colour is not the only sign


def vectors(record) -> tuple[np.ndarray, np.ndarray]:
    """Standardised features (clips, D) of a record's test clips, and their labels (clips,).

    Raises BadInput for a record whose features were not kept.
    """
    if record.features is None:
        raise BadInput("this record has no features of its test clips", record.path,
                       "run it with --keep features (python -m dfer_nb.run --help)")
    rows = reported_rows(record, "test", truth=False)[["clip", "label"]].merge(record.features, on="clip")
    return StandardScaler().fit_transform(np.stack(rows["features"]).astype(np.float64)), rows["label"]


@styled()
def tsne(records: Mapping[str, object], seed: int = 0) -> Figure:
    """t-SNE of the features of the test clips, a panel a record (M3DFEL, Fig. 5). records: title -> record."""
    figure, grid = panels(1, len(records), height=3.1, squeeze=False)
    for axes, (title, record) in zip(grid[0], records.items(), strict=True):
        x, label = vectors(record)
        place = TSNE(init="pca", perplexity=30, random_state=seed).fit_transform(x)
        for k, name in enumerate(EXPRESSIONS):
            axes.scatter(*place[label == k].T, s=11, marker=MARKERS[k], color=EXPRESSION_COLOURS[name], linewidths=0,
                         alpha=0.85)
        axes.set(title=title, xticks=[], yticks=[])
        axes.spines[["top", "right"]].set_visible(True)
    handles = [Line2D([], [], linestyle="", marker=MARKERS[k], color=EXPRESSION_COLOURS[name], label=name)
               for k, name in enumerate(EXPRESSIONS)]
    figure.legend(handles=handles, loc="outside lower center", ncols=7, columnspacing=1, handletextpad=0.2)
    return figure


def separation(records: Mapping[str, object], neighbours: int = 5) -> Table:
    """How well features separate the expressions, where a picture could deceive: a row a record.

    Silhouette (-1 to 1) of the labels, and the percent of clips whose `neighbours` nearest others have their label by
    majority. Both in the space of the standardised features, not in the t-SNE.
    """
    lines = {}
    for name, record in records.items():
        x, label = vectors(record)
        voted = cross_val_predict(KNeighborsClassifier(neighbours), x, label, cv=LeaveOneOut())
        lines[name] = {"features": str(x.shape[1]), "silhouette": f"{silhouette_score(x, label):.2f}",
                       f"right by its {neighbours} nearest, percent": f"{100 * (voted == label).mean():.1f}"}
    caption = "How far apart the expressions lie among the test clips"
    note = "One run of each: a difference of a few hundredths or points is none."
    return Table(pd.DataFrame.from_dict(lines, orient="index"), caption, note)
