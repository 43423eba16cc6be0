"""What the RDFER chapter says of its toy examples and in its solutions is right, and its page prints no minus zero."""

import re

import nbformat
import pytest
import torch

from dfer_nb import files, rdfer

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
