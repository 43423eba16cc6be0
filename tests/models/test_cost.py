"""Costs: tiny networks counted by hand, and the papers' networks at the papers' sizes, counted both ways."""

import pytest
import torch
import torchvision
from torch import nn

from dfer_nb.m3dfel import M3DFEL
from dfer_nb.models.backbones import backbone
from dfer_nb.models.cost import Cost, by_exact_type, computed_twice, cost
from dfer_nb.models.hosts import HOSTS, host
from dfer_nb.models.hosts import VIDEO as VIDEO_HOSTS
from dfer_nb.models.layers import Encoder
from dfer_nb.nr_dfernet import NRDFERNet

VIDEO = (1, 3, 4, 5, 5)  # as nn.Conv3d reads it: one clip, three channels, four frames of 5x5 px


class Named(nn.Conv3d):
    """A convolution like any other, under a name of its own."""


def framework(**settings) -> Cost:
    return cost(lambda: M3DFEL(**settings))


# By hand


def test_a_convolution_is_counted_and_its_subclass_is_skipped():
    # 7 channels of 2 x 3 x 3 outputs, each of 3 * 27 products; with a stride of 2 in time
    macs = 7 * 2 * 3 * 3 * 3 * 27
    plain, named = (cost(lambda kind=kind: kind(3, 7, 3, (2, 1, 1), (1, 0, 0)), VIDEO) for kind in (nn.Conv3d, Named))
    assert plain == Cost(7 * 3 * 27 + 7, macs / 1e9, macs / 1e9)
    assert named == Cost(plain.parameters, plain.gmac, 0.0)


def test_groups_share_the_channels():
    found = cost(lambda: nn.Conv2d(4, 6, 3, groups=2, bias=False), (1, 4, 5, 5))
    assert found.gmac_exact_types == found.gmac == 6 * 3 * 3 * 2 * 9 / 1e9 and found.parameters == 6 * 2 * 9


def test_a_linear_layer_inside_another_module():
    found = cost(lambda: nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2, bias=False)), (3, 4))
    assert found == Cost(32 + 8 + 16, 3 * (32 + 16) / 1e9, 3 * (32 + 16) / 1e9)


def test_an_lstm_of_two_layers_and_directions():
    found = cost(lambda: nn.LSTM(2, 3, 2, batch_first=True, bidirectional=True), (1, 5, 2))
    gates = 2 * 4 * 3 * (2 + 3) + 2 * 4 * 3 * (6 + 3)  # of a step: two directions, four gates of three units
    assert found.parameters == gates + 2 * 2 * 4 * 2 * 3  # each gate has two biases
    assert found.gmac * 1e9 == pytest.approx(5 * gates)
    # The counter by types: of each unit of a gate also its nonlinearity and two biases, then four to make the output.
    assert found.gmac_exact_types * 1e9 == pytest.approx(5 * (gates + 2 * 2 * (4 * 3 * 3 + 4 * 3)))


def test_a_gru_with_time_first_and_without_biases():
    found = cost(lambda: nn.GRU(2, 3, bias=False), (5, 1, 2))
    assert found.gmac * 1e9 == pytest.approx(5 * 3 * 3 * (2 + 3))
    assert found.gmac_exact_types * 1e9 == pytest.approx(5 * (3 * 3 * (2 + 3) + 3 * 3 + 4 * 3))


@pytest.mark.parametrize(
    ("build", "frames", "operations"),
    [
        (lambda: nn.BatchNorm3d(3), VIDEO, 4 * 300),
        (lambda: nn.BatchNorm3d(3, affine=False), VIDEO, 2 * 300),
        (lambda: nn.LayerNorm(5), VIDEO, 4 * 300),
        (lambda: nn.AdaptiveAvgPool3d(1), VIDEO, (100 + 1) * 3),
        (lambda: nn.AvgPool3d((4, 5, 5)), VIDEO, 3),
        (lambda: nn.Sequential(nn.ReLU(), nn.MaxPool3d(2), nn.Dropout(), nn.Identity()), VIDEO, 0),
    ],
)
def test_what_the_counter_by_types_adds_and_the_true_count_leaves_out(build, frames, operations):
    found = cost(build, frames)
    assert found.gmac == 0 and found.gmac_exact_types * 1e9 == pytest.approx(operations)


def test_a_function_is_seen_by_the_true_count_alone():
    class Functional(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(4, 8)

        def forward(self, x):
            return nn.functional.linear(x, self.inner.weight)

    assert cost(Functional, (3, 4)) == Cost(40, 96 / 1e9, 0.0)


def test_a_layer_called_twice_counts_twice_and_nothing_is_left_behind():
    net = nn.Linear(2, 2)
    with by_exact_type(net) as macs:
        net(net(torch.ones(1, 2)))
    net(torch.ones(1, 2))
    assert macs == [4, 4] and not net._forward_hooks


# The papers' networks


@pytest.mark.parametrize(
    ("name", "parameters", "gmac", "exact_types"),
    [
        ("r3d", 33.17, 40.70, 1.591),  # RDFER, Table VI: 1.59
        ("mc3", 11.49, 43.34, 1.845),  # 1.85
        ("r2plus1d", 31.30, 40.52, 40.771),  # 40.77; its convolutions are plain ones
        ("cnn-lstm", 22.21, 7.93, 7.967),  # 7.97
        ("former-dfer", 18.03, 8.30, 8.318),  # 8.31
        ("cnn", 11.18, 7.76, 7.798),
        ("cnn-gru", 19.58, 7.88, 7.925),  # NR-DFERNet, Table 5: 7.78, as for the LSTM
        ("resnet50-lstm", 40.83, 17.483, 17.664),
        ("two-stream-lstm", 35.481, 15.717, 15.798),
        ("vgg11-lstm", 20.251, 30.110, 30.111),  # 31.65: 31.59 are VGG11's convolutions and its first linear layer
        ("vgg13-lstm", 20.436, 44.908, 44.908),
        ("vgg16-lstm", 25.745, 61.555, 61.555),
        ("vit-lstm", 97.765, 69.333, 46.008),  # that counter does not know attention
    ],
)
def test_full_hosts_have_the_known_sizes(name, parameters, gmac, exact_types):
    found = cost(lambda: host(name))
    assert found.parameters / 1e6 == pytest.approx(parameters, abs=0.006)
    assert found.gmac == pytest.approx(gmac, abs=0.006)
    assert found.gmac_exact_types == pytest.approx(exact_types, abs=0.001)


@pytest.mark.parametrize("name", [name for name in HOSTS if name not in VIDEO_HOSTS and name != "vgg11-lstm"])
def test_narrow_hosts_of_frames_cost_a_quarter_of_a_gmac_at_most(name):
    found = cost(lambda: host(name, "narrow", n_frames=16, size=48), (1, 16, 3, 48, 48))
    assert 0.04 < found.gmac < 0.25 and found.parameters < 800_000


@pytest.mark.parametrize(
    ("name", "head"),
    [("resnet50", [(2048, 1000)]), *((f"vgg{depth}", [(25088, 4096), (4096, 4096), (4096, 1000)]) for depth in
                                     (11, 13, 16)), ("vit_b_16", [(768, 1000)])],
)
def test_backbones_are_what_torchvision_publishes_less_their_last_layers(name, head):
    """Parameters and GMAC that torchvision states of the networks whose weights it offers, at 224 px."""
    stated = torchvision.models.get_model_weights(name).DEFAULT.meta
    found = cost(lambda: backbone(name, "none"), (1, 3, 224, 224))
    assert found.parameters + sum(a * b + b for a, b in head) == stated["num_params"]
    assert found.gmac + sum(a * b for a, b in head) / 1e9 == pytest.approx(stated["_ops"], rel=1e-3)


@pytest.mark.parametrize(
    ("name", "gmac", "exact_types"),
    [
        ("r3d", 43.19, 1.647),  # 1.65, also in M3DFEL, Table 1
        ("mc3", 43.40, 1.887),  # 1.89
        ("r2plus1d", 42.67, 42.908),  # 42.91
        ("cnn-lstm", 7.98, 8.011),  # 8.02
        ("former-dfer", 8.37, 8.379),  # 8.37
    ],
)
def test_hosts_in_the_bag_have_the_known_sizes(name, gmac, exact_types):
    found = framework(backbone_name=name)
    assert found.gmac == pytest.approx(gmac, abs=0.006)
    assert found.gmac_exact_types == pytest.approx(exact_types, abs=0.001)


def test_the_papers_framework():
    found = framework()
    assert found.parameters == pytest.approx(46.8e6, rel=0.005) and found.gmac == pytest.approx(43.2, rel=0.01)
    two_directions_two_layers = 2 * (4 * 512 * (512 + 512) + 8 * 512) + 2 * (4 * 512 * (1024 + 512) + 8 * 512)
    module = two_directions_two_layers + 3 * 1024 * 1024 + (4 + 2 * 1024) + (4 * 3 + 1) + (1024 * 7 + 7)
    assert found.parameters == framework(pooling="average").parameters - (512 * 7 + 7) + module


@pytest.mark.parametrize(
    ("m", "n", "once", "twice", "published"),
    [(1, 4, 5.014, 6.186, 6.20), (2, 4, 5.078, 6.313, 6.33), (3, 4, 5.142, 6.441, 6.46),
     (1, 6, 5.568, 7.293, 7.31), (2, 6, 5.632, 7.421, 7.44), (3, 6, 5.696, 7.549, 7.57)],
)
def test_nr_dfernets_table_3_follows_if_each_residual_is_computed_twice(m, n, once, twice, published):
    def build(**more):
        return lambda: NRDFERNet(spatial_layers=m, temporal_layers=n, **more)

    true, doubled = (cost(build(snippets=True), twice=kinds).gmac for kinds in ((), (Encoder,)))
    assert true == pytest.approx(once, abs=5e-4) and doubled == pytest.approx(twice, abs=5e-4)
    assert abs(round(doubled, 2) - published) <= 0.02 + 1e-9
    without = cost(build(), twice=(Encoder,)).gmac
    assert published - true > 1 and published - without > 1  # neither snippets nor doubling alone come near


def test_nr_dfernet_costs_5_08_with_snippets():
    assert cost(lambda: NRDFERNet(snippets=True)).gmac == pytest.approx(5.08, rel=0.01)
    assert cost(NRDFERNet).gmac == pytest.approx(4.373, abs=5e-4)
    # a snippet more costs the temporal stage on four tokens, and no spatial stage
    fewer, more = (cost(lambda s=s: NRDFERNet(snippets=True, snippet_stride=s)).gmac for s in (3, 2))
    tokens = 4 * 4 * (4096 * 3 * 128 + 128 * 4096 + 2 * 4096 * 512 + 2 * 4 * 128)  # layers, tokens, products of a token
    assert more - fewer == pytest.approx(2 * (tokens + 4096 * 7) / 1e9, rel=1e-6)


def test_what_is_computed_twice_costs_twice_and_gives_the_same():
    net = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 2))
    once = net(torch.ones(3, 4))
    with computed_twice(net, (nn.Linear,)):
        assert torch.equal(net(torch.ones(3, 4)), once)
    assert not net[0]._forward_hooks
    found = cost(lambda: nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)), (3, 4), (nn.ReLU,))
    assert found.gmac == 3 * (32 + 16) / 1e9
    assert cost(lambda: nn.Linear(4, 8), (3, 4), (nn.Linear,)).gmac == 2 * 3 * 32 / 1e9


@pytest.mark.parametrize("bag_size", [1, 2, 8, 16])
def test_every_bag_size_takes_the_papers_frames(bag_size):
    parameters = framework(bag_size=bag_size).parameters
    resnet18 = 11_176_512
    assert parameters == pytest.approx(46.82e6, rel=0.001) if bag_size < 16 else parameters < 13.7e6 + resnet18
    with torch.device("meta"):
        assert M3DFEL(bag_size)(torch.empty(1, 16, 3, 112, 112)).shape == (1, 7)
