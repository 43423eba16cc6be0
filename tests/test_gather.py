"""What there is of declared runs: which records count, and how they get into results/ from runs and other machines."""

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import records
from records import GROUP, of_job

from dfer_nb import files, run, sweep
from dfer_nb.errors import BadInput
from dfer_nb.sweep import Job
from dfer_nb.sweep.__main__ import main
from dfer_nb.training import keeping, results
from dfer_nb.training.keeping import keep
from dfer_nb.training.record import Record
from dfer_nb.training.results import kept, kept_run, kept_traces
from dfer_nb.viewing.evidence import tables


@pytest.fixture
def declare(tmp_path, monkeypatch):
    """Empty folders; returns a function that writes rdfer's sweep.yml, of groups or of text."""
    records.empty(tmp_path, monkeypatch)
    return records.declare


@pytest.fixture
def traced(monkeypatch):
    """Today's traces, made up: a dict to be changed."""
    traces = {name: dict(series) for name, series in records.TRACES.items()}
    monkeypatch.setattr(run, "traces", lambda request: traces)
    return traces


def test_a_record_counts_while_data_settings_and_arithmetic_are_those_that_made_it(declare, traced, monkeypatch):
    declare(GROUP)
    plain, rdfer = sweep.declared("rdfer")
    keep([(of_job(plain), "slim")])
    assert sweep.is_kept(plain) and not sweep.is_kept(rdfer)
    assert [sweep.is_kept(job) for job in sweep.declared("rdfer")] == [True, False]
    traced["training"] |= {"rates": [0.1 * (1 + 1e-9), 0.2]}
    assert sweep.is_kept(plain)  # the tolerance leaves room for another processor
    traced["training"] |= {"rates": [0.1, 0.3]}
    assert not sweep.is_kept(plain) and sweep.out_of_date(kept_run(plain.called), plain) == ["training: rates"]
    traced["training"] |= records.TRACES["training"]
    declare(GROUP | {"epochs": 3})
    assert not any(map(sweep.is_kept, sweep.declared("rdfer")))


def test_a_record_of_another_processor_is_kept_too(declare, traced):
    declare(GROUP)
    job, _ = sweep.declared("rdfer")
    record = of_job(job, precision="16-mixed", device="cuda")
    assert sweep.made_of(job).path == record.path and record.path.name != Path(job.name).name
    assert sweep.gather([job]) == 1 and sweep.is_kept(job)
    assert not sweep.is_kept(Job(replace(job.request, device="cpu"), ""))  # asked for by name
    assert not sweep.is_kept(Job(replace(job.request, threads=2), ""))


def test_finished_runs_are_gathered_once_and_no_others(declare, traced):
    path = declare(GROUP | {"seeds": [0, 1]})
    one, two, three, four = sweep.declared("rdfer")
    of_job(one), of_job(two, traces={"training": {"loss": [9.0]}})
    of_job(three).path.joinpath("summary.json").unlink()
    records.write(one.config | {"seed": 7})  # nobody declared it
    assert sweep.gather([one, two, three, four]) == 1
    assert [record.name for record in kept("rdfer")] == [one.called]
    assert sweep.gather(sweep.declared("rdfer")) == 0
    assert [sweep.unmade(job) for job in (one, two, three, four)] == ["", *["summary.json"] * 3]
    of_job(two)
    assert sweep.unmade(two) == "" and not sweep.is_kept(two)  # it has only to be gathered
    assert path.exists() and sweep.gather([one, two]) == 1 and sweep.is_kept(two)


def test_what_a_kill_has_left_beside_a_whole_record_goes_when_it_is_gathered(declare, traced):
    declare(GROUP)
    one, two = sweep.declared("rdfer")
    for job in (one, two):
        folder = of_job(job).path
        for name in ("{}.unfinished", ".{}.unfinished.partial-old-99999999", ".{}.partial-99999999"):
            folder.with_name(name.format(folder.name)).mkdir()
    assert sweep.gather([one]) == 1
    left = {job: [path.name for path in (files.runs_dir() / job.name).parent.iterdir()] for job in (one, two)}
    assert left[one] == [Path(one.name).name] and len(left[two]) == 4


def test_a_record_kept_slim_and_later_declared_whole_is_made_whole(declare, traced):
    declare(GROUP)
    slim, other = sweep.declared("rdfer")
    of_job(slim), of_job(other)
    sweep.gather([slim, other])
    declare(GROUP | {"keep": "whole"})
    whole, _ = sweep.declared("rdfer")
    assert sweep.is_kept(slim) and not sweep.is_kept(whole) and sweep.unmade(whole) == ""
    assert sweep.gather([whole]) == 1 and "p0" in kept_run(whole.called).clips
    assert sweep.is_kept(slim) and sweep.gather([slim]) == 0  # more than is wanted is enough
    features = replace(whole, keep="features")
    assert sweep.unmade(features) == "features.parquet" and sweep.gather([features]) == 0
    of_job(features, features=True)
    assert sweep.unmade(features) == "" and sweep.gather([features]) == 1
    assert len(kept_run(features.called).features) == 8
    shutil.rmtree(files.runs_dir())  # what is not in runs/ any more has to be run again
    assert sweep.unmade(replace(other, keep="whole")) == "summary.json"
    assert sweep.report([replace(other, keep="whole")])[0].endswith(f"kept slim, wanted whole ({other.log})")


def test_of_a_run_for_its_test_clips_all_columns_of_these_are_kept(declare, traced):
    declare(GROUP | {"preset": "laptop", "keep": "test"})
    job, _ = sweep.declared("rdfer")
    record = of_job(job)
    assert sweep.gather([job]) == 1
    kept_clips, whole = kept_run(job.called).clips, tables.reported_rows(record, "test")
    pd.testing.assert_frame_equal(tables.reported_rows(kept_run(job.called), "test")[whole.columns],
                                  whole.round(3), check_dtype=False)
    others = kept_clips[kept_clips["split"] != "test"]
    assert len(others) == 12 and others["p0"].isna().all() and not others[["epoch", "loss"]].isna().any(axis=None)


def elsewhere(folder: Path, monkeypatch, do) -> None:
    """Does something on another machine, whose results/ and runs/ lie in a folder."""
    with monkeypatch.context() as patch:
        for name in ("results", "runs"):
            patch.setenv(f"DFER_{name.upper()}", str(folder / name))
        do()


@pytest.mark.parametrize("which", ["results", "runs"])
def test_the_results_of_two_machines_are_put_together(declare, traced, tmp_path, monkeypatch, capsys, which):
    declare(GROUP | {"seeds": [0, 1]})
    jobs = one, two, three, four = sweep.declared("rdfer")
    of_job(one, environment={"commit": "here"}), of_job(three, environment={"commit": "here"})
    sweep.gather(jobs)

    def there():
        for job in (one, two):
            of_job(job, environment={"commit": "there"}, precision="16-mixed")
        of_job(four, traces={"training": {"loss": [9.0]}})  # by another arithmetic
        records.write(one.config | {"seed": 7})
        keep([(Record(path.parent), "whole") for path in files.runs_dir().rglob("summary.json")])

    elsewhere(tmp_path / "there", monkeypatch, there)
    other, mine = tmp_path / "there" / which, tmp_path / "results"
    monkeypatch.setattr(sys, "argv", ["sweep", "--gather", str(other), str(mine)])
    assert main() == 1
    told = capsys.readouterr().out.split("\n")
    assert told[:3] == [f"0 runs taken from {tmp_path / 'runs'}", f"1 run taken from {other}",
                        f"0 runs taken from {mine}"] and told[3].startswith("3 of 4 runs")
    commits = {record.name: record.environment["commit"] for record in kept("rdfer")}
    assert commits == {one.called: "here", two.called: "there", three.called: "here"}
    assert kept_run(two.called).keep == ("whole" if which == "results" else "slim")


def test_a_folder_of_another_level_is_refused_with_the_one_to_name(declare, traced, tmp_path, monkeypatch):
    declare(GROUP)
    jobs = sweep.declared("rdfer")
    there = tmp_path / "there"
    elsewhere(there, monkeypatch, lambda: keep([(of_job(jobs[0]), "slim")]))
    (record,) = (there / "runs").rglob("summary.json")
    for name, right in {there: [there / "results", there / "runs"], tmp_path: [there / "results", there / "runs"],
                        there / "results" / "rdfer": [there / "results"], there / "runs" / "rdfer": [there / "runs"],
                        results.place(jobs[0].called, there / "results"): [there / "results"],
                        record.parent: [there / "runs"], record.parents[2]: [there / "runs"]}.items():
        with pytest.raises(BadInput, match="another level") as caught:
            sweep.gather(jobs, [name])
        assert caught.value.todo == f"name {' or '.join(map(str, right))}" and caught.value.where == str(name)
    (tmp_path / "empty").mkdir()
    for name in ("empty", "nowhere"):
        with pytest.raises(BadInput, match="no records here"):
            sweep.gather(jobs, [tmp_path / name])
    assert kept("rdfer") == []
    monkeypatch.chdir(there)
    assert sweep.gathered(jobs, [Path("results"), Path("runs")]) == {
        files.runs_dir(): 0, Path("results"): 1, Path("runs"): 0}


def test_traces_that_a_kill_has_left_go_with_the_next_gathering_and_nothing_else_is_written(
        declare, traced, tmp_path, monkeypatch):
    declare(GROUP)
    job, other = sweep.declared("rdfer")
    of_job(job)
    sweep.gather([job])
    before = records.state(tmp_path / "results")
    far = of_job(other, traces={"training": {"loss": [9.0]}})
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(keeping, "_change", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        keep([(far, "slim")])
    assert len(kept_traces(tmp_path / "results" / "rdfer")) == 2
    assert sweep.gather([job]) == 0
    assert records.contents(tmp_path / "results") == {name: content for name, (content, _) in before.items()}
    before = records.state(tmp_path / "results")
    monkeypatch.setattr(files, "alone", None)  # without such traces nobody is waited for
    assert sweep.gather([job, other]) == 0 and records.state(tmp_path / "results") == before


def test_one_run_is_shown_alone_or_taken_out(declare, traced, monkeypatch, capsys):
    declare(GROUP)
    job, other = sweep.declared("rdfer")
    of_job(job), of_job(other)
    sweep.gather([job, other])
    monkeypatch.setattr(sys, "argv", ["sweep", "--show", job.called])
    assert main() == 0
    assert "variant: plain" in (told := capsys.readouterr().out) and "rule: last epoch" in told
    monkeypatch.setattr(sys, "argv", ["sweep", "--show", job.called.replace("plain", "plane")])
    with pytest.raises(SystemExit, match=f"^error: there is no kept run(.|\n)*near are: {job.called}"):
        main()


def test_a_forgotten_run_is_not_gathered_by_the_same_command_which_says_where_it_still_lies(
        declare, traced, monkeypatch, capsys):
    declare(GROUP | {"seeds": [0, 1]})
    job, other, gone, _ = sweep.declared("rdfer")
    mine = [of_job(job).path, of_job(job, precision="16-mixed").path]
    of_job(other), of_job(gone)
    records.write({**job.config, "draw": 7})  # in the same folder, and another run
    assert sweep.gather([job, other, gone]) == 3
    shutil.rmtree(files.runs_dir() / gone.name)

    def said(*arguments: str) -> list[str]:
        monkeypatch.setattr(sys, "argv", ["sweep", "--forget", *arguments])
        assert main() == 0
        return capsys.readouterr().out.strip().split("\n")

    told = said(job.called, gone.called, job.called)
    assert [record.name for record in kept("rdfer")] == [other.called]
    assert [told[0], told[3]] == [f"forgotten: {job.called}", f"forgotten: {gone.called}"] and len(told) == 4
    for line, folder in zip(told[1:3], sorted(mine), strict=True):
        assert f"still lies in {folder}: the next gathering takes it again" in line
    assert sweep.gather([job]) == 1  # as was said
    shutil.rmtree(mine[0]), shutil.rmtree(mine[1])
    assert said(job.called) == [f"forgotten: {job.called}"] and sweep.gather([job]) == 0
    for more, message in (([job.called], "no kept run"), ([other.called, "--gather", "there"], "one after the other")):
        with pytest.raises(SystemExit, match=f"^error: (.|\n)*{message}"):
            said(*more)
    assert [record.name for record in kept("rdfer")] == [other.called]
