"""A trained network shown its clips again."""

import numpy as np
import pytest
import torch

from dfer_nb.data import batches
from dfer_nb.errors import BadInput
from dfer_nb.presets import build
from dfer_nb.run import Request, add_features, prepare, run
from dfer_nb.training.record import Record, keep
from dfer_nb.training.replay import features


@pytest.fixture(scope="module")
def request_(tiny):
    return Request("m3dfel", dataset="dfew", root=str(tiny), preset="frozen", epochs=1, threads=1)


@pytest.fixture
def record(request_, runs):
    settings = {name: getattr(request_, name) for name in ("dataset", "root", "preset", "epochs", "threads")}
    return run("m3dfel", progress=False, **settings)


def same(one, other) -> bool:
    return one["clip"].equals(other["clip"]) and np.array_equal(np.stack(one["features"]), np.stack(other["features"]))


def test_features_are_those_that_the_record_was_evaluated_with(request_, record):
    found = add_features(request_, record).features
    test = record.clips[(record.clips["split"] == "test") & (record.clips["epoch"] == 0)].set_index("clip")
    assert sorted(found["clip"]) == sorted(test.index)
    model, _ = build("m3dfel", request_.plan())
    record.load_weights(model)
    stacked = np.stack(found["features"])
    vectors = torch.from_numpy(stacked.astype(np.float32))
    assert stacked.dtype == np.float16 and vectors.shape[1] == model.classifier.in_features
    again = model.classifier(vectors).argmax(1).numpy()
    assert (again == test.loc[found["clip"], "prediction"]).mean() > 0.95  # half precision may turn a close one


def test_they_are_computed_once_and_kept_only_with_a_whole_record(request_, record, tmp_path, monkeypatch):
    monkeypatch.setenv("DFER_RESULTS", str(tmp_path))
    first = add_features(request_, record)
    monkeypatch.setattr(batches, "cache", lambda *args, **kwargs: pytest.fail("computed again"))
    assert same(add_features(request_, first).features, first.features)
    assert Record(keep(first, slim=True)).features is None
    assert same(Record(keep(first)).features, first.features)


def test_a_record_without_weights_is_refused(request_, record):
    (record.path / "checkpoint.pt").unlink()
    chosen = request_.plan()
    with pytest.raises(BadInput, match="there is no checkpoint"):
        features(record, build("m3dfel", chosen)[0], prepare(request_, progress=False), chosen.training)


def test_training_clips_that_the_method_does_not_tell_apart_are_not_kept(record, tmp_path, monkeypatch):
    monkeypatch.setenv("DFER_RESULTS", str(tmp_path))
    whole = Record(keep(record)).clips
    test = record.clips[record.clips["split"] != "train"]
    assert len(whole) == len(test) < len(record.clips) and list(whole) == list(test)
    assert np.allclose(whole["p0"], test["p0"], atol=5e-4) and (whole["p0"] * 1000 % 1 < 1e-3).mean() > 0.9
    assert list(Record(keep(record, slim=True)).clips) == ["split", "clip", "label", "prediction"]
