"""Keeping runs: what of a record is kept, which files are written, and tables that are whole whatever comes between."""

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import records
from records import TRACES, config, contents, reported, state

from dfer_nb.training import results
from dfer_nb.training.keeping import OF_ALL, PURIFIED, SLIM, forget, keep
from dfer_nb.training.record import OVER_EPOCHS
from dfer_nb.training.results import kept, kept_run, kept_truth


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch) -> Path:
    """Empty folders; returns that for results."""
    records.empty(tmp_path, monkeypatch)
    return tmp_path / "results"


# What is kept


def test_a_slim_run_holds_what_comparisons_need():
    record = records.write(config(), features=True)
    keep([(record, "slim")])
    (run,) = kept("rdfer")
    whole = reported(record)
    names = [name for name in SLIM if name in whole]  # nothing is decided here, or pruned
    assert list(run.clips) == names == [n for n in SLIM if n != "unfiltered"]
    assert run.features is None and run.history is None and run.keep == "slim"
    train = run.clips["split"] == "train"
    assert run.clips.loc[~train, ["loss", "agreement", "weight"]].isna().all(axis=None)
    pd.testing.assert_frame_equal(run.clips[train], whole.loc[whole["split"] == "train", names])  # not rounded


def test_a_slim_run_that_prunes_says_of_training_clips_what_became_of_them():
    record = records.write(config(), kept=1.0, corrected_to=3.0, score=0.25)
    keep([(record, "slim")])
    (run,) = kept("rdfer")
    assert list(run.clips) == [name for name in (*OF_ALL, *PURIFIED) if name != "unfiltered"]
    train = run.clips["split"] == "train"
    assert (run.clips.loc[train, ["kept", "corrected_to"]] == [1, 3]).all(axis=None)
    assert run.clips.loc[~train, ["kept", "corrected_to"]].isna().all(axis=None)


@pytest.mark.parametrize("how", ["slim", "whole"])
def test_training_clips_are_kept_over_all_epochs_where_that_is_asked(how, folders, tmp_path, monkeypatch):
    record = records.write(config(), sample_weight=1 / 3)
    keep([(record, how, True), (records.write(config(variant="plain")), how)])
    run, plain = kept_run(results.called(record.config)), kept("rdfer", variant="plain")[0]
    assert plain.history is None and run.keep == how
    there = [name for name in OVER_EPOCHS if name in record.clips]
    assert list(run.history) == there and set(OVER_EPOCHS) - set(there) == {"kept", "corrected_to"}
    pd.testing.assert_frame_equal(run.history, record.history.reset_index(drop=True).round(2))
    assert len(run.history) == 24 and (run.history["sample_weight"].round(6) == 0.33).all()  # of two epochs
    keep([(records.write(config(seed=1)), "slim")])  # another run of theirs: nothing is lost when tables are rewritten
    assert len(kept_run(run.name).history) == 24
    monkeypatch.setenv("DFER_RESULTS", str(tmp_path / "here"))
    keep([(old, how, True) for old in kept("rdfer", folders)])  # … nor elsewhere
    assert contents(tmp_path / "here") == contents(folders)


@pytest.mark.parametrize(("agreement", "weight", "there"), [(True, 1.0, True), (False, 1.0, False), (False, 0.0, True)])
def test_training_clips_are_kept_where_the_method_tells_them_apart(agreement, weight, there):
    weights = np.where(np.arange(40) % 20 < 12, weight, np.nan)
    keep([(records.write(config(), agreement=agreement, weight=weights), "whole")])
    (run,) = kept("rdfer")
    assert ("train" in set(run.clips["split"])) == there


def test_a_slim_run_of_frozen_features_holds_no_training_clips():
    keep([(records.write(config(preset="frozen")), "slim")])
    (run,) = kept("rdfer")
    assert list(run.clips) == ["split", "clip", "label", "prediction"] and set(run.clips["split"]) == {"test"}


def test_features_that_are_not_there_leave_a_whole_run():
    keep([(records.write(config()), "features")])
    assert kept("rdfer")[0].keep == "whole"


# The tables


def test_a_run_made_again_changes_its_own_line_and_no_file_that_says_the_same(folders):
    asked = [config(variant=variant, seed=seed) for variant in ("flat", "plain") for seed in (0, 1)]
    keep([(records.write(each), "slim") for each in asked])
    keep([(records.write(config(dataset="facsimile")), "slim")])
    before = state(folders)
    keep([(records.write(each), "slim") for each in asked])
    assert state(folders) == before  # nothing was written
    again = records.write(asked[2] | {"data": "another"}, environment={"commit": "fedcba987654"})
    keep([(again, "slim")])  # with another hash, and other numbers in neither table
    after = state(folders)
    changed = [name for name in after if after[name] != before.get(name)]
    assert changed == ["rdfer/facsimile-hard/laptop/runs.jsonl"] and after.keys() == before.keys()
    old, new = (files_[changed[0]][0].decode().splitlines() for files_ in (before, after))
    assert [i for i, (a, b) in enumerate(zip(old, new, strict=True)) if a != b] == [3]
    assert kept_run(results.called(again.config)).environment == {"commit": "fedcba987654"}


def test_the_truth_is_kept_once_and_written_when_it_changes(folders):
    truth = pd.DataFrame({"clip": ["00", "01"], "true_label": [3, 4]})
    keep([(records.write(config(seed=seed), truth=truth), "slim") for seed in (0, 1)])
    before = state(folders)["truth/facsimile-hard-draw0.parquet"]
    keep([(records.write(config(seed=2), truth=truth), "slim")])
    assert state(folders)["truth/facsimile-hard-draw0.parquet"] == before
    run = kept("rdfer")[2]
    run.truth["true_label"] = 0  # a reader's own copy
    assert list(kept("rdfer")[0].truth["true_label"]) == [3, 4]
    keep([(records.write(config(seed=2), truth=truth.assign(true_label=5)), "slim")])
    assert list(kept("rdfer")[0].truth["true_label"]) == [5, 5]
    assert kept_truth(config()) == folders / "truth" / "facsimile-hard-draw0.parquet"


def test_a_run_that_is_kept_elsewhere_is_kept_as_it_is_there(folders, tmp_path, monkeypatch):
    truth = pd.DataFrame({"clip": ["00"], "true_label": [3]})
    keep([(records.write(config(), truth=truth), "whole")])
    monkeypatch.setenv("DFER_RESULTS", str(tmp_path / "here"))
    assert kept("rdfer") == []
    keep([(run, "slim") for run in kept("rdfer", folders)])
    assert contents(tmp_path / "here") == contents(folders)


def test_a_run_can_be_taken_out_again(folders):
    keep([(records.write(config(seed=seed)), "slim") for seed in (0, 1)])
    forget("rdfer/facsimile-hard/laptop/rdfer/fold1/draw0/seed0")
    assert [run.config["seed"] for run in kept("rdfer")] == [1]
    table = pd.read_parquet(results.place("rdfer/facsimile-hard/laptop") / "clips.parquet")
    assert set(table["run"]) == {"rdfer/facsimile-hard/laptop/rdfer/fold1/draw0/seed1"}
    forget("rdfer/facsimile-hard/laptop/rdfer/fold1/draw0/seed1")
    assert kept("rdfer") == [] and list(state(folders)) == []


def test_traces_are_kept_once_each_and_dropped_with_their_last_run(folders):
    near = {"training": {"loss": [1.5, 0.25 * (1 + 1e-9)], "rates": [0.1, 0.2]}}
    far = {"training": {"loss": [1.5, 0.26], "rates": [0.1, 0.2]}, "drawing": {"cells": [[1, 2], [3, 4]]}}
    keep([(records.write(config(seed=seed), traces=traces), "slim") for seed, traces in enumerate((TRACES, near, far))])
    runs = kept("rdfer")
    assert runs[0].trace_ids == runs[1].trace_ids and runs[1].traces == TRACES and runs[2].traces == far
    path = folders / "rdfer" / "traces.json"
    content = json.loads(path.read_text())
    assert len(content) == 3 and content[runs[0].trace_ids["training"]] == {"name": "training"} | TRACES["training"]
    assert ' "loss": [1.5, 0.25],\n' in path.read_text()
    keep([(records.write(config(seed=2), traces=near), "slim")])
    assert list(json.loads(path.read_text())) == list(runs[0].trace_ids.values())
    keep([(records.write(config(seed=seed), traces=None), "slim") for seed in range(3)])
    assert not path.exists() and kept("rdfer")[0].traces == {}


# Kills


def test_a_run_that_a_process_is_at_is_kept_without_waiting_for_it():
    folder = records.write(config()).path
    state = folder.with_name(folder.name + ".unfinished")
    state.mkdir()
    code = ("import sys, time\nfrom dfer_nb import files\n"
            "with files.alone(sys.argv[1]):\n    print('in', flush=True)\n    time.sleep(60)\n")
    training = subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True)
    try:
        assert training.stdout.readline() == "in\n"
        gathering = threading.Thread(target=keep, args=([(results.Record(folder), "slim")],), daemon=True)
        gathering.start()
        gathering.join(20)
        assert not gathering.is_alive() and len(kept("rdfer")) == 1 and state.exists()
    finally:
        training.kill()
        training.wait()
        training.stdout.close()
    keep([(results.Record(folder), "slim")])
    assert list(folder.parent.iterdir()) == [folder]


class Killed(BaseException):
    """Stands for a kill -9: nothing is tidied after it."""


@pytest.fixture
def killed_at(monkeypatch):
    """Calls a function and stops it before the n-th time that it renames or removes something; returns whether so."""
    def call(moment: int, function) -> bool:
        done = [0]

        def deadly(original):
            def act(*arguments, **options):
                done[0] += 1
                if done[0] == moment:
                    raise Killed
                return None if done[0] > moment else original(*arguments, **options)  # the dead tidy nothing
            return act

        with monkeypatch.context() as patch:
            for owner, name in ((Path, "rename"), (Path, "unlink"), (os, "replace"), (shutil, "rmtree")):
                patch.setattr(owner, name, deadly(getattr(owner, name)))
            try:
                function()
            except Killed:
                return True
        return False

    return call


@pytest.mark.parametrize("read_first", [True, False], ids=["read first", "written at once"])
def test_a_kill_at_any_moment_leaves_the_old_or_the_new_state_and_the_next_start_ends_with_the_new(
        folders, tmp_path, killed_at, read_first):
    truth = pd.DataFrame({"clip": ["00"], "true_label": [3]})
    far = {"training": {"loss": [9.0, 9.0], "rates": [0.1, 0.2]}}
    keep([(records.write(config(seed=0), truth=truth), "slim")])
    shutil.copytree(folders, tmp_path / "old")
    new = [records.write(config(seed=1), traces=far, truth=truth.assign(true_label=4)),
           records.write(config(seed=0), traces=far), records.write(config(preset="frozen"), traces=far)]
    keep([(record, "whole") for record in new])
    ends = contents(folders)
    for moment in range(1, 100):
        shutil.rmtree(folders)
        shutil.copytree(tmp_path / "old", folders)
        if not killed_at(moment, lambda: keep([(record, "whole") for record in new])):
            break
        if read_first:
            runs = kept("rdfer", preset="laptop")
            assert [(run.config["seed"], run.keep) for run in runs] in ([(0, "slim")], [(0, "whole"), (1, "whole")])
            for run in kept("rdfer"):
                assert len(run.clips) and len(run.epochs) and run.traces and len(run.truth)
        keep([(record, "whole") for record in new])
        assert contents(folders) == ends
        assert not [path for path in folders.rglob(".*")]
    assert moment > 8
