"""The one training loop of the book."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from lightning_fabric import Fabric
from tqdm import tqdm

from dfer_nb import files
from dfer_nb.data.batches import Augment, Batch, FrameCache, count, loader
from dfer_nb.trace import Traces, dumps
from dfer_nb.training import metrics, state
from dfer_nb.training.controls import HELD_OUT
from dfer_nb.training.features import FrozenFeatures
from dfer_nb.training.memory import learnt, purified, weighed
from dfer_nb.training.method import Method, Output
from dfer_nb.training.optimise import Settings, build_optimizer, guard_gradients, set_rate
from dfer_nb.training.processes import gather, whole_batch
from dfer_nb.training.record import UNFILTERED, save_checkpoint, write_json, write_tables


@dataclass
class Data:
    """The clips of a run, and their decoded frames or frozen features.

    table: a ClipTable with splits train, test and any slices; perhaps "held_out", which chooses the epoch.
    """

    table: pd.DataFrame
    frames: FrameCache | FrozenFeatures
    truth: pd.DataFrame | None = None

    def split(self, name: str) -> pd.DataFrame:
        """The rows of one split."""
        return self.table[self.table["split"] == name].reset_index(drop=True)

    @property
    def slices(self) -> list[str]:
        """Further splits to be tested, in the order of the table."""
        return [name for name in self.table["split"].unique() if name not in ("train", "test", HELD_OUT)]

    @property
    def holds_out(self) -> bool:
        """Whether some training clips are held out to choose the epoch."""
        return (self.table["split"] == HELD_OUT).any()


def clip_rows(batch: Batch, output: Output, decided: torch.Tensor | None, loss: torch.Tensor,
              extra: dict) -> pd.DataFrame:
    """The record's rows of a batch: clip, label, prediction, probabilities, loss and a method's columns.

    decided: what the method's `decide` gave; where it is not None, `unfiltered` is what the network itself says.
    """
    own = {} if decided is None else {UNFILTERED: output["logits"].argmax(1)}
    probabilities = (output["logits"] if decided is None else decided).float().softmax(1)
    columns = {
        "prediction": probabilities.argmax(1),
        **own,
        **{f"p{c}": probabilities[:, c] for c in range(probabilities.shape[1])},
        "loss": loss,
        **extra,
    }
    rows = pd.DataFrame({name: value.detach().float().cpu().numpy() for name, value in columns.items()})
    rows.insert(0, "clip", batch.clip)
    rows.insert(1, "label", batch.label.cpu().numpy())
    whole = ["prediction", *own, *(name for name in extra if name[0] == "s" and name[1:].isdigit())]
    return rows.astype(dict.fromkeys(whole, np.int8))


class Fit:
    """One run of training: model, method and data, resumed where it was cut short.

    folder: where the record goes; resumable: `<folder>.unfinished` holds the state after each epoch until then. Several
    processes (fabric's) share every batch, and take the step that one would take: weights are decided, and the loss is
    averaged, over the whole batch. Two things are of each process alone: the statistics of batch normalisation, and the
    units that dropout drops.
    """

    def __init__(self, model: torch.nn.Module, method: Method, data: Data, settings: Settings, seed: int,
                 fabric: Fabric, folder: Path, progress: bool = True, resumable: bool = True):
        self.data, self.method, self.settings, self.seed, self.fabric = data, method, settings, seed, fabric
        self.folder, self.unfinished, self.progress = folder, folder.with_name(folder.name + ".unfinished"), progress
        self.resumable = resumable
        model = model.to(memory_format=torch.channels_last)
        fused = fabric.device.type in ("cpu", "cuda")
        self.model, self.optimizer = fabric.setup(model, build_optimizer(model, settings, fused))
        self.epoch_rows: list[dict] = []
        self.clip_tables: list[pd.DataFrame] = []
        self.config, self.traces = {}, None  # what is trained, and by which arithmetic: `run` is told
        self.best: dict = {}  # epoch, WAR on the held-out clips, weights: where some are held out
        self.epoch = 0

    def batches(self, split: str, train: bool) -> Iterator[Batch]:
        """Batches of a split; only training ones are shuffled and augmented."""
        s = self.settings
        pictures = train and not s.features  # features cannot be cropped or recoloured
        augment = Augment(crop_scale=s.crop_scale, flip=s.flip, jitter=s.jitter) if pictures else None
        shard = self.fabric.global_rank, self.fabric.world_size
        return loader(self.data.frames, self.data.split(split), s.batch_size, s.n_frames, self.fabric.device,
                      train=train, seed=self.seed, epoch=self.epoch, augment=augment, sample=s.sample, shard=shard,
                      balance=s.balance if train else 0.0)

    def train_epoch(self) -> pd.DataFrame:
        """One pass over the training clips; returns their rows as the method saw them."""
        self.model.train()
        self.method.before_epoch(self.epoch)
        table = self.data.split("train")
        steps = count(len(table), self.settings.batch_size)
        bar = tqdm(
            self.batches("train", train=True),
            total=steps,
            desc=f"epoch {self.epoch + 1}/{self.settings.epochs}",
            disable=not self.progress,
            leave=False,
        )
        rows = []
        for step, batch in enumerate(bar):
            rows.append(self.train_step(batch, step, steps))
        return self._gathered(rows)

    def train_step(self, batch: Batch, step: int, steps: int) -> pd.DataFrame:
        """Forward, weigh, backward, guard, step. Returns the batch's rows."""
        # dropout draws from (seed, epoch, step), so a resumed run drops the same units
        torch.manual_seed(int(np.random.SeedSequence((self.seed, self.epoch, step)).generate_state(1)[0]))
        set_rate(self.optimizer, self.epoch + (step + 1) / steps, self.settings)
        output = self.model(batch.frames)
        loss, columns = self.method.loss(output, batch), self.method.columns(output)
        whole = whole_batch(self.fabric, loss, columns, batch.clip)
        weights = whole.own(self.method.weights(whole.loss, whole.columns, whole.clips))
        self.fabric.backward(whole.mean(weights * (loss + self.method.auxiliary(output, batch))))
        guard_gradients(self.optimizer, self.settings.clip_norm, f"epoch {self.epoch + 1}, step {step + 1} of {steps}")
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return clip_rows(batch, output, self.method.decide(output), loss, {"weight": weights, **columns})

    @torch.no_grad()
    def evaluate(self, split: str) -> pd.DataFrame:
        """Rows of a split, nothing augmented."""
        self.model.eval()
        rows = []
        for batch in self.batches(split, train=False):
            output = self.model(batch.frames)
            loss, columns = self.method.loss(output, batch), self.method.columns(output)
            rows.append(clip_rows(batch, output, self.method.decide(output), loss, columns))
        return self._gathered(rows)

    def _gathered(self, rows: list[pd.DataFrame]) -> pd.DataFrame:
        table = pd.concat(rows, ignore_index=True)
        if self.fabric.world_size > 1:  # every process sees the clips of all
            table = pd.concat(gather(self.fabric, table), ignore_index=True).drop_duplicates("clip")
        return table.sort_values("clip", ignore_index=True)

    def run(self, config: dict, environment: dict, traces: Traces | None = None) -> None:
        """Train the epochs that are missing, test after each, evaluate the slices, and write the record.

        traces: by which arithmetic (`trace.Traces`), for the record. An unfinished run is gone on with only where it is
        of the same configuration (else raises BadInput) and arithmetic (else training starts again).
        """
        self.config, self.traces = config, traces
        self.method.prepare(self.data.split("train"), self.data.truth, self.seed)
        self.resume()
        while self.epoch < self.settings.epochs:
            started = time.perf_counter()
            train = self.train_epoch()
            self.method.after_epoch(train)
            parts = {"train": train, "test": self.evaluate("test")}
            if self.data.holds_out:
                parts[HELD_OUT] = self.evaluate(HELD_OUT)
                self._remember_best(parts[HELD_OUT])
            self.epoch_rows.append(self._epoch_row(parts, time.perf_counter() - started))
            for name, rows in parts.items():
                self._keep(rows, name)
            self.epoch += 1
            if self.progress:
                row = self.epoch_rows[-1]
                tqdm.write(
                    f"epoch {self.epoch:3d}: loss {row['loss']:.3f}, "
                    f"test WAR {row['test_war']:.1f}, UAR {row['test_uar']:.1f}"
                )
            if self.resumable and self.fabric.is_global_zero:
                self.save_state()
        self.write_record(environment)

    def _remember_best(self, held_out: pd.DataFrame) -> None:
        """Keep the weights of the first epoch with the highest WAR on the held-out clips (labels as given)."""
        war = metrics.war(held_out["label"], held_out["prediction"])
        if not self.best or war > self.best["war"]:
            weights = {name: tensor.detach().clone() for name, tensor in self.model.state_dict().items()}
            self.best = {"epoch": self.epoch, "war": war, "model": weights}

    @property
    def reported(self) -> int:
        """The epoch (from 0) that the record reports: the last, or the best one on the held-out clips."""
        return self.best["epoch"] if self.best else self.settings.epochs - 1

    def _keep(self, rows: pd.DataFrame, split: str) -> None:
        rows.insert(1, "split", split)
        rows.insert(2, "epoch", self.epoch)
        self.clip_tables.append(rows)

    def _epoch_row(self, parts: dict[str, pd.DataFrame], seconds: float) -> dict:
        row = {"epoch": self.epoch, "loss": float(parts["train"]["loss"].mean())}
        row |= {f"rate_{group['name']}": group["lr"] for group in self.optimizer.param_groups}
        for name, rows in parts.items():
            row |= {
                f"{name}_war": metrics.war(rows["label"], rows["prediction"]),
                f"{name}_uar": metrics.uar(rows["label"], rows["prediction"]),
            }
            if UNFILTERED in rows:
                row[f"{name}_war_{UNFILTERED}"] = metrics.war(rows["label"], rows[UNFILTERED])
                row[f"{name}_uar_{UNFILTERED}"] = metrics.uar(rows["label"], rows[UNFILTERED])
        if self.data.truth is not None:
            row |= learnt(parts["train"], self.data.truth)
        told = (each(parts["train"], self.data.truth) for each in (purified, weighed))
        return row | {name: value for found in told for name, value in found.items()} | {"seconds": seconds}

    def save_state(self) -> None:
        """Everything that the next epoch needs, in one folder that is replaced whole."""
        state.save(self.unfinished, self.epoch_rows, self.clip_tables, self.config, self.traces,
                   model=self.model.state_dict(), optimizer=self.optimizer.state_dict(),
                   method=self.method.state_dict(), epoch=self.epoch, best=self.best)

    def resume(self) -> None:
        """Go on after the last whole epoch of a run that was cut short, if there is one, and it computes as today.

        Raises BadInput for a state that is not this run's or not whole.
        """
        if self.fabric.is_global_zero:
            files.sweep(self.unfinished)  # a kill between two renames leaves the state under another name
        self.fabric.barrier()
        found = state.load(self.unfinished, self.config)
        if found is None:
            return
        changed = self.fabric.broadcast(state.changed(found["traces"], self.traces))
        if changed:
            self._start_again(found["epoch"], changed)
            return
        self.model.load_state_dict(found["model"])
        self.optimizer.load_state_dict(found["optimizer"])
        self.method.load_state_dict(found["method"])
        self.epoch, self.best = found["epoch"], found["best"]
        self.epoch_rows, self.clip_tables = found["epochs"], found["clips"]
        if self.progress:
            tqdm.write(f"resuming after epoch {self.epoch} ({self.unfinished.name})")

    def _start_again(self, epoch: int, changed: list[str]) -> None:
        self.fabric.barrier()  # every process has read the state
        if self.fabric.is_global_zero:
            tqdm.write(f"the code has changed since epoch {epoch} ({changed[0]}): training starts again")
            state.remove(self.unfinished)

    def write_record(self, environment: dict) -> None:
        """The finished record, written whole; the state of the unfinished run goes."""
        if self.best:
            self.model.load_state_dict(self.best["model"])
        self.epoch = self.reported  # what is evaluated now belongs to that epoch
        slices = {}
        for name in self.data.slices:
            rows = self.evaluate(name)
            slices[name] = metrics.summary(rows)
            self._keep(rows, name)
        if self.fabric.is_global_zero:
            self._write(environment, slices)
        self.fabric.barrier()

    def _write(self, environment: dict, slices: dict) -> None:
        with files.atomic_folder(self.folder) as folder:
            write_tables(folder, self.epoch_rows, self.clip_tables)
            write_json(folder / "config.json", self.config)
            if self.traces is not None:
                (folder / "traces.json").write_text(dumps(self.traces), encoding="utf-8")
            seconds = sum(row["seconds"] for row in self.epoch_rows)
            write_json(folder / "environment.json", environment | {"training_seconds": round(seconds, 1)})
            if self.data.truth is not None:
                self.data.truth.to_parquet(folder / "truth.parquet", index=False)
            save_checkpoint(folder / "checkpoint.pt", model=self.model.state_dict())
            write_json(folder / "summary.json", self.summary(slices))
        state.remove(self.unfinished)

    def summary(self, slices: dict) -> dict:
        """The epoch that is reported and the rule that chose it; what the best epoch on the test clips would say."""
        clips = pd.concat(self.clip_tables)
        test = clips[clips["split"] == "test"]
        best = max(self.epoch_rows, key=lambda row: row["test_war"])["epoch"]

        def at(epoch: int) -> dict:
            return {"epoch": int(epoch) + 1, **metrics.summary(test[test["epoch"] == epoch])}

        rule = "best epoch on held-out training clips" if self.best else "last epoch"
        return {"rule": rule, "reported": at(self.reported), "best_on_test": at(best), "slices": slices}
