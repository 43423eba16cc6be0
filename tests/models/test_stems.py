"""Stems: how large their maps are, and that they are the first layers of the networks they are named for."""

import pytest
import torch
import torchvision

from dfer_nb.errors import BadInput
from dfer_nb.models.backbones import backbone
from dfer_nb.models.stems import stem


@pytest.mark.parametrize(("name", "size", "shape"), [("resnet18", 112, (256, 7, 7)), ("facenet", 48, (128, 3, 3)),
                                                     ("resnet18", 40, (256, 3, 3)), ("facenet", 32, (128, 2, 2))])
def test_maps_are_as_large_as_is_said(name, size, shape):
    net = stem(name)
    assert net(torch.rand(2, 3, size, size)).shape == (2, *shape)
    assert shape == (net.channels, -(-size // net.shrinks), -(-size // net.shrinks))


def test_the_facenet_stem_is_facenet_before_its_mean():
    frames = torch.rand(3, 3, 48, 48)
    found = stem("facenet", "shipped")(frames).mean(dim=(2, 3))
    assert torch.allclose(found, backbone("facenet", "shipped")(frames), atol=1e-6)


def test_the_resnet_stem_is_resnet18_without_the_second_blocks():
    torch.manual_seed(0)
    net, whole = stem("resnet18").eval(), torchvision.models.resnet18().eval()
    for name, part in (("0", whole.conv1), ("1", whole.bn1), ("4", whole.layer1[0]), ("5", whole.layer2[0]),
                       ("6", whole.layer3[0])):
        part.load_state_dict(net.layers.get_submodule(name).state_dict())
    for layer in (whole.layer1, whole.layer2, whole.layer3):
        layer[1] = torch.nn.Identity()
    frames = torch.rand(2, 3, 64, 64)
    x = whole.maxpool(whole.relu(whole.bn1(whole.conv1((frames - net.mean) / net.std))))
    assert torch.allclose(net(frames), whole.layer3(whole.layer2(whole.layer1(x))), atol=1e-5)


def test_features_are_maps_of_one_position():
    features = torch.rand(4, 128)
    assert torch.equal(stem("features")(features)[:, :, 0, 0], features)


@pytest.mark.parametrize(("name", "weights"), [("vgg11", "none"), ("resnet18", "shipped"), ("facenet", "imagenet"),
                                               ("features", "shipped")])
def test_unknown_pairs_are_refused(name, weights):
    with pytest.raises(BadInput, match=f"no stem '{name}' with weights '{weights}'"):
        stem(name, weights)
