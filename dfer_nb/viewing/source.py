"""The source of a function beside its equation: the code that runs, never a copy of it."""

import ast
import html
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dfer_nb.errors import BadInput
from dfer_nb.files import root


def anchor(function: Callable) -> str:
    """The id of a function's source on a page, such as "code-nr_dfernet-fuse": what an equation links to."""
    module = function.__module__.rpartition(".")[2]
    return "-".join(["code", module, *function.__qualname__.split(".")])


@dataclass(frozen=True)
class Source:
    """A function as its file holds it, with the place of its equation on the page."""

    name: str
    code: str
    file: str
    id: str
    equations: dict[str, str]

    def __repr__(self) -> str:
        return self.code

    def _repr_markdown_(self) -> str:
        # Markdown, and no HTML of our own: the book colours it, in light and dark, and gives it a button to copy.
        back = ", ".join(f'<a href="#{place}">{html.escape(words)}</a>' for words, place in self.equations.items())
        head = f'<span id="{self.id}"></span>{back}: <code>{self.name}</code> in <code>{self.file}</code>'
        return f"{head if back else head.replace('</span>: ', '</span>')}\n\n```python\n{self.code}\n```"


def source(function: Callable, docstring: bool = True, **equations: str) -> Source:
    """The source of a function or method as it is loaded, ready for the page.

    equations: names of places on the page, with `_` for what is no letter, -> the words of the link, such as
    eq_nr_1="Eq. 1" for the label `(eq-nr-1)=`. The way there: `<a href="#code-nr_dfernet-fuse">`, see `anchor`.
    docstring: whether it is shown too. Raises BadInput for what has no source in this repository.
    """
    function = inspect.unwrap(function)
    try:
        file = Path(inspect.getsourcefile(function)).resolve().relative_to(root())
        code = textwrap.dedent(inspect.getsource(function)).rstrip()
    except (TypeError, OSError, ValueError) as error:
        raise BadInput(f"{function!r} has no source here", "source(function)",
                       "give a function or a method of dfer_nb") from error
    code = code if docstring else _without_docstring(code)
    links = {words: place.replace("_", "-") for place, words in equations.items()}
    return Source(function.__qualname__, code, file.as_posix(), anchor(function), links)


def _without_docstring(code: str) -> str:
    """The code of a function without its docstring, which a page that explains it has in other words."""
    first = ast.parse(code).body[0].body[0]
    if not (isinstance(first, ast.Expr) and isinstance(getattr(first.value, "value", None), str)):
        return code
    lines = code.split("\n")
    return "\n".join(lines[: first.lineno - 1] + lines[first.end_lineno :])
