"""What a list says of a clip's class, a word or a number, turned into our labels; other orders are never shifted."""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from dfer_nb.data.clips import by_line, some
from dfer_nb.errors import BadInput

# The words that lists and folders use, nouns and adjectives, for our names.
WORDS = {
    "happy": "Happy", "happiness": "Happy", "sad": "Sad", "sadness": "Sad", "neutral": "Neutral", "angry": "Angry",
    "anger": "Angry", "surprise": "Surprise", "surprised": "Surprise", "disgust": "Disgust", "disgusted": "Disgust",
    "fear": "Fear", "fearful": "Fear", "contempt": "Contempt", "anxiety": "Anxiety", "helplessness": "Helplessness",
    "disappointment": "Disappointment",
}  # fmt: skip
BETWEEN = re.compile(r"[\s,;+&/_-]+")


def class_of(word: str, classes: Sequence[str]) -> int:
    """The label of a class's word, from 0; -1 for another word."""
    name = WORDS.get(word.strip().lower())
    return classes.index(name) if name in classes else -1


def by_words(rows: pd.DataFrame, classes: Sequence[str]) -> np.ndarray:
    """Labels (N,) int64 of rows whose label is a word. Raises BadInput for compound and for unknown ones."""
    text = rows["label"]
    known = {word: class_of(word, classes) for word in text.unique()}
    odd = text.map(known) < 0
    if odd.any():
        several = text[odd].map(lambda words: sum(part.lower() in WORDS for part in BETWEEN.split(words)) > 1)
        where = some(rows["list"][odd].unique(), 2)
        if several.any():
            chosen = text[odd][several]
            raise BadInput(f"{len(chosen)} labels are compound, of several expressions: {by_line(chosen, rows)}", where,
                           "use the lists of clips with a single label: a clip has one class here")
        raise BadInput(f"{odd.sum()} labels are unknown: {by_line(text[odd], rows)}", where,
                       f"labels are one of {', '.join(classes)}")
    return text.map(known).to_numpy(np.int64)


def are_numbers(rows: pd.DataFrame) -> bool:
    """Whether the labels are meant as numbers: most of them are."""
    return rows["label"].str.fullmatch(r"[+-]?\d+(\.\d+)?").mean() > 0.5


def by_numbers(rows: pd.DataFrame, classes: Sequence[str], first: int | None, counts: Mapping[str, int] | None = None,
               told: np.ndarray | None = None, zero_based: bool = False) -> tuple[np.ndarray, str]:
    """Labels (N,) int64 of all rows of a fold whose labels are numbers, and the numbering in words.

    first: what the dataset's own numbers count from, in the order of `classes`; None: it has none; counts: clips of
    each class in a whole fold; told: the class of each row that its path tells, -1 where it does not; zero_based: a
    user says that these numbers count from 0. A numbering that paths or counts prove is taken, whatever its order.
    Raises BadInput for numbers of no class, of two numberings, or that do not count from 0 though the user says so.
    """
    unknown, first = first is None, 0 if zero_based or first is None else first
    number = _whole(rows, first, len(classes))
    proven = _by_paths(rows, number, told) or _by_counts(number, counts, classes)
    if unknown and not proven:
        raise BadInput("the labels are numbers, and this dataset's classes are numbered in several ways",
                       some(rows["list"].unique(), 2), "use the dataset's own lists, which name the expressions")
    if not proven:
        return _as_told(rows, number, classes, first), f"numbered from {first}: {', '.join(classes)}"
    low = min(proven)
    if zero_based and low == 1 and all(k == n - 1 for n, k in proven.items()):
        _refuse_shift(rows, number, low, first, classes)
    words = f"numbered from {low}: {', '.join(classes[proven[n]] for n in sorted(proven))}"
    return number.map(proven).to_numpy(np.int64), words


def _whole(rows: pd.DataFrame, first: int, n: int) -> pd.Series:
    """The labels as whole numbers from 0 to n. Raises BadInput for others."""
    text = rows["label"]
    known = text.str.fullmatch(r"[0-9]{1,4}")
    number = text.where(known, "9999").astype("int64")
    odd = number > n
    if odd.any():
        raise BadInput(f"{odd.sum()} labels are unknown: {by_line(text[odd], rows)}",
                       some(rows["list"][odd].unique(), 2),
                       f"labels are whole numbers from {first} to {first + n - 1}")
    return number


def _by_paths(rows: pd.DataFrame, number: pd.Series, told: np.ndarray | None) -> dict[int, int]:
    """Number -> class, where the paths name the class of every clip; {} where they do not. Raises BadInput."""
    if told is None or (told < 0).any():
        return {}
    pairs = pd.DataFrame({"number": number.to_numpy(), "class": told}, index=rows.index).drop_duplicates()
    twice = pairs["number"].duplicated() | pairs["class"].duplicated()
    if twice.any():
        at = twice.idxmax()
        raise BadInput("the numbers of the classes do not fit the expressions that the paths name",
                       f"{rows['list'][at]}, line {rows['line'][at]}: {rows['clip'][at]} has {number[at]}",
                       "use the dataset's own lists")
    return dict(zip(pairs["number"].tolist(), pairs["class"].tolist(), strict=True))


def _by_counts(number: pd.Series, counts: Mapping[str, int] | None, classes: Sequence[str]) -> dict[int, int]:
    """Number -> class, where each number has as many clips as one published class; {} where that is not so."""
    found = number.value_counts().to_dict()
    published = {n: classes.index(name) for name, n in (counts or {}).items()}
    if len(published) != len(classes) or sorted(found.values()) != sorted(published):
        return {}
    return {value: published[n] for value, n in found.items()}


def _as_told(rows: pd.DataFrame, number: pd.Series, classes: Sequence[str], first: int) -> np.ndarray:
    """Labels by the numbering that is asked for. Raises BadInput where the numbers are of the other one, or of both."""
    low, high, n = int(number.min()), int(number.max()), len(classes)
    if low == 0 and high == n:
        at = number.isin((low, high))
        raise BadInput(f"labels of two numberings, or unknown ones: {by_line(rows['label'][at], rows)}",
                       some(rows["list"][at].unique(), 2), f"labels are whole numbers from {first} to {first + n - 1}")
    if low < first or high >= first + n:
        _refuse_shift(rows, number, 1 - first, first, classes)
    if first == 0 and low > 0:
        raise BadInput("no label is 0, so the lists may count from 1; read as they stand, every class would shift by "
                       "one", some(rows["list"].unique(), 2), "look at what the lists' numbers mean, and number the "
                       f"classes 0 to {n - 1}: {', '.join(classes)}")
    return number.to_numpy(np.int64) - first


def _refuse_shift(rows: pd.DataFrame, number: pd.Series, low: int, first: int, classes: Sequence[str]) -> None:
    """Raise BadInput for lists that count from `low` where `first` is asked for."""
    n = len(classes)
    at = number == (0 if low == 0 else n)
    if not at.any():
        at[:] = True
    sign = f"a {number[at].iloc[0]} is among them" if not at.all() else "as many clips as are published say so"
    where = f"{some(rows['list'][at].unique(), 2)}, {by_line(rows['label'][at], rows)}"
    own = f"labels that count from {1 - low} run from {1 - low} ({classes[0]}) to {n - low} ({classes[-1]})"
    if low == 0:
        raise BadInput(f"the labels are 0-based ({sign}); read as they stand, every class would shift by one", where,
                       f"{own}; if this is a copy with 0 to {n - 1} in the same order, say so with zero_based=True")
    raise BadInput(f"the labels are not 0-based ({sign}); read as they stand, every class would shift by one", where,
                   f"read without zero_based=True; labels from 0 run to {n - 1}")
