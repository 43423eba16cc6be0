"""A trained network shown its clips again."""

import contextlib

import numpy as np
import pytest
import torch

from dfer_nb.data import batches
from dfer_nb.errors import BadInput
from dfer_nb.presets import PAPERS, build, plan, variants
from dfer_nb.request import Request, prepare
from dfer_nb.run import add_features, run
from dfer_nb.training.keeping import keep
from dfer_nb.training.replay import features
from dfer_nb.training.results import kept


@pytest.fixture(scope="module")
def request_(tiny):
    return Request("m3dfel", dataset="dfew", root=str(tiny), scenes=True, preset="frozen", epochs=1, threads=1)


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
    keep([(first, "slim")])
    assert kept("m3dfel")[0].features is None
    keep([(first, "features")])
    assert same(kept("m3dfel")[0].features, first.features)


def test_a_record_without_weights_is_refused(request_, record):
    (record.path / "checkpoint.pt").unlink()
    chosen = request_.plan()
    with pytest.raises(BadInput, match="there is no checkpoint"):
        features(record, build("m3dfel", chosen)[0], prepare(request_, progress=False), chosen.training)


def test_training_clips_that_the_method_does_not_tell_apart_are_not_kept(record, tmp_path, monkeypatch):
    monkeypatch.setenv("DFER_RESULTS", str(tmp_path))
    keep([(record, "whole")])
    whole, test = kept("m3dfel")[0].clips, record.clips[record.clips["split"] != "train"]
    assert len(whole) == len(test) < len(record.clips) and set(whole) == set(test)
    assert np.allclose(whole["p0"], test["p0"], atol=5e-4)
    keep([(record, "slim")])
    assert set(kept("m3dfel")[0].clips) == {"split", "clip", "label", "prediction"}


def networks(paper: str) -> dict[str, tuple]:
    """Every different network of a paper's variants at the sizes of two presets: a name for it, and its plan."""
    plans = {}
    for preset in ("frozen", "laptop"):
        for variant in variants(paper):
            with contextlib.suppress(BadInput):  # a network of its own, where there are no frames
                plans[f"{variant}, {preset}"] = plan(paper, preset, variant)
    once = {str((chosen.model, chosen.training.features)): name for name, chosen in reversed(plans.items())}
    return {name: plans[name] for name in once.values()}


@pytest.mark.parametrize("paper", PAPERS)
def test_every_network_has_features_to_be_kept(paper):
    chosen = networks(paper)
    assert len(chosen) > 10
    for name, own in chosen.items():
        model, _ = build(paper, own)
        shape = (128,) if own.training.features else (3, own.training.size, own.training.size)
        with torch.no_grad():
            output = model.eval()(torch.rand(2, own.training.max_frames, *shape))
        assert output["logits"].shape == (2, 7), name
        assert output["features"].shape == (2, model.classifier.in_features), name


def test_features_of_rdfer_are_kept_too(tiny, runs):
    asked = Request("rdfer", dataset="dfew", root=str(tiny), scenes=True, preset="frozen", epochs=1, threads=1)
    settings = {name: getattr(asked, name) for name in ("dataset", "root", "preset", "epochs", "threads")}
    record = add_features(asked, run("rdfer", progress=False, **settings))
    assert sorted(record.features["clip"]) == sorted(record.clips.query("split == 'test'")["clip"])
    assert np.stack(record.features["features"]).shape[1] == build("rdfer", asked.plan())[0].classifier.in_features
