"""What the RDFER chapter says of its toy examples and in its solutions is right, and its page prints no minus zero."""

import re

import nbformat
import numpy as np
import pytest
import torch
import trees
from PIL import Image

from dfer_nb import files, rdfer
from dfer_nb.data import film
from dfer_nb.errors import BadInput

CHAPTER = files.root() / "notebooks" / "rdfer.ipynb"


@pytest.fixture(scope="module")
def book():
    return nbformat.read(CHAPTER, as_version=4)


def solution(book, label: str) -> str:
    """The text of a solution, up to the next exercise."""
    words = "\n".join(cell.source for cell in book.cells if cell.cell_type == "markdown")
    return re.search(rf"```{{solution(?:-start)?}} {label}\n(.*?)(?=```{{exercise|\Z)", words, re.S).group(1)


def test_with_full_agreement_the_loss_decides(book):
    loss = torch.tensor([0.10, 3.00, 0.40, 3.50, 0.20, 1.00, 0.10, 0.30, 0.20, 0.90])
    found = rdfer.groups(torch.ones(10), loss, hard=0.2, noisy=0.1)
    noisy, hard = ((found == group).nonzero().flatten().tolist() for group in (rdfer.NOISY, rdfer.HARD))
    assert (noisy, hard) == ([3], [1, 5])
    said = solution(book, "rdfer-ties")
    assert "noisy (clip 3)" in said and "hard\n(clips 1 and 5)" in said


def test_sixteen_frames_in_an_apex_of_eight(book):
    mu, stride = 43.5 / 63, 7 / 15
    exact = rdfer.positions(torch.tensor([mu]), torch.tensor([stride]), 16, 64)[0]
    assert exact.min().item() == pytest.approx(40, abs=1e-3) and exact.max().item() == pytest.approx(47, abs=1e-3)
    widest = rdfer.positions(torch.tensor([mu]), torch.tensor([rdfer.KeyExpression.min_stride]), 16, 64)[0]
    outside = widest[(widest < 39.99) | (widest > 47.01)]
    assert outside.tolist() == pytest.approx([39.75, 47.25], abs=1e-3)
    said = solution(book, "rdfer-resample")
    assert f"{mu:.3f}" in said and f"{stride:.2f}" in said and "two frames then lie a quarter of a frame" in said


def test_a_stored_solution_shows_its_table(book):
    start = next(k for k, cell in enumerate(book.cells) if "{solution-start} rdfer-thresholds" in cell.source)
    assert "30 %" in book.cells[start + 1].outputs[-1]["data"]["text/plain"]
    assert "{solution-end}" in book.cells[start + 2].source


def test_no_minus_zero_is_printed(book):
    texts = [text for cell in book.cells if cell.cell_type == "code" for output in cell.outputs
             for text in (output.get("text", ""), *(str(output.get("data", {}).get(mime, ""))
                                                    for mime in ("text/plain", "text/html")))]
    assert len(texts) > 50
    assert not [text for text in texts if re.search(r"(?<![\d.])[-−]0\.0+(?![\d])", text)]


# Its first cells, on films


def first_cells(name: str, last: str, **parameters) -> dict:
    """What a chapter's code cells leave behind, up to the one in which `last` stands, with these parameters."""
    found = {"display": lambda *_: None}
    for cell in nbformat.read(files.root() / "notebooks" / f"{name}.ipynb", as_version=4).cells:
        if cell.cell_type == "code":
            exec(cell.source, found)
            found |= parameters if "parameters" in cell.metadata.get("tags", ()) else {}
            if last in cell.source:
                return found
    raise AssertionError(f"no cell has {last}")


ON_FILMS = {"dataset": "dfew", "preset": "frozen", "device": "cpu"}


def write_video(path, n: int, width: int, height: int, seed: int) -> None:
    film.write(path, np.full((n, height, width, 3), 9 * seed, np.uint8))


def test_its_first_pictures_are_shown_of_films_of_several_sizes(tmp_path, runs):
    scenes = trees.scenes(trees.dfew(tmp_path / "scenes", faces=""), write_video)
    assert list(first_cells("rdfer", "contact_sheet(", root=str(scenes), scenes=True, **ON_FILMS)["rows"]) == [
        "1: “Sad”", "2: “Neutral”", "3: “Angry”", "4: “Surprise”"]
    crops = trees.dfew(tmp_path / "crops")
    for number, path in enumerate(sorted((crops / "Clip").rglob("*.jpg"))):
        Image.new("RGB", (20 + number % 7, 30 + number % 5), (90, 90, 90)).save(path)
    shown = first_cells("rdfer", "contact_sheet(", root=str(crops), **ON_FILMS)["rows"]
    assert {frames.shape for frames in shown.values()} == {(6, 112, 112, 3)}


def test_broken_clips_are_not_among_its_first_pictures(tmp_path, runs):
    root = trees.dfew(tmp_path)
    for path in (root / "Clip/clip_224x224/00002").iterdir():
        path.write_bytes(b"no picture")
    with pytest.raises(BadInput, match="an image cannot be read"):
        first_cells("rdfer", "contact_sheet(", root=str(root), **ON_FILMS)
    with pytest.warns(UserWarning, match="left out: 2"):
        shown = first_cells("rdfer", "contact_sheet(", root=str(root), drop_broken=True, **ON_FILMS)["rows"]
    assert list(shown) == ["1: “Sad”", "2: “Angry”", "3: “Surprise”", "4: “Disgust”"]
    assert all(np.ptp(frames) < 20 for frames in shown.values())


@pytest.mark.parametrize("name", ["rdfer", "m3dfel"])
@pytest.mark.parametrize(("parameters", "words"), [
    ({"fold": 9}, "no fold 9"), ({"dataset": "dfew", "root": "nowhere"}, "not there"),
    ({"dataset": "dfw"}, "no dataset"), ({"dataset": "dfew", "root": "x", "numbering": 3}, "numbering is")])
def test_what_cannot_be_read_is_said_before_anything_is_drawn(name, parameters, words, monkeypatch):
    monkeypatch.setattr("dfer_nb.facsimile.make", lambda *_, **__: pytest.fail("drawn"))
    with pytest.raises(BadInput, match=words):
        first_cells(name, "dataset_root(", **parameters)
