"""Networks of torchvision by name, as they start: at random, or with the weights that torchvision offers."""

from pathlib import Path

import torch
import torchvision
from torch import nn
from torchvision.models.vision_transformer import interpolate_embeddings

from dfer_nb.errors import BadInput

TITLES = {"imagenet": "ImageNet", "kinetics": "Kinetics"}


def torchvision_network(name: str, weights: str, size: int = 0) -> nn.Module:
    """A network of torchvision, whole: its classifier is still there.

    weights: "none"; or "imagenet" or "kinetics", the data that torchvision's default weights of this network are
    trained on, which need a network connection once. size: pixels of a vision transformer's frames, 0 for the usual
    224; its learned positions are interpolated then. Raises BadInput for weights that cannot be had.
    """
    if size and name.startswith("vit_"):
        return _resized(name, weights, size)
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


def _resized(name: str, weights: str, size: int) -> nn.Module:
    """A vision transformer for frames of another size than its weights are for."""
    plain = torchvision.models.get_model(name, weights=None, image_size=_whole(name, size))
    if weights != "none":
        trained = torchvision_network(name, weights).state_dict()
        plain.load_state_dict(interpolate_embeddings(size, plain.patch_size, trained))
    return plain


def _whole(name: str, size: int) -> int:
    patch = int(name.rsplit("_", 1)[1])
    if size % patch:
        raise BadInput(f"frames of {size} px cannot be cut into patches of {patch}", name,
                       f"use a multiple of {patch} px")
    return size
