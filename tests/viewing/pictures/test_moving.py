"""Clips that move on a page."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from dfer_nb.errors import BadInput
from dfer_nb.viewing.pictures.moving import SIDE, moving

GREY = np.linspace(0, 255, 8).astype(np.uint8)
FRAMES = np.broadcast_to(GREY[:, None, None, None], (8, 24, 24, 3))


def pictures(page: str) -> list[Image.Image]:
    found = re.findall(r"data:image/webp;base64,([^\"]+)", page)
    return [Image.open(io.BytesIO(base64.b64decode(data))) for data in found]


def test_every_frame_is_shown_in_order_and_one_stands_for_those_who_want_no_motion():
    page = moving({"“Sad”": FRAMES, "backwards": FRAMES[::-1]}, "A face, forwards and backwards.")._repr_html_()
    still, forwards, _, backwards = pictures(page)
    assert (still.n_frames, forwards.n_frames, backwards.n_frames) == (1, 8, 8) and forwards.size == (SIDE, SIDE)
    for clip, order in ((forwards, GREY), (backwards, GREY[::-1])):
        levels = []
        for number in range(8):
            clip.seek(number)
            levels.append(np.asarray(clip.convert("RGB")).mean())
        assert levels == pytest.approx(order.astype(float), abs=6)
    assert np.asarray(still.convert("RGB")).mean() == pytest.approx(GREY[4], abs=6)
    assert page.count("prefers-reduced-motion") == 2 and "<details open>" in page and "forwards and backwards" in page
    assert 'alt="“Sad”"' in page and len(page) < 60_000


def test_the_same_clips_give_the_same_bytes():
    assert moving({"a": FRAMES}, "A face.") == moving({"a": FRAMES}, "A  face.")
    assert repr(moving({"a": FRAMES}, "A face.")) == "Moving clips: A face."


@pytest.mark.parametrize(("clips", "alt"), [({}, "None."), ({"a": FRAMES}, " "), ({"a": FRAMES / 255}, "Floats."),
                                            ({"a": FRAMES[0]}, "One frame."), ({"a": FRAMES[:0]}, "No frame.")])
def test_what_cannot_be_shown_is_refused(clips, alt):
    with pytest.raises(BadInput, match=r"moving\(clips, alt\)"):
        moving(clips, alt)
