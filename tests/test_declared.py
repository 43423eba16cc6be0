"""Nothing is chosen after a look: the commit that made a run already declared it."""

import subprocess

import pytest

from dfer_nb import files, sweep
from dfer_nb.training.results import kept


def sweep_file(paper: str, commit: str) -> str:
    """What a paper's sweep.yml said in a commit."""
    shown = subprocess.run(["git", "show", f"{commit}:results/{paper}/sweep.yml"], cwd=files.root(), text=True,
                           capture_output=True, check=True)
    return shown.stdout


@pytest.mark.parametrize("paper", sweep.papers())
def test_every_run_was_declared_by_the_commit_that_made_it(paper, tmp_path, monkeypatch):
    if not (files.root() / ".git").exists():
        pytest.skip("there is no history here")
    declared = {job.called for job in sweep.declared(paper)}
    runs = [run for run in kept(paper) if run.name in declared]
    monkeypatch.setenv("DFER_RESULTS", str(tmp_path))
    for commit in {run.environment["commit"] for run in runs}:
        assert not commit.endswith("+changes"), commit
        path = tmp_path / paper / "sweep.yml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(sweep_file(paper, commit), encoding="utf-8")
        then = {job.called for job in sweep.declared(paper)}
        assert [run.name for run in runs if run.environment["commit"] == commit and run.name not in then] == []


@pytest.mark.parametrize("paper", sweep.papers())
def test_no_run_has_a_draw_that_was_looked_at_or_is_kept_out(paper):
    assert not {job.request.draw for job in sweep.declared(paper)} & {6, 7, 8, 9, 20, 21}
