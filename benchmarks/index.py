"""How long it takes to index a dataset of FERV39k's size and to identify its files, and how much memory.

    python benchmarks/index.py [--clips 38935] [--frames 28] [--links 1] [--folder DIR]

A tree of that shape is written first (4 GB in small files, or less with --links) and removed at the end. What is timed
is what `python -m dfer_nb.data.check` does, then what every run does: the table of clips, and what their files hold.
Wanted are under SECONDS for each, and under MEGABYTES in all; the last line says whether that holds.

The system has the tree's names and sizes in its memory, because they were written just before. A disk that is looked at
for the first time takes longer, for as many requests as there are files: what is measured is this code, not that disk.

Measured with --links 10 on two cores of an AMD EPYC that trainings were using, so that seconds of a processor are told
and not of a clock: the check 9.6, the table 0.6, what the files hold 8.0; 265 MB at most.
"""

import argparse
import io
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

SECONDS, MEGABYTES = 20, 500


def write(root: Path, clips: int, frames: int, links: int) -> None:
    """A tree in FERV39k's layout, with its shares of classes and splits; the pictures of a clip differ in size.

    links: clips that share the files of one, as hard links.
    """
    rng, used, pictures = np.random.default_rng(0), links, []
    total = sum(sum(part.values()) for part in BY_SPLIT.values())
    (root / SETUPS / "All_scenes").mkdir(parents=True)
    for split, counts in BY_SPLIT.items():
        lines = []
        for name, count in counts.items():
            for number in range(max(round(count * clips / total), 1)):
                place = f"{SCENES[number % len(SCENES)]}/{name}/{split[:2]}{number:05d}"
                lines.append(f"{place} {name}\n")
                (root / FACES / place).mkdir(parents=True)
                paths = [root / FACES / place / f"{frame:05d}.jpg" for frame in range(1, frames + 1)]
                if used == links:
                    used, pictures = 0, paths
                    for path in paths:
                        path.write_bytes(_picture(rng))
                else:
                    for path, picture in zip(paths, pictures, strict=True):
                        os.link(picture, path)
                used += 1
        (root / SETUPS / "All_scenes" / f"{split}_All.csv").write_text("".join(lines), encoding="utf-8")


def _picture(rng: np.random.Generator) -> bytes:
    content = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).resize((64, 64)).save(content, "jpeg")
    return content.getvalue() + bytes(rng.integers(0, 400))


def timed(words: str, function) -> tuple[object, float]:
    """Call a function and print how long it took. Returns what it gave, and the seconds."""
    start, cpu = time.perf_counter(), time.process_time()
    result = function()
    seconds = time.perf_counter() - start
    print(f"{words:42s} {seconds:7.1f} s ({time.process_time() - cpu:.1f} s of a processor)", flush=True)
    return result, seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=38935)
    parser.add_argument("--frames", type=int, default=28, help="frames of a clip")
    parser.add_argument("--links", type=int, default=1, help="clips that share the files of one")
    parser.add_argument("--folder", help="where the tree is written (default: a temporary folder)")
    options = parser.parse_args()
    source = Ferv39k()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        root = Path(folder)
        timed("writing the tree", lambda: write(root, options.clips, options.frames, options.links))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        found, looking = timed("check: lists, folders, files, estimate", lambda: look(source, root))
        assert found.ready, found.problems
        table, reading = timed("table of clips", lambda: source.table(root, 1))
        _, holding = timed("what the files hold", lambda: contents.digest(table["path"]))
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(f"{len(table):,} clips, {found.frames['frames']:,} frames; {after} MB at most, {before} MB of it before")
        held = max(looking, reading + holding) < SECONDS and after < MEGABYTES
        print(f"under {SECONDS} s each and under {MEGABYTES} MB: {'yes' if held else 'no'}")


if __name__ == "__main__":
    main()
