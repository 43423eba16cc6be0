# Many runs at once: `make results`, or by hand
#   snakemake --cores all --keep-going --rerun-triggers mtime --nolock [--config dataset=dfew root=DIR preset=paper]
# --config drop_missing=true, drop_broken, zero_based, scenes: how that dataset is read.
# --config discard=1: the frames of a draw are thrown away as soon as its runs are done.
# What is to be run stands in results/<paper>/sweep.yml; dfer_nb/sweep/ says which of it is missing.
# Each run has one thread: what it gives does not depend on how many run at once.
import contextlib
import shlex
import shutil
import sys

from dfer_nb import files, sweep
from dfer_nb.data import contents
from dfer_nb.data.choices import CHOICES
from dfer_nb.sweep import discarding

DEFAULTS = {"dataset": "", "root": "", "preset": "", "device": "auto", **dict.fromkeys(CHOICES, "")}
CHOICE = {name: str(config.get(name, value)) for name, value in DEFAULTS.items()}
SETTLED = contextlib.ExitStack()
SETTLED.enter_context(contents.settled())  # all runs are about the files as they are now: it ends with this process
JOBS = {job.name: job for job in sweep.chosen(**CHOICE)}
DISCARD = bool(config.get("discard"))
RUNS, DATA = files.runs_dir(), files.data_dir()
PYTHON = shlex.quote(sys.executable)
ONE_THREAD = "OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1"
COMMAND = f"{ONE_THREAD} {PYTHON} -m dfer_nb.run --no-progress {{params.options}}"

wildcard_constraints:
    name="[^/]+/[^/]+/fold[0-9]+/[^/]+/seed[^/]+",
    time="[0-9]+",
    draw="[^/]+",

def again(job):
    """What a run waits for whose record is in runs/ but out of date: a file that is newer. Nothing for other runs."""
    old = RUNS / job.name / "summary.json"
    out_of_date = old.exists() and sweep.made_of(job) is None
    return [str(RUNS / ".again" / job.name / str(old.stat().st_mtime_ns))] if out_of_date else []

def gather():
    sweep.gather(JOBS.values())
    for marks in (".again", ".discarded"):
        shutil.rmtree(RUNS / marks, ignore_errors=True)

rule all:
    input:
        lambda wildcards: [file for job in sweep.watched(JOBS.values()) if (last := sweep.unmade(job))
                           for file in (str(RUNS / job.name / last), *again(job))],
        lambda wildcards: [str(RUNS / ".discarded" / draw) for draw in discarding.lying(JOBS.values()) if DISCARD]

# One run: its record in runs/. A run that was cut short goes on from its checkpoint there.
# Where frames are thrown away, the runs on one draw go before the drawing of the next.
rule run:
    input:
        lambda wildcards: ancient(str(DATA / ".ready" / JOBS[wildcards.name].data)),
        lambda wildcards: again(JOBS[wildcards.name]),
    output: str(RUNS / "{name}" / "summary.json")
    priority: int(DISCARD)
    log: str(sweep.log("{name}"))
    params: options=lambda wildcards: shlex.join(JOBS[wildcards.name].options)
    threads: 1
    resources: mem_mb=3000
    shell: COMMAND + " > {log:q} 2>&1"

# The features of a run's test clips, beside its record.
rule features:
    input: lambda wildcards: [] if sweep.made_of(JOBS[wildcards.name]) else str(RUNS / wildcards.name / "summary.json")
    output: str(RUNS / "{name}" / "features.parquet")
    priority: int(DISCARD)
    log: str(sweep.log("{name}"))
    params: options=lambda wildcards: shlex.join(JOBS[wildcards.name].options)
    threads: 1
    resources: mem_mb=3000
    shell: COMMAND + " --keep features >> {log:q} 2>&1"

# A record that is out of date: Snakemake takes it away and makes it again.
rule again:
    output: touch(str(RUNS / ".again" / "{name}" / "{time}"))

# What runs on the same clips share: the dataset drawn, decoded, and its frozen features, once.
rule data:
    output: touch(str(DATA / ".ready" / "{data}"))
    params: chosen=shlex.join(f"--{name.replace('_', '-')}={value}" for name, value in CHOICE.items() if value)
    threads: workflow._cores or 4  # none are given where a cluster decides
    shell: f"{PYTHON} -m dfer_nb.sweep {{params.chosen}} --prepare {{wildcards.data}}"

# The films and frames of a draw, which no run needs any more.
rule discard:
    input:
        lambda wildcards: [str(RUNS / job.name / last) for job in discarding.draws(JOBS.values())[wildcards.draw]
                           if (last := sweep.unmade(job))]
    output: touch(str(RUNS / ".discarded" / "{draw}"))
    priority: 2
    shell: f"{PYTHON} -m dfer_nb.sweep --discard {{wildcards.draw:q}}"

# Every finished run goes into results/, also when others failed. What a kill leaves out, the next start puts there.
onsuccess:
    gather()
onerror:
    gather()
