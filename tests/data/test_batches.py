"""Batches: their randomness has no history, and the thread behind them ends."""

import threading

import numpy as np
import pandas as pd
import pytest
import torch

from dfer_nb.data import batches, video
from dfer_nb.data.batches import Augment
from dfer_nb.errors import BadInput

# ---------------------------------------------------------------- randomness


def test_a_clips_number_is_the_same_everywhere():
    assert batches.key("1") == 0x83DCEFB7  # CRC-32 of the byte "1"
    assert batches.key("00001") != batches.key("1")


def test_a_generator_depends_on_its_three_numbers_and_on_nothing_else():
    def numbers(*key):
        return tuple(batches.generator(*key).random(3))

    first = numbers(1, 2, 3)
    np.random.seed(0)
    assert numbers(1, 2, 3) == first
    others = [
        numbers(2, 2, 3),
        numbers(1, 3, 3),
        numbers(1, 2, 4),
        numbers(3, 2, 1),
        numbers(1, 2, 3, "frames"),
    ]
    assert len({first, *others}) == 6
    with pytest.raises(BadInput, match="seed -1"):
        batches.generator(-1, 0, 0)


def test_the_numbers_drawn_are_these_for_good():
    """Records of earlier runs can be made again only while these stay."""
    assert batches.generator(0, 0, batches.key("1")).integers(0, 1000, 4).tolist() == [843, 534, 864, 556]
    assert batches.order(pd.DataFrame({"clip": [str(i) for i in range(8)]}), 0, 1).tolist() == [
        5,
        0,
        2,
        7,
        3,
        6,
        4,
        1,
    ]


def test_the_order_of_the_clips_does_not_depend_on_the_order_of_the_rows(table):
    shuffled = table.sample(frac=1, random_state=3)
    clips = table["clip"].to_numpy()[batches.order(table, 5, 2)]
    assert clips.tolist() == shuffled["clip"].to_numpy()[batches.order(shuffled, 5, 2)].tolist()
    assert sorted(clips) == sorted(table["clip"])
    many = pd.DataFrame({"clip": [str(i) for i in range(100)]})
    assert len({tuple(batches.order(many, seed, epoch)) for seed in range(3) for epoch in range(3)}) == 9


@pytest.mark.parametrize(
    ("balance", "expected"),
    [(0.0, [6, 3, 1]), (1.0, [3, 4, 3]), (0.5, [5, 3, 2])],  # of ten; 0.5: by the roots 2.45, 1.73, 1
)
def test_classes_are_balanced_by_over_and_undersampling(balance, expected):
    table = pd.DataFrame({"clip": [f"{i:02d}" for i in range(10)], "label": [0] * 6 + [4] * 3 + [5]})
    orders = [batches.order(table, 3, epoch, balance) for epoch in range(20)]
    for rows in orders:
        labels = table["label"].to_numpy()[rows]
        assert [int((labels == label).sum()) for label in (0, 4, 5)] == expected
        for label in (0, 4, 5):  # within a class no clip comes twice more than another
            times = np.bincount(rows, minlength=10)[table["label"] == label]
            assert times.max() - times.min() <= 1
    assert (orders[0] == batches.order(table, 3, 0, balance)).all()  # a function of seed and epoch
    if balance:
        assert len({tuple(sorted(rows)) for rows in orders}) > 5  # other ones are left out, or come twice, each epoch


# ---------------------------------------------------------------- the loader


def test_a_clip_that_comes_again_has_other_frames_and_is_the_same_clip(decoded, table):
    def sample(available, rng):
        return video.dynamic(available, 2, 1, rng)

    rare, apart = "3", 0
    uneven = table.assign(label=np.where(table["clip"] == rare, 1, 2))
    for epoch in range(12):
        (batch,) = load(decoded, uneven, batch_size=99, epoch=epoch, sample=sample, augment=None, balance=1.0)
        one, other, *_ = (place for place, clip in enumerate(batch.clip) if clip == rare)
        assert batch.label[[one, other]].tolist() == [1, 1]
        apart += not torch.equal(batch.frames[one], batch.frames[other])
    assert apart > 3


def load(decoded, table, **changes):
    settings = {
        "batch_size": 3,
        "n_frames": 5,
        "device": "cpu",
        "train": True,
        "seed": 1,
        "epoch": 4,
        "augment": Augment(),
    }
    return batches.loader(decoded, table, **(settings | changes))


def same(a, b):
    return a.clip == b.clip and torch.equal(a.frames, b.frames) and torch.equal(a.label, b.label)


def test_test_batches_are_the_clips_as_they_are_in_the_tables_order(decoded, table):
    table = table.sample(frac=1, random_state=0)  # positions and index labels differ now
    got = list(load(decoded, table, train=False))
    assert [len(b.clip) for b in got] == [3, 3, 1] == [len(b.frames) for b in got]
    assert sum((b.clip for b in got), []) == table["clip"].tolist()
    assert (
        np.concatenate([b.index for b in got]).tolist() == list(range(7)) and got[0].index.dtype == np.int64
    )
    assert (
        torch.cat([b.label for b in got]).tolist() == table["label"].tolist()
        and got[0].label.dtype == torch.int64
    )
    assert got[0].frames.shape == (3, 5, 3, 32, 32) and got[0].frames.dtype == torch.float32
    for batch in got:
        for frames, clip in zip(batch.frames, batch.clip, strict=True):
            expected = decoded.frames(clip)[video.uniform(decoded.n_frames[clip], 5)]
            np.testing.assert_array_equal((frames * 255).round().numpy(), expected.transpose(0, 3, 1, 2))
            assert frames.max() <= 1


def test_short_clips_repeat_their_last_frame(decoded, table):
    (batch,) = load(decoded, table[table["clip"] == "4"], train=False, n_frames=6)
    assert torch.equal(batch.frames[0, 3], batch.frames[0, 5]) and not torch.equal(
        batch.frames[0, 2], batch.frames[0, 3]
    )
    (single,) = load(decoded, table[table["clip"] == "2"], train=False)
    assert (single.frames == single.frames[:, :1]).all()


def test_training_batches_are_shuffled_and_rows_point_into_the_table(decoded, table):
    got = list(load(decoded, table))
    index = np.concatenate([b.index for b in got])
    assert index.tolist() == batches.order(table, 1, 4).tolist() != list(range(7))
    assert sum((b.clip for b in got), []) == table["clip"].to_numpy()[index].tolist()
    assert torch.cat([b.label for b in got]).tolist() == table["label"].to_numpy()[index].tolist()
    plain = list(load(decoded, table, augment=None))
    assert [b.clip for b in plain] == [b.clip for b in got]
    assert not torch.equal(plain[0].frames, got[0].frames)


def test_batches_have_no_history(decoded, table):
    first = list(load(decoded, table))
    np.random.seed(7)
    torch.manual_seed(7)
    next(load(decoded, table, epoch=3))
    again = list(load(decoded, table.sample(frac=1, random_state=1)))
    assert all(same(a, b) for a, b in zip(first, again, strict=True))
    one = table.head(1)  # nothing to shuffle here: the clip itself must be changed in another way
    for change in ({"epoch": 5}, {"seed": 2}):
        assert not torch.equal(next(load(decoded, one, **change)).frames, next(load(decoded, one)).frames)


def test_a_clip_is_changed_alike_whatever_stands_beside_it(decoded, table):
    def by_clip(batch_size):
        return {
            c: f
            for b in load(decoded, table, batch_size=batch_size)
            for c, f in zip(b.clip, b.frames, strict=True)
        }

    alone, together = by_clip(1), by_clip(7)
    for clip in alone:
        torch.testing.assert_close(alone[clip], together[clip], atol=1e-6, rtol=0)


def test_the_last_batch_may_be_smaller(decoded, table):
    assert [len(b.clip) for b in load(decoded, table)] == [3, 3, 1]
    assert [batches.count(7, 3), batches.count(6, 3), batches.count(1, 3)] == [3, 2, 1]


def test_several_processes_share_every_batch_and_stay_in_step(decoded, table):
    whole = list(load(decoded, table))
    parts = [list(load(decoded, table, shard=(rank, 2))) for rank in range(2)]
    for batch, first, second in zip(whole, *parts, strict=True):
        # seven clips in threes: the last batch has one clip, which both processes take
        expected = [batch.clip[0::2], batch.clip[1::2] or batch.clip]
        assert [first.clip, second.clip] == expected
        assert torch.equal(first.frames, batch.frames[0::2])


def test_another_choice_of_frames_is_random_in_training_only(decoded, table):
    def sample(available, rng):
        return video.dynamic(available, 2, 1, rng)

    table = table[table["clip"].isin(["3", "5"])]
    draws = {
        next(load(decoded, table, epoch=e, sample=sample, augment=None)).frames.sum().item()
        for e in range(12)
    }
    assert len(draws) > 3
    tests = [next(load(decoded, table, epoch=e, sample=sample, train=False)).frames for e in range(2)]
    assert torch.equal(*tests) and tests[0].shape[1] == 2


def threads():
    return [t for t in threading.enumerate() if t.name.startswith("next-batch")]


def test_a_consumer_who_stops_early_leaves_no_thread(decoded, table):
    for _ in load(decoded, table, batch_size=1):
        assert threads()
        break
    assert not threads()
    held = load(decoded, table, batch_size=1)
    next(held)
    held.close()
    assert not threads()
    list(load(decoded, table))
    assert not threads()


def test_an_error_while_gathering_is_raised_where_the_batch_is_wanted(decoded, table):
    def sample(available, rng):
        if available == 4:
            raise RuntimeError("from the thread")
        return video.uniform(available, 5)

    rows = load(decoded, table, batch_size=1, train=False, sample=sample)
    assert [next(rows).clip for _ in range(3)] == [["1"], ["2"], ["3"]]
    with pytest.raises(RuntimeError, match="from the thread"):
        next(rows)
    assert not threads()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"batch_size": 0}, "batch_size is 0"),
        ({"n_frames": 0}, "n_frames is 0"),
    ],
)
def test_sizes_that_make_no_batch_are_refused_at_once(decoded, table, change, word):
    with pytest.raises(BadInput, match=word):
        load(decoded, table, **change)


def test_tables_that_do_not_fit_the_cache_are_refused_at_once(decoded, table):
    with pytest.raises(BadInput, match="no clips"):
        load(decoded, table.head(0))
    with pytest.raises(BadInput, match="2 clips are not in the cache, '1x'"):
        load(decoded, pd.concat([table, table.head(2).assign(clip=["1x", "2x"])]))
