"""Layers shared by the chapters."""

import torch
import torch.nn.functional as F
from torch import nn

from dfer_nb.errors import BadInput


class FrameEmbedding(nn.Module):
    """Frame features of any backbone, brought to one scale and width.

    features (B, T, D) -> (B, T, dim). BatchNorm over all frames of the batch, then Linear and ReLU.
    """

    def __init__(self, in_dim: int, dim: int):
        super().__init__()
        self.norm = nn.BatchNorm1d(in_dim)
        self.linear = nn.Linear(in_dim, dim)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        flat = self.norm(features.flatten(0, 1))  # (B*T, D)
        return torch.relu(self.linear(flat)).unflatten(0, features.shape[:2])  # (B, T, dim)


class SequenceModel(nn.Module):
    """A bidirectional LSTM, averaged over time.

    sequence (B, T, dim) -> (B, dim): `dim` is even, half of it for each direction, so that sequence models
    can follow each other in any order. over_time: "mean" of its outputs, or the "last" output of each direction,
    which is that of the last frame forwards and of the first frame backwards. Raises BadInput for another word.
    """

    def __init__(self, dim: int, over_time: str = "mean"):
        super().__init__()
        if over_time not in ("mean", "last"):
            raise BadInput(f"no sequence model with over_time={over_time!r}", "SequenceModel", 'use "mean" or "last"')
        self.over_time = over_time
        self.lstm = nn.LSTM(dim, dim // 2, batch_first=True, bidirectional=True)

    def forward(self, sequence: torch.Tensor) -> torch.Tensor:
        if self.over_time == "last":
            return torch.cat([*self.lstm(sequence)[1][0]], dim=1)  # the states of the two directions, each (B, dim / 2)
        return self.lstm(sequence)[0].mean(dim=1)


class Encoder(nn.Module):
    """A transformer encoder that normalises before each branch (pre-norm), with tanh-GELU.

    tokens (B, L, dim) -> (B, L, dim); watched, also how much each token (row) looks at each (column), (B, heads, L, L).
    width: of each head, 0 for dim / heads; mlp: hidden units of the feed-forward branch. Raises BadInput for heads that
    do not divide dim.
    """

    fused = True  # attention by PyTorch's own function, unless watched

    def __init__(self, dim: int, heads: int, mlp: int, width: int = 0):
        super().__init__()
        if not width and dim % heads:
            raise BadInput(f"{heads} heads do not divide {dim} channels", "Encoder", "give another number, or a width")
        self.heads, inner = heads, heads * width or dim
        self.before_attention, self.before_mlp = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.qkv, self.out = nn.Linear(dim, 3 * inner, bias=False), nn.Linear(inner, dim)
        self.mlp = nn.Sequential(nn.Linear(dim, mlp), nn.GELU(approximate="tanh"), nn.Linear(mlp, dim))

    def forward(self, tokens: torch.Tensor, watched: bool = False) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
        normed = self.before_attention(tokens)
        q, k, v = self.qkv(normed).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)  # each (B, heads, L, d)
        if watched or not self.fused:
            attention = (q @ k.transpose(2, 3) * q.shape[-1] ** -0.5).softmax(-1)
            mixed = attention @ v
        else:
            mixed = F.scaled_dot_product_attention(q, k, v)
        tokens = tokens + self.out(mixed.transpose(1, 2).flatten(2))  # (B, L, dim)
        tokens = tokens + self.mlp(self.before_mlp(tokens))
        return (tokens, attention) if watched else tokens


def write_out_attention(model: nn.Module) -> nn.Module:
    """Let every encoder of a model multiply its matrices itself: the same, and with few tokens faster on a CPU.

    PyTorch's function is made for many tokens; its backward pass in bf16 took half of Former-DFER's step at 48 px.
    Returns the model.
    """
    for part in model.modules():
        if isinstance(part, Encoder):
            part.fused = False
    return model


def parameter_groups(model: nn.Module) -> dict[str, list[nn.Parameter]]:
    """Parameters of the backbones and of everything else ("heads"), which learn at their own rates.

    A parameter belongs to a backbone when a part of its dotted name is `backbone`.
    """
    groups: dict[str, list[nn.Parameter]] = {"backbone": [], "heads": []}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups["backbone" if "backbone" in name.split(".") else "heads"].append(parameter)
    return {name: parameters for name, parameters in groups.items() if parameters}
