"""What an explorer is made of: a figure with sliders that works with a kernel, and in a stored page without one."""

import html
import json
from pathlib import Path

import anywidget
import numpy as np

HERE = Path(__file__).parent


def read(*names: str) -> str:
    """Scripts or styles of this folder as one text: shared controls first, then an explorer's own part."""
    return "\n".join((HERE / name).read_text(encoding="utf-8") for name in names)


class StaticWidget(anywidget.AnyWidget):
    """An anywidget whose stored output also works in a page with no kernel and no network.

    The output carries text/html that holds the same module (`_esm`) and the values of the traits named in
    `static`; a stand-in for anywidget's model lets that module run as it is. So a module may only use
    `model.get, set, save_changes, on, off`, and must compute everything itself.
    """

    static: tuple[str, ...] = ()

    def describe(self) -> str:
        """One sentence for a page that runs no scripts, and for text output."""
        return type(self).__name__

    def to_html(self) -> str:
        """The explorer as a piece of a page: the same text for the same data, with no ids in it."""
        content = {"esm": str(self._esm), "state": {name: getattr(self, name) for name in self.static}}
        # "<" inside a script could end it or open another; escaped, the JSON means the same.
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
        return (f'<div class="dfer-static"><style>{self._css}</style>'
                f'<p class="dfer-fallback">{html.escape(self.describe())}</p>'
                f'<script type="application/json">{text}</script><script>{read("static.js")}</script></div>')

    def _repr_mimebundle_(self, **kwargs):
        data, metadata = super()._repr_mimebundle_(**kwargs)
        return {**data, "text/plain": self.describe(), "text/html": self.to_html()}, metadata


def scramble(number, seed: int = 0) -> np.ndarray:
    """32 well-mixed bits of each number and a seed: lots that the browser draws alike (see controls.js)."""
    mask = np.uint64(0xFFFFFFFF)
    x = (np.asarray(number, np.uint64) + np.uint64((seed + 1) * 0x9E3779B9 & 0xFFFFFFFF)) & mask
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        x = ((x ^ (x >> np.uint64(shift))) * np.uint64(factor)) & mask
    return x ^ (x >> np.uint64(16))
