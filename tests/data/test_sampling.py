"""Which frames of a clip are taken: the samplers' indices are as by hand."""

import numpy as np
import pytest

from dfer_nb.data import video
from dfer_nb.errors import BadInput


@pytest.mark.parametrize(
    ("n_frames", "k", "expected"),
    [
        (32, 4, [4, 12, 20, 28]),
        (10, 4, [1, 3, 6, 8]),  # middles 1.25, 3.75, 6.25, 8.75
        (5, 5, [0, 1, 2, 3, 4]),
        (64, 1, [32]),
        (3, 5, [0, 1, 2, 2, 2]),
        (1, 4, [0, 0, 0, 0]),
    ],
)
def test_uniform_by_hand(n_frames, k, expected):
    assert video.uniform(n_frames, k).tolist() == expected


@pytest.mark.parametrize(
    ("n_frames", "segments", "per_segment", "expected"),
    [
        (16, 4, 2, [1, 2, 5, 6, 9, 10, 13, 14]),  # segments of 4, the middle two of each
        (16, 8, 2, list(range(16))),  # segments of 2, all of them
        (12, 2, 3, [2, 3, 4, 8, 9, 10]),  # middle 3 +- 1.5 starts at 1.5, rounded up
        (15, 8, 2, [*range(15), 14]),  # one frame short: the last is repeated
        (1, 2, 2, [0, 0, 0, 0]),
    ],
)
def test_dynamic_in_testing_by_hand(n_frames, segments, per_segment, expected):
    assert video.dynamic(n_frames, segments, per_segment).tolist() == expected


def test_dynamic_in_training_stays_in_its_segments_and_reaches_every_frame():
    rng, starts = np.random.default_rng(0), []
    for _ in range(400):
        runs = video.dynamic(21, 4, 2, rng).reshape(4, 2)  # segments 0-4, 5-9, 10-14, 15-20
        assert (runs[:, 1] == runs[:, 0] + 1).all()
        starts.append(runs[:, 0])
    starts = np.array(starts)
    assert [sorted(set(column.tolist())) for column in starts.T] == [
        [0, 1, 2, 3],
        [5, 6, 7, 8],
        [10, 11, 12, 13],
        [15, 16, 17, 18, 19],
    ]
    assert len({tuple(row) for row in starts.tolist()}) > 100  # each segment is drawn for itself
    assert video.dynamic(7, 4, 2, rng).tolist() == [0, 1, 2, 3, 4, 5, 6, 6]


def test_every_sampler_gives_frames_of_the_clip_in_order():
    rng = np.random.default_rng(1)
    for n in range(1, 70):
        for u, v in ((8, 2), (16, 1), (3, 4), (1, 5)):
            for indices in (video.dynamic(n, u, v), video.dynamic(n, u, v, rng), video.uniform(n, u * v)):
                assert (
                    len(indices) == u * v
                    and indices[0] >= 0
                    and indices[-1] < n
                    and (np.diff(indices) >= 0).all()
                )
            for windows in (video.contiguous(n, v, u), video.contiguous(n, v, u, rng)):
                assert windows.shape == (u, v) and windows.min() >= 0 and windows.max() < n
                assert (np.diff(windows[:, 0]) >= 0).all()
                assert n < v or (np.diff(windows, axis=1) == 1).all()


@pytest.mark.parametrize(
    ("n_frames", "k", "n_clips", "expected"),
    [
        (16, 4, 4, [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11], [12, 13, 14, 15]]),
        (10, 4, 1, [[3, 4, 5, 6]]),
        (6, 4, 2, [[0, 1, 2, 3], [2, 3, 4, 5]]),  # too short for two: they overlap
        (2, 4, 2, [[0, 1, 1, 1], [0, 1, 1, 1]]),
    ],
)
def test_contiguous_by_hand(n_frames, k, n_clips, expected):
    assert video.contiguous(n_frames, k, n_clips).tolist() == expected


def test_contiguous_in_training_reaches_first_and_last_window():
    rng = np.random.default_rng(0)
    starts = {int(video.contiguous(6, 4, 1, rng)[0, 0]) for _ in range(100)}
    assert starts == {0, 1, 2}


@pytest.mark.parametrize(
    "call", [lambda: video.uniform(0, 4), lambda: video.dynamic(8, 0, 2), lambda: video.contiguous(8, 0)]
)
def test_counts_below_one_are_refused(call):
    with pytest.raises(BadInput, match="is 0(.|\n)*at least 1"):
        call()
