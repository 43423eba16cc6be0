"""FACSimile on disk: DFEW's layout, only train lists are wrong, and nothing that depends on history."""

import errno
import hashlib
import json
import os

import cv2
import numpy as np
import pandas as pd
import pytest

from dfer_nb import datasets
from dfer_nb.data import film
from dfer_nb.data.expressions import NEUTRAL
from dfer_nb.errors import BadInput
from dfer_nb.facsimile import casting, storyboard, trace
from dfer_nb.facsimile import dataset as facsimile
from dfer_nb.facsimile.lists import TRUTH
from dfer_nb.facsimile.recipes import ACTION_UNITS

TINY = {"clips": 15, "clean": 2, "slice_clips": 1}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return facsimile.make("facsimile", base=tmp_path_factory.mktemp("data"), progress=False, **TINY)


def lists(root, pattern):
    return [pd.read_csv(path) for path in sorted((root / "EmoLabel_DataSplit").glob(pattern))]


def test_layout_is_dfews(tiny):
    names = sorted(path.name for path in (tiny / "Clip" / "original").iterdir())
    assert names == sorted(f"{n}.mp4" for n in range(1, 28))
    for k in range(1, 6):
        train = pd.read_csv(tiny / "EmoLabel_DataSplit" / "train(single-labeled)" / f"set_{k}.csv")
        test = pd.read_csv(tiny / "EmoLabel_DataSplit" / "test(single-labeled)" / f"set_{k}.csv")
        assert list(train) == list(test) == ["video_name", "label"]
        assert len(train) == 12 and len(test) == 3 and not set(train.video_name) & set(test.video_name)
    labels = pd.concat(lists(tiny, "*/*.csv")).label
    assert labels.min() == 1 and labels.max() <= 7
    assert [path.stem for path in sorted((tiny / "EmoLabel_DataSplit" / "slices").iterdir())] == sorted(
        ("clean", *casting.SLICES)
    )


def test_only_train_lists_are_wrong(tiny):
    truth = facsimile.truth(tiny).set_index("clip")
    assert truth.wrong_label.sum() == 2  # 15 % of 15
    for train in lists(tiny, "train*/*.csv"):
        names = train.video_name.astype(str)
        assert (train.label - 1).tolist() == truth.given_label[names].tolist()
    for test in (*lists(tiny, "test*/*.csv"), *lists(tiny, "slices/*.csv")):
        assert (test.label - 1).tolist() == truth.true_label[test.video_name.astype(str)].tolist()


def test_truth_table(tiny):
    truth = facsimile.truth(tiny)
    assert list(truth) == list(TRUTH) and len(truth) == 27
    assert all(
        truth[name].dtype == bool
        for name in ("wrong_label", "low_quality", "hard", "short_apex", "irrelevant")
    )
    mixed, weak = truth.second_label >= 0, truth.intensity.between(0.01, 0.45)
    assert (truth.hard == (weak | mixed | truth.short_apex)).all() and (truth.hard == (truth.hard_why != "")).all()
    assert (truth.apex_end > truth.apex_start).all() and (truth.apex_end <= truth.n_frames).all()
    assert truth.neutral_share.between(0, 1).all()
    assert truth.neutral_share[(truth.true_label == NEUTRAL) & ~truth.irrelevant].eq(1).all()
    assert facsimile.truth(tiny / "Clip") is None


def test_action_units_are_stored_per_frame(tiny):
    stored = facsimile.action_units(tiny)
    assert list(stored) == [str(n) for n in range(1, 28)] and all(
        v.shape == (32, len(ACTION_UNITS)) for v in stored.values()
    )
    row = casting.plan("facsimile", 0, **TINY).iloc[6]
    np.testing.assert_allclose(stored["7"], storyboard.script(row, "facsimile", 0).aus, atol=1e-3)


def test_the_files_hold_the_frames(tiny):
    frames, _ = facsimile.render(casting.plan("facsimile", 0, **TINY).iloc[0], "facsimile", 0)
    reader = cv2.VideoCapture(str(tiny / "Clip" / "original" / "1.mp4"))
    read = [cv2.cvtColor(reader.read()[1], cv2.COLOR_BGR2RGB) for _ in range(32)]
    assert np.abs(np.stack(read).astype(float) - frames).mean() < 6
    assert not reader.read()[0]


def test_the_ladder_has_lists_and_truths_of_its_own_beside_the_same_clips(tmp_path, monkeypatch):
    root = facsimile.make("facsimile-hard-50", base=tmp_path, progress=False, jobs=1, **TINY)
    monkeypatch.setattr(facsimile, "_draw_all", lambda *_: pytest.fail("drawn again"))
    kinds = ("facsimile-hard-0", "facsimile-hard-15", "facsimile-hard", "facsimile-hard-50")
    assert {facsimile.make(kind, base=tmp_path, progress=False, **TINY) for kind in kinds} == {root}
    paths, wrong = [], []
    for kind in kinds:
        table = datasets.dataset(kind).layout.table(root, 1).set_index("clip")
        truth = facsimile.truth(root, kind).set_index("clip")
        train = table.index[table.split == "train"]
        assert (table.label == truth.given_label.where(truth.index.isin(train), truth.true_label)[table.index]).all()
        assert (truth.wrong_label == (truth.given_label != truth.true_label)).all()
        paths.append(table.path.to_dict())
        wrong.append(int(truth.wrong_label.sum()))
    assert all(each == paths[0] for each in paths) and wrong == [0, 2, 5, 7]
    assert facsimile.truth(root).equals(facsimile.truth(root, "facsimile-hard"))
    assert card(root)["kind"] == "facsimile-hard" and len(card(root)["other_lists"]) == 3


def test_clips_of_one_scene_share_frames_but_for_those_that_differ(tmp_path):
    plan = casting.plan("facsimile", 0, clips=10, clean=0, slice_clips=2).query("slice.str.startswith('neutral')")
    (tmp_path / "Clip" / "original").mkdir(parents=True)
    made = facsimile._draw_chunk(str(tmp_path), plan.sort_values("scene", kind="stable"), "facsimile", 0)
    rows = plan.sort_values("scene", kind="stable").itertuples()
    alone = [hashlib.sha256(facsimile.render(row, "facsimile", 0)[0]).hexdigest() for row in rows]
    assert [each["digest"] for each in made] == alone and len(set(alone)) == 8


def card(root):
    return json.loads((root / "card.json").read_text(encoding="utf-8"))


def test_same_seed_same_frames_whatever_the_processes(tiny, tmp_path):
    again = facsimile.make("facsimile", base=tmp_path, progress=False, jobs=2, **TINY)
    assert card(again) == card(tiny)
    pd.testing.assert_frame_equal(facsimile.truth(again), facsimile.truth(tiny))
    sizes = {"clips": 10, "slice_clips": 0, "clean": 0}
    others = [facsimile.make(base=tmp_path, progress=False, draw=draw, **sizes) for draw in (0, 1)]
    assert len({card(root)["frames_sha256"] for root in (tiny, *others)}) == 3


def test_made_once_and_other_sizes_elsewhere(tiny, monkeypatch):
    monkeypatch.setattr(facsimile, "_draw_all", lambda *_: pytest.fail("drawn again"))
    assert facsimile.make("facsimile", base=tiny.parent, progress=False, **TINY) == tiny
    assert facsimile.folder("facsimile", 2, tiny.parent).name == "facsimile-draw2"
    names = {facsimile.folder("facsimile", 0, tiny.parent, clips=n).name for n in (1400, 1390, 20)}
    assert len(names) == 3 and "facsimile-draw0" in names


@pytest.mark.parametrize("change", ["an old card", "other numbers"])
def test_a_folder_that_other_code_has_drawn_is_drawn_again(tmp_path, capsys, change):
    sizes = {"base": tmp_path, "clips": 10, "clean": 0, "slice_clips": 0, "jobs": 1}
    root = facsimile.make(**sizes, progress=False)
    right = (root / "card.json").read_text(encoding="utf-8")
    card = json.loads(right)
    assert card["drawing"] == trace.drawing("facsimile") and "version" not in card
    if change == "an old card":
        card["version"] = 4
        del card["drawing"]
    else:
        card["drawing"]["cells"][0][0][0] += 1
    (root / "card.json").write_text(json.dumps(card), encoding="utf-8")
    (root / "mark").touch()
    assert facsimile.make(**sizes, progress=True) == root
    assert "drawn by other code" in "".join(capsys.readouterr())
    assert (root / "card.json").read_text(encoding="utf-8") == right and not (root / "mark").exists()


def test_an_interrupted_generation_is_never_taken_for_whole(tmp_path, monkeypatch):
    draw_chunk, calls = facsimile._draw_chunk, []

    def stop(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return draw_chunk(*arguments)

    sizes = {"clips": 12, "clean": 0, "slice_clips": 0}
    monkeypatch.setattr(facsimile, "_draw_chunk", stop)
    with pytest.raises(KeyboardInterrupt):
        facsimile.make(base=tmp_path, progress=False, jobs=1, **sizes)
    assert list(tmp_path.iterdir()) == []
    root = facsimile.folder("facsimile", 0, tmp_path, **sizes)
    killed = tmp_path / f".{root.name}.partial-{2**22 + 1}"  # a process number that Linux never gives
    killed.mkdir()
    root.mkdir()  # whatever stands there without a card is no dataset
    monkeypatch.setattr(facsimile, "_draw_chunk", draw_chunk)
    assert facsimile.make(base=tmp_path, progress=False, jobs=1, **sizes) == root
    assert os.listdir(tmp_path) == [root.name] and (root / "card.json").exists()


def test_a_full_disk(tmp_path, monkeypatch):
    def full(path, frames, fps):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(film, "write", full)
    with pytest.raises(BadInput, match="disk is full"):
        facsimile.make(base=tmp_path, progress=False, jobs=1, clips=10, clean=0, slice_clips=0)
    assert list(tmp_path.iterdir()) == []


def test_a_clip_that_could_not_be_written_is_noticed(tmp_path):
    frames = np.zeros((3, 32, 32, 3), np.uint8)
    (tmp_path / "1.mp4").mkdir()
    with pytest.raises(OSError, match="0 of 3 frames"):
        film.write(tmp_path / "1.mp4", frames)


@pytest.mark.parametrize(
    "arguments, word",
    [
        ({"kind": "affectnet"}, "facsimile-hard"),
        ({"draw": -1}, "whole number"),
        ({"draw": 1.5}, "whole number"),
        ({"clips": 3}, "10"),
        ({"frames": 9}, "slice_clips"),
    ],
)
def test_bad_input(tmp_path, arguments, word):
    with pytest.raises(BadInput, match=word):
        facsimile.make(base=tmp_path, progress=False, **arguments)
    assert list(tmp_path.iterdir()) == []


def test_still_faces():
    images, units = facsimile.still_faces(80, seed=1)
    assert images.shape == (80, 48, 48, 3) and images.dtype == np.uint8
    assert units.shape == (80, len(ACTION_UNITS)) and units.dtype == np.float32
    assert units.min() >= 0 and units.max() <= 1 and (units.std(axis=0) > 0.05).all()
    np.testing.assert_array_equal(facsimile.still_faces(8, seed=1)[0], images[:8])
    assert (facsimile.still_faces(8, seed=2)[1] != units[:8]).any()
