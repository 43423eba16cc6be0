"""Videos to frames: decoding of mp4 files and image folders, and the papers' ways to choose frames.

mp4 files are decoded by decord; where decord cannot be imported, by OpenCV, which gives the same frames.
Both decode at the file's own size, and OpenCV resizes: decord's resizing gives other pixels, and fails
for some widths.
"""

import re
import struct
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from dfer_nb.data import frames
from dfer_nb.errors import BadInput

BOXED = {".mp4", ".m4v", ".mov"}
AGAIN = "copy or unpack the clip again, or take it out of the lists"
RIGHTS = "look at the disk, and at who may read there"
CHUNK = 16  # frames decoded at a time, so that no film scene lies in memory at its full size


def read_frames(path, indices=None, size=None) -> np.ndarray:
    """Frames of a clip, (T, H, W, 3) uint8 RGB, or (T, size, size, 3).

    indices: the frames to give, from 0, in any order and with repeats; all of them when None.
    size: side in pixels of the square that each frame is scaled to (by area when it shrinks, as in
    `cv2.INTER_AREA`), whatever its aspect ratio; None keeps the file's size.
    Raises BadInput: a clip that is missing, empty, cut off or unreadable; an index outside it;
    frames of different sizes when no size is given.
    """
    reader = _open(path)
    return _gather(reader, np.arange(len(reader)) if indices is None else np.asarray(indices), size)


def read_spread(path, max_frames, size=None) -> tuple[np.ndarray, int]:
    """At most `max_frames` frames, uniformly spread, and how many the clip has; else as `read_frames`."""
    reader = _open(path)
    return _gather(reader, kept(len(reader), max_frames), size), len(reader)


def kept(n_frames, max_frames) -> np.ndarray:
    """Which frames of a clip `read_spread` keeps: all, or `max_frames` of them."""
    return np.arange(n_frames) if n_frames <= max_frames else uniform(n_frames, max_frames)


def decoder() -> str:
    """The libraries, with versions, that turn files into pixels here."""
    decord = _decord()
    return f"{f'decord {decord.__version__}' if decord else 'opencv'}, opencv {cv2.__version__}"


# ---------------------------------------------------------------- which frames


def uniform(n_frames, k) -> np.ndarray:
    """Indices (k,) of the middle frames of k equal segments; a shorter clip repeats its last frame.

    uniform(32, 4) is 4, 12, 20, 28; uniform(3, 5) is 0, 1, 2, 2, 2.
    """
    return dynamic(n_frames, k, 1)


def dynamic(n_frames, segments, per_segment, rng=None) -> np.ndarray:
    """Dynamic sampling U x V: indices (segments * per_segment,), in order (NR-DFERNet, Sec. 3.2).

    The video is cut into U equal segments; each gives V consecutive frames, at a random place when `rng`
    (a NumPy generator) is given, as in training, else from its middle, as in testing. A clip of fewer than
    U * V frames gives all of them and repeats the last (edge padding). Raises BadInput for counts below 1.
    """
    _at_least_one(n_frames=n_frames, segments=segments, per_segment=per_segment)
    if n_frames < segments * per_segment:
        return np.minimum(np.arange(segments * per_segment), n_frames - 1)
    u = np.arange(segments)
    if rng is None:
        start = _centred(n_frames, segments, per_segment)
    else:
        edges = np.arange(segments + 1) * n_frames // segments
        start = edges[u] + rng.integers(0, edges[1:] - edges[:-1] - per_segment + 1)
    return (start[:, None] + np.arange(per_segment)).ravel()


def contiguous(n_frames, k, clips=1, rng=None) -> np.ndarray:
    """Indices (clips, k) of windows of k consecutive frames.

    With `rng` each window lies anywhere, in order of time; without, each in the middle of its equal share
    of the video: contiguous(16, 4, clips=4) cuts 16 frames into four groups of four. Windows overlap when
    the video is shorter than clips * k; one shorter than k repeats its last frame. Raises BadInput for
    counts below 1.
    """
    _at_least_one(n_frames=n_frames, k=k, clips=clips)
    last = max(n_frames - k, 0)
    if rng is None:
        start = np.clip(_centred(n_frames, clips, k), 0, last)
    else:
        start = np.sort(rng.integers(0, last + 1, size=clips))
    return np.minimum(start[:, None] + np.arange(k), n_frames - 1)


def _centred(n_frames, segments, length) -> np.ndarray:
    """First frames of runs in the middle of equal segments: round((u + 1/2) n / U - length / 2)."""
    u = np.arange(segments)
    return ((2 * u + 1) * n_frames - (length - 1) * segments) // (2 * segments)


def _at_least_one(**counts) -> None:
    for name, count in counts.items():
        if count < 1:
            raise BadInput(f"{name} is {count}", name, "give a whole number of at least 1")


# ---------------------------------------------------------------- readers: len(), .path, .frames(indices)


def _open(path):
    path = Path(path)
    if path.is_dir():
        return _Images(path)
    if not path.is_file():
        raise BadInput("a clip is not there", path, AGAIN)
    check_whole(path)
    return _Decord(path) if _decord() else _OpenCV(path)


def _decord():
    try:
        import decord
    except (ImportError, OSError):  # no wheel for this machine, or a library that does not load
        return None
    return decord


def check_whole(path) -> None:
    """Walk the boxes an mp4 file is made of, which say their own lengths (BadInput: it was cut off).

    Decoders answer a cut-off file with a message on stderr and fewer frames; the boxes tell it at once.
    """
    size = path.stat().st_size
    if size == 0:
        raise BadInput("a video is empty (0 bytes)", path, AGAIN)
    if path.suffix.lower() not in BOXED:
        return
    seen, at = set(), 0
    try:
        with open(path, "rb") as file:
            while at + 8 <= size:
                file.seek(at)
                length, kind = struct.unpack(">I4s", file.read(8))
                if length == 1 and at + 16 <= size:
                    (length,) = struct.unpack(">Q", file.read(8))
                elif length == 0:  # "up to the end of the file"
                    length = size - at
                if length < 8 or not kind.isalnum():  # padding or rubbish behind the last box
                    break
                seen.add(kind)
                at += length
    except OSError as error:
        raise BadInput("a video cannot be read", path, f"{RIGHTS} ({error.strerror})") from error
    if at > size:
        raise BadInput(
            f"a video is cut off: its last part should end at byte {at}, the file at {size}", path, AGAIN
        )
    if not {b"moov", b"mdat"} <= seen:
        raise BadInput(
            "a video is cut off, or no mp4: it has no index (moov) or no pictures (mdat)", path, AGAIN
        )


def _gather(reader, indices, size) -> np.ndarray:
    """The frames asked for, scaled; each is decoded once, in order of time."""
    if indices.size == 0 or indices.min() < 0 or indices.max() >= len(reader):
        raise BadInput(
            f"frames {indices.tolist()[:10]} were asked for, the clip has {len(reader)}",
            reader.path,
            f"indices run from 0 to {len(reader) - 1}",
        )
    wanted, place = np.unique(indices, return_inverse=True)
    found = [_scale(frame, size) for frame in reader.frames(wanted)]
    if len({frame.shape for frame in found}) > 1:
        raise BadInput("the frames of a clip differ in size", reader.path, "ask for a size to scale them to")
    return np.stack([found[i] for i in place])


def _scale(frame, size) -> np.ndarray:
    if size is None or frame.shape[:2] == (size, size):
        return frame
    shrinks = min(frame.shape[:2]) >= size
    return cv2.resize(frame, (size, size), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


class _Images:
    """A folder of images, in the order of the number in their names (00001_00012.jpg is frame 12): see `frames`."""

    def __init__(self, folder):
        self.path, self.names = folder, frames.frames(folder)
        if not self.names:
            raise BadInput("a clip's folder holds no images", folder, AGAIN)

    def __len__(self):
        return len(self.names)

    def frames(self, indices):
        for i in indices:
            path = self.path / self.names[i]
            try:
                with Image.open(path) as image:
                    yield np.asarray(image.convert("RGB"))
            except (OSError, SyntaxError, Image.DecompressionBombError) as error:
                raise BadInput("an image cannot be read", path, f"{AGAIN} ({error})") from error


class _Decord:
    """A video file, decoded by decord on the calling thread."""

    def __init__(self, path):
        self.path = path
        try:
            self.video = _decord().VideoReader(str(path), num_threads=1)
            self.length = len(self.video)
        except Exception as error:  # decord's errors share no base but Exception
            raise BadInput("a video cannot be read", path, f"{AGAIN} ({_first_line(error)})") from error
        if self.length < 1:
            raise BadInput("a video holds no frames", path, AGAIN)

    def __len__(self):
        return self.length

    def frames(self, indices):
        for i in range(0, len(indices), CHUNK):
            try:
                batch = self.video.get_batch(indices[i : i + CHUNK].tolist()).asnumpy()
            except Exception as error:
                if i == 0 and self._takes_padding_for_a_channel():
                    yield from _OpenCV(self.path).frames(indices)
                    return
                raise BadInput(
                    "a video breaks off or is damaged", self.path, f"{AGAIN} ({_first_line(error)})"
                ) from error
            yield from batch

    def _takes_padding_for_a_channel(self) -> bool:
        """decord 0.6 reads some narrow videos (16, 24, 48, 72 px wide) with four channels."""
        try:
            return self.video[0].shape[-1] != 3
        except Exception:
            return False


class _OpenCV:
    """A video file, decoded by OpenCV from its beginning."""

    def __init__(self, path):
        self.path = path
        video = cv2.VideoCapture(str(path))
        self.length = int(video.get(cv2.CAP_PROP_FRAME_COUNT)) if video.isOpened() else 0
        video.release()
        if self.length < 1:
            raise BadInput("a video cannot be read", path, AGAIN)

    def __len__(self):
        return self.length

    def frames(self, indices):
        video, at = cv2.VideoCapture(str(self.path)), 0
        try:
            for i in indices:
                while at < i and video.grab():
                    at += 1
                ok, frame = video.read() if at == i else (False, None)
                if not ok:
                    raise BadInput(f"a video breaks off after {at} of {self.length} frames", self.path, AGAIN)
                at += 1
                yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
        finally:
            video.release()


def _first_line(error) -> str:
    text = re.sub(r"\[[\d:]+\] \S+:\d+: ", "", str(error)).strip()  # without decord's source lines
    return text.splitlines()[0][:160] if text else type(error).__name__
