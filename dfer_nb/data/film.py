"""Frames into an mp4 file."""

import errno
import shutil
from pathlib import Path

import cv2
import numpy as np


def write(path: Path, frames: np.ndarray, fps: int = 25) -> None:
    """One mp4 of frames (T, H, W, 3) uint8 RGB; raises OSError when they are not all there afterwards.

    OpenCV is silent when a write fails, so the file is opened again and its frames counted.
    """
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), fps, frames.shape[2:0:-1])
    for frame in frames:
        writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    writer.release()
    reader = cv2.VideoCapture(str(path))
    written = int(reader.get(cv2.CAP_PROP_FRAME_COUNT)) if reader.isOpened() else 0
    reader.release()
    if written != len(frames):
        full = shutil.disk_usage(path.parent).free < 1 << 20
        raise OSError(
            errno.ENOSPC if full else errno.EIO,
            f"only {written} of {len(frames)} frames were written",
            str(path),
        )
