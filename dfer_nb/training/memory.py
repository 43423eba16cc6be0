"""What a network has learnt of the labels that it was given: the right ones, and the wrong ones by heart."""

import pandas as pd


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
