"""Small real clips, and their decoded frames, for the tests of the data room."""

import cv2
import numpy as np
import pandas as pd
import pytest

from dfer_nb.data import batches

LENGTHS = (6, 1, 9, 4, 12, 6, 6)


def _write_video(path, n_frames=20, width=112, height=112, seed=0):
    """An mp4 of coloured clouds that drift; no two frames are alike."""
    seeds = np.random.default_rng(seed).integers(0, 255, (6, 6, 3), dtype=np.uint8)
    clouds = cv2.resize(seeds, (width, height), interpolation=cv2.INTER_CUBIC)
    file = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 25, (width, height))
    for i in range(n_frames):
        file.write(np.roll(clouds, 3 * i, axis=1))
    file.release()
    return path


@pytest.fixture(scope="session")
def write_video():
    return _write_video


@pytest.fixture(scope="session")
def seven_clips(tmp_path_factory):
    """Seven clips on disk as a ClipTable; clip "2" is a single frame, "3" and "5" have more than eight."""
    folder = tmp_path_factory.mktemp("clips")
    names = [str(i + 1) for i in range(7)]
    paths = [
        _write_video(folder / f"{n}.mp4", t, 64, 64, int(n)) for n, t in zip(names, LENGTHS, strict=True)
    ]
    unknown = pd.array([pd.NA] * 7, dtype="Int64")
    columns = {"clip": names, "path": [str(p) for p in paths], "n_frames": unknown, "label": range(7)}
    return pd.DataFrame(columns | {"split": "train", "fold": 1, "source": "dfew"})


@pytest.fixture
def table(seven_clips):
    """The seven clips, free to be changed by a test."""
    return seven_clips.copy()


@pytest.fixture(scope="session")
def decoded(seven_clips, tmp_path_factory):
    """Their cache: 32 px, at most eight frames each."""
    return batches.cache(seven_clips, 32, 8, tmp_path_factory.mktemp("cache"), progress=False)
