"""Frames that are thrown away once the runs on them are done, and those that stay."""

import sys
from pathlib import Path

import pytest
import records
from records import of_job
from workflow import said, snakemake

from dfer_nb import datasets, files, run, sweep
from dfer_nb.data import batches
from dfer_nb.errors import BadInput
from dfer_nb.sweep import discarding
from dfer_nb.sweep.__main__ import main
from dfer_nb.training.features import frozen

LADDER = {"preset": "memorise", "variants": {"plain": "one"}, "draws": [12]}


@pytest.fixture
def declare(tmp_path, monkeypatch):
    """Empty folders, in which no trace is computed; returns a function that writes rdfer's sweep.yml."""
    records.empty(tmp_path, monkeypatch)
    monkeypatch.setattr(run, "traces", lambda request: records.TRACES)
    return records.declare


def draw(kind: str, number: int) -> list[Path]:
    """A few films in the folder of a draw, their frames and features, and the sweep's mark that they are ready."""
    folder = datasets.dataset(kind).drawn_into(number)
    datasets.dataset(kind).sample(folder, 24)
    frames = batches.cache(datasets.dataset(kind).table(folder, 1), 24, 4, progress=False)
    found = [folder, frames.folder, frozen(frames, progress=False).folder]
    for job in (job for job in sweep.declared("rdfer") if job.request.draw == number):
        mark = files.data_dir() / ".ready" / job.data
        mark.parent.mkdir(exist_ok=True)
        mark.touch()
        found += [mark]
    return found


def there(paths) -> list[bool]:
    return [path.exists() for path in paths]


def test_a_draws_films_frames_and_features_go_when_its_runs_are_done_and_no_others(declare, monkeypatch, capsys):
    declare({"dataset": "facsimile-long", "preset": "frozen", "variants": {"plain": "", "rdfer": ""},
             "draws": [0, 3, 4]})
    jobs = sweep.declared("rdfer")
    shown, done, begun = (draw("facsimile-long", number) for number in (0, 3, 4))
    assert len(done) == 5 and all(there(shown + done + begun))
    for job in jobs[:5]:  # all but the last of draw 4
        of_job(job)
    monkeypatch.setattr(sys, "argv", ["sweep", "--discard"])
    assert main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert not any(there(done)) and all(there(shown + begun))
    assert lines[1:] == ["facsimile-long-draw4 stays: 1 of its 2 runs has still to be made"]
    assert lines[0].startswith("facsimile-long-draw3: ") and lines[0].endswith(" MB of decoded frames are gone")
    assert sorted(path.name for path in (files.data_dir() / "cache").iterdir()) == sorted(
        path.name for path in shown[1:3] + begun[1:3])
    of_job(jobs[5])
    assert main() == 0 and not any(there(begun)) and all(there(shown))
    assert main() == 0
    assert capsys.readouterr().out.endswith("nothing of these runs is on the disk that may be thrown away\n")


def test_steps_of_the_ladder_share_their_films_and_the_last_of_their_runs_sets_them_free(declare):
    declare({"dataset": "facsimile-hard"} | LADDER, {"dataset": "facsimile-hard-15"} | LADDER)
    hard, step = sweep.declared("rdfer")
    shared = draw("facsimile-hard", 12)
    of_job(hard)
    stays = ["facsimile-hard-draw12 stays: 1 of its 2 runs has still to be made"]
    assert discarding.discard([hard, step]) == discarding.discard([hard, step], ["facsimile-hard-draw12"]) == stays
    assert all(there(shared))
    of_job(step)
    assert len(discarding.discard([hard, step])) == 1 and not any(there(shared))


def test_draw_0_a_users_own_folder_and_a_licensed_dataset_are_never_thrown_away(declare, tmp_path):
    group = {"preset": "frozen", "variants": {"plain": ""}}
    declare(group | {"draws": [0]}, group | {"draws": [3], "root": str(tmp_path / "mine")},
            group | {"dataset": "dfew", "root": str(tmp_path / "DFEW"), "draws": [4]})
    jobs = sweep.declared("rdfer")
    assert len(jobs) == 3 and discarding.draws(jobs) == {} and discarding.discard(jobs) == []
    for name in ("facsimile-draw0", "facsimile-draw3", "dfew-draw4", "cache"):
        with pytest.raises(BadInput, match=f"nothing to throw away that is called '{name}'(.|\n)*there are none"):
            discarding.discard(jobs, [name])


@pytest.mark.parametrize(("arguments", "message"), [
    (["facsimile-long-draw5"], "called 'facsimile-long-draw5'(.|\n)*draws that declared(.|\n)*facsimile-long-draw3"),
    (["--dataset", "facsimile-long"], "all runs that are declared(.|\n)*leave out --dataset"),
])
def test_what_cannot_be_thrown_away_is_one_clear_error(declare, monkeypatch, arguments, message):
    declare(records.GROUP | {"draws": [3]})
    monkeypatch.setattr(sys, "argv", ["sweep", "--discard", *arguments])
    with pytest.raises(SystemExit, match=f"^error: (.|\n)*{message}"):
        main()


def test_the_snakefile_throws_a_draw_away_after_its_last_run_and_only_when_asked(declare, tmp_path, monkeypatch):
    monkeypatch.undo()  # the Snakefile's processes compute real traces
    records.empty(tmp_path, monkeypatch)
    declare(records.GROUP | {"draws": [3], "epochs": 1})
    first, second = sweep.declared("rdfer")
    folder = datasets.dataset("facsimile-long").drawn_into(3)
    folder.mkdir(parents=True)
    of_job(first)
    assert snakemake(tmp_path, "--dry-run").wait() == 0
    assert said(tmp_path) == {"data": 1, "run": 1, "all": 1, "total": 3}
    assert snakemake(tmp_path, "--dry-run", "--config", "discard=1").wait() == 0
    assert said(tmp_path) == {"data": 1, "run": 1, "discard": 1, "all": 1, "total": 4}
    told = (tmp_path / "told").read_text()
    assert f"input: {files.runs_dir() / second.name / 'summary.json'}" in told.split("rule discard:")[1]
    of_job(second)
    assert snakemake(tmp_path, "--config", "discard=1").wait() == 0, (tmp_path / "told").read_text()
    assert said(tmp_path) == {"discard": 1, "all": 1, "total": 2} and not folder.exists()
    assert sweep.is_kept(first) and sweep.is_kept(second) and not (files.runs_dir() / ".discarded").exists()
