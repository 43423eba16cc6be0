"""Frames in the order of time, or one clear word why not; litter, copies and second formats are no frames."""

import random

import pytest
import trees
from hypothesis import given
from hypothesis import strategies as st

from dfer_nb.data import frames, video
from dfer_nb.errors import BadInput

TWELVE = range(1, 13)


@pytest.mark.parametrize("names", [
    "{}.jpg", "{:05d}.png", "00001_{:05d}.jpg", "{}_0.jpg", "frame{}_224x224.jpg", "img_{}_face1.png", "v2-{}-16f.webp",
    "clip (3) {}.bmp", "frame ({}).jpg", "12_{}_12.jpeg"])
def test_the_number_that_differs_is_the_frames(names):
    right = [names.format(n) for n in TWELVE]
    assert frames.in_order(random.Random(0).sample(right, len(right))) == right


def test_seconds_are_numbers_with_a_point():
    right = [f"{n / 4:.2f}.jpg" for n in TWELVE]
    assert frames.in_order(right[::-1]) == right
    bare = ["0.0.jpg", "0.25.jpg", "0.5.jpg", "1.0.jpg", "10.0.jpg"]
    assert frames.in_order(bare[::-1]) == bare
    both = [f"{n:03d}_{n / 25:.3f}s.png" for n in TWELVE]
    assert frames.in_order(both[::-1]) == both
    of_a_clip = [f"7.{n:05d}.jpg" for n in TWELVE]
    assert frames.in_order(of_a_clip[::-1]) == of_a_clip


@pytest.mark.parametrize(("names", "words"), [
    (["f1_t3.jpg", "f2_t2.jpg", "f3_t1.jpg"], "two orders"),
    (["img_1_face1.png", "img_1_face2.png", "img_2_face1.png"], "'img_1_face1.png' and 'img_1_face2.png'"),
    (["1.jpg", "01.jpg"], "'1.jpg' and '01.jpg'"),
    (["1.jpg", "2.jpg", "cover.jpg"], "two kinds"),
    (["a1.jpg", "b2.jpg"], "two kinds"),
    (["a.jpg", "a.b.jpg"], "two kinds"),
    (["0.5.jpg", "0.25.jpg"], "seconds"),
])
def test_a_doubt_is_named_and_nothing_guessed(names, words):
    with pytest.raises(BadInput) as error:
        frames.in_order(names, "where")
    assert words in str(error.value) and "where" in error.value.where and error.value.todo


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=40, unique=True),
       st.sampled_from(["{}.jpg", "{:08d}.jpg", "a_{}_b.png", "00012_{}.jpg", "x{}_64x64.png"]), st.randoms())
def test_any_numbers_come_in_their_order(numbers, form, lots):
    right = [form.format(n) for n in sorted(numbers)]
    assert frames.in_order(lots.sample(right, len(right))) == right


@given(st.lists(st.text("ab01.5_ ()", min_size=1, max_size=6), min_size=1, max_size=6, unique=True))
def test_any_names_are_ordered_or_refused(stems):
    names = [f"x{stem}.jpg" for stem in stems]
    try:
        assert sorted(frames.in_order(names)) == sorted(names)
    except BadInput as error:
        assert error.todo


def test_the_order_of_names_is_no_matter_of_the_folders_order():
    names = [f"{n}_{n + 5}.jpg" for n in TWELVE]
    assert {tuple(frames.in_order(random.Random(k).sample(names, 12))) for k in range(5)} == {tuple(names)}


def test_copies_second_formats_and_litter(tmp_path):
    clip = trees.frames(tmp_path / "00001", 5)
    for name in ("Thumbs.db", "desktop.ini", ".DS_Store", "._00001_00001.jpg", "labels.txt"):
        (clip / name).write_bytes(b"x")
    right = [f"00001_{n:05d}.jpg" for n in range(1, 6)]
    assert frames.frames(clip) == right
    (clip / "00001_00004 (1).jpg").write_bytes((clip / "00001_00004.jpg").read_bytes())
    (clip / "00001_00002 - Copy.jpg").write_bytes((clip / "00001_00002.jpg").read_bytes())
    assert frames.frames(clip) == right
    (clip / "00001_00004 (1).jpg").write_bytes(b"another picture")
    with pytest.raises(BadInput, match="second version(.|\n)*00001_00004 \\(1\\)"):
        frames.frames(clip)
    (clip / "00001_00004 (1).jpg").unlink()
    trees.frames(clip, 5, end="png")
    assert frames.frames(clip) == [name.replace("jpg", "png") for name in right]  # without a loss comes first
    (clip / "00001_00002.png").unlink()
    assert frames.frames(clip)[1] == "00001_00002.jpg" and len(frames.frames(clip)) == 5


@pytest.mark.parametrize("end", ["jpg", "png", "bmp", "webp"])
def test_every_format_is_decoded_in_order(end, tmp_path):
    found = video.read_frames(trees.frames(tmp_path / "7", 12, shade=20, end=end))
    assert found.shape == (12, 12, 12, 3)
    assert [round(float(frame.mean())) for frame in found] == pytest.approx([20 + 4 * k for k in range(12)], abs=2)


def test_a_folder_that_cannot_be_read_or_holds_nothing(tmp_path):
    with pytest.raises(BadInput, match="cannot be read"):
        frames.frames(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="holds no images"):
        video.read_frames(tmp_path / "empty")
