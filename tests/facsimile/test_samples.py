"""The sample: lists and truth of a small drawn dataset, with every trouble, without its faces."""

import pandas as pd
import pytest

from dfer_nb import datasets, facsimile
from dfer_nb.data import video
from dfer_nb.facsimile import casting, labelling, samples
from dfer_nb.training import tracing


def test_lists_and_truth_are_those_of_a_drawn_folder(tmp_path):
    root = facsimile.make("facsimile", samples.DRAW, tmp_path, progress=False, jobs=1, **samples.SIZES)
    kind, sample = datasets.dataset("facsimile"), tmp_path / "sample"
    kind.sample(sample, 24)
    pd.testing.assert_frame_equal(kind.table(sample, 3).drop(columns="path"), kind.table(root, 3).drop(columns="path"))
    pd.testing.assert_frame_equal(kind.truth(sample), kind.truth(root))
    clip = kind.table(sample, 3)["path"][0]
    assert video.read_frames(clip).shape == (32, 24, 24, 3)


@pytest.mark.parametrize("kind", facsimile.KINDS)
def test_its_training_clips_have_every_trouble(kind, tmp_path):
    samples.write(kind, tmp_path, 8)
    table, truth = datasets.dataset(kind).table(tmp_path, tracing.FOLD), datasets.dataset(kind).truth(tmp_path)
    splits = table["split"].value_counts()
    assert (splits["train"], splits["test"], len(splits)) == (32, 8, 3 + len(casting.SLICES))
    assert len(truth) == len(table)
    clips = truth[truth["clip"].isin(table.query("split == 'train'")["clip"])]
    if kind == "facsimile-motion":  # half of its few clips bear no such trouble
        assert clips["motion_cue"].value_counts()[""] >= 4 and clips["motion_cue"].nunique() >= 3
        return
    wrong = set(labelling.WRONG_KINDS if facsimile.STYLES[kind].wrong else ())
    assert set(clips["wrong_kind"]) == {""} | wrong
    assert set(clips["hard_why"]) == {"", "low intensity", "two expressions", "short apex"}
    assert clips["short_apex"].sum() >= 2 and clips["low_quality"].sum() >= 2
    assert clips["irrelevant_kind"].nunique() >= 4 and clips["identity"].nunique() == 8
    labels = table.query("split == 'train'").set_index("clip")["label"]
    assert (labels == clips.set_index("clip")["given_label"]).all()
