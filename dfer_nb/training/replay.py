"""A trained network shown its clips again, for what a record does not hold."""

import numpy as np
import pandas as pd
import torch

from dfer_nb.data.batches import loader
from dfer_nb.training.fit import Data
from dfer_nb.training.optimise import Settings
from dfer_nb.training.record import Record


@torch.no_grad()
def features(record: Record, model: torch.nn.Module, data: Data, settings: Settings,
             split: str = "test") -> pd.DataFrame:
    """The network's feature vector of every clip of a split, with the weights of the epoch that is reported.

    model: as the run built it; its `features` output is (B, D). Returns a table: clip, and features, an array (D,) in
    half precision; and alike what else the model gives with `kept(frames)`, if it has that, each (B, n). Raises
    BadInput when the record has no checkpoint (those in results/ have none).
    """
    record.load_weights(model)
    model.eval().to(memory_format=torch.channels_last)
    parts = []
    for batch in loader(data.frames, data.split(split), settings.batch_size, settings.n_frames,
                        torch.device("cpu"), train=False, sample=settings.sample):
        found = model.kept(batch.frames) if hasattr(model, "kept") else {"features": model(batch.frames)["features"]}
        vectors = {name: list(value.float().numpy().astype(np.float16)) for name, value in found.items()}
        parts.append(pd.DataFrame({"clip": batch.clip, **vectors}))
    return pd.concat(parts, ignore_index=True)
