"""What the code makes of a file, in numbers: frames as they are read, smaller and larger than they lie there."""

import tempfile
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from dfer_nb.data import video

SHAPE = (3, 32, 40, 3)  # of the clip: frames, height, width, colours
SIZES = (8, 48)  # side of the squares that they are scaled to
STEP = 5  # one pixel in so many is written


@cache
def decoding() -> dict[str, list]:
    """The trace of reading a clip of random pixels. It is kept for the process: leave it as it is."""
    frames = np.random.default_rng(31).integers(0, 256, SHAPE, dtype=np.uint8)
    with tempfile.TemporaryDirectory(prefix="dfer-clip-") as folder:
        for number, frame in enumerate(frames, start=1):
            Image.fromarray(frame).save(Path(folder) / f"{number:05d}.png")
        read = {size: video.read_frames(folder, None, size) for size in SIZES}
    shown = {size: found[:, ::STEP, ::STEP].astype(float).tolist() for size, found in read.items()}
    return {f"pixels, scaled to {size}": values for size, values in shown.items()}
