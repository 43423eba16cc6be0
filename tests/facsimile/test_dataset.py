"""FACSimile: DFEW's layout, noise at its declared share and known, and nothing that depends on history."""

import errno
import functools
import json
import os

import cv2
import numpy as np
import pandas as pd
import pytest

from dfer_nb.data.expressions import EXPRESSIONS, NEUTRAL
from dfer_nb.errors import BadInput
from dfer_nb.facsimile import casting, storyboard
from dfer_nb.facsimile import dataset as facsimile
from dfer_nb.facsimile.recipes import ACTION_UNITS

TINY = {"clips": 15, "clean": 2, "slice_clips": 1}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return facsimile.make("facsimile", base=tmp_path_factory.mktemp("data"), progress=False, **TINY)


def lists(root, pattern):
    return [pd.read_csv(path) for path in sorted((root / "EmoLabel_DataSplit").glob(pattern))]


@functools.cache
def full_plan(kind, draw=0):
    return casting.plan(kind, draw, **facsimile.SIZES)


# The plan: one table for the whole dataset, so shares are exact.


def test_class_shares_are_dfews_with_a_floor():
    shares = casting.class_shares()
    assert shares.sum() == pytest.approx(1) and shares[EXPRESSIONS.index("Disgust")] == 0.05
    ratio = shares[EXPRESSIONS.index("Happy")] / shares[EXPRESSIONS.index("Fear")]
    assert ratio == pytest.approx(2445 / 902)


def test_apportion_by_hand():
    assert casting.apportion(10, [0.25, 0.25, 0.5]).tolist() == [3, 2, 5]  # the first of two equal remainders
    assert casting.apportion(7, np.ones(5)).tolist() == [2, 2, 1, 1, 1]


@pytest.mark.parametrize("kind", facsimile.KINDS)
def test_noise_at_its_share(kind):
    style, table = storyboard.STYLES[kind], full_plan(kind)
    folds = table[table.fold > 0]
    assert len(folds) == 1400 and folds.fold.value_counts().tolist() == [280] * 5
    shares = {
        "wrong": (folds.given_label != folds.true_label).mean(),
        "low_quality": (folds.quality_kind != "").mean(),
        "irrelevant": (folds.irrelevant_frames > 0).mean(),
        "short_apex": folds.short_apex.mean(),
        "hard": (folds.hard_why != "").mean(),
    }
    assert shares == pytest.approx({name: getattr(style, name) for name in shares}, abs=0.002)
    assert set(folds.quality_kind) == {"", *casting.QUALITY}
    assert set(folds.irrelevant_kind) == {"", *casting.IRRELEVANT}


def test_wrong_labels_are_of_their_kind():
    table = full_plan("facsimile-hard")
    wrong = table[table.wrong_kind != ""]
    assert (wrong.given_label != wrong.true_label).all() and (wrong.fold > 0).all()
    assert (table.given_label == table.true_label)[table.wrong_kind == ""].all()
    swapped = wrong[wrong.wrong_kind == "confusion"]
    pairs = {
        tuple(sorted((EXPRESSIONS[a], EXPRESSIONS[b])))
        for a, b in swapped[["true_label", "given_label"]].to_numpy()
    }
    assert pairs == {("Fear", "Surprise"), ("Angry", "Disgust")}
    weak = wrong[wrong.wrong_kind == "low intensity to neutral"]
    assert (weak.given_label == NEUTRAL).all() and (weak.intensity < 0.5).all()
    runs = wrong[wrong.wrong_kind == "run of one label"]
    neighbours = runs.number.diff().between(1, 3) & (runs.given_label.diff() == 0)
    assert neighbours.mean() > 0.5


def test_people_are_disjoint():
    table = full_plan("facsimile")
    groups = table.groupby("fold")[["identity", "other_identity"]].agg(set)
    seen = [row.identity | row.other_identity for row in groups.itertuples()]
    assert sum(map(len, seen)) == len(set().union(*seen))
    assert (table.identity != table.other_identity).all()
    assert not set(table.identity) & set(full_plan("facsimile", 1).identity)
    assert not set(table.identity) & set(full_plan("facsimile-long").identity)


def test_extra_clips_have_one_difficulty_each():
    table = full_plan("facsimile")
    assert table[table.fold == 0].slice.value_counts().to_dict() == {
        "clean": 700,
        **dict.fromkeys(casting.SLICES, 150),
    }
    flags = pd.DataFrame({
        "short_apex": table.short_apex, "irrelevant": table.irrelevant_frames > 0,
        "low_quality": table.quality_kind != "", "low_intensity": table.hard_why == "low intensity",
    })  # fmt: skip
    for name in ("clean", *casting.SLICES):
        rows = flags[table.slice == name]
        assert rows.to_numpy().sum() == (0 if name == "clean" else 150)
        assert name == "clean" or rows[name].all()


# One clip: what happens in it is a function of (kind, draw, clip number).


def row_of(kind, **changes):
    row = full_plan(kind).query("fold == 0 and slice == 'clean' and true_label == 4").iloc[0].copy()
    for name, value in changes.items():
        row[name] = value
    return row


@pytest.mark.parametrize("kind", facsimile.KINDS)
def test_the_apex_shows_the_expression(kind):
    style, brows, rises = storyboard.STYLES[kind], [ACTION_UNITS.index(1), ACTION_UNITS.index(2)], []
    for number in range(900, 920):
        row = row_of(kind, number=number, intensity=1.0)  # surprise
        script = storyboard.script(row, kind, 0)
        start, end = script.apex
        assert script.aus.shape == (style.n_frames, len(ACTION_UNITS))
        assert script.aus.min() >= 0 and script.aus.max() <= 1
        assert 0 <= start and end <= style.n_frames and style.apex[0] <= end - start <= style.apex[1]
        far = np.r_[0 : max(start - 6, 0), min(end + 6, style.n_frames) : style.n_frames]
        if len(far):
            rises.append(script.aus[start:end, brows].mean() - script.aus[far][:, brows].mean())
    assert len(rises) > 10 and np.mean(rises) > 0.4  # some leave a unit out


def test_short_apex_and_irrelevant_block():
    smiles = []
    for number in range(900, 920):
        row = row_of("facsimile", number=number, short_apex=True, irrelevant_frames=10, irrelevant_start=0,
                     irrelevant_kind="other expression", irrelevant_label=0)  # fmt: skip
        script = storyboard.script(row, "facsimile", 0)
        start, end = script.apex
        assert 1 <= end - start <= 3 and start >= 10 and end <= 32
        smiles.append(script.aus[3:7, ACTION_UNITS.index(12)].min())
    assert np.median(smiles) > 0.35  # a smile, before a surprise


def test_irrelevant_kinds():
    block = {"irrelevant_frames": 8, "irrelevant_start": 24, "irrelevant_label": 0}
    away = storyboard.script(row_of("facsimile", irrelevant_kind="turned away", **block), "facsimile", 0)
    assert [t for t, view in enumerate(away.views) if view.away] == [26, 27, 28, 29]
    assert (away.aus[26:30] == 0).all()
    blocked = storyboard.script(row_of("facsimile", irrelevant_kind="blocked", **block), "facsimile", 0)
    assert [t for t, view in enumerate(blocked.views) if view.hand] == list(range(24, 32))
    row = row_of("facsimile", irrelevant_kind="other face", **block)
    other = storyboard.script(row, "facsimile", 0)
    assert set(other.who[24:]) == {row.other_identity} and set(other.who[:24]) == {row.identity}


def test_severity_is_graded():
    def brightness(severity):
        return facsimile.render(row_of("facsimile", quality_kind="dark", severity=severity), "facsimile", 0)[
            0
        ].mean()

    clear, mild, severe = (
        facsimile.render(row_of("facsimile"), "facsimile", 0)[0].mean(),
        brightness(0.25),
        brightness(1.0),
    )
    assert severe < mild / 2 < clear / 4


def test_low_intensity_lowers_the_action_units():
    strong, weak = (storyboard.script(row_of("facsimile", intensity=i), "facsimile", 0) for i in (1.0, 0.4))
    assert strong.apex == weak.apex
    sums = [script.aus[slice(*script.apex)].max(axis=0).sum() for script in (strong, weak)]
    assert sums[1] < 0.75 * sums[0]
    columns = strong.aus[slice(*strong.apex)].mean(axis=0) > 0.6
    shown = [script.aus[slice(*script.apex)][:, columns].mean() for script in (strong, weak)]
    assert columns.any() and shown[1] == pytest.approx(0.4 * shown[0], rel=0.15)


# On disk.


def test_layout_is_dfews(tiny):
    names = sorted(path.name for path in (tiny / "Clip" / "original").iterdir())
    assert names == sorted(f"{n}.mp4" for n in range(1, 22))
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
    assert list(truth) == list(facsimile.TRUTH) and len(truth) == 21
    assert all(
        truth[name].dtype == bool
        for name in ("wrong_label", "low_quality", "hard", "short_apex", "irrelevant")
    )
    assert (truth.apex_end > truth.apex_start).all() and (truth.apex_end <= truth.n_frames).all()
    assert truth.neutral_share.between(0, 1).all()
    assert truth.neutral_share[(truth.true_label == NEUTRAL) & ~truth.irrelevant].eq(1).all()
    assert facsimile.truth(tiny / "Clip") is None


def test_action_units_are_stored_per_frame(tiny):
    stored = facsimile.action_units(tiny)
    assert list(stored) == [str(n) for n in range(1, 22)] and all(
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
    def full(path, frames):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(facsimile, "_write_clip", full)
    with pytest.raises(BadInput, match="disk is full"):
        facsimile.make(base=tmp_path, progress=False, jobs=1, clips=10, clean=0, slice_clips=0)
    assert list(tmp_path.iterdir()) == []


def test_a_clip_that_could_not_be_written_is_noticed(tmp_path):
    frames = np.zeros((3, 32, 32, 3), np.uint8)
    (tmp_path / "1.mp4").mkdir()
    with pytest.raises(OSError, match="0 of 3 frames"):
        facsimile._write_clip(tmp_path / "1.mp4", frames)


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
