"""Frames of another clip, put into a clip: what do frames that do not belong cost, on the very same clips?"""

import numpy as np
import pandas as pd
import torch

from dfer_nb.data.batches import generator, key
from dfer_nb.errors import BadInput


def place(clip: str, n_frames: int, number: int) -> int:
    """At which of the `n_frames` that are taken of a clip `number` foreign ones begin: a lot keyed by its name."""
    return int(generator(0, 0, key(clip), "foreign frames").integers(n_frames - number + 1))


class Foreign:
    """Clips as of a frame cache, in each of which the film cuts to somebody else for a moment.

    frames: a FrameCache, or FrozenFeatures; table: columns clip and label, the clips that are shown; number: so many
    neighbours among the frames that are taken of a clip are those of the same moments of another one. Where they stand
    (`place`) and whose they are decide lots that are keyed by the clip's name: another label's and, where `people`
    (clip -> identity) are known, another person's; of the same table or, where it has none such, of `more`. Raises
    BadInput for a clip that finds no other one.
    """

    def __init__(self, frames, table: pd.DataFrame, number: int, people: pd.Series | None = None,
                 more: pd.DataFrame | None = None):
        self._frames, self.number = frames, number
        self.others: dict[str, str] = {}
        who = {} if people is None else people.to_dict()
        pools = [(clips["clip"].to_numpy(), clips["label"].to_numpy(), np.array([who.get(c, c) for c in clips["clip"]]))
                 for clips in (each.sort_values("clip") for each in (table, more) if each is not None)]
        for clip, label in zip(table["clip"], table["label"], strict=True):
            able = [names[(labels != label) & (persons != who.get(clip, clip))] for names, labels, persons in pools]
            able = next((names for names in able if len(names)), None)
            if able is None:
                raise BadInput(f"no clip shows somebody else than {clip}, with another expression", "foreign_frames",
                               "use 0 of them, or a test set of several expressions")
            self.others[clip] = able[generator(0, 0, key(clip), "foreign clip").integers(len(able))]

    def frames(self, clip) -> np.ndarray:
        """A clip's own frames."""
        return self._frames.frames(clip)

    def take(self, names, chosen) -> torch.Tensor:
        """Chosen frames of some clips, as the cache gives them, with the foreign ones in their places."""
        frames, others = self._frames.take(names, chosen), [self.others[name] for name in names]
        moments = [numbers * len(self.frames(other)) // len(self.frames(name))
                   for name, other, numbers in zip(names, others, chosen, strict=True)]
        theirs = self._frames.take(others, moments)
        for own, other, name in zip(frames, theirs, names, strict=True):
            start = place(name, len(own), self.number)
            own[start:start + self.number] = other[start:start + self.number]
        return frames

    def __contains__(self, clip):
        return clip in self._frames
