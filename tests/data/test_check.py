"""The command that looks at a dataset's folder: what it says, to people and to programs, and what it ends with."""

import json
import shutil
import subprocess
import sys

import pytest
from trees import TEST, TRAIN, WRITERS, dfew, ferv39k, frames, listfiles, picture, scenes

from dfer_nb.data import boxes, findings
from dfer_nb.data.check import main
from dfer_nb.data.known import LICENSED
from dfer_nb.errors import BadInput

TEST_LIST = "EmoLabel_DataSplit/test(single-labeled)/set_1.csv"


@pytest.fixture
def check(capsys):
    """Exit code and what is said, as text or as JSON."""
    def run(dataset, root, *options):
        code = main([dataset, str(root), "--size", "8", *options])
        said = capsys.readouterr()
        return code, json.loads(said.out) if "--json" in options else said.out + said.err

    return run


@pytest.mark.parametrize("name", WRITERS)
def test_what_a_table_can_be_read_of_is_ready_and_says_the_same(name, check, tmp_path):
    root = WRITERS[name](tmp_path)
    code, found = check(name, root, "--json", "--decode")
    assert code == 0 and found["ready"] and found["decoded"] and found["problems"] == [] and found["defects"] == {}
    table = LICENSED[name].table(root, 1)
    assert found["read"] == table.attrs["read"] and set(found["folds"]) == {"1"}
    counts = {split: part["label"].value_counts().sort_index().tolist() for split, part in table.groupby("split")}
    assert counts == {split: list(each["classes"].values()) for split, each in found["folds"]["1"]["splits"].items()}
    assert found["frames"]["frames"] == 3 * len(table) and found["estimate"]["clips"] == len(table)
    assert check(name, root)[0] == 0


def test_counts_stand_beside_the_published_ones(check, tmp_path):
    name, root = "ferv39k", ferv39k(tmp_path)
    code, found = check(name, root, "--json")
    assert code == 0 and found["ready"] and found["problems"] == [] and found["defects"] == {}
    fold = found["folds"]["1"]
    assert [fold["splits"][split]["clips"] for split in ("train", "test")] == [TRAIN, TEST]
    assert set(fold["splits"]["test"]["classes"].values()) == {1} and fold["published"]["test"] == 7847
    assert found["frames"] == {"clips": 21, "frames": 63, "fewest": 3, "median": 3.0, "most": 3, "under 16": 21}
    assert found["estimate"]["bytes"] == 21 * 3 * 8 * 8 * 3
    code, text = check(name, root)
    assert code == 0 and "\na training can start (" in text
    for words in ("14 (31,088)", "7 (7,847)", "2 (5,854)", "21 clips have fewer than 16 frames", "38,935 are published",
                  "face crops, a folder of frames a clip, in 2_ClipsforFaceCrop"):
        assert words in text


def test_folds_that_are_not_there_keep_the_others_from_nothing(check, tmp_path):
    code, found = check("dfew", dfew(tmp_path, folds=(1, 3)), "--json")
    assert code == 0 and set(found["folds"]) == {"1", "3"} and found["problems"] == []
    assert "there are lists of fold 1, 3 alone, and none of fold 2, 4, 5" in found["notes"]
    (tmp_path / TEST_LIST.replace("1.csv", "3.csv")).unlink()  # half a fold is one that cannot be read
    code, found = check("dfew", tmp_path, "--json")
    assert code == 1 and len(found["problems"]) == 1 and "fold 3: a list of clips is not there" in found["problems"][0]
    code, found = check("dfew", dfew(tmp_path, folds=range(1, 6)), "--json")
    assert code == 0 and not [note for note in found["notes"] if "alone" in note]


def test_list_files_of_one_division_are_ready(check, tmp_path):
    code, found = check("listfiles", listfiles(tmp_path, name="{}.txt"), "--json")
    assert code == 0 and set(found["folds"]) == {"1"} and LICENSED["listfiles"].folds_of(tmp_path) == (1,)


def test_what_is_missing_and_what_cannot_be_read(check, tmp_path, write_video):
    root = dfew(tmp_path, folds=range(1, 6))
    clips = root / "Clip/clip_224x224"
    shutil.rmtree(clips / "00003")
    for path in (clips / "00005").iterdir():
        path.unlink()
    (clips / "00006/cover.jpg").touch()
    frames(clips / "00007", 20)
    code, found = check("dfew", root, "--json")
    assert code == 1 and not found["ready"]
    assert {kind: each["clips"] for kind, each in found["defects"].items()} == {
        "empty folder": 1, "order of frames in doubt": 1}
    problems = " ".join(found["problems"])
    assert "1 of 21 clips are not on disk: 3" in problems and "2 clips cannot be read: 5, 6" in problems
    code, text = check("dfew", root, "--drop-missing", "--drop-broken")
    assert code == 0 and "left out" in text and "3 to 20" in text
    assert check("dfew", root, "--drop-missing")[0] == 1
    scenes(root, write_video)
    (root / "Clip/original/00004.mp4").write_bytes(b"")
    code, found = check("dfew", root, "--json", "--scenes")
    assert code == 1 and found["defects"]["damaged video"]["such as"][0].startswith("4: a video is empty")


@pytest.mark.parametrize(("damage", "words"), [
    (lambda root: (root / TEST_LIST).write_text("video_name,label\n1,1\n"), "both the training and the test list"),
    (lambda root: (root / TEST_LIST).write_text("video_name,label\n90,1\n90,1"), "more than once"),
    (lambda root: shutil.rmtree(root / "Clip"), "no clips"),
    (lambda root: shutil.copytree(root / "Clip/clip_224x224/00002", root / "Clip/clip_224x224_part_1/00002"),
     "there twice"),
])
def test_doubles_and_empty_folders(damage, words, check, tmp_path):
    root = dfew(tmp_path, folds=range(1, 6))
    damage(root)
    code, text = check("dfew", root)
    assert code == 1 and words in text and text.endswith("a training cannot start\n")
    with pytest.raises(BadInput, match=words):
        LICENSED["dfew"].table(root, 1)


def test_numbers_of_frames_that_list_files_say(check, tmp_path):
    code, found = check("listfiles", listfiles(tmp_path, says=5), "--json")
    assert code == 0 and any("21 clips have another number of frames" in note for note in found["notes"])
    code, text = check("listfiles", listfiles(tmp_path, says=10**30))
    assert code == 1 and "numbers of frames are no numbers, such as '1000000" in text


# ---------------------------------------------------------------- clips that are damaged


def spoil(root, clip: str, content: bytes, frame: int = 2) -> None:
    (root / f"Clip/clip_224x224/{clip}/{clip}_{frame:05d}.jpg").write_bytes(content)


@pytest.mark.parametrize(("content", "frame", "kind", "words"), [
    (b"", 1, "damaged frame", "1 of 3 frames are empty"), (b"", 3, "damaged frame", "1 of 3 frames are empty"),
    (b"no picture", 2, "damaged frame", "a frame is no picture"),
    (picture(90)[:-200], 1, "cannot be decoded", "an image cannot be read")])
def test_a_damaged_frame_anywhere_is_found_and_left_out_on_request(content, frame, kind, words, check, tmp_path,
                                                                     monkeypatch):
    root = dfew(tmp_path)
    spoil(root, "00006", content, frame)
    monkeypatch.setattr(findings, "TRIED", 1)  # of all clips the first is decoded, not this one
    cut = kind == "cannot be decoded"  # which only decoding sees
    assert check("dfew", root)[0] == (0 if cut else 1)
    code, found = check("dfew", root, "--json", *["--decode"] * cut)
    assert code == 1 and list(found["defects"]) == [kind] and words in found["defects"][kind]["such as"][0]
    assert found["problems"] == ["1 clips cannot be read: 6; copy or unpack them again, or leave them out with "
                                 "drop_broken"]
    code, found = check("dfew", root, "--json", "--drop-broken", *["--decode"] * cut)
    assert code == 0 and found["estimate"]["clips"] == 20 and found["defects"][kind]["clips"] == 1


def test_a_split_of_broken_clips_alone_is_a_problem_also_where_they_are_left_out(check, tmp_path):
    root = dfew(tmp_path)
    for n in range(TRAIN + 1, TRAIN + TEST + 1):
        spoil(root, f"{n:05d}", b"")
    code, found = check("dfew", root, "--json", "--drop-broken")
    assert code == 1 and "none of the test clips can be read" in found["problems"][0]


def test_frames_of_videos_are_counted_where_they_say_them(check, tmp_path, write_video, monkeypatch):
    root = scenes(dfew(tmp_path, faces=""), write_video)
    write_video(root / "Clip/original/00002.mp4", 20, 64, 36)
    code, found = check("dfew", root, "--json", "--scenes")
    told = found["frames"]
    assert code == 0 and (told["clips"], told["fewest"], told["most"], told["under 16"]) == (21, 4, 20, 20)
    (root / "Clip/original/00003.mp4").rename(root / "Clip/original/00003.mkv")
    assert check("dfew", root, "--json", "--scenes", "--decode")[1]["frames"]["clips"] == 21  # decoding tells
    monkeypatch.setattr(findings, "TRIED", 1)
    code, found = check("dfew", root, "--json", "--scenes")
    assert found["frames"]["clips"] == 20 and any("1 videos do not say" in note for note in found["notes"])


def test_boxes_of_a_video_that_lie(tmp_path, write_video):
    path = write_video(tmp_path / "a.mp4", 7, 64, 64)
    whole = path.read_bytes()
    assert boxes.count_frames(path) == 7
    for at in range(0, len(whole), 61):  # cut anywhere, or with a few bytes that say something else
        path.write_bytes(whole[:at])
        assert boxes.count_frames(path) in (0, 7)
        path.write_bytes(whole[:at] + b"\0\0\0\1" + whole[at + 4 :])
        assert boxes.count_frames(path) >= 0
    path.write_bytes(b"\0\0\0\x08free" * 100_000)
    assert boxes.count_frames(path) == 0


# ---------------------------------------------------------------- questions


def test_what_is_not_there_and_what_is_not_known(check, tmp_path):
    code, text = check("ferv39k", tmp_path / "nowhere")
    assert code == 1 and "not there" in text and str(tmp_path / "nowhere") in text
    code, text = check("dfw", tmp_path)
    assert code == 2 and "no dataset 'dfw'" in text and "mafw" in text
    code, text = check("dfew", tmp_path, "--drop-missing", "perhaps")
    assert code == 2 and "drop_missing is 'perhaps'" in text


@pytest.mark.parametrize(("options", "words"), [
    (["--size", "0"], "size is 0"), (["--max-frames", "-1"], "max_frames is -1"),
    (["--drop-broken", "x"], "drop_broken is 'x'")])
def test_a_question_that_cannot_be_answered_is_json_too(options, words, capsys, tmp_path):
    assert main(["dfew", str(dfew(tmp_path)), "--json", *options]) == 2
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert found["ready"] is False and words in found["error"]["what"] and found["error"]["todo"]
    assert said.err.startswith(f"error: {words}")


def test_it_is_a_command(tmp_path):
    ferv39k(tmp_path)
    done = subprocess.run([sys.executable, "-m", "dfer_nb.data.check", "ferv39k", str(tmp_path), "--json"],
                          capture_output=True, text=True)
    assert done.returncode == 0 and json.loads(done.stdout)["ready"] and "Traceback" not in done.stderr
