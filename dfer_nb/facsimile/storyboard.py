"""What happens in a FACSimile clip: which expression when, what else the face does, what spoils the picture.

`script` turns one row of the plan (`casting.plan`) into action units and a view for every frame. Everything
random is keyed by (kind, draw, scene), so neither the order of the clips nor the number of processes
can change a frame.
"""

from dataclasses import dataclass, replace

import numpy as np

from dfer_nb.data.expressions import EXPRESSIONS, NEUTRAL
from dfer_nb.facsimile import motion
from dfer_nb.facsimile.face import Pose, View
from dfer_nb.facsimile.recipes import ACTION_UNITS, RECIPES, VARIANTS
from dfer_nb.facsimile.styles import KINDS, STYLES, Style, key

__all__ = ["FPS", "KINDS", "SIZE", "STYLES", "Script", "Style", "recipe", "script", "views"]

COLUMN = {au: column for column, au in enumerate(ACTION_UNITS)}
ACCENTS = (1, 2, 4, 5, 6, 7, 9, 10, 12, 15, 16, 17, 20, 23, 25, 26)  # units that mean something in an expression
RESTING = (1, 2, 4, 5, 7, 12, 15, 17, 23)  # units that a face may carry all day
GESTURES = ((1, 2), (12,), (4,), (17, 23), (18,), (7,), (10,))  # a brow flash, a polite half smile, a pressed lip, …


SIZE, FPS = 112, 25  # of the files: pixels, frames a second


def generator(kind: str, draw: int, number: int, purpose: int) -> np.random.Generator:
    """The random numbers of one clip for one purpose, whatever was drawn before."""
    return np.random.default_rng([11, key(kind), draw, number, purpose])


def recipe(rng: np.random.Generator, label: int, noise: float) -> np.ndarray:
    """Action units (A,) of one person's version of an expression at full intensity.

    A variant of `recipes.VARIANTS` completes it. With `noise` (0..1) it departs from the book: a unit comes
    out weaker, every unit is nearly left out with that probability, and up to two units join that do not belong.
    """
    name, target = EXPRESSIONS[label], np.zeros(len(ACTION_UNITS))
    variant = VARIANTS[name][rng.integers(len(VARIANTS[name]))]
    for au, weight in {**RECIPES[name], **variant}.items():
        target[COLUMN[au]] = weight
    target *= np.clip(1 - noise * np.abs(rng.normal(size=len(target))), 0.2, 1)
    target *= np.where(rng.uniform(size=len(target)) < noise, rng.uniform(0, 0.4, len(target)), 1)
    for au in rng.choice(ACCENTS, 2, replace=False):
        target[COLUMN[int(au)]] = max(target[COLUMN[int(au)]], 3 * noise * rng.uniform() ** 2)
    return np.minimum(target, 1)


def envelope(n: int, start: int, end: int, onset: int, offset: int) -> np.ndarray:
    """Strength (n,) of a movement: rises over `onset` frames, is 1 from start to end (exclusive), falls."""
    t = np.arange(n)
    ramp = np.minimum((t - (start - onset - 1)) / (onset + 1), (end + offset - t) / (offset + 1))
    ramp = np.clip(ramp, 0, 1)
    return ramp * ramp * (3 - 2 * ramp)


def wander(rng: np.random.Generator, n: int, width: float, columns: int = 1) -> np.ndarray:
    """Slow random movement (n, columns) of standard deviation `width`: a sum of three slow waves."""
    t = np.arange(n)[:, None, None] / 32
    phase, pace = rng.uniform(0, 2 * np.pi, (1, columns, 3)), rng.uniform(0.3, 1.6, (1, columns, 3))
    return width * np.sqrt(2 / 3) * np.sin(2 * np.pi * pace * t + phase).sum(axis=2)


def talking(rng: np.random.Generator, n: int, strength: float) -> np.ndarray:
    """Action units (n, A) of speech: syllables round and part the lips and open the jaw, with pauses."""
    aus, t = np.zeros((n, len(ACTION_UNITS))), np.arange(n)
    phrase = np.clip(wander(rng, n, 1.0)[:, 0] + 0.4, 0, 1)
    beat = 0.5 + 0.5 * np.sin(2 * np.pi * (t / rng.uniform(5, 9) + rng.uniform()))
    for au, low, high in ((18, 0.0, 0.6), (25, 0.5, 1.0), (26, 0.3, 0.8)):
        aus[:, COLUMN[au]] = strength * rng.uniform(low, high) * phrase * beat
    return aus


def blinking(rng: np.random.Generator, n: int) -> np.ndarray:
    """AU 43 (n,): blinks of about three frames, one every 15 to 50 frames."""
    shut, t = np.zeros(n), rng.integers(2, 30)
    while t < n:
        shut = np.maximum(shut, np.clip(1.3 - 0.6 * np.abs(np.arange(n) - t), 0, 1))
        t += rng.integers(15, 50)
    return shut


def resting_face(person: int, strength: float) -> np.ndarray:
    """Action units (A,) that this person's face carries at rest: some look stern, sad or amused when they are not."""
    rng = np.random.default_rng([23, int(person)])
    aus = np.zeros(len(ACTION_UNITS))
    for au in rng.choice(RESTING, 3, replace=False):
        aus[COLUMN[int(au)]] = strength * rng.uniform()
    return aus


def everyday(rng: np.random.Generator, style: Style, n: int, person: int) -> np.ndarray:
    """What a face does without meaning any of the seven: (n, A) of rest, talk, blinks and small gestures."""
    aus = np.clip(wander(rng, n, 0.035, len(ACTION_UNITS)) - 0.02, 0, None) + resting_face(person, style.rest)
    aus[:, COLUMN[19]] = 0  # nobody's tongue slips out idly
    if rng.uniform() < 0.6:
        aus = np.maximum(aus, talking(rng, n, style.talk * rng.uniform(0.4, 1)))
    for _ in range(1 + n // 40):
        start, length = rng.integers(n), rng.integers(3, 10)
        strength = style.idle * rng.uniform(0.5, 1.6) * envelope(n, start, start + length, 3, 3)
        for au in GESTURES[rng.integers(len(GESTURES))]:
            aus[:, COLUMN[au]] = np.maximum(aus[:, COLUMN[au]], strength)
    aus[:, COLUMN[43]] = blinking(rng, n)
    return aus


def timing(rng: np.random.Generator, row, style: Style) -> tuple[int, int, int, int]:
    """(apex start, apex end, onset, offset) in frames; a short apex lasts one to three frames.

    Where the plan asks for an irrelevant block, the movement keeps to the rest of the clip; where it asks for so many
    expressive frames, it takes them, about a place that does not depend on how many they are.
    """
    if row.expressive_frames:
        middle, ramp = rng.integers(style.n_frames // 4 + 1, 3 * style.n_frames // 4), (row.expressive_frames - 1) // 2
        ramp = min(2, int(ramp))
        length = int(row.expressive_frames) - 2 * ramp
        return int(middle) - length // 2, int(middle) - length // 2 + length, ramp, ramp
    room, (low, high) = style.n_frames - int(row.irrelevant_frames), style.apex
    length = int(rng.integers(1, 4)) if row.short_apex else int(rng.integers(low, high + 1))
    onset, offset = (int(v) for v in rng.integers(2, 4 if row.short_apex else 6, 2))
    length = min(length, room - onset - 2)
    start = int(rng.integers(onset, max(onset + 1, room - length - 1)))
    if row.irrelevant_frames and row.irrelevant_start == 0:
        start += int(row.irrelevant_frames)
    return start, start + length, onset, offset


def movements(row, style: Style, rng: np.random.Generator) -> tuple[np.ndarray, tuple[int, int], np.ndarray]:
    """Action units (T, A) without the irrelevant block, the apex window, and the expression's level (T,).

    A neutral face has no apex: its window is all that is not irrelevant.
    """
    if row.cue >= 0:
        return told_by_time(row, style, rng)
    n = style.n_frames
    start, end, onset, offset = timing(rng, row, style)
    level = envelope(n, start, end, onset, offset) * row.intensity
    meant = recipe(rng, row.true_label, style.au_noise)
    second = recipe(rng, row.second_label, style.au_noise) if row.second_label >= 0 else 0 * meant
    idle = everyday(rng, style, n, row.identity)
    if row.true_label == NEUTRAL:  # a second expression is no more than a hint
        aus = np.maximum(idle, 0.35 * envelope(n, n // 3, 2 * n // 3, 5, 5)[:, None] * second)
        first = int(row.irrelevant_frames) if row.irrelevant_start == 0 else 0
        last = int(row.irrelevant_start) if row.irrelevant_start > 0 else n
        return np.clip(aus, 0, 1), (first, last), np.zeros(n)
    meant = np.maximum(meant, 0.6 * second)
    tremble = 1 + wander(rng, n, 0.04, len(ACTION_UNITS))
    aus = np.maximum(level[:, None] * meant * tremble, idle * (1 - 0.6 * level[:, None]))
    aus[:, COLUMN[43]] = idle[:, COLUMN[43]] * (1 - 0.8 * level * meant[COLUMN[5]])  # wide eyes hardly blink
    return np.clip(aus, 0, 1), (start, end), level


def told_by_time(row, style: Style, rng: np.random.Generator) -> tuple[np.ndarray, tuple[int, int], np.ndarray]:
    """As `movements`, where order or pace alone tells the label: it decides nothing but the order of the frames."""
    n, cue = style.n_frames, motion.CUES[row.cue]
    levels = row.intensity * cue.course(rng, n)  # [T, looks]
    looks = np.stack([recipe(rng, look, motion.AU_NOISE) for look in cue.looks])  # [looks, A]
    loop = motion.there_and_back(rng, n)
    idle = everyday(rng, replace(style, **motion.CALM), n, row.identity)[loop]
    tremble = wander(rng, n, 0.04, len(ACTION_UNITS))[loop]
    meant, level = levels @ looks, levels.sum(axis=1)
    aus = np.maximum(meant * (1 + tremble), idle * (1 - 0.6 * level[:, None]))
    aus[:, COLUMN[43]] = idle[:, COLUMN[43]] * (1 - 0.8 * meant[:, COLUMN[5]])
    order = cue.order(row.true_label, n)
    return np.clip(aus, 0, 1)[order], cue.window(levels[order] / row.intensity, row.true_label), level[order]


def seen_by_time(row, frames: list[View], rng: np.random.Generator) -> list[View]:
    """The views of a clip that time alone tells: a loop, in the order that its label asks for."""
    n = len(frames)
    loop, order = motion.there_and_back(rng, n), motion.CUES[row.cue].order(row.true_label, n)
    return [replace(frames[loop[t]], grain_at=frames[t].grain_at) for t in order]


def views(style: Style, rng: np.random.Generator, n: int) -> list[View]:
    """How each of n frames is seen: slow head movement, one light and background, the crop's jitter."""
    turn, light = style.turn, style.light
    head = rng.normal(0, (turn, 0.6 * turn, 0.4 * turn)) + wander(rng, n, 0.25 * turn, 3)
    head = np.clip(head, (-0.75, -0.35, -0.35), (0.75, 0.35, 0.35))
    shift = np.clip(rng.normal(0, 0.012, 2), -0.03, 0.03) + wander(rng, n, 0.004, 2)
    scale = rng.uniform(0.95, 1.06) + wander(rng, n, 0.004)[:, 0]
    gaze = np.clip(rng.normal(0, 0.15, 2) + np.round(wander(rng, n, 0.2, 2), 1), -1, 1)
    wall = rng.uniform(50, 190) + rng.normal(0, 22, 3) + rng.normal(0, 22, (2, 2, 1)) + rng.normal(0, 8, (2, 2, 3))
    shared = {
        "light": (rng.normal(0, 0.3 + light), rng.uniform(-0.8, 0.1), rng.uniform(0.5, 1)),
        "contrast": rng.uniform(0.5 * light, 1.1 * light),
        "exposure": rng.uniform(1 - 0.4 * light, 1 + 0.3 * light),
        "tint": tuple(1 + rng.uniform(-0.06, 0.06, 3)),
        "background": np.clip(wall, 10, 240).astype(np.uint8),
        "grain": float(rng.integers(3, 9)) / 2,
    }
    marks = rng.integers(0, 1 << 20, n)
    poses = [Pose(*head[t], *shift[t], scale[t]) for t in range(n)]
    return [View(pose=poses[t], gaze=tuple(gaze[t]), grain_at=int(marks[t]), **shared) for t in range(n)]


def spoil(row, frames: list[View], rng: np.random.Generator) -> None:
    """Low quality, in place: too dark, blurred, or a hand in front; `row.severity` (0: not at all, to 1) says how."""
    severity, n = row.severity, len(frames)
    x, y, unit = 0.5 + rng.normal(0, 0.05), 1.32 - 0.74 * severity, 0.24 + 0.18 * severity
    angle, mirror, sway = rng.normal(0, 0.35), int(rng.choice((-1, 1))), wander(rng, n, 0.010, 3)
    for view, (dx, dy, turn) in zip(frames, sway, strict=True):
        if row.quality_kind == "dark":
            view.exposure *= 0.09**severity
            view.grain += round(2 * severity * (9 - view.grain)) / 2
        elif row.quality_kind == "blurred":
            view.blur = 0.075 * severity
        elif row.quality_kind == "occluded":
            view.hand = (x + dx, y + dy, unit, angle + 2 * turn, mirror)


def distract(row, style: Style, aus: np.ndarray, frames: list[View], rng: np.random.Generator) -> np.ndarray:
    """Puts the irrelevant block into a clip, in place; returns the identity number in every frame (T,)."""
    n, start, length = style.n_frames, int(row.irrelevant_start), int(row.irrelevant_frames)
    who, block = np.full(n, row.identity), slice(start, start + length)
    if row.irrelevant_kind in ("other expression", "other face"):
        level = envelope(n, start + 1, start + length - 1, 1, 1)[block, None] * rng.uniform(0.7, 1.0)
        person = row.other_identity if row.irrelevant_kind == "other face" else row.identity
        meant, idle = (
            recipe(rng, row.irrelevant_label, style.au_noise),
            everyday(rng, style, n, person)[block],
        )
        aus[block] = np.clip(np.maximum(level * meant, 0.5 * idle), 0, 1)
    if row.irrelevant_kind == "other face":
        who[block] = row.other_identity
        frames[block] = views(style, rng, n)[block]
    side, sway = int(rng.choice((-1, 1))), wander(rng, n, 0.016, 2)
    for t in range(start, start + length):
        depth = min(t - start, start + length - 1 - t)  # how far inside the block: 0 at its two ends
        if row.irrelevant_kind == "turned away":
            frames[t].away = depth >= 2
            frames[t].pose.yaw = side * (0.25 if depth >= 2 else 0.45 + 0.25 * depth)
        elif row.irrelevant_kind == "blocked":
            late = 0.35 * max(0, 1 - depth / 2)
            frames[t].hand = (0.5 + sway[t, 0], 0.62 + late + sway[t, 1], 0.46, 0.2 * side, side)
    return who


@dataclass
class Script:
    """One clip: aus (T, A), who (T,) identity numbers, T views, apex window, share of neutral frames."""

    aus: np.ndarray
    who: np.ndarray
    views: list[View]
    apex: tuple[int, int]
    neutral_share: float


def script(row, kind: str, draw: int) -> Script:
    """Everything that one row of the plan (a named tuple or Series) makes happen in its clip."""
    style = STYLES[kind]
    moving, seen, other, bad = (generator(kind, draw, int(row.scene), purpose) for purpose in range(4))
    aus, apex, level = movements(row, style, moving)
    frames = views(style, seen, style.n_frames)
    who, irrelevant = np.full(style.n_frames, row.identity), np.zeros(style.n_frames, bool)
    if row.irrelevant_frames:
        irrelevant[row.irrelevant_start : row.irrelevant_start + row.irrelevant_frames] = True
        who = distract(row, style, aus, frames, other)
    spoil(row, frames, bad)
    if row.cue >= 0:
        frames = seen_by_time(row, frames, seen)
    aus[[view.away for view in frames]] = 0  # nothing can be seen, so nothing is claimed
    return Script(aus, who, frames, apex, float(((level < 0.1) & ~irrelevant).mean()))
