"""Networks of torchvision by name, as they start: at random, or with the weights that torchvision offers."""

from pathlib import Path

import torch
import torchvision
from torch import nn

from dfer_nb.errors import BadInput

TITLES = {"imagenet": "ImageNet", "kinetics": "Kinetics"}


def torchvision_network(name: str, weights: str) -> nn.Module:
    """A network of torchvision, whole: its classifier is still there.

    weights: "none"; or "imagenet" or "kinetics", the data that torchvision's default weights of this network are
    trained on, which need a network connection once. Raises BadInput for weights that cannot be had.
    """
    if weights == "none":
        return torchvision.models.get_model(name, weights=None)
    chosen = torchvision.models.get_model_weights(name).DEFAULT
    try:
        return torchvision.models.get_model(name, weights=chosen)
    except (OSError, RuntimeError) as error:  # no network, a broken download, a wrong hash
        target = Path(torch.hub.get_dir()) / "checkpoints" / Path(chosen.url).name
        raise BadInput(
            f"the {TITLES[weights]} weights of {name} could not be had ({type(error).__name__}: {error})",
            chosen.url,
            f'put that file at {target} from a machine with a network, or train without them: preset="paper-scratch"',
        ) from error
