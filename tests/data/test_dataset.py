"""What a licensed dataset has without saying anything of its own: a folder, an identity."""

import pytest

from dfer_nb.data.dataset import Dataset
from dfer_nb.data.dfew import Dfew
from dfer_nb.errors import BadInput


class Films(Dataset):
    name = "films"
    classes = ("one", "two", "three")

    def __init__(self, clips):
        self.clips = clips

    def table(self, folder, fold, reading=None):
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
