"""Batches of clips: gathered from the frame cache, shuffled and augmented by a rule that has no memory.

Whatever is random here is a function of (seed, epoch, clip): the number of workers, a restart within
an epoch or what ran before cannot change it.
"""

import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from dfer_nb.data import video
from dfer_nb.data.augment import Augment, Draws, augment
from dfer_nb.data.cache import FrameCache, cache
from dfer_nb.errors import BadInput

__all__ = [
    "Augment",
    "Batch",
    "Draws",
    "FrameCache",
    "augment",
    "cache",
    "count",
    "generator",
    "key",
    "loader",
    "order",
]


def key(clip: str) -> int:
    """A number (32 bits) that stands for a clip's name, the same on every machine and in every process."""
    return zlib.crc32(str(clip).encode())


def generator(seed: int, epoch: int, key: int, purpose: str = "") -> np.random.Generator:
    """The generator of one clip in one epoch: a function of its arguments, never of what was drawn before.

    purpose: a word that tells apart draws of the same clip that must not hang together
    (raises BadInput for a negative number).
    """
    if min(seed, epoch, key) < 0:
        raise BadInput(
            f"seed {seed}, epoch {epoch}: a random draw needs numbers from 0 up",
            "seed",
            "give a seed of 0 or more",
        )
    words = [int(seed), int(epoch), int(key)] + ([zlib.crc32(purpose.encode())] if purpose else [])
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(words)))


def order(table, seed: int, epoch: int, balance: float = 0.0) -> np.ndarray:
    """Row positions (N,) of a table, shuffled for an epoch, whatever order the rows are in.

    balance: a class of n clips has a share of the positions that goes with n ** (1 - balance): 0, every clip once; 1,
    every class equally often. No clip of a class comes twice more than another, and lots decide which come once more.
    """
    by_name = np.argsort(table["clip"].to_numpy(dtype=str), kind="stable")
    draw = generator(seed, epoch, 0, "order")
    if balance:
        by_name = _balanced(by_name, table["label"].to_numpy()[by_name], balance, draw)
    return by_name[draw.permutation(len(table))]


def _balanced(rows: np.ndarray, labels: np.ndarray, balance: float, draw: np.random.Generator) -> np.ndarray:
    """As many rows (N,), in which the classes have the shares that `order` says."""
    classes, sizes = np.unique(labels, return_counts=True)
    shares = sizes ** (1.0 - balance)
    ends = np.round(np.cumsum(shares) / shares.sum() * len(rows)).astype(int)
    parts = []
    for which, size, wanted in zip(classes, sizes, np.diff(ends, prepend=0), strict=True):
        own = rows[labels == which]
        parts += [*[own] * (wanted // size), own[draw.permutation(size)[:wanted % size]]]
    return np.concatenate(parts)


def _keys(clips: np.ndarray) -> list[int]:
    """What each clip's lots are drawn by; one that comes again in an epoch has others then."""
    turns = pd.Series(clips).groupby(clips).cumcount()
    return [key(f"{clip} again {turn}" if turn else clip) for clip, turn in zip(clips, turns, strict=True)]


@dataclass
class Batch:
    """Some clips, ready for a model.

    On the device: frames (B, T, 3, H, W), float in 0..1 (from frozen features: (B, T, D)), and label (B,), long,
    0-based. On the host: index (B,), int64, the clips' rows in the table by position, and clip, their names.
    """

    frames: torch.Tensor
    label: torch.Tensor
    index: np.ndarray
    clip: list[str]


def count(n_clips: int, batch_size: int) -> int:
    """Number of batches in an epoch; the last one may be smaller."""
    return -(-n_clips // batch_size)


def loader(cache: FrameCache, table, batch_size: int, n_frames: int, device, *, train: bool, seed: int = 0,
           epoch: int = 0, augment: Augment | None = None, sample: Callable | None = None,
           shard: tuple[int, int] = (0, 1), balance: float = 0.0) -> Iterator[Batch]:
    """Batches of one epoch; the next one is gathered by a thread while this one is used.

    cache: a FrameCache, or another with its methods (`training.features.FrozenFeatures`). train: the rows are shuffled
    by `order(table, seed, epoch, balance)` and augmented (when `augment` is given); else they come as they are, in the
    table's order. n_frames: T, frames of every clip, uniformly spread over it (`video.uniform`). sample: another choice
    of frames instead, `sample(available, rng) -> (T,)`; rng is the clip's generator in training and None in testing, as
    the samplers of `video` take it. shard: (rank, world size) of one of several processes, each of which gets its part
    of every batch (a clip twice rather than none). Raises BadInput for an empty table, a clip that is not in the cache,
    or a size below 1.
    """
    _check(cache, table, batch_size, n_frames)
    rows = order(table, seed, epoch, balance) if train else np.arange(len(table))
    clips, labels = table["clip"].to_numpy(), torch.from_numpy(table["label"].to_numpy(np.int64, copy=True))
    keys = _keys(clips[rows])
    frames_of = sample or (lambda available, rng: video.uniform(available, n_frames))

    def gather(number):
        whole = np.arange(number * batch_size, min((number + 1) * batch_size, len(rows)))
        own = whole[shard[0] :: shard[1]] if shard[0] < len(whole) else whole[:1]
        index, names = rows[own].astype(np.int64), clips[rows[own]].tolist()
        lots = [generator(seed, epoch, keys[place], "frames") if train else None for place in own]
        chosen = [frames_of(len(cache.frames(c)), rng) for c, rng in zip(names, lots, strict=True)]
        draws = augment.draw([generator(seed, epoch, keys[place]) for place in own]) if train and augment else None
        return index, names, _pinned(cache.take(names, chosen), device), draws

    return _batches(gather, range(count(len(table), batch_size)), labels, torch.device(device))


def _batches(gather, numbers, labels, device):
    """One batch ahead; the thread ends with the iterator, its errors are raised here."""
    with ThreadPoolExecutor(1, "next-batch") as pool:
        coming = pool.submit(gather, numbers[0]) if numbers else None
        for number in numbers:
            index, names, pixels, draws = coming.result()
            coming = pool.submit(gather, number + 1) if number + 1 in numbers else None
            frames = pixels.to(device, non_blocking=True).float()
            if pixels.dtype == torch.uint8:  # pictures; features come as they are
                frames = frames.div_(255)
            if draws is not None:
                frames = augment(frames, draws)
            yield Batch(frames, labels[index].to(device), index, names)


def _pinned(pixels: torch.Tensor, device) -> torch.Tensor:
    return pixels.pin_memory() if torch.device(device).type == "cuda" else pixels


def _check(cache, table, batch_size, n_frames) -> None:
    if table.empty:
        raise BadInput(
            "there are no clips to load", "table", "read a dataset, or look at what was filtered out of it"
        )
    for name, value in (("batch_size", batch_size), ("n_frames", n_frames)):
        if value < 1:
            raise BadInput(f"{name} is {value}", name, "give a whole number of at least 1")
    strangers = [clip for clip in table["clip"] if clip not in cache]
    if strangers:
        raise BadInput(
            f"{len(strangers)} clips are not in the cache, {strangers[0]!r} among them",
            cache.folder,
            "build the cache from a table that holds every clip to be loaded",
        )
