"""List files: their names, their lines, their numbers of classes, and where the paths in them lead."""

import shutil

import pytest
from trees import SEVEN, TEST, TRAIN, listfiles

from dfer_nb.data.choices import Reading
from dfer_nb.data.known import LICENSED
from dfer_nb.errors import BadInput


def read(root, fold=1):
    return LICENSED["listfiles"].table(root, fold, Reading())


def refused(root, *words):
    with pytest.raises(BadInput) as error:
        read(root)
    for word in words:
        assert word in str(error.value)


def test_paths_of_list_files_are_found_below_the_folder_and_from_another_machine(tmp_path):
    for name, prefix in (("below", "clips"), ("dot", "./clips"), ("far", "/data/of/nobody/clips")):
        table = read(listfiles(tmp_path / name, prefix))
        assert table["path"][0] == str(tmp_path / name / "clips" / "00000")
    here = listfiles(tmp_path / "here")
    absolute = listfiles(tmp_path / "lists", prefix=str(here / "clips"))
    shutil.rmtree(absolute / "clips")
    assert read(absolute)["path"][0] == str(here / "clips" / "00000")
    outside = listfiles(tmp_path / "outside", prefix="../here/clips")
    refused(outside, "not on disk")


@pytest.mark.parametrize("name", ["{}.txt", "{}list_fold1.txt", "DFEW_set_1_{}.txt", "FERV39k_{}.txt"])
def test_names_of_list_files(name, tmp_path):
    assert len(read(listfiles(tmp_path, name=name))) == TRAIN + TEST


def test_list_files_of_several_folds(tmp_path):
    listfiles(tmp_path)
    listfiles(tmp_path, name="set_2_{}.txt", label=lambda k: (k + 1) % 7)
    assert read(tmp_path, 1)["label"][0] == 0 and read(tmp_path, 2)["label"][0] == 1
    with pytest.raises(BadInput, match="no train list of fold 3"):
        read(tmp_path, 3)
    listfiles(tmp_path, name="MAFW_set_2_{}.txt")
    with pytest.raises(BadInput, match="2 lists may be the train list of fold 2"):
        read(tmp_path, 2)


@pytest.mark.parametrize("line", ["a b", "clips/00000 x 1", "clips/00000"])
def test_lines_that_are_none(line, tmp_path):
    root = listfiles(tmp_path)
    (root / "set_1_train.txt").write_text(f"clips/00000 3 0\n{line}\n")
    refused(root, "set_1_train.txt")


def test_spaces_in_paths(tmp_path):
    root = listfiles(tmp_path / "my data")
    for path in root.glob("*.txt"):
        path.write_text(path.read_text().replace("clips/", f"{root}/clips/"))
    assert len(read(root)) == TRAIN + TEST


def test_numbers_of_list_files(tmp_path):
    right = [n % 7 for n in range(TRAIN + TEST)]
    assert read(listfiles(tmp_path / "0"))["label"].tolist() == right
    from_one = read(listfiles(tmp_path / "1", label=lambda k: k + 1))
    assert from_one["label"].tolist() == right and from_one.attrs["read"]["labels"].startswith("numbered from 1")
    doubt = listfiles(tmp_path / "?", label=lambda k: max(k, 1))  # 1 to 6: from 0 without Happy, or from 1 without Fear
    refused(doubt, "no label is 0", "shift by one")
    refused(listfiles(tmp_path / "8", label=lambda k: k + 2), "unknown", "'8'")
    refused(listfiles(tmp_path / "w", label=lambda k: "joy"), "unknown", "'joy'")
    words = read(listfiles(tmp_path / "words", label=lambda k: SEVEN[k]))
    assert words["label"].tolist() == right
