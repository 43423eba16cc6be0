"""Networks of torchvision: as they start, and what is said when their weights cannot be had."""

import pytest
import torch

from dfer_nb.errors import BadInput
from dfer_nb.models.pretrained import torchvision_network


@pytest.mark.parametrize(("name", "weights", "title"), [("resnet18", "imagenet", "ImageNet"),
                                                        ("r3d_18", "kinetics", "Kinetics")])
@pytest.mark.parametrize("error", [OSError("no network"), RuntimeError("invalid hash value")])
def test_weights_that_cannot_be_had_are_named_with_a_way_out(monkeypatch, tmp_path, name, weights, title, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(torch.hub, "_dir", None, raising=False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", fail)
    said = rf"the {title} weights of {name} could not be had \({type(error).__name__}: {error}\)(.|\n)*"
    with pytest.raises(BadInput, match=said + rf"put that file at {tmp_path}/hub/checkpoints/{name}-\w+\.pth"):
        torchvision_network(name, weights)


def test_without_weights_a_network_starts_from_the_generator():
    torch.manual_seed(0)
    first = torchvision_network("resnet18", "none").fc.weight
    torch.manual_seed(0)
    assert first.shape == (1000, 512) and torch.equal(torchvision_network("resnet18", "none").fc.weight, first)
