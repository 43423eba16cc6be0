"""What a user may choose about the reading of a dataset: truth values, and nothing that only looks like one."""

from dataclasses import dataclass, fields

import numpy as np

from dfer_nb.errors import BadInput

WORDS = {"true": True, "false": False}


def truth_value(name: str, value) -> bool:
    """True or False, also where a command line made text of it ("false"). Raises BadInput for anything else."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, str) and value.strip().lower() in WORDS:
        return WORDS[value.strip().lower()]
    raise BadInput(f"{name} is {str(value)[:80]!r}, and not true or false", "the run's parameters",
                   f"give {name}=True or {name}=False")


@dataclass(frozen=True)
class Reading:
    """How a user's dataset is read. Raises BadInput for what is no truth value.

    drop_missing: leave out clips that a list names and the disk does not hold; drop_broken: leave out clips that cannot
    be decoded; zero_based: the lists' numbers of classes count from 0 where the dataset's own count from 1; scenes:
    read the whole film scenes instead of the faces that were cut out of them.
    """

    drop_missing: bool = False
    drop_broken: bool = False
    zero_based: bool = False
    scenes: bool = False

    def __post_init__(self):
        for name in CHOICES:
            object.__setattr__(self, name, truth_value(name, getattr(self, name)))


CHOICES = tuple(field.name for field in fields(Reading))
PLAIN = Reading()
