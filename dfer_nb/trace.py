"""Which arithmetic made a result: the numbers that it gives on a small, fixed example, and when two of them are one.

A hash of the code's text cannot tell a renamed variable from a changed rate, and a version number is forgotten. A trace
can tell: it is what the code really computes. `training.tracing` makes that of a training, `facsimile.trace` that of a
drawing; both are compared here, and kept beside the records that they speak for.
"""

import json
from collections.abc import Mapping

import numpy as np

Numbers = Mapping[str, list]  # a series' name -> its numbers, nested as they are shaped
Traces = Mapping[str, Numbers]  # what was traced -> its numbers; the name says of what: training, drawing, decoding

# How far two traces of one arithmetic may lie apart: as a share of the mean size of a series, and at all. Trainings are
# traced in double precision, where another processor, instruction set or number of threads moved no number in its
# seventh digit (benchmarks/traces.py); every change of arithmetic in tests/mutations.py moves some number further.
TRAINED = (1e-5, 1e-9)
DRAWN = (0.0, 1e-4)  # written with five decimals
CELLS = (0.0, 0.02)  # of pictures, in grey levels: the mean of hundreds of pixels, a few of which may be one level off
FILMED = (0.0, 2.0)  # such means, of films that were encoded and decoded: other versions of a codec round otherwise
DECODED = (0.0, 1.5)  # single pixels that were scaled: libraries may round the other way


def differences(then: Traces, now: Traces) -> list[str]:
    """Where the code of now does not compute what the code of then did, in words; [] when it does.

    A series that there is now alone changes nothing about what was computed then: code that says more is not other
    arithmetic. One that is no longer there is a difference, and so is a whole trace on one side only.
    """
    words = []
    for name in sorted({*then, *now}):
        if name in then and name in now:
            words += [f"{name}: {series}" for series in changed(then[name], now[name], name.partition(" ")[0])]
        else:
            words.append(f"{name}: traced on one side only")
    return words


def equal(one: Traces, other: Traces) -> bool:
    """Whether two sets of traces say the same, series for series."""
    return not (differences(one, other) or differences(other, one))


def changed(then: Numbers, now: Numbers, what: str) -> list[str]:
    """The series in which a trace differs from an older one by more than another processor may make it.

    what: "training", "drawing" or "decoding". Series must have the same shape, and whole numbers must be equal.
    """
    return [series for series in sorted(then) if not _same(then[series], now.get(series), *_tolerance(what, series))]


def _tolerance(what: str, series: str) -> tuple[float, float]:
    of_pictures = {"cells": CELLS, "cells of films": FILMED}
    return of_pictures.get(series) or {"training": TRAINED, "decoding": DECODED}.get(what, DRAWN)


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
