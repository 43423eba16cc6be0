"""Frozen frame features: what the backbone says, computed once, whole or not there; and heads that learn from them."""

import errno
import warnings

import numpy as np
import pandas as pd
import pytest
import torch

from dfer_nb.data import batches, video
from dfer_nb.data.cache import FrameCache
from dfer_nb.errors import BadInput
from dfer_nb.models.backbones import backbone
from dfer_nb.rdfer import resample
from dfer_nb.request import read_table
from dfer_nb.run import run
from dfer_nb.training import features


@pytest.fixture(scope="module")
def table(tiny) -> pd.DataFrame:
    return read_table("dfew", tiny, 1, scenes=True)[0].head(5)


@pytest.fixture
def frames(table, tmp_path):
    """Decoded frames of five clips, in a folder of their own: no features lie beside them."""
    return batches.cache(table, 48, 8, tmp_path, progress=False)


def fail(*_, **__):
    raise RuntimeError


def test_they_are_the_backbones_output_in_half_precision(frames, table):
    found, net = features.frozen(frames, progress=False), backbone("facenet", "shipped").eval()
    for clip in table["clip"]:
        pixels = torch.tensor(frames.frames(clip)).permute(0, 3, 1, 2) / 255
        with torch.no_grad():
            expected = net(pixels).numpy()
        ours = found.frames(clip)
        assert ours.shape == (len(frames.frames(clip)), net.out_dim) and ours.dtype == np.float16
        np.testing.assert_allclose(ours, expected, rtol=1e-3, atol=1e-4)
        assert np.ptp(ours, axis=0).max() > 0.01  # frames of a clip differ


def test_long_clips_are_computed_in_parts(frames, monkeypatch, table):
    monkeypatch.setattr(features, "AT_ONCE", 3)
    clip, net = table["clip"].iloc[0], backbone("facenet", "shipped").eval()
    pixels = torch.tensor(frames.frames(clip)).permute(0, 3, 1, 2) / 255
    with torch.no_grad():
        parts = features._features(net, frames.frames(clip))
        np.testing.assert_allclose(parts, net(pixels).numpy(), rtol=1e-3, atol=1e-4)
    assert len(pixels) > 3


def test_batches_take_the_chosen_frames(frames, table):
    found = features.frozen(frames, progress=False)
    one, two = table["clip"].head(2)
    taken = found.take([two, one], [np.array([3, 0]), np.array([1, 1])])
    expected = [found.frames(two)[[3, 0]], found.frames(one)[[1, 1]]]
    assert taken.dtype == torch.float32 and np.array_equal(taken.numpy(), np.stack(expected).astype(np.float32))
    assert one in found and "none" not in found and len(found) == len(table)
    (batch,) = batches.loader(found, table, 5, 4, "cpu", train=False)
    expected = found.frames(one)[video.uniform(len(frames.frames(one)), 4)]
    assert len(batch.frames) == 5 and np.array_equal(batch.frames[0].numpy(), expected.astype(np.float32))


def test_read_only_frames_are_read_without_a_warning_and_left_as_they_are(frames, table):
    net, before = backbone("facenet", "shipped").eval(), frames.frames(table["clip"].iloc[0]).copy()
    assert not frames.frames(table["clip"].iloc[0]).flags.writeable
    torch.set_warn_always(True)  # else torch warns once in a process
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("error")
            found = features._features(net, frames.frames(table["clip"].iloc[0]))
            features.frozen(frames, progress=False).take([table["clip"].iloc[0]], [np.array([0])])
    finally:
        torch.set_warn_always(False)
    with torch.no_grad():
        assert np.array_equal(found, features._features(net, before))
    assert np.array_equal(frames.frames(table["clip"].iloc[0]), before)


def test_they_are_computed_once(frames, monkeypatch):
    first = features.frozen(frames, progress=False)
    monkeypatch.setattr(FrameCache, "frames", fail)
    again = features.frozen(frames, progress=False)
    assert again.folder == first.folder and again.folder.parent == frames.folder.parent


def test_other_frames_have_other_features(frames, table, tmp_path):
    others = batches.cache(table, 48, 4, tmp_path, progress=False)
    assert features.frozen(frames, progress=False).folder != features.frozen(others, progress=False).folder


def test_a_computation_that_is_interrupted_leaves_nothing(frames, monkeypatch, tmp_path):
    compute, seen = features._features, []

    def cut(net, pixels):
        seen.append(1)
        return compute(net, pixels) if len(seen) < 3 else fail()

    with monkeypatch.context() as patch, pytest.raises(RuntimeError):
        patch.setattr(features, "_features", cut)
        features.frozen(frames, progress=False)
    assert list(tmp_path.iterdir()) == [frames.folder]

    def half(path, array):
        path.write_bytes(array.tobytes()[:100])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(BadInput, match="the disk is full"):
        patch.setattr(np, "save", half)
        features.frozen(frames, progress=False)
    assert list(tmp_path.iterdir()) == [frames.folder]
    assert features.frozen(frames, progress=False).folder.is_dir()


@pytest.mark.parametrize("name", ["resnet50", "features", "facenett"])
def test_a_backbone_that_does_not_ship(frames, name, tmp_path):
    with pytest.raises(BadInput, match=name):
        features.frozen(frames, name, progress=False)
    assert list(tmp_path.iterdir()) == [frames.folder]


def test_heads_learn_from_them_and_the_same_run_gives_the_same_record(tiny, runs):
    options = {"dataset": "dfew", "root": str(tiny), "scenes": True, "preset": "frozen", "variant": "plain",
               "device": "cpu"}
    first = run(**options, progress=False)
    epochs, clips, summary = first.epochs, first.clips, first.summary  # read before it is replaced
    assert epochs["train_war"].iloc[-1] > 2 * 100 / 7  # twice what guessing gives
    second = run(**options, progress=False, fresh=True)
    pd.testing.assert_frame_equal(second.epochs.drop(columns="seconds"), epochs.drop(columns="seconds"))
    pd.testing.assert_frame_equal(second.clips, clips)
    assert second.summary == summary


def test_frame_features_are_resampled_as_frames_are():
    frames = torch.rand(3, 9, 2, 4, 5)
    mu, delta = torch.tensor([0.1, 0.5, 0.93]), torch.tensor([0.5, 1.3, 0.7])
    expected = resample(frames, mu, delta, 6).flatten(2)
    assert torch.equal(resample(frames.flatten(2), mu, delta, 6), expected)
    assert not torch.equal(expected[:, 0], expected[:, 1])
