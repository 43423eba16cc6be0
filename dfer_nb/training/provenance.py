"""What made a result: the code, the weights, the libraries and the machine."""

import ast
import hashlib
import platform
import subprocess
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
# Imported by the training, but they only say how things are named and written.
_NO_RESULT = {"dfer_nb", "dfer_nb.errors", "dfer_nb.files", "dfer_nb.training.record", "dfer_nb.data.expressions"}


@cache
def code_version(paper: str) -> str:
    """Hash of the code that decides a paper's results: its room, the training loop, and all that they import.

    Comments, docstrings and layout do not count; weights that lie beside the code do. What a run was told (presets)
    and what it was given (data) are hashed on their own.
    """
    parts, waiting = {}, [f"dfer_nb.{paper}", "dfer_nb.training.fit"]
    while waiting:
        name = waiting.pop()
        path = PACKAGE.parent / Path(*name.split(".")).with_suffix(".py")
        if name in parts or name in _NO_RESULT or not path.exists():
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        waiting += _imported(tree)
        parts[name] = bare(tree)
        for weights in path.parent.glob("*.safetensors"):
            parts[weights.name] = hashlib.sha256(weights.read_bytes()).hexdigest()
    return files.digest(parts)


def _imported(tree: ast.Module) -> list[str]:
    """Modules of this package that a file imports, also as `from dfer_nb.data import video`."""
    froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
    names = {node.module for node in froms} | {f"{node.module}.{alias.name}" for node in froms for alias in node.names}
    return sorted(name for name in names if name.startswith("dfer_nb."))


def bare(tree: ast.Module) -> str:
    """A file's code without its comments, docstrings and layout; the tree is changed."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            if ast.get_docstring(node, clean=False) is not None:
                node.body = node.body[1:] or [ast.Pass()]
    return ast.dump(tree)


def environment(paper: str, device: str) -> dict:
    """Versions, machine, threads and commit of this run; the commit says "+changes" when code was not committed."""
    return {
        "versions": {"python": platform.python_version()} | {name: _version(name) for name in LIBRARIES},
        "commit": _commit(),
        "code": code_version(paper),
        "device": device,
        "machine": platform.machine(),
        "system": platform.system(),
        "threads": torch.get_num_threads(),
    }


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
