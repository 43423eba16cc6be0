"""The moving parts of a drawn face: brows, eyes, nose and mouth as action units shape them.

Every function takes the sketch, the looks of the face and `au`, a dict from FACS number to intensities (T, 1) of T
frames (0..1; names in `recipes.AU_NAMES`). Parts that come in pairs are drawn for the right side and mirrored.
Coordinates are those of `sketch`, y runs down. The numbers are lengths in face units, chosen by looking.
"""

import numpy as np

from dfer_nb.facsimile.sketch import MIRROR, Sketch, mix, shade

ALONG = np.linspace(0, 1, 9)  # from the inner to the outer end of a brow, from one end of a fold to the other
ACROSS = np.sin(np.linspace(-np.pi / 2, np.pi / 2, 17))  # from corner to corner of an eye or a mouth
DOME = np.sqrt(np.maximum(1 - ACROSS**2, 0))
LID, CORNERS = 1 - np.abs(ACROSS) ** 2.3, np.abs(ACROSS) ** 1.7
# along a brow: its arch, where AU 1 and AU 2 raise it, where AU 4 lowers it, and its thickness
ARCH, INNER, OUTER = np.sin(np.pi * ALONG**1.35), (1 - ALONG) ** 1.3, np.sin(np.pi * (0.12 + 0.62 * ALONG))
LOWERED, THICK = (1 - ALONG) ** 1.2, (1 - 0.72 * ALONG**1.6) * np.minimum(1, 0.6 + 3 * ALONG)
TURN = np.linspace(0, 2 * np.pi, 17)[:-1]
CIRCLE = np.stack([np.cos(TURN), np.sin(TURN)], axis=1)
EYE_X, EYE_Y, MOUTH_Y = 0.40, -0.20, 0.62


def points(*places) -> np.ndarray:
    """Points (T, n, 2) of n pairs (x, y), each a number or (T, 1)."""
    frames = max(np.size(number) for place in places for number in place)
    found = np.empty((len(places), 2, frames, 1))
    for spot, (x, y) in zip(found, places, strict=True):
        spot[0], spot[1] = x, y
    return np.ascontiguousarray(found[..., 0].transpose(2, 0, 1))


def oval(x, y, rx, ry) -> np.ndarray:
    """A closed ellipse (…, 16, 2); x, y, rx, ry: numbers or (T, 1)."""
    return _together(CIRCLE[:, 0] * rx + x, CIRCLE[:, 1] * ry + y)


def between(x: np.ndarray, above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """The closed shape (…, 2n, 2) between two edges (…, n) over the same x (…, n)."""
    there, back = _together(x, above), _together(x, below)[..., ::-1, :]
    return np.concatenate([there, back], axis=-2)


def _together(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x and y, each (n,) or (T, n), as points (…, n, 2)."""
    found = np.empty((*(x if x.ndim > y.ndim else y).shape, 2))
    found[..., 0], found[..., 1] = x, y
    return found


def brow_drop(au) -> np.ndarray:
    """How far AU 4 lowers the brows; AU 1 takes the lowering back, not the drawing together."""
    return au[4] * (1 - 0.8 * au[1])


def brows(sketch: Sketch, look, au) -> None:
    """AU 1 raises the inner ends, AU 2 the outer ends, AU 4 lowers the brows and draws them together."""
    drop, gap = brow_drop(au), look.eye_gap
    inner = 0.16 * gap - 0.085 * au[4] - 0.02 * au[9]
    y = look.brow_y + 0.03 * drop - look.brow_arch * ARCH - 0.20 * au[1] * INNER - 0.20 * au[2] * OUTER
    y = y + 0.21 * drop * LOWERED + 0.07 * au[1] * au[4] * ALONG
    y = y + 0.055 * au[9] * (1 - 0.7 * drop) * (1.4 - ALONG)
    thick = (look.brow_thickness * (1 + 0.2 * au[4])) * THICK
    shape = between(inner + (0.70 * gap - inner) * ALONG, y - thick, y + thick)
    skew = (0, 0.012 * look.asymmetry)
    sketch.fill_pair(shape * MIRROR - skew, shape + skew, look.brow, 0.04)


def lids(look, au) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """x (17,), upper and lower edge (each (…, 17)) of the right eye, and how open it is (0..1, AU 43).

    AU 5 raises the upper lid, AU 7 tightens both, AU 6 pushes the lower one up.
    """
    t, drop, wide, tense = ACROSS, brow_drop(au), look.eye_open, au[7] * (1 - 0.6 * au[1])
    open_ = 1 - au[43]
    up = 0.100 + 0.100 * au[5] * (1 - 0.72 * drop) - 0.034 * tense - 0.012 * drop - 0.032 * (au[6] + au[9])
    low = 0.074 + 0.022 * au[5] * (1 - drop) - 0.042 * tense - 0.038 * au[6] - 0.034 * au[9]
    up, low = np.maximum(wide * up, 0.03), np.maximum(wide * low, 0.02)
    # AU 1 with AU 4 lifts the inner part of the lid: the eyes of sadness
    corner = EYE_Y + look.eye_tilt * t + 0.040 * au[1] * au[4] * (0.3 - au[2]) * (t + 0.4)
    lower = corner + (low * open_ + 0.055 * (1 - open_)) * LID
    upper = np.minimum(corner - up * LID, lower) * open_ + lower * (1 - open_)
    return EYE_X * look.eye_gap + 0.22 * look.eye_size * t, upper, lower, open_


def eyes(sketch: Sketch, look, au, gaze) -> None:
    """Both eyes, with iris, lids and lashes; gaze (x, y) in -1..1, each (T, 1)."""
    x, upper, lower, open_ = lids(look, au)
    shown = open_ > 0.12
    sketch.fill(between(x, upper, lower), (240, 237, 232), both=True, where=shown)
    left, right = irises(x, upper, lower, gaze)
    for i, colour in enumerate((look.iris_rim, look.iris, (10, 8, 8))):
        sketch.fill_pair(left[i] * MIRROR, right[i], colour, where=shown)
    glint, dx = EYE_Y - 0.048 + 0.05 * gaze[1], 0.075 * gaze[0] + 0.03
    sketch.fill_pair(oval(dx - x[8], glint, 0.02, 0.02), oval(dx + x[8], glint, 0.02, 0.02), (255, 255, 255),
                     where=shown & (upper[..., 8:9] < glint - 0.03))
    below = _together(x, lower)[..., 2:-1, :]
    sketch.line(below, mix(look.skin, look.crease, 0.55 + 0.35 * au[7]), 0.02, both=True)
    sketch.fill(between(x, upper - 0.018, upper + 0.016), look.lash, 0.02, both=True)
    if look.lashes > 0.5:
        tip = points((x[-2], upper[..., -2:-1]), (x[-1] + 0.05, upper[..., -1:] - 0.055))
        sketch.line(tip, look.lash, 0.03, 0.02, both=True)


def irises(x: np.ndarray, upper: np.ndarray, lower: np.ndarray, gaze) -> np.ndarray:
    """Rim, iris and pupil of the left and right eye (2, 3, T, 16, 2), cut off at the lids, as right eyes."""
    discs = np.empty((2, 3, len(upper), 16, 2))
    discs[:] = CIRCLE * np.array([0.108, 0.086, 0.048])[:, None, None, None]
    discs[..., 0] += x[8] + 0.075 * gaze[0] * np.array([-1, 1])[:, None, None, None]
    discs[..., 1] += EYE_Y - 0.010 + 0.05 * gaze[1]
    high, low = (np.stack([np.interp(discs[:, :, t, :, 0], x, line) for t, line in enumerate(edge)], axis=2)
                 for edge in (upper, lower))
    discs[..., 1] = np.minimum(np.maximum(discs[..., 1], high), low)
    return discs


def nose(sketch: Sketch, look, au, tip: np.ndarray) -> None:
    """Bridge, tip and nostrils; AU 9 widens them (its wrinkles are folds)."""
    w, nine = look.nose_width, au[9]
    bridge, wing = [(0.105, -0.1), (0.07, -0.28), (0.035, -0.02)], (0.185 * w, tip - 0.01)
    side = points(*bridge, (0.09 * w, tip - 0.08), wing, (0.13 * w, tip - 0.13))
    sketch.fill(side * (look.shadow_side, 1), mix(look.skin, look.crease, 0.18), 0.05)
    shine = oval(-0.012 * look.shadow_side, tip - 0.05, 0.05 * w, 0.04)
    sketch.fill(shine, mix(look.skin, look.light, 0.32), 0.2)
    nostril = oval(0.085 * w, tip + 0.012, 0.05 * w + 0.01 * nine, 0.026 + 0.008 * nine)
    sketch.fill(nostril, look.nostril, 0.1, both=True)


def lips(look, au) -> dict:
    """Outline of the mouth: x, top and bottom of the opening, edges over and under the lips; each (…, 17)."""
    t, jaw = ACROSS, au[26]
    purse = np.minimum(1.0, 1.5 * jaw) * (1 - au[20]) * (1 - au[12])
    stretch = 0.34 * au[12] + 0.40 * au[20] + 0.04 * au[15] + 0.10 * au[10]
    stretch -= 0.13 * au[23] * (1 - au[10]) + 0.42 * au[18] + 0.24 * purse
    corner = -0.17 * au[12] + 0.15 * au[15] + 0.09 * au[20] + 0.03 * au[10]
    drop = 0.19 * jaw * (1 - 0.6 * au[12])
    lifted = 0.085 * au[10] + 0.05 * au[9] * (1 - 0.5 * au[10])
    lowered = 0.09 * au[16] * (1 - 0.6 * au[17])
    parted = 0.045 * au[25] * (1 + 0.9 * au[12]) + 0.03 * au[20]
    square = np.minimum(1.0, 0.9 * au[20] + 0.7 * au[10] + 0.5 * au[16])
    bow = (1 - np.abs(t) ** (2 + 3 * square)) ** (1 - 0.45 * np.maximum(purse, 0.8 * au[18]))
    base = MOUTH_Y - 0.035 * au[9] - 0.03 * au[10] - 0.05 * au[17] + corner * CORNERS + drop
    base = base + 0.010 * look.asymmetry * t
    top = base - (lifted + 0.25 * parted + drop + 0.05 * purse) * bow
    bottom = base + (lowered + parted + 0.40 * jaw - drop) * bow
    thin = 1 - 0.62 * au[23] - 0.28 * au[12] - 0.40 * au[20] - 0.15 * au[10] + 0.4 * au[18] - 0.15 * jaw
    thin = np.maximum(0.25, thin)
    dip = 1 - 0.22 * np.exp(-((t / 0.18) ** 2)) * (1 - 0.6 * au[20])
    over = top - look.upper_lip * thin * (1 - 0.3 * au[17]) * DOME * dip
    under = bottom + look.lower_lip * thin * (1 + 0.25 * au[17]) * DOME
    x = 0.315 * look.mouth_width * (1 + stretch) * t
    return {"x": x, "top": top, "bottom": bottom, "over": over, "under": under}


def mouth(sketch: Sketch, look, au, m: dict) -> None:
    """Lips and what they show; m: the outline from `lips`."""
    x, top, bottom = m["x"], m["top"], m["bottom"]
    sketch.fill(between(x, m["over"], top), shade(look.lip, 0.84), 0.05)
    sketch.fill(between(x, bottom, m["under"]), look.lip, 0.05)
    gap = (bottom - top).max(axis=-1, keepdims=True)
    sketch.fill(between(x, top, bottom), (54, 14, 18), 0.05, where=gap > 0.02)
    inside_mouth(sketch, au, m, gap, gap > 0.02)
    line, thick = (top + bottom) / 2, 0.017 + 0.008 * au[23]
    sketch.fill(between(x, line - thick, line + thick), shade(look.lip, 0.40), 0.05, where=gap <= 0.02)


def inside_mouth(sketch: Sketch, au, m: dict, gap: np.ndarray, shown: np.ndarray) -> None:
    """Tongue (AU 19 puts it out, AU 26 shows it) and teeth (AU 16 and AU 20 bare the lower ones).

    gap: how far the mouth is open; shown: whether far enough.
    """
    x, top, bottom = m["x"], m["top"], m["bottom"]
    tongue = np.maximum(bottom - (0.16 * au[26] + 0.06 * au[19]) * DOME**4, top)
    sketch.fill(between(x, tongue, bottom)[..., 3:-3, :], (168, 66, 72), 0.05, where=shown)
    length = 0.085 * np.minimum(1.0, 0.4 + au[12] + au[10] * (1 - 0.6 * au[9]) + 0.4 * au[20])
    row = np.s_[..., 2:-2]  # the corners of an open mouth stay dark, and teeth in a narrow gap lie in shadow
    colour = mix((70, 26, 28), (240, 236, 226), np.minimum(1.0, gap / 0.08))
    sketch.fill(between(x[row], top[row], np.minimum(top + length, bottom)[row]), colour, 0.05, where=shown)
    bared, row = 0.075 * np.minimum(1.0, 0.8 * au[16] + 0.6 * au[20]), np.s_[..., 3:-3]
    sketch.fill(between(x[row], np.maximum(bottom - bared, top)[row], bottom[row]), shade(colour, 0.94), 0.05,
                where=shown & (bared > 0.012))
    middle, out = bottom[..., 8:9], shown & (au[19] > 0.1)
    tip = oval(0, middle + 0.03 * au[19], 0.62 * x[..., -1:], 0.03 + 0.12 * au[19])
    sketch.fill(tip, (150, 50, 58), 0.08, where=out)
    sketch.fill(tip * (0.9, 1) - (0, 0.012), (196, 88, 92), 0.09, where=out)
    sketch.line(points((0, middle - 0.05), (0, middle + 0.07)), (170, 66, 72), 0.02, 0.09, where=out)
