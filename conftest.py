"""What holds for every test and notebook that pytest runs, whichever are chosen, from whichever folder."""

import os
import shutil
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def pytest_configure(config):
    """Give the session an empty runs folder, so that notebooks really train, and a few threads.

    Set in the environment, before any kernel starts: kernels inherit it. `DFER_DATA` stays as it is:
    datasets and decoded frames are made once.
    """
    if not hasattr(config, "workerinput"):  # workers of pytest-xdist share their parent's folder
        config.session_runs = tempfile.mkdtemp(prefix="dfer-runs-")
        os.environ["DFER_RUNS"] = config.session_runs
    # Small models gain nothing beyond a few threads and lose much when every library takes all cores.
    os.environ.setdefault("OMP_NUM_THREADS", str(min(4, os.cpu_count() or 1)))
    if hasattr(config.option, "nbval_sanitize_with") and not config.option.nbval_sanitize_with:
        config.option.nbval_sanitize_with = str(ROOT / "tests" / "sanitize.cfg")


def pytest_unconfigure(config):
    if runs := getattr(config, "session_runs", None):
        shutil.rmtree(runs, ignore_errors=True)


def pytest_collection_modifyitems(items):
    """Leave out of nbval's comparison what differs between runs: progress bars on stderr, SVG, ids of widget views."""
    for item in items:
        skipped = getattr(item.parent, "skip_compare", None)
        if skipped is not None and "stderr" not in skipped:
            widget = "application/vnd.jupyter.widget-view+json"
            item.parent.skip_compare = (*skipped, "stderr", "image/svg+xml", widget)
