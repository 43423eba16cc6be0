"""What a user may choose about the reading of a dataset: truth values, and an order of classes."""

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
    """How a user's dataset is read. Raises BadInput for what is no truth value, and for two words on one numbering.

    drop_missing: leave out clips that a list names and the disk does not hold; drop_broken: leave out clips that cannot
    be decoded; zero_based: the lists' numbers of classes count from 0 where the dataset's own count from 1; scenes:
    read the whole film scenes instead of the faces that were cut out of them; numbering: the order in which the lists
    number the classes, where they do not prove it, such as "alphabetical-0" (`orders.asked`).
    """

    drop_missing: bool = False
    drop_broken: bool = False
    zero_based: bool = False
    scenes: bool = False
    numbering: str = ""

    def __post_init__(self):
        for field in fields(self):
            if isinstance(field.default, bool):
                object.__setattr__(self, field.name, truth_value(field.name, getattr(self, field.name)))
        if not isinstance(self.numbering, str):
            raise BadInput(f"numbering is {str(self.numbering)[:80]!r}, and no text", "the run's parameters",
                           'give an order, such as numbering="alphabetical-0"')
        if self.numbering and self.zero_based:
            raise BadInput("zero_based and numbering both say how the lists' numbers count", "the run's parameters",
                           "give numbering alone: it says the first number, too")

    def chosen(self) -> dict[str, bool | str]:
        """The choices that are not as usual, by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)
                if getattr(self, field.name) != field.default}


CHOICES = {field.name: field.default for field in fields(Reading)}
PLAIN = Reading()
