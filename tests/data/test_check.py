"""The command that looks at a dataset's folder: what it says, to people and to programs, and what it ends with."""

import json
import shutil
import subprocess
import sys

import pytest
from trees import TEST, TRAIN, dfew, ferv39k, frames, listfiles, mafw, scenes

from dfer_nb.data.check import main

TEST_LIST = "EmoLabel_DataSplit/test(single-labeled)/set_1.csv"
WRITERS = {"dfew": dfew, "ferv39k": ferv39k, "mafw": mafw, "listfiles": listfiles}


@pytest.fixture
def check(capsys):
    """Exit code and what is said, as text or as JSON."""
    def run(dataset, root, *options):
        code = main([dataset, str(root), "--size", "8", *options])
        said = capsys.readouterr()
        return code, json.loads(said.out) if "--json" in options else said.out + said.err

    return run


@pytest.mark.parametrize("name", ["ferv39k"])
def test_a_whole_dataset_can_be_trained_on(name, check, tmp_path):
    root = WRITERS[name](tmp_path)
    code, found = check(name, root, "--json")
    assert code == 0 and found["ready"] and found["problems"] == [] and found["defects"] == {}
    fold = found["folds"]["1"]
    assert [fold["splits"][split]["clips"] for split in ("train", "test")] == [TRAIN, TEST]
    assert set(fold["splits"]["test"]["classes"].values()) == {1} and fold["published"]["test"] == 7847
    assert found["frames"] == {"clips": 21, "frames": 63, "fewest": 3, "median": 3.0, "most": 3, "under 16": 21}
    assert found["estimate"]["bytes"] == 21 * 3 * 8 * 8 * 3
    code, text = check(name, root)
    assert code == 0 and text.endswith("a training can start\n")
    for words in ("14 (31,088)", "7 (7,847)", "2 (5,854)", "21 clips have fewer than 16 frames", "38,935 are published",
                  "face crops, a folder of frames a clip, in 2_ClipsforFaceCrop"):
        assert words in text


def test_folds_that_are_not_there_keep_the_others_from_nothing_but_are_problems(check, tmp_path):
    code, found = check("dfew", dfew(tmp_path, folds=(1, 3)), "--json")
    assert code == 1 and set(found["folds"]) == {"1", "3"} and len(found["problems"]) == 3
    assert all("set_" in problem for problem in found["problems"])
    assert check("dfew", dfew(tmp_path, folds=range(1, 6)))[0] == 0


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
     "two folders"),
])
def test_doubles_and_empty_folders(damage, words, check, tmp_path):
    root = dfew(tmp_path, folds=range(1, 6))
    damage(root)
    code, text = check("dfew", root)
    assert code == 1 and words in text and text.endswith("a training cannot start\n")


def test_numbers_of_frames_that_list_files_say(check, tmp_path):
    code, found = check("listfiles", listfiles(tmp_path, says=5), "--json")
    assert code == 1 and any("21 clips have another number of frames" in note for note in found["notes"])  # one fold


def test_clips_that_cannot_be_decoded_are_met_by_the_estimate(check, tmp_path):
    root = ferv39k(tmp_path)
    for path in (root / "2_ClipsforFaceCrop").rglob("*.jpg"):
        path.write_bytes(b"no picture")
    code, text = check("ferv39k", root)
    assert code == 1 and "cannot be decoded" in text


def test_what_is_not_there_and_what_is_not_known(check, tmp_path):
    code, text = check("ferv39k", tmp_path / "nowhere")
    assert code == 1 and "not there" in text and str(tmp_path / "nowhere") in text
    code, text = check("dfw", tmp_path)
    assert code == 2 and "no dataset 'dfw'" in text and "mafw" in text
    code, text = check("dfew", tmp_path, "--drop-missing", "perhaps")
    assert code == 2 and "drop_missing is 'perhaps'" in text


def test_it_is_a_command(tmp_path):
    ferv39k(tmp_path)
    done = subprocess.run([sys.executable, "-m", "dfer_nb.data.check", "ferv39k", str(tmp_path), "--json"],
                          capture_output=True, text=True)
    assert done.returncode == 0 and json.loads(done.stdout)["ready"] and "Traceback" not in done.stderr
