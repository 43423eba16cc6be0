"""Every layout is read into the same table, whatever its archives look like unpacked; what is wrong has one error."""

import shutil

import pytest
from PIL import Image
from trees import SEVEN, TEST, TRAIN, WRITERS, afew, dfew, ferv39k, frames, listfiles, mafw, scenes

from dfer_nb.data import clips
from dfer_nb.data.choices import Reading
from dfer_nb.data.expressions import DFEW_COUNTS, EXPRESSIONS
from dfer_nb.data.known import LAYOUTS, LICENSED
from dfer_nb.errors import BadInput

SIZES = {"mafw": {"train": 11, "test": 11}, "listfiles-mafw": {"train": 22, "test": 11}}


def read(name, root, fold=1, **choices):
    return LICENSED[name].table(root, fold, Reading(**choices))


def refused(name, root, *words, **choices):
    with pytest.raises(BadInput) as error:
        read(name, root, **choices)
    for word in words:
        assert word in str(error.value)
    assert error.value.where and error.value.todo
    return error.value


# ---------------------------------------------------------------- what is read

def test_every_layout_has_its_tree():
    assert set(WRITERS) == {each.name for each in LAYOUTS}


@pytest.mark.parametrize("name", WRITERS)
def test_every_layout_becomes_the_same_table(name, tmp_path):
    table = read(name, WRITERS[name](tmp_path))
    assert tuple(table.columns) == clips.COLUMNS and set(table["source"]) == {name}
    assert table["split"].value_counts().to_dict() == SIZES.get(name, {"train": TRAIN, "test": TEST})
    assert table["split"].tolist() == sorted(table["split"], reverse=True)  # training clips first
    assert table["clip"].is_unique and all(map(str(tmp_path).__eq__, table["path"].str[:len(str(tmp_path))]))
    assert set(table["label"]) == set(range(len(LICENSED[name].classes)))
    assert table.attrs["read"]["clips"] == len(table) and table.attrs["read"]["left_out"] == {"missing": 0}


@pytest.mark.parametrize("name", [name for name in WRITERS if name != "afew"])
def test_a_clip_that_is_gone_is_named_and_left_out_on_request(name, tmp_path):
    root = WRITERS[name](tmp_path)
    whole = read(name, root)
    shutil.rmtree(whole["path"][0])
    error = refused(name, root, f"1 of {len(whole)} clips are not on disk", whole["clip"][0], "drop_missing=True")
    assert error.where != str(tmp_path / "nowhere")
    with pytest.warns(UserWarning, match="left out"):
        table = read(name, root, drop_missing="true")
    assert table["clip"].tolist() == whole["clip"].tolist()[1:] and table.attrs["read"]["left_out"]["missing"] == 1


@pytest.mark.parametrize("name", [name for name in WRITERS if name != "afew"])
def test_no_test_clip_on_the_disk_is_said_before_anything_is_trained(name, tmp_path):
    root = WRITERS[name](tmp_path)
    table = read(name, root)
    for path in table["path"][table["split"] == "test"]:
        shutil.rmtree(path)
    refused(name, root, "none of the test clips", drop_missing=True)


def test_a_root_one_or_two_folders_too_high_and_a_wrong_one(tmp_path):
    for name, writer in WRITERS.items():
        writer(tmp_path / name / "inner" / "data")
        where = tmp_path / name / "inner" / "data"
        for root in (tmp_path / name / "inner", tmp_path / name):
            assert str(where) in refused(name, root, "did you mean").todo
        refused(name, tmp_path, "as root", "holds:")
        refused(name, "", "no root")


@pytest.mark.parametrize("name", ["ferv39k", "afew"])
def test_a_dataset_without_folds_has_one(name, tmp_path):
    with pytest.raises(BadInput, match="no fold 2(.|\n)*fold 1, its only one"):
        read(name, WRITERS[name](tmp_path), fold=2)


# ---------------------------------------------------------------- classes

def test_the_orders_of_all_classes():
    seven = ("Happy", "Sad", "Neutral", "Angry", "Surprise", "Disgust", "Fear")
    assert EXPRESSIONS == seven
    for name in ("dfew", "ferv39k", "afew", "listfiles"):
        assert LICENSED[name].classes == seven
    for name in ("mafw", "listfiles-mafw"):
        assert LICENSED[name].classes == (*seven, "Contempt", "Anxiety", "Helplessness", "Disappointment")


def test_published_counts_add_up():
    dfews, fervs, mafws = (LICENSED[name].published for name in ("dfew", "ferv39k", "mafw"))
    assert sum(dfews.classes.values()) == sum(dfews.test) == dfews.clips == sum(DFEW_COUNTS.values()) == 11697
    assert [sum(part.values()) for part in fervs.by_split.values()] == [31088, 7847] and fervs.test == (7847,)
    assert sum(fervs.classes.values()) == fervs.clips == 38935
    assert sum(mafws.classes.values()) == sum(mafws.test) == mafws.clips == 9172


def test_mafws_words_are_its_classes(tmp_path):
    table = read("mafw", mafw(tmp_path)).set_index("clip")["label"]
    names = [LICENSED["mafw"].classes[label] for label in table["00001":"00011"]]
    assert names == ["Angry", "Disgust", "Fear", "Happy", "Neutral", "Sad", "Surprise", "Contempt", "Anxiety",
                     "Helplessness", "Disappointment"]


@pytest.mark.parametrize("word", ["anger_disgust", "anger,disgust", "anger+fear", "anger disgust", "anger, disgust",
                                  "sadness  anger"])
def test_compound_labels_of_mafw_are_refused_in_a_clear_word(word, tmp_path):
    root = mafw(tmp_path, words=("anger", "disgust", word, *("fear",) * 8))
    refused("mafw", root, "compound", word, "(line 3)", "single label")


def test_mafws_compound_and_captioned_lists_alone_are_refused(tmp_path):
    mafw(tmp_path / "a", lists="compound/no_captions")
    refused("mafw", tmp_path / "a", "compound", "single/no_caption")
    mafw(tmp_path / "b", lists="single/with_caption")
    refused("mafw", tmp_path / "b", "single", "captions, are not read")


def test_numbers_in_mafws_lists_are_refused(tmp_path):
    refused("mafw", mafw(tmp_path, words=range(11)), "numbered in several ways", "name the expressions")
    refused("mafw", tmp_path, "numbered in several ways", zero_based=True)


ALPHABET = sorted(SEVEN)


@pytest.mark.parametrize(("label", "said"), [
    (lambda k: k, f"numbered from 0: {', '.join(SEVEN)}"), (lambda k: k + 1, f"numbered from 1: {', '.join(SEVEN)}"),
    (lambda k: ALPHABET.index(SEVEN[k]), f"numbered from 0: {', '.join(ALPHABET)}"),
    (lambda k: ALPHABET.index(SEVEN[k]) + 1, f"numbered from 1: {', '.join(ALPHABET)}"),
    (lambda k: SEVEN[k].lower(), "named in words")], ids=["from 0", "from 1", "alphabetical", "and from 1", "words"])
def test_ferv39k_numbers_of_any_known_order_are_recognised_by_the_folders(label, said, tmp_path):
    table = read("ferv39k", ferv39k(tmp_path, label=label))
    assert table["label"].tolist() == [SEVEN.index(clip.split("/")[1]) for clip in table["clip"]]
    assert table.attrs["read"]["labels"] == said


def test_numbers_that_do_not_fit_the_folders_are_refused(tmp_path):
    root = ferv39k(tmp_path, label=lambda k: k)
    path = root / "4_setups/All_scenes/test_All.csv"
    path.write_text(path.read_text().replace("Happy/te0000 0", "Happy/te0000 1"))
    refused("ferv39k", root, "do not fit the expressions", "Happy/te0000")


def test_lists_from_one_without_a_seven_are_not_read_as_from_zero(tmp_path):
    root = dfew(tmp_path)
    for path in (root / "EmoLabel_DataSplit").glob("*/*.csv"):
        path.write_text(path.read_text().replace(",7\n", ",6\n"))
    refused("dfew", root, "no label is 0", "shift", zero_based=True)
    assert read("dfew", root)["label"].max() == 5


def test_a_whole_fold_from_zero_is_recognised_by_its_published_counts(tmp_path):
    root, labels = tmp_path, [k for k, n in enumerate(DFEW_COUNTS.values()) for _ in range(n)]
    for first, order in ((0, SEVEN), (1, SEVEN), (0, ALPHABET)):
        for split, ids in (("train", range(2341, 11697)), ("test", range(2341))):
            path = root / "EmoLabel_DataSplit" / f"{split}(single-labeled)" / "set_1.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            rows = [f"{n},{order.index(SEVEN[labels[n]]) + first}\n" for n in ids]
            path.write_text("video_name,label\n" + "".join(rows))
        rows, said = LICENSED["dfew"].labelled(root, 1, Reading())
        assert rows["label"].tolist() == [labels[int(clip)] for clip in rows["clip"]]
        assert said == f"numbered from {first}: {', '.join(order)}"
    with pytest.raises(BadInput, match="not 0-based"):
        dfew(root)  # from 1
        LICENSED["dfew"].labelled(root, 1, Reading(zero_based=True))


def test_zero_based_says_nothing_of_words(tmp_path):
    for name in ("ferv39k", "afew", "mafw"):
        WRITERS[name](tmp_path / name)
        for choice in ({"zero_based": True}, {"numbering": "alphabetical-0"}):
            refused(name, tmp_path / name, *choice, "words" if name != "afew" else "folders", **choice)


# ---------------------------------------------------------------- the wrong folder

@pytest.mark.parametrize("faces", ["Clip/clip_224x224", "Clip/clip_224x224/clip_224x224",
                                   "Clip/clip_224x224/clip_224x224_part_3", "Clip/clip_224x224_part_3",
                                   "Clip/clip_224x224_part_3/clip_224x224_part_3"])
def test_faces_are_found_however_their_archive_was_unpacked_and_scenes_are_left_alone(faces, tmp_path, write_video):
    root = scenes(dfew(tmp_path, faces), write_video)
    table = read("dfew", root)
    assert table["path"].tolist() == [str(root / faces / f"{n:05d}") for n in range(1, TRAIN + TEST + 1)]
    said = table.attrs["read"]
    assert said["kind"] == "face crops, a folder of frames a clip" and faces.startswith(said["folder"])


def test_parts_that_lie_side_by_side_are_one_place(tmp_path):
    root = dfew(tmp_path)
    (root / "Clip/clip_224x224_part_2").mkdir()
    shutil.move(root / "Clip/clip_224x224/00002", root / "Clip/clip_224x224_part_2/00002")
    table = read("dfew", root)
    assert table["path"][1].endswith("part_2/00002") and table.attrs["read"]["folder"] == "Clip"
    frames(root / "Clip/clip_224x224/00002")
    refused("dfew", root, "1 clips lie there twice: 2", "part_2")


def test_archives_that_are_still_packed_are_named(tmp_path, write_video):
    root = scenes(dfew(tmp_path, faces=""), write_video)
    (root / "Clip/clip_224x224").mkdir()
    (root / "Clip/clip_224x224/clip_224x224_part_1.zip").touch()
    refused("dfew", root, "clip_224x224_part_1.zip", "unpack these archives")
    frames(root / "Clip/clip_224x224/00001")
    refused("dfew", root, "20 of 21 clips", "unpack clip_224x224_part_1.zip")


def test_scenes_are_read_only_where_they_are_asked_for(tmp_path, write_video):
    root = scenes(dfew(tmp_path, faces=""), write_video)
    refused("dfew", root, "no faces, only 21 whole film scenes", "Clip/original", "scenes=True")
    said = read("dfew", root, scenes=True).attrs["read"]
    assert said["kind"] == "whole film scenes, a video a clip" and said["folder"] == "Clip/original"
    refused("listfiles", listfiles(tmp_path / "other"), "say themselves", scenes=True)


@pytest.mark.parametrize("name", ["clip_224x224_16f", "clip_224x16f"])
def test_sixteen_frame_copies_beside_scenes_are_faces_and_said(name, tmp_path, write_video):
    root = scenes(dfew(tmp_path, f"Clip/{name}"), write_video)
    said = read("dfew", root).attrs["read"]
    assert said["kind"] == "face crops, interpolated to 16 frames a clip" and said["folder"] == f"Clip/{name}"
    dfew(root)  # the whole crops come before them
    assert read("dfew", root).attrs["read"]["folder"] == "Clip/clip_224x224"


def test_face_crops_as_videos(tmp_path, write_video):
    root = scenes(dfew(tmp_path, faces=""), write_video, "Clip/clip_224x224_avi")
    assert read("dfew", root).attrs["read"]["kind"] == "face crops, a video a clip"


@pytest.mark.parametrize(("faces", "lists"), [
    ("2_ClipsforFaceCrop/2_ClipsforFaceCrop", "4_setups/All_scenes"),
    ("2_ClipsforFaceCrop-002/2_ClipsforFaceCrop", "4_setups"), ("2_ClipsforFaceCrop", "All_scenes")])
def test_ferv39k_as_it_is_unpacked(faces, lists, tmp_path):
    assert len(read("ferv39k", ferv39k(tmp_path, faces, lists))) == TRAIN + TEST


def test_a_scene_of_ferv39k_is_a_dataset_of_its_own(tmp_path):
    root = ferv39k(tmp_path)
    refused("ferv39k-war", root, "no train list of ferv39k-war", "train_War.csv")
    for split in ("train", "test"):
        lines = (root / f"4_setups/All_scenes/{split}_All.csv").read_text().splitlines(keepends=True)
        folder = root / "4_setups/22_scenes/War"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{split}_War.csv").write_text("".join(line for line in lines if line.startswith("War/")))
    war, whole = read("ferv39k-war", root), read("ferv39k", root)
    assert set(war["clip"]) == {clip for clip in whole["clip"] if clip.startswith("War/")} and len(war) == 10


@pytest.mark.parametrize("lists", ["single/no_caption", "Train & Test Set/single/no_caption", "no_caption",
                                   "anno/single/no_caption"])
@pytest.mark.parametrize("place", ["data/frames", "frames", "data/frames_crop_align_224", "data/frames/crops"])
def test_mafw_as_it_is_unpacked(lists, place, tmp_path):
    assert len(read("mafw", mafw(tmp_path, lists, place))) == 22


def test_mafws_own_films_are_scenes(tmp_path, write_video):
    root = mafw(tmp_path)
    shutil.rmtree(root / "data/frames")
    scenes(root, write_video, "data/clips", 22)
    refused("mafw", root, "only 22 whole film scenes", "scenes=True")
    assert len(read("mafw", root, scenes=True)) == 22


@pytest.mark.parametrize("validation", ["val", "Val_AFEW"])
def test_afew_as_it_is_unpacked(validation, tmp_path):
    assert len(read("afew", afew(tmp_path, validation))) == TRAIN + TEST
    shutil.rmtree(tmp_path / validation)
    refused("afew", tmp_path, "no test clips")


def test_litter_beside_clips_is_no_clip(tmp_path):
    root = dfew(tmp_path)
    (root / "Clip/clip_224x224/Thumbs.db").touch()
    (root / "Clip/clip_224x224/.00003").mkdir()
    Image.new("RGB", (4, 4)).save(root / "Clip/clip_224x224/cover.jpg")
    assert len(read("dfew", root)) == TRAIN + TEST
