"""The state of an unfinished run: gone on with only where it is whole, of the same run, and computed as today."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import torch

from dfer_nb.errors import BadInput
from dfer_nb.presets import build
from dfer_nb.request import Request, make_fabric, prepare
from dfer_nb.training import state
from dfer_nb.training.fit import Fit
from dfer_nb.training.record import Record, load_checkpoint

CONFIG = {"paper": "rdfer", "seed": 0}
TRACES = {"rdfer": {"training, epoch 1: loss": [1.25, 0.5], "norm of the heads": [3.0]}}
OTHER = {"rdfer": {"training, epoch 1: loss": [1.25, 0.75], "norm of the heads": [3.0]}}


class Stop(Exception):
    """Stands for a power cut."""


@pytest.fixture
def fit(tiny, runs):
    """Makes the same `Fit` of three epochs again and again; its record goes into the folder of runs."""
    request = Request(dataset="dfew", root=str(tiny), scenes=True, preset="frozen", variant="epoch-ranks", epochs=3,
                      device="cpu")
    data, chosen = prepare(request, progress=False), request.plan()

    def make() -> Fit:
        torch.manual_seed(0)
        model, method = build("rdfer", chosen)
        return Fit(model, method, data, chosen.training, 0, make_fabric(request), runs / "run", progress=False)

    return make


@pytest.fixture
def cut(fit, monkeypatch):
    """Trains two of the three epochs, and returns the folder of the state."""

    def begin(traces=None):
        step = Fit.train_step

        def mortal(self, batch, number, steps):
            if self.epoch == 2:
                raise Stop
            return step(self, batch, number, steps)

        with monkeypatch.context() as patch, pytest.raises(Stop):
            patch.setattr(Fit, "train_step", mortal)
            begun = fit()
            begun.run(CONFIG, {}, traces)
        return begun.unfinished

    return begin


@pytest.fixture
def trained(monkeypatch) -> list[int]:
    """The epochs (from 0) that are trained from now on."""
    epochs, train = [], Fit.train_epoch
    monkeypatch.setattr(Fit, "train_epoch", lambda self: epochs.append(self.epoch) or train(self))
    return epochs


def test_a_state_holds_what_its_tables_are_and_what_was_asked(cut):
    folder = cut(TRACES)
    found = load_checkpoint(folder / "checkpoint.pt")
    assert found["epoch"] == 2 and json.loads(found["traces"]) == TRACES
    assert all(len(found["tables"][name]) == 64 for name in state.TABLES)
    assert len(state.load(folder, CONFIG)["epochs"]) == 2 and state.load(folder.with_name("none"), CONFIG) is None


def refused(fit, folder, what: str) -> None:
    """The run is not gone on with, and says what to do; the state is left as it is."""
    before = sorted(path.name for path in folder.iterdir())
    with pytest.raises(BadInput, match=rf"{what}(.|\n)*{folder.name}(.|\n)*remove the folder to train from the start"):
        fit().run(CONFIG, {})
    assert sorted(path.name for path in folder.iterdir()) == before


@pytest.mark.parametrize("name", state.TABLES)
@pytest.mark.parametrize("how", ["of another moment", "broken", "gone"])
def test_tables_that_are_not_the_checkpoints_are_refused(fit, cut, name, how):
    folder = cut()
    table = folder / name
    if how == "of another moment":
        pd.read_parquet(table).query("epoch == 0").to_parquet(table, index=False)
    elif how == "broken":
        table.write_bytes(table.read_bytes()[:-1])
    else:
        table.unlink()
    refused(fit, folder, "the tables of this state are not those that its checkpoint was saved with")


@pytest.mark.parametrize("epochs", [[0], [0, 1, 2], [0, 0], [1, 0]])
def test_an_epochs_table_that_is_not_the_checkpoints_is_refused(fit, tmp_path, runs, epochs):
    folder = runs / "run.unfinished"
    rows = [{"epoch": epoch, "loss": 1.0} for epoch in epochs]
    state.save(folder, rows, [pd.DataFrame({"clip": ["a"]})], CONFIG, None, epoch=2)
    refused(fit, folder, "the tables of this state do not hold just the 2 epochs")


def test_a_state_of_another_configuration_is_refused(fit, cut):
    folder = cut()
    with pytest.raises(BadInput, match=r"by a run with another configuration(.|\n)*remove the folder"):
        fit().run(CONFIG | {"seed": 1}, {})
    fit().run(CONFIG, {})
    assert not folder.exists()


def test_a_state_of_the_same_arithmetic_is_gone_on_with(fit, cut, trained, runs):
    cut(TRACES)
    trained.clear()
    fit().run(CONFIG, {}, TRACES)
    assert trained == [2]
    text = (runs / "run" / "traces.json").read_text()
    assert json.loads(text) == TRACES and '\n  "norm of the heads": [3.0]\n' in text


@pytest.mark.parametrize("before", [OTHER, None])
def test_a_state_of_another_arithmetic_is_not_gone_on_with(fit, cut, trained, runs, capsys, before):
    folder = cut(before)
    (kept := runs / "kept").mkdir()
    shutil.copy(folder / "clips.parquet", kept)
    trained.clear()
    fit().run(CONFIG, {}, TRACES)
    said = capsys.readouterr().out
    assert "the code has changed since epoch 2 (" in said and "training starts again" in said
    assert trained == [0, 1, 2] and not folder.exists()
    record = Record(runs / "run")
    assert record.epochs["epoch"].tolist() == [0, 1, 2]
    first = record.clips.query("epoch < 2 and split != 'train'").reset_index(drop=True)
    again = pd.read_parquet(kept / "clips.parquet").query("split != 'train'").reset_index(drop=True)
    assert len(again) and np.array_equal(first["p0"], again["p0"])  # nothing of the old state was in the way


def test_traces_count_only_where_they_are_given(fit, cut, trained, runs):
    cut(OTHER)
    trained.clear()
    fit().run(CONFIG, {})
    assert trained == [2] and not (runs / "run" / "traces.json").exists()


def test_a_removal_that_is_cut_short_leaves_no_state(cut, monkeypatch):
    folder = cut()
    with monkeypatch.context() as patch, pytest.raises(Stop):
        patch.setattr(shutil, "rmtree", lambda *_, **__: (_ for _ in ()).throw(Stop()))
        state.remove(folder)
    assert folder.exists() and state.load(folder, CONFIG) is None
