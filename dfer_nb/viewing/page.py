"""How figures and tables get onto a page: a text for those who cannot see, equal bytes for equal content."""

import base64
import html
import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pandas as pd
from matplotlib.figure import Figure

from dfer_nb.errors import BadInput
from dfer_nb.viewing.palette import BADGE, styled

_BADGE = f"background:{BADGE};color:#222222;border-radius:0.3em;padding:0 0.4em;font-weight:normal"


@dataclass(frozen=True)
class Shown:
    """An encoded figure with its alternative text, as a notebook stores it."""

    data: bytes
    alt: str
    mime: str = "image/png"

    def __repr__(self) -> str:
        return f"Figure: {self.alt}"

    def _repr_mimebundle_(self, include=None, exclude=None):
        # The alt travels in the output's metadata, so that the picture is stored once; dfer_nb.viewing.alt
        # hands it to the book, and nbconvert reads it there by itself.
        image = base64.b64encode(self.data).decode()
        return {self.mime: image, "text/plain": repr(self)}, {self.mime: {"alt": self.alt}}


@styled()
def show(figure: Figure, alt: str, photo: bool = False) -> Shown:
    """Put a figure on the page, with a text for those who cannot see it.

    alt: one or two sentences that say what the figure shows; without measured numbers, the stored text stays
    equal between machines. photo: JPEG instead of PNG, for pictures of faces (a quarter of the size).
    Raises BadInput for an empty alt.
    """
    if not alt or not alt.strip():
        raise BadInput("a figure needs an alternative text", "show(figure, alt)",
                       "say in a sentence what the figure shows")
    buffer = io.BytesIO()
    if photo:
        figure.savefig(buffer, format="jpeg", pil_kwargs={"quality": 90, "optimize": True})
    else:  # without matplotlib's version in it: same picture, same bytes
        figure.savefig(buffer, format="png", metadata={"Software": None})
    return Shown(buffer.getvalue(), " ".join(alt.split()), "image/jpeg" if photo else "image/png")


class Strong(str):
    """The text of a cell that stands out in its table, such as a difference that is seen."""


@dataclass(frozen=True)
class Table:
    """A table ready for the page, its cells already text; those that are `Strong` are bold there.

    badges: column -> words that stand on a coloured ground in its header, such as "laptop". folded: the page shows the
    caption alone, until a reader opens it.
    """

    frame: pd.DataFrame
    caption: str
    note: str = ""
    badges: Mapping[str, str] = field(default_factory=dict)
    folded: bool = False

    def fold(self) -> "Table":
        """The same table, folded under its caption: for what has to be there, and need not be read."""
        return replace(self, folded=True)

    def _repr_html_(self) -> str:
        # pandas gives the class "dataframe", which the book's theme colours for light and dark pages.
        text = self.frame.to_html(border=0, na_rep="–")
        for cell in {html.escape(cell, quote=False) for cell in self.frame.to_numpy().flat if isinstance(cell, Strong)}:
            text = text.replace(f"<td>{cell}</td>", f'<td class="dfer-strong"><strong>{cell}</strong></td>')
        caption = html.escape(self.caption)
        text = text if self.folded else text.replace(">", f"><caption>{caption}</caption>", 1)
        for column, badge in self.badges.items():
            head, mark = f"<th>{html.escape(column)}", f'<span style="{_BADGE}">{html.escape(badge)}</span>'
            text = text.replace(f"{head}</th>", f"{head} {mark}</th>")
        text += f"\n<p><small>{html.escape(self.note)}</small></p>" if self.note else ""
        return f'<details class="dfer-folded"><summary>{caption}</summary>{text}</details>' if self.folded else text

    def __repr__(self) -> str:
        frame = self.frame.rename(columns={name: f"{name} [{badge}]" for name, badge in self.badges.items()})
        return "\n".join(filter(None, (self.caption, frame.to_string(na_rep="–"), self.note)))


def number(value, digits: int = 1, sign: str = "") -> str:
    """A number as a cell; a dash for None and NaN. What rounds to zero has no sign."""
    if value is None or pd.isna(value):
        return "–"
    return f"{value:{sign}.{digits}f}" if round(value, digits) else f"{0:.{digits}f}"
