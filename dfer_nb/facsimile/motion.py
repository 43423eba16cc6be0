"""Clips that only order or pace can tell: time courses whose twin shows the very same frames in another order.

A clip of this sort belongs to a cue, and a cue to two labels. Its frames are made without looking at the label; the
label says only in which order they are shown: as made, backwards, or half a clip later. So no frame and no unordered
set of frames can tell twins apart. What the face does besides (talk, blinks, head, light) runs in a loop that looks
alike backwards and from anywhere, so that the cue is the only thing that an order could give away.

Of a smile no frame tells anything even where its place is known, and of a turn three in four at most: both are seen
within a few frames. Of `rest` and `flash` a frame tells the label once its place is known: they need the whole clip.

A nod against a shake is left out: one frame of it already shows whether the head is tilted or turned.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dfer_nb.data.expressions import EXPRESSIONS

AU_NOISE = 0.02  # far below that of ordinary clips: a smile without its AU 12 could not be told at all
STRENGTH = (0.8, 1.0)  # intensities, of both labels alike
CALM = {"talk": 0.2, "idle": 0.1}  # a mouth that moves for another reason would hide how slowly a smile grows


def ramp(n: int, start: int, length: int) -> np.ndarray:
    """A smooth rise (n,) from 0 to 1: the `length` frames from `start` on are in between."""
    t = np.clip((np.arange(n) - start + 1) / (length + 1), 0, 1)
    return t * t * (3 - 2 * t)


def smile(rng: np.random.Generator, n: int) -> np.ndarray:
    """Level (n, 1) of a smile that grows slowly and ends quickly; backwards it snaps on and fades.

    Deliberate smiles have faster onsets and longer offsets than spontaneous ones (Schmidt, Ambadar, Cohn & Reed, 2006).
    That a spontaneous one also *ends* gently is given up here: forwards and backwards must hold the same frames. The
    clip may begin anywhere in the movement and then ends with what came before, so that no place in it tells.
    The quick end takes three or four frames: a quicker one leaves more traces in the compressed frames after it.
    """
    slow, hold, quick = rng.integers(15, 20), rng.integers(3, 6), rng.integers(3, 5)
    level = ramp(n, 0, slow) - ramp(n, slow + hold, quick)
    return np.roll(level, rng.integers(n))[:, None]


def turn(rng: np.random.Generator, n: int) -> np.ndarray:
    """Levels (n, 2) of one expression that turns into another within a sixth of a second.

    Surprise is the briefest expression, and passes into the one that follows it (Ekman & Friesen, Unmasking the Face,
    1975). It happens anywhere in the clip, whose first and last frame may cut the two short, so that neither of them
    owns a place in it.
    """
    first, second = rng.integers(6, 10, 2)
    rise, change, fall = rng.integers(2, 5, 3)
    start = rng.integers(4, n - change - 3)
    into = ramp(n, start, change)
    begin, end = ramp(n, start - first - rise, rise), ramp(n, start + change + second, fall)
    return np.stack([begin - into, into - end], axis=1)


def rest(rng: np.random.Generator, n: int) -> np.ndarray:
    """Levels (n, 2) of a strong resting look and of what comes in the middle half of the clip, and goes again.

    FACS scores what changes against a person's own neutral face, not what is always there (Ekman & Friesen, 1978), and
    neutral faces do look like expressions (Said, Sebe & Todorov, 2009).
    """
    change = rng.integers(2, 5)
    start = rng.integers(4, n - n // 2 - change - 3)
    middle = ramp(n, start, change) - ramp(n, start + n // 2, change)
    return np.stack([1 - middle, middle], axis=1)


def flash(rng: np.random.Generator, n: int) -> np.ndarray:
    """Level (n, 1) of an expression that breaks out late and stays; backwards it is there at once and is put down.

    What shows for a moment and is then suppressed was called a micro expression (Ekman & Friesen, 1969).
    """
    rise, stay = rng.integers(2, 5), rng.integers(8, 15)
    return ramp(n, n - stay - rise, rise)[:, None]


def backwards(n: int) -> np.ndarray:
    """Numbers (n,) of the frames, the last one first."""
    return np.arange(n)[::-1]


def half_a_clip_later(n: int) -> np.ndarray:
    """Numbers (n,) of the frames from the middle to the end, and on from the beginning."""
    return np.roll(np.arange(n), n // 2)


@dataclass(frozen=True)
class Cue:
    """Two labels that time alone tells apart.

    labels: of the frames as `course` makes them and as `reorder` shows them; looks: the expressions that a column of
    the course each stands for; share: of all clips told by time, both labels together; why: the rule, for a reader.
    """

    name: str
    labels: tuple[int, int]
    looks: tuple[int, ...]
    course: Callable
    reorder: Callable
    share: float
    why: str

    def order(self, label: int, n: int) -> np.ndarray:
        """Which of the frames as made is shown when, (n,)."""
        return np.arange(n) if label == self.labels[0] else self.reorder(n)

    def window(self, levels: np.ndarray, label: int) -> tuple[int, int]:
        """First frame of what the label is about, and the first one after it; levels (n, looks) as they are shown."""
        told = self.looks.index(label) if label in self.looks else 0
        steps = np.diff(levels[:, told] > 0.5, prepend=False, append=False)
        runs = np.flatnonzero(steps).reshape(-1, 2)  # a clip that begins within the movement may show it twice
        start, end = runs[np.argmax(runs[:, 1] - runs[:, 0])]
        return int(start), int(end)


HAPPY, SAD, NEUTRAL, ANGRY, SURPRISE, _, FEAR = range(len(EXPRESSIONS))

CUES = (
    Cue("smile", (HAPPY, NEUTRAL), (HAPPY,), smile, backwards, 0.32,
        "A smile that grows slowly is felt: Happy. One that snaps on and fades is posed: Neutral."),
    Cue("turn", (FEAR, SURPRISE), (SURPRISE, FEAR), turn, backwards, 0.22,
        "Surprise turns into fear: Fear. Fear relaxes into surprise: Surprise."),
    Cue("rest", (SAD, ANGRY), (ANGRY, SAD), rest, half_a_clip_later, 0.24,
        "The look at both ends is how this face rests. The label is what comes in between: Sad or Angry."),
    Cue("flash", (ANGRY, NEUTRAL), (ANGRY,), flash, backwards, 0.22,
        "Anger that breaks out and stays: Angry. Anger that is put down: Neutral, as the face goes on."),
)  # fmt: skip


def there_and_back(rng: np.random.Generator, n: int) -> np.ndarray:
    """Frame numbers (n,) of a loop: along half a clip and back, entered anywhere.

    Whatever happens in such a loop is as likely backwards, and as likely half a clip later.
    """
    t = np.arange(n)
    return np.roll(np.minimum(t, n - 1 - t), rng.integers(n))
