"""What a list says of a clip's class, a word or a number, turned into our labels; other orders are never shifted."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dfer_nb.data import orders
from dfer_nb.data.choices import PLAIN, Reading
from dfer_nb.data.clips import by_line, some
from dfer_nb.data.orders import Order
from dfer_nb.errors import BadInput

# The words that lists and folders use, nouns and adjectives, for our names.
WORDS = {
    "happy": "Happy", "happiness": "Happy", "sad": "Sad", "sadness": "Sad", "neutral": "Neutral", "angry": "Angry",
    "anger": "Angry", "surprise": "Surprise", "surprised": "Surprise", "disgust": "Disgust", "disgusted": "Disgust",
    "fear": "Fear", "fearful": "Fear", "contempt": "Contempt", "anxiety": "Anxiety", "helplessness": "Helplessness",
    "disappointment": "Disappointment",
}  # fmt: skip
BETWEEN = re.compile(r"[\s,;+&/_-]+")
NAMES = "use the dataset's own lists, which name the expressions"


@dataclass(frozen=True)
class Classes:
    """What is known of a dataset's classes before a list of it is read.

    names: in the order of our labels; words: what lists and folders call a class -> its name; first: what the dataset's
    own numbers count from, in the order of `names` (None: it has no numbers of its own); counts: published clips of
    each class in a whole fold, of each dataset whose clips the lists may name.
    """

    names: tuple[str, ...]
    words: Mapping[str, str]
    first: int | None = None
    counts: Sequence[Mapping[str, int]] = ()


def class_of(word: str, names: Sequence[str], words: Mapping[str, str] = WORDS) -> int:
    """The label of a class's word, from 0; -1 for another word."""
    name = words.get(word.strip().lower())
    return names.index(name) if name in names else -1


def are_numbers(rows: pd.DataFrame) -> bool:
    """Whether the labels are meant as numbers: most of them are."""
    return rows["label"].str.fullmatch(r"[+-]?\d+(\.\d+)?").mean() > 0.5


def labels(rows: pd.DataFrame, known: Classes, told: np.ndarray | None = None, reading: Reading = PLAIN
           ) -> tuple[np.ndarray, str]:
    """Labels (N,) int64 from 0 of all rows of a fold, and in words how the lists say them.

    told: the class of each row that its path tells, -1 where it does not; None where paths never do. Raises BadInput:
    for `by_words` and `by_numbers`, and for words where a user says how numbers count.
    """
    if are_numbers(rows):
        return by_numbers(rows, known, told, reading)
    refuse_numbers(reading, rows["list"].iloc[0], "words")
    return by_words(rows, known, told), "named in words"


def refuse_numbers(reading: Reading, where, what: str) -> None:
    """Raise BadInput where a user says how numbers count, and labels are `what`."""
    if given := [name for name in ("zero_based", "numbering") if getattr(reading, name)]:
        raise BadInput(f"{given[0]} says how numbers count, and these labels are {what}", where,
                       f"read without {given[0]}={getattr(reading, given[0])!r}")


# ---------------------------------------------------------------- words


def by_words(rows: pd.DataFrame, known: Classes, told: np.ndarray | None = None) -> np.ndarray:
    """Labels of rows whose label is a word. Raises BadInput for compound and unknown ones, and where a path denies."""
    text = rows["label"]
    found = {word: class_of(word, known.names, known.words) for word in text.unique()}
    odd = text.map(found) < 0
    if odd.any():
        several = text[odd].map(lambda words: sum(part.lower() in known.words for part in BETWEEN.split(words)) > 1)
        where = some(rows["list"][odd].unique(), 2)
        if several.any():
            chosen = text[odd][several]
            raise BadInput(f"{len(chosen)} labels are compound, of several expressions: {by_line(chosen, rows)}", where,
                           "use the lists of clips with a single label: a clip has one class here")
        raise BadInput(f"{odd.sum()} labels are unknown: {by_line(text[odd], rows)}", where,
                       f"labels are one of {', '.join(known.names)}")
    found = text.map(found).to_numpy(np.int64)
    if told is not None and (denied := (told >= 0) & (told != found)).any():
        at = rows.index[denied][0]
        raise BadInput(f"{denied.sum()} labels are not the expression of the path: {by_line(text[denied], rows)}",
                       f"{rows['list'][at]}, line {rows['line'][at]}: {rows['clip'][at]} is called {text[at][:80]!r}",
                       "use the dataset's own lists")
    return found


# ---------------------------------------------------------------- numbers


def by_numbers(rows: pd.DataFrame, known: Classes, told: np.ndarray | None = None, reading: Reading = PLAIN
               ) -> tuple[np.ndarray, str]:
    """Labels of rows whose labels are numbers, and the numbering in words.

    A numbering that paths or counts prove is taken, whatever its order; else the one that a user names, or the
    dataset's own. Raises BadInput for numbers of no class or of two numberings, for what a user says and the lists
    deny, and where published counts fit another order than the one that would be taken.
    """
    names, number = known.names, _whole(rows, len(known.names))
    asked = orders.asked(reading.numbering, names, known.words)
    found = _by_paths(rows, number, told, bool(asked)) or _by_counts(number, known.counts, names)
    _refuse_denied(rows, number, found, asked, known, reading)
    if asked or not found:
        taken = asked or _own(rows, known, reading)
        _refuse_shift(rows, number, taken)
        if not asked and (other := orders.better(number, taken, names, known.counts)):
            raise BadInput(f"published counts fit another order, {other.name} ({other.words}), and not the one that "
                           f"would be read, {taken.words}", some(rows["list"].unique(), 2),
                           f"look at what the lists' numbers mean, and say it: {_ways(names)}")
        found = taken.labels(names)
    words = f"numbered from {min(found)}: {', '.join(names[found[n]] for n in sorted(found))}"
    return number.map(found).to_numpy(np.int64), words


def _own(rows: pd.DataFrame, known: Classes, reading: Reading) -> Order:
    """The order of the dataset's own numbers, from 0 where a user says so. Raises BadInput where it has none."""
    if known.first is None:
        raise BadInput("the labels are numbers, and this dataset's classes are numbered in several ways",
                       some(rows["list"].unique(), 2), f"{NAMES}, or say {_ways(known.names)}")
    return Order("", tuple(known.names), 0 if reading.zero_based else known.first)


def _ways(names: Sequence[str]) -> str:
    return f"numbering={' or '.join(order.name for order in orders.known_orders(names))}"


def _whole(rows: pd.DataFrame, n: int) -> pd.Series:
    """The labels as whole numbers from 0 to n. Raises BadInput for others."""
    text = rows["label"]
    known = text.str.fullmatch(r"[0-9]{1,4}")
    number = text.where(known, "9999").astype("int64")
    odd = number > n
    if odd.any():
        raise BadInput(f"{odd.sum()} labels are unknown: {by_line(text[odd], rows)}",
                       some(rows["list"][odd].unique(), 2),
                       f"labels are whole numbers from 0 to {n - 1} or from 1 to {n}")
    return number


def _by_paths(rows: pd.DataFrame, number: pd.Series, told: np.ndarray | None, partly: bool) -> dict[int, int]:
    """Number -> class, by the rows whose path names an expression; {} where none does.

    Raises BadInput for paths that do not fit the numbers and, unless `partly` will do, for numbers that no path tells.
    """
    if told is None or (told < 0).all():
        return {}
    pairs = pd.DataFrame({"number": number.to_numpy(), "class": told}, index=rows.index)[told >= 0].drop_duplicates()
    twice = pairs["number"].duplicated() | pairs["class"].duplicated()
    if twice.any():
        at = twice.idxmax()
        raise BadInput("the numbers of the classes do not fit the expressions that the paths name",
                       f"{rows['list'][at]}, line {rows['line'][at]}: {rows['clip'][at]} has {number[at]}",
                       "use the dataset's own lists")
    untold = ~number.isin(pairs["number"])
    if untold.any() and not partly:
        raise BadInput(f"no path says which expression is meant by {by_line(rows['label'][untold], rows)}, and paths "
                       "say it of the other numbers", some(rows["list"][untold].unique(), 2),
                       f"{NAMES}, or say what each number means with numbering=…")
    return dict(zip(pairs["number"].tolist(), pairs["class"].tolist(), strict=True))


def _by_counts(number: pd.Series, counts: Sequence[Mapping[str, int]], names: Sequence[str]) -> dict[int, int]:
    """Number -> class, where each number has as many clips as one published class; {} where that is not so."""
    found = number.value_counts().to_dict()
    for each in counts:
        published = {n: names.index(name) for name, n in each.items()}
        if len(published) == len(names) and sorted(found.values()) == sorted(published):
            return {value: published[n] for value, n in found.items()}
    return {}


# ---------------------------------------------------------------- what is refused


def _refuse_denied(rows: pd.DataFrame, number: pd.Series, proven: Mapping[int, int], asked: Order | None,
                   known: Classes, reading: Reading) -> None:
    """Raise BadInput where a user says one numbering, and paths or counts prove another."""
    names, signs = known.names, "the paths, or as many clips as are published, say so"
    if asked and (odd := [n for n, label in proven.items() if asked.labels(names).get(n) != label]):
        at = number[number.isin(odd)].index[0]
        raise BadInput(f"numbering is {asked.name}, and by these lists {number[at]} is {names[proven[number[at]]]} "
                       f"({signs})", f"{rows['list'][at]}, line {rows['line'][at]}", "read without numbering")
    if reading.zero_based and proven and (len(names) in proven or all(label == n - 1 for n, label in proven.items())):
        raise _shifted(rows, number, Order("", names, 0), signs)


def _refuse_shift(rows: pd.DataFrame, number: pd.Series, taken: Order) -> None:
    """Raise BadInput where the numbers are of another numbering than the one that is taken, or of two."""
    low, high, n = int(number.min()), int(number.max()), len(taken.classes)
    if taken.name and (low < taken.first or high >= taken.first + n):
        raise BadInput(f"numbering is {taken.name}, and the labels run from {low} to {high}",
                       some(rows["list"].unique(), 2), f"look at what the lists' numbers mean: {_ways(taken.classes)}")
    if low == 0 and high == n:
        at = number.isin((low, high))
        raise BadInput(f"labels of two numberings, or unknown ones: {by_line(rows['label'][at], rows)}",
                       some(rows["list"][at].unique(), 2),
                       f"labels are whole numbers from {taken.first} to {taken.first + n - 1}")
    if low < taken.first or high >= taken.first + n:
        raise _shifted(rows, number, taken, f"a {low if low < taken.first else high} is among them")
    if taken.first == 0 and low > 0 and not taken.name:
        raise BadInput("no label is 0, so the lists may count from 1; read as they stand, every class would shift by "
                       "one", some(rows["list"].unique(), 2),
                       f"look at what the lists' numbers mean, and say it: {_ways(taken.classes)}")


def _shifted(rows: pd.DataFrame, number: pd.Series, taken: Order, sign: str) -> BadInput:
    """The error for lists that count from 0 where `taken` counts from 1, or the other way round."""
    first, n, classes = taken.first, len(taken.classes), taken.classes
    at = number == (0 if first else n)
    at = at if at.any() else number >= 0
    where = f"{some(rows['list'][at].unique(), 2)}, {by_line(rows['label'][at], rows)}"
    own = f"labels that count from {first} run from {first} ({classes[0]}) to {first + n - 1} ({classes[-1]})"
    todo = ("if this is a copy with 0 to {} in the same order, say so with zero_based=True" if first else
            "read without zero_based=True; labels from 0 run to {}").format(n - 1)
    return BadInput(f"the labels are {'' if first else 'not '}0-based ({sign}); read as they stand, every class would "
                    "shift by one", where, f"{own}; {todo}")
