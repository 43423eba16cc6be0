"""Explorers: figures with sliders that work with a kernel, and in a stored page without one."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import traitlets

from dfer_nb.data.expressions import EXPRESSIONS
from dfer_nb.errors import BadInput
from dfer_nb.viewing.explorers.widget import StaticWidget, read, scramble
from dfer_nb.viewing.palette import GROUPS, TRUTHS, has_truth

ORDINARY, HARD, NOISY = range(3)  # as in a record
WRONG_BIT, LOW_QUALITY_BIT, HARD_BIT = 1, 2, 4
RANKINGS = ("agreement", "loss", "random")


class ThresholdExplorer(StaticWidget):
    """Move the thresholds and weights of RDFER's Eq. 2, and see which clips each group catches.

    agreement, loss: (B,), rounded to 3 decimals. wrong, low_quality, hard: (B,) booleans, all three or none.
    clip (names), label, true_label (0-based, of `classes`): said of the clip under the pointer.
    reweight: `rdfer.reweight`, which the Python side asks; the browser computes the same rule by itself.
    Further arguments are traits: t_h and t_n in percent, lambda_hard, lambda_noisy, lambda_ordinary, ranking
    ("agreement", "loss" or "random"), count_low_quality. With a kernel they follow the sliders, and the trait
    `shown` holds the browser's numbers. Raises BadInput for arrays of several lengths or with NaN in them.
    """

    _esm = read("controls.js", "counts.js", "explorer.js")
    _css = read("explorer.css")
    static = ("data", "t_h", "t_n", "lambda_hard", "lambda_noisy", "lambda_ordinary", "ranking",
              "count_low_quality")

    data = traitlets.Dict().tag(sync=True)
    t_h = traitlets.Float(20.0, min=0, max=50).tag(sync=True)
    t_n = traitlets.Float(10.0, min=0, max=50).tag(sync=True)
    lambda_hard = traitlets.Float(1.5, min=0, max=3).tag(sync=True)
    lambda_noisy = traitlets.Float(0.0, min=0, max=1).tag(sync=True)
    lambda_ordinary = traitlets.Float(1.0, min=0, max=2).tag(sync=True)
    ranking = traitlets.Enum(RANKINGS, "agreement").tag(sync=True)
    count_low_quality = traitlets.Bool(False).tag(sync=True)
    shown = traitlets.Dict().tag(sync=True)

    def __init__(self, agreement, loss, wrong=None, low_quality=None, hard=None, clip=None, label=None,
                 true_label=None, *, reweight: Callable, classes: Sequence[str] = EXPRESSIONS, **traits):
        self._agreement, self._loss = (np.asarray(x, np.float64).round(3) for x in (agreement, loss))
        self._reweight = reweight
        _check(self._agreement, self._loss, (wrong, low_quality, hard), (clip, label, true_label))
        self._truth = None if wrong is None else (
            np.asarray(wrong, bool) * WRONG_BIT + np.asarray(low_quality, bool) * LOW_QUALITY_BIT
            + np.asarray(hard, bool) * HARD_BIT)

        def numbers(values):
            return None if values is None else np.asarray(values, int).tolist()

        names = range(len(self._loss)) if clip is None else clip
        super().__init__(data={
            "agreement": self._agreement.tolist(), "loss": self._loss.tolist(), "truth": numbers(self._truth),
            "clip": [str(name) for name in names], "label": numbers(label), "true_label": numbers(true_label),
            "expressions": list(classes)}, **traits)

    @classmethod
    def from_clips(cls, clips: pd.DataFrame, reweight: Callable, **traits):
        """From a record's training rows of one epoch (`tables.reported_rows(record, "train")`).

        The truth's columns are used where they are there. Raises BadInput as the class does.
        """
        truth = {}
        if has_truth(clips):
            truth = {argument: clips[flag].fillna(False) for argument, flag in
                     zip(("wrong", "low_quality", "hard"), TRUTHS, strict=True)}
            truth["true_label"] = clips["true_label"]
        return cls(clips["agreement"], clips["loss"], clip=clips["clip"], label=clips["label"],
                   reweight=reweight, **truth, **traits)

    def describe(self) -> str:
        """What the explorer is, without numbers that differ between machines."""
        return (f"Threshold explorer of {len(self._loss)} clips: loss against agreement, with sliders for "
                "the shares of hard and noisy clips and for their weights. It needs JavaScript.")

    def groups(self, ranking: str | None = None) -> np.ndarray:
        """Group of each clip at the present thresholds, (B,): 0 ordinary, 1 hard, 2 noisy."""
        agreement, loss, ranking = self._agreement, self._loss, ranking or self.ranking
        if ranking != "agreement":  # the same rule where all agree, and where lots stand for the loss
            agreement = np.ones_like(loss)
            loss = scramble(np.arange(len(loss))).astype(float) if ranking == "random" else loss
        shares = {"hard": self.t_h / 100, "noisy": self.t_n / 100}
        import torch  # only a chapter's own function wants tensors

        # weighed by the number of its group, each clip tells which group it is in
        numbers = {"lambda_ordinary": float(ORDINARY), "lambda_hard": float(HARD), "lambda_noisy": float(NOISY)}
        weights = self._reweight(torch.tensor(agreement), torch.tensor(loss), **shares, **numbers)
        return weights.numpy().astype(int)

    def counts(self, ranking: str | None = None) -> dict[str, float | int | None]:
        """The numbers that the browser shows for a ranking, computed here; None for a share of no clips.

        Keys: `noisy`, `hard`, `ordinary`, `mean_weight`, `loss_kept`; where the truth is known also
        `noisy_precision`, `noisy_recall`, `noisy_chance`, `noisy_found` (and of `hard`), `noisy_of_wrong` and
        the other pairs of group and kind, `wrong_mean_weight`, `wrong_share_before`, `wrong_share_after`.
        """
        group = self.groups(ranking)
        weight = np.array([self.lambda_ordinary, self.lambda_hard, self.lambda_noisy])[group]
        kept = weight * self._loss
        result = {name: int((group == g).sum()) for g, name in enumerate(GROUPS)}
        result |= {"mean_weight": float(weight.mean()), "loss_kept": _ratio(kept.sum(), self._loss.sum())}
        if self._truth is None:
            return result
        noise = WRONG_BIT | LOW_QUALITY_BIT if self.count_low_quality else WRONG_BIT
        result |= _detection("noisy", group == NOISY, self._truth & noise > 0)
        result |= _detection("hard", group == HARD, self._truth & HARD_BIT > 0)
        wrong = self._truth & WRONG_BIT > 0
        kinds = {"clean": self._truth == 0, "low_quality": self._truth & LOW_QUALITY_BIT > 0,
                 "hard": self._truth & HARD_BIT > 0, "wrong": wrong}
        result |= {f"{name}_of_{kind}": int(((group == g) & mask).sum())
                   for g, name in enumerate(GROUPS) for kind, mask in kinds.items()}
        return result | {"wrong_mean_weight": _ratio(weight[wrong].sum(), wrong.sum()),
                         "wrong_share_before": _ratio(self._loss[wrong].sum(), self._loss.sum()),
                         "wrong_share_after": _ratio(kept[wrong].sum(), kept.sum())}


def _ratio(part, whole) -> float | None:
    return float(part / whole) if whole > 0 else None


def _detection(name: str, chosen: np.ndarray, target: np.ndarray) -> dict[str, float | int | None]:
    both = int((chosen & target).sum())
    return {f"{name}_found": both, f"{name}_precision": _ratio(both, chosen.sum()),
            f"{name}_recall": _ratio(both, target.sum()), f"{name}_chance": _ratio(target.sum(), len(target))}


def _check(agreement: np.ndarray, loss: np.ndarray, flags: tuple, columns: tuple) -> None:
    given = [flag for flag in flags if flag is not None]
    if len(given) not in (0, 3):
        raise BadInput(f"{len(given)} of the flags wrong, low_quality, hard", "ThresholdExplorer",
                       "give all three, or none where the truth is not known")
    lengths = {len(x) for x in (agreement, loss, *given, *(x for x in columns if x is not None))}
    if len(lengths) != 1 or 0 in lengths:
        raise BadInput(f"arrays of {' and '.join(map(str, sorted(lengths)))} clips", "ThresholdExplorer",
                       "give one value a clip, for at least one clip")
    if not (np.isfinite(agreement).all() and np.isfinite(loss).all()):
        raise BadInput("an agreement or a loss is not a finite number", "ThresholdExplorer",
                       "leave such clips out, and say so")
