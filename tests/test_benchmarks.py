"""The benchmarks measure what they say: training steps in two layouts and precisions, sizes, a filter, and a draw."""

import re

import pytest
import torch

from benchmarks import draw, paper, snippets, steps
from dfer_nb.presets import PRESETS, build
from dfer_nb.request import Request, make_fabric

REQUEST = Request("m3dfel", preset="paper-scratch", variant="former-dfer", device="cpu")


def test_the_two_ways_differ_in_layout_alone():
    ours, plain = (steps.trained(REQUEST, make_fabric(REQUEST)) for _ in range(2))
    steps.usual_layout(plain)
    weights = [dict(fit.model.named_parameters()) for fit in (ours, plain)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    name = next(name for name, weight in weights[0].items() if weight.dim() == 4 and weight.shape[2] == 3)
    assert [each[name].is_contiguous() for each in weights] == [False, True]
    held = {id(weight) for group in plain.optimizer.param_groups for weight in group["params"]}
    assert held == {id(weight) for weight in weights[1].values()}  # it is these that a step changes


def test_a_line_says_the_precision_and_the_ratio():
    line = steps.compared(REQUEST, 1, 1)
    ours, plain, ratio, low, high = map(float, re.findall(r"\d+\.\d+", line))
    assert REQUEST.config()["precision"] in line
    assert min(ours, plain) > 0 and low <= ratio <= high


def test_a_draw_is_measured_on_a_share_of_its_clips(monkeypatch):
    drawn = []
    draw_chunk = draw.dataset._draw_chunk
    monkeypatch.setattr(draw.dataset, "_draw_chunk", lambda *given: drawn.append(len(given[1])) or draw_chunk(*given))
    clips, drawing, decoding = draw.seconds("facsimile", 1, 0.006, 48)
    assert clips == 3300 and sum(drawn) == 20 and min(drawing, decoding) > 0


@pytest.mark.parametrize("name", PRESETS)
def test_a_paper_is_given_as_many_frames_as_its_network_sees(name):
    chosen = Request(name).plan()
    assert paper.multiply_adds(build(name, chosen)[0], chosen.training) > 0.01


def test_what_training_does_not_compute_is_not_counted():
    request = Request("nr_dfernet", preset="paper-scratch")
    with torch.device("meta"):  # nothing is computed
        model, _ = build("nr_dfernet", request.plan())
    sizes = snippets.multiply_adds(request)
    assert paper.multiply_adds(model, request.plan().training, "meta") == pytest.approx(sizes["gmac_plain"], abs=1e-3)
    assert sizes["gmac_plain"] < sizes["gmac_filtered"]  # snippets are for the test


def test_the_filter_is_timed_beside_the_same_network_without_it():
    found = snippets.measured(Request("nr_dfernet", device="cpu"), 2, 1)
    assert found["clips_per_second"] > 0 and found["gmac_plain"] < found["gmac_filtered"] < found["gmac_again"]
    assert found["added"] > -100 and found["added_median"] > -100
