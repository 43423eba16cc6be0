"""What one clip on a disk is, told without decoding it, or by decoding it as a run does; and what is wrong with it."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from dfer_nb.data import boxes, frames, video
from dfer_nb.errors import BadInput

UNREADABLE, EMPTY, DOUBTFUL = "unreadable", "empty folder", "order of frames in doubt"
DAMAGED, BROKEN, UNDECODED = "damaged frame", "damaged video", "cannot be decoded"


@dataclass(frozen=True)
class Seen:
    """What is known of a clip. frames: how many it has, 0 where it does not say; defect: its kind, "" for a whole clip;
    words: what is wrong, and where; kept: frames that were decoded of it."""

    frames: int = 0
    defect: str = ""
    words: str = ""
    kept: int = 0


def look(path: str) -> Seen:
    """A clip by its names, the sizes of its files and a header: the picture in its middle, or the parts of a video."""
    try:
        return _folder(path) if os.path.isdir(path) else _video(path)
    except BadInput as error:
        return _bad(UNREADABLE, error)


def decode(path: str, max_frames: int, size: int) -> Seen:
    """A clip as a run decodes it: at most `max_frames` frames of it, scaled to `size`; what is shown is not kept."""
    try:
        shown, length = video.read_spread(path, max_frames, size)
    except BadInput as error:
        return _bad(UNDECODED, error)
    return Seen(length, kept=len(shown))


def _bad(kind: str, error: BadInput) -> Seen:
    return Seen(defect=kind, words=f"{error.what}: {error.where}")


def _folder(path: str) -> Seen:
    try:
        with os.scandir(path) as entries:
            found = {entry.name: entry.stat() for entry in entries if frames.is_image(entry.name)}
    except OSError as error:
        return Seen(defect=UNREADABLE, words=f"a clip's folder cannot be read ({error.strerror}): {path}")
    if not found:
        return Seen(defect=EMPTY, words=path)
    try:
        names = frames.chosen(list(found), path)
    except BadInput as error:
        return _bad(DOUBTFUL, error)
    bad = [name for name in names if not stat.S_ISREG(found[name].st_mode) or not found[name].st_size]
    if bad:
        return Seen(defect=DAMAGED, words=f"{len(bad)} of {len(names)} frames are empty, or no files: {path}/{bad[0]}")
    return _picture(f"{path}/{names[len(names) // 2]}", len(names))


def _picture(path: str, n: int) -> Seen:
    """A clip of n frames by the header of one of them."""
    try:
        with Image.open(path):
            return Seen(n)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return Seen(defect=DAMAGED, words=f"a frame is no picture: {path}")


def _video(path: str) -> Seen:
    try:
        video.check_whole(Path(path))
        return Seen(boxes.count_frames(path))
    except BadInput as error:
        return _bad(BROKEN, error)
    except OSError as error:
        return Seen(defect=UNREADABLE, words=f"a video cannot be read ({error.strerror}): {path}")
