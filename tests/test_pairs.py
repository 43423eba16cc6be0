"""Notebooks: stored outputs that are whole, twins in step, and store.py, which makes both."""

import os
import sys
from types import SimpleNamespace

import jupytext
import nbformat
import pytest
import records
import store
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

LIMIT = 3_000_000  # bytes: larger notebooks are slow to open and to diff
CHAPTERS = store.chapters()
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
PARAMETERS = "fold: int = 1\nname = 'x'"


def problems(path) -> list[str]:
    """What is wrong with a notebook on disk or with its twin; empty when all is well."""
    found = []
    if path.stat().st_size > LIMIT:
        found.append("larger than 3 MB: make its images smaller")
    book = nbformat.read(path, as_version=4)
    code = [cell for cell in book.cells if cell.cell_type == "code" and cell.source.strip()]
    outputs = [output for cell in code for output in cell.outputs]
    if not outputs:
        found.append("no stored outputs: nbval would pass without comparing anything")
    if any(output.output_type == "error" for output in outputs):
        found.append("an error among the stored outputs")
    if [cell.execution_count for cell in code] != list(range(1, len(code) + 1)):
        found.append("execution counts are not 1, 2, 3, ...: not executed from top to bottom")
    if "widgets" in book.metadata or any(store.WIDGET_VIEW in output.get("data", {}) for output in outputs):
        found.append("widget state left inside")
    compared = [cell for cell in code if "nbval-ignore-output" not in cell.metadata.get("tags", ())]
    if any(cell.source.rstrip().endswith(";") for cell in compared):
        found.append("a cell ends with a semicolon: nbval shows its value all the same")
    twin = store.twin(path)
    if not twin.exists():
        found.append("no twin in notebooks/text/")
    elif store.sources(jupytext.read(twin)) != store.sources(book):
        found.append("the twin differs")
    return found


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.name)
def test_every_notebook_is_whole_and_in_step(path):
    assert problems(path) == [], "run `make notebooks` (or `make twins` first, when the twin was edited)"


def test_every_twin_has_its_notebook():
    twins = {path.stem for path in (store.NOTEBOOKS / "text").glob("*.py")}
    assert twins == {path.stem for path in CHAPTERS}


# The checks themselves, on made-up notebooks: each must be able to fail.

@pytest.fixture
def chapter(tmp_path):
    """Path of a small notebook in good order, with its twin."""
    book = new_notebook(cells=[
        new_markdown_cell("# A chapter\n\nwith $a_i$ and two\nlines"),
        new_code_cell(PARAMETERS, execution_count=1, metadata={"tags": ["parameters"]}),
        new_code_cell("%matplotlib inline\nprint(fold)", execution_count=2,
                      outputs=[new_output("stream", name="stdout", text="1\n")]),
        new_code_cell("")], metadata=KERNEL)
    path = tmp_path / "chapter.ipynb"
    nbformat.write(book, path)
    store.write_twin(path, book)
    return path


@pytest.fixture
def change(chapter):
    """Edit the notebook of `chapter` in place and write it back, its twin left alone."""
    def apply(edit):
        book = nbformat.read(chapter, as_version=4)
        edit(book)
        nbformat.write(book, chapter)
        return problems(chapter)
    return apply


def test_a_notebook_in_good_order_passes(chapter):
    assert problems(chapter) == []


def test_missing_outputs_are_seen(change):
    assert "no stored outputs" in change(lambda book: book.cells[2].update(outputs=[]))[0]


def test_a_stored_error_is_seen(change):
    error = new_output("error", ename="ValueError", evalue="", traceback=[])
    assert change(lambda book: book.cells[2].outputs.append(error)) == ["an error among the stored outputs"]


@pytest.mark.parametrize("counts", [(2, 1), (1, None), (1, 3), (5, 6)])
def test_execution_out_of_order_is_seen(change, counts):
    def edit(book):
        book.cells[1].execution_count, book.cells[2].execution_count = counts
    assert "execution counts" in change(edit)[0]


def test_widget_state_is_seen(change):
    assert change(lambda book: book.metadata.update(widgets={})) == ["widget state left inside"]


def test_a_widget_view_is_seen(change):
    view = new_output("display_data", data={store.WIDGET_VIEW: {"model_id": "1"}, "text/plain": "w"})
    assert change(lambda book: book.cells[2].outputs.append(view)) == ["widget state left inside"]


def test_a_semicolon_at_the_end_is_seen(chapter, change):
    def edit(book):
        book.cells[2].source += ";"
        store.write_twin(chapter, book)
    assert "semicolon" in change(edit)[0]


def test_a_large_notebook_is_seen(change):
    picture = new_output("display_data", data={"image/png": "A" * LIMIT})
    assert "larger than 3 MB" in change(lambda book: book.cells[2].outputs.append(picture))[0]


def test_a_missing_twin_is_seen(chapter):
    store.twin(chapter).unlink()
    assert problems(chapter) == ["no twin in notebooks/text/"]


@pytest.mark.parametrize("edit", [
    lambda book: book.cells[2].update(source="print(fold + 1)"),
    lambda book: book.cells[0].update(source="# Another title"),
    lambda book: book.cells[1].metadata.update(tags=[]),
    lambda book: book.cells.insert(1, new_markdown_cell("more")),
], ids=["code", "text", "tags", "cell"])
def test_a_twin_out_of_step_is_seen(change, edit):
    assert change(edit) == ["the twin differs"]


# store.py

@pytest.fixture
def unexecuted(tmp_path):
    """Path of a notebook as an author leaves it: no outputs, no twin, traces of papermill."""
    book = new_notebook(cells=[
        new_code_cell(PARAMETERS, metadata={"tags": ["parameters"], "papermill": {"duration": 1}}),
        new_code_cell("import sys\nprint('to stderr', file=sys.stderr)\nprint(' 10%|#', file=sys.stderr)\n"
                      "from pathlib import Path\nPath.cwd().name, fold")],
        metadata={"papermill": {"duration": 2}, "widgets": {}, **KERNEL})
    path = tmp_path / "chapter.ipynb"
    nbformat.write(book, path)
    return path


def test_store_leaves_a_notebook_in_good_order(unexecuted, capsys):
    store.store(unexecuted)
    assert problems(unexecuted) == []
    book = nbformat.read(unexecuted, as_version=4)
    assert [output.output_type for output in book.cells[1].outputs] == ["execute_result"]
    assert book.cells[1].outputs[0].data["text/plain"] == repr((unexecuted.parent.name, 1))  # its own folder
    assert "papermill" not in unexecuted.read_text() and "version" not in book.metadata.language_info
    assert "to stderr" in capsys.readouterr().out  # shown to the author, not stored

    before = unexecuted.read_bytes()
    store.store(unexecuted)
    assert unexecuted.read_bytes() == before  # a second time changes nothing


def test_a_failing_cell_leaves_the_notebook_as_it_was(unexecuted):
    book = nbformat.read(unexecuted, as_version=4)
    book.cells.append(new_code_cell("1 / 0"))
    nbformat.write(book, unexecuted)
    before = unexecuted.read_bytes()
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        store.store(unexecuted)
    assert unexecuted.read_bytes() == before and not store.twin(unexecuted).exists()


def test_edits_of_the_twin_reach_the_notebook(chapter):
    twin = store.twin(chapter)
    assert not store.from_text(chapter)  # nothing to do
    twin.write_text(twin.read_text().replace("# # A chapter", "# # A better chapter"))
    assert store.from_text(chapter)
    book = nbformat.read(chapter, as_version=4)
    assert book.cells[0].source.startswith("# A better chapter")
    assert book.cells[2].outputs and problems(chapter) == []  # the outputs of other cells are kept


def test_a_twin_edited_later_is_not_overwritten(chapter, monkeypatch, capsys):
    monkeypatch.setattr(store, "NOTEBOOKS", chapter.parent)
    twin = store.twin(chapter)
    os.utime(twin, (chapter.stat().st_mtime + 5,) * 2)
    assert not store.edited_later(chapter)  # later, but the same
    twin.write_text(twin.read_text().replace("print(fold)", "print(fold, 2)"))
    os.utime(twin, (chapter.stat().st_mtime + 5,) * 2)
    assert store.edited_later(chapter)
    assert store.main(["chapter"]) == 1 and "make twins" in capsys.readouterr().err
    assert "print(fold, 2)" in twin.read_text()


@pytest.fixture
def rooms(chapter, tmp_path, monkeypatch):
    """A paper's notebook, its room, and stand-ins for training and for keeping a record."""
    home = tmp_path / "home"
    paper = home / "notebooks" / "chapter.ipynb"
    paper.parent.mkdir(parents=True)
    chapter.rename(paper)
    (home / "dfer_nb").mkdir()
    (home / "dfer_nb" / "chapter.py").touch()
    asked, kept = [], []
    run = SimpleNamespace(path=tmp_path / "runs" / "seed0-bbbb", config=records.config(),
                          environment={"commit": "0123456789ab"})
    monkeypatch.setattr(store, "NOTEBOOKS", paper.parent)
    monkeypatch.setitem(sys.modules, "dfer_nb.run", SimpleNamespace(run=lambda **names: asked.append(names) or run))
    monkeypatch.setattr("dfer_nb.training.keeping.keep", kept.extend)
    return SimpleNamespace(paper=paper, asked=asked, kept=kept, run=run)


def test_what_a_chapter_shows_is_trained_and_kept(rooms):
    store.keep_record(rooms.paper)
    assert rooms.asked == [{"paper": "chapter", "fold": 1, "name": "x"}] and rooms.kept == [(rooms.run, "whole")]


def test_records_are_kept_before_the_chapter_that_reads_them_is_executed(rooms, monkeypatch):
    steps = []
    monkeypatch.setattr(store, "keep_record", lambda path: steps.append("keep"))
    monkeypatch.setattr(store, "store", lambda path: steps.append("execute"))
    assert store.main(["chapter"]) == 0 and steps == ["keep", "execute"]


def test_a_record_of_uncommitted_code_is_named_as_such(rooms, capsys):
    store.keep_record(rooms.paper)
    assert "not committed" not in capsys.readouterr().err
    rooms.run.environment["commit"] += "+changes"
    store.keep_record(rooms.paper)
    assert "not committed" in capsys.readouterr().err


def test_a_chapter_without_a_room_keeps_no_record(rooms):
    (rooms.paper.parents[1] / "dfer_nb" / "chapter.py").unlink()
    store.keep_record(rooms.paper)
    assert rooms.asked == [] == rooms.kept
