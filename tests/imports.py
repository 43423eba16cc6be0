"""What Python files import, read from their text."""

import ast
from collections.abc import Iterable
from pathlib import Path


def imports(path: Path) -> set[str]:
    """Dotted names that a file imports, anywhere in it; `from dfer_nb.data import video` gives dfer_nb.data.video."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import; write dfer_nb.…"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def reach(package: Path, start: str, apart: Iterable[str] = ()) -> set[str]:
    """The files of a package whose text can matter to what one of them does: what it imports, and so on, and itself.

    start, and what is returned: paths inside the package; apart: files that are left out, and what they alone import.
    """
    found, left = set(), {start}
    while left:
        file = left.pop()
        found.add(file)
        names = imports(package / file)
        left |= {other for name in names for other in _behind(package, name)} - found - {*apart}
    return found


def _behind(package: Path, name: str) -> set[str]:
    """The files that are executed when `name` is imported: its module's, and those of the packages around it."""
    first, *parts = name.split(".")
    paths = [package.joinpath(*parts[:depth]) for depth in range(len(parts) + 1)] if first == package.name else []
    files = [file for path in paths for file in (path.with_suffix(".py"), path / "__init__.py")]
    return {file.relative_to(package).as_posix() for file in files if file.exists()}
