"""From names to a record: what a user types, right and wrong."""

import json
import shutil
import subprocess
import sys
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from dfer_nb import datasets, facsimile, files
from dfer_nb.data import decoding, patterns, video
from dfer_nb.data.dataset import Dataset
from dfer_nb.errors import BadInput
from dfer_nb.facsimile import casting, face, trace
from dfer_nb.presets import defaults
from dfer_nb.request import Request, changed_settings, prepare, read_table, record_folder
from dfer_nb.run import find, run, traces
from dfer_nb.trace import differences
from dfer_nb.training import features as training_features
from dfer_nb.viewing.evidence import tables


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"fold": 0}, "no fold 0(.|\n)*1, 2, 3, 4 or 5"),
        ({"fold": 6}, "no fold 6"),
        ({"fold": "1"}, "no fold '1'"),
        ({"dataset": "dfw"}, "no dataset 'dfw'(.|\n)*facsimile-motion(.|\n)*dfew"),
        ({"preset": "big"}, "no preset 'big'"),
        ({"variant": "best"}, "no variant 'best'"),
        ({"dataset": "dfew"}, "dfew needs its folder"),
        ({"device": "tpu"}, "no device 'tpu'"),
        ({"dataset": "dfew", "root": "/nowhere/at/all"}, "/nowhere/at/all"),
        ({"draw": -1}, "draw"),
        ({"seed": -1}, "seed"),
    ],
)
def test_bad_parameters_are_one_clear_error_before_any_work(arguments, message, tmp_path, monkeypatch):
    monkeypatch.setenv("DFER_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("DFER_DATA", str(tmp_path / "data"))
    with pytest.raises(BadInput, match=message):
        run(**arguments)
    assert not list(tmp_path.iterdir())  # nothing was drawn, decoded or trained


def test_the_command_line_says_errors_without_a_traceback(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "dfer_nb.run", "--fold", "7"], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 1 and "there is no fold 7" in done.stderr and "Traceback" not in done.stderr


def test_a_run_that_was_not_run_is_not_found(tiny, runs):
    with pytest.raises(BadInput, match="no finished run record"):
        find(dataset="dfew", root=str(tiny), scenes=True)


def test_facsimile_read_as_dfew_gives_the_same_predictions(tiny, runs, monkeypatch):
    monkeypatch.setattr(facsimile, "make", lambda *_, **__: tiny)  # the tiny one instead of the whole one
    columns = ["clip", "split", "epoch", "label", "prediction", "loss", "agreement"]
    options = {"epochs": 2, "device": "cpu", "progress": False}
    own, dfew = run(dataset="facsimile", **options), run(dataset="dfew", root=str(tiny), scenes=True, **options)
    shared = own.clips[own.clips["split"].isin(["train", "test"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(shared[columns], dfew.clips[columns])
    assert own.truth is not None and dfew.truth is None
    assert set(own.summary["slices"]) == {"clean", *casting.SLICES}
    assert dfew.summary["slices"] == {}


def test_a_clip_that_is_gone_is_listed_and_dropped_only_on_request(tiny, tmp_path, runs):
    broken = shutil.copytree(tiny, tmp_path / "broken")
    table, _ = read_table("dfew", broken, 1, scenes=True)
    gone = table["clip"].iloc[0]
    (broken / "Clip" / "original" / f"{gone}.mp4").unlink()
    with pytest.raises(BadInput, match=f"(?s){gone}.*drop_missing"):
        run(dataset="dfew", root=str(broken), epochs=1, progress=False, scenes=True)
    with pytest.warns(UserWarning, match="1"):
        record = run(dataset="dfew", root=str(broken), epochs=1, progress=False, drop_missing=True, scenes=True)
    assert gone not in set(record.clips["clip"])


class Films(Dataset):
    """A third dataset: nobody but the registry knows of it."""

    name = "films"

    def table(self, folder, fold, reading=None):
        clips = sorted([*folder.glob("*.mp4"), *folder.glob("0*")])
        columns = {"clip": [path.stem for path in clips], "path": [str(path) for path in clips],
                   "n_frames": pd.array([pd.NA] * len(clips), dtype="Int64"), "label": np.arange(len(clips)) % 7,
                   "split": np.where(np.arange(len(clips)) % 5 == fold - 1, "test", "train"), "fold": fold,
                   "source": self.name}
        return pd.DataFrame(columns)

    def sample(self, root, size):
        patterns.write(root, [(n, n % 7, 0) for n in range(20)], 7, size)


@pytest.mark.parametrize("variant", ["", "stopped-early"])
def test_another_dataset_is_trained_on_once_the_registry_has_it(tiny, runs, monkeypatch, variant):
    monkeypatch.setitem(datasets.DATASETS, "films", Films())
    root = str(tiny / "Clip" / "original")
    asked = {"dataset": "films", "root": root, "fold": 2, "preset": "frozen", "variant": variant, "epochs": 2}
    record = run(device="cpu", progress=False, **asked)
    splits = record.clips.query("epoch == 1")["split"].value_counts()
    clips = len(list((tiny / "Clip" / "original").glob("*.mp4")))
    assert splits["test"] == len(range(1, clips, 5)) and splits.sum() == clips and record.truth is None
    assert record.config["dataset"] == "films" and find(device="cpu", **asked) == record.path
    with pytest.raises(BadInput, match="films does not say(.|\n)*facsimile-long"):
        run(**asked | {"variant": "oracle-drop"})


def test_a_record_is_made_again_once_the_code_computes_otherwise(tiny, runs, monkeypatch, capsys):
    asked = {"dataset": "dfew", "root": str(tiny), "preset": "frozen", "epochs": 1, "device": "cpu", "progress": False}
    first = run(**asked)
    made = first.path.stat().st_ino
    assert list(first.traces) == ["training rdfer/dfew/frozen/rdfer", "decoding"]
    assert run(**asked).path.stat().st_ino == made and capsys.readouterr().err == ""
    name, numbers = next(iter(first.traces.items()))
    loss = [1.001 * x for x in numbers["training, epoch 1: loss"]]
    now = first.traces | {name: numbers | {"training, epoch 1: loss": loss}}
    monkeypatch.setattr("dfer_nb.run.traces", lambda request: now)
    again = run(**asked)
    assert again.path == first.path and again.path.stat().st_ino != made and again.traces == now
    assert f"{name}: training, epoch 1: loss" in capsys.readouterr().err
    made = again.path.stat().st_ino
    assert run(**asked).path.stat().st_ino == made


@pytest.mark.parametrize("dataset", ["facsimile-hard", "dfew"])
def test_traces_are_computed_once_for_each_state_of_the_code(runs, monkeypatch, dataset):
    request = Request("rdfer", dataset, root="nowhere", preset="frozen", variant="plain")
    first = traces(request)
    drawn = {f"drawing {dataset}"} - {"drawing dfew"}
    assert set(first) == {f"training rdfer/{dataset}/frozen/plain", "decoding"} | drawn
    monkeypatch.setattr("dfer_nb.run._training_trace", None)  # it would fail
    assert traces(request) == traces(Request(**asdict(request) | {"seed": 3, "fold": 2, "epochs": 5})) == first
    monkeypatch.setattr("dfer_nb.run.CODE", "another state")
    with pytest.raises(TypeError):
        traces(request)
    assert not list(runs.rglob("*partial*"))


def test_code_that_was_edited_after_it_was_loaded_remembers_nothing(runs, monkeypatch):
    request = Request("rdfer", "dfew", root="nowhere", preset="frozen", variant="plain")
    with monkeypatch.context() as edited:
        edited.setattr("dfer_nb.run.is_edited", lambda: True)
        first = traces(request)
        assert first and not list(runs.rglob("*.json"))
    assert differences(first, traces(request)) == [] and list(runs.rglob("*.json"))
    for path in runs.rglob("*.json"):
        path.write_text("{}")
    monkeypatch.setattr("dfer_nb.run.is_edited", lambda: True)
    assert traces(request) == first  # nor is anything believed that was remembered


def test_several_processes_do_not_train_code_that_was_edited(tiny, runs, monkeypatch):
    monkeypatch.setattr("dfer_nb.run.is_edited", lambda: True)
    with pytest.raises(BadInput, match="edited since it was loaded(.|\n)*restart"):
        run(dataset="dfew", root=str(tiny), scenes=True, preset="frozen", devices=2, device="cpu", epochs=1,
            progress=False)


def test_a_record_is_read_where_nothing_can_be_written(tiny, runs, monkeypatch):
    asked = {"dataset": "dfew", "root": str(tiny), "preset": "frozen", "epochs": 1, "device": "cpu", "progress": False}
    record = run(**asked)

    def refuse(*_, **__):
        raise BadInput("the folder cannot be written", runs, "")

    monkeypatch.setattr(files, "alone", refuse)
    assert run(**asked).path == record.path
    with pytest.raises(BadInput, match="cannot be written"):
        run(**asked, fresh=True)


@pytest.mark.parametrize("where", ["frames", "features"])
def test_a_run_made_again_does_not_take_what_older_code_has_made_of_the_clips(tiny, runs, monkeypatch, where, tmp_path):
    """On the same data folder: neither decoded frames nor frozen features outlive the code that made them."""
    monkeypatch.setenv("DFER_DATA", str(tmp_path))
    request = Request(dataset="dfew", root=str(tiny), scenes=True, preset="frozen", epochs=1, device="cpu")
    clip = prepare(request, progress=False).table["clip"][0]
    before = prepare(request, progress=False).frames.frames(clip).copy()
    assert np.array_equal(prepare(request, progress=False).frames.frames(clip), before)
    if where == "frames":
        monkeypatch.setattr(video.cv2, "INTER_AREA", video.cv2.INTER_NEAREST)
        decoding.decoding.cache_clear()
    else:
        kept = training_features._features
        monkeypatch.setattr(training_features, "_features", lambda net, frames: 2 * kept(net, frames))
    after = prepare(request, progress=False).frames.frames(clip)
    decoding.decoding.cache_clear()
    assert not np.allclose(after, before)


def test_traces_of_a_few_states_of_the_code_are_remembered(runs, monkeypatch):
    monkeypatch.setattr("dfer_nb.run._training_trace", lambda *_: {"loss": [1.0]})
    for state in range(8):
        monkeypatch.setattr("dfer_nb.run.CODE", f"state {state}")
        traces(Request("rdfer", "dfew", root="nowhere", preset="frozen", variant="plain"))
    assert sorted(p.name for p in (runs / ".traces").iterdir()) == [f"state {state}" for state in range(3, 8)]


def test_traces_change_nothing_for_who_asks_for_them(runs):
    before = torch.random.get_rng_state()
    request = Request("m3dfel", "dfew", root="nowhere", preset="frozen")
    assert traces(request) and torch.equal(torch.random.get_rng_state(), before)
    assert torch.get_default_dtype() is torch.float32


@pytest.mark.parametrize("kind", ["facsimile-hard", "facsimile"])
def test_a_training_is_traced_on_pixels_that_no_drawing_makes(runs, monkeypatch, kind):
    request = Request("rdfer", kind, preset="frozen", variant="plain")
    first = traces(request)
    drawn = face.draw
    monkeypatch.setattr(face, "draw", lambda *args: drawn(*args) ^ 1 | 2)  # pixels are a grey level or two off
    monkeypatch.setattr("dfer_nb.run.CODE", "another state")
    monkeypatch.setattr("dfer_nb.run._samples", {})
    trace.drawing.cache_clear()
    changed = differences(first, traces(request))
    trace.drawing.cache_clear()
    assert changed and all(word.startswith("drawing") for word in changed)


def test_what_joins_the_settings_moves_no_record_and_makes_none_stale():
    now = Request("m3dfel", "facsimile", device="cpu").config()
    for part, name in (("training", "held_out"), ("model", "feature_norm"), ("method", "smoothing")):
        usual = defaults("m3dfel")[part][name]
        then = json.loads(json.dumps(now))
        then[part].pop(name, None)
        full = now | {part: now[part] | {name: usual}}
        assert changed_settings(then, full) == [] and record_folder(then) == record_folder(full)
        other = now | {part: now[part] | {name: "another"}}
        assert changed_settings(then, other) == [part] and record_folder(other) != record_folder(full)
    assert changed_settings(now, now | {"data": "others"}) == ["data"]
    assert record_folder(now | {"data": "others"}) != record_folder(now)
    assert record_folder(now).parent == files.runs_dir() / "m3dfel" / "facsimile" / "fold1" / "m3dfel"


def test_a_default_that_changed_makes_the_record_stale(tiny, runs, monkeypatch):
    asked = {"dataset": "dfew", "root": str(tiny), "preset": "frozen", "epochs": 1, "device": "cpu", "progress": False}
    record = run(**asked)
    path = record.path / "config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps(config | {"training": config["training"] | {"gamma": 0.5}}))
    made = record.path.stat().st_ino
    assert run(**asked).path.stat().st_ino != made


# The whole default run: a chapter's evidence, and a floor under it.


def test_the_laptop_preset_learns(laptop_record):
    assert laptop_record.summary["slices"]["clean"]["WAR"] > 75
    assert laptop_record.summary["slices"]["clean"]["clips"] >= 700


def test_it_beats_a_logistic_regression_on_mean_frozen_features(laptop_record):
    data = prepare(Request(preset="frozen"), progress=False)
    table = data.table[data.table["split"].isin(["train", "clean"])]
    features = np.stack([data.frames.frames(clip).mean(0, dtype=np.float32) for clip in table["clip"]])
    train = (table["split"] == "train").to_numpy()
    labels = table["label"].to_numpy()
    baseline = LogisticRegression(max_iter=2000).fit(features[train], labels[train])
    baseline_war = 100 * baseline.score(features[~train], labels[~train])
    assert 30 < baseline_war < laptop_record.summary["slices"]["clean"]["WAR"]


def test_a_dataset_of_eleven_classes_is_trained_on_with_eleven(runs, tmp_path):
    mafw = datasets.dataset("mafw")
    mafw.sample(tmp_path / "mafw", 48)
    record = run(dataset="mafw", root=str(tmp_path / "mafw"), preset="frozen", epochs=1, device="cpu", progress=False)
    assert record.classes == mafw.classes and record.config["model"]["num_classes"] == 11
    assert [name for name in record.clips if name[0] == "p" and name[1:].isdigit()] == [f"p{k}" for k in range(11)]
    assert record.clips["label"].max() == 10
    read = record.environment["read"]
    assert (read["kind"], read["folder"], read["clips"]) == ("frames, a folder a clip", "data/frames", 20)
    table = tables.metrics(record).frame
    assert tuple(table.index) == (*mafw.classes, "UAR", "WAR")


def test_broken_clips_are_left_out_by_choice_and_the_record_says_which(runs, tmp_path):
    root = tmp_path / "dfew"
    datasets.dataset("dfew").sample(root, 24)
    for path in (root / "Clip/clip_224x224/00002").iterdir():
        path.unlink()
    asked = {"dataset": "dfew", "root": str(root), "preset": "frozen", "epochs": 1, "device": "cpu", "progress": False}
    with pytest.raises(BadInput, match="1 of 20 clips cannot be read(.|\n)*drop_broken=True"):
        run(**asked)
    with pytest.warns(UserWarning, match="1 of 20 clips cannot be read and are left out: 2"):
        record = run(**asked, drop_broken="true")
    assert "2" not in set(record.clips["clip"]) and record.config["drop_broken"] is True
    assert "holds no images" in record.environment["read"]["left_out"]["broken"]["2"]
