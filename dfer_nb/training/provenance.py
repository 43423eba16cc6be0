"""What made a result: the code, the weights, the libraries and the machine."""

import hashlib
import platform
import re
import subprocess
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

import dfer_nb
from dfer_nb import files

PACKAGE = Path(dfer_nb.__file__).parent
LIBRARIES = (
    "torch",
    "torchvision",
    "lightning-fabric",
    "decord",
    "opencv-python-headless",
    "numpy",
    "pandas",
    "scikit-learn",
)


def code_text() -> str:
    """Hash of this package's files that decide a result, of its weights, of the libraries, and of the processor.

    It decides nothing about a record: it says how long what was once computed need not be computed again.
    """
    parts = {str(path.relative_to(PACKAGE)): hashlib.sha256(path.read_bytes()).hexdigest() for path in _files()}
    return files.digest([parts, versions(), processor()])


def _files() -> list[Path]:
    paths = sorted(path for kind in ("*.py", "*.safetensors") for path in PACKAGE.rglob(kind))
    return [path for path in paths if not str(path.relative_to(PACKAGE)).startswith(("viewing", "sweep"))]


def environment(device: str, frames: int) -> dict:
    """Versions, machine, threads, time (UTC) and commit of a run, with "+changes" where code was not committed.

    frames: the number of files (clips) that were decoded for it.
    """
    return {
        "versions": versions(),
        "commit": _commit(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "device": device,
        "processor": processor(),
        "machine": platform.machine(),
        "system": platform.system(),
        "threads": torch.get_num_threads(),
        "files": frames,
    }


def versions() -> dict[str, str]:
    """Of Python and of the libraries that a result rests on."""
    return {"python": platform.python_version()} | {name: _version(name) for name in LIBRARIES}


@cache
def processor() -> str:
    """The processor's model, and the widest vectors that PyTorch uses on it: another one gives another record."""
    name = platform.processor() or platform.machine()
    with suppress(OSError):
        found = re.findall(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.M)
        name = found[0].strip() if found else name
    return f"{name} ({torch.backends.cpu.get_cpu_capability()})"


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "not installed"


def _commit() -> str:
    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=files.root(), capture_output=True, text=True, check=True)
        return done.stdout.strip()

    try:
        changed = git("status", "--porcelain", "--", "dfer_nb")
        return git("rev-parse", "--short=12", "HEAD") + ("+changes" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown (not a git checkout)"


def _stamps() -> tuple:
    return tuple((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in _files())


# Of the code that was loaded here: what lies on the disk may be edited later.
CODE, _LOADED = code_text(), _stamps()


def is_edited() -> bool:
    """Whether the code on the disk is no longer the one that was loaded here."""
    return _stamps() != _LOADED and code_text() != CODE
