"""Controls that every chapter can run beside a paper's method: the same network, and a simple rule in its place."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch

from dfer_nb.data.batches import generator, key
from dfer_nb.errors import BadInput
from dfer_nb.training.method import Method

RULES = ("none", "random", "loss", "truth")
HELD_OUT = "held_out"  # the split that chooses an epoch
PRUNE_BY, CORRECT_BY = ("", "lot", "loss", "wrong_label", "low_quality"), ("", "lot", "true_label")
OF_TRUTH = {"wrong_label", "low_quality", "true_label"}
ALIKE = ("hard_why", "true_label", "wrong_from")  # of the truth: by what clips are alike, the first one before all


class Control(Method):
    """A paper's network, losses and decision without what its method does to the clips.

    rule: "none" trains every clip alike; "random" drops the share of each batch that a lot decides; "loss" the share
    with the largest loss; "truth" every clip whose label is known to be wrong (the oracle: what dropping can reach).
    share: of a whole batch, 0..1; start: the first epoch (from 0) in which clips are dropped, the oracle's is 0.
    Raises BadInput for an unknown rule, and for the oracle on a dataset without truth.
    """

    def __init__(self, base: Method, rule: str, share: float = 0.1, start: int = 0):
        if rule not in RULES or not 0 <= share <= 1:
            raise BadInput(f"no control drops {share} by {rule!r}", "Control",
                           f"use a share from 0 to 1 and one of {', '.join(RULES)}")
        super().__init__(base.smoothing)
        self.base, self.rule, self.share, self.start = base, rule, share, start
        self.loss, self.auxiliary, self.columns, self.decide = base.loss, base.auxiliary, base.columns, base.decide
        self.seed, self.wrong = 0, frozenset()

    def prepare(self, clips: pd.DataFrame, truth: pd.DataFrame | None, seed: int) -> None:
        self.seed = seed
        if self.rule == "truth":
            self.wrong = frozenset(_known(truth, "the control that drops wrong labels").query("wrong_label")["clip"])

    def weights(self, loss: torch.Tensor, columns: dict[str, torch.Tensor], clips: list[str]) -> torch.Tensor:
        weights = torch.ones_like(loss)
        if self.rule == "truth":
            weights[[clip in self.wrong for clip in clips]] = 0
        elif self.rule != "none" and self.epoch >= self.start:
            weights[self._worst(loss, clips)] = 0
        return weights

    def _worst(self, loss: torch.Tensor, clips: list[str]) -> torch.Tensor:
        """Positions of the clips of a batch that are dropped."""
        if self.rule == "random":
            lots = [generator(self.seed, self.epoch, key(clip), "drop").random() for clip in clips]
            loss = torch.tensor(lots, device=loss.device)
        return loss.topk(round(self.share * len(loss))).indices


class Instead:
    """Other clips in the place of those that a method prunes or relabels, and as many of them, by a simple rule.

    So a control drops or relabels as much as the method would in the same training, whatever that comes to.
    prune_by: "lot", drawn once for all epochs; "loss", the largest ones; "wrong_label" or "low_quality", by lot among
    those that have this trouble, as far as there are so many. correct_by: "lot" among the clips that are predicted
    otherwise than they are labelled, which get the prediction; "true_label", by lot among those that have another one.
    "" leaves the method's own choice. Raises BadInput for another word, and for a dataset without truth where it is
    asked for.
    """

    def __init__(self, prune_by: str = "", correct_by: str = ""):
        for word, known in ((prune_by, PRUNE_BY), (correct_by, CORRECT_BY)):
            if word not in known:
                raise BadInput(f"no control goes by {word!r}", "Instead", f"use one of {', '.join(map(repr, known))}")
        self.prune_by, self.correct_by = prune_by, correct_by
        self.lots, self.truth = torch.zeros(0), {}  # (N,), and a column of the truth -> (N,)

    def prepare(self, clips: Sequence[str], truth: pd.DataFrame | None, seed: int) -> None:
        """Before training: the clips, in the order of all that is asked later."""
        self.lots = torch.tensor([generator(seed, 0, key(clip), "lot").random() for clip in clips])
        for name in {self.prune_by, self.correct_by} & OF_TRUTH:
            known = _known(truth, f"a control by {name}").set_index("clip")[name]
            self.truth[name] = torch.from_numpy(known.loc[list(clips)].to_numpy(copy=True))

    def pruned(self, out: torch.Tensor, loss: torch.Tensor) -> torch.Tensor:
        """Which clips are pruned, where the method chose `out`: bool and losses (N,) -> (N,), bool."""
        if not self.prune_by:
            return out
        first = loss if self.prune_by == "loss" else self.lots
        return as_many(out, first, self.truth.get(self.prune_by, torch.ones_like(out)))

    def labels(self, labels: torch.Tensor, given: torch.Tensor, prediction: torch.Tensor,
               kept: torch.Tensor) -> torch.Tensor:
        """Labels to train with, where the method chose `labels` for those `given`, of clips that are kept: all (N,)."""
        if not self.correct_by:
            return labels
        other = self.truth.get(self.correct_by, prediction)
        return torch.where(as_many(labels != given, self.lots, kept & (other != given)), other, given)


def as_many(chosen: torch.Tensor, first: torch.Tensor, among: torch.Tensor) -> torch.Tensor:
    """As many clips as were chosen, of those of `among` that have the largest `first`: all (N,); fewer, if it has."""
    others, count = torch.zeros_like(chosen), min(int(chosen.sum()), int(among.sum()))
    others[torch.where(among, first, -torch.inf).topk(count).indices] = True
    return others


def _known(truth: pd.DataFrame | None, what: str) -> pd.DataFrame:
    if truth is None:
        raise BadInput(f"{what} needs to know what is true of the clips, and this dataset does not say",
                       "the run's parameters", "use a FACSimile dataset, or another variant")
    return truth


def with_true_labels(table: pd.DataFrame, truth: pd.DataFrame | None) -> pd.DataFrame:
    """A ClipTable whose training labels are the true ones. Raises BadInput for a dataset without truth."""
    right = _known(truth, "training on the true labels").set_index("clip")["true_label"]
    train = table["split"] == "train"
    return table.assign(label=table["label"].where(~train, table["clip"].map(right)).astype("int64"))


def without(table: pd.DataFrame, truth: pd.DataFrame | None, trouble: str) -> pd.DataFrame:
    """A ClipTable without the training clips that have a trouble, a column of the truth such as "short_apex".

    Raises BadInput for a dataset without truth, and for a trouble that its truth does not speak of.
    """
    known = _known(truth, "training without some clips").set_index("clip")
    if trouble not in known:
        raise BadInput(f"nothing is known of {trouble!r}", "leave_out", f"choose one of: {', '.join(known)}")
    out = (table["split"] == "train") & table["clip"].map(known[trouble]).fillna(False).astype(bool)
    return table[~out].reset_index(drop=True)


def few(table: pd.DataFrame, truth: pd.DataFrame | None, number: int, seed: int) -> pd.DataFrame:
    """A ClipTable with so many of its training clips.

    Where the truth is known they are a small picture of all: every so many-th clip (a systematic sample) in an order
    by why a clip is hard, what it shows, and from which share of noise on its label is wrong. So kinds of clips and
    wrong labels keep their shares, at every share of noise. Else, and within what is alike, a lot decides, drawn from
    the seed. Raises BadInput where there are not so many.
    """
    train = np.flatnonzero(table["split"] == "train")
    if number > len(train):
        raise BadInput(f"there are {len(train)} training clips, not {number}", "train_clips",
                       "use a preset that takes all of them")
    lots, clips = generator(seed, 0, 0, "few"), table["clip"].iloc[train].astype(str).sort_values()
    clips = clips.iloc[lots.permutation(len(clips))]
    if truth is not None:
        known = truth.set_index("clip").loc[clips]
        kinds = [known[name].to_numpy() for name in ALIKE if name in known]
        clips = clips.iloc[np.lexsort(kinds[::-1])]
    chosen = clips.index[((lots.random() + np.arange(number)) * len(clips) / number).astype(int)]
    return table.drop(index=clips.index.difference(chosen)).reset_index(drop=True)


def hold_out(table: pd.DataFrame, truth: pd.DataFrame | None, share: float, seed: int) -> pd.DataFrame:
    """A ClipTable with about `share` of its training clips moved to the split "held_out", their labels as given.

    Whole identities are held out where the truth names them, single clips elsewhere; which ones depends on the seed.
    Raises BadInput for a share that leaves nothing on one side.
    """
    train = table["split"] == "train"
    people = table["clip"] if truth is None else table["clip"].map(truth.set_index("clip")["identity"])
    sizes = people[train].value_counts().sort_index()
    order = generator(seed, 0, 0, HELD_OUT).permutation(len(sizes))
    before = np.cumsum(sizes.to_numpy()[order]) - sizes.to_numpy()[order]
    chosen = sizes.index[order][before < share * train.sum()]
    out = train & people.isin(chosen)
    if not 0 < out.sum() < train.sum():
        raise BadInput(f"{share} of the training clips cannot be held out", "held_out",
                       "give a share above 0 and below 1")
    return table.assign(split=table["split"].where(~out, HELD_OUT))
