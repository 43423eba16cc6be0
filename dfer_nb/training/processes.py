"""One training by several processes: what all of them hold, put together as one process would have it."""

import os
from dataclasses import dataclass

import torch
import torch.distributed as dist
from lightning_fabric import Fabric


def is_first() -> bool:
    """Whether this process is the first of those that are one run here, as Fabric, torchrun or Slurm tells them."""
    return os.environ.get("LOCAL_RANK", os.environ.get("SLURM_LOCALID", "0")) == "0"


def gather(fabric: Fabric, thing) -> list:
    """What each process gives, in the order of their ranks; with one process, that one thing."""
    parts = [thing] * fabric.world_size
    if fabric.world_size > 1:
        dist.all_gather_object(parts, thing)
    return parts


@dataclass(frozen=True)
class WholeBatch:
    """A training batch of N clips, of which this process has B, in the order that one process would have them in.

    Without gradient: loss (N,) and columns, each (N,); clips: their names. places (B,): where the clips of this
    process stand; share (B,): what each of their losses counts for in this process. Both None with one process.
    """

    loss: torch.Tensor
    columns: dict[str, torch.Tensor]
    clips: list[str]
    places: torch.Tensor | None = None
    share: torch.Tensor | None = None

    def own(self, values: torch.Tensor) -> torch.Tensor:
        """Those of this process's clips: (N,) -> (B,)."""
        return values if self.places is None else values[self.places]

    def mean(self, each: torch.Tensor) -> torch.Tensor:
        """What this process adds to the mean over the whole batch, times the number of processes: (B,) -> ().

        Gradients are averaged over processes, so theirs is that of the mean over all N clips.
        """
        return each.mean() if self.share is None else (self.share * each).sum()


def whole_batch(fabric: Fabric, loss: torch.Tensor, columns: dict[str, torch.Tensor], clips: list[str]) -> WholeBatch:
    """The whole of a batch of which every process gives its part, as `data.batches.loader` shares it out.

    loss (B,), columns, each (B,), and clips, their names. A clip that a process got because there was none for it is
    there once: it is ranked once, and counts in the gradient once.
    """
    values = {name: value.detach() for name, value in {"loss": loss, **columns}.items()}
    if fabric.world_size == 1:
        return WholeBatch(values.pop("loss"), values, clips)
    parts = gather(fabric, (clips, {name: value.cpu() for name, value in values.items()}))
    names = [name for part, _ in parts for name in part]
    turn = [number for part, _ in parts for number in range(len(part))]  # clip n of each process, then n + 1 of each
    places: dict[str, int] = {}
    for place in sorted(range(len(names)), key=turn.__getitem__):
        places.setdefault(names[place], place)
    together = {name: torch.cat([part[name] for _, part in parts])[list(places.values())].to(loss.device)
                for name in values}
    stands = {name: number for number, name in enumerate(places)}
    own = torch.tensor([stands[name] for name in clips], device=loss.device)
    # clip n of the whole batch is that of process n modulo their number: where it is not, it was given a second time
    share = (own % fabric.world_size == fabric.global_rank) * (fabric.world_size / len(places))
    return WholeBatch(together.pop("loss"), together, list(places), own, share)
