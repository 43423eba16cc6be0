"""Augmentation: with the same parameters it is torchvision's, and every frame of a clip is changed alike."""

import numpy as np
import pytest
import torch
from torchvision.transforms import v2

from dfer_nb.data import batches
from dfer_nb.data.batches import Augment, Draws
from dfer_nb.errors import BadInput


def draws(box=(0, 0, 1, 1), flip=False, factors=(1, 1, 1)):
    return Draws(np.array([box], float), np.array([flip]), np.array([factors], float))


@pytest.fixture
def clip(decoded):
    return torch.from_numpy(decoded.frames("3").transpose(0, 3, 1, 2) / 255).float()[
        None
    ]  # [1, 8, 3, 32, 32]


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize(
    "box", [(0, 0, 32, 32), (3, 5, 27, 27), (0, 12, 20, 20), (12, 0, 20, 17), (7, 7, 1, 1)]
)
def test_crop_and_flip_are_torchvisions(clip, box, flip):
    expected = v2.functional.resized_crop(clip[0], *box, [32, 32])
    expected = v2.functional.horizontal_flip(expected) if flip else expected
    got = batches.augment(clip, draws(np.array(box) / 32, flip))
    torch.testing.assert_close(got[0], expected, atol=2e-5, rtol=0)


@pytest.mark.parametrize(
    "factors", [(1.4, 1, 1), (0.6, 1, 1), (1, 1.4, 1), (1, 0.6, 1), (1, 1, 1.4), (1, 1, 0.6), (1.3, 0.7, 1.2)]
)
def test_colours_are_torchvisions(clip, factors):
    expected = v2.functional.adjust_brightness(clip[0], factors[0])
    expected = v2.functional.adjust_contrast(expected, factors[1])
    expected = v2.functional.adjust_saturation(expected, factors[2])
    torch.testing.assert_close(batches.augment(clip, draws(factors=factors))[0], expected, atol=2e-6, rtol=0)


def test_all_together_is_torchvisions_on_each_clip_of_a_batch(decoded):
    clips = torch.stack(
        [torch.from_numpy(decoded.frames(c)[:4].transpose(0, 3, 1, 2) / 255).float() for c in "345"]
    )
    boxes = np.array([(2, 4, 28, 28), (0, 0, 30, 30), (5, 1, 26, 26)])
    flips, factors = (
        np.array([True, False, True]),
        np.array([(1.2, 0.8, 1.3), (0.7, 1.4, 0.6), (1, 1.1, 0.9)]),
    )
    got = batches.augment(clips, Draws(boxes / 32, flips, factors))
    for i in range(3):
        expected = v2.functional.resized_crop(clips[i], *boxes[i], [32, 32])
        expected = v2.functional.horizontal_flip(expected) if flips[i] else expected
        expected = v2.functional.adjust_brightness(expected, factors[i, 0])
        expected = v2.functional.adjust_contrast(expected, factors[i, 1])
        expected = v2.functional.adjust_saturation(expected, factors[i, 2])
        torch.testing.assert_close(got[i], expected, atol=3e-5, rtol=0)


def test_every_frame_of_a_clip_is_changed_alike_and_clips_are_not(decoded):
    still = torch.from_numpy(decoded.frames("1")[0].transpose(2, 0, 1) / 255).float().expand(4, 6, 3, 32, 32)
    rngs = [batches.generator(0, 0, batches.key(str(c))) for c in range(4)]
    got = batches.augment(still, Augment().draw(rngs))
    assert (got == got[:, :1]).all() and got.min() >= 0 and got.max() <= 1
    assert all((got[i] - got[j]).abs().mean() > 0.01 for i in range(4) for j in range(i))


def test_draws_lie_where_they_should():
    rngs = [batches.generator(0, 0, key) for key in range(4000)]
    got = Augment(crop_scale=(0.7, 1.0), jitter=0.4).draw(rngs)
    top, left, height, width = got.box.T
    area = height * width
    assert (height == width).all() and area.min() >= 0.7 and area.max() <= 1
    assert abs(area.mean() - 0.85) < 0.01  # even in area, as torchvision draws it
    assert min(top.min(), left.min()) >= 0 and (top + height).max() <= 1 and (left + width).max() <= 1
    places = np.array([top, left]) / (1 - height)  # shares of the room there is
    assert places.min() < 0.01 and places.max() > 0.99 and abs(np.corrcoef(places)[0, 1]) < 0.05
    assert abs(got.flip.mean() - 0.5) < 0.03
    assert got.factors.min() >= 0.6 and got.factors.max() <= 1.4 and np.ptp(got.factors, axis=0).min() > 0.78


def test_switching_one_thing_off_leaves_the_others_as_they_were():
    def drawn(**settings):
        return Augment(**settings).draw([batches.generator(0, 0, key) for key in range(50)])

    all_on, no_flip, no_jitter = drawn(), drawn(flip=False), drawn(jitter=0)
    assert not no_flip.flip.any() and (no_jitter.factors == 1).all()
    assert (all_on.box == no_flip.box).all() and (all_on.factors == no_flip.factors).all()
    assert (all_on.flip == no_jitter.flip).all() and (all_on.box == no_jitter.box).all()


def test_nothing_switched_on_changes_nothing(clip):
    nothing = Augment(crop_scale=(1, 1), flip=False, jitter=0).draw([batches.generator(0, 0, 1)])
    torch.testing.assert_close(batches.augment(clip, nothing), clip, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"crop_scale": (0, 1)},
        {"crop_scale": (0.9, 0.7)},
        {"crop_scale": (0.7, 1.2)},
        {"jitter": -0.1},
        {"jitter": 2},
    ],
)
def test_augmentation_that_cannot_be_is_refused(wrong):
    with pytest.raises(BadInput, match="no such augmentation"):
        Augment(**wrong)
