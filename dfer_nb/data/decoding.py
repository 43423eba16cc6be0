"""What the code makes of files, in numbers: frames as they are read, smaller and larger than they lie there; films."""

import tempfile
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from dfer_nb import files
from dfer_nb.data import film, video

SHAPE = (3, 32, 40, 3)  # of the clip: frames, height, width, colours
SIZES = (8, 48)  # side of the squares that they are scaled to
STEP = 5  # one pixel in so many is written
GRID = 4  # of a film, which no codec gives back as it was, the mean colours of GRID x GRID cells


@cache
def decoding() -> dict[str, list]:
    """The trace of reading random pixels, and a film of coloured fields. Kept for the process: leave it as it is."""
    rng = np.random.default_rng(31)
    frames = rng.integers(0, 256, SHAPE, dtype=np.uint8)
    fields = np.kron(rng.integers(0, 256, (3, GRID, GRID, 3), dtype=np.uint8), np.ones((1, 16, 16, 1), np.uint8))
    with tempfile.TemporaryDirectory(prefix="dfer-clip-") as folder:
        for number, frame in enumerate(frames, start=1):
            Image.fromarray(frame).save(Path(folder) / f"{number:05d}.png")
        read = {size: video.read_frames(folder, None, size) for size in SIZES}
        film.write(Path(folder) / "film.mp4", fields)
        shown = video.read_frames(Path(folder) / "film.mp4").reshape(3, GRID, 16, GRID, 16, 3).mean(axis=(2, 4))
    pixels = {size: found[:, ::STEP, ::STEP].astype(float).tolist() for size, found in read.items()}
    return {f"pixels, scaled to {size}": values for size, values in pixels.items()} | {
        "cells of films": np.round(shown, 3).tolist()}


def reading() -> str:
    """A word for what the code makes of files here, and for which frames of a long one it keeps."""
    return files.digest([decoding(), [video.kept(n, k).tolist() for n, k in ((97, 16), (40, 7), (5, 9))]])
