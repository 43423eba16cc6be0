"""What a licensed dataset has without saying anything of its own: a folder, an identity, a sample."""

import numpy as np
import pytest

from dfer_nb.data import cache
from dfer_nb.data.clips import COLUMNS
from dfer_nb.data.dataset import TEST, TRAIN, Dataset
from dfer_nb.data.dfew import Dfew
from dfer_nb.errors import BadInput


class Films(Dataset):
    name = "films"
    classes = ("one", "two", "three")

    def __init__(self, clips):
        self.clips = clips

    def table(self, folder, fold, drop_missing=False, zero_based=False):
        return self.clips.assign(fold=fold)


def test_a_licensed_dataset_needs_its_folder(tmp_path):
    with pytest.raises(BadInput, match="films needs its folder(.|\n)*the clips and their lists"):
        Films(None).folder()
    with pytest.raises(BadInput, match="dfew needs its folder(.|\n)*Clip/ and EmoLabel_DataSplit/"):
        Dfew().folder()
    assert Dfew().folder(str(tmp_path)) == tmp_path


def test_its_identity_is_what_is_trained_on(table, tmp_path, write_video):
    def identity(clips, **reading):
        return Films(clips).identity(str(tmp_path), **reading)

    same = {identity(table), identity(table.sample(frac=1, random_state=0)), identity(table.assign(n_frames=3))}
    other_file = table.copy()
    other_file.loc[0, "path"] = str(write_video(tmp_path / "1.mp4", 3))
    folder = table.copy()
    folder.loc[0, "path"] = str(tmp_path)
    others = {identity(table.head(6)), identity(table.assign(label=0)), identity(table.assign(split="test")),
              identity(other_file), identity(folder)}
    assert len(same) == 1 and len(others) == 5 and not same & others


def test_nothing_is_known_of_a_licensed_dataset_but_its_labels(tmp_path):
    films = Films(None)
    assert films.truth(tmp_path) is None and films.digest(tmp_path) == "" and not films.drawn


def test_its_sample_is_of_its_classes_and_the_same_every_time(tmp_path):
    one, two = (Films(None).sample(tmp_path / name, 16) for name in "ab")
    assert one.truth is None and one.table.equals(two.table) and tuple(one.table.columns) == COLUMNS
    assert one.table["split"].value_counts().to_dict() == {"train": TRAIN, "test": TEST}
    assert set(one.table["label"]) == {0, 1, 2} and set(one.table["path"]) == {""} and set(one.table["fold"]) == {1}
    for clip in one.table["clip"]:
        np.testing.assert_array_equal(one.frames.frames(clip), two.frames.frames(clip))
    assert one.frames.size == 48 and one.frames.n_frames.max() == 16
    assert one.frames.frames("1").std() > 5 and (one.frames.frames("1")[0] != one.frames.frames("1")[-1]).any()


def test_a_sample_keeps_the_frames_that_decoding_would(tmp_path):
    whole, few = (Dfew().sample(tmp_path / str(n), n, size=24).frames for n in (100, 16))
    lengths = whole.n_frames
    assert lengths.min() < 16 < lengths.max() and few.index["video_frames"].tolist() == lengths.tolist()
    for clip, length in lengths.items():
        np.testing.assert_array_equal(few.frames(clip), whole.frames(clip)[cache.kept(length, 16)])
    assert whole.size == 24


def test_labels_of_a_sample_can_be_seen(tmp_path):
    sample = Dfew().sample(tmp_path, 16)
    paths = {}
    for clip, label in sample.table.query("split == 'train'")[["clip", "label"]].itertuples(index=False):
        first, last = sample.frames.frames(clip)[[0, -1]].astype(float)
        grown = (last - first).sum(axis=2)
        paths.setdefault(label, []).append(grown / np.abs(grown).max())
    alike = [(a * b).mean() for clips in paths.values() for a, b in zip(clips, clips[1:], strict=False)]
    assert len(paths) == 7 and min(alike) > 0  # the spot moves the same way wherever the label is the same
