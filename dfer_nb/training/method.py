"""What a paper may change in training: one small protocol, used by one loop."""

import pandas as pd
import torch
import torch.nn.functional as F

from dfer_nb.data.batches import Batch

Output = dict[str, torch.Tensor]  # what a model returns; `logits` (B, 7) is always there


class Method:
    """Cross-entropy, and the hooks that a paper's method overrides.

    The loop calls `prepare` once; per batch `loss`, `columns`, `decide`, and in training `weights` and `auxiliary`; and
    once an epoch `before_epoch` and `after_epoch`. Where several processes share a batch, `weights` is asked about all
    of it, and the others about each part. What a method remembers between epochs goes through `state_dict`, so that a
    run resumes.
    """

    lenient = False  # in a trace, which goes on where a method would stop a training that nothing is left of

    def __init__(self, smoothing: float = 0.0):
        self.smoothing, self.epoch = smoothing, 0

    def loss(self, output: Output, batch: Batch) -> torch.Tensor:
        """Loss of every clip, (B,): cross-entropy with label smoothing."""
        return self.cross_entropy(output["logits"], batch.label)

    def cross_entropy(self, logits: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        """Cross-entropy with the method's label smoothing: logits (B, 7, …), label (B, …) -> (B, …)."""
        return F.cross_entropy(logits.float(), label, reduction="none", label_smoothing=self.smoothing)

    def weights(self, loss: torch.Tensor, columns: dict[str, torch.Tensor], clips: list[str]) -> torch.Tensor:
        """Weight of every clip in the mean loss of the whole batch, (N,), without gradient; ones here.

        loss (N,), columns (what `columns` says of each clip, (N,)) and clips (their names) are those of the whole
        batch, once each and in the same order, whatever the number of processes that share it; without gradient.
        """
        return torch.ones_like(loss)

    def auxiliary(self, output: Output, batch: Batch) -> torch.Tensor | float:
        """Further loss of every clip, (B,), multiplied by the same weights as `loss`; none here."""
        return 0.0

    def columns(self, output: Output) -> dict[str, torch.Tensor]:
        """Further values per clip, each (B,), for `weights` and for the record's clip table."""
        return {}

    def decide(self, output: Output) -> torch.Tensor | None:
        """Logits (B, 7) to predict from, -inf for what is ruled out; None, as here, for the network's own.

        What they give is the record's prediction and probabilities; the network's own answer stands beside it, in the
        column `unfiltered`. The loss is that of `loss`, whatever is decided.
        """
        return None

    def prepare(self, clips: pd.DataFrame, truth: pd.DataFrame | None, seed: int) -> None:
        """Called once before training, also of a resumed run: the training clips, and the truth where it is known."""

    def before_epoch(self, epoch: int) -> None:
        """Called before the first batch of an epoch (counted from 0), which `epoch` then holds."""
        self.epoch = epoch

    def after_epoch(self, clips: pd.DataFrame) -> None:
        """Called with the epoch's clip table: may reweight, prune or relabel for the next one.

        It may put columns into the table, a number a clip, which the record keeps of training clips.
        """

    def state_dict(self) -> dict:
        """What the method remembers, as tensors, numbers and strings."""
        return {}

    def load_state_dict(self, state: dict) -> None:
        """Put back what `state_dict` gave."""
