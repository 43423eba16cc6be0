# Many runs at once: `make results`, or by hand
#   snakemake --cores all --keep-going --rerun-triggers mtime --nolock [--config dataset=dfew root=DIR preset=paper]
# What is to be run stands in results/<paper>/sweep.yml; dfer_nb/sweep.py says which of it is missing.
# Each run has one thread: what it gives does not depend on how many run at once.
import shlex
import sys

from dfer_nb import files, sweep

DEFAULTS = {"dataset": "", "root": "", "preset": "", "device": "auto"}
CHOICE = {name: config.get(name, value) for name, value in DEFAULTS.items()}
JOBS = {job.name: job for job in sweep.chosen(**CHOICE)}
RESULTS, DATA = files.results_dir(), files.data_dir()
PYTHON = shlex.quote(sys.executable)
ONE_THREAD = "OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1"

wildcard_constraints:
    name="[^/]+/[^/]+/fold[1-5]/[^/]+/seed[^/]+",

rule all:
    input: [RESULTS / job.name / "summary.json" for job in JOBS.values() if not sweep.is_kept(job)]

# One run: its record in results/. A run that was cut short goes on from its checkpoint in runs/.
rule run:
    input: lambda wildcards: ancient(str(DATA / ".ready" / JOBS[wildcards.name].data))
    output: str(RESULTS / "{name}" / "summary.json")
    log: str(sweep.log("{name}"))
    params: options=lambda wildcards: shlex.join(JOBS[wildcards.name].options)
    threads: 1
    resources: mem_mb=3000
    shell: f"{ONE_THREAD} {PYTHON} -m dfer_nb.run --no-progress {{params.options}} > {{log:q}} 2>&1"

# What runs on the same clips share: the dataset drawn, decoded, and its frozen features, once.
rule data:
    output: touch(str(DATA / ".ready" / "{data}"))
    params: chosen=shlex.join(f"--{name}={value}" for name, value in CHOICE.items() if value)
    threads: workflow._cores or 4  # none are given where a cluster decides
    shell: f"{PYTHON} -m dfer_nb.sweep {{params.chosen}} --prepare {{wildcards.data}}"
