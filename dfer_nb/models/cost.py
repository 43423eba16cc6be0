"""What a network costs: parameters, multiply-adds, and the multiply-adds that a counter by exact type reports.

Published "FLOPs" are mostly multiply-adds, from a counter that gives each layer to the rule of its type. Such a rule is
looked up by the EXACT type, as thop does it (Lyken17/pytorch-OpCounter, thop/profile.py, `type(m) in register_hooks`),
so a subclass of nn.Conv3d has no rule and costs nothing. Torchvision's R3D18 and MC3 are built of such subclasses,
Conv3DSimple and Conv3DNoTemporal. `cost` counts both ways; the second shows how a published figure came to be.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


@dataclass(frozen=True)
class Cost:
    """parameters: a number; gmac: 1e9 multiply-adds of one input; gmac_exact_types: what a counter by type reports."""

    parameters: int
    gmac: float
    gmac_exact_types: float


def cost(build: Callable[[], nn.Module], frames: Sequence[int] = (1, 16, 3, 112, 112),
         twice: tuple[type[nn.Module], ...] = ()) -> Cost:
    """The cost of what `build()` returns on an input of shape `frames`, in testing; nothing is computed or allocated.

    frames (B, T, 3, H, W): one clip of the papers' 16 frames of 112 px, unless told otherwise. gmac is of matrix
    products and convolutions, however they are called (PyTorch's own counter, half its FLOPs). Weights that `build`
    would load from a file have no values here: build without them, they change no cost. twice: kinds of modules that
    are computed a second time whenever they are called, as code does that forgets what it has already.
    """
    # The meta device is not only cheap: on a CPU an LSTM is one operation, of which PyTorch's counter knows nothing.
    # eval() and no_grad(), as the counters in use do.
    with torch.device("meta"), torch.no_grad(), FlopCounterMode(display=False) as counter:
        net = build().eval()
        with by_exact_type(net) as macs, computed_twice(net, twice):
            net(torch.empty(*frames))
    return Cost(sum(p.numel() for p in net.parameters()), counter.get_total_flops() / 2e9, sum(macs) / 1e9)


@contextmanager
def by_exact_type(net: nn.Module) -> Iterator[list[int]]:
    """Meanwhile, every call of a layer whose exact type has a rule appends its multiply-adds to the list it gives.

    What has no rule counts nothing: subclasses, activations, functions (`F.linear`, attention), bare parameters.
    """
    macs: list[int] = []

    def listen(layer: nn.Module, rule: Callable):
        # Every type that has a rule is a leaf, so nothing is counted within another layer and again.
        return layer.register_forward_hook(lambda m, inputs, output: macs.append(rule(m, inputs[0], output)))

    handles = [listen(layer, RULES[type(layer)]) for layer in net.modules() if type(layer) in RULES]
    try:
        yield macs
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def computed_twice(net: nn.Module, kinds: tuple[type[nn.Module], ...]) -> Iterator[None]:
    """Meanwhile, every module of these kinds is computed again after each call; what comes out stays what it was."""
    def again(module: nn.Module, inputs: tuple, options: dict, output) -> None:
        module.forward(*inputs, **options)

    handles = [part.register_forward_hook(again, with_kwargs=True) for part in net.modules() if isinstance(part, kinds)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


# The rules of thop 0.1.1 (thop/vision/basic_hooks.py, rnn_hooks.py) in our words: layer, input, output -> operations.
# They are its rules, not a truth: the biases of convolutions are left out, those of recurrent layers are not.


def _convolution(layer: nn.Module, x: torch.Tensor, y: torch.Tensor) -> int:
    return y.numel() * (x.shape[1] // layer.groups) * math.prod(layer.kernel_size)


def _linear(layer: nn.Linear, x: torch.Tensor, y: torch.Tensor) -> int:
    return y.numel() * layer.in_features


def _normalisation(layer: nn.Module, x: torch.Tensor, y: torch.Tensor) -> int:
    learned = getattr(layer, "affine", False) or getattr(layer, "elementwise_affine", False)
    return x.numel() * (4 if learned else 2)  # not multiply-adds at all, but it adds them to the others


def _adaptive_average(layer: nn.Module, x: torch.Tensor, y: torch.Tensor) -> int:
    return int((math.prod(x.shape[2:]) / math.prod(y.shape[2:]) + 1) * y.numel())


def _average(layer: nn.Module, x: torch.Tensor, y: torch.Tensor) -> int:
    return y.numel()


def _recurrent(layer: nn.LSTM | nn.GRU, x: torch.Tensor, y: tuple) -> int:
    hidden, directions = layer.hidden_size, 1 + layer.bidirectional
    gates = 4 if isinstance(layer, nn.LSTM) else 3
    total = 0
    for k in range(layer.num_layers):
        inputs = layer.input_size if k == 0 else hidden * directions
        one_gate = hidden * (inputs + hidden) + hidden + 2 * hidden * layer.bias
        total += directions * (gates * one_gate + 4 * hidden)  # 4 * hidden: how the gates are put together
    return total * x.shape[0] * x.shape[1]  # clips and steps, whichever comes first


RULES = {
    nn.Conv1d: _convolution, nn.Conv2d: _convolution, nn.Conv3d: _convolution, nn.Linear: _linear,
    nn.BatchNorm1d: _normalisation, nn.BatchNorm2d: _normalisation, nn.BatchNorm3d: _normalisation,
    nn.LayerNorm: _normalisation, nn.AvgPool2d: _average, nn.AvgPool3d: _average,
    nn.AdaptiveAvgPool2d: _adaptive_average, nn.AdaptiveAvgPool3d: _adaptive_average,
    nn.LSTM: _recurrent, nn.GRU: _recurrent,
}
