"""Clips of no face: the same ones every time, read as they were computed, their labels to be seen."""

from itertools import combinations

import numpy as np
import pytest

from dfer_nb.data import batches, patterns, video
from dfer_nb.data.dfew import FRAMES, Dfew
from dfer_nb.data.licensed import TEST, TRAIN


@pytest.fixture
def films(tmp_path):
    Dfew().sample(tmp_path / "dfew", 24)
    return tmp_path / "dfew"


def test_the_sample_is_read_as_any_dataset_in_this_layout(films):
    table = Dfew().table(films, 1)
    assert table["split"].value_counts().to_dict() == {"train": TRAIN, "test": TEST}
    assert table["label"].tolist() == [(number + 1) % 7 for number in range(TRAIN + TEST)]
    assert Dfew().table(films, 2)["label"].tolist() == [(number + 2) % 7 for number in range(TRAIN + TEST)]
    assert Dfew().truth(films) is None


def test_it_is_the_same_every_time_and_nothing_is_lost_on_the_way(films, tmp_path):
    Dfew().sample(tmp_path / "again", 24)
    moving = []
    for one in sorted((films / FRAMES).iterdir()):
        frames = video.read_frames(one)
        np.testing.assert_array_equal(frames, video.read_frames(tmp_path / "again" / FRAMES / one.name))
        place = int(one.name) - 1
        np.testing.assert_array_equal(frames, list(patterns._mimic(place % 7, 7, 0, place, 24)))
        moving.append((frames.std(axis=0) > 0).any())
        assert frames[0].shape == (24, 24, 3)
    assert np.mean(moving) > 0.8


def test_clips_are_shorter_and_longer_than_what_is_kept(films, tmp_path):
    table = Dfew().table(films, 1)
    lengths = batches.cache(table, 24, 100, tmp_path, progress=False).n_frames
    assert lengths.min() < 16 and lengths.max() > 32
    patterns.write(tmp_path / "given", [("3", 0, 9), ("4", 1, 40)], 7, 24)
    assert [len(video.read_frames(tmp_path / "given" / name)) for name in ("00003", "00004")] == [9, 40]


def test_labels_can_be_seen(films):
    """In the middle of a clip, where its own way shows most, clips of a label are more alike than others."""
    middles = {}
    for clip in Dfew().table(films, 1).itertuples():
        frames = video.read_frames(clip.path).astype(float).mean(axis=3)
        middle = np.abs(frames[len(frames) // 2] - frames[0])
        middles.setdefault(clip.label, []).append(middle / (np.linalg.norm(middle) + 1e-9))
    assert len(middles) == 7
    within = [(a * b).sum() for found in middles.values() for a, b in combinations(found, 2)]
    between = [(found[0] * other[0]).sum() for found, other in combinations(middles.values(), 2)]
    assert np.mean(within) > np.mean(between)
