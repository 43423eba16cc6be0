"""How fast clips are decoded, and how fast batches come out of the frame cache.

    python benchmarks/decode.py --root DIR [--dataset dfew] [--fold 1] [--size 48] [--max-frames 32] [--batch 32]

A draw of FACSimile is read as dataset dfew with --scenes, because its films lie where DFEW has scenes. It decodes into
a temporary folder and removes it again.
"""

import argparse
import tempfile
import time
from statistics import median

import torch

from dfer_nb import datasets
from dfer_nb.data import batches, cache, video
from dfer_nb.data.choices import Reading


def seconds_a_batch(frames, table, options, augment) -> float:
    """Median time that a training loop waits for a batch when it does nothing else."""
    rows = batches.loader(
        frames, table, options.batch, options.max_frames, options.device, train=True, augment=augment
    )
    times, last = [], time.perf_counter()
    for _ in rows:
        if options.device.startswith("cuda"):
            torch.cuda.synchronize()
        times.append(time.perf_counter() - last)
        last = time.perf_counter()
        if len(times) == options.batches:
            break
    return median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", required=True, help="the folder of the dataset")
    parser.add_argument("--dataset", default="dfew", help="any of films, see dfer_nb/data/known.py")
    parser.add_argument("--scenes", action="store_true", help="whole film scenes instead of faces")
    parser.add_argument("--fold", type=int, default=1)
    parser.add_argument("--size", type=int, default=48, help="side of a frame in pixels")
    parser.add_argument("--max-frames", type=int, default=32, help="frames of a clip, kept and given")
    parser.add_argument("--batch", type=int, default=32, help="clips in a batch")
    parser.add_argument("--batches", type=int, default=60, help="batches timed, at most")
    parser.add_argument("--clips", type=int, default=0, help="use only so many clips (0: all)")
    parser.add_argument("--threads", type=int, default=2, help="threads for decoding and for torch")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    cache.WORKERS = options.threads

    table = datasets.dataset(options.dataset).table(options.root, options.fold, Reading(scenes=options.scenes))
    table = table.head(options.clips) if options.clips else table
    start = time.perf_counter()
    for path in table["path"].head(100):
        video.read_spread(path, options.max_frames, options.size)
    one = min(100, len(table)) / (time.perf_counter() - start)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        start = time.perf_counter()
        frames = batches.cache(table, options.size, options.max_frames, folder)
        all_at_once = len(table) / (time.perf_counter() - start)
        plain = seconds_a_batch(frames, table, options, None)
        augmented = seconds_a_batch(frames, table, options, batches.Augment())
    print(f"{video.decoder()}; {len(table)} clips, up to {options.max_frames} frames, {options.size} px")
    print(f"decoding, one thread              {one:8.0f} clips/s")
    print(f"decoding into the cache, {options.threads:2d} threads {all_at_once:7.0f} clips/s")
    for name, seconds in (("cached batches", plain), ("cached batches, augmented", augmented)):
        print(f"{name:33s} {options.batch / seconds:8.0f} clips/s   ({1000 * seconds:.1f} ms a batch)")


if __name__ == "__main__":
    main()
