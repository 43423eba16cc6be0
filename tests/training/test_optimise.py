"""Schedules by hand, groups, and the guard that stops at a gradient that is not a number."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from dfer_nb.errors import BadInput
from dfer_nb.training.optimise import Settings, build_optimizer, guard_gradients, rate_factor, set_rate

SETTINGS = Settings(
    size=8, max_frames=4, epochs=10, warmup=2, batch_size=4, lr=1e-2, lr_backbone=1e-3, lr_min=1e-3, weight_decay=0.05
)


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone, self.head = nn.Linear(2, 2), nn.Linear(2, 1)


def test_warm_up_then_cosine_to_the_floor():
    factors = [rate_factor(progress, SETTINGS) for progress in (0, 1, 2, 6, 10)]
    assert factors == pytest.approx([0, 0.5, 1.0, 0.1 + 0.9 * 0.5, 0.1])


def test_a_cosine_over_all_epochs_is_cut_into_by_the_warm_up():
    settings = replace(SETTINGS, cosine_from="start")
    factors = [rate_factor(progress, settings) for progress in (0, 1, 2, 5, 10)]
    assert factors == pytest.approx([0, 0.5, 0.1 + 0.9 * 0.5 * (1 + 0.8090170), 0.1 + 0.9 * 0.5, 0.1])
    assert rate_factor(2, SETTINGS) == 1.0  # ours begins to fall there


def test_a_rate_may_fall_in_steps():
    """The first author's public code of NR-DFERNet halves it when seven epochs have ended."""
    settings = replace(SETTINGS, schedule="exponential", warmup=0, gamma=0.5, gamma_every=7)
    assert [rate_factor(progress, settings) for progress in (0.1, 1, 6.9, 7, 7.1, 14, 14.1)] == [
        1, 1, 1, 1, 0.5, 0.5, 0.25]


def test_exponential_schedule():
    settings = replace(SETTINGS, schedule="exponential", gamma=0.5)
    assert [rate_factor(p, settings) for p in (2, 3, 5)] == pytest.approx([1, 0.5, 0.125])


def test_backbone_and_heads_have_their_own_rates():
    optimizer = build_optimizer(Small(), SETTINGS)
    set_rate(optimizer, 1.0, SETTINGS)
    assert {group["name"]: group["lr"] for group in optimizer.param_groups} == pytest.approx(
        {"backbone": 5e-4, "heads": 5e-3}
    )
    assert isinstance(build_optimizer(Small(), replace(SETTINGS, optimizer="sgd")), torch.optim.SGD)


def test_each_group_is_clipped_by_itself():
    model = Small()
    optimizer = build_optimizer(model, SETTINGS)
    (1000 * model.backbone(torch.ones(1, 2))).sum().backward()
    (0.1 * model.head(torch.ones(1, 2))).sum().backward()
    small = model.head.weight.grad.clone()
    guard_gradients(optimizer, 1.0, "a test")
    backbone = torch.cat([p.grad.flatten() for p in model.backbone.parameters()])
    assert backbone.norm() == pytest.approx(1.0, rel=1e-4)
    assert torch.equal(model.head.weight.grad, small)  # a joint clip would have shrunk it to almost nothing


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_non_finite_gradient_stops_and_says_where(bad):
    model = Small()
    optimizer = build_optimizer(model, SETTINGS)
    model.head(torch.ones(1, 2)).sum().backward()
    model.head.weight.grad[0, 0] = bad
    with pytest.raises(FloatingPointError, match=r"heads .* at epoch 3, step 7(.|\n)*likely cause: a learning rate"):
        guard_gradients(optimizer, 1.0, "epoch 3, step 7")


@pytest.mark.parametrize(
    "change", [{"epochs": 0}, {"warmup": 11}, {"batch_size": 0}, {"optimizer": "lion"}, {"schedule": "step"},
               {"cosine_from": "end"}]
)
def test_settings_that_cannot_be_trained(change):
    with pytest.raises(BadInput):
        replace(SETTINGS, **change)
