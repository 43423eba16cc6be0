"""What agreement costs: the share of a training step spent on sub-clip predictions and reweighting.

    python benchmarks/agreement.py [--preset laptop|paper-scratch] [--batch-size 32] [--rounds 5]

The same network is stepped with and without agreement in turn, in one process, so that a noisy machine slows both.
"""

import argparse
import statistics
import time

import torch

from dfer_nb.data.batches import Batch
from dfer_nb.presets import build, plan
from dfer_nb.training.optimise import build_optimizer, guard_gradients


def step(model, method, optimizer, batch: Batch, with_agreement: bool) -> float:
    """Seconds of one whole training step."""
    started = time.perf_counter()
    if with_agreement:
        output = model(batch.frames)
    else:  # the same forward pass without the sub-clips
        chosen, found = model.select(batch.frames)
        features = model.embed(model.backbone(chosen.flatten(0, 1)).unflatten(0, chosen.shape[:2]))
        output = {"logits": model.classifier(model.streams(features * found["summary"][:, None])), **found}
    loss = method.loss(output, batch)
    weights = torch.ones_like(loss)
    if with_agreement:
        weights = method.weights(loss.detach(), method.columns(output), batch.clip)
    (weights * (loss + method.auxiliary(output, batch))).mean().backward()
    guard_gradients(optimizer, 1.0, "a benchmark")
    optimizer.step()
    optimizer.zero_grad()
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="laptop")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    chosen = plan("rdfer", arguments.preset, epochs=1)
    model, method = build("rdfer", chosen)
    model = model.to(memory_format=torch.channels_last)
    optimizer = build_optimizer(model, chosen.training)
    size, length, clips = chosen.training.size, chosen.training.max_frames, arguments.batch_size
    batch = Batch(
        torch.rand(clips, length, 3, size, size), torch.randint(0, 7, (clips,)), None, [str(i) for i in range(clips)]
    )
    times = {True: [], False: []}
    for number in range(arguments.rounds + 1):
        for with_agreement in (True, False):
            seconds = step(model, method, optimizer, batch, with_agreement)
            if number:  # the first round warms up
                times[with_agreement].append(seconds)
    ratios = [a / b - 1 for a, b in zip(times[True], times[False], strict=True)]
    print(
        f"{arguments.preset}, batch {clips}, {torch.get_num_threads()} threads: "
        f"{clips / statistics.median(times[True]):.1f} clips/s"
    )
    print(
        f"agreement adds {100 * statistics.median(ratios):.1f} % to a step "
        f"(from {100 * min(ratios):.1f} to {100 * max(ratios):.1f} %)"
    )


if __name__ == "__main__":
    main()
