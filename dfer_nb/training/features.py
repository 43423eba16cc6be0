"""Frozen frame features: computed once, for baselines and heads that train in seconds."""

import numpy as np
import pandas as pd
import torch
from torch import nn

from dfer_nb.data.batches import FrameCache, loader


@torch.no_grad()
def mean_features(
    net: nn.Module, frames: FrameCache, table: pd.DataFrame, n_frames: int = 16, device="cpu"
) -> np.ndarray:
    """Features of a frozen backbone, averaged over n_frames evenly spread frames of each clip: (len(table), D)."""
    net = net.to(device).eval()
    means = []
    for batch in loader(frames, table, 64, n_frames, device, train=False):
        features = net(batch.frames.flatten(0, 1)).unflatten(0, batch.frames.shape[:2])  # (B, T, D)
        means.append(features.mean(dim=1).cpu().numpy())
    return np.concatenate(means)
