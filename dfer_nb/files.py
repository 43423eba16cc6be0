"""Where things live on disk, and how they are written: whole or not at all."""

import errno
import hashlib
import json
import os
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path

from dfer_nb.errors import BadInput

try:
    import fcntl
except ImportError:  # Windows: no process waits for another there
    fcntl = None


def root() -> Path:
    """The repository root, whatever the current folder; the current folder when installed elsewhere."""
    here = Path(__file__).resolve().parent.parent
    return here if (here / "pyproject.toml").exists() else Path.cwd()


def data_dir() -> Path:
    """Folder of datasets and caches: `DFER_DATA`, else `data/` at the root."""
    return Path(os.environ.get("DFER_DATA") or root() / "data").expanduser().absolute()


def runs_dir() -> Path:
    """Folder of run records: `DFER_RUNS`, else `runs/` at the root."""
    return Path(os.environ.get("DFER_RUNS") or root() / "runs").expanduser().absolute()


def results_dir() -> Path:
    """Folder of the committed records: `DFER_RESULTS`, else `results/` at the root."""
    return Path(os.environ.get("DFER_RESULTS") or root() / "results").expanduser().absolute()


def digest(thing, length: int = 12) -> str:
    """First hex digits of the SHA-256 of a JSON-able thing, its keys sorted."""
    text = json.dumps(thing, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def sweep(path: Path) -> None:
    """Remove what killed processes left half-written beside `path`, and put back what they had just moved away."""
    for old in path.parent.glob(f".{path.name}.partial-old-*"):
        if not path.exists():
            old.rename(path)
    for left in path.parent.glob(f".{path.name}.partial-*"):
        pid = left.name.rpartition("-")[2]
        if not (pid.isdigit() and _alive(int(pid))) or int(pid) == os.getpid():
            shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)


def remove(path) -> int:
    """Take a folder away as a whole, so that nobody finds half of it. Returns its size in bytes; 0: it was not there.

    What a kill leaves of it is swept with the next folder of this name.
    """
    path = Path(path)
    gone = path.parent / f".{path.name}.partial-{os.getpid()}"
    with disk_errors(path):
        try:
            path.rename(gone)
        except FileNotFoundError:
            return 0
        size = sum(each.stat().st_size for each in gone.rglob("*") if each.is_file())
        shutil.rmtree(gone)
    return size


def _variables(where) -> str:
    """The environment variable that moves the folder in which a path lies; all of them where it lies in none."""
    folders = {"DFER_DATA": data_dir(), "DFER_RUNS": runs_dir(), "DFER_RESULTS": results_dir()}
    path = Path(where).absolute()
    around = [name for name, folder in folders.items() if path.is_relative_to(folder)]
    # one of the folders may lie in another: the innermost decides
    return max(around, key=lambda name: len(folders[name].parts), default="DFER_DATA, DFER_RUNS or DFER_RESULTS")


@contextmanager
def disk_errors(where):
    """Turn a full or read-only disk into one clear error (raises BadInput)."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise BadInput("the disk is full", where, f"free some space, or set {_variables(where)} to a folder on a "
                           "larger disk; nothing half-written is kept") from error
        if error.errno in (errno.EACCES, errno.EROFS):
            raise BadInput("the folder cannot be written", where, f"choose another with {_variables(where)}") from error
        raise


@contextmanager
def atomic_folder(path):
    """Yield a temporary sibling folder that becomes `path` when the block ends well.

    An old folder at `path` is replaced only then; on any error the temporary one is removed.
    Raises BadInput when the disk is full or cannot be written.
    """
    path = Path(path)
    partial = path.parent / f".{path.name}.partial-{os.getpid()}"
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path)
        partial.mkdir()
        try:
            yield partial
            if path.exists():
                old = path.parent / f".{path.name}.partial-old-{os.getpid()}"
                path.rename(old)
                partial.rename(path)
                shutil.rmtree(old, ignore_errors=True)
            else:
                partial.rename(path)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise


@contextmanager
def alone(path, wait: bool = True):
    """One process at a time works on what will lie at `path`; another waits. The lock ends with its process, however.

    Yields whether the path is this process's: always True, unless it is not to wait and another process is at work.
    Raises BadInput when the disk is full or cannot be written.
    """
    if fcntl is None:
        yield True
        return
    path = Path(path)
    lock = _locked(path.parent / f".{path.name}.lock", path, wait)
    if lock is None:
        yield False
        return
    with lock:
        try:
            yield True
        finally:
            Path(lock.name).unlink(missing_ok=True)


def _locked(name: Path, where, wait: bool):
    """The open file `name`, locked by this process alone; None where another has it, and this one is not to wait."""
    while True:
        with disk_errors(where):
            name.parent.mkdir(parents=True, exist_ok=True)
            lock = open(name, "w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return None
        # who waited may have got the lock of a file that the one before has removed: no lock against the next
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(lock.fileno()), os.stat(name)):
                return lock
        lock.close()


def write_atomic(path, content: bytes | str) -> None:
    """Write a file whole or not at all (temporary sibling, then rename)."""
    path = Path(path)
    partial = path.parent / f".{path.name}.partial-{os.getpid()}"
    with disk_errors(path):
        sweep(path)
        try:
            partial.write_bytes(content.encode() if isinstance(content, str) else content)
            os.replace(partial, path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
