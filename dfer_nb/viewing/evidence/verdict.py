"""The box at both ends of a chapter: what was claimed, how it was tested, one number, one word."""

import html
from collections.abc import Sequence
from dataclasses import dataclass

from dfer_nb.viewing.evidence.overview import Claim, where, word
from dfer_nb.viewing.evidence.short import short
from dfer_nb.viewing.evidence.statistics import Effect

TONES = {"seen": "yes", "the reverse is seen": "no", "not seen": "open", "too few draws": "none", "not run": "none"}
HEADS = ("claim", "tested by", "result", "verdict")


@dataclass(frozen=True)
class Finding:
    """A claim whose test is no difference in WAR between two variants.

    words: what is claimed; tested: how; effect: what came of it, claimed to be above zero; unit: of the effect. Where
    something is counted and not measured over draws, `result` and `verdict` say it in words instead.
    """

    words: str
    tested: str
    effect: Effect | None = None
    unit: str = ""
    result: str = ""
    verdict: str = ""


@dataclass(frozen=True)
class VerdictBox:
    """Rows of claim, test, result and verdict, as a notebook stores them."""

    rows: Sequence[tuple[str, str, str, str]]
    title: str
    note: str

    def __repr__(self) -> str:
        return "\n".join([self.title, *(" | ".join(row) for row in self.rows), self.note])

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{name}</th>" for name in HEADS)
        body = "".join(f"<tr>{_cells(row)}</tr>" for row in self.rows)
        return (f'<div class="dfer-verdicts"><table><caption>{html.escape(self.title)}</caption>'
                f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
                f"<p><small>{html.escape(self.note)}</small></p></div>")


def verdict_box(claims: Sequence[Claim | Finding], title: str = "What was claimed, and what is seen") -> VerdictBox:
    """A row a claim, in the order given; the same records give the same box, at both ends of a chapter.

    Errors as of `Claim.effect`.
    """
    note = ("In brackets the 95 % interval over draws of the data. Seen: it leaves zero out on the side of the claim. "
            "Not seen: it holds zero, which is no proof that there is nothing.")
    return VerdictBox([_row(claim) for claim in claims], title, note)


def _row(claim: Claim | Finding) -> tuple[str, str, str, str]:
    if isinstance(claim, Finding):
        effect = claim.effect if claim.effect and claim.effect.draws else None
        return claim.words, claim.tested, claim.result or _result(effect, claim.unit), claim.verdict or word(effect)
    effect = claim.effect()
    tested = f"{claim.variant} less {claim.base}" + (f"; {where(claim, effect)}" if effect else "")
    return claim.words, tested, _result(effect, claim.metric), word(effect)


def _result(effect: Effect | None, unit: str) -> str:
    return f"{unit} {short(effect)}".strip() if effect else "–"


def _cells(row: tuple[str, str, str, str]) -> str:
    *words, verdict = (html.escape(text) for text in row)
    tone = TONES.get(row[-1], "open")
    return "".join(f"<td>{text}</td>" for text in words) + (
        f'<td><strong class="dfer-verdict dfer-{tone}">{verdict}</strong></td>')
