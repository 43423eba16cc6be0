"""Questions on a page: every answer has its feedback, and one is right."""

import pytest

from dfer_nb.errors import BadInput
from dfer_nb.viewing.quiz import Question, quiz

ASKED = Question("How many < seven?", {"six": "Six is less.", "eight": "It is more."}, right="six")


def test_each_answer_unfolds_what_is_to_say_of_it():
    page = quiz([ASKED])._repr_html_()
    assert "How many &lt; seven?" in page and "<script" not in page
    assert "<summary>six</summary><p><strong>Right.</strong> Six is less.</p>" in page
    assert "<summary>eight</summary><p><strong>No.</strong> It is more.</p>" in page
    assert repr(quiz([ASKED, ASKED])) == "1. How many < seven? (six / eight)\n2. How many < seven? (six / eight)"


@pytest.mark.parametrize("questions", [
    [], [Question("Alone?", {"yes": "Yes."}, "yes")], [Question("Which?", {"a": "A.", "b": "B."}, "c")],
    [Question("Silent?", {"a": "A.", "b": ""}, "a")]])
def test_what_cannot_be_asked_is_refused(questions):
    with pytest.raises(BadInput):
        quiz(questions)
