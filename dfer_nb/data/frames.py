"""The frames of a clip that is a folder of pictures: which files they are, and in which order."""

import filecmp
import os
import re
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from dfer_nb.errors import BadInput

IMAGES = (".png", ".bmp", ".webp", ".jpg", ".jpeg")  # of one picture in two formats, the earlier one is read
COPY = re.compile(r"^(.*?\S) (?:\(\d+\)|- Copy|copy)$", re.I)  # how systems name a copy that lies beside its original
NUMBER = re.compile(r"\d+")
DECIMAL = re.compile(r"(?<![\d.])(\d+)\.(\d+)(?![\d.])")
TODO = "name the frames so that one number says their order, such as 00001.jpg"


def frames(folder) -> list[str]:
    """Names of the pictures in a folder, in the order of time; whatever else lies there is left aside.

    A picture that is there in two formats counts once, and so does one beside its own copy. Raises BadInput: a folder
    that cannot be read, and names that do not say the order, with the doubt.
    """
    return chosen(pictures(folder), folder)


def chosen(names: list[str], folder="") -> list[str]:
    """Of the names of a folder's pictures those that are frames, in the order of time: see `frames`."""
    return in_order(without_copies(names, folder), folder)


def pictures(folder) -> list[str]:
    """Names of all pictures in a folder, in no order. Raises BadInput when it cannot be read."""
    try:
        return [name for name in os.listdir(folder) if is_image(name)]
    except OSError as error:
        raise BadInput("a clip's folder cannot be read", folder,
                       f"look at the disk, and at who may read there ({error.strerror})") from error


def is_image(name: str) -> bool:
    """Whether a file of this name is a frame: a picture, and none that a system hides."""
    return name[name.rfind("."):].lower() in IMAGES and not name.startswith(".")


def without_copies(names: list[str], folder="") -> list[str]:
    """The names without those of a second format or of a copy. Raises BadInput for a "copy" that holds other bytes."""
    kept: dict[str, str] = {}
    there = set(names)
    for name in names:
        stem, _, end = name.rpartition(".")
        if stem not in kept or IMAGES.index(f".{end}".lower()) < IMAGES.index(Path(kept[stem]).suffix.lower()):
            kept[stem] = name
    for stem in [stem for stem in kept if stem[-1] in ")yY"]:
        found = COPY.match(stem)
        same = found and f"{found[1]}{Path(kept[stem]).suffix}"  # in the copy's own format, where it is there
        if original := same if same in there else found and kept.get(found[1]):
            if not _equal(Path(folder, kept[stem]), Path(folder, original)):
                raise BadInput("a frame has a second version that is no copy of it", f"{folder}: {original!r} and "
                               f"{kept[stem]!r}", "keep one of the two, or give each frame a number of its own")
            del kept[stem]
    return list(kept.values())


def _equal(one: Path, two: Path) -> bool:
    """Whether two files hold the same bytes. Raises BadInput where one cannot be read."""
    try:
        return filecmp.cmp(one, two, shallow=False)
    except OSError as error:
        raise BadInput("a frame and its copy cannot be compared", f"{one}, {two}",
                       f"look at the disk, and at who may read there ({error.strerror})") from error


def in_order(names: list[str], folder="") -> list[str]:
    """The same names in the order of the one number that is the frame's.

    It is the number that differs from file to file; where several do, they must agree on the order. A number with a
    point ("0.25.jpg") is one, as seconds are written. Raises BadInput where that leaves a doubt, and says which.
    """
    if len(names) < 2:
        return list(names)
    if plain := _plain(names):
        return plain
    keys = _keys(names, folder)
    first, *others = [sorted(range(len(names)), key=column.__getitem__) for column in keys]
    for other in others:
        if other != first:
            at = next(i for i, (one, two) in enumerate(zip(first, other, strict=True)) if one != two)
            raise BadInput("two numbers in the names of a clip's frames say two orders",
                           f"{folder}: is {names[first[at]]!r} before {names[other[at]]!r}?", TODO)
    return [names[i] for i in first]


def _plain(names: list[str]) -> list[str]:
    """The order of names that differ in one whole number and in nothing else, as nearly all do; [] for others."""
    before = os.path.commonprefix(names).rstrip("0123456789")
    behind = os.path.commonprefix([name[::-1] for name in (min(names), max(names))])[::-1].lstrip("0123456789")
    end, start = len(behind), len(before)
    middles = [name[start:-end] for name in names if name.endswith(behind)] if end else []
    if len(middles) < len(names) or not all(map(str.isdecimal, middles)) or not "".join(middles).isascii():
        return []
    if before[-2:-1].isdigit() and before[-1] == "." or DECIMAL.match(f"0{behind}"):
        return []  # the number may have a point in it
    numbers = dict(zip(map(int, middles), names, strict=True))
    return [numbers[number] for number in sorted(numbers)] if len(numbers) == len(names) else []


def _keys(names: list[str], folder) -> list[list]:
    """The columns of numbers that tell all names apart, each a value a name; at least one. Raises BadInput."""
    numbers, shape = _numbers(names[0])
    rows = [numbers]
    for name in names[1:]:
        numbers, other = _numbers(name)
        if other != shape:
            raise BadInput("the names of a clip's frames are of two kinds, and no number is the same in both",
                           f"{folder}: {names[0]!r} and {name!r}", TODO)
        rows.append(numbers)
    columns = [list(column) for column in zip(*rows, strict=True) if len(set(column)) == len(names)]
    if not columns:
        raise BadInput("no number in the names tells a clip's frames apart", f"{folder}: {_alike(names, rows)}", TODO)
    return _settled(columns, names, folder)


def _numbers(name: str) -> tuple[tuple, str]:
    """The numbers in a name, and what is left of it. A number with a point is a pair: see `_settled`."""
    stem = name[:name.rfind(".")]
    point = DECIMAL.search(stem)
    if point:
        before, left = _numbers(stem[:point.start()] + ".x") if point.start() else ((), "")
        after, right = _numbers(stem[point.end():] + ".x") if point.end() < len(stem) else ((), "")
        return (*before, (int(point[1]), point[2]), *after), f"{left}#.#{right}"
    return tuple(int(number) for number in NUMBER.findall(stem)), NUMBER.sub("#", stem)


def _settled(columns: list[list], names: list[str], folder) -> list[list]:
    """Numbers with a point become seconds, or the number behind it where that before it never changes.

    "0.5" and "0.25" may be half and a quarter of a second, or frames 5 and 25 of clip 0. Raises BadInput where these
    are two orders, and where "0.5" and "0.50" are all that tells two frames apart.
    """
    settled, equal = [], []
    for column in columns:
        if isinstance(column[0], tuple):
            seconds = [Decimal(f"{whole}.{part}") for whole, part in column]
            behind = [int(part) for _, part in column]
            if len({whole for whole, _ in column}) == 1 and len(set(behind)) == len(names):
                by_number = sorted(range(len(names)), key=behind.__getitem__)
                for one, two in pairwise(by_number):
                    if seconds[one] >= seconds[two]:
                        raise BadInput("the names of a clip's frames may be seconds, or a clip and a frame",
                                       f"{folder}: is {names[one]!r} before {names[two]!r}?", TODO)
            if len(set(seconds)) < len(names):
                at = next(second for second in seconds if seconds.count(second) > 1)
                equal = [name for name, second in zip(names, seconds, strict=True) if second == at]
                continue
            column = seconds
        settled.append(column)
    if not settled:
        raise BadInput("two frames of a clip have the same number", f"{folder}: {equal[0]!r} and {equal[1]!r}", TODO)
    return settled


def _alike(names: list[str], rows: list[tuple]) -> str:
    """Two names that no number tells apart, or that the same number calls a frame."""
    if not rows[0]:
        return f"{names[0]!r} has none"
    seen: dict = {}
    for name, numbers in zip(names, rows, strict=True):
        if numbers[0] in seen:
            return f"{seen[numbers[0]]!r} and {name!r}"
        seen[numbers[0]] = name
    return f"{names[0]!r}, {names[1]!r}"
