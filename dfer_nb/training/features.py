"""Frozen frame features: computed once, for heads and baselines that train in seconds."""

from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from dfer_nb import files
from dfer_nb.data.cache import FrameCache
from dfer_nb.models.backbones import SHIPPED_WEIGHTS, backbone

AT_ONCE = 512  # frames
OF = "frames.txt"  # in a folder of features: the name of the frame cache that they were computed from


class FrozenFeatures:
    """A frozen backbone's features of every frame of a FrameCache, in the place of the frames.

    folder: what `frozen` made. As a FrameCache it has `frames(clip)`, here (T, D) half-precision features,
    `take`, `in` and `len` (of clips), so the same batches and the same loop serve both.
    """

    def __init__(self, folder, frames: FrameCache):
        self.folder, self._frames = Path(folder), frames
        self._all = np.load(self.folder / "features.npy", mmap_mode="r")
        starts, lengths = frames.index["offset"].tolist(), frames.index["n_frames"].tolist()
        self._place = {c: (s, s + n) for c, s, n in zip(frames.index["clip"], starts, lengths, strict=True)}

    def frames(self, clip) -> np.ndarray:
        """Features of a clip's frames, (T, D) float16, a read-only view."""
        start, end = self._place[clip]
        return self._all[start:end]

    def take(self, names, chosen) -> torch.Tensor:
        """Features of chosen frames of some clips, (B, T, D) float; chosen: one array of T frame numbers a clip."""
        rows = [self.frames(name)[numbers] for name, numbers in zip(names, chosen, strict=True)]
        return torch.from_numpy(np.stack(rows)).float()

    def __len__(self):
        return len(self._place)

    def __contains__(self, clip):
        return clip in self._frames


def features_of(cache: Path) -> list[Path]:
    """The folders of features that were computed from a frame cache, which lie beside it."""
    notes = sorted(cache.parent.glob(f"features-*/{OF}"))
    return [note.parent for note in notes if note.read_text(encoding="utf-8") == cache.name]


@torch.no_grad()
def frozen(frames: FrameCache, name: str = "facenet", progress: bool = True) -> FrozenFeatures:
    """Features of every cached frame from a shipped backbone; computed only when they are not there yet.

    They lie beside the frame cache, in a folder named by the frames, the weights and what the code makes of them.
    Raises BadInput for a backbone that does not ship, and for a full disk.
    """
    net = backbone(name, "shipped").eval().to(memory_format=torch.channels_last)
    # weights and code in one: what they give for a few frames, as far as no processor makes a difference
    probe = np.random.default_rng(37).integers(0, 256, (4, frames.size, frames.size, 3), dtype=np.uint8)
    made_of = [frames.folder.name, name, SHIPPED_WEIGHTS.read_bytes().hex(), _features(net, probe).round(1).tolist()]
    home = frames.folder.parent / f"features-{files.digest(made_of)}"
    if not (home / "features.npy").is_file():
        clips = tqdm(frames.index["clip"], f"features of {name}", unit="clip", disable=not progress)
        parts = [_features(net, frames.frames(clip)) for clip in clips]
        with files.atomic_folder(home) as folder:
            np.save(folder / "features.npy", np.concatenate(parts))
            (folder / OF).write_text(frames.folder.name, encoding="utf-8")
    return FrozenFeatures(home, frames)


def _features(net, frames: np.ndarray) -> np.ndarray:
    frames = np.array(frames)  # a copy: the memory map is read-only, which torch does not take quietly
    pixels = torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 255
    return torch.cat([net(part) for part in pixels.split(AT_ONCE)]).numpy().astype(np.float16)
