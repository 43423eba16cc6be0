"""The people of FACSimile: a number makes a face's skin, hair, glasses, beard and proportions."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from dfer_nb.facsimile.sketch import mix, shade

HAIR = ("bare", "short", "fringe", "long", "curly", "tied back", "parted", "scarf")
BARE, SHORT, FRINGE, LONG, CURLY, TIED, PARTED, SCARF = range(8)
BEARD = ("none", "stubble", "moustache", "full beard")
SKINS = (
    (242, 212, 190), (234, 197, 168), (226, 181, 146), (208, 160, 122),
    (184, 134, 98), (158, 110, 78), (130, 88, 62), (108, 72, 52),
)  # fmt: skip
HAIRS = ((24, 20, 20), (48, 32, 24), (84, 54, 34), (122, 82, 46), (196, 158, 96), (150, 70, 36))
EYES = ((70, 44, 28), (92, 60, 36), (70, 100, 140), (84, 116, 84), (110, 120, 124))
FRAMES = ((30, 28, 30), (86, 60, 40), (60, 66, 84))
CLOTHES = (
    (58, 74, 110), (120, 52, 56), (64, 96, 76), (88, 88, 92),
    (150, 120, 70), (96, 70, 120), (40, 40, 46), (176, 176, 170),
)  # fmt: skip


@dataclass(frozen=True, eq=False)  # compared by being the same object: quick keys for the caches
class Identity:
    """The looks of one person.

    Colours are RGB. `hair` and `beard` count in `HAIR` and `BEARD`; `glasses`: none, round or square. Lengths
    are in face units (`sketch`) or multiply those of an average face; `age` runs from 0 to 1.
    """

    number: int
    skin: tuple
    crease: tuple
    light: tuple
    lip: tuple
    brow: tuple
    lash: tuple
    iris: tuple
    iris_rim: tuple
    nostril: tuple
    hair_colour: tuple
    beard_colour: tuple
    clothes: tuple
    frame: tuple
    hair: int
    beard: int
    glasses: int
    age: float
    lashes: float
    monolid: float
    face_width: float
    taper: float
    square: float
    chin: float
    hairline: float
    parting: int
    eye_size: float
    eye_open: float
    eye_gap: float
    eye_tilt: float
    brow_y: float
    brow_arch: float
    brow_thickness: float
    nose_width: float
    nose_length: float
    shadow_side: int
    mouth_width: float
    upper_lip: float
    lower_lip: float
    asymmetry: float


@lru_cache(maxsize=4096)
def identity(number: int) -> Identity:
    """The person with this number (>= 0): the same looks every time, on every machine."""
    rng = np.random.default_rng([7, number])
    dark, age, masculine = rng.uniform(), rng.uniform() ** 1.6, bool(rng.uniform() < 0.5)
    styles = (BARE, SHORT, SHORT, SHORT, CURLY, PARTED, PARTED, FRINGE)
    if not masculine:
        styles = (FRINGE, LONG, LONG, LONG, CURLY, TIED, PARTED, SCARF)
    hair = int(rng.choice(styles))
    return Identity(
        number=number,
        hair=hair,
        age=age,
        beard=int(rng.choice((0, 0, 0, 1, 1, 2, 3))) if masculine else 0,
        glasses=int(rng.choice((0, 0, 0, 0, 0, 0, 0, 0, 1, 2))),
        lashes=0.0 if masculine else rng.uniform(0.3, 1),
        parting=int(rng.choice((-1, 1))),
        shadow_side=int(rng.choice((-1, 1))),
        **_colours(rng, dark, age, masculine, hair == SCARF),
        **_lengths(rng, masculine),
    )


def _colours(rng: np.random.Generator, dark: float, age: float, masculine: bool, scarf: bool) -> dict:
    """Colours of skin, hair and clothes; `dark` (0..1) runs along `SKINS`."""
    tone = dark * (len(SKINS) - 1)
    skin = mix(SKINS[int(tone)], SKINS[min(int(tone) + 1, len(SKINS) - 1)], tone % 1)
    hair = HAIRS[rng.integers(2 if dark > 0.5 else len(HAIRS))]
    if age > 0.62:
        hair = mix(hair, (190, 188, 186), (age - 0.5) * 1.6)
    brow = mix(shade(HAIRS[rng.integers(3)], 0.8), hair, 0.25)
    brow = mix(brow, (14, 10, 8), 0.25 + 0.6 * dark)  # darker than any skin: it must be seen
    crease = shade(mix(skin, (92, 30, 22), 0.35), 0.42 + 0.05 * (1 - dark))
    iris = EYES[rng.integers(2 if dark > 0.5 else len(EYES))]
    red = 0.75 * rng.uniform(0.3, 0.8 if masculine else 1.1)
    clothes, cloth = CLOTHES[rng.integers(len(CLOTHES))], CLOTHES[rng.integers(len(CLOTHES))]
    return {
        "skin": skin,
        "crease": crease,
        "light": mix(skin, (255, 246, 232), 0.6),
        "nostril": mix(crease, (20, 8, 8), 0.4),
        "lip": mix(shade(skin, 0.80), (178, 52, 62), red),
        "brow": brow,
        "lash": mix((30, 20, 18), (10, 8, 8), dark),
        "iris": iris,
        "iris_rim": shade(iris, 0.5),
        "hair_colour": cloth if scarf else hair,
        "beard_colour": mix(brow, hair, 0.5),
        "clothes": clothes,
        "frame": FRAMES[rng.integers(len(FRAMES))],
    }


def _lengths(rng: np.random.Generator, masculine: bool) -> dict:
    """Proportions of a face."""
    ranges = {
        "monolid": (0, 1),
        "face_width": (0.84, 0.93),
        "taper": (0.10, 0.30),
        "square": (0.3, 1.0) if masculine else (0, 0.5),
        "chin": (1.10, 1.18),
        "hairline": (-0.92, -0.82),
        "eye_size": (0.95, 1.10),
        "eye_open": (0.92, 1.10),
        "eye_gap": (0.95, 1.04),
        "eye_tilt": (-0.035, 0.015),
        "brow_y": (-0.50, -0.455),
        "brow_arch": (0.03, 0.07),
        "brow_thickness": (0.045, 0.058) if masculine else (0.036, 0.048),
        "nose_width": (0.85, 1.15),
        "nose_length": (0.92, 1.08),
        "mouth_width": (0.92, 1.10),
        "upper_lip": (0.055, 0.08),
        "lower_lip": (0.075, 0.105),
        "asymmetry": (-1, 1),
    }
    return {name: float(rng.uniform(*limits)) for name, limits in ranges.items()}
