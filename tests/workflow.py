"""Runs of the Snakefile, for tests."""

import os
import re
import subprocess
import sys
from pathlib import Path

from dfer_nb import files


def snakemake(folder: Path, *more: str) -> subprocess.Popen:
    """Snakemake on two cores, in a session of its own; what it says goes to the file `told`. more: options."""
    options = "--cores 2 --keep-going --nolock --rerun-incomplete --rerun-triggers mtime --scheduler greedy"
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(files.root() / "Snakefile"),
               "--directory", str(folder / "work"), *options.split(), *more]
    with (folder / "told").open("w") as told:
        return subprocess.Popen(command, cwd=files.root(), env=os.environ | {"OMP_NUM_THREADS": "1"},
                                stdout=told, stderr=subprocess.STDOUT, start_new_session=True)


def said(folder: Path) -> dict[str, int]:
    """How many jobs of each rule Snakemake found to be done."""
    return {rule: int(n) for rule, n in re.findall(r"^(\w+) +(\d+)$", (folder / "told").read_text(), re.M)}
