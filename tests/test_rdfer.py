"""RDFER's equations against values worked out by hand, and its network's shapes and gradients."""

import pandas as pd
import pytest
import torch
from torch import nn

from dfer_nb import rdfer
from dfer_nb.errors import BadInput


def one_hot(*classes: int) -> torch.Tensor:
    return nn.functional.one_hot(torch.tensor(classes), 7).float()


def test_agreement_is_the_share_of_the_most_predicted_class():
    # the paper's own example (Sec. III-A): Neutral, Surprise, Happy, Happy -> 0.5
    logits = torch.stack([one_hot(2, 4, 0, 0), one_hot(0, 0, 0, 0), one_hot(0, 1, 2, 3), one_hot(5, 5, 5, 1)])
    assert rdfer.agreement(logits).tolist() == [0.5, 1.0, 0.25, 0.75]


def test_groups_by_hand():
    #                     0     1     2    3     4    5     6     7    8    9
    agreed = torch.tensor([1.0, 1.0, 0.5, 0.75, 1.0, 0.5, 1.0, 0.25, 1.0, 1.0])
    loss = torch.tensor([0.1, 3.0, 0.4, 2.00, 0.2, 5.0, 2.9, 0.10, 0.3, 0.1])
    # noisy, 2 of 10: full agreement and the largest losses: 1 and 6. Hard, 3 of 10: 7 (0.25), then 0.5 by loss: 5, 2.
    found = rdfer.groups(agreed, loss, hard=0.3, noisy=0.2)
    assert found.tolist() == [0, 2, 1, 0, 0, 1, 2, 1, 0, 0]


def test_hard_and_noisy_are_disjoint_when_all_agree():
    loss = torch.arange(10.0)
    found = rdfer.groups(torch.ones(10), loss, hard=0.2, noisy=0.1)
    assert found.tolist() == [0] * 7 + [1, 1, 2]  # the largest loss is noisy, the next two are hard


def test_ties_go_by_position():
    assert rdfer.groups(torch.ones(4), torch.ones(4), hard=0.25, noisy=0.25).tolist() == [2, 1, 0, 0]


def test_reweight_is_equation_2():
    agreed, loss = torch.tensor([1.0, 0.25, 1.0, 1.0]), torch.tensor([4.0, 1.0, 1.0, 0.5])
    weights = rdfer.reweight(agreed, loss, hard=0.25, noisy=0.25)
    assert weights.tolist() == [0.0, 1.5, 1.0, 1.0]
    weights = rdfer.reweight(agreed, loss, hard=0.25, noisy=0.25, lambda_hard=2, lambda_noisy=0.1, lambda_ordinary=0.5)
    assert weights.tolist() == pytest.approx([0.1, 2.0, 0.5, 0.5])


@pytest.mark.parametrize(("hard", "noisy"), [(-0.1, 0.1), (0.2, 1.1), (0.7, 0.4)])
def test_impossible_shares_are_refused(hard, noisy):
    with pytest.raises(BadInput, match="shares"):
        rdfer.groups(torch.ones(4), torch.ones(4), hard, noisy)


def test_positions_by_hand():
    at = rdfer.positions(torch.tensor([0.5]), torch.tensor([2.0]), n_frames=4, length=11)
    assert at.tolist() == [[2.0, 4.0, 6.0, 8.0]]  # 5 + (-1.5, -0.5, 0.5, 1.5) * 2


def test_positions_as_they_are_printed_by_hand():
    at = rdfer.positions(torch.tensor([0.5, 1.0]), torch.tensor([2.0, 1.0]), n_frames=4, length=10, printed=True)
    assert at.tolist() == [[1.0, 3.0, 5.0, 7.0], [8.0, 9.0, 9.0, 9.0]]  # V_(10 mu) is the third; there is no frame 10
    frames = torch.arange(10.0).view(1, 10, 1)  # frame t holds the number t
    found = rdfer.resample(frames, torch.tensor([0.5]), torch.tensor([2.0]), 4, printed=True)
    assert found[0, :, 0].tolist() == [1.0, 3.0, 5.0, 7.0]


def test_resample_interpolates_and_never_leaves_the_video():
    frames = torch.arange(5.0).view(1, 5, 1, 1, 1).expand(3, 5, 2, 3, 3)  # frame t holds the number t
    mu, delta = torch.tensor([0.5, 0.0, 1.0]), torch.tensor([0.5, 1.0, 1.0])
    values = rdfer.resample(frames, mu, delta, n_frames=4)[:, :, 0, 0, 0]
    assert values.tolist() == [[1.25, 1.75, 2.25, 2.75], [0.0, 0.0, 0.5, 1.5], [2.5, 3.5, 4.0, 4.0]]


def test_resample_passes_gradients_to_mu_and_delta():
    frames = torch.rand(2, 9, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    mu, delta = torch.tensor([0.4, 0.55], requires_grad=True), torch.tensor([0.7, 1.2], requires_grad=True)
    (rdfer.resample(frames, mu, delta, 4) ** 2).sum().backward()
    assert mu.grad.abs().min() > 0 and delta.grad.abs().min() > 0


def test_resample_of_a_single_frame_repeats_it():
    frames = torch.rand(2, 1, 3, 4, 4)
    found = rdfer.resample(frames, torch.tensor([0.1, 0.9]), torch.tensor([1.0, 2.0]), 4)
    assert torch.equal(found, frames.expand(-1, 4, -1, -1, -1))


class Mean(nn.Module):
    """A sequence model one can follow by hand: the mean over time, times a factor."""

    def __init__(self, factor: float):
        super().__init__()
        self.factor = factor

    def forward(self, sequence):
        return self.factor * sequence.mean(dim=1) + sequence[:, 0]


def test_dual_stream_is_algorithm_1():
    streams = rdfer.DualStream(2, clip_length=2, fuse="sum")
    streams.movement, streams.emotion = Mean(2.0), Mean(3.0)
    features = torch.tensor([[1.0], [2.0], [3.0], [5.0]]).expand(4, 2)[None]
    # movement-emotion: clips (1,2), (3,5) -> 2*1.5+1 = 4 and 2*4+3 = 11 -> 3*7.5+4 = 26.5
    # emotion-movement: strides (1,3), (2,5) -> 3*2+1 = 7 and 3*3.5+2 = 12.5 -> 2*9.75+7 = 26.5
    assert streams(features).tolist() == [[53.0, 53.0]]
    streams.fuse = "concat"
    assert streams(features).tolist() == [[26.5] * 4]


def test_both_streams_share_two_models():
    streams = rdfer.DualStream(8)
    lstm = 2 * (4 * 4 * (8 + 4) + 2 * 4 * 4)  # two directions of 4 gates: weights and two biases
    assert sum(p.numel() for p in streams.parameters()) == 2 * lstm


def test_frames_that_do_not_fill_clips_are_refused():
    with pytest.raises(BadInput, match="5 frames"):
        rdfer.DualStream(8)(torch.rand(2, 5, 8))


def test_sub_clips():
    features = torch.arange(16.0).view(1, 16, 1)
    groups = rdfer.sub_clips(features)[0, :, :, 0]
    assert groups.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11], [12, 13, 14, 15]]
    windows = rdfer.sub_clips(features, how="windows")[0, :, :, 0]
    assert windows.shape == (4, 8) and windows[:, 0].tolist() == [0, 3, 5, 8] and windows[-1, -1] == 15


@pytest.fixture(scope="module")
def frames():
    return torch.rand(3, 32, 3, 48, 48, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"resampling": False},
        {"summary": False},
        {"structure": "single"},
        {"structure": "flat"},
        {"locator": "fc"},
        {"fuse": "sum"},
        {"clips": "windows"},
        {"embedding": False},
        {"over_time": "last"},
        {"printed_positions": True},
    ],
)
def test_every_form_of_the_network_gives_logits(frames, changes):
    model = rdfer.RDFER(backbone_weights="none", detector_weights="none", dim=16, **changes)
    output = model(frames)
    assert output["logits"].shape == (3, 7) and output["clip_logits"].shape == (3, 4, 7)
    assert not output["clip_logits"].requires_grad
    assert torch.equal(model.classifier(output["features"]), output["logits"])
    if changes.get("resampling", True):
        assert output["mu"].shape == output["delta"].shape == (3,)
        assert (0 <= output["mu"]).all() and (output["mu"] <= 1).all()
        assert (output["delta"] >= 0.5).all() and (output["delta"] <= 31 / 15).all()
    else:
        assert "mu" not in output


@pytest.mark.parametrize("locator", ["softmax", "fc"])
def test_the_classification_loss_reaches_the_locator(frames, locator):
    model = rdfer.RDFER(backbone_weights="none", detector_weights="none", dim=16, locator=locator, summary=False)
    model(frames)["logits"].square().sum().backward()
    heads = [model.detector.score, model.detector.stride_head] if locator == "softmax" else [model.detector.locate]
    assert all(head.weight.grad.abs().sum() > 0 for head in heads)


def test_without_an_embedding_the_bilstms_read_the_backbones_features(frames):
    model = rdfer.RDFER(backbone_weights="none", detector_weights="none", dim=16, embedding=False, summary=False).eval()
    kept = []
    model.backbone.register_forward_hook(lambda _, __, found: kept.append(found))
    model.streams.register_forward_hook(lambda _, inputs, __: kept.append(inputs[0]))
    model(frames)
    assert torch.equal(kept[0], kept[-1].flatten(0, 1)) and kept[0].shape == (3 * 16, model.backbone.out_dim)


def test_what_is_chosen_reaches_the_network(frames):
    def chosen(**changes):
        torch.manual_seed(0)
        return rdfer.RDFER(backbone_weights="none", detector_weights="none", dim=16, **changes).eval()(frames)["logits"]

    usual = chosen()
    assert torch.equal(usual, chosen(embedding=True, over_time="mean", printed_positions=False))
    for changes in ({"over_time": "last"}, {"printed_positions": True}):
        assert not torch.equal(usual, chosen(**changes))


def test_frames_are_seen_once_by_each_backbone(frames):
    model = rdfer.RDFER(backbone_weights="none", detector_weights="none", dim=16).eval()
    seen = []
    for net in (model.backbone, model.detector.backbone):
        net.register_forward_hook(lambda _, inputs, __: seen.append(len(inputs[0])))
    model(frames)
    assert seen == [3 * 8, 3 * 16]  # every fourth of 32 frames, then the 16 re-sampled ones: none for the sub-clips


def batch(names, labels):
    from dfer_nb.data.batches import Batch

    return Batch(frames=None, label=torch.tensor(labels), index=None, clip=names)


def test_ranks_over_the_epoch_weigh_the_next_one():
    method = rdfer.AgreementReweighting(hard=0.25, noisy=0.25, ranks="epoch")
    loss, columns = torch.tensor([1.0, 2.0]), {"agreement": torch.ones(2)}
    assert method.weights(loss, columns, ["a", "b"]).tolist() == [1, 1]  # nothing is known yet
    method.after_epoch(
        pd.DataFrame({"clip": list("abcd"), "agreement": [1.0, 0.25, 1.0, 1.0], "loss": [4.0, 1.0, 1.0, 0.5]})
    )
    assert method.weights(loss, columns, ["b", "a"]).tolist() == [1.5, 0.0]
    resumed = rdfer.AgreementReweighting(hard=0.25, noisy=0.25, ranks="epoch")
    resumed.load_state_dict(method.state_dict())
    assert resumed.clip_weights == method.clip_weights


def test_reweighting_waits_for_its_start():
    method = rdfer.AgreementReweighting(hard=0.5, noisy=0.5, start=2)
    loss, columns = torch.tensor([1.0, 2.0]), {"agreement": torch.full((2,), 0.25)}
    method.before_epoch(1)
    assert method.weights(loss, columns, ["a", "b"]).tolist() == [1, 1]
    method.before_epoch(2)
    assert method.weights(loss, columns, ["a", "b"]).tolist() == [1.5, 0]


def test_loss_ranking_alone_ignores_agreement():
    method = rdfer.AgreementReweighting(hard=0.5, noisy=0.0, use_agreement=False)
    columns = {"agreement": torch.tensor([0.25, 1.0])}
    assert method.weights(torch.tensor([1.0, 2.0]), columns, ["a", "b"]).tolist() == [1, 1.5]


def test_the_record_holds_votes_agreement_and_where_it_looked():
    output = {"clip_logits": torch.stack([one_hot(2, 4, 0, 0), one_hot(6, 6, 6, 6)]), "mu": torch.tensor([0.5, 0.25])}
    found = {name: value.tolist() for name, value in rdfer.AgreementReweighting().columns(output).items()}
    assert found == {"agreement": [0.5, 1.0], "s0": [2, 6], "s1": [4, 6], "s2": [0, 6], "s3": [0, 6],
                     "mu": [0.5, 0.25]}


def test_a_clip_of_weight_zero_teaches_nothing(frames):
    """The noisy clips are not part of the backward pass (RDFER, Sec. IV-B), in no loss and no network."""
    model = rdfer.RDFER(backbone_weights="none", detector_weights="none", dim=16, train_sub_clips=True).eval()
    method = rdfer.AgreementReweighting(summary_loss=0.5, sub_clip_loss=0.5)
    gradients = []
    for label in (0, 6):  # the label of the clip of weight 0 must not matter
        clips, weights = batch(["a", "b", "c"], [1, 2, label]), torch.tensor([1.0, 1.5, 0.0])
        output = model(frames)
        model.zero_grad()
        (weights * (method.loss(output, clips) + method.auxiliary(output, clips))).mean().backward()
        gradients.append([p.grad.clone() for p in model.parameters() if p.grad is not None])
    assert len(gradients[0]) > 20
    assert all(torch.equal(one, other) for one, other in zip(*gradients, strict=True))


def test_auxiliary_losses_by_hand():
    method = rdfer.AgreementReweighting(smoothing=0.0, summary_loss=0.5, sub_clip_loss=0.25)
    even = torch.zeros(1, 7)
    output = {"summary_logits": even, "clip_logits": torch.zeros(1, 4, 7)}
    assert method.auxiliary(output, batch(["a"], [3])).tolist() == pytest.approx([0.75 * 1.9459101])
    alone = {"clip_logits": torch.zeros(1, 4, 7)}
    assert method.auxiliary(alone, batch(["a"], [3])).tolist() == pytest.approx([0.25 * 1.9459101])
