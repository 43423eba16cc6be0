"""The reader of DFEW's layout: what it reads, and the one error for what it refuses."""

import numpy as np
import pandas as pd
import pytest

from dfer_nb.data import clips, places
from dfer_nb.data.choices import Reading
from dfer_nb.data.dfew import Dfew
from dfer_nb.errors import BadInput

READ = {"scenes": True}  # of the videos in Clip/original
TRAIN = "video_name,label\n1,1\n2,7\n00012,3\n"
TEST = "video_name,label\n3,2\n4,5\n"


def dataset(root, train=TRAIN, test=TEST, on_disk=("1.mp4", "00002.mp4", "3.mp4", "00004.mp4", "12.mp4")):
    """A dataset in DFEW's layout, fold 1 only, with empty video files."""
    for split, text in (("train", train), ("test", test)):
        folder = root / "EmoLabel_DataSplit" / f"{split}(single-labeled)"
        folder.mkdir(parents=True)
        (folder / "set_1.csv").write_text(text)
    (root / "Clip" / "original").mkdir(parents=True)
    for name in on_disk:
        (root / "Clip" / "original" / name).touch()
    return root


def frames(root, *names, inside="clip_224x224"):
    for name in names:
        (root / "Clip" / inside / name).mkdir(parents=True)


def read(root, fold=1, **choices):
    return Dfew().table(root, fold, Reading(**(READ | choices)))


def slices(root):
    return Dfew().slices(root, Reading(**READ))


def refused(*words, root, fold=1, **choices):
    """The error of a call, which must hold every word."""
    with pytest.raises(BadInput) as error:
        read(root, fold, **choices)
    for word in words:
        assert str(word) in str(error.value)
    assert error.value.where and error.value.todo
    return error.value


# ---------------------------------------------------------------- what is read


def test_a_fold_is_read_train_first_with_labels_from_zero_and_files_padded_or_not(tmp_path):
    table = read(dataset(tmp_path))
    assert tuple(table.columns) == clips.COLUMNS
    assert table["clip"].tolist() == ["1", "2", "12", "3", "4"]
    assert table["label"].tolist() == [0, 6, 2, 1, 4]
    assert table["split"].tolist() == ["train"] * 3 + ["test"] * 2
    original = tmp_path / "Clip" / "original"
    assert table["path"].tolist() == [
        str(original / n) for n in ("1.mp4", "00002.mp4", "12.mp4", "3.mp4", "00004.mp4")
    ]
    assert table["n_frames"].isna().all() and table["n_frames"].dtype == "Int64"
    assert (table["fold"] == 1).all() and (table["source"] == "dfew").all()


def test_numpy_folds_blank_lines_spaces_a_byte_order_mark_and_more_columns_do_not_matter(tmp_path):
    odd = "\ufeffvideo_name, label,seconds\n1, 1,2\n\n 2,7 ,3\n"
    table = read(dataset(tmp_path, train=odd), np.int64(1))
    assert table["label"].tolist()[:2] == [0, 6] and table["clip"].tolist()[:2] == ["1", "2"]


@pytest.mark.parametrize("inside", ["clip_224x224", "clip_224x224/clip_224x224"])
def test_face_crops_come_before_whole_scenes_and_their_folder_may_be_doubled(tmp_path, inside):
    root = dataset(tmp_path)
    frames(root, "00001", "00002", "00003", "00004", "00012", inside=inside)
    table = read(root, scenes=False)
    assert table["path"][0] == str(root / "Clip" / inside / "00001")
    assert read(root)["path"][0].endswith("1.mp4")
    assert read(root).attrs["read"]["kind"] == "whole film scenes, a video a clip"


@pytest.mark.parametrize("other", ["00001.mp4", "1.avi"])
def test_of_two_files_of_one_clip_none_is_guessed(tmp_path, other):
    root = dataset(tmp_path)
    (root / "Clip" / "original" / other).touch()
    refused("1 clips lie there twice: 1", "original/1.mp4", f"original/{other}", "keep one", root=root)


def test_folders_are_listed_once_and_no_file_is_asked_for(tmp_path, monkeypatch):
    many = range(1, 3001)
    root = dataset(
        tmp_path,
        train="video_name,label\n" + "".join(f"{i},1\n" for i in many),
        test="video_name,label\n3001,1\n",
        on_disk=[f"{i}.mp4" for i in range(1, 3002)],
    )
    listed, scandir = [], places.os.scandir
    monkeypatch.setattr(places.os, "scandir", lambda path: listed.append(str(path)) or scandir(path))
    stats, stat = [], places.os.stat
    monkeypatch.setattr(places.os, "stat", lambda *a, **k: stats.append(a) or stat(*a, **k))
    assert len(read(root)) == 3001
    assert listed == [str(root / "Clip" / "original")] and len(stats) < 50


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize("fold", [0, 6, -1, "1", 1.5, None])
def test_a_fold_that_does_not_exist(tmp_path, fold):
    refused(repr(fold), "1, 2, 3, 4 or 5", root=dataset(tmp_path), fold=fold)


def test_no_root_a_missing_root_and_a_root_one_folder_too_high(tmp_path):
    refused("no root", root="")
    refused("not there", "nowhere", root=tmp_path / "nowhere")
    refused("EmoLabel_DataSplit", "nothing", root=tmp_path)
    dataset(tmp_path / "DFEW")
    refused("did you mean", tmp_path / "DFEW", root=tmp_path)


def test_a_missing_list_says_what_is_there_instead(tmp_path):
    refused("set_2.csv", "holds: set_1.csv", root=dataset(tmp_path), fold=2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1,1\n2,7\n", ("no header", "'1,1'", "video_name,label")),
        ("video_name;label\n1;1\n", ("no header", "'video_name;label'")),
        ("", ("empty",)),
        ("video_name,label\n", ("no clip",)),
        ("video_name,label\n\n\n", ("no clip",)),
        ("video_name,label\n1,1,1\n2,1\n3,1,1,1\n", ("as a table",)),
    ],
)
def test_a_list_that_is_no_list(tmp_path, text, words):
    refused(*words, "set_1.csv", root=dataset(tmp_path, train=text))


def test_a_list_that_is_not_text(tmp_path):
    root = dataset(tmp_path)
    (root / "EmoLabel_DataSplit" / "test(single-labeled)" / "set_1.csv").write_bytes(
        b"video_name,label\n\xff\xfe,1\n"
    )
    refused("UTF-8", root=root)


@pytest.mark.parametrize("label", ["8", "-1", "1.5", "happy", ""])
def test_an_unknown_label_is_listed_with_its_line(tmp_path, label):
    refused(
        f"{label!r} (line 4)",
        "1 labels are unknown",
        "1 to 7",
        root=dataset(tmp_path, train=f"video_name,label\n1,1\n\n2,{label}\n"),
    )


def test_labels_from_zero_are_refused_until_they_are_asked_for(tmp_path):
    zero = dataset(tmp_path, train="video_name,label\n1,0\n2,6\n", test="video_name,label\n3,0\n4,5\n")
    refused("0-based", "shift by one", "(line 2)", "zero_based=True", root=zero)
    assert read(zero, zero_based=True)["label"].tolist() == [0, 6, 0, 5]


def test_a_zero_in_the_test_list_alone_is_noticed(tmp_path):
    mixed = dataset(tmp_path, test="video_name,label\n3,0\n4,5\n")
    refused("two numberings", "'0' (line 2)", "test(single-labeled)", root=mixed)


def test_labels_said_to_start_at_zero_hold_no_seven(tmp_path):
    refused("not 0-based", "'7' (line 3)", "without zero_based", root=dataset(tmp_path), zero_based=True)


def test_zeros_and_sevens_together_are_neither_numbering(tmp_path):
    both = dataset(tmp_path, train="video_name,label\n1,0\n2,7\n")
    refused("'0' (line 2)", "unknown", root=both)
    refused("'7' (line 3)", "unknown", root=both, zero_based=True)


def test_clips_not_on_disk_are_counted_listed_and_dropped_only_when_asked(tmp_path):
    train = "video_name,label\n" + "".join(f"{i},1\n" for i in range(1, 21))
    root = dataset(
        tmp_path, train=train, test="video_name,label\n21,1\n", on_disk=("1.mp4", "2.mp4", "21.mp4")
    )
    error = refused(
        "18 of 21 clips", "3, 4, 5, 6, 7, 8, 9, 10, 11, 12 … and 8 more", "drop_missing=True", root=root
    )
    assert "original" in error.where
    with pytest.warns(UserWarning, match="18 of 21 clips are not on disk.*left out"):
        table = read(root, drop_missing=True)
    assert table["clip"].tolist() == ["1", "2", "21"] and table.index.tolist() == [0, 1, 2]


def test_a_dataset_without_any_of_its_clips_cannot_be_dropped_to_nothing(tmp_path):
    refused("no film scenes", "unpack", root=dataset(tmp_path, on_disk=()), drop_missing=True)
    refused("5 of 5", root=dataset(tmp_path / "other", on_disk=("77.mp4",)), drop_missing=True)


def test_a_clip_twice_in_a_list_even_under_two_spellings(tmp_path):
    twice = "video_name,label\n1,1\n2,1\n001,2\n"
    refused("more than once", "'1' (line 2), '1' (line 4)", root=dataset(tmp_path, train=twice))


def test_a_clip_in_training_and_test(tmp_path):
    refused(
        "both the training and the test list of fold 1: 2, 12",
        root=dataset(tmp_path, test="video_name,label\n12,1\n2,1\n"),
    )


def test_a_clip_whose_name_is_no_number(tmp_path):
    refused("not numbers", "'a.mp4' (line 2)", root=dataset(tmp_path, train="video_name,label\na.mp4,1\n"))


# ---------------------------------------------------------------- slices


def test_slices_take_their_files_names_and_are_empty_where_there_are_none(tmp_path):
    root = dataset(tmp_path)
    nothing = slices(root)
    assert tuple(nothing.columns) == clips.COLUMNS and nothing.empty
    folder = root / "EmoLabel_DataSplit" / "slices"
    folder.mkdir()
    (folder / "short_apex.csv").write_text("video_name,label\n3,1\n")
    (folder / "clean.csv").write_text("video_name,label\n1,7\n")
    table = slices(root)
    assert table["split"].tolist() == ["clean", "short_apex"] and table["fold"].tolist() == [0, 0]
    assert table["label"].tolist() == [6, 0]
    both = pd.concat([read(root), nothing], ignore_index=True)
    assert both.dtypes.equals(read(root).dtypes)


def test_a_slice_with_a_bad_label_is_refused(tmp_path):
    root = dataset(tmp_path)
    (root / "EmoLabel_DataSplit" / "slices").mkdir()
    (root / "EmoLabel_DataSplit" / "slices" / "clean.csv").write_text("video_name,label\n3,9\n")
    with pytest.raises(BadInput, match=r"'9' \(line 2\)"):
        slices(root)
