"""The committed records: all that was declared is there, of one version of the code, and of committed code."""

import pytest

from dfer_nb import files
from dfer_nb.training.record import kept

RDFER = kept("rdfer")


def declared() -> list[dict[str, str]]:
    """The runs that results/rdfer/comparisons.txt declares, their options by name."""
    lines = (files.root() / "results" / "rdfer" / "comparisons.txt").read_text(encoding="utf-8").splitlines()
    words = [line.split() for line in lines if line and not line.startswith("#")]
    return [dict(zip([w.lstrip("-") for w in line[::2]], line[1::2], strict=True)) for line in words]


@pytest.mark.parametrize("run", declared(), ids=lambda run: " ".join(run.values()))
def test_every_declared_run_has_its_record(run):
    same = [r for r in RDFER if all(str(r.config[name]) == value for name, value in run.items())]
    assert len(same) == 1
    assert len(same[0].epochs) == same[0].config["training"]["epochs"]


def test_records_that_stand_side_by_side_come_from_one_code():
    assert len({record.config["code"] for record in RDFER}) == 1


@pytest.mark.parametrize("record", RDFER, ids=lambda record: record.path.parent.name + "-" + record.path.name)
def test_records_come_from_committed_code_and_stay_small(record):
    assert "changes" not in record.environment["commit"] and "unknown" not in record.environment["commit"]
    assert sum(path.stat().st_size for path in record.path.iterdir()) < 700_000
    assert not list(record.path.glob("*.pt"))
