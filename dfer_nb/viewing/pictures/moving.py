"""Clips that move on a page without a kernel, a player or a network."""

import base64
import html
import io
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image

from dfer_nb.errors import BadInput

SIDE = 104  # pixels on the page, fewer where it is narrow
STYLE = f"display:grid;grid-template-columns:repeat({{}},minmax(0,{SIDE}px));gap:0.7em;margin:0.5em 0"
SMALL = {"method": 6, "minimize_size": True}  # of WebP: takes its time for fewer bytes


@dataclass(frozen=True)
class Moving:
    """Moving clips side by side, as a notebook stores them: title -> (still picture, moving picture), both WebP."""

    clips: Mapping[str, tuple[bytes, bytes]]
    alt: str
    columns: int

    def __repr__(self) -> str:
        return f"Moving clips: {self.alt}"

    def _repr_html_(self) -> str:
        # A reader who has asked for less motion sees the stills; everybody else can fold the clips away.
        items = "".join(_item(title, *pictures) for title, pictures in self.clips.items())
        return (f"<details open><summary>{html.escape(self.alt)}</summary>"
                f'<div style="{STYLE.format(self.columns)}">{items}</div></details>')


def moving(clips: Mapping[str, np.ndarray], alt: str, columns: int = 4, fps: float = 12.5) -> Moving:
    """Clips that run side by side, over and over, each with its title under it.

    clips: title -> frames (T, H, W, 3) uint8; alt: a sentence that says what is seen; columns: clips in a row.
    Readers who do not want motion are shown the middle frame. Raises BadInput for no clips, other frames, an empty alt.
    """
    if not clips or not alt.strip():
        raise BadInput("there is nothing to show, or nothing is said of it", "moving(clips, alt)",
                       "give clips, and say in a sentence what they show")
    for title, frames in clips.items():
        if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[-1] != 3 or not len(frames):
            raise BadInput(f"{title!r} is {frames.dtype} of shape {frames.shape}", "moving(clips, alt)",
                           "give frames (T, H, W, 3) uint8")
    return Moving({title: _encoded(frames, fps) for title, frames in clips.items()}, " ".join(alt.split()), columns)


def _encoded(frames: np.ndarray, fps: float) -> tuple[bytes, bytes]:
    images = [Image.fromarray(frame).resize((SIDE, SIDE), Image.Resampling.LANCZOS) for frame in frames]
    buffers = io.BytesIO(), io.BytesIO()
    images[len(images) // 2].save(buffers[0], "WEBP", quality=50, method=6)
    images[0].save(buffers[1], "WEBP", save_all=True, append_images=images[1:], duration=round(1000 / fps), loop=0,
                   quality=40, **SMALL)
    return buffers[0].getvalue(), buffers[1].getvalue()


def _item(title: str, still: bytes, moves: bytes) -> str:
    at_rest, running = ("data:image/webp;base64," + base64.b64encode(data).decode() for data in (still, moves))
    name = html.escape(title, quote=True)
    return (f'<figure style="margin:0;text-align:center"><picture>'
            f'<source media="(prefers-reduced-motion: reduce)" srcset="{at_rest}">'
            f'<img src="{running}" style="width:100%" alt="{name}"></picture>'
            f'<figcaption style="font-size:0.8em">{name}</figcaption></figure>')
