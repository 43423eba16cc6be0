"""Clips of no face: the same ones every time, read as they were computed, their labels to be seen."""

from itertools import permutations

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


def test_labels_can_be_seen():
    """In the middle of a clip, where its own way shows most, clips of a label are more alike than others."""
    seen = np.empty((7, 12, 24 * 24))
    for label, turn in np.ndindex(seen.shape[:2]):
        frames = np.array(list(patterns._mimic(label, 7, 16, 7 * turn + label, 24)), float).mean(axis=3)
        middle = np.abs(frames[8] - frames[0]).ravel()
        seen[label, turn] = middle / (np.linalg.norm(middle) + 1e-9)
    alike = np.einsum("iap,jbp->ijab", seen, seen)
    other = ~np.eye(12, dtype=bool)  # not a clip with itself
    within = np.mean([alike[label, label][other].mean() for label in range(7)])
    between = np.mean([alike[pair].mean() for pair in permutations(range(7), 2)])
    assert within > between + 0.02
