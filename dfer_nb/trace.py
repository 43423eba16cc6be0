"""Which arithmetic made a result: the numbers that it gives on a small, fixed example, and when two of them are one.

A hash of the code's text cannot tell a renamed variable from a changed rate, and a version number is forgotten. A trace
can tell: it is what the code really computes. `training.tracing` makes that of a training, `facsimile.trace` that of a
drawing; both are compared here, and kept beside the records that they speak for.
"""

import json
from collections.abc import Mapping

import numpy as np

Numbers = Mapping[str, list]  # a series' name -> its numbers, nested as they are shaped
Traces = Mapping[str, Numbers]  # what was traced, its name beginning with "training" or "drawing" -> its numbers

# How far two traces of one arithmetic may lie apart: as a share of the mean size of a series, and at all. Trainings are
# traced in double precision, where another processor, instruction set or number of threads moved no number in its
# seventh digit (benchmarks/traces.py); every change of arithmetic in tests/mutations.py moves some number further.
TRAINED = (1e-5, 1e-9)
DRAWN = (0.0, 1e-4)  # written with five decimals
CELLS = (0.0, 0.02)  # of pictures, in grey levels: the mean of hundreds of pixels, a few of which may be one level off


def differences(one: Traces, other: Traces) -> list[str]:
    """Where two traces are not of one arithmetic, in words; [] when they are."""
    words = []
    for name in sorted({*one, *other}):
        if name in one and name in other:
            words += [f"{name}: {series}" for series in changed(one[name], other[name], name.startswith("drawing"))]
        else:
            words.append(f"{name}: traced on one side only")
    return words


def changed(one: Numbers, other: Numbers, drawn: bool) -> list[str]:
    """The series in which two traces differ by more than another processor may make them: of a drawing, or a training.

    Series must have the same shape, and whole numbers must be equal.
    """
    return [series for series in sorted({*one, *other})
            if not _same(one.get(series), other.get(series),
                         *(TRAINED if not drawn else CELLS if series == "cells" else DRAWN))]


def _same(one: list | None, other: list | None, share: float, room: float) -> bool:
    try:
        x, y = np.array(one), np.array(other)
    except ValueError:  # rows of different lengths
        return one == other
    if x.shape != y.shape or {x.dtype.kind, y.dtype.kind} - {*"if"}:
        return False
    if x.dtype.kind == y.dtype.kind == "i":
        return bool((x == y).all())
    return not x.size or bool((np.abs(x - y) <= share * np.abs(x).mean() + room).all())


def dumps(traces: Traces) -> str:
    """Readable JSON: one series a line."""
    parts = []
    for name, numbers in traces.items():
        lines = ",\n".join(f"  {json.dumps(series)}: {json.dumps(values)}" for series, values in numbers.items())
        parts.append(f" {json.dumps(name)}: {{\n{lines}\n }}")
    return "{\n" + ",\n".join(parts) + "\n}\n"
