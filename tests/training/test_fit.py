"""The training loop on a handful of drawn clips: repeatable, resumable, and whole or not there."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from dfer_nb.errors import BadInput
from dfer_nb.run import find, run
from dfer_nb.training import fit
from dfer_nb.training.keeping import keep
from dfer_nb.training.record import Record
from dfer_nb.training.results import kept

TIMES = ["seconds"]


def train(root, **changes) -> Record:
    usual = {"dataset": "dfew", "root": str(root), "scenes": True, "epochs": 3, "device": "cpu", "progress": False}
    return run(**usual | changes)


def assert_same(one: Record, other: Record) -> None:
    pd.testing.assert_frame_equal(one.epochs.drop(columns=TIMES), other.epochs.drop(columns=TIMES))
    pd.testing.assert_frame_equal(one.clips, other.clips)
    assert one.summary == other.summary


def test_the_same_run_twice_gives_the_same_record(tiny, runs):
    first = train(tiny)
    with_times = first.epochs, first.clips, first.summary  # read before it is replaced
    second = train(tiny, fresh=True)
    assert second.path == first.path and len(with_times[0]) == 3
    assert_same(first, second)
    assert not list(runs.rglob("*.unfinished"))


def test_a_finished_run_is_not_run_again(tiny, runs, monkeypatch):
    first = train(tiny)
    monkeypatch.setattr(fit.Fit, "run", lambda *_: pytest.fail("trained again"))
    assert train(tiny).path == first.path == find(dataset="dfew", root=str(tiny), scenes=True, epochs=3)


def test_seed_and_variant_have_their_own_records(tiny, runs):
    paths = {train(tiny, epochs=1, **change).path for change in ({}, {"seed": 1}, {"variant": "plain"})}
    assert len(paths) == 3


class Stop(Exception):
    """Stands for a power cut."""


def test_a_run_cut_short_goes_on_where_it_was(tiny, runs, monkeypatch):
    whole = train(tiny, variant="epoch-ranks")
    clips, epochs, summary = whole.clips, whole.epochs, whole.summary
    shutil.rmtree(runs)
    original = fit.Fit.train_step

    def cut(self, batch, step, steps):
        if self.epoch == 2 and step == 0:
            raise Stop
        return original(self, batch, step, steps)

    with monkeypatch.context() as patch:
        patch.setattr(fit.Fit, "train_step", cut)
        with pytest.raises(Stop):
            train(tiny, variant="epoch-ranks")
    trained = []
    monkeypatch.setattr(fit.Fit, "train_step", lambda self, *a: trained.append(self.epoch) or original(self, *a))
    resumed = train(tiny, variant="epoch-ranks")
    assert set(trained) == {2}
    pd.testing.assert_frame_equal(resumed.clips, clips)
    pd.testing.assert_frame_equal(resumed.epochs.drop(columns=TIMES), epochs.drop(columns=TIMES))
    assert resumed.summary == summary


@pytest.mark.parametrize("at", ["checkpoint.pt", "summary.json"])
def test_a_disk_that_fills_while_a_record_is_written_leaves_none(tiny, runs, monkeypatch, at):
    def filling(write):
        def full(path, *arguments, **options):
            if path.name == at:
                raise OSError(28, "No space left on device")
            return write(path, *arguments, **options)

        return full

    with monkeypatch.context() as patch:
        for name in ("write_bytes", "write_text"):
            patch.setattr(Path, name, filling(getattr(Path, name)))
        with pytest.raises(BadInput, match="the disk is full"):
            train(tiny, epochs=2)
    assert not list(runs.rglob("summary.json")) and not list(runs.rglob(".*partial*"))
    assert train(tiny, epochs=2).summary["reported"]["epoch"] == 2


def test_a_fresh_run_that_fails_keeps_the_old_record(tiny, runs, monkeypatch):
    old = train(tiny, epochs=1)
    with monkeypatch.context() as patch:
        patch.setattr(fit.Fit, "train_step", lambda *_: (_ for _ in ()).throw(Stop()))
        with pytest.raises(Stop):
            train(tiny, epochs=1, fresh=True)
    assert Record(old.path).summary == old.summary


def test_a_broken_state_of_an_unfinished_run_is_one_clear_error(tiny, runs):
    record = train(tiny, epochs=2)
    broken = record.path.with_name(record.path.name + ".unfinished")
    broken.mkdir()
    (broken / "checkpoint.pt").write_bytes(b"not a checkpoint")
    shutil.rmtree(record.path)
    with pytest.raises(BadInput, match=r"remove the file to train again"):
        train(tiny, epochs=2)
    assert train(tiny, epochs=2, fresh=True).path == record.path


def test_a_gradient_that_is_not_finite_stops_the_run(tiny, runs, monkeypatch):
    from dfer_nb.rdfer import AgreementReweighting

    monkeypatch.setattr(
        AgreementReweighting, "auxiliary", lambda self, output, batch: output["logits"].sum() * float("nan")
    )
    with pytest.raises(FloatingPointError, match=r"epoch 1, step 1 of"):
        train(tiny)
    assert not list(runs.rglob("summary.json"))


def test_the_record_says_what_happened(tiny, runs):
    record = train(tiny)
    assert set(record.clips["split"]) == {"train", "test"} and set(record.clips["epoch"]) == {0, 1, 2}
    probabilities = record.clips[[f"p{c}" for c in range(7)]].to_numpy()
    assert np.allclose(probabilities.sum(1), 1, atol=1e-4)
    assert (record.clips["prediction"] == probabilities.argmax(1)).all()
    last = record.clips[(record.clips["split"] == "test") & (record.clips["epoch"] == 2)]
    assert record.summary["reported"]["WAR"] == pytest.approx(100 * (last["label"] == last["prediction"]).mean())
    assert record.summary["best_on_test"]["WAR"] == pytest.approx(record.epochs["test_war"].max())
    train_rows = record.clips[record.clips["split"] == "train"]
    assert set(train_rows["weight"].round(1)) <= {0.0, 1.0, 1.5} and (train_rows["weight"] == 0).any()
    votes = last[["s0", "s1", "s2", "s3"]].to_numpy()
    most = [np.bincount(row).max() / 4 for row in votes]
    assert np.allclose(last["agreement"], most)
    assert record.environment["device"] == "cpu" and record.config["training"]["epochs"] == 3


def test_weights_of_a_record_give_its_predictions(tiny, runs):
    from dfer_nb.data.video import read_frames
    from dfer_nb.presets import build, plan

    record = train(tiny, epochs=1)
    model, _ = build("rdfer", plan("rdfer", dataset="dfew", epochs=1))
    record.load_weights(model)
    row = record.clips[record.clips["split"] == "test"].iloc[0]
    frames = torch.from_numpy(read_frames(Path(tiny) / "Clip" / "original" / f"{row['clip']}.mp4", size=48))
    with torch.no_grad():
        logits = model.eval()(frames.permute(0, 3, 1, 2)[None].float() / 255)["logits"]
    assert torch.allclose(
        logits.softmax(1)[0], torch.tensor(row[[f"p{c}" for c in range(7)]].to_numpy(float)).float(), atol=1e-3
    )


def test_a_record_is_kept_and_found_again(tiny, runs, tmp_path, monkeypatch):
    monkeypatch.setenv("DFER_RESULTS", str(tmp_path / "results"))
    record = train(tiny)
    keep([(record, "whole")])
    (found,) = kept("rdfer", variant="rdfer")
    assert found.summary == record.summary and set(found.clips["epoch"]) == {2}
    assert found.config == record.config and found.traces == record.traces != {}
    assert kept("rdfer", variant="flat") == []
