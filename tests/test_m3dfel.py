"""M3DFEL's equations against values worked out by hand, and that every form of it trains."""

import math

import pytest
import torch
from torch import nn

from dfer_nb import m3dfel, presets
from dfer_nb.errors import BadInput
from dfer_nb.models.host import Host
from dfer_nb.models.hosts import FaceNet3D
from dfer_nb.training.optimise import build_optimizer, guard_gradients

BAG = torch.tensor([[[1.0, 3.0], [5.0, 7.0]]])  # (1, 2, 2): two instances of two channels


# The equations


def test_instances_are_cut_in_order():
    frames = torch.arange(16.0).view(1, 16, 1, 1, 1).expand(2, 16, 3, 2, 2)  # frame t holds the number t
    bag = m3dfel.instances(frames, 4)
    assert bag.shape == (2, 4, 4, 3, 2, 2)
    assert bag[1, :, :, 0, 0, 0].tolist() == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11], [12, 13, 14, 15]]


@pytest.mark.parametrize("bag_size", [3, 0, 32])
def test_frames_that_do_not_fill_the_bag_are_refused(bag_size):
    with pytest.raises(BadInput, match=f"16 frames cannot be cut into {bag_size} equal instances"):
        m3dfel.instances(torch.rand(1, 16, 3, 2, 2), bag_size)
    with pytest.raises(BadInput, match="16 frames"):
        m3dfel.M3DFEL(bag_size, width="narrow")


def test_attention_by_hand():
    x = torch.tensor([[[0.0], [1.0]]])
    mixed, attention = m3dfel.attend(x, torch.ones(3, 1), heads=1)  # queries, keys and values are x itself
    e = math.e
    assert attention[0, 0].flatten().tolist() == pytest.approx([0.5, 0.5, 1 / (1 + e), e / (1 + e)])
    assert mixed.flatten().tolist() == pytest.approx([0.5, e / (1 + e)])


def test_attention_is_pytorchs_own_and_follows_the_instances():
    torch.manual_seed(0)
    x, projection = torch.randn(2, 4, 8), torch.randn(24, 8)
    mixed, attention = m3dfel.attend(x, projection, heads=2)
    q, k, v = (part.unflatten(2, (2, 4)).transpose(1, 2) for part in (x @ projection.T).chunk(3, dim=2))
    expected = nn.functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
    assert torch.allclose(mixed, expected, atol=1e-5)
    assert attention.shape == (2, 2, 4, 4) and torch.allclose(attention.sum(-1), torch.ones(()))
    order = torch.tensor([2, 0, 3, 1])
    assert torch.allclose(m3dfel.attend(x[:, order], projection, 2)[0], mixed[:, order], atol=1e-5)


def test_attention_received_by_hand():
    attention = torch.tensor([[[[1.0, 0.0], [0.5, 0.5]], [[0.0, 1.0], [0.5, 0.5]]]])  # two heads
    assert m3dfel.attention_received(attention).tolist() == [[0.5, 0.5]]
    assert m3dfel.attention_received(attention[:, :1]).tolist() == [[0.75, 0.25]]


def test_statistics_are_equations_2_and_3_with_one_over_n():
    (bag_mean, instance_mean), (bag_variance, instance_variance) = m3dfel.dmin_statistics(BAG)
    assert bag_mean.tolist() == [[[4.0]]] and bag_variance.tolist() == [[[5.0]]]  # (9 + 1 + 1 + 9) / 4
    assert instance_mean.tolist() == [[[3.0, 5.0]]] and instance_variance.tolist() == [[[4.0, 4.0]]]  # (4 + 4) / 2


def test_dmin_is_equation_1_with_the_variance_used_once():
    weights = torch.tensor([0.25, 0.75]), torch.tensor([0.5, 0.5])
    # mean 0.25 * 4 + 0.75 * (3, 5) = (3.25, 4.75); variance 0.5 * 5 + 0.5 * 4 = 4.5
    found = m3dfel.dmin(BAG, *weights, gamma=torch.tensor([1.0, 2.0]), beta=torch.tensor([0.0, 1.0]), eps=0.0)
    root = math.sqrt(4.5)
    expected = [-2.25 / root, 2 * -1.75 / root + 1, 1.75 / root, 2 * 2.25 / root + 1]
    assert found.flatten().tolist() == pytest.approx(expected)


def test_dmin_does_not_feel_shift_or_scale_of_a_bag_nor_other_bags():
    torch.manual_seed(1)
    x, norm = torch.randn(3, 4, 6), m3dfel.DMIN(6)
    assert torch.allclose(norm(5 * x + 2), norm(x), atol=1e-4)
    assert torch.allclose(norm(x)[1:2], norm(x[1:2]), atol=1e-6)
    assert sum(p.numel() for p in norm.parameters()) == 2 + 2 + 2 * 6


def test_one_instance_is_finite_with_its_gradient():
    x = torch.randn(2, 1, 6, requires_grad=True)
    found = m3dfel.DMIN(6)(x)
    found.square().sum().backward()
    assert found.isfinite().all() and x.grad.isfinite().all()
    assert m3dfel.dmin_statistics(x)[1][1].abs().max() == 0


def test_importance_is_equation_4():
    assert m3dfel.importance(torch.tensor([0.0, math.log(3)])).tolist() == pytest.approx([0.25, 0.75])
    assert m3dfel.importance(m3dfel.DMIN(4).mean_scores).tolist() == [0.5, 0.5]  # at the start


def test_gate_and_aggregation_are_equation_5():
    assert m3dfel.gate(torch.tensor([2.0, 4.0]), torch.tensor([0.0, 100.0])).tolist() == [1.0, 4.0]
    gated = torch.tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]])
    kernel = torch.tensor([[[1.0, 0.0, 0.0], [0.0, 0.0, 2.0]]])
    # channel c of Z: the first instance's channel c - 1, and twice the second instance's channel c + 1
    assert m3dfel.aggregate(gated, kernel).tolist() == [[10.0, 13.0, 2.0]]
    assert m3dfel.aggregate(gated, kernel, torch.tensor([0.5])).tolist() == [[10.5, 13.5, 2.5]]


def test_an_instance_alone_is_what_the_module_made_of_it_in_every_place():
    kernel = torch.tensor([[[0.0, 1.0, 0.0], [0.0, 2.0, 0.0]]])
    alone = m3dfel.each_alone(lambda parts: m3dfel.aggregate(parts, kernel), BAG)
    assert alone.tolist() == [[[3.0, 9.0], [15.0, 21.0]]]  # (1 + 2) times each instance
    assert torch.equal(m3dfel.each_alone(m3dfel.Mean(2).pool, BAG), BAG)


def test_contributions_by_hand():
    classifier = nn.Linear(2, 2)
    classifier.weight.data, classifier.bias.data = torch.eye(2), torch.tensor([10.0, 20.0])
    added = m3dfel.contributions(m3dfel.Mean(2).pool, BAG, classifier)
    assert added.tolist() == [[[0.5, 1.5], [2.5, 3.5]]]  # half of each instance; the bias is nobody's


# The network


def narrow(bag_size: int = 4, **changes) -> m3dfel.M3DFELNet | Host:
    settings = {"backbone_name": "r2plus1d", "width": "narrow", "hidden": 8, "heads": 4, "length": 16}
    return m3dfel.network(bag_size, **settings | changes)


@pytest.fixture(scope="module")
def frames():
    return torch.rand(2, 16, 3, 16, 16, generator=torch.Generator().manual_seed(2))


def test_a_step_at_full_size():
    torch.manual_seed(3)
    model = m3dfel.M3DFEL(bag_size=4, num_classes=7)
    assert model.to(memory_format=torch.channels_last) is model
    optimizer = torch.optim.AdamW(model.parameters(), 5e-4, weight_decay=0.05)
    logits = model(torch.rand(2, 16, 3, 112, 112))
    assert logits.shape == (2, 7)
    nn.functional.cross_entropy(logits, torch.tensor([0, 6]), label_smoothing=0.1).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
    before = model.aggregation.norm.mean_scores.detach().clone()
    optimizer.step()
    assert not torch.equal(model.aggregation.norm.mean_scores, before)


@pytest.mark.parametrize("variant", presets.VARIANTS["m3dfel"])
def test_every_variant_takes_a_step_at_laptop_size(variant):
    chosen = presets.plan("m3dfel", variant=variant)
    torch.manual_seed(4)
    model, method = presets.build("m3dfel", chosen)
    model.to(memory_format=torch.channels_last)
    optimizer = build_optimizer(model, chosen.training)
    clips, label, losses = torch.rand(2, 16, 3, 48, 48), torch.tensor([1, 4]), []
    for _ in range(2):
        output = model(clips)
        loss = method.loss(output, type("Batch", (), {"label": label})).mean()
        loss.backward()
        assert guard_gradients(optimizer, 1.0, "here") > 0
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert output["logits"].shape == (2, 7) and losses[1] < losses[0]
    assert set(output) == {"logits", "features"} and method.columns(output) == {}
    output = model.eval()(clips)
    n = model.bag_size if isinstance(model, m3dfel.M3DFEL) else 0
    letters = "ic" + "g" * ("gate" in output) + "a" * ("attention" in output)
    assert list(method.columns(output)) == [f"{letter}{k}" for letter in letters for k in range(n)]


def test_what_the_network_tells(frames):
    output = narrow().eval()(frames)
    shapes = {name: tuple(value.shape) for name, value in output.items()}
    assert shapes == {"logits": (2, 7), "features": (2, 16), "instance_logits": (2, 4, 7), "gate": (2, 4),
                      "contributions": (2, 4, 7), "instance_features": (2, 4, 16), "attention": (2, 4, 4, 4)}
    assert {name for name, value in output.items() if value.requires_grad} == {"logits", "features"}
    assert (0 < output["gate"]).all() and (output["gate"] < 1).all()
    assert torch.allclose(output["attention"].sum(-1), torch.ones(()))
    missing = {key: set(output) - set(narrow(**changes).eval()(frames)) for key, changes in {
        "mhsa": {"attention": False}, "average": {"pooling": "average"}, "dmin": {"norm": "none"}}.items()}
    assert missing == {"mhsa": {"attention"}, "average": {"gate", "attention"}, "dmin": set()}


@pytest.mark.parametrize("pooling", ["dliam", "average", "lstm"])
def test_single_instances_are_asked_only_when_it_is_not_training(frames, monkeypatch, pooling):
    net = narrow(pooling=pooling)
    assert not any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in net.modules())
    told = net.eval()(frames)
    monkeypatch.setattr(m3dfel, "each_alone", lambda *_: pytest.fail("an instance was asked"))
    monkeypatch.setattr(m3dfel, "contributions", lambda *_: pytest.fail("a contribution was computed"))
    training = net.train()(frames)
    assert set(training) == {"logits", "features"} and all(torch.equal(training[name], told[name]) for name in training)


@pytest.mark.parametrize("changes", [{}, {"pooling": "average"}, {"bag_size": 16}])
def test_contributions_and_the_logits_of_an_empty_bag_make_the_answer(frames, changes):
    torch.manual_seed(7)
    net = narrow(**changes).eval()
    output = net(frames)
    empty = net.classifier(net.aggregation.pool(torch.zeros_like(output["instance_features"])))
    assert torch.allclose(output["contributions"].sum(1) + empty, output["logits"], atol=1e-5)
    added, answer = output["contributions"][1], output["logits"][1].argmax()
    assert torch.allclose(m3dfel.support(output)[1], added[:, answer] - added.mean(1), atol=1e-6)


def test_feature_norm_scales_instances_and_the_plain_host_alike(frames):
    net, seen = narrow(backbone_weights="shipped", feature_norm=True), []
    net.aggregation.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0]))
    net(frames)
    assert seen[0].shape == (2, 4, 128) and torch.allclose(seen[0].mean(dim=(0, 1)), torch.zeros(()), atol=1e-4)
    kinds = {type(narrow(1, feature_norm=on).scale).__name__ for on in (True, False)}
    assert kinds == {"FeatureNorm", "Identity"} and isinstance(narrow().host.scale, nn.Identity)


def test_bf16_gives_finite_gradients(frames):
    net = narrow(backbone_weights="shipped", backbone_name="cnn-lstm", feature_norm=True)
    with torch.autocast("cpu", torch.bfloat16):
        nn.functional.cross_entropy(net(frames)["logits"].float(), torch.tensor([1, 2])).backward()
        output = net.eval()(frames)
    assert all(p.grad.isfinite().all() for p in net.parameters() if p.grad is not None)
    assert all(value.isfinite().all() for value in m3dfel.BagTraining().columns(output).values())


def test_both_classes_are_one_network(frames):
    net = narrow()
    plain = m3dfel.M3DFEL(4, backbone_name="r2plus1d", width="narrow", hidden=8, heads=4)
    plain.load_state_dict(net.state_dict())
    assert torch.equal(plain(frames), net(frames)["logits"])
    assert torch.allclose(plain(frames[1:]), plain(frames)[1:], atol=1e-6)  # a batch of one works, and is no different


def test_only_average_pooling_forgets_the_order_of_instances(frames):
    torch.manual_seed(5)
    turned = frames.unflatten(1, (4, 4)).flip(1).flatten(1, 2)  # the instances in reverse, each as it was
    average, full = (narrow(backbone_weights="shipped", **changes).eval() for changes in ({"pooling": "average"}, {}))
    assert torch.allclose(average(turned)["logits"], average(frames)["logits"], atol=1e-6)
    assert torch.allclose(average(turned)["instance_logits"], average(frames)["instance_logits"].flip(1), atol=1e-6)
    assert not torch.allclose(full(turned)["logits"], full(frames)["logits"], atol=1e-4)


def test_a_bag_of_one_is_the_plain_host_in_the_tables_and_finite_in_the_framework(frames):
    plain = narrow(1)
    assert isinstance(plain, FaceNet3D) and set(plain(frames)) == {"logits", "features"}
    with_module = m3dfel.M3DFEL(1, backbone_name="r2plus1d", width="narrow", hidden=8, heads=4)
    logits = with_module(frames)
    logits.square().sum().backward()
    assert logits.isfinite().all() and all(p.grad.isfinite().all() for p in with_module.parameters())


def test_single_frames_have_a_2d_host():
    assert all(p.dim() < 5 for p in narrow(16).parameters())
    assert any(p.dim() == 5 for p in narrow(8).parameters())


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"pooling": "max"}, "no pooling 'max'"), ({"norm": "batch"}, "no DLIAM with norm='batch'"),
     ({"heads": 5}, "16 channels for 5 heads"), ({"backbone_name": "vgg"}, "no host 'vgg'")],
)
def test_unknown_parts_are_refused(changes, message):
    with pytest.raises(BadInput, match=message):
        narrow(**changes)


def test_columns_of_the_record():
    logits = nn.functional.one_hot(torch.tensor([1, 6]), 7).float()
    output = {"instance_logits": nn.functional.one_hot(torch.tensor([[2, 0], [6, 6]]), 7).float(), "logits": logits,
              "contributions": torch.stack([3.5 * logits, 7 * logits], dim=1),
              "gate": torch.tensor([[0.25, 0.5], [0.75, 1.0]]), "attention": torch.eye(2).expand(2, 1, 2, 2)}
    found = {name: value.tolist() for name, value in m3dfel.BagTraining().columns(output).items()}
    assert found == {"i0": [2, 6], "i1": [0, 6], "c0": [3.0, 3.0], "c1": [6.0, 6.0],
                     "g0": [0.25, 0.75], "g1": [0.5, 1.0], "a0": [0.5, 0.5], "a1": [0.5, 0.5]}


def test_500_steps_without_a_gradient_that_is_no_number():
    torch.manual_seed(6)
    settings = presets.plan("m3dfel").training
    model = narrow(backbone_weights="shipped", length=4, bag_size=2)
    optimizer = build_optimizer(model.to(memory_format=torch.channels_last), settings)
    for _ in range(500):
        loss = nn.functional.cross_entropy(model(torch.rand(2, 4, 3, 16, 16))["logits"], torch.randint(7, (2,)))
        loss.backward()
        guard_gradients(optimizer, settings.clip_norm, "here")  # raises at a gradient norm that is not finite
        optimizer.step()
        optimizer.zero_grad()
    assert loss.isfinite()


def test_a_run_keeps_what_its_instances_said(tiny, runs):
    from dfer_nb.run import run

    record = run("m3dfel", dataset="dfew", root=str(tiny), scenes=True, epochs=1, progress=False)
    columns = [f"{letter}{n}" for letter in "icga" for n in range(4)]
    clips, training = record.clips, record.clips["split"] == "train"
    assert set(columns) <= set(clips) and clips.loc[training, columns].isna().all(axis=None)
    rows = clips[~training]
    assert len(rows) and rows[columns].notna().all(axis=None)
    assert rows[columns[:4]].isin(range(7)).all(axis=None) and rows[columns[8:]].ge(0).all(axis=None)
    assert record.config["model"]["bag_size"] == 4 and record.config["precision"] == "32-true"
