"""Layers of networks that read space and time together."""

import torch
from torch import nn


class ChannelsLast(nn.Module):
    """A module that may hold 2-D and 3-D convolutions, laid out in memory as each of them is fastest.

    PyTorch's own `to(memory_format=torch.channels_last)` refuses a module with 3-D convolutions. Here the same call
    gives the 5-D weights the layout of their kind, channels_last_3d.
    """

    def to(self, *args, **kwargs):
        if kwargs.get("memory_format") is not torch.channels_last:
            return super().to(*args, **kwargs)
        del kwargs["memory_format"]
        layouts = {4: torch.channels_last, 5: torch.channels_last_3d}
        for tensor in [*self.parameters(), *self.buffers()]:
            if tensor.dim() in layouts:
                tensor.data = tensor.data.contiguous(memory_format=layouts[tensor.dim()])
        return super().to(*args, **kwargs) if args or kwargs else self


def as_video(frames: torch.Tensor) -> torch.Tensor:
    """Frames (B, T, C, H, W) as 3-D convolutions read them: (B, C, T, H, W), the channels last in memory."""
    return frames.transpose(1, 2).contiguous(memory_format=torch.channels_last_3d)


def inflate(weight: torch.Tensor, depth: int = 3) -> torch.Tensor:
    """A 2-D kernel as a 3-D one that sees one frame alone: (O, I, h, w) -> (O, I, depth, h, w), zero off the middle."""
    kernel = weight.new_zeros(*weight.shape[:2], depth, *weight.shape[2:])
    kernel[:, :, depth // 2] = weight
    return kernel


class OverTime(nn.Conv3d):
    """A temporal convolution, (3, 1, 1), that changes nothing at first: (B, C, T, H, W) -> the same."""

    def __init__(self, channels: int):
        super().__init__(channels, channels, (3, 1, 1), padding=(1, 0, 0))
        nn.init.dirac_(self.weight)
        nn.init.zeros_(self.bias)
