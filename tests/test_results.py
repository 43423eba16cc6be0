"""The committed records: all that is declared is there, as today's code would make it, of committed code, and small."""

import json
import re
from itertools import combinations

import pytest
import yaml

from dfer_nb import files, sweep
from dfer_nb.presets import PRESETS, plan
from dfer_nb.request import Request
from dfer_nb.sweep import Job
from dfer_nb.trace import differences
from dfer_nb.training import results
from dfer_nb.training.keeping import FORMAT, SLIM
from dfer_nb.training.results import RUNS, kept, kept_traces, shelves

FILES, BYTES = 100, 12_000_000  # of everything in results/
LINE = 8_000  # bytes of a run in runs.jsonl


@pytest.fixture(scope="module")
def jobs() -> list[Job]:
    """Everything that is declared."""
    return [job for paper in sweep.papers() for job in sweep.declared(paper)]


@pytest.fixture(scope="module")
def records() -> dict[str, results.Kept]:
    """Everything that is kept, by name."""
    return {record.name: record for paper in PRESETS for record in kept(paper)}


@pytest.fixture(scope="module")
def published() -> dict:
    return yaml.safe_load((files.root() / "book" / "published.yml").read_text(encoding="utf-8"))


def by_notebooks(records) -> list[results.Kept]:
    """The runs that chapters make themselves, on as many threads as PyTorch takes."""
    return [record for record in records.values() if record.config["threads"] == 0]


# Declared and kept


def test_every_declared_run_is_kept_with_the_settings_and_the_arithmetic_of_today(jobs):
    assert jobs and sweep.report(jobs) == []


def test_what_chapters_run_themselves_is_kept_whole_and_up_to_date(records):
    runs = by_notebooks(records)
    assert {record.config["paper"] for record in runs} == set(PRESETS)
    for record in runs:
        names = ("paper", "dataset", "fold", "preset", "variant", "seed", "draw", "devices", "threads")
        job = Job(Request(**{name: record.config[name] for name in names}), "", "whole")
        assert job.called == record.name and sweep.is_kept(job), sweep.report([job])


def test_nothing_is_kept_that_nobody_declared(jobs, records):
    assert set(records) == {job.called for job in jobs} | {record.name for record in by_notebooks(records)}


def test_as_much_is_kept_as_is_said(records):
    for record in records.values():
        assert len(record.epochs) == record.config["training"]["epochs"], record.name
        assert set(record.clips["split"]) >= {"test", *record.summary["slices"]}, record.name
        assert (record.truth is None) == (record.config["dataset"] == "dfew")
        assert (record.features is not None) == (record.keep == "features")
        assert ("p0" in record.clips) == (record.keep != "slim")
        assert record.keep != "slim" or set(record.clips) <= set(SLIM)


def test_records_come_from_committed_code(records):
    loose = [name for name, record in records.items()
             if not re.fullmatch(r"[0-9a-f]{12,40}", record.environment["commit"])]
    assert records and loose == []


# The tables


def every_shelf() -> list[results.Shelf]:
    return [shelf for paper in PRESETS for shelf in shelves(paper)]


def test_tables_belong_together_and_hold_no_row_of_nobody():
    for shelf in every_shelf():
        head = json.loads((shelf.folder / RUNS).read_text(encoding="utf-8").split("\n")[0])
        assert head["format"] == FORMAT and set(head["tables"]) <= set(results.TABLES)
        lines = {name: json.loads(line) for name, line in shelf.lines.items()}
        assert list(lines) == [record.name for record in sorted((results.Kept(shelf, name) for name in lines),
                                                                key=results.order)]
        for name, line in lines.items():
            assert name == results.called(line["config"]) and results.place(name) == shelf.folder
        for table in head["tables"]:  # raises for a digest that is not the file's
            runs = shelf.table(table)["run"].to_pylist()
            assert list(dict.fromkeys(runs)) == [name for name, line in lines.items() if table in line["columns"]]
            blocks = [run for run, before in zip(runs, [None, *runs], strict=False) if run != before]
            assert len(blocks) == len(set(blocks))  # a run's rows stand together


@pytest.mark.parametrize("paper", PRESETS)
def test_every_trace_is_there_once_and_some_run_has_it(paper):
    known = kept_traces(files.results_dir() / paper)
    used = {key for record in kept(paper) for key in record.trace_ids.values()}
    assert set(known) == used and used
    text = (files.results_dir() / paper / "traces.json").read_text(encoding="utf-8")
    assert sum(line.startswith("  ") for line in text.split("\n")) == sum(map(len, known.values()))  # a series a line


def asks(name: str):
    """The plan of a traced training, whatever its number of epochs: all traces are of two."""
    paper, dataset, preset, variant = name.removeprefix("training ").split("/")
    return dataset, plan(paper, preset, variant, dataset, epochs=2)


@pytest.mark.parametrize("paper", PRESETS)
def test_a_trace_tells_every_variant_from_every_other(paper, jobs):
    known = {entry["name"]: results.numbers(entry) for entry in kept_traces(files.results_dir() / paper).values()}
    trained = [name for name in known if name.startswith("training")]
    alike = [(one, other) for one, other in combinations(trained, 2)
             if not differences({"training": known[one]}, {"training": known[other]}) and asks(one) != asks(other)]
    asked = [job.request for job in jobs if job.request.paper == paper]
    assert set(trained) >= {f"training {paper}/{r.dataset}/{r.preset}/{r.variant}" for r in asked} and alike == []


def test_the_results_are_few_and_small_and_hold_no_weights_and_no_place():
    paths = [path for path in files.results_dir().rglob("*") if path.is_file()]
    assert len(paths) < FILES and sum(path.stat().st_size for path in paths) < BYTES
    assert {path.suffix for path in paths} <= {".yml", ".json", ".jsonl", ".parquet"}
    private = re.compile(r"/(home|Users|root|tmp|work)/\w+")
    for shelf in every_shelf():
        for name, line in shelf.lines.items():
            assert len(line) < LINE and not private.search(line), name


# What the declarations say


def test_a_table_that_a_run_answers_is_one_of_the_papers(jobs, published):
    for job in {(job.request.paper, job.answers): job for job in jobs}.values():
        named = re.findall(r"(?:([\w-]+), )?Tables? (\w+)(?: and (\w+))?", job.answers)  # "RDFER, Table VI": another's
        assert job.answers and bool(named) == ("Table" in job.answers), job.called
        for paper, *tables in named:
            paper = paper.lower().replace("-", "_")
            known = published[paper if paper in published else job.request.paper]["tables"]
            assert set(filter(None, tables)) <= set(map(str, known)), job.called
