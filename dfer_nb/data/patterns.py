"""Clips of no face, and lists of them: where a few steps of training are all that is wanted, any pixels will do.

They are computed and stored without a loss, at the size that they are read at: no drawing, no codec and no scaling of
pictures, which differ a little between processors, stands between them and what is trained on them.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

LENGTHS = (12, 49)  # frames of a clip of unknown length: shorter and longer than what is kept


def write(place: Path, clips: Iterable[tuple[str, int, int]], classes: int, size: int) -> None:
    """Clips as folders of frames, size x size pixels.

    place: the folder to put them into; clips: of each its name (a number), class from 0, number of frames (0: any).
    """
    for turn, (clip, label, length) in enumerate(clips):
        folder = place / f"{int(clip):05d}"
        folder.mkdir(parents=True)
        for number, frame in enumerate(_spot(turn, label, classes, length, size), start=1):
            Image.fromarray(frame).save(folder / f"{number:05d}.png", compress_level=0)


def write_list(path: Path, clips: pd.DataFrame) -> None:
    """One of DFEW's CSV files. clips: columns clip, and label from 0."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame({"video_name": clips["clip"], "label": clips["label"] + 1}).to_csv(path, index=False)


def _spot(turn: int, label: int, classes: int, length: int, size: int) -> Iterator[np.ndarray]:
    """A bright spot that crosses the frame, for each label in another direction: frames (size, size, 3) uint8."""
    rng = np.random.default_rng([29, turn])
    length = length or int(rng.integers(*LENGTHS))
    y, x = (np.mgrid[:size, :size] + 0.5) / size - 0.5
    angle, width = 2 * np.pi * label / classes + rng.normal(0, 0.2), rng.uniform(0.1, 0.2)
    ground, bright = rng.uniform(20, 80, 3), rng.uniform(80, 170, 3)
    for t in np.arange(length) / length - 0.5:
        spot = np.exp(-((x - t * np.cos(angle)) ** 2 + (y - t * np.sin(angle)) ** 2) / (2 * width**2))
        yield np.rint(ground + spot[..., None] * bright).astype(np.uint8)
