"""Runs that are killed (SIGKILL) at every bad moment, and started again: the record is the same, bit for bit."""

import os
import signal
import time
from pathlib import Path

import killed
import pandas as pd
import pytest
import torch

from dfer_nb.training.record import Record, load_checkpoint

# The place, and the epochs (from 0) that are trained after it. The last of three needs what the method remembers.
PLACES = {
    "between_two_steps": [2],
    "in_the_checkpoint": [2],
    "between_the_renames": [1, 2],
    "in_the_record": [],
    "before_the_tidying": [],
}


@pytest.fixture(scope="module")
def start(tiny, tmp_path_factory):
    """Starts a run in a process of its own; frames and features are shared."""
    data = tmp_path_factory.mktemp("data")
    return lambda runs, variant, place="": killed.start(tiny, runs, data, variant, place)


def finished(start, runs: Path, variant: str) -> Record:
    """The record that a process makes which nobody kills."""
    process = start(runs, variant)
    process.join()
    assert process.exitcode == 0
    (summary,) = runs.rglob("summary.json")
    return Record(summary.parent)


@pytest.fixture(scope="module")
def whole(start, tmp_path_factory):
    """The record of a variant that was never killed."""
    made = {}
    for variant in ("epoch-ranks", "stopped-early"):
        runs = tmp_path_factory.mktemp(variant) / "runs"
        made[variant] = finished(start, runs, variant)
        assert (runs.parent / "trained").read_text().split() == ["0", "1", "2"]
    return made


def assert_same(one: Record, other: Record) -> None:
    pd.testing.assert_frame_equal(one.epochs.drop(columns="seconds"), other.epochs.drop(columns="seconds"))
    pd.testing.assert_frame_equal(one.clips, other.clips)
    files = ("summary.json", "config.json", "truth.parquet")
    assert all((one.path / name).read_bytes() == (other.path / name).read_bytes() for name in files)
    weights, same = (load_checkpoint(record.path / "checkpoint.pt")["model"] for record in (one, other))
    assert weights.keys() == same.keys() and all(torch.equal(weights[name], same[name]) for name in weights)


def goes_on(start, runs: Path, variant: str, whole: Record) -> list[int]:
    """Starts a killed run again, compares its record, and returns the epochs that were still trained."""
    (runs.parent / "trained").unlink()
    record = finished(start, runs, variant)
    assert record.path.name == whole.path.name
    assert_same(record, whole)
    assert [path.name for path in record.path.parent.iterdir()] == [record.path.name]  # no state, nothing half-written
    trained = runs.parent / "trained"
    return [int(epoch) for epoch in trained.read_text().split()] if trained.exists() else []


def test_the_variants_are_worth_the_test(whole):
    """One whose method remembers the last epoch; one whose best weights are part of the state."""
    weight = whole["epoch-ranks"].clips.query("split == 'train' and epoch == 2")["weight"]
    assert set(weight) == {0.0, 1.0, 1.5}
    assert whole["stopped-early"].summary["rule"] == "best epoch on held-out training clips"


@pytest.mark.parametrize(
    ("variant", "place"),
    [*(("epoch-ranks", place) for place in PLACES),
     ("stopped-early", "in_the_checkpoint"), ("stopped-early", "in_the_record")],
)
def test_a_killed_run_goes_on_and_ends_with_the_same_record(start, whole, tmp_path, variant, place):
    runs = tmp_path / "runs"
    process = start(runs, variant, place)
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert list(runs.rglob("*unfinished*"))  # what a tidier end would not have left
    assert goes_on(start, runs, variant, whole[variant]) == PLACES[place]


def test_a_run_killed_from_outside_at_any_moment_goes_on(start, whole, tmp_path):
    runs = tmp_path / "runs"
    process = start(runs, "epoch-ranks", "slowly")
    while not list(runs.glob("rdfer/facsimile/fold1/epoch-ranks/*.unfinished")):
        assert process.is_alive()
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert 0 not in goes_on(start, runs, "epoch-ranks", whole["epoch-ranks"])


def test_a_run_that_another_process_is_at_is_waited_for(start, whole, tmp_path):
    runs = tmp_path / "runs"
    first = start(runs, "epoch-ranks", "slowly")
    while not list(runs.glob("rdfer/facsimile/fold1/epoch-ranks/*.unfinished")):
        assert first.is_alive()
        time.sleep(0.005)
    assert_same(finished(start, runs, "epoch-ranks"), whole["epoch-ranks"])
    first.join()
    assert first.exitcode == 0 and (runs.parent / "trained").read_text().split() == ["0", "1", "2"]


def test_a_run_killed_twice_goes_on(start, whole, tmp_path):
    runs = tmp_path / "runs"
    for place in ("between_two_steps", "between_the_renames"):
        process = start(runs, "epoch-ranks", place)
        process.join()
        assert process.exitcode == -signal.SIGKILL
    assert goes_on(start, runs, "epoch-ranks", whole["epoch-ranks"]) == [2]


def test_a_whole_network_goes_on_as_well(tiny, tmp_path):
    """Frames, augmentation, a backbone that learns and the processor's own precision, instead of frozen features."""

    def begin(runs, variant, place=""):
        runs.parent.mkdir(exist_ok=True)
        return killed.start(tiny, runs, tmp_path / "data", variant, place, preset="laptop")

    whole = finished(begin, tmp_path / "whole" / "runs", "rdfer")
    runs = tmp_path / "killed" / "runs"
    process = begin(runs, "rdfer", "between_two_steps")
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert goes_on(begin, runs, "rdfer", whole) == [2]
