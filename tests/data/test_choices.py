"""A choice is true or false, also as text; whatever else is refused."""

import numpy as np
import pytest

from dfer_nb.data.choices import CHOICES, Reading
from dfer_nb.errors import BadInput
from dfer_nb.request import Request
from dfer_nb.run import run
from dfer_nb.sweep import chosen


@pytest.mark.parametrize("name", CHOICES)
@pytest.mark.parametrize(("given", "value"), [
    (True, True), (False, False), ("true", True), ("False", False), (" FALSE ", False), (np.bool_(True), True)])
def test_truth_values(name, given, value):
    assert getattr(Reading(**{name: given}), name) is value
    asked = Request(dataset="dfew", root="here", **{name: given})
    assert getattr(asked, name) is value and getattr(asked.reading, name) is value


@pytest.mark.parametrize("name", CHOICES)
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


def test_a_dataset_has_as_many_runs_as_folds(tmp_path):
    folds = {name: [job.request.fold for job in chosen(name, str(tmp_path)) if job.request.paper == "rdfer"]
             for name in ("mafw", "ferv39k")}
    assert folds == {"mafw": [1, 2, 3, 4, 5], "ferv39k": [1]}
