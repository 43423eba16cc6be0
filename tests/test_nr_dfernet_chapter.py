"""What the NR-DFERNet chapter says of its toys and in its solutions is right; its page is built by the template."""

import re

import jupytext
import pytest
import torch

from dfer_nb import files, nr_dfernet
from dfer_nb.viewing.source import anchor

CHAPTER = files.root() / "notebooks" / "text" / "nr_dfernet.py"
EQUATIONS = {1: "difference", 2: "DynamicStaticFusion.of_frames", 4: "DynamicStaticFusion.forward", 5: "dynamic_token",
             6: "snippets", 7: "snippet_filter"}


@pytest.fixture(scope="module")
def cells():
    return jupytext.read(CHAPTER).cells


@pytest.fixture(scope="module")
def words(cells) -> str:
    return "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


@pytest.fixture(scope="module")
def code(cells) -> str:
    return "\n".join(cell.source for cell in cells if cell.cell_type == "code")


def test_equations_and_their_code_lead_to_each_other(words, code):
    shown = {}
    for call in re.finditer(r"source\(nr_dfernet\.([\w.]+),(.*?)\)", code):
        function = nr_dfernet
        for part in call[1].split("."):
            function = getattr(function, part)
        shown[anchor(function)] = re.findall(r"(eq_nr_\d)=", call[2])
    for number, name in EQUATIONS.items():
        own = f"code-nr_dfernet-{name.replace('.', '-')}"
        assert f"(eq-nr-{number})=" in words and f"eq_nr_{number}" in shown[own]
    links = set(re.findall(r'href="#(code-[\w.-]+)"', words))
    assert links and links <= set(shown)
    back = {place.replace("_", "-") for places in shown.values() for place in places}
    assert back == set(re.findall(r"\((eq-nr-\d)\)=", words))


def test_the_mean_of_five_tokens_by_hand(words):
    said = {}
    for length in (2.0, 4.0):
        for other in range(1, 5):
            frames = torch.tensor([[[2.0, 0.0]] * (5 - other) + [[0.0, length]] * other])
            said[length, other] = (frames @ nr_dfernet.dynamic_token(frames)[0])[0]
    looks = {key: (row[-1] - row[0]).item() for key, row in said.items()}
    assert [looks[2.0, other] > 1e-6 for other in range(1, 5)] == [False, False, True, True]
    assert looks[4.0, 1] == pytest.approx(0, abs=1e-6) and looks[4.0, 2] > 1
    assert "three of five" in words and "two of five are enough, and at one\nof five it is a draw" in words


def test_snippets_of_six_leave_no_feature_out(words):
    numbered = torch.arange(1.0, 16.0).view(1, 15, 1)
    cut = nr_dfernet.snippets(numbered, length=6, stride=3)[0, :, :, 0].int()
    assert len(cut) == 4 and set(cut.flatten().tolist()) == set(range(1, 16))
    assert "+ 1 = 4$, and $3 \\cdot 3 + 6 = 15$: none is left over" in words


def test_the_template_of_the_second_edition(cells, words, code):
    heads = re.findall(r"^## (.*)$", words, re.M)
    wanted = ["In one minute", "The idea, equation by equation", "One run", "What holds over many runs",
              "Beside the paper's figures", "What it costs", "What differs from the paper, and why", "Exercises",
              "What is left"]
    assert heads == wanted
    shown = [k for k, cell in enumerate(cells) if cell.cell_type == "code" and "verdict_box(claims)" in cell.source]
    ideas, left = (next(k for k, cell in enumerate(cells) if f"## {head}" in cell.source) for head in wanted[1::7])
    assert len(shown) == 2 and shown[0] < ideas and shown[1] > left
    assert "pipeline(nodes, arrows)" in code and "moving({" in code and code.count("Question(") == 3
    assert words.count("```{exercise}") == words.count("```{solution-start}") == words.count("```{solution-end}") == 3
    assert "**On your own data.**" in words and "**On DFEW.**" in words


def test_tables_that_need_not_be_read_are_folded(code):
    for table in ("choices_table(", "values_table(", "tables.metrics(", "tables.slices(", "costs_table("):
        call = code.index(table, code.index("import " + table[:-1]) + 20 if f"import {table[:-1]}" in code else 0)
        assert ".fold()" in code[call:call + 140], table
