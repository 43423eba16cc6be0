"""The frame cache: every clip decoded once, into one flat file that is memory-mapped ever after."""

import json
import os
import stat
import threading
import warnings
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from dfer_nb import files
from dfer_nb.data import contents, threads, video
from dfer_nb.data.clips import some
from dfer_nb.data.decoding import reading
from dfer_nb.errors import BadInput

LAYOUT = 1  # counts up when what lies in a cache folder changes its meaning
WORKERS = threads.DECODING
_one_at_a_time = threading.Lock()  # within a process, the partial folder's name is not unique


class FrameCache:
    """The decoded frames of a set of clips, read from the disk as they are asked for.

    folder: what `cache` made. `size`: side of a frame in pixels; `n_frames`: Series, frames kept by clip;
    `broken`: clips that cannot be decoded and were left out, with the reason; `index`: DataFrame of clip,
    path, offset (frames before it in the file), n_frames, video_frames
    (how many the video has).
    """

    def __init__(self, folder):
        self.folder = Path(folder)
        meta = json.loads((self.folder / "meta.json").read_text())
        self.size, self.broken = meta["size"], dict(meta.get("broken", {}))
        self.index = pd.read_parquet(self.folder / "index.parquet")
        self.n_frames = self.index.set_index("clip")["n_frames"]
        starts, lengths = self.index["offset"].tolist(), self.index["n_frames"].tolist()
        self._place = {c: (s, s + n) for c, s, n in zip(self.index["clip"], starts, lengths, strict=True)}
        shape = (sum(lengths), self.size, self.size, 3)
        # A plain array over the mapping: slicing np.memmap itself costs tens of microseconds a clip.
        self._all = np.asarray(np.memmap(self.folder / "frames.bin", np.uint8, "r", shape=shape))

    def frames(self, clip) -> np.ndarray:
        """A clip's frames, (T, size, size, 3) uint8 RGB, a read-only view (BadInput: no such clip)."""
        try:
            start, end = self._place[clip]
        except KeyError:
            raise BadInput(
                f"clip {clip!r} is not in the cache",
                self.folder,
                "build the cache from a table that holds the clip",
            ) from None
        return self._all[start:end]

    def take(self, names, chosen) -> torch.Tensor:
        """Chosen frames of some clips, (B, T, 3, H, W) uint8; chosen: one array of T frame numbers a clip."""
        out = np.empty((len(names), len(chosen[0]), self.size, self.size, 3), np.uint8)
        for place, name, numbers in zip(out, names, chosen, strict=True):
            np.take(self.frames(name), numbers, axis=0, out=place, mode="clip")  # "raise" would buffer the result
        return torch.from_numpy(out).permute(0, 1, 4, 2, 3).contiguous()

    def __len__(self):
        return len(self.index)

    def __contains__(self, clip):
        return clip in self._place


def cache(table, size, max_frames, folder=None, progress=True, drop_broken=False) -> FrameCache:
    """Decode every clip of a ClipTable once, and keep the frames on disk (made only when not there yet).

    size: side in pixels; max_frames: a longer clip keeps so many, uniformly spread; folder: where caches
    lie, default `cache/` in the data folder; drop_broken: leave out clips that cannot be decoded, and say which. A
    cache is a folder named by what made it: the clips' files (path, size, time of change; of a folder of images those
    of every image), size, max_frames, decoder, and what today's code makes of files. All folds of a dataset hold the
    same clips, so they share one. Any cache may be deleted.

    It is written from front to back (a sparse memory map on a full disk kills the process) and becomes
    visible only when whole; what a killed process left is swept, a damaged cache (sizes are compared, not
    bytes) is made again. Memory: a few dozen clips. Raises BadInput: an empty table, one clip name with
    two files, clips that cannot be read (all are listed, nothing is kept; also with drop_broken where none can), a
    full disk.
    """
    clips, size, max_frames = _clips(table), int(size), int(max_frames)
    for name, value in (("size", size), ("max_frames", max_frames)):
        if value < 1:
            raise BadInput(f"{name} is {value}", name, "give a whole number of at least 1")
    parent = Path(folder).expanduser().absolute() if folder else files.data_dir() / "cache"
    home = parent / f"frames-{_key(clips, size, max_frames, drop_broken)}"
    with _one_at_a_time:
        _sweep(parent)
        if not _is_whole(home):
            if home.exists():
                warnings.warn(f"the frame cache is damaged and is made again: {home}", stacklevel=2)
            _build(clips, size, max_frames, home, progress, drop_broken)
        found = FrameCache(home)
    if found.broken:
        warnings.warn(f"{len(found.broken)} of {len(clips)} clips cannot be read and are left out: "
                      f"{some(found.broken)} ({home / 'meta.json'} says why)", stacklevel=2)
    return found


def caches_of(root, folder=None) -> list[Path]:
    """The caches, in the folder of `cache`, that hold decoded clips of a dataset's folder."""
    parent, found = Path(folder).expanduser().absolute() if folder else files.data_dir() / "cache", []
    for home in sorted(parent.glob("frames-*")):
        if _is_whole(home):
            paths = pd.read_parquet(home / "index.parquet", columns=["path"])["path"]
            found += [home] if Path(paths.iloc[0]).is_relative_to(root) else []
    return found


def _clips(table) -> pd.DataFrame:
    """Columns clip, path: each clip once, in an order that no fold or shuffle of the table changes."""
    clips = table[["clip", "path"]].drop_duplicates().sort_values("clip", ignore_index=True)
    if clips.empty:
        raise BadInput("the table of clips is empty", "cache", "read a dataset first")
    twice = clips["clip"][clips["clip"].duplicated()].tolist()
    if twice:
        raise BadInput(
            f"{len(twice)} clip names stand for two files each, {twice[0]!r} among them",
            ", ".join(clips["path"][clips["clip"] == twice[0]]),
            "cache one dataset at a time",
        )
    return clips


def _key(clips, size, max_frames, drop_broken=False) -> str:
    stats = []
    for path in clips["path"]:
        try:
            info = os.stat(path)
            whole = stat.S_ISDIR(info.st_mode)
            stats.append((path, contents.stamps(path)) if whole else (path, info.st_size, info.st_mtime_ns))
        except OSError:  # decoding will name this clip and every other broken one
            stats.append((path, None))
    made_by = video.decoder(), reading(), LAYOUT
    return files.digest([clips["clip"].tolist(), stats, size, max_frames, made_by, *["drop_broken"] * drop_broken])


def _is_whole(home) -> bool:
    """Whether the folder holds a cache whose files agree with each other about their sizes."""
    try:
        meta = json.loads((home / "meta.json").read_text())
        index = pd.read_parquet(home / "index.parquet", columns=["clip", "offset", "n_frames"])
        lengths = index["n_frames"].to_numpy()
        offsets_fit = np.array_equal(index["offset"], np.cumsum(lengths) - lengths)
        total = int(lengths.sum()) * meta["size"] ** 2 * 3
        return (
            offsets_fit
            and len(index) == meta["clips"]
            and total == meta["bytes"] == (home / "frames.bin").stat().st_size
        )
    except (OSError, ValueError, KeyError, TypeError):  # missing, cut off, not JSON, not parquet
        return False


def _sweep(parent) -> None:
    """Remove what killed processes left of any cache, not only of the one wanted now."""
    for name in {left.name[1:].partition(".partial-")[0] for left in parent.glob(".frames-*.partial-*")}:
        files.sweep(parent / name)


class _MadeByAnother(Exception):
    """Another process finished the same cache first; the two are equal, and the first may be in use."""


def _build(clips, size, max_frames, home, progress, drop_broken) -> None:
    try:
        with files.atomic_folder(home) as partial:
            with closing(_decoded(clips["path"], size, max_frames)) as decoded:
                bar = tqdm(decoded, "decoding clips", len(clips), unit="clip", disable=not progress)
                _write(clips, bar, size, max_frames, partial, drop_broken)
            if _is_whole(home):
                raise _MadeByAnother
    except _MadeByAnother:
        pass
    except (OSError, BadInput):  # the other process's rename fell between our look and our own rename
        if not _is_whole(home):
            raise


def _write(clips, decoded, size, max_frames, folder, drop_broken=False) -> None:
    """Write frames.bin, index.parquet, meta.json; raises BadInput naming every clip that cannot be read."""
    written, total, broken = [], [], {}
    with open(folder / "frames.bin", "wb") as file:
        for clip, (frames, length) in zip(clips["clip"], decoded, strict=True):
            if isinstance(frames, BadInput):
                broken[clip] = frames
            elif drop_broken or not broken:  # else the rest is only looked at, to name all that are broken
                _append(file, frames)
                written.append(len(frames))
                total.append(length)
    if broken and not (drop_broken and written):
        raise _unreadable(list(broken.values()), len(clips))
    index = clips[~clips["clip"].isin(broken)]
    index = index.assign(offset=np.cumsum(written) - written, n_frames=written, video_frames=total)
    # Through Python's own write, so that a full disk is the same error everywhere.
    (folder / "index.parquet").write_bytes(index.to_parquet(None, index=False))
    meta = {
        "layout": LAYOUT,
        "clips": len(index),
        "broken": {clip: f"{error.what}: {error.where}" for clip, error in broken.items()},
        "size": size,
        "max_frames": max_frames,
        "bytes": sum(written) * size * size * 3,
        "decoder": video.decoder(),
    }
    (folder / "meta.json").write_text(json.dumps(meta, indent=1))


def _unreadable(broken, n) -> BadInput:
    reasons = "\n         ".join(f"{b.what}: {b.where}" for b in broken[:10])
    more = f"\n         … and {len(broken) - 10} more" if len(broken) > 10 else ""
    return BadInput(f"{len(broken)} of {n} clips cannot be read", reasons + more, "copy or unpack these clips again, "
                    "or leave them out with drop_broken=True; nothing was kept")


def _append(file, frames) -> None:
    file.write(np.ascontiguousarray(frames).data)


def _decoded(paths, size, max_frames):
    """For each clip in order, frames and the video's length, or BadInput and 0; decoded ahead by threads."""

    def read(path):
        try:
            return video.read_spread(path, max_frames, size)
        except BadInput as error:
            return error, 0

    pool, waiting = ThreadPoolExecutor(WORKERS), deque()
    try:
        for path in paths:
            waiting.append(pool.submit(read, path))
            if len(waiting) >= 4 * WORKERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
