"""Re-execute the notebooks, store their outputs, and keep the run records that they show.

    python notebooks/store.py                every notebook (`make notebooks`)
    python notebooks/store.py rdfer          one of them
    python notebooks/store.py --from-text    take edits of text/*.py into the notebooks (`make twins`)

Executing reads and writes `runs/`: a run that is there and complete is shown, not trained again.
"""

import argparse
import ast
import subprocess
import sys
import time
from pathlib import Path

import jupytext
import nbformat
from jupytext.combine import combine_inputs_with_outputs
from jupytext.config import load_jupytext_config
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from papermill import inspect_notebook
from tqdm import tqdm

from dfer_nb import files
from dfer_nb.errors import BadInput

NOTEBOOKS = Path(__file__).resolve().parent
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
KEPT_LANGUAGE = ("name", "file_extension", "mimetype", "pygments_lexer")  # without Python's version


def say(message: str) -> None:
    print(message, file=sys.stderr)


def chapters(folder: Path = NOTEBOOKS) -> list[Path]:
    """The notebooks of the book: all but papermill's `out*.ipynb`."""
    return [path for path in sorted(folder.glob("*.ipynb")) if not path.name.startswith("out")]


def twin(notebook: Path) -> Path:
    return notebook.parent / "text" / f"{notebook.stem}.py"


def sources(book) -> list[tuple[str, str, tuple]]:
    """What a notebook and its twin must agree on: (cell type, source, tags) of each cell."""
    return [(c.cell_type, c.source, tuple(c.metadata.get("tags", ()))) for c in book.cells]


def clean(book) -> list[str]:
    """Take out, in place, what changes from run to run.

    Returns the lines of stderr that were dropped and are no progress bar.
    """
    for key in ("widgets", "papermill", "jupytext"):  # jupytext.toml says how notebooks and twins are paired
        book.metadata.pop(key, None)
    language = book.metadata.get("language_info", {})
    book.metadata["language_info"] = {key: language[key] for key in KEPT_LANGUAGE if key in language}
    dropped = []
    for cell in book.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if cell.cell_type != "code":
            continue
        # Progress bars hold times and are of no use on a page; real warnings are shown to the author instead.
        stderr = "\n".join(output.text for output in cell.outputs if output.get("name") == "stderr")
        dropped += [line.rpartition("\r")[2] for line in stderr.split("\n")]
        cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr"]
        for output in cell.outputs:
            output.get("data", {}).pop(WIDGET_VIEW, None)
    return [line for line in dropped if line.strip() and "it/s" not in line and "%|" not in line]


def execute(book, folder: Path) -> None:
    """Run every cell in a fresh kernel whose folder is `folder` (raises CellExecutionError)."""
    with tqdm(total=len(book.cells), unit="cell", leave=False) as bar:
        NotebookClient(book, timeout=None, kernel_name="python3", record_timing=False, coalesce_streams=True,
                       resources={"metadata": {"path": str(folder)}},
                       on_cell_complete=lambda cell, cell_index: bar.update(cell_index + 1 - bar.n)).execute()


def write_twin(path: Path, book) -> None:
    """Write the py:percent twin of a notebook, by the rules of jupytext.toml."""
    target = twin(path)
    target.parent.mkdir(exist_ok=True)
    config = load_jupytext_config(str(target))
    files.write_atomic(target, jupytext.writes(book, fmt="py:percent", config=config))


def store(path: Path) -> None:
    """Execute one notebook, then replace it and its twin; when a cell fails, both stay as they were."""
    book, began = nbformat.read(path, as_version=4), time.perf_counter()
    execute(book, path.parent)
    for line in clean(book):
        print(f"  stderr, not stored: {line}")
    files.write_atomic(path, nbformat.writes(book) + "\n")
    write_twin(path, book)
    print(f"{path.name}: executed in {time.perf_counter() - began:.0f} s, outputs stored, twin written")


def from_text(path: Path) -> bool:
    """Take the cells of the twin into the notebook, keeping the outputs of cells that did not change.

    Returns whether the notebook changed.
    """
    text = jupytext.read(twin(path))
    text.metadata.pop("jupytext", None)
    old = nbformat.read(path, as_version=4) if path.exists() else None
    if old is not None and sources(old) == sources(text):
        return False
    book = combine_inputs_with_outputs(text, old, fmt="ipynb") if old is not None else text
    files.write_atomic(path, nbformat.writes(book) + "\n")
    return True


def parameters(path: Path) -> dict:
    """Values of the cell tagged `parameters`, as papermill reads them."""
    return {name: ast.literal_eval(entry["default"]) for name, entry in inspect_notebook(str(path)).items()}


def keep_record(path: Path) -> None:
    """Train what a paper's notebook will show, unless that was done, and keep its whole record in results/.

    Before the notebook is executed, because it also shows what lies in results/.
    """
    if not (NOTEBOOKS.parent / "dfer_nb" / f"{path.stem}.py").exists():
        return  # a chapter without a paper's room trains nothing
    from dfer_nb.run import run  # needs torch: only here
    from dfer_nb.training.keeping import keep
    from dfer_nb.training.results import called

    record = run(paper=path.stem, **parameters(path))
    keep([(record, "whole")])
    print(f"{path.name}: its run record is kept as {called(record.config)}")
    if record.environment["commit"].endswith("+changes"):
        say(f"WARNING: {path.name} shows a run of code that was not committed.\n"
            f"  what to do: commit the code, delete {record.path}, run `make notebooks` again, then publish")


def uncommitted() -> bool:
    """Whether code that decides a result differs from the last commit (False where there is no git)."""
    status = subprocess.run(["git", "status", "--porcelain", "dfer_nb"], cwd=NOTEBOOKS.parent,
                            text=True, capture_output=True)
    return status.returncode == 0 and bool(status.stdout.strip())


def edited_later(path: Path) -> bool:
    """Whether the twin differs from the notebook and was edited after it.

    Times mean nothing after a clone, but then the two agree, and the times are not looked at.
    """
    other = twin(path)
    return (other.exists() and sources(jupytext.read(other)) != sources(nbformat.read(path, as_version=4))
            and other.stat().st_mtime > path.stat().st_mtime)


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="notebooks by name, such as rdfer (default: all)")
    parser.add_argument("--from-text", action="store_true",
                        help="update the notebooks from their twins, execute nothing")
    options = parser.parse_args(arguments)
    if options.from_text:
        names = options.names or [path.stem for path in sorted((NOTEBOOKS / "text").glob("*.py"))]
        changed = [name for name in names if from_text(NOTEBOOKS / f"{name}.ipynb")]
        print(f"changed: {', '.join(changed)}; now run `make notebooks`" if changed else "nothing to change")
        return 0
    paths = [NOTEBOOKS / f"{name}.ipynb" for name in options.names] or chapters()
    for path in paths:
        if edited_later(path):
            say(f"notebooks/text/{path.stem}.py was edited after {path.name} and would be overwritten.\n"
                "  what to do: `make twins` takes the edits into the notebook; to drop them, delete the twin")
            return 1
    if uncommitted():
        say("WARNING: dfer_nb/ has changes that are not committed; records made now will say so.")
    for path in paths:
        try:
            keep_record(path)
            store(path)
        except CellExecutionError as error:
            say(f"{path.name}: a cell failed; the notebook is left as it was\n{error}")
            return 1
        except BadInput as error:
            say(f"{path.name}: its run cannot be trained or kept, and the notebook is left as it was: {error}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
