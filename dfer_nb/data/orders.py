"""Orders in which lists number the classes: those in use, what published counts say of them, and a user's own word."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from dfer_nb.data.expressions import EXPRESSIONS
from dfer_nb.errors import BadInput

NAMED = {
    "dfew": EXPRESSIONS,
    "mafw": ("Angry", "Disgust", "Fear", "Happy", "Neutral", "Sad", "Surprise", "Contempt", "Anxiety", "Helplessness",
             "Disappointment"),
}  # fmt: skip
FIRST = (0, 1)  # numbers that lists count from
CLOSE = 0.02  # half the sum of the differences between two sets of shares: below it the two fit


@dataclass(frozen=True)
class Order:
    """Classes in the order of their numbers, and the number of the first. name: as a user gives it."""

    name: str
    classes: tuple[str, ...]
    first: int

    @property
    def words(self) -> str:
        """Such as "numbered from 1: Happy, Sad, …"."""
        return f"numbered from {self.first}: {', '.join(self.classes)}"

    def labels(self, classes: Sequence[str]) -> dict[int, int]:
        """Number -> place in `classes`."""
        return {self.first + k: classes.index(name) for k, name in enumerate(self.classes)}


def known_orders(classes: Sequence[str]) -> list[Order]:
    """The orders that are in use for these classes, from 0 and from 1; the dataset's own here is the first."""
    found = {name: order for name, order in NAMED.items() if set(order) == set(classes)}
    if tuple(classes) not in found.values():
        found = {"own": tuple(classes)} | found
    found["alphabetical"] = tuple(sorted(classes))
    return [Order(f"{name}-{first}", order, first) for name, order in found.items() for first in FIRST]


def asked(text: str, classes: Sequence[str], words: Mapping[str, str]) -> Order | None:
    """The order that a user names, or lists class by class ("angry,disgust,…-0"); None for no word.

    words: what lists and folders call a class -> its name. Raises BadInput for what is no order of these classes.
    """
    text = text.strip()
    known = {order.name: order for order in known_orders(classes)}
    if not text or text.lower() in known:
        return known.get(text.lower())
    listed, _, first = text.rpartition("-")
    names = tuple(words.get(word.strip().lower(), word) for word in listed.split(","))
    if first in map(str, FIRST) and len(names) == len(classes) and set(names) == set(classes):
        return Order(text, names, int(first))
    raise BadInput(f"numbering is {text[:80]!r}, which is no order of this dataset's {len(classes)} classes",
                   "the run's parameters", f"give one of {', '.join(known)}; or all classes in the order of their "
                   f"numbers, and the first number: {','.join(classes).lower()}-0")


def better(number: pd.Series, taken: Order, classes: Sequence[str], counts: Sequence[Mapping[str, int]]
           ) -> Order | None:
    """The known order that published counts fit where they do not fit the one that is taken; None where none does.

    number: of each clip; counts: clips of each class, of each dataset that the lists may be of. Shares are compared, so
    that lists which lack some clips tell as much as whole ones.
    """
    found = number.value_counts(normalize=True).to_dict()

    def distance(order: Order) -> float:
        return min(_distance(found, {order.first + k: each[name] for k, name in enumerate(order.classes)})
                   for each in counts)

    if not counts or distance(taken) <= CLOSE:
        return None
    nearest = min(known_orders(classes), key=distance)
    return nearest if distance(nearest) <= CLOSE else None


def _distance(shares: Mapping[int, float], counts: Mapping[int, int]) -> float:
    """Half the sum of the differences (total variation): 0 for equal shares, 1 for shares of other numbers."""
    total = sum(counts.values())
    return sum(abs(shares.get(n, 0) - counts.get(n, 0) / total) for n in {*shares, *counts}) / 2
