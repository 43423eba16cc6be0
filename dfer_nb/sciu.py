"""SCIU: pruning of clips that are not to be used, then correction of labels that are not to be believed.

Source: H. Wang et al., "D2SP: Dynamic Dual-Stage Purification Framework for Dual Noise Mitigation in Vision-based
Affective Recognition", Sec. 3. Letters: B clips of a batch, N clips of the training set, E epochs, t of which count.
"""

from dataclasses import replace

import pandas as pd
import torch
import torch.nn.functional as F
from torch import nn

from dfer_nb import files
from dfer_nb.data.batches import Batch
from dfer_nb.errors import BadInput
from dfer_nb.models.layers3d import ChannelsLast
from dfer_nb.training.controls import Instead
from dfer_nb.training.method import Method, Output

TIMES, OF = ("logits", "probabilities"), ("max", "label")


def score(weights: torch.Tensor, logits: torch.Tensor, times: str = "logits") -> torch.Tensor:
    """Weighted prediction score of every class (SCIU, Eq. 2).

    weights (B,) in 0..1, logits (B, 7) -> (B, 7) in 0..1. times: what the weight multiplies: "logits", whose softmax is
    taken then (Sec. 3.1), or "probabilities" (Sec. 3.2). Raises BadInput for another word.
    """
    _known("times", times, TIMES)
    if times == "logits":
        return (weights[:, None] * logits).float().softmax(-1)
    return weights[:, None].float() * logits.float().softmax(-1)


def weighted_cross_entropy(weights: torch.Tensor, logits: torch.Tensor, label: torch.Tensor, times: str = "logits",
                           smoothing: float = 0.0) -> torch.Tensor:
    """Cross-entropy of the weighted prediction (SCIU, Eq. 7): weights (B,), logits (B, 7), label (B,) -> (B,).

    times: as in `score`. With probabilities it is -log w - log p: the weight's share knows nothing of the clip.
    """
    _known("times", times, TIMES)
    if times == "logits":
        logits, weights = weights[:, None] * logits, torch.ones_like(weights)
    plain = F.cross_entropy(logits.float(), label, reduction="none", label_smoothing=smoothing)
    return plain - weights.float().clamp(min=1e-12).log()


def running_mean(scores: torch.Tensor, t: int) -> torch.Tensor:
    """Mean score of the last t epochs (SCIU, Eq. 3): scores (E, N) -> (N,). Raises BadInput for a t not in 1..E."""
    return _last(scores, t).mean(dim=0)


def pruned(mean_scores: torch.Tensor, lam: float) -> torch.Tensor:
    """Which clips are pruned: those whose mean score does not exceed lambda (SCIU, Eq. 4-6): (N,) -> (N,), bool.

    Raises BadInput for a lambda outside 0..1.
    """
    _share("lambda", lam)
    return ~(mean_scores > lam)


def stable(predictions: torch.Tensor, t: int) -> torch.Tensor:
    """Which clips were predicted alike in the last t epochs (SCIU, Eq. 8): classes (E, N) -> (N,), bool.

    Raises BadInput for a t not in 1..E.
    """
    last = _last(predictions, t)
    return (last == last[:1]).all(dim=0)


def margin(probabilities: torch.Tensor, given: torch.Tensor, t: int) -> torch.Tensor:
    """How far the predicted label's score is above the given one's, in the mean of t epochs (SCIU, Eq. 9-11).

    probabilities (E, N, 7): weighted prediction scores, given (N,): labels -> (N,), never below 0. Raises BadInput for
    a t not in 1..E.
    """
    last = _last(probabilities, t)
    return running_mean(last.amax(dim=2), t) - running_mean(of_label(last, given), t)


def of_label(scores: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
    """The score of each clip's label: scores (E, N, 7), label (N,) -> (E, N)."""
    return scores.gather(2, label.expand(len(scores), -1)[..., None]).squeeze(2)


def corrected(given: torch.Tensor, predictions: torch.Tensor, probabilities: torch.Tensor, t: int, tau: float,
              kept: torch.Tensor | None = None) -> torch.Tensor:
    """Labels after correction (SCIU, Eq. 12-13): the stable prediction where its margin exceeds tau, else the given.

    given (N,), predictions (E, N), probabilities (E, N, 7), kept (N,), bool: which may be corrected, None for all ->
    (N,). Raises BadInput for a tau outside 0..1 and a t not in 1..E.
    """
    _share("tau", tau)
    accepted = stable(predictions, t) & (margin(probabilities, given, t) > tau)
    if kept is not None:
        accepted = accepted & kept
    return torch.where(accepted, predictions[-1], given)


def _last(history: torch.Tensor, t: int) -> torch.Tensor:
    if not 1 <= t <= len(history):
        raise BadInput(f"t={t} of {len(history)} epochs", "sciu", "use a t from 1 to the number of epochs")
    return history[-t:]


def _share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise BadInput(f"{name} is {value}", "sciu", "thresholds of scores are between 0 and 1")


def _known(name: str, value: str, words: tuple[str, ...]) -> None:
    if value not in words:
        raise BadInput(f"{name} is {value!r}", "sciu", f"use {' or '.join(map(repr, words))}")


class WeightBranch(nn.Sequential):
    """The weight of every clip (SCIU, Eq. 1): features (B, D) -> (B,), in 0..1.

    Two linear layers, ReLU between them and a sigmoid at the end. hidden: width between them; 0 for half of D.
    """

    def __init__(self, dim: int, hidden: int = 0):
        hidden = hidden or max(dim // 2, 1)
        super().__init__(nn.Linear(dim, hidden), nn.ReLU(), nn.Linear(hidden, 1), nn.Sigmoid(), nn.Flatten(0))


class Weighted(ChannelsLast):
    """Any classifier with a weight branch on its penultimate features: `Weighted(host)` (SCIU, Fig. 2b, Sec. 3.2).

    net: frames -> a dict with logits (B, 7) and features (B, D), as every `Host` gives, and the networks of the other
    papers. What it gives is that dict, with sample_weight (B,), unweighted, the net's own logits, and logits, which are
    multiplied by the weight, in training and testing. hidden: as in `WeightBranch`. Raises BadInput for a classifier
    without a penultimate feature.
    """

    def __init__(self, net: nn.Module, hidden: int = 0):
        super().__init__()
        dim = getattr(net, "out_dim", 0) or getattr(getattr(net, "classifier", None), "in_features", 0)
        if not dim:
            raise _no_feature(net)
        self.net, self.weight_branch = net, WeightBranch(dim, hidden)

    @property
    def classifier(self) -> nn.Module:
        """The network's own last layer."""
        return self.net.classifier

    def forward(self, frames: torch.Tensor) -> Output:
        output = self.net(frames)
        if "features" not in output:
            raise _no_feature(self.net)
        weights = self.weight_branch(output["features"]).float()
        return {**output, "logits": weights[:, None] * output["logits"], "unweighted": output["logits"],
                "sample_weight": weights}


def _no_feature(net: nn.Module) -> BadInput:
    return BadInput("this classifier has no penultimate feature that a weight could be taken from", type(net).__name__,
                    "let it return features (B, D) beside its logits, and say D as its out_dim, or have a classifier "
                    "with in_features")


class Purification(Method):
    """SCIU's training: after every epoch, clips are pruned (Eq. 2-6) and labels corrected (Eq. 8-13) for the next one.

    Around any method (`inner`), which then weighs the clips that are left, as RDFER's reweighting does. A network
    without a weight branch has weights of 1. prune, correct: the two stages; prune_below: lambda; correct_above: tau;
    rounds: t; start: the first epoch (from 0) that is trained with them. How the paper is read: times: as in `score`;
    score_of: the score that is compared with lambda is the highest ("max") or the given label's ("label"); returns:
    whether a pruned clip may come back; lasting: a corrected label is the given one from then on, else correction is
    decided anew from the first labels; leaves: a batch's mean loss is of the clips that are left, else pruned ones
    count in it with 0. instead: of a control, which takes as many other clips; their loss is the mean of t epochs. Into
    the epoch's clip table go score, mean_score (Eq. 3) and margin (Eq. 11), NaN before there are t epochs, and kept
    (0 or 1) and corrected_to, as decided for the next epoch.
    """

    def __init__(self, smoothing: float = 0.0, prune: bool = True, correct: bool = True, prune_below: float = 0.6,
                 correct_above: float = 0.4, rounds: int = 2, start: int = 2, times: str = "logits",
                 score_of: str = "max", returns: bool = True, lasting: bool = False, leaves: bool = True,
                 inner: Method | None = None, instead: Instead | None = None):
        super().__init__(smoothing)
        _share("lambda", prune_below)
        _share("tau", correct_above)
        _known("times", times, TIMES)
        _known("score_of", score_of, OF)
        if rounds < 1:
            raise BadInput(f"t is {rounds}", "Purification", "scores are averaged over at least one epoch")
        self.prune, self.correct, self.prune_below, self.correct_above = prune, correct, prune_below, correct_above
        self.rounds, self.start, self.times, self.score_of = rounds, start, times, score_of
        self.returns, self.lasting, self.leaves, self.inner = returns, lasting, leaves, inner or Method(smoothing)
        self.instead = instead or Instead()
        self.place: dict[str, int] = {}  # clip -> its place in what is remembered, of the last t epochs:
        self.history: dict[str, torch.Tensor] = {}  # score (E, N), prediction (E, N), scores (E, N, 7)
        self.given = self.labels = torch.zeros(0, dtype=torch.long)  # (N,), as listed and as trained
        self.kept = torch.zeros(0, dtype=torch.bool)  # (N,)
        self.clearance: dict[str, torch.Tensor] = {}  # (N,), of the mean score above lambda, of the margin above tau

    def prepare(self, clips: pd.DataFrame, truth: pd.DataFrame | None, seed: int) -> None:
        clips = clips.sort_values("clip")
        self.place = {clip: number for number, clip in enumerate(clips["clip"])}
        self.given = self.labels = torch.from_numpy(clips["label"].to_numpy("int64", copy=True))
        self.kept, self.history, self.clearance = torch.ones(len(clips), dtype=torch.bool), {}, {}
        self.instead.prepare(list(self.place), truth, seed)
        self.inner.prepare(clips, truth, seed)

    def before_epoch(self, epoch: int) -> None:
        super().before_epoch(epoch)
        self.inner.before_epoch(epoch)
        if len(self.kept) and not self.kept.any() and not self.lenient:
            raise BadInput(f"after {epoch} epochs no clip has a score above lambda={self.prune_below}: all are pruned",
                           "Purification", "use a lower lambda (prune_below), or a longer warm-up (start)")

    def _relabelled(self, batch: Batch) -> Batch:
        """The batch with the labels that are trained; clips that are not trained on keep theirs."""
        if not self.place:  # a control's, which remembers nothing
            return batch
        places = torch.tensor([self.place.get(clip, -1) for clip in batch.clip], device=batch.label.device)
        labels = self.labels.to(batch.label.device)[places]
        return replace(batch, label=torch.where(places >= 0, labels, batch.label))

    def loss(self, output: Output, batch: Batch) -> torch.Tensor:
        logits = output.get("unweighted", output["logits"])
        weights = output.get("sample_weight", torch.ones_like(logits[:, 0]))  # 1 without a weight branch
        return weighted_cross_entropy(weights, logits, self._relabelled(batch).label, self.times, self.smoothing)

    def auxiliary(self, output: Output, batch: Batch) -> torch.Tensor | float:
        return self.inner.auxiliary(output, self._relabelled(batch))

    def decide(self, output: Output) -> torch.Tensor | None:
        decided = self.inner.decide(output)
        weighs_probabilities = decided is None and self.times == "probabilities"
        return output.get("unweighted") if weighs_probabilities else decided

    def columns(self, output: Output) -> dict[str, torch.Tensor]:
        own = {"sample_weight": output["sample_weight"]} if "sample_weight" in output else {}
        return own | self.inner.columns(output)

    def weights(self, loss: torch.Tensor, columns: dict[str, torch.Tensor], clips: list[str]) -> torch.Tensor:
        kept = self.kept[[self.place[clip] for clip in clips]].to(loss.device)
        if not self.leaves or kept.all():
            return self.inner.weights(loss, columns, clips) * kept
        weights = torch.zeros_like(loss)
        if kept.any():
            left = {name: value[kept] for name, value in columns.items()}
            names = [clip for clip, stays in zip(clips, kept.tolist(), strict=True) if stays]
            weights[kept] = self.inner.weights(loss[kept], left, names).to(loss.dtype) * (len(kept) / kept.sum())
        return weights

    def after_epoch(self, clips: pd.DataFrame) -> None:
        if clips["clip"].tolist() != list(self.place):
            raise BadInput("an epoch did not show every training clip once", "Purification",
                           "train without balanced classes (balance=0)")
        self.inner.after_epoch(clips)
        self._remember(clips)
        h, t, given = self.history, self.rounds, self.labels if self.lasting else self.given
        means = margins = torch.full_like(h["score"][-1], torch.nan)
        if len(h["score"]) == t:
            means, margins = running_mean(h["score"], t), margin(h["scores"], given, t)
            self.clearance = {"lambda": means - self.prune_below, "tau": margins - self.correct_above}
            if self.epoch + 1 >= self.start:
                self._decide_for_the_next(given)
        told = {"score": h["score"][-1], "mean_score": means, "margin": margins, "kept": self.kept.float(),
                "corrected_to": self.labels.float()}
        for name, values in told.items():
            clips[name] = values.numpy()

    def _remember(self, clips: pd.DataFrame) -> None:
        """The epoch's scores and predictions beside those of the epochs before it, of which t are kept."""
        classes = [name for name in clips if name[0] == "p" and name[1:].isdigit()]
        scores = torch.from_numpy(clips[classes].to_numpy(copy=True))
        if self.times == "probabilities" and "sample_weight" in clips:
            scores = scores * torch.from_numpy(clips["sample_weight"].to_numpy(copy=True))[:, None]
        own = scores.amax(dim=1) if self.score_of == "max" else of_label(scores[None], self.given)[0]
        new = {"score": own, "prediction": torch.from_numpy(clips["prediction"].to_numpy("int64", copy=True)),
               "scores": scores}
        past = {name: self.history.get(name, value[None][:0]) for name, value in new.items()}
        self.history = {name: torch.cat([past[name], value[None]])[-self.rounds:] for name, value in new.items()}

    def _decide_for_the_next(self, given: torch.Tensor) -> None:
        h, t = self.history, self.rounds
        if self.prune:
            out, loss = pruned(running_mean(h["score"], t), self.prune_below), -of_label(h["scores"], given).log()
            kept = ~self.instead.pruned(out, loss.mean(dim=0))
            self.kept = kept if self.returns else kept & self.kept
        if self.correct:
            labels = corrected(given, h["prediction"], h["scores"], t, self.correct_above, self.kept)
            self.labels = self.instead.labels(labels, given, h["prediction"][-1], self.kept)

    def state_dict(self) -> dict:
        return {"clips": files.digest(list(self.place)), "history": self.history, "kept": self.kept,
                "labels": self.labels, "clearance": self.clearance, "inner": self.inner.state_dict()}

    def load_state_dict(self, state: dict) -> None:
        if state["clips"] != files.digest(list(self.place)):
            raise BadInput("this state is of other training clips", "Purification",
                           "give it to a run on the clips that it was left by, or train from the start")
        self.history, self.kept, self.labels = state["history"], state["kept"], state["labels"]
        self.clearance = state["clearance"]
        self.inner.load_state_dict(state["inner"])
