"""Questions with feedback on a page without a kernel or a script: an answer unfolds what is to say of it."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dfer_nb.errors import BadInput


@dataclass(frozen=True)
class Question:
    """words: what is asked; answers: an answer -> what to say of it; right: the one that is."""

    words: str
    answers: Mapping[str, str]
    right: str


@dataclass(frozen=True)
class Quiz:
    """Some questions, as a notebook stores them."""

    questions: Sequence[Question]

    def __repr__(self) -> str:
        return "\n".join(f"{number}. {each.words} ({' / '.join(each.answers)})"
                         for number, each in enumerate(self.questions, start=1))

    def _repr_html_(self) -> str:
        return f'<ol class="dfer-quiz">{"".join(map(_question, self.questions))}</ol>'


def quiz(questions: Sequence[Question]) -> Quiz:
    """Questions to be asked on a page; a reader opens an answer, and reads whether it is right and why.

    Raises BadInput for no questions, fewer than two answers, and a right answer that is not among them.
    """
    for each in questions:
        if len(each.answers) < 2 or each.right not in each.answers or not all(each.answers.values()):
            raise BadInput(f"this cannot be asked: {each.words!r}", "quiz(questions)",
                           "give two answers or more, a word on each, and the right one among them")
    if not questions:
        raise BadInput("there is no question", "quiz(questions)", "give some")
    return Quiz(tuple(questions))


def _question(question: Question) -> str:
    answers = "".join(
        f"<details><summary>{html.escape(answer)}</summary>"
        f"<p><strong>{'Right.' if answer == question.right else 'No.'}</strong> {html.escape(said)}</p></details>"
        for answer, said in question.answers.items())
    return f"<li><p>{html.escape(question.words)}</p>{answers}</li>"
