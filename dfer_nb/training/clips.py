"""The clips of a run, and the sets of them that it is tested on."""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from dfer_nb.data.batches import FrameCache
from dfer_nb.data.foreign import Foreign
from dfer_nb.training.controls import HELD_OUT
from dfer_nb.training.features import FrozenFeatures

FOREIGN = "foreign"  # the test set into whose clips frames of others are put


@dataclass
class Data:
    """The clips of a run, and their decoded frames or frozen features.

    table: a ClipTable with splits train, test and any slices; perhaps "held_out", which chooses the epoch.
    foreign: so many frames of each clean clip (where there are none: test clip) are another one's in a further slice.
    """

    table: pd.DataFrame
    frames: FrameCache | FrozenFeatures
    truth: pd.DataFrame | None = None
    foreign: int = 0

    def __post_init__(self):
        if self.foreign:
            self.shown(FOREIGN)  # what cannot be is refused before a training, not after it

    def split(self, name: str) -> pd.DataFrame:
        """The rows of one split."""
        return self.table[self.table["split"] == (self._spoilt if name == FOREIGN else name)].reset_index(drop=True)

    def shown(self, name: str) -> FrameCache | FrozenFeatures | Foreign:
        """What holds the frames that are shown of a split's clips."""
        return self._with_foreign if name == FOREIGN else self.frames

    @property
    def slices(self) -> list[str]:
        """Further splits to be tested, in the order of the table, the one with foreign frames last."""
        named = [name for name in self.table["split"].unique() if name not in ("train", "test", HELD_OUT)]
        return named + ([FOREIGN] if self.foreign else [])

    @property
    def holds_out(self) -> bool:
        """Whether some training clips are held out to choose the epoch."""
        return (self.table["split"] == HELD_OUT).any()

    @property
    def _spoilt(self) -> str:
        return "clean" if (self.table["split"] == "clean").any() else "test"

    @cached_property
    def _with_foreign(self) -> Foreign:
        people = None if self.truth is None else self.truth.set_index("clip")["identity"]
        return Foreign(self.frames, self.split(FOREIGN), self.foreign, people, self.split("test"))
