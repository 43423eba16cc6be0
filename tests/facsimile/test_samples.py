"""The sample: what reading a small drawn dataset would give, with every trouble, in memory."""

import numpy as np
import pandas as pd
import pytest

from dfer_nb import datasets, facsimile
from dfer_nb.data import batches, cache
from dfer_nb.facsimile import face, samples


def test_it_is_what_a_drawn_folder_would_give(tmp_path):
    root = facsimile.make("facsimile", samples.DRAW, tmp_path, progress=False, jobs=1, **samples.SIZES)
    kind = datasets.dataset("facsimile")
    sample, table = samples.sample("facsimile", tmp_path / "sample", 16), kind.table(root, samples.FOLD)
    pd.testing.assert_frame_equal(sample.table, table.assign(path=""))
    pd.testing.assert_frame_equal(sample.truth, kind.truth(root))
    decoded = batches.cache(table, 48, 16, tmp_path / "cache", progress=False)
    assert sample.frames.n_frames.sort_index().equals(decoded.n_frames.sort_index())
    off = [np.abs(sample.frames.frames(clip).astype(float) - decoded.frames(clip)).mean() for clip in table["clip"]]
    assert max(off) < 15  # the files are compressed, and drawn larger: their lines and grain are finer


@pytest.mark.parametrize("kind", facsimile.KINDS)
def test_its_training_clips_have_every_trouble(kind, tmp_path):
    sample = samples.sample(kind, tmp_path, 16)
    splits = sample.table["split"].value_counts()
    assert (splits["train"], splits["test"], len(splits)) == (16, 4, 7) and len(sample.truth) == len(sample.table)
    clips = sample.truth[sample.truth["clip"].isin(sample.table.query("split == 'train'")["clip"])]
    if kind == "facsimile-motion":  # half of its few clips bear no such trouble
        assert (clips["motion_cue"] != "").sum() >= 4
        return
    assert set(clips["wrong_kind"]) == {"", "low intensity to neutral", "run of one label", "confusion"}
    assert set(clips["hard_why"]) == {"", "low intensity", "two expressions"}
    assert clips["short_apex"].sum() >= 2 and clips["low_quality"].sum() >= 2
    assert clips["irrelevant_kind"].nunique() >= 4 and clips["identity"].nunique() == 8
    labels = sample.table.query("split == 'train'").set_index("clip")["label"]
    assert (labels == clips.set_index("clip")["given_label"]).all()


def test_it_is_drawn_once_for_each_number_of_frames(tmp_path, monkeypatch):
    samples._drawn.cache_clear()
    many = samples.sample("facsimile", tmp_path / "many", 32, size=24)
    few = samples.sample("facsimile", tmp_path / "few", 8, size=24)
    monkeypatch.setattr(face, "draw", lambda *_: pytest.fail("drawn again"))
    again = samples.sample("facsimile", tmp_path / "again", 8, size=24)
    for clip in few.table["clip"]:
        np.testing.assert_array_equal(few.frames.frames(clip), many.frames.frames(clip)[cache.kept(32, 8)])
        np.testing.assert_array_equal(few.frames.frames(clip), again.frames.frames(clip))
    assert set(few.frames.index["video_frames"]) == {32} and few.frames.size == 24


def test_what_a_caller_does_to_it_is_forgotten(tmp_path):
    sample = samples.sample("facsimile", tmp_path / "one", 8, size=24)
    sample.truth["wrong_label"] = False
    sample.table["label"] = 0
    again = samples.sample("facsimile", tmp_path / "two", 8, size=24)
    assert again.truth["wrong_label"].any() and again.table["label"].nunique() > 3
