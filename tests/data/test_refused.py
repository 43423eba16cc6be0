"""Clips that are one under two names, or two under one name, and frames in two orders: refused, not guessed."""

import os
import shutil

import pandas as pd
import pytest
from trees import SEVEN, afew, dfew, frames, listfiles, mafw, picture

from dfer_nb.data import frames as frames_of
from dfer_nb.data import places
from dfer_nb.data.choices import Reading
from dfer_nb.data.clips import clip_table
from dfer_nb.data.known import LICENSED
from dfer_nb.errors import BadInput


def refused(name, root, *words, **choices):
    with pytest.raises(BadInput) as error:
        LICENSED[name].table(root, 1, Reading(**choices))
    for word in words:
        assert word in str(error.value)
    assert error.value.where and error.value.todo


# ---------------------------------------------------------------- one clip, two names


@pytest.mark.parametrize("other", ["./clips/00000", "clips//00000", "clips/./00000/", "clips\\00000"])
def test_a_clip_in_training_and_test_in_other_words(other, tmp_path):
    root = listfiles(tmp_path)
    (root / "set_1_test.txt").write_text(f"{other} 3 0\n")
    refused("listfiles", root, "1 clips are in both the training and the test list of fold 1: clips/00000")


def test_names_that_lead_to_one_file_where_folders_are_cut_off(tmp_path):
    for clip in ("001", "002", "003"):
        frames(tmp_path / clip)
    (tmp_path / "train.txt").write_text("Train/Angry/001 3 3\nTrain/Happy/002 3 0\n")
    (tmp_path / "test.txt").write_text("Val/Happy/001 3 0\nVal/Angry/003 3 3\n")
    refused("listfiles", tmp_path, "1 clips have two names", "Train/Angry/001 (train) and Val/Happy/001 (test)",
            f"both {tmp_path}/001")


def test_names_that_lead_to_one_file_through_a_link(tmp_path):
    root = listfiles(tmp_path)
    (root / "linked").symlink_to("clips")
    (root / "set_1_test.txt").write_text("linked/00002 3 2\n")
    refused("listfiles", root, "1 clips have two names", "clips/00002 (train) and linked/00002 (test)")


def test_every_table_holds_each_file_once(tmp_path):
    rows = pd.DataFrame({"clip": ["a", "b"], "label": [0, 0], "split": ["train", "test"], "fold": [1, 1]})
    same = {"a": f"{tmp_path}/x", "b": f"{tmp_path}/./x"}
    with pytest.raises(BadInput, match="1 clips have two names"):
        clip_table(rows, same, "any", tmp_path)
    assert len(clip_table(rows, same | {"b": f"{tmp_path}/y"}, "any", tmp_path)) == 2


def test_a_clip_of_afew_under_two_expressions_or_in_both_splits(tmp_path):
    root = afew(tmp_path)
    clip = root / "train/Happy/100000000"
    shutil.copytree(clip, root / "validation/Happy/100000000")
    refused("afew", root, "one clip lies there twice", "train/Happy/100000000", "test/Happy/100000000")
    shutil.move(root / "validation/Happy/100000000", root / "train/Sad/100000000")
    refused("afew", root, "train/Happy/100000000", "train/Sad/100000000")
    shutil.rmtree(root / "train/Sad/100000000")
    frames(root / "validation/Sad/100000000", shade=30)  # the number is the same by chance: other frames
    assert len(LICENSED["afew"].table(root, 1)) == 22


def test_afews_folders_are_listed_once(tmp_path, monkeypatch):
    root, listed, walk = afew(tmp_path), [], places._walk
    monkeypatch.setattr(places, "_walk", lambda folder, *rest: listed.append(folder) or walk(folder, *rest))
    LICENSED["afew"].table(root, 1)
    assert len(listed) == len(set(listed)) == 2 + 2 * len(SEVEN)


# ---------------------------------------------------------------- two clips, one name


def test_two_folders_of_one_number(tmp_path):
    root = dfew(tmp_path)
    frames(root / "Clip/clip_224x224/1")
    refused("dfew", root, "1 clips lie there twice: 1", "clip_224x224/00001", "clip_224x224/1", "keep one")


@pytest.mark.parametrize(("row", "words"), [
    ("a.mp4 anger", "clip names are not numbers: 'a.mp4' (line 12)"), ("1/2 anger", "'1/2' (line 12)"),
    ("12.mp4.mp4 anger", "not numbers"), ("00090.mp4 anger # sure", "labels are unknown: 'anger # sure'"),
    ("00090.mp4 anger fear", "compound, of several expressions: 'anger fear' (line 12)"), ("00090.mp4", "line 12")])
def test_rows_of_mafw_that_are_no_clip_and_word(row, words, tmp_path):
    root = mafw(tmp_path)
    with (root / "single/no_caption/set_1/train.txt").open("a") as file:
        file.write(row + "\n")
    refused("mafw", root, words)


# ---------------------------------------------------------------- frames


def test_a_sequence_that_is_named_as_copies_are_is_not_taken_for_copies(tmp_path):
    for k in range(5):  # without compression all are of one size
        name = f"frame ({k}).bmp" if k else "frame.bmp"
        (tmp_path / name).write_bytes(picture(40 * k, "bmp"))
    assert len({path.stat().st_size for path in tmp_path.iterdir()}) == 1
    with pytest.raises(BadInput, match="no copy of it(.|\n)*frame.bmp(.|\n)*a number of its own"):
        frames_of.frames(tmp_path)
    for k in range(1, 5):
        (tmp_path / f"frame ({k}).bmp").write_bytes(picture(0, "bmp"))
    assert frames_of.frames(tmp_path) == ["frame.bmp"]


def test_a_copy_that_cannot_be_compared_is_one_clear_error(tmp_path):
    frames(tmp_path / "1", 2)
    os.symlink("nowhere", tmp_path / "1/1_00001 (1).jpg")
    with pytest.raises(BadInput, match="cannot be compared"):
        frames_of.frames(tmp_path / "1")


def test_numbers_that_are_equal_tell_no_order():
    for names, words in ((["0.5.jpg", "0.50.jpg"], "may be seconds(.|\n)*'0.5.jpg' before '0.50.jpg'"),
                         (["1.0s.jpg", "2.00s.jpg", "2.0s.jpg"], "the same number(.|\n)*'2.0+s.jpg' and '2.0+s.jpg'")):
        for each in (names, names[::-1]):
            with pytest.raises(BadInput, match=words):
                frames_of.in_order(each, "where")
    right = ["001_0.04s.png", "002_0.04s.png", "003_0.08s.png"]
    assert frames_of.in_order(right[::-1]) == right  # the first number tells them apart
    long = [f"1700000000.{123456789 + k}.jpg" for k in range(3)]  # finer than a float of this size
    assert frames_of.in_order(long[::-1]) == long
