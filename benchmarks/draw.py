"""What it costs to draw and to decode a draw of each kind, in seconds of processor time.

    python benchmarks/draw.py [--share 0.1] [--draw 1] [--size 48]

A share of the clips is drawn into a temporary folder, written and read back on one thread; the seconds are those of the
whole draw. Processor time hardly depends on what else runs; divided by the number of cores it is about what one waits.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from dfer_nb.data import video
from dfer_nb.facsimile import STYLES, casting, dataset


def seconds(kind: str, draw: int, share: float, size: int) -> tuple[int, float, float]:
    """Clips of a draw, and the processor time of drawing and of decoding them all, from a share of them.

    size: side in pixels that frames are scaled to, as a laptop preset has them.
    """
    plan = casting.plan(kind, draw, **casting.SIZES)
    by_scene = plan.iloc[np.argsort(plan["scene"].to_numpy(), kind="stable")]
    chunks = [by_scene[start : start + dataset.CHUNK] for start in range(0, len(plan), dataset.CHUNK)]
    chosen = chunks[:: max(1, round(1 / share))]
    clips = sum(map(len, chosen))
    with tempfile.TemporaryDirectory(prefix="dfer-draw-") as folder:
        films = Path(folder) / "Clip" / "original"
        films.mkdir(parents=True)
        began = time.process_time()
        for chunk in chosen:
            dataset._draw_chunk(folder, chunk, kind, draw)
        drawn = time.process_time()
        for path in films.iterdir():
            video.read_spread(path, STYLES[kind].n_frames, size)
        decoded = time.process_time()
    return len(plan), (drawn - began) * len(plan) / clips, (decoded - drawn) * len(plan) / clips


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--share", type=float, default=0.1, help="of the clips that are drawn for it")
    parser.add_argument("--draw", type=int, default=1)
    parser.add_argument("--size", type=int, default=48, help="side of a frame in pixels")
    options = parser.parse_args()
    for kind, style in STYLES.items():
        if not style.clips_of:
            clips, drawing, decoding = seconds(kind, options.draw, options.share, options.size)
            print(f"{kind:18} {clips} clips of {style.n_frames} frames: "
                  f"drawing {drawing:4.0f} s, decoding {decoding:3.0f} s")


if __name__ == "__main__":
    main()
