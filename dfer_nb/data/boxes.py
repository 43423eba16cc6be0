"""How many frames a film says it has, from the tables in an mp4 file: nothing is decoded."""

import struct
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

BOXED = (".mp4", ".m4v", ".mov")
MOST = 1000  # boxes of one level: a file has some ten, and a crafted one may have millions


def count_frames(path) -> int:
    """Frames of an mp4's picture track, as its table of sizes (stsz) has it; 0 where the file does not say.

    Raises OSError for a file that cannot be read.
    """
    if not str(path).lower().endswith(BOXED):
        return 0
    with open(path, "rb") as file:
        end = file.seek(0, 2)
        for track in _inside(file, [(0, end)], b"moov", b"trak"):
            for media in _inside(file, [track], b"mdia"):
                if any(_read(file, start + 8, 4) == b"vide" for start, _ in _inside(file, [media], b"hdlr")):
                    for table in (b"stsz", b"stz2"):
                        for start, _ in _inside(file, [media], b"minf", b"stbl", table):
                            return int.from_bytes(_read(file, start + 8, 4), "big")
    return 0


def _inside(file: BinaryIO, places: list[tuple[int, int]], *kinds: bytes) -> list[tuple[int, int]]:
    """Begin and end of what the boxes hold that lie in these places, one kind inside the other."""
    for kind in kinds:
        places = [inner for start, end in places for name, *inner in islice(_boxes(file, start, end), MOST)
                  if name == kind]
    return places


def _boxes(file: BinaryIO, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, begin and end of what each box between two places holds; what is no box ends them."""
    while at + 8 <= end:
        head = _read(file, at, 16)
        length, kind, body = *struct.unpack(">I4s", head[:8]), at + 8
        if length == 1 and len(head) == 16:
            length, body = struct.unpack(">Q", head[8:])[0], at + 16
        elif length == 0:  # "up to the end"
            length = end - at
        if not body - at <= length <= end - at:
            return
        yield kind, body, at + length
        at += length


def _read(file: BinaryIO, at: int, number: int) -> bytes:
    file.seek(at)
    return file.read(number)
