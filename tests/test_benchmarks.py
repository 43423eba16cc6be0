"""The benchmarks measure what they say: training steps in two layouts and precisions of one network, and a draw."""

import re

import torch

from benchmarks import draw, index, steps
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


def test_a_tree_of_ferv39ks_shape_is_whole_and_its_clips_differ(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", f"index --clips 60 --frames 3 --links 7 --folder {tmp_path}".split())
    index.main()
    said = capsys.readouterr().out
    clips, frames = map(int, re.search(r"(\d+) clips, (\d+) frames", said).groups())
    assert 55 < clips < 70 and frames == 3 * clips and re.search(r"under 20 s each and under 500 MB: (yes|no)", said)
    assert not list(tmp_path.iterdir())
