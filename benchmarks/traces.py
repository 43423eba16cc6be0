"""What the traces cost, and how far another machine moves them: every declared configuration, traced anew.

    python benchmarks/traces.py [--write FILE] [--against FILE] [--jobs 1]

`--write` keeps the traces, `--against` compares with those that another machine, instruction set or version wrote, such
as ATEN_CPU_CAPABILITY=default python benchmarks/traces.py --against FILE. Each is computed on one thread.
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

import joblib
import numpy as np

from dfer_nb import run, sweep
from dfer_nb.request import Request
from dfer_nb.trace import differences
from dfer_nb.training.provenance import processor, versions


def configurations() -> list[Request]:
    """One request of every paper, dataset, preset and variant that is declared in results/<paper>/sweep.yml."""
    jobs = (job.request for paper in sweep.papers() for job in sweep.declared(paper))
    return list({(r.paper, r.dataset, r.preset, r.variant): r for r in jobs}.values())


def traced(request: Request) -> tuple[dict, float]:
    """The traces of a request by today's code, and the seconds of processor time that they took."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DFER_RUNS"] = folder  # nothing is remembered there
        began = time.process_time()
        return run.traces(request), time.process_time() - began


def moved(one: dict, other: dict) -> tuple[float, str]:
    """The largest difference of two traces, as a share of its series' mean size, and where it is."""
    found = [(0.0, "nowhere")]
    for name in one.keys() & other.keys():
        for series in one[name].keys() & other[name].keys():
            x, y = np.array(one[name][series], float), np.array(other[name][series], float)
            if x.size and x.shape == y.shape:
                found.append((float(np.abs(x - y).max() / max(np.abs(x).mean(), 1e-12)), f"{name}, {series}"))
    return max(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", type=Path)
    parser.add_argument("--against", type=Path)
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    requests = configurations()
    made = joblib.Parallel(n_jobs=arguments.jobs)(joblib.delayed(traced)(request) for request in requests)
    traces = {name: numbers for found, _ in made for name, numbers in found.items()}
    seconds = sorted(second for _, second in made)
    print(f"{processor()}, {versions()}")
    print(f"{len(made)} configurations, {sum(seconds):.0f} s of one core, median {np.median(seconds):.2f} s, "
          f"longest {seconds[-1]:.2f} s")
    if arguments.write:
        arguments.write.write_text(json.dumps(traces))
    if arguments.against:
        other = json.loads(arguments.against.read_text())
        print(f"{len(differences(traces, other))} series differ by more than the tolerance")
        for kind in ("training", "drawing"):
            part = [{name: t[name] for name in t if kind in name} for t in (traces, other)]
            print("largest difference of a {}: {:.1e} of its size, {}".format(kind, *moved(*part)))


if __name__ == "__main__":
    main()
