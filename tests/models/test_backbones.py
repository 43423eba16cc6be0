"""Backbones: shapes, the fused network, and the weights that need a network."""

import pytest
import torch
from torch import nn

from dfer_nb.errors import BadInput
from dfer_nb.models import backbones
from dfer_nb.models.layers import FrameEmbedding, SequenceModel, parameter_groups


def test_fused_network_computes_the_same():
    torch.manual_seed(0)
    net = backbones.FaceNet(norm=True)
    net(torch.rand(16, 3, 48, 48))  # moves the running statistics away from 0 and 1
    net.eval()
    frames = torch.rand(2, 3, 48, 48)
    assert torch.allclose(net(frames), net.fused()(frames), atol=1e-5)


def test_shipped_weights_are_small_and_load():
    assert backbones.SHIPPED_WEIGHTS.stat().st_size < 1_000_000
    net = backbones.backbone("facenet", "shipped")
    assert net(torch.rand(2, 3, 48, 48)).shape == (2, net.out_dim)


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
