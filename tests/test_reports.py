"""What a sweep says: which runs are missing and why, and how far it is."""

import os
import sys
import time
from datetime import UTC, datetime

import pytest
import records
from records import GROUP, TRACES, of_job

from dfer_nb import files, run, sweep
from dfer_nb.sweep.__main__ import main
from dfer_nb.training import results


@pytest.fixture
def declare(tmp_path, monkeypatch):
    """Empty folders; returns a function that writes rdfer's sweep.yml, of groups or of text."""
    records.empty(tmp_path, monkeypatch)
    return records.declare


def test_the_report_names_what_is_missing_and_why(declare, monkeypatch, capsys):
    monkeypatch.setattr(run, "traces", lambda request: TRACES)
    declare(GROUP | {"seeds": [0, 1]})
    jobs = sweep.declared("rdfer")
    of_job(jobs[0])
    sweep.gather(jobs)
    for job, text in zip(jobs[1:], ["warning\nerror: the disk is full\n  where: here\n",
                                    "Traceback (most recent call last):\n  File\nKeyError: 'frames'\n"], strict=False):
        job.log.parent.mkdir(parents=True, exist_ok=True)
        job.log.write_text(text)
    wanted = ["--dataset facsimile-long --preset frozen --variant rdfer --threads 1: error: the disk is full",
              "--dataset facsimile-long --preset frozen --variant plain --seed 1 --threads 1: KeyError: 'frames'",
              "--dataset facsimile-long --preset frozen --variant rdfer --seed 1 --threads 1: not started"]
    assert sweep.report(jobs) == [f"{line} ({job.log})" for line, job in zip(wanted, jobs[1:], strict=True)]
    monkeypatch.setattr(sys, "argv", ["sweep"])
    assert main() == 1
    told = capsys.readouterr().out
    assert told.startswith(f"0 runs taken from {files.runs_dir()}\n1 of 4 runs")
    assert all(f"missing: {line}" in told for line in wanted)
    for job in jobs[1:]:
        of_job(job)
    assert main() == 0 and sweep.report(jobs) == []
    monkeypatch.setattr(run, "traces", lambda request: {"training": TRACES["training"] | {"rates": [0.1, 0.3]}})
    jobs[0].log.parent.mkdir(parents=True, exist_ok=True)
    jobs[0].log.write_text("last epoch: WAR 50\n")
    assert sweep.report(jobs[:1])[0].endswith(f"kept, but changed since: training: rates ({jobs[0].log})")


def test_an_error_that_is_older_than_the_record_is_not_the_reason_and_a_newer_one_is(declare, monkeypatch):
    monkeypatch.setattr(run, "traces", lambda request: TRACES)
    declare(GROUP)
    dated, undated = sweep.declared("rdfer")
    for job in (dated, undated):
        job.log.parent.mkdir(parents=True)
        job.log.write_text("error: the disk is full\n")
    of_job(dated, environment={"commit": "0123456789ab", "date": "2020-01-01"}), of_job(undated)
    sweep.gather([dated, undated])
    monkeypatch.setattr(run, "traces", lambda request: {"training": TRACES["training"] | {"rates": [0.1, 0.3]}})
    tables = (results.place(dated.called) / results.RUNS).stat().st_mtime

    def why(job, time: float) -> str:
        os.utime(job.log, (time, time))
        (line,) = sweep.report([job])
        return line.partition("--threads 1: ")[2].partition(" (")[0]

    changed, failed = "kept, but changed since: training: rates", "error: the disk is full"
    new_year = datetime(2020, 1, 1, tzinfo=UTC).timestamp()
    assert why(dated, tables + 1) == why(undated, tables + 1) == failed
    assert why(dated, new_year - 1) == why(undated, tables - 1) == changed
    # its tables were written later, as they are with every run beside it
    assert why(dated, new_year + 24 * 60 * 60) == failed


def test_progress_is_told_where_it_takes_a_while_and_not_before(declare, monkeypatch, capsys):
    declare(GROUP)
    jobs = sweep.declared("rdfer")
    monkeypatch.setattr(run, "traces", lambda request: TRACES)
    for do in (sweep.gather, sweep.report, lambda jobs: list(sweep.watched(jobs))):
        do(jobs)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(run, "traces", lambda request: time.sleep(0.6) or TRACES)
    of_job(jobs[0]), of_job(jobs[1])
    sweep.gather(jobs)
    told = capsys.readouterr()
    assert "comparing records" in told.err and told.out == ""
    assert "sweep.watched(" in (files.root() / "Snakefile").read_text(encoding="utf-8")
