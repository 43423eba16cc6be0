"""NR-DFERNet's equations against values worked out by hand, snippets, the filter, and that every form of it trains."""

import math
from types import SimpleNamespace

import pytest
import torch

from dfer_nb import nr_dfernet, presets
from dfer_nb.errors import BadInput
from dfer_nb.models.layers import Encoder
from dfer_nb.training.controls import Control
from dfer_nb.training.optimise import Settings, build_optimizer, guard_gradients, set_rate

HAPPY, SAD, NEUTRAL = 0, 1, 2  # in DFEW's order


def logits(*shares: float) -> torch.Tensor:
    """Logits (7,) whose softmax is Happy, Sad, Neutral as given, and nothing for the rest."""
    return torch.tensor([math.log(share) if share else -1e4 for share in shares] + [-1e4] * 4)


# The equations


def test_difference_is_equation_1():
    maps = torch.tensor([1.0, 4.0, 2.0]).view(1, 3, 1, 1, 1).expand(2, 3, 5, 2, 2)
    found = nr_dfernet.difference(maps)
    assert found.shape == (2, 2, 5, 2, 2) and found[1, :, 4, 1, 0].tolist() == [3.0, -2.0]


def test_fuse_is_equation_4():
    assert nr_dfernet.fuse(torch.tensor([1.0, -2.0]), torch.tensor([0.5, 4.0])).tolist() == [1.5, 2.0]


def test_the_dynamic_token_is_equation_5():
    tokens = torch.tensor([[[1.0, 0.0], [3.0, 6.0], [2.0, 0.0]]])
    assert nr_dfernet.dynamic_token(tokens).tolist() == [[2.0, 2.0]]


@pytest.mark.parametrize(
    ("frames", "length", "stride", "expected"),
    [
        (15, 3, 2, [[s, s + 1, s + 2] for s in range(0, 13, 2)]),  # the paper's: seven
        (15, 3, 1, [[s, s + 1, s + 2] for s in range(13)]),
        (6, 4, 3, [[0, 1, 2, 3]]),  # [(6 - 4) / 3] + 1 = 1: two frames are left over
        (5, 5, 9, [[0, 1, 2, 3, 4]]),
        (3, 1, 1, [[0], [1], [2]]),
    ],
)
def test_snippets_are_equation_6(frames, length, stride, expected):
    tokens = torch.arange(float(frames)).view(1, frames, 1).expand(2, frames, 4)
    found = nr_dfernet.snippets(tokens, length, stride)
    assert found.shape == (2, (frames - length) // stride + 1, length, 4)
    assert found[1, :, :, 3].tolist() == expected


SURE, FLAT = logits(0.8, 0.18, 0.02), logits(0.4, 0.3, 0.3)


@pytest.mark.parametrize(
    ("said", "filtered"),
    [
        ([SURE, FLAT], True),  # one is enough
        ([FLAT, FLAT], False),
        ([logits(0.6, 0.39, 0.01)], False),  # not sure enough
        ([logits(0.8, 0.1, 0.1)], False),  # too neutral
        ([logits(0.6, 0.39, 0.01), logits(0.8, 0.1, 0.1)], False),  # both conditions, but of two snippets
        ([logits(0.02, 0.0, 0.98)], False),  # surely Neutral
        ([logits(0.0, 0.98, 0.02)], True),  # it need not be the class of the sequence
    ],
)
def test_the_filter_is_equation_7(said, filtered):
    whole, other = logits(0.3, 0.1, 0.6), torch.stack([FLAT] * len(said))
    found = nr_dfernet.snippet_filter(torch.stack([whole, whole]), torch.stack([torch.stack(said), other]))
    assert torch.equal(found[1], whole)  # another clip is not touched
    expected = [0.75, 0.25, 0.0] if filtered else [0.3, 0.1, 0.6]
    assert found[0].softmax(0)[:3].tolist() == pytest.approx(expected, abs=1e-6)
    assert (found[0].argmax() == HAPPY) == filtered


def test_thresholds_are_strict_and_an_answer_that_is_not_neutral_stays():
    even = torch.zeros(1, 1, 7)
    even[..., 2:] = -torch.inf  # Happy and Sad are one half each, Neutral nothing
    found = nr_dfernet.snippet_filter(torch.zeros(1, 7), even, 0.5, 0.05)
    assert torch.equal(found, torch.zeros(1, 7))  # 0.5 is not above 0.5
    assert nr_dfernet.snippet_filter(torch.zeros(1, 7), even, 0.49, 0.0).isfinite().all()  # 0 is not below 0
    assert nr_dfernet.snippet_filter(torch.zeros(1, 7), even, 0.49, 0.01)[0, NEUTRAL] == -torch.inf
    happy = logits(0.9, 0.02, 0.08)[None]
    assert nr_dfernet.snippet_filter(happy, SURE[None, None]).argmax() == HAPPY


def test_rollout_by_hand():
    below = torch.tensor([[0.5, 0.5, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    above = torch.tensor([[0.2, 0.4, 0.4], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    heads = torch.stack([above - 0.1, above + 0.1])  # their mean is `above`
    found = nr_dfernet.attention_rollout([below[None, None], heads[None]])
    # the token's row of above @ below: 0.2 * (0.5, 0.5, 0) + (0, 0.4, 0.4) = (0.1, 0.5, 0.4), without itself (0.5, 0.4)
    assert found.tolist() == [pytest.approx([5 / 9, 4 / 9])]


def test_rollout_of_any_maps_sums_to_one():
    maps = torch.randn(4, 3, 2, 6, 6, generator=torch.Generator().manual_seed(0)).softmax(-1)
    found = nr_dfernet.attention_rollout(maps)
    assert found.shape == (3, 5) and torch.allclose(found.sum(1), torch.ones(3)) and (found > 0).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nr_dfernet.difference(torch.ones(1, 1, 2, 2, 2)), "1 frame has no next one"),
        (lambda: nr_dfernet.fuse(torch.ones(1, 3), torch.ones(1, 2)), "branches of shapes"),
        (lambda: nr_dfernet.snippets(torch.ones(1, 2, 4), 3, 2), "2 frames hold no snippet of 3"),
        (lambda: nr_dfernet.snippets(torch.ones(1, 5, 4), 0, 2), "snippets of 0 frames"),
        (lambda: nr_dfernet.snippets(torch.ones(1, 5, 4), 3, 0), "3 frames, 0 apart"),
        (lambda: nr_dfernet.snippet_filter(torch.ones(1, 7), torch.ones(1, 2, 7), 1.2, 0.05), "mu1=1.2"),
        (lambda: nr_dfernet.snippet_filter(torch.ones(1, 7), torch.ones(1, 2, 7), 0.7, -0.1), "mu2=-0.1"),
        (lambda: nr_dfernet.SnippetFiltering(mu1=7.0), "mu1=7.0"),
        (lambda: nr_dfernet.attention_rollout([]), "no layer's attention"),
        (lambda: small(snippet_width=16), "L=16 frames, S=2 apart, of T=16"),
        (lambda: small(snippet_width=0), "L=0 frames"),
        (lambda: small(snippet_stride=0), "S=0 apart"),
        (lambda: small(token="mean"), "token='mean'"),
        (lambda: small(snippets="always"), "snippets='always'"),
        (lambda: small(branches="none"), "no fusion of branches 'none'"),
        (lambda: small(temporal_layers=0), "0 temporal layers"),
        (lambda: small("vgg11"), "no stem 'vgg11'"),
        (lambda: small()(torch.rand(1, 15, 3, 16, 16)), "15 frames, where U x V = 16"),
        (lambda: small()(torch.rand(1, 32, 3, 16, 16)), "32 frames, where U x V = 16"),
        (lambda: small()(torch.rand(1, 16, 3, 32, 32)), "frames of 32x32 px, for 16 px"),
        (lambda: sampled(segments=-1), "U=-1 segments"),
        (lambda: sampled(frames_per_segment=0), "of V=0 frames"),
        (lambda: sampled(max_frames=30), "U=8 segments of V=2 frames cannot be taken from 30"),
        (lambda: sampled(segments=0), "U=0 segments of V=2 frames(.|\n)*segments=0, with V=1, takes all frames"),
        (lambda: sampled(foreign_frames=16), "16 of 16 frames cannot be another clip's"),
        (lambda: nr_dfernet.SnippetFiltering(snippet_loss=0.5).auxiliary(
            small(snippets="testing")(torch.rand(1, 16, 3, 16, 16)), SimpleNamespace(label=torch.tensor([1]))),
         "a loss of snippets, of which the network says nothing in training"),
    ],
)
def test_bad_input_is_one_clear_error(call, message):
    with pytest.raises(BadInput, match=message):
        call()


def sampled(**changes) -> Settings:
    return Settings(**{"size": 16, "max_frames": 32, "epochs": 1, "warmup": 0, "batch_size": 2, "lr": 1e-3,
                       "lr_backbone": 1e-3, "lr_min": 0.0, "weight_decay": 0.0, "segments": 8,
                       "frames_per_segment": 2} | changes)


# The network


def small(backbone_name: str = "facenet", **changes) -> nr_dfernet.NRDFERNet:
    settings = {"size": 16, "head_width": 4, "spatial_mlp": 8, "temporal_mlp": 8} | changes
    return nr_dfernet.NRDFERNet(backbone_name, "shipped" if backbone_name == "facenet" else "none", **settings)


@pytest.fixture(scope="module")
def frames() -> torch.Tensor:
    return torch.rand(2, 16, 3, 16, 16, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize("changes", [{}, {"token": "learned"}, {"branches": "static"}, {"branches": "dynamic"},
                                     {"snippet_width": 6, "snippet_stride": 3}, {"snippet_times": "first"}])
def test_snippets_are_the_network_run_again_on_their_frames(frames, changes):
    """The spatial stage is run once for all snippets; running it again for each gives the same."""
    torch.manual_seed(4)
    net = small(initial_scale=0.5, **changes).eval()
    length, stride = net.window
    with torch.no_grad():
        told = net(frames, snippets=True)["snippet_logits"]
        alone = []
        for start in range(0, 15 - length + 1, stride):
            tokens = net.spatial_features(frames[:, start:start + length + 1])  # a feature takes two frames
            first = 0 if changes.get("snippet_times") == "first" else start
            alone.append(net.classifier(net.classify(tokens, net.times[:, 1 + first:1 + first + length])[0]))
    assert told.shape == (2, (15 - length) // stride + 1, 7)
    assert torch.allclose(torch.stack(alone, dim=1), told, atol=1e-5) and told.std(dim=1).min() > 1e-4


def test_a_snippet_of_all_frames_is_the_sequence(frames):
    output = small(snippet_width=15).eval()(frames, snippets=True)
    assert torch.allclose(output["snippet_logits"][:, 0], output["logits"], atol=1e-6)


def test_when_snippets_are_told(frames):
    for told, training, testing in ((False, False, False), (True, True, True), ("testing", False, True)):
        net = small(snippets=told)
        assert ("snippet_logits" in net(frames), "snippet_logits" in net.eval()(frames)) == (training, testing)
        assert "snippet_logits" in net.train()(frames, snippets=True)
        assert "snippet_logits" not in net.eval()(frames, snippets=False)


@pytest.mark.parametrize(
    ("branches", "frame", "changed"),
    [("static", 4, [4]), ("static", 15, []), ("dynamic", 4, [3, 4]), ("dynamic", 15, [14]), ("both", 4, [3, 4])],
)
def test_which_features_a_frame_is_in(frames, branches, frame, changed):
    """Eq. 1 sets a frame against the next one, and Eq. 2 leaves the last frame out."""
    other = frames.clone()
    other[:, frame] = 0
    net = small(branches=branches).eval()
    apart = (net.spatial_features(other) - net.spatial_features(frames)).abs().amax(dim=(0, 2))
    assert apart.shape == (15,) and (apart > 1e-5).nonzero().flatten().tolist() == changed


def test_the_dynamic_branch_does_not_see_who_it_is_that_keeps_still(frames):
    net = small().eval()
    still = frames[:, :1].expand(-1, 16, -1, -1, -1)
    found = net.fusion.of_changes(net.backbone(still.flatten(0, 1)).unflatten(0, (2, 16)))
    assert torch.allclose(found, found[:1, :1].expand_as(found), atol=1e-6)


def test_the_dynamic_token_differs_by_clip_and_the_learned_one_does_not(frames):
    for token, same in (("dynamic", False), ("learned", True)):
        net, seen = small(token=token).eval(), []
        net.temporal[0].register_forward_hook(lambda _, inputs, __, seen=seen: seen.append(inputs[0][:, 0]))
        net(frames)
        assert torch.equal(seen[0][0], seen[0][1]) == same
        assert (net.token is not None) == same


def test_watching_changes_nothing(frames):
    tokens, layer = torch.randn(2, 5, 8), Encoder(8, 2, 16, width=3)
    seen, attention = layer(tokens, watched=True)
    assert torch.allclose(seen, layer(tokens), atol=1e-6) and attention.shape == (2, 2, 5, 5)
    assert torch.allclose(attention.sum(-1), torch.ones(()))
    output = small().eval()(frames)
    assert output["attention"].shape == (2, 15) and torch.allclose(output["attention"].sum(1), torch.ones(2))
    with pytest.raises(BadInput, match="3 heads do not divide 8"):
        Encoder(8, 3, 16)


# Training, and the decision


@pytest.mark.parametrize("variant", presets.VARIANTS["nr_dfernet"])
def test_every_variant_takes_a_step_at_laptop_size(variant):
    chosen = presets.plan("nr_dfernet", variant=variant)
    torch.manual_seed(5)
    model, method = presets.build("nr_dfernet", chosen)
    optimizer = build_optimizer(model.to(memory_format=torch.channels_last), chosen.training)
    set_rate(optimizer, 0.1, chosen.training)  # within the warm-up: at the peak, a first step may be too long
    clips, batch, losses = torch.rand(2, 16, 3, 48, 48), SimpleNamespace(label=torch.tensor([1, 4])), []
    for _ in range(2):
        output = model(clips)
        loss = (method.loss(output, batch) + method.auxiliary(output, batch)).mean()
        loss.backward()
        assert guard_gradients(optimizer, 1.0, "here") > 0
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert output["logits"].shape == (2, 7) and losses[1] < losses[0] and method.columns(output) == {}
    trained = method.decide(output)
    assert trained is None if not method.filtered else trained.shape == (2, 7)
    output = model.eval()(clips)
    length, stride = chosen.model["snippet_width"], chosen.model["snippet_stride"]
    n = (15 - length) // stride + 1
    assert output["snippet_logits"].shape == (2, n, 7)
    assert list(method.columns(output)) == ["otherwise", "neutral", *(f"a{t}" for t in range(15))]


def test_the_decision_is_filtered_unless_it_is_not_wanted():
    output = {"logits": logits(0.3, 0.1, 0.6)[None], "snippet_logits": SURE[None, None]}
    method = nr_dfernet.SnippetFiltering()
    assert method.decide(output).argmax() == HAPPY and Control(method, "none").decide(output).argmax() == HAPPY
    assert method.decide({"logits": output["logits"]}) is output["logits"]  # of training clips
    assert nr_dfernet.SnippetFiltering(filtered=False).decide(output) is None
    strict = nr_dfernet.SnippetFiltering(mu1=0.9)
    assert torch.equal(strict.decide(output), output["logits"])


def test_columns_of_the_record():
    output = {"logits": logits(0.3, 0.1, 0.6)[None], "attention": torch.tensor([[0.25, 0.75]])}
    found = {name: value.tolist()[0] for name, value in nr_dfernet.SnippetFiltering().columns(output).items()}
    assert found == pytest.approx({"otherwise": HAPPY, "neutral": 0.6, "a0": 0.25, "a1": 0.75})


def test_what_is_kept_of_a_clip_answers_every_length_and_stride(frames):
    net = small(initial_scale=0.5).eval()
    with torch.no_grad():
        found, told = net.kept(frames), net.of_snippets(net.spatial_features(frames), 3, 1).softmax(-1)
    n = sum(16 - length for length in nr_dfernet.WINDOWS)
    assert {name: tuple(value.shape) for name, value in found.items()} == {
        "features": (2, net.out_dim), "windows": (2, 7 * n), "limits": (2, 2 * n)}
    of_three = slice(15 + 14, 15 + 14 + 13)  # those of one and two frames come first
    assert torch.allclose(found["windows"].unflatten(1, (n, 7))[:, of_three], told, atol=6e-4)
    highest, neutral = (part[:, of_three] for part in found["limits"].split(n, dim=1))
    for mu in range(0, 101, 5):
        assert torch.equal(highest > mu, told.amax(-1) > mu / 100)
        assert torch.equal(neutral < mu, told[..., NEUTRAL] < mu / 100)
