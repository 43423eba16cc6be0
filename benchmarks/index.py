"""How long it takes to index a dataset of FERV39k's size and to identify its files, and how much memory.

    python benchmarks/index.py [--clips 38935] [--frames 28] [--folder DIR]

A tree of that shape is written first, its frames as hard links to a few pictures, and removed at the end. What is timed
is what `python -m dfer_nb.data.check` does, then what every run does: the table of clips, and their identity.
"""

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from dfer_nb.data import contents
from dfer_nb.data.ferv39k import BY_SPLIT, FACES, SCENES, SETUPS, Ferv39k
from dfer_nb.data.findings import look

LINKS = 30_000  # of one file: file systems allow some 65,000


def write(root: Path, clips: int, frames: int) -> None:
    """A tree in FERV39k's layout, with its shares of classes and splits; the pictures of a clip differ in size."""
    rng, links, pictures = np.random.default_rng(0), LINKS, []
    total = sum(sum(part.values()) for part in BY_SPLIT.values())
    (root / SETUPS / "All_scenes").mkdir(parents=True)
    for split, counts in BY_SPLIT.items():
        lines = []
        for name, count in counts.items():
            for number in range(max(round(count * clips / total), 1)):
                place = f"{SCENES[number % len(SCENES)]}/{name}/{split[:2]}{number:05d}"
                lines.append(f"{place} {name}\n")
                (root / FACES / place).mkdir(parents=True)
                if links == LINKS:
                    links, pictures = 0, [_picture(root, rng) for _ in range(frames)]
                links += 1
                for frame, picture in enumerate(pictures, start=1):
                    os.link(picture, root / FACES / place / f"{frame:05d}.jpg")
        (root / SETUPS / "All_scenes" / f"{split}_All.csv").write_text("".join(lines), encoding="utf-8")


def _picture(root: Path, rng: np.random.Generator) -> Path:
    path = root / f"{time.perf_counter_ns()}.jpg"
    Image.fromarray(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(path)
    return path


def timed(words: str, function) -> object:
    """Call a function and print how long it took."""
    start, cpu = time.perf_counter(), time.process_time()
    result = function()
    print(f"{words:42s} {time.perf_counter() - start:7.1f} s ({time.process_time() - cpu:.1f} s of a processor)")
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=38935)
    parser.add_argument("--frames", type=int, default=28, help="frames of a clip")
    parser.add_argument("--folder", help="where the tree is written (default: a temporary folder)")
    options = parser.parse_args()
    source = Ferv39k()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        root = Path(folder)
        timed("writing the tree", lambda: write(root, options.clips, options.frames))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        found = timed("check: lists, folders, frames, estimate", lambda: look(source, root))
        assert found.ready, found.problems
        table = timed("table of clips", lambda: source.table(root, 1))
        timed("identity of the files", lambda: contents.digest(table["path"]))
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(f"{len(table):,} clips, {found.frames['frames']:,} frames; "
              f"{after / 1024:.0f} MB at most, {before / 1024:.0f} MB of it before")


if __name__ == "__main__":
    main()
