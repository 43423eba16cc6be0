"""What the files of clips hold: enough of them to tell other pixels apart, on every machine alike."""

import os
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from dfer_nb import files
from dfer_nb.data import frames, threads
from dfer_nb.errors import BadInput

PIECE = 2**16  # bytes that are read at the beginning, in the middle and at the end of a file
_seen: list[dict[str, str]] = []  # what stands for a clip, in `settled`


@contextmanager
def settled() -> Iterator[None]:
    """Meanwhile files are taken to stay as they are, and each clip is looked at once: for a command about many runs."""
    _seen.append({})
    try:
        yield
    finally:
        _seen.pop()


def digest(paths: Iterable[str]) -> str:
    """A word for what the files of these clips hold, in their order; times and other folders do not change it.

    Of a folder of frames the names and sizes of its frames in their order, and bytes of the one in the middle; where
    most frames of a clip share their size with another, as without compression, bytes of all of them, because there a
    size says nothing. Of a video its size and bytes. What else lies there, copies and second formats among it, is not
    looked at.
    """
    with ThreadPoolExecutor(threads.LOOKING) as pool:
        return files.digest(list(pool.map(of_clip, paths, chunksize=64)))


def of_clip(path: str) -> str:
    """What stands for one clip in `digest`; "" for one that cannot be read: decoding will name it."""
    if _seen and path in _seen[-1]:
        return _seen[-1][path]
    try:
        found = files.digest(_of_clip(path), 16)
    except (OSError, BadInput):
        found = ""
    if _seen:
        _seen[-1][path] = found
    return found


def _of_clip(path: str) -> list:
    if not os.path.isdir(path):
        size = os.path.getsize(path)
        return [size, _bytes(path, size)]
    sizes = {name: size for name, size, _ in stamps(path)}
    read = frames.chosen(list(sizes), path)
    shown = read if 2 * len({sizes[name] for name in read}) <= len(read) else read[len(read) // 2 :][:1]
    return [[(name, sizes[name]) for name in read], [_bytes(Path(path, name), sizes[name]) for name in shown]]


def stamps(folder: str) -> list[tuple[str, int, int]]:
    """Name, size and time of change (ns) of every picture in a folder, by name: whatever is changed in place shows."""
    with os.scandir(folder) as entries:
        found = [(entry.name, entry.stat()) for entry in entries if frames.is_image(entry.name)]
    return sorted((name, info.st_size, info.st_mtime_ns) for name, info in found)


def _bytes(path, size: int) -> int:
    """CRC of pieces of a file."""
    with open(path, "rb") as file:
        crc = 0
        for start in sorted({0, max(size // 2 - PIECE // 2, 0), max(size - PIECE, 0)}):
            file.seek(start)
            crc = zlib.crc32(file.read(PIECE), crc)
    return crc
