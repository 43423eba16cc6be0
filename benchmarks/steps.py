"""What our layout and precision are worth: training steps of the papers' networks at full size, beside plain float32.

    python benchmarks/steps.py [--networks rdfer m3dfel/former-dfer] [--clips 2] [--repeats 5] [--threads 2]

ours: as a run of the preset takes the step, channels last in memory, and bf16 where the preset has it for this device.
plain: the same step of the same network in float32, with PyTorch's usual layout, as most public code takes it. The two
take turns within one process, so that whatever else the machine does slows both; the ratio is the median of the turns',
with the smallest and the largest. A step is everything from clips in memory to new weights; clips and weights are noise
(preset paper-scratch: nothing is downloaded). Two clips need less than 6 GB of memory.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from lightning_fabric import Fabric

from dfer_nb.data.batches import Batch
from dfer_nb.models import hosts
from dfer_nb.presets import build
from dfer_nb.request import Request, make_fabric
from dfer_nb.training.clips import Data
from dfer_nb.training.fit import Fit
from dfer_nb.training.provenance import processor

# paper/variant; without a variant, the paper's own network
NETWORKS = ("rdfer", "m3dfel", "m3dfel/bag-1", "m3dfel/mc3", "m3dfel/r2plus1d", "m3dfel/bag-16", "m3dfel/cnn-lstm",
            "m3dfel/former-dfer", "m3dfel/former-dfer-m3dfel", "nr_dfernet")


def trained(request: Request, fabric: Fabric) -> Fit:
    """A training of the request's network, before its first step; the same weights each time."""
    chosen = request.plan()
    torch.manual_seed(0)
    model, method = build(request.paper, chosen)
    nowhere = Path(tempfile.gettempdir()) / "never-written"
    fit = Fit(model, method, Data(None, None), chosen.training, 0, fabric, nowhere, progress=False, resumable=False)
    fit.model.train()
    return fit


def clips(request: Request, number: int, device: torch.device) -> Batch:
    """So many clips of noise."""
    settings, draw = request.plan().training, torch.Generator().manual_seed(0)
    frames = torch.rand(number, settings.n_frames, 3, settings.size, settings.size, generator=draw)
    labels = torch.randint(7, (number,), generator=draw)
    return Batch(frames.to(device), labels.to(device), np.arange(number), [str(clip) for clip in range(number)])


def usual_layout(fit: Fit) -> None:
    """Take channels-last back from a network's weights."""
    for tensor in [*fit.model.parameters(), *fit.model.buffers()]:
        tensor.data = tensor.data.contiguous()


def steps(request: Request, number: int) -> dict[str, Callable[[], None]]:
    """The two ways of taking a step, each ready to be called again and again."""
    fabric = make_fabric(request)
    ours, plain = trained(request, fabric), trained(request, Fabric(accelerator=request.device, devices=1))
    usual_layout(plain)
    batch = clips(request, number, fabric.device)

    def plainly() -> None:
        with mock.patch.object(hosts, "as_video", lambda frames: frames.transpose(1, 2).contiguous()):
            plain.train_step(batch, 0, 1)

    return {"ours": lambda: ours.train_step(batch, 0, 1), "plain": plainly}


def seconds(step: Callable[[], None]) -> float:
    """How long a step takes: what it returns is on the host, so nothing is left to wait for."""
    began = time.perf_counter()
    step()
    return time.perf_counter() - began


def compared(request: Request, number: int, repeats: int) -> str:
    """A line about the two ways, in turns; the first turn warms up and is not counted."""
    taken = steps(request, number)
    turns = [{name: seconds(step) for name, step in taken.items()} for _ in range(repeats + 1)][1:]
    ratios = sorted(turn["plain"] / turn["ours"] for turn in turns)
    rates = {name: number / statistics.median(turn[name] for turn in turns) for name in taken}
    return (f"ours ({request.config()['precision']}) {rates['ours']:.2f} clips/s, plain {rates['plain']:.2f}: "
            f"{statistics.median(ratios):.2f} times as fast ({ratios[0]:.2f} to {ratios[-1]:.2f})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", default=NETWORKS)
    parser.add_argument("--clips", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    where = torch.cuda.get_device_name() if arguments.device == "cuda" else processor()
    print(f"{where}, {torch.get_num_threads()} threads, {arguments.clips} clips a step, {arguments.repeats} turns")
    for network in arguments.networks:
        paper, _, variant = network.partition("/")
        request = Request(paper, preset="paper-scratch", variant=variant, device=arguments.device)
        print(f"{network:28s} {compared(request, arguments.clips, arguments.repeats)}", flush=True)


if __name__ == "__main__":
    main()
