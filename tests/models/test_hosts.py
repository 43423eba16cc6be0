"""Hosts: one interface, how they start, and what each refuses."""

import pytest
import torch
from torch import nn

from dfer_nb.errors import BadInput
from dfer_nb.models import hosts
from dfer_nb.models.backbones import backbone
from dfer_nb.models.hosts import FaceNet3D, FormerDFER, VideoHost, host, per_frame
from dfer_nb.models.layers import Encoder, parameter_groups, write_out_attention
from dfer_nb.models.layers3d import OverTime, as_video, inflate
from dfer_nb.sciu import Purification, Weighted

NAMES = (*hosts.HOSTS, "cnn")
BOTH = [(name, width) for name in NAMES for width in ("full", "narrow") if (name, width) != ("vgg11-lstm", "narrow")]


def test_the_papers_hosts_are_twelve():
    """SCIU, Table 1: six; M3DFEL and RDFER, Tables 2 and VI: three of R(2+1)D's kin, and 2R18+LSTM; NR-DFERNet: two."""
    assert len(hosts.HOSTS) == 12 and len(BOTH) == 25
    with pytest.raises(BadInput, match="no host 'vgg11-lstm' of width 'narrow'"):
        host("vgg11-lstm", "narrow")


@pytest.mark.parametrize(("name", "width"), BOTH)
def test_every_host_has_one_interface(name, width):
    torch.manual_seed(0)
    size = {"full": 32, "narrow": 16}[width]
    net = host(name, width, n_frames=3, size=size, num_classes=5).train()
    net.to(memory_format=torch.channels_last)
    frames = torch.rand(1, 3, 3, size, size)  # one clip alone must do, also in training
    output = net(frames)
    assert output["logits"].shape == (1, 5) and output["features"].shape == (1, net.out_dim)
    net.eval()
    assert torch.equal(net.features(frames), net(frames)["features"])
    net.train()
    net(torch.rand(2, 3, 3, size, size))["logits"].square().sum().backward()
    assert [name for name, p in net.named_parameters() if p.grad is None] == []  # no part is left over
    with pytest.raises(BadInput, match="without a classifier(.|\n)*num_classes=7"):
        host(name, width, n_frames=3, size=size, num_classes=0)(frames)


@pytest.mark.parametrize("name", hosts.HOSTS)
def test_a_step_at_full_size_with_a_weight_branch(name):
    """SCIU's loss on one clip of the papers' size; in bf16 where nothing is 3-D, as the presets have it on a CPU."""
    torch.manual_seed(3)
    net = Weighted(host(name)).to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(net.parameters(), 1e-2, momentum=0.9)
    with torch.autocast("cpu", torch.bfloat16, enabled=name not in hosts.VIDEO):
        output = net(torch.rand(1, 16, 3, 112, 112))
    assert output["logits"].shape == (1, 7) and output["features"].shape == (1, 512)
    method, batch = Purification(), type("Batch", (), {"label": torch.tensor([6])})
    method.loss(output, batch).mean().backward()
    assert [part for part, p in net.named_parameters() if p.grad is None or not p.grad.isfinite().all()] == []
    before = net.classifier.weight.detach().clone()
    optimizer.step()
    assert not torch.equal(net.classifier.weight, before)


def test_a_vision_transformer_takes_one_size():
    net = host("vit-lstm", size=32)
    with pytest.raises(BadInput, match="frames of 16x16 px, for 32 px"):
        net(torch.rand(1, 2, 3, 16, 16))
    with pytest.raises(BadInput, match="100 px cannot be cut into patches of 16"):
        host("vit-lstm", size=100)


def test_the_second_stream_sees_movement_alone():
    still = torch.full((1, 3, 3, 16, 16), 0.7)
    assert torch.equal(hosts.movement(still), torch.full_like(still, 0.5))  # grey
    frames = torch.tensor([0.2, 0.6, 0.0]).view(1, 3, 1, 1, 1)
    assert hosts.movement(frames).flatten().tolist() == pytest.approx([0.5, 0.7, 0.2])
    net = host("two-stream-lstm", "narrow", "shipped").eval()
    features = net.of_frames(still)
    assert torch.equal(features[..., :128], per_frame(net.backbone, still))
    assert not torch.allclose(features, net.of_frames(still / 2))
    assert torch.equal(features[..., 128:], net.of_frames(still / 2)[..., 128:])
    one, other = net.backbone.state_dict(), net.moving["backbone"].state_dict()
    assert all(torch.equal(one[name], other[name]) for name in one)  # both start from the shipped weights


@pytest.mark.parametrize("name", ["r3d", "mc3", "r2plus1d", "cnn"])
def test_narrow_hosts_start_as_the_mean_of_facenets_frame_features(name):
    frames = torch.rand(2, 4, 3, 48, 48, generator=torch.Generator().manual_seed(1))
    features = host(name, "narrow", "shipped").features(frames)
    assert torch.allclose(features, per_frame(backbone("facenet", "shipped"), frames).mean(dim=1), atol=1e-5)


def test_features_can_be_brought_to_one_scale_in_any_batch():
    net = host("cnn", "narrow", "shipped", feature_norm=True)
    many = torch.rand(16, 1, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    seen = []
    net.classifier.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0]))
    net(many)
    assert torch.allclose(seen[0].mean(0), torch.zeros(()), atol=1e-5)  # of every channel
    assert net(many[:1])["logits"].isfinite().all()  # a last batch of one clip, in training
    net.eval()(many[:1])
    assert torch.equal(seen[1], seen[2])  # … is seen as in testing


@pytest.mark.parametrize("kind", ["r3d", "mc3", "r2plus1d"])
def test_time_matters_once_a_3d_host_has_learned(kind):
    torch.manual_seed(2)
    net = FaceNet3D(kind).eval()
    frames = torch.rand(2, 4, 3, 48, 48)
    assert torch.allclose(net.features(frames), net.features(frames.flip(1)), atol=1e-5)
    net(frames)["logits"][:, 0].sum().backward()
    torch.optim.SGD(net.parameters(), lr=0.01).step()
    assert not torch.allclose(net.features(frames), net.features(frames.flip(1)), atol=1e-5)


def test_temporal_convolutions_start_as_identity():
    x = torch.randn(2, 5, 4, 3, 3)
    assert torch.equal(OverTime(5)(x), x)
    flat = nn.Conv2d(3, 4, 3, padding=1, bias=False)
    deep = nn.Conv3d(3, 4, 3, padding=1, bias=False)
    deep.weight.data = inflate(flat.weight.data)
    frames = torch.rand(2, 5, 3, 6, 6)
    assert torch.allclose(deep(as_video(frames)).transpose(1, 2), per_frame(flat, frames), atol=1e-6)


def test_frames_reach_a_video_network_with_the_statistics_of_kinetics():
    net = VideoHost("r3d_18")
    seen = []
    net.backbone = nn.Sequential()
    net.backbone.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0]))
    net.features(torch.tensor([0.43216, 0.394666, 0.37645]).view(1, 1, 3, 1, 1).expand(1, 2, 3, 4, 4))
    net.features(torch.tensor([0.43216 + 0.22803, 0.394666 + 0.22145, 0.37645 + 0.216989])
                 .view(1, 1, 3, 1, 1).expand(1, 2, 3, 4, 4))
    assert seen[0].shape == (1, 3, 2, 4, 4)
    assert torch.allclose(seen[0], torch.zeros(()), atol=1e-6) and torch.allclose(seen[1], torch.ones(()), atol=1e-6)


def test_the_statistics_are_those_of_torchvisions_weights():
    from torchvision.models.video import R3D_18_Weights

    transforms = R3D_18_Weights.DEFAULT.transforms()
    assert hosts.KINETICS_MEAN == tuple(transforms.mean) and hosts.KINETICS_STD == tuple(transforms.std)


def test_channels_last_reaches_2d_and_3d_weights_and_changes_no_number():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv3d(3, 4, 3))
    with pytest.raises(RuntimeError):  # why `ChannelsLast` is there: once this passes, it can go
        net.to(memory_format=torch.channels_last)
    net = FaceNet3D("mc3").eval()
    before, names = net(torch.full((1, 2, 3, 16, 16), 0.3))["logits"], list(net.parameters())
    assert net.to(memory_format=torch.channels_last) is net
    assert all(one is other for one, other in zip(names, net.parameters(), strict=True))  # an optimiser keeps them
    weight = net.backbone.blocks[0].second[0].weight
    assert weight.is_contiguous(memory_format=torch.channels_last_3d) and not weight.is_contiguous()
    assert torch.allclose(net(torch.full((1, 2, 3, 16, 16), 0.3))["logits"], before, atol=1e-6)
    assert net.to(torch.float64, memory_format=torch.channels_last).classifier.weight.dtype == torch.float64


def test_the_encoder_is_pytorchs_own():
    torch.manual_seed(3)
    ours = Encoder(8, 2, 16)
    theirs = nn.TransformerEncoderLayer(8, 2, 16, 0.0, lambda x: nn.functional.gelu(x, approximate="tanh"),
                                        batch_first=True, norm_first=True)
    nn.init.zeros_(theirs.self_attn.in_proj_bias)  # ours has none
    for mine, other in [(ours.qkv.weight, theirs.self_attn.in_proj_weight), (ours.out, theirs.self_attn.out_proj),
                        (ours.before_attention, theirs.norm1), (ours.before_mlp, theirs.norm2),
                        (ours.mlp[0], theirs.linear1), (ours.mlp[2], theirs.linear2)]:
        if isinstance(mine, nn.Module):
            mine.load_state_dict(other.state_dict())
        else:
            mine.data.copy_(other)
    tokens = torch.randn(3, 5, 8)
    assert torch.allclose(ours(tokens), theirs(tokens), atol=1e-5)


def test_attention_that_is_written_out_is_the_same():
    torch.manual_seed(3)
    net = FormerDFER("facenet", n_frames=4, size=16).eval()
    frames = torch.rand(2, 4, 3, 16, 16)
    before = net(frames)["logits"]
    assert write_out_attention(net) is net and not any(part.fused for part in [*net.spatial, *net.temporal])
    assert torch.allclose(net(frames)["logits"], before, atol=1e-5) and Encoder(8, 2, 16).fused


def test_former_dfer_refuses_other_frames():
    net = FormerDFER("facenet", n_frames=4, size=48)
    with pytest.raises(BadInput, match="5 frames of 48x48 px(.|\n)*4 frames of 48 px"):
        net.features(torch.rand(1, 5, 3, 48, 48))
    with pytest.raises(BadInput, match="4 frames of 32x32 px"):
        net.features(torch.rand(1, 4, 3, 32, 32))


def test_former_dfers_initial_scale_is_a_choice_and_touches_nothing_else():
    def built(**changes):
        torch.manual_seed(4)
        return dict(host("former-dfer", "narrow", **changes).named_parameters())

    usual, wide = built(), built(initial_scale=1.0)
    scaled = {"positions", "token", "times"}
    assert all(torch.allclose(wide[name], usual[name] * 50) for name in scaled)
    assert all(torch.equal(wide[name], usual[name]) for name in usual if name not in scaled)
    assert 0.018 < usual["times"].std() < 0.022
    assert all(torch.equal(usual[name], found) for name, found in built(initial_scale=0.02).items())
    host("cnn", "narrow", initial_scale=1.0)  # has nothing that it could scale


def test_what_is_pretrained_learns_as_a_backbone():
    own = {"r2plus1d": set(), "cnn-lstm": {"recurrent", "project"}, "vit-lstm": {"recurrent", "project"},
           "former-dfer": {"positions", "spatial", "token", "times", "temporal"}}
    for name, parts in own.items():
        net = host(name, "narrow")
        names = {id(p): key.split(".")[0] for key, p in net.named_parameters()}
        groups = {group: {names[id(p)] for p in found} for group, found in parameter_groups(net).items()}
        assert groups == {"backbone": {"backbone"}, "heads": parts | {"classifier"}}


def test_kinetics_weights_that_cannot_be_had_say_the_way_out(monkeypatch, tmp_path):
    def offline(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr(torch.hub, "_dir", None, raising=False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    with pytest.raises(BadInput, match="Kinetics weights of r3d_18(.|\n)*put that file at(.|\n)*paper-scratch"):
        host("r3d", weights="torchvision")
    with pytest.raises(BadInput, match="ImageNet weights of resnet18"):
        host("cnn-lstm", weights="torchvision")


@pytest.mark.parametrize(
    "arguments",
    [("r4d",), ("r3d", "wide"), ("r3d", "full", "shipped"), ("r3d", "narrow", "torchvision"),
     ("r3d", "full", "kinetics")],
)
def test_unknown_hosts_are_refused(arguments):
    with pytest.raises(BadInput, match="no host(.|\n)*former-dfer"):
        host(*arguments)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FaceNet3D("i3d"), "no FaceNet3D"),
        (lambda: FaceNet3D("r3d", "imagenet"), "no FaceNet3D"),
        (lambda: VideoHost("s3d"), "no video network"),
        (lambda: FormerDFER("resnet50"), "cannot be built on"),
        (lambda: hosts.CNNRecurrent(cell="rnn"), "no recurrent cell"),
    ],
)
def test_unknown_parts_are_refused(make, message):
    with pytest.raises(BadInput, match=message):
        make()
