"""What a network has learnt of the labels that it was given, and what a method has made of clips and labels."""

import pandas as pd
from sklearn.metrics import roc_auc_score

TROUBLES = ("wrong_label", "low_quality")


def learnt(rows: pd.DataFrame, truth: pd.DataFrame) -> dict[str, float]:
    """How training clips were answered in an epoch, in percent of their kind, with the weights of each clip's step.

    rows: clip, prediction. `right_as_given`: of the rightly labelled clips; `wrong_as_given`: of the wrongly labelled
    ones, learnt by heart, also by kind (`wrong_as_given: confusion`); `wrong_as_true`: of those, answered truly all the
    same. Labels that a run was not given (of the control with the true ones) count as given here. Without clips of a
    kind its share is left out.
    """
    known = rows[["clip", "prediction"]].merge(truth, on="clip")
    as_given, wrong = known["prediction"] == known["given_label"], known["wrong_label"]
    shares = {"right_as_given": as_given[~wrong], "wrong_as_given": as_given[wrong],
              "wrong_as_true": known.loc[wrong, "prediction"] == known.loc[wrong, "true_label"]}
    kinds = sorted(set(known.loc[wrong, "wrong_kind"]))
    shares |= {f"wrong_as_given: {kind}": as_given[wrong & (known["wrong_kind"] == kind)] for kind in kinds}
    return {name: 100 * float(share.mean()) for name, share in shares.items() if len(share)}


def purified(rows: pd.DataFrame, truth: pd.DataFrame | None) -> dict[str, int]:
    """Counts of training clips that a method prunes and corrects after an epoch; {} of a method that does neither.

    rows: clip, label, kept (1, or 0 for pruned), corrected_to. Where the truth is known, also: of the pruned, those of
    low quality and those labelled wrongly; of the corrected, those labelled wrongly whose label is now the true one
    (repaired) or another wrong one (mistaken), and those that were labelled rightly (broken).
    """
    if "kept" not in rows:
        return {}
    out, changed = rows["kept"] == 0, rows["corrected_to"] != rows["label"]
    counts = {"pruned": out, "corrected": changed}
    if truth is not None:
        known = truth.set_index("clip").loc[rows["clip"]].set_index(rows.index)
        wrong, right_now = known["wrong_label"], rows["corrected_to"] == known["true_label"]
        counts |= {"pruned_low_quality": out & known["low_quality"], "pruned_wrong_label": out & wrong,
                   "repaired": changed & wrong & right_now, "mistaken": changed & wrong & ~right_now,
                   "broken": changed & ~wrong}
    return {name: int(each.sum()) for name, each in counts.items()}


def weighed(rows: pd.DataFrame, truth: pd.DataFrame | None) -> dict[str, float]:
    """How the weights lie that a weight branch gave the training clips in an epoch; {} of a network without one.

    rows: clip, prediction, label, sample_weight. weight_mean, weight_sd, and quantiles, weight_05, _50 and _95. How
    often, in percent, a clip weighs less than one without its trouble (the area under the ROC curve; 50 is chance):
    `weight_finds_error`, of clips that are predicted otherwise than labelled; and, where the truth is known,
    `weight_finds_wrong_label` and `weight_finds_low_quality`. Left out where all clips have the trouble, or none.
    """
    if "sample_weight" not in rows:
        return {}
    weight = rows["sample_weight"].astype(float)
    found = {"weight_mean": weight.mean(), "weight_sd": weight.std(ddof=0)}
    found |= {f"weight_{100 * q:02.0f}": weight.quantile(q) for q in (0.05, 0.5, 0.95)}
    troubled = {"error": rows["prediction"] != rows["label"]}
    if truth is not None:
        known = truth.set_index("clip").loc[rows["clip"]].set_index(rows.index)
        troubled |= {name: known[name].astype(bool) for name in TROUBLES}
    for name, there in troubled.items():
        if 0 < there.sum() < len(there):
            found[f"weight_finds_{name}"] = 100 * roc_auc_score(there, -weight)
    return {name: float(value) for name, value in found.items()}
