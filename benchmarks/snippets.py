"""What the snippet-based filter costs: the share that it adds to a plain evaluation, spatial features being shared.

    python benchmarks/snippets.py [--presets laptop paper-scratch] [--clips 64] [--repeats 15] [--threads 1]
        [--out benchmarks/snippets.json]

An evaluation is that of a run, from cached frames to the record's rows, on clips of noise. The same network is
evaluated with and without its filter, in turn, in one process. The time is the processor's; the ratio is that of the
shortest turns, which other work on the machine has disturbed least, and in brackets the median of the turns'. Beside it
stand the multiply-adds, and what it would cost to run the spatial stage for each snippet. What the chapter shows of it
lies beside this file.
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from dfer_nb.models.cost import cost
from dfer_nb.nr_dfernet import NRDFERNet
from dfer_nb.presets import build
from dfer_nb.request import Request, make_fabric
from dfer_nb.training.clips import Data
from dfer_nb.training.fit import Fit
from dfer_nb.training.provenance import environment, processor


class Noise:
    """Clips of noise in the place of a frame cache: so many frames of so many pixels."""

    def __init__(self, n_frames: int, size: int):
        self.pixels = np.random.default_rng(0).integers(0, 256, (n_frames, 3, size, size), np.uint8)

    def frames(self, clip) -> np.ndarray:
        return self.pixels

    def take(self, names, chosen) -> torch.Tensor:
        return torch.from_numpy(np.stack([self.pixels[numbers] for numbers in chosen]))

    def __contains__(self, clip) -> bool:
        return True


def evaluation(request: Request, clips: int) -> Fit:
    """A training of the request's network, whose test clips can be evaluated."""
    chosen = request.plan()
    torch.manual_seed(0)
    model, method = build(request.paper, chosen)
    table = pd.DataFrame({"clip": [f"{k:04d}" for k in range(clips)], "label": np.arange(clips) % 7, "split": "test"})
    data = Data(table, Noise(chosen.training.max_frames, chosen.training.size))
    nowhere = Path(tempfile.gettempdir()) / "never-written"
    return Fit(model, method, data, chosen.training, 0, make_fabric(request), nowhere, False, False)


def seconds(fit: Fit, filtered: bool) -> float:
    """Processor time of an evaluation of the test clips."""
    fit.method.filtered = filtered
    fit.model.module.snippets = "testing" if filtered else False
    began = time.process_time()
    fit.evaluate("test")
    return time.process_time() - began


def multiply_adds(request: Request) -> dict[str, float]:
    """GMAC of a clip: plain, with snippets, and with snippets that are run from the frames again."""
    chosen = request.plan()
    settings, n = chosen.model | {"backbone_weights": "none"}, chosen.training.n_frames
    frames = (1, n, 3, chosen.training.size, chosen.training.size)
    plain, shared = (cost(lambda told=told: NRDFERNet(**settings | {"snippets": told}), frames).gmac
                     for told in (False, True))
    width = settings["snippet_width"]
    number = len(range(0, n - width, settings["snippet_stride"]))
    again = plain * (1 + number * (width + 1) / n)  # a snippet of L differences takes L + 1 frames
    return {"gmac_plain": round(plain, 3), "gmac_filtered": round(shared, 3), "gmac_again": round(again, 3)}


def measured(request: Request, clips: int, repeats: int) -> dict:
    """What the filter adds to an evaluation of so many clips, in percent of it, and the multiply-adds."""
    fit = evaluation(request, clips)
    turns = [[seconds(fit, filtered) for filtered in (True, False)] for _ in range(repeats + 1)][1:]
    filtered, plain = (min(turn[k] for turn in turns) for k in range(2))
    median = statistics.median(one / other for one, other in turns)
    return {"clips_per_second": round(clips / plain, 1), "added": round(100 * (filtered / plain - 1), 1),
            "added_median": round(100 * (median - 1), 1), **multiply_adds(request)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--presets", nargs="+", default=["laptop", "paper-scratch"])
    parser.add_argument("--clips", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, help="a file for the same as JSON")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    print(f"{processor()}, {given.threads} threads, {given.clips} clips, {given.repeats} turns")
    presets = {}
    for preset in given.presets:
        presets[preset] = found = measured(Request("nr_dfernet", preset=preset, device="cpu"), given.clips,
                                           given.repeats)
        print(f"{preset}: {found['clips_per_second']} clips/s plain; the filter adds {found['added']} % "
              f"({found['added_median']} %). {found['gmac_plain']} GMAC plain, {found['gmac_filtered']} with snippets, "
              f"about {found['gmac_again']} from the frames again.", flush=True)
    if given.out:
        known = environment("cpu", given.clips)
        made = {name: known[name] for name in ("commit", "date", "processor", "versions")}
        asked = {"clips": given.clips, "repeats": given.repeats, "threads": given.threads}
        given.out.write_text(json.dumps(asked | made | {"presets": presets}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
