"""Nothing is chosen after a look: the commit that made a run already declared it."""

import subprocess
from dataclasses import replace

import pytest
import yaml

from dfer_nb import files, presets, sweep
from dfer_nb.training.results import kept
from dfer_nb.viewing.evidence.blocks import KEPT_OUT, apart


def sweep_file(paper: str, commit: str) -> str:
    """What a paper's sweep.yml said in a commit, without variants that are gone: no run that is kept is one of them.

    The test is skipped where the history does not reach so far back.
    """
    git = {"cwd": files.root(), "text": True, "capture_output": True}
    if subprocess.run(["git", "cat-file", "-e", commit], **git).returncode:
        pytest.skip(f"commit {commit} is not here")
    said = subprocess.run(["git", "show", f"{commit}:results/{paper}/sweep.yml"], check=True, **git).stdout
    groups = [group | {"variants": {name: words for name, words in group["variants"].items()
                                    if name in presets.variants(paper)}} for group in yaml.safe_load(said)]
    return yaml.safe_dump([group for group in groups if group["variants"]])


@pytest.mark.parametrize("paper", sweep.papers())
def test_every_run_was_declared_by_the_commit_that_made_it(paper, tmp_path, monkeypatch):
    if not (files.root() / ".git").exists():
        pytest.skip("there is no history here")
    runs = kept(paper, threads=1)  # those of the notebooks have more
    assert {run.name for run in runs} <= {job.called for job in sweep.declared(paper)}
    monkeypatch.setenv("DFER_RESULTS", str(tmp_path))
    for commit in {run.environment["commit"] for run in runs}:
        assert not commit.endswith("+changes"), commit
        path = tmp_path / paper / "sweep.yml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(sweep_file(paper, commit), encoding="utf-8")
        then = {job.called for job in sweep.declared(paper)}
        assert [run.name for run in runs if run.environment["commit"] == commit and run.name not in then] == []


@pytest.mark.parametrize("paper", sweep.papers())
def test_no_run_has_a_draw_that_was_looked_at(paper):
    assert not {job.request.draw for job in sweep.declared(paper)} & {6, 7, 8, 9}


@pytest.mark.parametrize("paper", sweep.papers())
def test_draws_that_are_kept_out_stand_apart_and_come_last(paper):
    out = [job.request.draw in KEPT_OUT for job in sweep.declared(paper)]
    assert any(out) and out == sorted(out)
    for job in sweep.declared(paper):  # what is foretold has draws to foretell it from
        same = {replace(job.request, draw=draw, seed=draw) for draw in range(10, 16)}
        assert job.request.draw not in KEPT_OUT or same <= {other.request for other in sweep.declared(paper)}


@pytest.mark.parametrize("paper", sweep.papers())
def test_draws_that_are_kept_out_were_run_when_the_others_were_there(paper):
    sooner, later = apart(run for run in kept(paper))
    for run in later:
        same = [other.environment["date"] for other in sooner
                if all(other.config[name] == run.config[name] for name in ("dataset", "preset", "variant"))]
        assert len(same) >= 6 and max(same) < run.environment["date"]


@pytest.mark.parametrize("paper", sweep.papers())
def test_the_variants_of_a_table_share_their_draws(paper):
    draws: dict[tuple, dict[str, list[int]]] = {}
    for job in sweep.declared(paper):
        request = job.request
        if request.draw not in (0, *KEPT_OUT):  # draw 0 is for pictures, and for the folds
            of = draws.setdefault((request.dataset, request.preset), {})
            of.setdefault(request.variant, []).append(request.draw)
    for table, of in draws.items():
        longest = max(map(sorted, of.values()), key=len)
        assert len(longest) >= 6, table
        for variant, own in of.items():
            assert len(own) >= 4 and sorted(own) == longest[: len(own)], (table, variant)
