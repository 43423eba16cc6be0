"""Sweeps: what a chapter declares, what of it is missing, and the Snakefile that makes it, killed and started again."""

import argparse
import gc
import os
import shutil
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest
import records
import trees
from records import GROUP, of_job
from workflow import said, snakemake

from dfer_nb import files, run, sweep
from dfer_nb.data import contents
from dfer_nb.errors import BadInput
from dfer_nb.presets import PRESETS
from dfer_nb.request import Request
from dfer_nb.sweep import Job
from dfer_nb.sweep.__main__ import main
from dfer_nb.sweep.tables import main_tables
from dfer_nb.training.keeping import keep
from dfer_nb.training.results import kept, kept_run


@pytest.fixture
def declare(tmp_path, monkeypatch):
    """Empty folders; returns a function that writes rdfer's sweep.yml, of groups or of text."""
    records.empty(tmp_path, monkeypatch)
    return records.declare


# What is declared


def test_a_group_is_every_variant_on_every_fold_draw_and_seed(declare):
    declare(GROUP | {"folds": [1, 2], "draws": [0, 3], "seeds": [5, 6, 7], "epochs": 4, "device": "cpu"})
    jobs = sweep.declared("rdfer")
    found = {(r.variant, r.fold, r.draw, r.seed) for r in (job.request for job in jobs)}
    assert len(jobs) == len(found) == 2 * 2 * 2 * 3 and ("plain", 2, 3, 6) in found
    assert all((r.paper, r.dataset, r.preset, r.epochs, r.device, r.threads, r.root) ==
               ("rdfer", "facsimile-long", "frozen", 4, "cpu", 1, "") for r in (job.request for job in jobs))
    assert {job.answers for job in jobs if job.request.variant == "plain"} == {"Table IV"}
    assert {job.keep for job in jobs} == {"slim"}


def test_what_is_not_given_is_the_first_fold_draw_and_seed(declare):
    declare({"variants": {"plain": ""}, "keep": "whole"})
    (job,) = sweep.declared("rdfer")
    assert job.request == Request("rdfer", variant="plain", threads=1) and job.keep == "whole"


def test_a_seed_that_is_not_given_is_the_number_of_its_draw(declare):
    declare(GROUP | {"draws": [10, 12], "folds": [1, 2]})
    asked = [job.request for job in sweep.declared("rdfer")]
    assert len(asked) == 8 and {(r.draw, r.seed) for r in asked} == {(10, 10), (12, 12)}


def test_a_run_that_two_groups_declare_is_run_once_and_kept_as_the_more_demanding_wants_it(declare):
    more = {"seeds": [0, 1], "variants": {"plain": "again"}}
    declare(GROUP, GROUP | more | {"keep": "features"}, GROUP | more | {"keep": "whole"})
    jobs = sweep.declared("rdfer")
    assert [(j.request.variant, j.request.seed, j.answers, j.keep) for j in jobs] == [
        ("plain", 0, "Table IV", "features"), ("rdfer", 0, "Table III", "slim"), ("plain", 1, "again", "features")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GROUP | {"variant": "plain"}, "a group has variant\n(.|\n)*variants"),
        (GROUP | {"seed": 1, "preset": "frozen"}, "a group has seed\n"),
        ({"dataset": "facsimile"}, "no variants"),
        (GROUP | {"variants": ["plain"]}, "no variants"),
        (GROUP | {"variants": {"best": ""}}, "no variant 'best'(.|\n)*oracle-drop"),
        (GROUP | {"dataset": "facsimil"}, "no dataset 'facsimil'(.|\n)*facsimile-long"),
        (GROUP | {"preset": "big"}, "no preset 'big'(.|\n)*frozen"),
        (GROUP | {"folds": [1, 6]}, "no fold 6"),
        (GROUP | {"seeds": ["1"]}, "no seed '1'"),
        (GROUP | {"seeds": 3}, r"seeds is 3(.|\n)*seeds: \[0, 1\]"),
        (GROUP | {"device": "tpu"}, "no device 'tpu'"),
        (GROUP | {"keep": "all"}, "keep: all"),
        ({"dataset": "dfew", "root": "here", "variants": {"oracle-drop": ""}}, "needs to know which labels are wrong"),
        ("variants: {plain: one}", "not a list of groups"),
        ("- plain", "no variants: plain"),
        ("- variants: {plain: [}", "not YAML"),
    ],
)
def test_what_cannot_be_read_is_one_clear_error_that_names_the_file(declare, text, message):
    path = declare(text)
    with pytest.raises(BadInput, match=message) as caught:
        sweep.declared("rdfer")
    assert caught.value.where == str(path) and caught.value.todo


def test_two_runs_that_would_take_each_others_place_are_refused(declare):
    declare(GROUP, GROUP | {"epochs": 3})
    with pytest.raises(BadInput, match="declared twice, with different epochs"):
        sweep.declared("rdfer")


def test_a_paper_without_a_sweep_says_which_have_one(declare):
    with pytest.raises(BadInput, match=r"no sweep is declared for rdfer(.|\n)*none"):
        sweep.declared("rdfer")
    assert sweep.papers() == [] == sweep.chosen()
    declare("")
    assert sweep.declared("rdfer") == [] and sweep.papers() == ["rdfer"]


# A run of it


@pytest.mark.parametrize("request_", [
    Request(),
    Request("rdfer", "dfew", "/a folder/DFEW", 3, "paper", "flat", 2, 1, 7, "cuda", 2, 1, True, True),
], ids=["defaults", "everything"])
def test_the_options_of_a_run_are_read_back_as_the_same_run(request_):
    parser = argparse.ArgumentParser()
    run.add_options(parser)
    read = vars(parser.parse_args(Job(request_, "").options))
    assert (read.pop("fresh"), read.pop("progress")) == (False, True)
    assert Request(**read) == request_


def test_runs_on_the_same_clips_share_their_data():
    def data(**change):
        return Job(Request(**{"dataset": "dfew", "root": "here", "preset": "frozen"} | change), "").data

    same = {data(), data(variant="plain"), data(seed=1), data(fold=2), data(epochs=3)}
    others = [data(root="there"), data(dataset="facsimile"), data(preset="laptop"), data(draw=1), data(preset="paper")]
    assert len(same) == 1 and len(same.union(others)) == 1 + len(others)


def test_what_runs_share_is_made_again_when_the_drawing_changes_also_where_a_processor_draws_otherwise(
        declare, monkeypatch):
    declare(GROUP)
    drawn, prepared = {"cells": [[1.0, 2.0]]}, []
    monkeypatch.setattr(run, "drawing", lambda dataset: drawn)
    (before, same), drawn["cells"] = [job.data for job in sweep.declared("rdfer")], [[1.0, 2.5]]
    after = sweep.declared("rdfer")[0].data
    assert before == same != after and before.rpartition("-")[0] == after.rpartition("-")[0]
    monkeypatch.setattr("dfer_nb.sweep.__main__.prepare", prepared.append)
    for word in (before, after):  # the one may be of the machine that asks, the other of the one that prepares
        monkeypatch.setattr(sys, "argv", ["sweep", "--prepare", word])
        assert main() == 0
    assert prepared == [sweep.declared("rdfer")[0].request] * 2


@pytest.mark.parametrize("arguments", [["--dataset", "dfw"], ["--prepare", "nothing-draw0"], ["--preset", "big"]])
def test_the_command_line_says_errors_in_one_piece(declare, monkeypatch, arguments):
    declare(GROUP)
    monkeypatch.setattr(sys, "argv", ["sweep", *arguments])
    with pytest.raises(SystemExit, match="^error: no|^error: there is no"):
        main()


def test_without_a_choice_everything_declared_is_run_and_with_one_the_five_folds_of_every_paper(declare):
    declare(GROUP)
    assert sweep.chosen() == sweep.declared("rdfer")
    jobs = sweep.chosen(dataset="dfew", root="/DFEW", preset="paper", device="cuda")
    assert [(j.request.paper, j.request.fold) for j in jobs] == [(p, fold) for p in PRESETS for fold in range(1, 6)]
    for job in jobs:
        r = job.request
        assert (r.dataset, r.root, r.preset, r.device, r.threads) == ("dfew", "/DFEW", "paper", "cuda", 1)
        assert job.keep == "whole"
        assert r.plan() == Request(r.paper, "dfew", preset="paper").plan()  # the paper's own method
    assert {job.request.preset for job in sweep.chosen(dataset="facsimile")} == {"laptop"}
    assert {job.request.dataset for job in sweep.chosen(preset="laptop")} == {"facsimile"}


def test_a_paper_without_the_preset_is_left_out(declare, monkeypatch):
    monkeypatch.setitem(sweep.PRESETS, "another", {"paper": {}})
    assert "another" not in {job.request.paper for job in sweep.chosen(preset="frozen")}
    with pytest.raises(BadInput, match="no preset 'big'"):
        sweep.chosen(preset="big")


# The Snakefile


def test_the_snakefile_takes_the_files_as_settled_for_as_long_as_it_lives(declare, tmp_path):
    declare(GROUP)
    (clip := tmp_path / "clip.mkv").write_bytes(b"one")
    head = (files.root() / "Snakefile").read_text().partition("\nwildcard_constraints:")[0]
    names = {"config": {}}
    exec(compile(head, "Snakefile", "exec"), names)
    try:
        gc.collect()
        before = contents.of_clip(str(clip))
        clip.write_bytes(b"two")
        assert contents.of_clip(str(clip)) == before
    finally:
        names["SETTLED"].close()
    assert contents.of_clip(str(clip)) != before


def times() -> dict[Path, int]:
    """When each record in runs/ was written."""
    return {path: path.stat().st_mtime_ns for path in files.runs_dir().rglob("summary.json")}


def test_the_snakefile_makes_what_is_missing_and_goes_on_after_a_kill(declare, tiny, tmp_path, monkeypatch, capsys):
    (tmp_path / "a root").symlink_to(tiny)
    group = {"dataset": "dfew", "root": str(tmp_path / "a root"), "preset": "frozen", "epochs": 1}
    good = group | {"seeds": [0, 1], "variants": {"plain": "one", "rdfer": "two"}}
    there = group | {"variants": {"flat": "its record is there"}}
    absent = "mps" if sys.platform == "linux" else "cuda"
    declare(there, group | {"variants": {"windows": "cannot be run"}, "device": absent}, good)
    flat, windows, *four = sweep.declared("rdfer")
    keep([(of_job(flat), "slim")])
    shutil.rmtree(files.runs_dir() / "rdfer")

    process = snakemake(tmp_path)  # the first start is killed when one of the four is there
    while not times():
        assert process.poll() is None, (tmp_path / "told").read_text()
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    before = times()
    assert len(kept("rdfer")) == 1  # nobody was left to gather it

    assert snakemake(tmp_path).wait() == 1  # one fails, and does not stop the others
    after = times()
    assert said(tmp_path) == {"run": 5 - len(before), "all": 1, "total": 6 - len(before)}
    assert len(after) == 4 and after.items() >= before.items() and not list(files.runs_dir().rglob("flat/seed*"))
    for job in four:
        record = kept_run(job.called)
        assert record.summary["reported"]["clips"] > 0 and record.config["seed"] == job.request.seed
    assert len(kept("rdfer")) == 5 and not sweep.is_kept(windows)
    left = [path.name for path in (*files.runs_dir().rglob("*"), *files.results_dir().rglob("*"))]
    assert not [name for name in left if ".unfinished" in name or ".partial" in name or ".lock" in name]
    monkeypatch.setattr(sys, "argv", ["sweep"])
    assert main() == 1
    assert f"--variant windows --epochs 1 --device {absent} --threads 1: error: the device" in capsys.readouterr().out

    declare(there, good)  # the third start has nothing to do
    assert snakemake(tmp_path).wait() == 0
    assert said(tmp_path) == {"all": 1, "total": 1} and times() == after
    assert main() == 0


def test_the_snakefile_makes_again_what_is_out_of_date_and_adds_features(declare, tiny, tmp_path):
    group = {"dataset": "dfew", "root": str(tiny), "preset": "frozen", "epochs": 1}
    declare(group | {"variants": {"plain": "its record is out of date"}},
            group | {"variants": {"rdfer": "features are wanted now"}, "keep": "features"})
    plain, rdfer = sweep.declared("rdfer")
    of_job(plain, traces={"training": {"loss": [9.0]}})
    record = run.run(progress=False, **asdict(rdfer.request))
    before = times()
    assert [sweep.unmade(job) for job in (plain, rdfer)] == ["summary.json", "features.parquet"]
    assert snakemake(tmp_path).wait() == 0, (tmp_path / "told").read_text()
    assert said(tmp_path) == {"run": 1, "again": 1, "data": 1, "features": 1, "all": 1, "total": 5}
    after = times()
    assert {path.parent for path in after if after[path] == before[path]} == {record.path}  # trained once
    assert sweep.is_kept(plain) and sweep.is_kept(rdfer) and not (files.runs_dir() / ".again").exists()
    assert len(kept_run(rdfer.called).features) == record.summary["reported"]["clips"]


# What came of it


def test_list_files_of_one_division_have_a_table_of_their_only_fold(declare, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "traces", lambda request: records.TRACES)
    root = str(trees.listfiles(tmp_path / "lists", name="{}.txt"))
    jobs = sweep.chosen("listfiles", root, "frozen", "cpu")
    keep([(of_job(job), "whole") for job in jobs])
    shown = [str(table) for table in main_tables(jobs)]
    assert len(shown) == len(jobs) == len(PRESETS) and all("33.33" in text for text in shown)
    trees.listfiles(tmp_path / "lists", name="set_2_{}.txt")  # now there are two folds, and one is not enough
    assert main_tables(jobs) == []


def test_the_main_table_is_the_mean_of_five_folds_and_of_no_fewer(tiny, runs, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DFER_RESULTS", str(tmp_path / "results"))
    options = ["--dataset", "dfew", "--root", str(tiny), "--preset", "frozen", "--scenes", "--table"]
    monkeypatch.setattr("sys.argv", ["sweep", *options])
    jobs = sweep.chosen("dfew", str(tiny), "frozen", scenes=True)
    made = [run.run(progress=False, **asdict(job.request)) for job in jobs]
    assert [job.request.fold for job in jobs] == [1, 2, 3, 4, 5] * 2
    shutil.copytree(made[-1].path, tmp_path / "last")
    shutil.rmtree(made[-1].path)
    assert main() == 1 and "Table 1" not in capsys.readouterr().out
    shutil.copytree(tmp_path / "last", made[-1].path)
    assert main() == 0
    said = capsys.readouterr().out
    assert said.count("frozen features, dfew, folds 1, 2, 3, 4, 5") == 2
    means = [sum(record.summary["reported"]["WAR"] for record in part) / 5 for part in (made[:5], made[5:])]
    lines = [line.split() for line in said.splitlines() if line.startswith("WAR")]
    assert lines == [["WAR", f"{means[0]:.2f}", "69.73", "–"], ["WAR", f"{means[1]:.2f}", "69.25", "–"]]
