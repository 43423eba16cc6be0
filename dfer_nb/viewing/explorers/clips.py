"""What explorers of single clips share: a clip's frames as one small picture, and what is known of its frames."""

import base64
import io
from collections.abc import Mapping

import numpy as np
import pandas as pd
from PIL import Image

from dfer_nb.data.expressions import NEUTRAL
from dfer_nb.errors import BadInput

FRAMES = 16  # of a clip, that networks see


def strip(name: str, pictures: np.ndarray, height: int = 48, kind: str = "jpeg", quality: int = 80) -> str:
    """The 16 pictures of a clip side by side, `height` pixels high, as one file in a data URI.

    pictures (16, H, W, 3) uint8; kind, quality: of the file, "jpeg" or "webp", and Pillow's scale. Raises BadInput.
    """
    pictures = np.asarray(pictures)
    if pictures.ndim != 4 or pictures.shape[0] != FRAMES or pictures.shape[3] != 3 or pictures.dtype != np.uint8 \
            or 0 in pictures.shape:
        raise BadInput(f"pictures of shape {pictures.shape}, {pictures.dtype}", f"clip {name}",
                       "give 16 frames of bytes, (16, H, W, 3) uint8: those of the video that the network sees")
    image = Image.fromarray(np.concatenate(list(pictures), axis=1))
    if image.height != height:
        width = max(1, round(pictures.shape[2] * height / image.height)) * FRAMES
        image = image.resize((width, height), Image.Resampling.BOX)
    buffer = io.BytesIO()
    image.save(buffer, kind, quality=quality, **({"optimize": True} if kind == "jpeg" else {"method": 6}))
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"


def whole(value) -> int | None:
    """A number of the truth; None where it is not known."""
    return None if value is None or pd.isna(value) else int(value)


def apex_of(row: Mapping, seen: np.ndarray | None) -> list[int] | None:
    """1 for each seen frame that lies in the apex, else 0; None where that is not known, and for a neutral clip.

    row: of the truth; seen: which frames of the video are seen, as indices, None where that is not known.
    """
    if whole(row.get("true_label")) == NEUTRAL:
        return None
    return _within(seen, whole(row.get("apex_start")), whole(row.get("apex_end")))


def irrelevant_of(row: Mapping, seen: np.ndarray | None) -> list[int] | None:
    """1 for each seen frame that has nothing to do with the expression, else 0; None where all have."""
    start, count = whole(row.get("irrelevant_start")), whole(row.get("irrelevant_frames"))
    return None if None in (start, count) else _within(seen, start, start + count)


def _within(seen: np.ndarray | None, start: int | None, end: int | None) -> list[int] | None:
    """Which seen frames lie in start to end (exclusive) of the video; None where that is not known or empty."""
    if seen is None or None in (start, end) or end <= start:
        return None
    return ((seen >= start) & (seen < end)).astype(int).tolist()
