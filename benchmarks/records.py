"""How long it takes to read everything that is kept of a paper's runs.

    python benchmarks/records.py [--rounds 5]

Prints, for each paper, the seconds from nothing to all configurations, summaries, epochs, clips, features and truths in
memory, the median of a few rounds; nothing that was read in one round is left for the next.
"""

import argparse
import statistics
import time

from dfer_nb.presets import PRESETS
from dfer_nb.training import results


def read(paper: str) -> tuple[int, int]:
    """Read all that is kept of a paper; returns how many runs, and how many rows of clips."""
    records = results.kept(paper)
    for record in records:
        assert record.config and record.summary and record.environment and len(record.epochs)
        _ = record.features, record.truth
    return len(records), sum(len(record.clips) for record in records)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    for paper in PRESETS:
        seconds = []
        for _ in range(rounds):
            results.clear()
            started = time.perf_counter()
            runs, rows = read(paper)
            seconds.append(time.perf_counter() - started)
        print(f"{paper}: {runs} runs, {rows} rows of clips: {statistics.median(seconds):.2f} s "
              f"(from {min(seconds):.2f} to {max(seconds):.2f})")


if __name__ == "__main__":
    main()
