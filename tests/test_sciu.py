"""SCIU's equations against values worked out by hand, and its weight branch on any classifier."""

import math

import pytest
import torch
from torch import nn

from dfer_nb import presets, sciu
from dfer_nb.errors import BadInput
from dfer_nb.models.host import SubClips
from dfer_nb.models.hosts import host
from dfer_nb.nr_dfernet import NRDFERNet
from dfer_nb.rdfer import RDFER

# Probabilities (2 epochs, 3 clips, 3 classes), and labels as given: the first clip is surely of class 2, the second
# wavers, the third is of its label.
PROBABILITIES = torch.tensor([[[0.1, 0.2, 0.7], [0.6, 0.3, 0.1], [0.8, 0.1, 0.1]],
                              [[0.1, 0.0, 0.9], [0.2, 0.7, 0.1], [0.6, 0.2, 0.2]]])
PREDICTIONS, GIVEN = PROBABILITIES.argmax(2), torch.tensor([0, 0, 0])


# The equations


def test_the_weight_branch_is_equation_1():
    branch = sciu.WeightBranch(2, hidden=2)
    first, second = branch[0], branch[2]
    with torch.no_grad():
        first.weight.copy_(torch.tensor([[1.0, 0.0], [0.0, -1.0]]))
        first.bias.copy_(torch.tensor([0.5, 0.0]))
        second.weight.copy_(torch.tensor([[2.0, 3.0]]))
        second.bias.fill_(-1.0)
    found = branch(torch.tensor([[1.0, 4.0], [-2.0, -1.0]]))
    # ReLU: (1.5, 0) and (0, 1); 2 * 1.5 - 1 = 2 and 3 - 1 = 2
    assert found.tolist() == pytest.approx([1 / (1 + math.exp(-2))] * 2)
    assert sciu.WeightBranch(10)[0].out_features == 5 and branch(torch.zeros(1, 2)).shape == (1,)


def test_scores_are_equation_2():
    weights, logits = torch.tensor([0.5, 1.0]), torch.tensor([[2.0, 0.0], [math.log(3.0), 0.0]])
    e = math.e
    assert sciu.score(weights, logits)[0].tolist() == pytest.approx([e / (e + 1), 1 / (e + 1)])  # softmax of (1, 0)
    assert sciu.score(weights, logits, "probabilities")[0].tolist() == pytest.approx(
        [0.5 * e**2 / (e**2 + 1), 0.5 / (e**2 + 1)])
    for times in sciu.TIMES:
        assert sciu.score(weights, logits, times)[1].tolist() == pytest.approx([0.75, 0.25])


def test_the_running_mean_is_equation_3():
    scores = torch.tensor([[0.0, 1.0], [0.2, 0.4], [0.6, 0.0]])
    assert sciu.running_mean(scores, 2).tolist() == pytest.approx([0.4, 0.2])
    assert sciu.running_mean(scores, 1).tolist() == pytest.approx([0.6, 0.0])


def test_pruning_is_equations_4_to_6():
    assert sciu.pruned(torch.tensor([0.6, 0.5, 0.7]), 0.5).tolist() == [False, True, False]  # at lambda: pruned


def test_weighted_cross_entropy_is_equation_7():
    weights, logits, label = torch.tensor([0.5]), torch.tensor([[2.0, 0.0]]), torch.tensor([0])
    e = math.e
    assert sciu.weighted_cross_entropy(weights, logits, label).tolist() == pytest.approx([-math.log(e / (e + 1))])
    found = sciu.weighted_cross_entropy(weights, logits, label, "probabilities")
    assert found.tolist() == pytest.approx([-math.log(0.5) - math.log(e**2 / (e**2 + 1))])
    smooth = sciu.weighted_cross_entropy(weights, logits, label, smoothing=0.2)
    assert smooth.tolist() == pytest.approx([-0.9 * math.log(e / (e + 1)) - 0.1 * math.log(1 / (e + 1))])


def test_with_probabilities_the_weight_learns_nothing_of_the_clip():
    """-log(w p) = -log w - log p: the gradient of the weight is -1 / w, whatever the clip and its label."""
    weights = torch.full((2,), 0.5, requires_grad=True)
    logits, label = torch.tensor([[3.0, 0.0], [3.0, 0.0]]), torch.tensor([0, 1])
    found = {times: torch.autograd.grad(sciu.weighted_cross_entropy(weights, logits, label, times).sum(), weights)[0]
             for times in sciu.TIMES}
    assert found["probabilities"].tolist() == pytest.approx([-2.0, -2.0])
    assert found["logits"][0] < 0 < found["logits"][1]  # it rises where the label is right, and falls where it is not


def test_stable_is_equation_8():
    predictions = torch.tensor([[1, 1, 0], [2, 1, 1], [2, 1, 0]])
    assert sciu.stable(predictions, 3).tolist() == [False, True, False]
    assert sciu.stable(predictions, 2).tolist() == [True, True, False]
    assert sciu.stable(predictions, 1).tolist() == [True, True, True]


def test_the_margin_is_equations_9_to_11():
    # means of the highest: 0.8, 0.65, 0.7; of class 0: 0.1, 0.4, 0.7
    assert sciu.margin(PROBABILITIES, GIVEN, 2).tolist() == pytest.approx([0.7, 0.25, 0.0])
    assert sciu.margin(PROBABILITIES, GIVEN, 1).tolist() == pytest.approx([0.8, 0.5, 0.0])


@pytest.mark.parametrize(
    ("tau", "kept", "expected"),
    [(0.2, None, [2, 0, 0]),  # the second is not stable
     (0.75, None, [0, 0, 0]),
     (0.2, [False, True, True], [0, 0, 0])],  # a pruned clip is not corrected
)
def test_correction_is_equations_12_and_13(tau, kept, expected):
    kept = None if kept is None else torch.tensor(kept)
    assert sciu.corrected(GIVEN, PREDICTIONS, PROBABILITIES, 2, tau, kept).tolist() == expected


# The network


@pytest.mark.parametrize(
    "net",
    [lambda: host("cnn-lstm", "narrow"), lambda: host("former-dfer", "narrow", n_frames=16, size=48),
     lambda: SubClips(host("cnn-gru", "narrow")), lambda: NRDFERNet("facenet", "none"),
     lambda: RDFER(backbone_weights="none", detector_weights="none", dim=16),
     lambda: presets.build("m3dfel", presets.plan("m3dfel"))[0]],
)
def test_any_classifier_gets_a_weight_in_one_line(net):
    torch.manual_seed(0)
    model = sciu.Weighted(net()).eval().to(memory_format=torch.channels_last)
    output = model(torch.rand(2, 16, 3, 48, 48))
    assert torch.equal(output["logits"], output["sample_weight"][:, None] * output["unweighted"])
    assert output["features"].shape == (2, model.weight_branch[0].in_features)
    assert 0 < output["sample_weight"].min() and output["sample_weight"].max() < 1
    assert set(model.net(torch.rand(2, 16, 3, 48, 48))) - set(output) == set()  # what a method asks for is still there
    output["logits"].square().sum().backward()
    assert model.weight_branch[0].weight.grad.abs().sum() > 0 and model.classifier is model.net.classifier


def test_a_classifier_without_a_penultimate_feature_is_refused():
    class Bare(nn.Module):
        out_dim = 4

        def forward(self, frames):
            return {"logits": frames.mean(dim=(1, 3, 4))}

    with pytest.raises(BadInput, match="no penultimate feature(.|\n)*Bare(.|\n)*features"):
        sciu.Weighted(Bare())(torch.rand(1, 2, 3, 4, 4))
    with pytest.raises(BadInput, match="no penultimate feature(.|\n)*Linear(.|\n)*out_dim"):
        sciu.Weighted(nn.Linear(2, 7))


def test_sub_clips_are_asked_without_a_trace_in_the_network():
    torch.manual_seed(0)
    net = SubClips(host("cnn-lstm", "narrow"), 4).train()
    frames, before = torch.rand(2, 8, 3, 16, 16), {}
    net(frames)
    before = {name: value.clone() for name, value in net.state_dict().items() if "running" in name}
    plain = host("cnn-lstm", "narrow").train()
    plain.load_state_dict({name.removeprefix("net."): value for name, value in net.state_dict().items()})
    output, alone = net(frames), plain(frames)
    assert torch.equal(output["logits"], alone["logits"]) and output["clip_logits"].shape == (2, 4, 7)
    assert not output["clip_logits"].requires_grad and net.net.training and before
    after = {f"net.{name}": value for name, value in plain.state_dict().items()}
    assert all(torch.equal(after[name], net.state_dict()[name]) for name in before)
    second = net.eval().net(frames[:, 2:4])["logits"]
    assert torch.allclose(net(frames)["clip_logits"][:, 1], second, atol=1e-6)
    fixed = SubClips(host("former-dfer", "narrow", n_frames=8, size=16), 4).eval()  # takes eight frames alone
    second = fixed.net(frames[:, 2:4].repeat_interleave(4, dim=1))["logits"]
    assert torch.allclose(fixed(frames)["clip_logits"][:, 1], second, atol=1e-6)
    with pytest.raises(BadInput, match="7 frames cannot be cut into 4"):
        net(frames[:, :7])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: sciu.Purification(prune_below=1.2), "lambda is 1.2"),
        (lambda: sciu.Purification(correct_above=-0.1), "tau is -0.1"),
        (lambda: sciu.Purification(rounds=0), "t is 0"),
        (lambda: sciu.Purification(times="scores"), "times is 'scores'(.|\n)*'logits' or 'probabilities'"),
        (lambda: sciu.Purification(score_of="min"), "score_of is 'min'(.|\n)*'max' or 'label'"),
        (lambda: sciu.pruned(torch.ones(2), -1), "lambda is -1"),
        (lambda: sciu.corrected(GIVEN, PREDICTIONS, PROBABILITIES, 2, 2.0), "tau is 2.0"),
        (lambda: sciu.running_mean(torch.ones(2, 3), 3), "t=3 of 2 epochs"),
        (lambda: sciu.stable(PREDICTIONS, 0), "t=0 of 2 epochs"),
        (lambda: sciu.margin(PROBABILITIES, GIVEN, 5), "t=5 of 2 epochs"),
        (lambda: sciu.score(torch.ones(1), torch.ones(1, 2), "none"), "times is 'none'"),
        (lambda: sciu.weighted_cross_entropy(torch.ones(1), torch.ones(1, 2), torch.tensor([0]), ""), "times is ''"),
    ],
)
def test_what_cannot_be_is_refused(wrong, message):
    with pytest.raises(BadInput, match=message):
        wrong()
