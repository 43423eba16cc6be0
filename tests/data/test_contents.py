"""Identity is what the files hold that are read: other pixels are another dataset, another place or time is not."""

import os
import shutil

import pytest
from PIL import Image
from trees import dfew, frames, picture

from dfer_nb.data import batches, contents
from dfer_nb.data.known import LICENSED
from dfer_nb.request import Request, record_folder


def identity(root):
    return LICENSED["dfew"].identity(str(root))


@pytest.mark.parametrize("end", ["jpg", "png", "bmp"])
def test_other_pixels_under_the_same_lists_and_names_are_another_dataset(end, tmp_path):
    grey, dark = dfew(tmp_path / "grey", end=end), dfew(tmp_path / "dark", end=end, shade=0)
    assert identity(grey) != identity(dark)
    again = dfew(tmp_path / "again", end=end)
    assert identity(again) == identity(grey)
    for clip in (again / "Clip/clip_224x224").iterdir():  # cropped again, into the same files
        for path in clip.iterdir():
            path.write_bytes(picture(7, end))
    assert identity(again) not in (identity(grey), identity(dark))


def test_one_uncompressed_frame_is_enough(tmp_path):
    root = dfew(tmp_path, end="bmp")
    before, path = identity(root), root / "Clip/clip_224x224/00003/00003_00001.bmp"
    size = path.stat().st_size
    path.write_bytes(picture(3, "bmp"))
    assert path.stat().st_size == size and identity(root) != before


def test_what_is_not_read_is_no_part_of_it_and_what_is_read_is(tmp_path):
    clip = frames(tmp_path / "00001", 5)
    before = contents.of_clip(str(clip))
    shutil.copy(clip / "00001_00002.jpg", clip / "00001_00002 (1).jpg")  # a copy, and another format of the same frame
    assert contents.of_clip(str(clip)) == before
    (clip / "00001_00002.jpeg").write_bytes(b"something else")
    assert contents.of_clip(str(clip)) == before
    (clip / "00001_00003.png").write_bytes(picture(200, "png"))  # of two formats, this one is read
    assert contents.of_clip(str(clip)) != before
    (clip / "00001_00003.png").unlink()
    middle = clip / "00001_00003.jpg"
    content = bytearray(middle.read_bytes())
    content[len(content) // 2] ^= 1  # one bit of the frame in the middle
    middle.write_bytes(content)
    assert contents.of_clip(str(clip)) != before
    (clip / "cover.jpg").touch()  # the order is in doubt: nothing stands for it, and decoding will name it
    assert contents.of_clip(str(clip)) == ""


def test_folds_of_the_same_clips_share_what_their_files_hold(tmp_path):
    root = dfew(tmp_path, folds=(1, 2))
    path = root / "EmoLabel_DataSplit/train(single-labeled)/set_2.csv"
    path.write_text(path.read_text().replace("1,2\n", "1,3\n"))
    one, two = (LICENSED["dfew"].identity(str(root), fold=fold).split(".") for fold in (1, 2))
    assert one[0] != two[0] and one[1] == two[1]


def test_a_command_about_many_runs_looks_at_a_clip_once(tmp_path):
    clip = frames(tmp_path / "1")
    with contents.settled():
        before = contents.of_clip(str(clip))
        frames(clip, shade=3)
        assert contents.of_clip(str(clip)) == before
    assert contents.of_clip(str(clip)) != before


def test_times_places_and_litter_are_no_part_of_it(tmp_path):
    root = dfew(tmp_path / "here")
    before = identity(root)
    copy = shutil.copytree(root, tmp_path / "there" / "else")
    for path in copy.rglob("*.jpg"):
        os.utime(path, (1, 1))
    (copy / "Clip/clip_224x224/00001/Thumbs.db").touch()
    (copy / "Clip/clip_224x224/notes").mkdir()
    assert identity(copy) == before


def test_a_thumbs_db_leaves_a_record_where_it_is(tmp_path):
    root = dfew(tmp_path)
    where = record_folder(Request(dataset="dfew", root=str(root), device="cpu").config())
    (root / "Clip/clip_224x224/00001/Thumbs.db").touch()
    assert record_folder(Request(dataset="dfew", root=str(root), device="cpu").config()) == where


def test_a_frame_that_is_changed_in_place_is_decoded_again(tmp_path):
    root = dfew(tmp_path / "data", end="bmp")
    table = LICENSED["dfew"].table(root, 1)
    first = batches.cache(table, 12, 4, tmp_path / "cache", progress=False)
    (root / "Clip/clip_224x224/00001/Thumbs.db").touch()
    assert batches.cache(table, 12, 4, tmp_path / "cache", progress=False).folder == first.folder
    path = root / "Clip/clip_224x224/00002/00002_00002.bmp"
    Image.new("RGB", (12, 12), (1, 2, 3)).save(path)
    again = batches.cache(table, 12, 4, tmp_path / "cache", progress=False)
    assert again.folder != first.folder and again.frames("2")[1].tolist() != first.frames("2")[1].tolist()


def test_videos_and_clips_that_cannot_be_read(tmp_path, write_video):
    one, two = (str(write_video(tmp_path / f"{k}.mp4", 4, 64, 64, seed=k)) for k in (1, 2))
    assert len({contents.of_clip(one), contents.of_clip(two), contents.of_clip(str(tmp_path / "none"))}) == 3
    assert contents.of_clip(str(tmp_path / "none")) == ""
    assert contents.digest([one, two]) != contents.digest([two, one])
    assert contents.of_clip(str(frames(tmp_path / "a"))) != contents.of_clip(str(frames(tmp_path / "b")))
