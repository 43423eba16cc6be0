"""What several tests share."""

import pytest
from hypothesis import settings

settings.register_profile("dfer", deadline=None, derandomize=True, database=None)  # times belong into benchmarks/
settings.load_profile("dfer")


@pytest.fixture(scope="session")
def laptop_record():
    """The run record of `notebooks/rdfer.ipynb` with its default parameters.

    Returns at once where the notebook ran earlier in this session; trains it (minutes) where it did not.
    """
    from dfer_nb.run import run

    return run(progress=False)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """The root of a FACSimile of few clips, in a folder of its own."""
    from dfer_nb import facsimile

    return facsimile.make(
        "facsimile", base=tmp_path_factory.mktemp("tiny"), progress=False, clips=60, clean=14, slice_clips=7
    )


@pytest.fixture(scope="session")
def _cache(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def runs(tmp_path, _cache, monkeypatch):
    """An empty folder for run records; decoded frames go to a folder that this session's tests share."""
    monkeypatch.setenv("DFER_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("DFER_DATA", str(_cache))
    return tmp_path / "runs"
