"""A choice is true or false, also as text; whatever else is refused."""

import argparse
import shlex
import subprocess

import numpy as np
import pytest
from trees import dfew, listfiles

from dfer_nb import datasets, files
from dfer_nb.data.choices import CHOICES, Reading
from dfer_nb.errors import BadInput
from dfer_nb.request import Request
from dfer_nb.run import add_options, run
from dfer_nb.sweep import chosen

TRUTHS = [name for name, usual in CHOICES.items() if usual is False]


@pytest.mark.parametrize("name", TRUTHS)
@pytest.mark.parametrize(("given", "value"), [
    (True, True), (False, False), ("true", True), ("False", False), (" FALSE ", False), (np.bool_(True), True)])
def test_truth_values(name, given, value):
    assert getattr(Reading(**{name: given}), name) is value
    asked = Request(dataset="dfew", root="here", **{name: given})
    assert getattr(asked, name) is value and getattr(asked.reading, name) is value


@pytest.mark.parametrize("name", TRUTHS)
@pytest.mark.parametrize("given", [1, 0, None, "", "yes", "no", "1", "flase", [], "x" * 1000])
def test_what_only_looks_like_one(name, given):
    with pytest.raises(BadInput, match=f"{name} is .* true or false") as error:
        Request(**{name: given})
    assert len(str(error.value)) < 300


def test_fresh_is_one_too():
    with pytest.raises(BadInput, match="fresh is 'yes'"):
        run(fresh="yes")


def test_they_reach_sweeps(tmp_path):
    jobs = chosen("dfew", str(tmp_path), "laptop", "cpu", drop_missing="true", scenes="False", drop_broken="")
    assert {(job.request.drop_missing, job.request.scenes, job.request.drop_broken) for job in jobs} == {
        (True, False, False)}
    assert "--drop-missing" in jobs[0].options and "--scenes" not in jobs[0].options
    others = chosen("dfew", str(tmp_path), "laptop", "cpu")  # what is decoded for them is not the same
    assert not {job.data for job in jobs} & {job.data for job in others}
    with pytest.raises(BadInput, match="zero_based is 'maybe'"):
        chosen("dfew", str(tmp_path), zero_based="maybe")
    job = chosen("dfew", str(tmp_path), "laptop", "cpu", numbering="alphabetical-1")[0]
    assert job.options[-2:] == ["--numbering", "alphabetical-1"] and job.data not in {each.data for each in others}


def test_an_order_of_classes_goes_from_the_command_line_into_a_configuration(tmp_path):
    root = dfew(tmp_path)
    parser = argparse.ArgumentParser()
    add_options(parser)
    asked = parser.parse_args(["--dataset", "dfew", "--root", str(root), "--numbering", "alphabetical-1"])
    request = Request(**{name: value for name, value in vars(asked).items() if name not in ("fresh", "progress")})
    config = Request(dataset="dfew", root=str(root)).config()
    assert request.config()["numbering"] == "alphabetical-1" and "numbering" not in config
    assert request.config()["data"].split(".")[1] == config["data"].split(".")[1]  # other labels, the same pixels
    assert request.config()["data"] != config["data"]
    with pytest.raises(BadInput, match="numbered in one way"):
        datasets.dataset("facsimile").table(tmp_path, 1, Reading(numbering="alphabetical-1"))


def made(*choices: str) -> str:
    """The commands that `make results` would run."""
    done = subprocess.run(["make", "-n", "-o", ".venv/.installed", "results", *choices], cwd=files.root(),
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.replace("\\\n", " ")


def test_they_go_through_make():
    said = made("DATASET=dfew", "ROOT=a b", "DROP_MISSING=1", "ZERO_BASED=0", "SCENES=maybe", "NUMBERING=dfew-0")
    snakemake, sweep = (next(line for line in said.splitlines() if each in line) for each in ("snakemake", "sweep"))
    for word in ("dataset=dfew", "root=a b", "drop_missing=true", "zero_based=false", "scenes=maybe",
                 "numbering=dfew-0"):
        name, _, value = word.partition("=")
        assert word in shlex.split(snakemake) and f"--{name.replace('_', '-')}={value}" in shlex.split(sweep)
    assert "drop_broken" not in said and "--config" not in made()


def test_a_dataset_has_as_many_runs_as_folds(tmp_path):
    folds = {name: [job.request.fold for job in chosen(name, str(tmp_path)) if job.request.paper == "rdfer"]
             for name in ("mafw", "ferv39k")}
    assert folds == {"mafw": [1, 2, 3, 4, 5], "ferv39k": [1]}


def test_a_folder_has_as_many_runs_as_lists(tmp_path):
    def folds(name, root):
        return [job.request.fold for job in chosen(name, str(root)) if job.request.paper == "rdfer"]

    assert folds("listfiles", listfiles(tmp_path / "one", name="{}.txt")) == [1]
    assert folds("listfiles", listfiles(tmp_path / "one", name="set_2_{}.txt")) == [1, 2]
    assert folds("dfew", dfew(tmp_path / "some", folds=(1, 4))) == [1, 4]
    assert all(job.name for job in chosen("listfiles", str(tmp_path / "one")))


def test_what_runs_share_goes_with_what_the_files_hold(tmp_path):
    root = dfew(tmp_path, folds=(1, 2))
    before = {job.data for job in chosen("dfew", str(root), "frozen", "cpu")}
    clip = root / "Clip/clip_224x224/00001/00001_00002.jpg"
    clip.write_bytes(clip.read_bytes() + b"more")
    after = {job.data for job in chosen("dfew", str(root), "frozen", "cpu")}
    assert before.isdisjoint(after) and len(before) == len(after) == len({word.split("-")[2] for word in before})
