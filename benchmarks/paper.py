"""How fast the papers' own sizes train: clips a second, and the share of the GPU's peak that this is.

    python benchmarks/paper.py [--papers rdfer m3dfel] [--epochs 3] [--peak 989] [--device cuda]

Of FACSimile at 112 px, from scratch (preset paper-scratch: nothing is downloaded), without the tests after each epoch.
The first epoch warms up and is not counted. peak: TFLOP/s of dense bf16 (989: H100 SXM, from its data sheet).
"""

import argparse
import tempfile
import time
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from dfer_nb.presets import PRESETS, build
from dfer_nb.request import Request, make_fabric, prepare
from dfer_nb.training.fit import Fit
from dfer_nb.training.optimise import Settings


def multiply_adds(model: torch.nn.Module, settings: Settings, device="cpu") -> float:
    """Multiply-adds (1e9) of a clip's forward pass in training; recurrent layers, a small part, are not counted."""
    clips = torch.zeros(2, settings.n_frames, 3, settings.size, settings.size, device=device)  # one has no variance
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model.train()(clips)
    return counter.get_total_flops() / 2e9 / len(clips)


def measured(paper: str, epochs: int, device: str) -> tuple[float, float]:
    """Clips a second in training, and multiply-adds (1e9) of a clip's forward pass there."""
    request = Request(paper, preset="paper-scratch", epochs=epochs + 1, device=device)
    data, chosen, fabric = prepare(request), request.plan(), make_fabric(request)
    torch.manual_seed(0)
    model, method = build(paper, chosen)
    method.prepare(data.split("train"), data.truth, 0)
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        fit = Fit(model, method, data, chosen.training, 0, fabric, Path(folder) / "record")
        for fit.epoch in range(epochs + 1):
            began = time.perf_counter()
            fit.train_epoch()  # its table is on the host when it returns: nothing is left to wait for
            seconds.append(time.perf_counter() - began)
    gmac = multiply_adds(fit.model, chosen.training, fabric.device)
    return len(data.split("train")) * epochs / sum(seconds[1:]), gmac


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--papers", nargs="+", default=list(PRESETS))
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--peak", type=float, default=989.0)
    parser.add_argument("--device", default="cuda")
    arguments = parser.parse_args()
    name = torch.cuda.get_device_name() if arguments.device == "cuda" else arguments.device
    for paper in arguments.papers:
        clips, gmac = measured(paper, arguments.epochs, arguments.device)
        share = 6 * gmac * clips / 1000 / arguments.peak  # two operations, and three passes' worth of them
        print(f"{paper}, {name}: {clips:.0f} clips/s, {gmac:.1f} GMAC a clip, "
              f"{100 * share:.1f} % of {arguments.peak:.0f} TFLOP/s")


if __name__ == "__main__":
    main()
