"""Two processes take the steps that one takes: the same weights of clips, and nearly the same losses and network.

As a script (`main`) this file is what the two processes do; Fabric starts the second one, as in a run.
"""

import os
import pickle
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from lightning_fabric import Fabric
from torch import nn

from dfer_nb.data.batches import generator, key
from dfer_nb.rdfer import AgreementReweighting
from dfer_nb.training import processes, state
from dfer_nb.training.clips import Data
from dfer_nb.training.controls import Control
from dfer_nb.training.fit import Fit
from dfer_nb.training.method import Method
from dfer_nb.training.optimise import Settings
from dfer_nb.training.processes import whole_batch
from dfer_nb.training.record import Record

METHODS = ("batch", "epoch", "loss", "random", "truth")
# In batches of 10: all whole; a last one of 3, which is 2 and 1; a last one of 1, which leaves a process without.
SIZES = {"even": 20, "uneven": 23, "one without": 21}
SETTINGS = Settings(size=1, max_frames=4, epochs=3, warmup=0, batch_size=10, lr=0.3, lr_backbone=0.3, lr_min=0.3,
                    weight_decay=0.0, optimizer="sgd", features="drawn")
ONE, OTHER = {"a run": {"loss": [1.0]}}, {"a run": {"loss": [2.0]}}


class Clips:
    """Stands for the cache: four frames of six numbers a clip, drawn by its name."""

    folder = "nowhere"

    def frames(self, clip) -> np.ndarray:
        return generator(0, 0, key(clip)).normal(size=(4, 6)).astype(np.float32)

    def take(self, names, chosen) -> torch.Tensor:
        return torch.from_numpy(np.stack([self.frames(name)[at] for name, at in zip(names, chosen, strict=True)]))

    def __contains__(self, clip) -> bool:
        return True


class Small(nn.Module):
    """Each frame is classified, and the mean is the answer. Nothing in it knows which clips stand beside a clip."""

    def __init__(self):
        super().__init__()
        self.inner, self.classifier = nn.Linear(6, 12), nn.Linear(12, 7)

    def forward(self, frames: torch.Tensor) -> dict[str, torch.Tensor]:
        each = self.classifier(torch.tanh(self.inner(frames)))  # (B, 4, 7)
        return {"logits": each.mean(1), "clip_logits": each, "summary_logits": each[:, 0]}


def made(name: str) -> Method:
    own = AgreementReweighting(ranks="epoch" if name == "epoch" else "batch", summary_loss=0.5)
    return own if name in ("batch", "epoch") else Control(own, name, share=0.2)


def data(size: int) -> Data:
    clips = [f"clip {n}" for n in range(size + 3)]
    table = pd.DataFrame({"clip": clips, "label": [n * n % 7 for n in range(size + 3)],
                          "split": ["train"] * size + ["test"] * 3})
    wrong = table.index % 5 == 1
    truth = table[["clip"]].assign(given_label=table["label"], true_label=(table["label"] + wrong) % 7,
                                   wrong_label=wrong, wrong_kind=np.where(wrong, "confusion", ""))
    return Data(table, Clips(), truth)


def fit(fabric: Fabric, name: str, size: int, folder: Path = Path("nowhere")) -> Fit:
    torch.manual_seed(0)
    return Fit(Small(), made(name), data(size), SETTINGS, 0, fabric, folder, progress=False)


def trained(fabric: Fabric, name: str, size: int) -> tuple[pd.DataFrame, dict]:
    """The training clips of three epochs, and the weights of the network after them."""
    one, tables = fit(fabric, name, size), []
    one.method.prepare(one.data.split("train"), one.data.truth, 0)
    for one.epoch in range(SETTINGS.epochs):
        tables.append(one.train_epoch())
        one.method.after_epoch(tables[-1])
    return pd.concat(tables, keys=range(SETTINGS.epochs)), one.model.state_dict()


def all_of(fabric: Fabric, home: Path) -> dict:
    """Every method with every size; then a whole run, and one whose state was left by another arithmetic."""
    found = {(name, size): trained(fabric, name, SIZES[size]) for name in METHODS for size in SIZES}
    fit(fabric, "batch", 21, home / "record").run({}, {}, ONE)
    begun = fit(fabric, "batch", 21, home / "changed")
    begun.epoch_rows, begun.clip_tables, begun.epoch = [{"epoch": 0}], [pd.DataFrame({"clip": ["left"]})], 1
    begun.traces = OTHER
    if fabric.is_global_zero:
        begun.save_state()
    fabric.barrier()
    fit(fabric, "batch", 21, home / "changed").run({}, {}, ONE)
    return found


def main() -> None:
    fabric = Fabric(accelerator="cpu", devices=2, strategy="ddp_find_unused_parameters_true")
    fabric.launch()
    torch.set_num_threads(1)
    home = Path(sys.argv[1])
    (home / f"rank{fabric.global_rank}.pkl").write_bytes(pickle.dumps(all_of(fabric, home)))


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """Where two processes have left what they found."""
    folder = tmp_path_factory.mktemp("two")
    apart = {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run([sys.executable, __file__, str(folder)], env=os.environ | apart, timeout=120,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.fixture(scope="module")
def two(home) -> list[dict]:
    """What each of the two found."""
    return [pickle.loads((home / f"rank{rank}.pkl").read_bytes()) for rank in range(2)]


@pytest.fixture(scope="module")
def alone_at(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("one")


@pytest.fixture(scope="module")
def one(alone_at) -> dict:
    """What one process finds."""
    return all_of(Fabric(accelerator="cpu", devices=1), alone_at)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", METHODS)
def test_two_processes_weigh_and_learn_as_one(one, two, name, size):
    (mine, weights), (yours, others) = one[name, size], two[0][name, size]
    pd.testing.assert_frame_equal(yours[["clip", "label", "weight"]], mine[["clip", "label", "weight"]])
    np.testing.assert_allclose(yours["loss"], mine["loss"], rtol=1e-4, atol=1e-5)
    assert all(torch.allclose(others[key], weights[key], atol=1e-5) for key in weights)
    start = Small().state_dict()  # far less apart than what was learnt
    assert all((weights[key] - start[key]).norm() > 0.05 for key in weights)


@pytest.mark.parametrize("size", SIZES)
def test_shares_are_of_the_whole_batch(two, size):
    number = SIZES[size]
    by_epoch = two[0]["batch", size][0].groupby(level=0)["weight"]
    sizes = [10] * (number // 10) + [number % 10]
    assert by_epoch.agg(lambda w: (w == 0).sum()).tolist() == [sum(round(0.1 * n) for n in sizes)] * 3
    assert by_epoch.agg(lambda w: (w == 1.5).sum()).tolist() == [sum(round(0.2 * n) for n in sizes)] * 3
    later = two[0]["epoch", size][0].loc[1:].groupby(level=0)["weight"]  # nothing is known in the first epoch
    assert later.agg(lambda w: (w == 0).sum()).tolist() == [round(0.1 * number)] * 2


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", METHODS)
def test_both_processes_hold_the_same(two, name, size):
    (table, weights), (other, same) = (found[name, size] for found in two)
    pd.testing.assert_frame_equal(table, other)
    assert all(torch.equal(weights[key], same[key]) for key in weights)


@pytest.mark.parametrize("name", ["record", "changed"])
def test_a_whole_run_leaves_one_record_and_starts_again_together(one, two, alone_at, home, name):
    mine, yours = Record(alone_at / name), Record(home / name)
    assert len(yours.epochs) == 3 and not list(home.glob("*unfinished*")) and "left" not in set(yours.clips["clip"])
    pd.testing.assert_frame_equal(yours.epochs.drop(columns="seconds"), mine.epochs.drop(columns="seconds"), atol=1e-5)
    assert yours.summary == mine.summary
    assert (yours.path / "traces.json").read_text() == (mine.path / "traces.json").read_text()


# By hand


def parts(monkeypatch, rank: int, *clips: str):
    """The whole batch as process `rank` sees it, when each process has clips of these letters; "c" has loss 2."""
    values = [([*names], {"loss": torch.tensor([float(ord(name) - ord("a")) for name in names]),
                          "agreement": torch.tensor([ord(name) - ord("a") for name in names])}) for names in clips]
    monkeypatch.setattr(processes, "gather", lambda fabric, thing: values)
    names, found = values[rank]
    return whole_batch(SimpleNamespace(world_size=len(clips), global_rank=rank), found["loss"],
                       {"agreement": found["agreement"]}, names)


@pytest.mark.parametrize(("rank", "own"), [(0, [0, 3]), (1, [1, 4]), (2, [2])])
def test_a_batch_is_put_together_in_its_order(monkeypatch, rank, own):
    whole = parts(monkeypatch, rank, "ad", "be", "c")
    assert whole.clips == list("abcde") and whole.loss.tolist() == [0, 1, 2, 3, 4]
    assert whole.columns["agreement"].tolist() == [0, 1, 2, 3, 4] and list(whole.columns) == ["agreement"]
    assert whole.own(torch.arange(5)).tolist() == own
    assert whole.mean(torch.ones(len(own))).item() == pytest.approx(3 * len(own) / 5)


@pytest.mark.parametrize(("rank", "counts"), [(0, 1), (1, 1), (2, 0), (3, 0)])
def test_a_clip_that_was_given_twice_is_there_once(monkeypatch, rank, counts):
    whole = parts(monkeypatch, rank, "a", "b", "a", "a")
    assert whole.clips == ["a", "b"] and whole.loss.tolist() == [0, 1]
    assert whole.own(torch.tensor([5, 6])).tolist() == [6 if rank == 1 else 5]
    assert whole.mean(torch.tensor([0.5])).item() == pytest.approx(counts * 4 / 2 * 0.5)


def test_one_process_has_the_batch_as_it_is():
    loss = torch.rand(3, requires_grad=True)
    whole = whole_batch(SimpleNamespace(world_size=1), loss, {"mu": 2 * loss}, ["a", "b", "c"])
    assert torch.equal(whole.loss, loss) and not whole.loss.requires_grad and not whole.columns["mu"].requires_grad
    weights = torch.rand(3)
    assert whole.own(weights) is weights and torch.equal(whole.mean(weights * loss), (weights * loss).mean())
    assert processes.gather(SimpleNamespace(world_size=1), "a thing") == ["a thing"]
    assert state.changed(None, None) == []


if __name__ == "__main__":
    main()
