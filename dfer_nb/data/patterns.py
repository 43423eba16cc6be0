"""Clips of a mask, and lists of them: where a few steps of training are all that is wanted, no face need be drawn.

They are computed and stored without a loss, at the size that they are read at: no drawing, no codec and no scaling of
pictures, which differ a little between processors, stands between them and what is trained on them.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

SEED = 41  # of those tried, the first with which every variant of every paper has a trace of its own
LENGTHS = (12, 49)  # frames of a clip of unknown length: shorter and longer than what is kept


def write(place: Path, clips: Iterable[tuple[str, int, int]], classes: int, size: int) -> None:
    """Clips as folders of frames, size x size pixels.

    place: the folder to put them into; clips: of each its name (a number, or folders), class from 0, number of frames
    (0: any).
    """
    for turn, (clip, label, length) in enumerate(clips):
        folder = place / (f"{int(clip):05d}" if str(clip).isdecimal() else str(clip))
        folder.mkdir(parents=True)
        for number, frame in enumerate(_mimic(label, classes, length, turn, size), start=1):
            Image.fromarray(frame).save(folder / f"{number:05d}.png", compress_level=0)


def write_list(path: Path, clips: pd.DataFrame) -> None:
    """One of DFEW's CSV files. clips: columns clip, and label from 0."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame({"video_name": clips["clip"], "label": clips["label"] + 1}).to_csv(path, index=False)


def _mask(lines: np.ndarray) -> np.ndarray:
    """1 where a value is below 0, 0 above, with a soft edge: (H, W) -> (H, W, 1)."""
    return np.clip(0.5 - lines / 0.08, 0, 1)[..., None]


def _mimic(label: int, classes: int, length: int, turn: int, size: int) -> Iterator[np.ndarray]:
    """A mask that moves brows, eyes and mouth, for each label in another way: frames (size, size, 3) uint8.

    The shipped backbone knows drawn faces, so what it sees here differs from frame to frame. Every clip shows a second
    label for a while and changes its colours, so that a network which knows little answers parts of it differently.
    """
    rng = np.random.default_rng([SEED, turn])
    length = length or int(rng.integers(*LENGTHS))
    ways = np.random.default_rng(30).choice([-1.0, 0.0, 1.0], (classes, 5))  # of each label: what moves, and whither
    y, x = 2 * (np.mgrid[:size, :size] + 0.5) / size - 1
    first, last = np.moveaxis(rng.uniform([20, 90, 0, 90], [200, 230, 60, 200], (2, 3, 4)), 2, 1)
    other, start = ways[rng.integers(classes)], rng.uniform()
    for t in np.arange(length) / length:
        share = np.clip(2 - 8 * abs((t - start + 0.5) % 1 - 0.5), 0, 1)  # of the second label
        brow, slant, lid, curve, jaw = (1 - share) * ways[label] * np.sin(np.pi * t) + share * other
        ground, skin, dark, lips = first + t * (last - first)
        frame = ground + _mask(x**2 / 0.9 + y**2 - 1) * (skin - ground)
        for side in (-1, 1):
            across = side * x - 0.4
            frame += _mask((across / 0.2) ** 2 + ((y + 0.2) / (0.1 + 0.05 * lid)) ** 2 - 1) * (255 - frame)
            frame += _mask((across / 0.08) ** 2 + ((y + 0.2) / 0.08) ** 2 - 1) * (dark - frame)
            bend = np.abs(y + 0.45 + 0.12 * brow + 0.5 * slant * across) - 0.05
            frame += _mask(np.maximum(bend, np.abs(across) - 0.25)) * (dark - frame)
        mouth = np.abs(y - 0.6 + curve * (x**2 - 0.06)) - 0.05 - 0.06 * (1 + jaw)
        frame += _mask(np.maximum(mouth, np.abs(x) - 0.35)) * (lips - frame)
        yield np.rint(frame).astype(np.uint8)
