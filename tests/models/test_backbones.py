"""Backbones: shapes, the fused network, and the weights that need a network."""

import pytest
import torch
from safetensors import safe_open
from torch import nn

from dfer_nb.errors import BadInput
from dfer_nb.models import backbones
from dfer_nb.models.layers import FrameEmbedding, SequenceModel, parameter_groups
from dfer_nb.models.narrow import NAMES, Bottleneck
from dfer_nb.pretrain import _begun, pretrain

SMALL = {"facenet": 700_000} | dict.fromkeys(NAMES, 300_000)  # bytes of the shipped weights


@pytest.mark.parametrize("name", SMALL)
def test_fused_network_computes_the_same(name):
    torch.manual_seed(0)
    net = backbones.small(name, norm=True)
    for part in net.modules():
        if isinstance(part, Bottleneck):
            nn.init.ones_(part.expand[1].weight)  # it begins as its shortcut alone
    net(torch.rand(16, 3, 48, 48))  # moves the running statistics away from 0 and 1
    net.eval()
    frames, before = torch.rand(2, 3, 48, 48), {name: value.clone() for name, value in net.state_dict().items()}
    fused = net.fused()
    assert torch.allclose(net(frames), fused(frames), atol=1e-5)
    assert not any(isinstance(part, nn.BatchNorm2d) for part in fused.modules())
    assert fused.state_dict().keys() == backbones.small(name, norm=False).state_dict().keys()
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())


@pytest.mark.parametrize("name", SMALL)
def test_shipped_weights_are_small_load_and_tell_faces_apart(name):
    path = backbones.SHIPPED_WEIGHTS.with_name(f"{name}.safetensors")
    assert path.stat().st_size < SMALL[name]
    with safe_open(path, "pt") as weights:
        made = weights.metadata()
    assert made["made_by"].startswith("python -m dfer_nb.pretrain") and float(made["r2"]) > 0.5
    net = backbones.backbone(name, "shipped").eval()
    features = net(torch.rand(2, 3, 48, 48, generator=torch.Generator().manual_seed(0)))
    assert features.shape == (2, net.out_dim) and not torch.allclose(features[0], features[1])


def test_a_bottleneck_begins_as_its_shortcut():
    block, x = Bottleneck(16, 4, 1, norm=True).eval(), torch.rand(1, 16, 5, 5)
    assert torch.equal(block(x), x) and not torch.equal(Bottleneck(16, 4, 1, norm=False)(x), x)
    assert Bottleneck(16, 4, 2, norm=True)(x).shape == (1, 16, 3, 3)


def test_a_narrow_vision_transformer_is_for_one_size():
    assert backbones.backbone("narrow-vit", "none", 32).eval()(torch.rand(1, 3, 32, 32)).shape == (1, 48)
    with pytest.raises(BadInput, match="weights of narrow-vit are not for frames of 32 px(.|\n)*48 px"):
        backbones.backbone("narrow-vit", "shipped", 32)
    with pytest.raises(BadInput, match="60 px cannot be cut into patches of 8"):
        backbones.backbone("narrow-vit", "none", 60)


def test_a_vision_transformer_is_pre_trained_from_what_facenet_sees():
    net, facenet = _begun("narrow-vit"), backbones.backbone("facenet", "shipped")
    assert torch.equal(net.blocks[1].second[0].weight, facenet.blocks[1].second[0].weight)
    assert torch.equal(net.stem[0].bias, facenet.stem[0].bias)
    assert isinstance(_begun("narrow-vgg13").stages[0][1], nn.BatchNorm2d)


def test_pre_training_learns_and_leaves_no_normalisation(monkeypatch):
    told = []

    class Bar(list):
        def set_postfix(self, loss, **_):
            told.append(float(loss))

    monkeypatch.setattr("dfer_nb.pretrain.tqdm", lambda steps, **_: Bar(steps))
    net, r2 = pretrain("narrow-vgg13", faces=256, held_out=64, epochs=2, batch_size=32)
    assert len(told) == 16 and told[-1] < told[0] / 2 and r2 < 1
    assert not any(isinstance(part, nn.BatchNorm2d) for part in net.modules())


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small"])
def test_torchvision_backbones_give_features(name):
    net = backbones.backbone(name, "none").eval()
    assert net(torch.rand(1, 3, 64, 64)).shape == (1, net.out_dim)


def test_imagenet_weights_that_cannot_be_had_say_the_way_out(monkeypatch, tmp_path):
    def offline(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr(torch.hub, "_dir", None, raising=False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    with pytest.raises(BadInput, match="ImageNet weights of resnet18(.|\n)*put that file at(.|\n)*paper-scratch"):
        backbones.backbone("resnet18", "imagenet")


@pytest.mark.parametrize(
    ("name", "weights"), [("facenet", "imagenet"), ("resnet18", "shipped"), ("resnet1000", "none")]
)
def test_unknown_backbones_are_refused(name, weights):
    with pytest.raises(BadInput, match="no backbone"):
        backbones.backbone(name, weights)


def test_broken_shipped_weights_say_how_to_make_them(tmp_path):
    (tmp_path / "broken.safetensors").write_bytes(b"123")
    with pytest.raises(BadInput, match="python -m dfer_nb.pretrain"):
        backbones.shipped_weights(tmp_path / "broken.safetensors")


def test_parameters_of_nested_backbones_are_found():
    model = nn.ModuleDict(
        {"backbone": nn.Linear(1, 1), "detector": nn.ModuleDict({"backbone": nn.Linear(1, 1)}), "head": nn.Linear(2, 1)}
    )
    groups = parameter_groups(model)
    assert len(groups["backbone"]) == 4 and len(groups["heads"]) == 2


def test_layers_keep_their_shapes():
    features = torch.rand(2, 5, 6)
    assert FrameEmbedding(6, 8)(features).shape == (2, 5, 8)
    assert SequenceModel(6)(features).shape == (2, 6)


def test_a_sequence_model_gives_its_mean_or_its_last_states():
    net, last = SequenceModel(6), SequenceModel(6, over_time="last")
    last.load_state_dict(net.state_dict())
    features = torch.rand(2, 5, 6)
    outputs = net.lstm(features)[0]  # (2, 5, 6): three units forwards, three backwards
    assert torch.equal(net(features), outputs.mean(dim=1))
    assert torch.allclose(last(features), torch.cat([outputs[:, -1, :3], outputs[:, 0, 3:]], dim=1))
    with pytest.raises(BadInput, match="over_time='max'(.|\n)*\"mean\" or \"last\""):
        SequenceModel(6, over_time="max")
