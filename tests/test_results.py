"""The committed records: all that is declared is there, of one version of the code, of committed code, and small."""

import json
import re
from dataclasses import asdict

import pytest
import yaml

from dfer_nb import files, sweep
from dfer_nb.presets import PRESETS
from dfer_nb.sweep import Job
from dfer_nb.training.record import Record, kept

JOBS = [job for paper in sweep.papers() for job in sweep.declared(paper)]
RECORDS = {paper: kept(paper) for paper in PRESETS}
EACH = [record for records in RECORDS.values() for record in records]
SLIM, WHOLE, ALL = 60_000, 300_000, 13_000_000  # bytes


@pytest.fixture(scope="module")
def published() -> dict:
    return yaml.safe_load((files.root() / "book" / "published.yml").read_text(encoding="utf-8"))


def called(job: Job) -> str:
    return "-".join(map(str, job.called))


def records_of(job: Job) -> list[Record]:
    """The kept records that a declared run made, on this machine or another: processors differ in what they can."""
    r = job.request
    wanted = {"dataset": r.dataset, "fold": r.fold, "preset": r.preset, "variant": r.variant, "seed": r.seed,
              "draw": r.draw, "threads": r.threads}
    return [record for record in RECORDS[r.paper] if all(record.config.get(n) == v for n, v in wanted.items())]


def test_something_is_declared_and_kept():
    assert JOBS and EACH


@pytest.mark.parametrize("job", JOBS, ids=called)
def test_every_declared_run_has_its_record_with_the_settings_of_today(job):
    (record,) = records_of(job)
    expected = json.loads(json.dumps(asdict(job.request.plan())))
    assert {name: record.config[name] for name in expected} == expected
    assert len(record.epochs) == record.config["training"]["epochs"]
    assert ("p0" in record.clips) == (job.keep != "slim")
    assert (record.features is not None) == (job.keep == "features")


@pytest.mark.parametrize("record", EACH, ids=lambda r: r.path.relative_to(files.results_dir()).as_posix())
def test_records_come_from_committed_code_and_stay_small(record):
    assert "changes" not in record.environment["commit"] and "unknown" not in record.environment["commit"]
    size = sum(path.stat().st_size for path in record.path.iterdir())
    assert size < (WHOLE if "p0" in record.clips else SLIM)
    assert (record.truth is None) == (record.config["dataset"] == "dfew")


@pytest.mark.parametrize("paper", PRESETS)
def test_the_records_of_a_paper_come_from_one_code(paper):
    assert len({record.config["code"] for record in RECORDS[paper]}) <= 1


def test_nothing_lies_there_that_nobody_declared():
    declared = {record.path for job in JOBS for record in records_of(job)}
    by_notebooks = {record.path for record in EACH if record.config.get("threads") == 0}
    assert {record.path for record in EACH} == declared | by_notebooks


def test_the_results_are_small_and_hold_no_weights():
    paths = [path for path in files.results_dir().rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in paths) < ALL
    assert [path for path in paths if path.suffix in (".pt", ".safetensors")] == []


@pytest.mark.parametrize("job", {(job.request.paper, job.answers): job for job in JOBS}.values(),
                         ids=lambda job: f"{job.request.paper}: {job.answers}")
def test_a_table_that_a_run_answers_is_one_of_the_papers(job, published):
    named = re.findall(r"(?:([\w-]+), )?Tables? (\w+)(?: and (\w+))?", job.answers)  # "RDFER, Table VI" for another's
    assert job.answers and bool(named) == ("Table" in job.answers)
    for paper, *tables in named:
        paper = paper.lower().replace("-", "_")
        known = published[paper if paper in published else job.request.paper]["tables"]
        assert set(filter(None, tables)) <= set(map(str, known))
