"""Decoding: decord and OpenCV agree, and broken files say so."""

import struct
import sys

import cv2
import numpy as np
import pytest
from PIL import Image

from dfer_nb.data import video
from dfer_nb.errors import BadInput


def index_first(raw):
    """An mp4 with its index (moov) moved before its pictures (mdat), as streaming files have it."""
    at, boxes = 0, {}
    while at < len(raw):
        length, kind = struct.unpack(">I4s", raw[at : at + 8])
        boxes[kind] = raw[at : at + length]
        at += length
    index = bytearray(boxes[b"moov"])
    table = index.find(b"stco")
    (count,) = struct.unpack(">I", index[table + 8 : table + 12])
    for place in range(table + 12, table + 12 + 4 * count, 4):  # the pictures move back by the index's length
        (offset,) = struct.unpack(">I", index[place : place + 4])
        index[place : place + 4] = struct.pack(">I", offset + len(index))
    return boxes[b"ftyp"] + bytes(index) + boxes[b"free"] + boxes[b"mdat"]


@pytest.fixture(scope="module")
def clip(tmp_path_factory, write_video):
    return write_video(tmp_path_factory.mktemp("video") / "1.mp4")


@pytest.fixture(params=["decord", "opencv"])
def each_decoder(request, monkeypatch):
    """The test runs twice: with decord, and as on a machine that has none."""
    if request.param == "opencv":
        monkeypatch.setitem(sys.modules, "decord", None)  # import decord now raises ImportError
    else:
        pytest.importorskip("decord")
    return request.param


def refused(call, *words):
    with pytest.raises(BadInput) as error:
        call()
    for word in words:
        assert str(word) in str(error.value)
    assert error.value.todo


# ---------------------------------------------------------------- the same frames


def test_which_decoder_is_at_work(each_decoder):
    assert video.decoder().startswith(each_decoder)


@pytest.mark.parametrize(
    ("width", "height", "size"),
    [(112, 112, None), (112, 112, 48), (96, 130, 64), (40, 30, 56), (48, 48, None)],
)
def test_decord_and_opencv_give_the_same_frames(tmp_path, write_video, monkeypatch, width, height, size):
    pytest.importorskip("decord")
    path = write_video(tmp_path / "1.mp4", 9, width, height)
    some = [8, 0, 3, 3]
    ours = video.read_frames(path, size=size), video.read_frames(path, some, size)
    monkeypatch.setitem(sys.modules, "decord", None)
    theirs = video.read_frames(path, size=size), video.read_frames(path, some, size)
    assert ours[0].shape == (9, size or height, size or width, 3) and ours[0].dtype == np.uint8
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a, b)
    assert len(np.unique(ours[0].reshape(9, -1), axis=0)) == 9  # nine pictures, not one picture nine times


def test_frames_in_any_order_and_with_repeats(clip, each_decoder):
    whole = video.read_frames(clip)
    assert len(whole) == 20
    indices = [19, 4, 4, 0, 17]
    np.testing.assert_array_equal(video.read_frames(clip, indices), whole[indices])
    refused(lambda: video.read_frames(clip, [3, 20]), "20", "from 0 to 19", clip)
    refused(lambda: video.read_frames(clip, [-1]), clip)
    refused(lambda: video.read_frames(clip, []), clip)


def test_more_frames_than_are_decoded_at_a_time(tmp_path, write_video, each_decoder):
    path = write_video(tmp_path / "1.mp4", 2 * video.CHUNK + 5, 64, 64)
    whole = video.read_frames(path)
    assert len(whole) == 2 * video.CHUNK + 5
    np.testing.assert_array_equal(video.read_frames(path, np.arange(0, len(whole), 2)), whole[::2])


def test_colours_are_red_green_blue(tmp_path, each_decoder):
    file = cv2.VideoWriter(str(tmp_path / "1.mp4"), cv2.VideoWriter_fourcc(*"mp4v"), 25, (64, 64))
    for _ in range(3):
        file.write(np.full((64, 64, 3), (20, 20, 230), np.uint8))  # OpenCV writes blue, green, red
    file.release()
    red, green, blue = video.read_frames(tmp_path / "1.mp4").mean(axis=(0, 1, 2))
    assert red > 180 and green < 80 and blue < 80


def test_a_clip_of_one_frame(tmp_path, write_video, each_decoder):
    path = write_video(tmp_path / "1.mp4", 1)
    frames = video.read_frames(path, video.uniform(1, 4), size=48)
    assert frames.shape == (4, 48, 48, 3) and (frames == frames[0]).all()


def test_a_long_clip_is_spread_and_its_length_told(clip):
    frames, length = video.read_spread(clip, 8, 48)
    assert length == 20
    np.testing.assert_array_equal(frames, video.read_frames(clip, video.uniform(20, 8), 48))
    assert len(video.read_spread(clip, 32)[0]) == 20


# ---------------------------------------------------------------- broken videos


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda raw: b"", ("empty (0 bytes)",)),
        (lambda raw: raw[: len(raw) // 2], ("cut off",)),
        (lambda raw: raw[:30], ("cut off",)),
        (lambda raw: raw[: raw.find(b"mdat") - 4], ("cut off",)),
        (lambda raw: index_first(raw)[: len(raw) * 2 // 3], ("cut off", "should end at byte")),
        (lambda raw: index_first(raw)[: index_first(raw).find(b"mdat") - 4], ("no pictures",)),
        (lambda raw: b"<html>not found</html>" * 40, ("no mp4",)),
        (lambda raw: raw[:60] + bytes(len(raw) // 2) + raw[60 + len(raw) // 2 :], ()),
    ],
    ids=[
        "empty",
        "half",
        "no pictures or index",
        "first bytes",
        "cut behind the index",
        "index only",
        "a web page",
        "blank",
    ],
)
def test_a_broken_video_is_named(tmp_path, clip, each_decoder, damage, words):
    path = tmp_path / "7.mp4"
    path.write_bytes(damage(clip.read_bytes()))
    refused(lambda: video.read_frames(path), path, *words)


def test_a_streaming_file_and_one_with_rubbish_behind_it_are_whole(tmp_path, clip, each_decoder):
    whole = video.read_frames(clip)
    for raw in (index_first(clip.read_bytes()), clip.read_bytes() + bytes(40)):
        (tmp_path / "1.mp4").write_bytes(raw)
        np.testing.assert_array_equal(video.read_frames(tmp_path / "1.mp4"), whole)


def test_a_missing_video(tmp_path):
    refused(lambda: video.read_frames(tmp_path / "9.mp4"), "not there", "9.mp4")


# ---------------------------------------------------------------- folders of images


def grey_folder(folder, names, size=16):
    """Images named in order of time; the i-th has the grey value 10 i."""
    folder.mkdir()
    for i, name in enumerate(names):
        Image.new("RGB", (size, size), (10 * i,) * 3).save(
            folder / name, **({"quality": 95} if "jp" in name.lower() else {})
        )
    return folder


def test_images_come_in_the_order_of_their_numbers(tmp_path):
    folder = grey_folder(tmp_path / "00001", ["00001_1.jpg", "00001_2.JPG", "00001_9.jpeg", "00001_10.png"])
    (folder / "Thumbs.db").touch()
    (folder / "._00001_1.jpg").write_bytes(b"what macOS leaves behind")
    assert video.read_frames(folder)[:, 8, 8, 0].tolist() == pytest.approx([0, 10, 20, 30], abs=1)
    assert video.read_frames(folder, [3, 1, 1], size=8)[:, 4, 4, 2].tolist() == pytest.approx(
        [30, 10, 10], abs=1
    )


def test_shrinking_is_by_area(tmp_path):
    (tmp_path / "00001").mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "00001" / "1.png")
    mean = pixels.reshape(4, 4, 4, 4, 3).mean(axis=(1, 3))
    assert np.abs(video.read_frames(tmp_path / "00001", size=4)[0] - mean).max() <= 0.5


def test_a_folder_without_images(tmp_path):
    (tmp_path / "00001").mkdir()
    refused(lambda: video.read_frames(tmp_path / "00001"), "no images", tmp_path / "00001")


@pytest.mark.parametrize(
    "damage", [lambda raw: b"", lambda raw: b"not a picture", lambda raw: raw[: len(raw) * 2 // 3]]
)
def test_a_broken_image_is_named(tmp_path, damage):
    folder = grey_folder(tmp_path / "00001", ["1.jpg", "2.jpg"], size=64)
    (folder / "2.jpg").write_bytes(damage((folder / "2.jpg").read_bytes()))
    refused(lambda: video.read_frames(folder), "an image cannot be read", folder / "2.jpg")
    assert len(video.read_frames(folder, [0])) == 1  # the others can still be looked at


def test_images_of_two_sizes_need_a_size(tmp_path):
    folder = grey_folder(tmp_path / "00001", ["1.png"], size=20)
    Image.new("L", (30, 24)).save(folder / "2.png")
    refused(lambda: video.read_frames(folder), "differ in size", folder)
    assert video.read_frames(folder, size=16).shape == (2, 16, 16, 3)
