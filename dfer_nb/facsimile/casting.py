"""The plan of a FACSimile dataset: one row a clip, who shows what, and which noise it carries.

Shares are kept exactly, not by chance: of 1400 clips with 10 % low quality, 140 are of low quality.
"""

import numpy as np
import pandas as pd

from dfer_nb.data.expressions import DFEW_COUNTS, EXPRESSIONS, NEUTRAL
from dfer_nb.facsimile.motion import CUES, STRENGTH
from dfer_nb.facsimile.storyboard import KINDS, STYLES, Style

SIZES = {"clips": 1400, "clean": 700, "slice_clips": 150}
FLOOR = 0.05  # DFEW has 1.2 % Disgust: too few clips to measure a recall with
SLICES = ("short_apex", "irrelevant", "low_quality", "low_intensity")
QUALITY = ("dark", "blurred", "occluded")
IRRELEVANT = ("other expression", "turned away", "blocked", "other face")
CONFUSED = {"Fear": "Surprise", "Surprise": "Fear", "Disgust": "Angry", "Angry": "Disgust"}
LOOK_ALIKE = {EXPRESSIONS.index(a): EXPRESSIONS.index(b) for a, b in CONFUSED.items()}
CLIPS_PER_IDENTITY = 10
EXTRAS, EXTRA_PEOPLE = 6, 80  # the clips of no fold share one pool of people, who are in no train list


def class_shares() -> np.ndarray:
    """Share (7,) of each class: DFEW's, with a floor of 5 %."""
    counts = np.array([DFEW_COUNTS[name] for name in EXPRESSIONS], float)
    shares = counts / counts.sum()
    low = shares < FLOOR
    return np.where(low, FLOOR, shares * (1 - FLOOR * low.sum()) / shares[~low].sum())


def apportion(n: int, shares: np.ndarray) -> np.ndarray:
    """Whole numbers that sum to n, as near to n * shares as can be (largest remainders)."""
    wanted = n * np.asarray(shares) / np.sum(shares)
    counts = np.floor(wanted).astype(int)
    counts[np.argsort(counts - wanted, kind="stable")[: n - counts.sum()]] += 1
    return counts


def pick(rng: np.random.Generator, allowed: np.ndarray, n: int) -> np.ndarray:
    """Mask with n (or all, when there are fewer) of the allowed places set."""
    mask = np.zeros(len(allowed), bool)
    mask[rng.permutation(np.flatnonzero(allowed))[: max(0, n)]] = True
    return mask


def people(kind: str, draw: int, group: int, number) -> np.ndarray:
    """Identity numbers of a group (fold 1..5 or `EXTRAS`); no two groups, draws or kinds share a person."""
    return 10**12 * (KINDS.index(kind) + 1) + 10**6 * draw + 10**4 * group + number


def blank(
    rng: np.random.Generator, kind: str, draw: int, group: int, n: int, expressive: bool = False
) -> pd.DataFrame:
    """n rows without noise: labels in DFEW's shares (`expressive`: no Neutral), people of one group."""
    shares, (low, high) = class_shares(), STYLES[kind].intensity
    if expressive:
        shares[NEUTRAL] = 0
    label = rng.permutation(np.repeat(np.arange(7), apportion(n, shares)))
    cast = EXTRA_PEOPLE if group == EXTRAS else max(2, -(-n // CLIPS_PER_IDENTITY))
    who = rng.permutation(np.arange(n) % cast)
    table = pd.DataFrame({"fold": 0 if group == EXTRAS else group, "slice": "", "true_label": label})
    table["identity"] = people(kind, draw, group, who)
    table["other_identity"] = people(kind, draw, group, (who + 1 + rng.integers(cast - 1, size=n)) % cast)
    table["intensity"] = np.where(label == NEUTRAL, 0.0, rng.uniform(low, high, n))
    table["given_label"], table["second_label"], table["irrelevant_label"] = label, -1, -1
    table["cue"], table["twin_label"] = -1, -1
    for name in ("wrong_kind", "quality_kind", "irrelevant_kind", "hard_why"):
        table[name] = ""
    table["severity"], table["short_apex"], table["irrelevant_start"], table["irrelevant_frames"] = (
        0.0,
        False,
        0,
        0,
    )
    return table


def _another(rng: np.random.Generator, label: np.ndarray) -> np.ndarray:
    """Another expression than `label` for each clip, never Neutral."""
    choices = [[other for other in range(7) if other not in (mine, NEUTRAL)] for mine in label]
    return np.array([row[rng.integers(len(row))] for row in choices], int)


def add_twins(table: pd.DataFrame, rng: np.random.Generator, share: float) -> None:
    """Makes `share` of the clips such that order or pace alone tells their label (`motion`); in place, like all below.

    A cue's two labels are equally frequent among its clips, in every fold. These clips bear wrong labels and low
    quality; the other troubles would meet its two labels differently, or leave too little time.
    """
    for code, cue in enumerate(CUES if share else ()):  # a kind without such clips draws no random number for them
        folds = sorted(set(table.fold))
        wanted = np.roll(apportion(round(share * cue.share / 2 * len(table)), np.ones(len(folds))), code + 1)
        for label, twin in (cue.labels, cue.labels[::-1]):
            for fold, n in zip(folds, wanted, strict=True):
                chosen = pick(rng, ordinary(table) & ((table.true_label == label) & (table.fold == fold)).to_numpy(), n)
                table.loc[chosen, ["cue", "twin_label"]] = code, twin
                table.loc[chosen, "intensity"] = rng.uniform(*STRENGTH, int(chosen.sum()))


def ordinary(table: pd.DataFrame) -> np.ndarray:
    """Mask of the clips that frames tell."""
    return (table.cue < 0).to_numpy()


def add_short_apex(table: pd.DataFrame, rng: np.random.Generator, share: float) -> None:
    """Marks `share` of all clips, among those that show an expression."""
    allowed = ordinary(table) & (table.true_label != NEUTRAL).to_numpy()
    table["short_apex"] = pick(rng, allowed, round(share * len(table)))


def add_irrelevant(table: pd.DataFrame, rng: np.random.Generator, share: float, n_frames: int) -> None:
    """Gives clips a block of frames at one end that shows something else than the clip's expression."""
    chosen = pick(rng, ordinary(table), round(share * len(table)))
    n = int(chosen.sum())
    length = rng.integers(n_frames // 5, 3 * n_frames // 8 + 1, n)
    table.loc[chosen, "irrelevant_frames"] = length
    table.loc[chosen, "irrelevant_start"] = np.where(rng.uniform(size=n) < 0.5, 0, n_frames - length)
    table.loc[chosen, "irrelevant_kind"] = rng.permutation(np.resize(IRRELEVANT, n))
    other = np.where(
        table.irrelevant_kind.isin(("other expression", "other face")), _another(rng, table.true_label), -1
    )
    table.loc[chosen, "irrelevant_label"] = other[chosen]


def add_low_quality(table: pd.DataFrame, rng: np.random.Generator, share: float) -> None:
    """Gives clips one kind of bad quality and a severity between 0.25 and 1."""
    chosen = pick(rng, np.ones(len(table), bool), round(share * len(table)))
    n = int(chosen.sum())
    table.loc[chosen, "quality_kind"] = rng.permutation(np.resize(QUALITY, n))
    table.loc[chosen, "severity"] = rng.uniform(0.25, 1, n)


def add_low_intensity(table: pd.DataFrame, rng: np.random.Generator, share: float, style: Style) -> None:
    """Makes clips hard by a weak expression (never Neutral)."""
    weak = pick(rng, ordinary(table) & (table.true_label != NEUTRAL).to_numpy(), round(share * len(table)))
    table.loc[weak, "hard_why"] = "low intensity"
    table.loc[weak, "intensity"] = rng.uniform(*style.low_intensity, int(weak.sum()))


def add_two_expressions(table: pd.DataFrame, rng: np.random.Generator, share: float) -> None:
    """Makes clips hard by a second expression mixed into the first."""
    mixed = pick(rng, ordinary(table) & (table.hard_why == "").to_numpy(), round(share * len(table)))
    table.loc[mixed, "hard_why"] = "two expressions"
    table.loc[mixed, "second_label"] = _another(rng, table.true_label[mixed])


def add_wrong_labels(table: pd.DataFrame, rng: np.random.Generator, share: float, weak_share: float) -> None:
    """Changes `given_label` of `share` of the clips, as tired and doubtful annotators would.

    `weak_share` of them are weak expressions called Neutral; with these, 60 % stand in runs of one label; the rest are
    look-alikes swapped (fear and surprise, disgust and anger).
    """
    label, given, kind = (
        table[name].to_numpy().copy() for name in ("true_label", "given_label", "wrong_kind")
    )
    total = round(share * len(table))
    weak = pick(rng, (table.hard_why == "low intensity").to_numpy(), round(weak_share * total))
    given[weak], kind[weak] = NEUTRAL, "low intensity to neutral"
    while (left := round(0.6 * total) - int((kind != "").sum())) > 0:
        start, one, length = rng.integers(len(table)), rng.integers(7), rng.integers(4, 9)
        run = np.arange(start, min(start + length, len(table)))
        run = run[(label[run] != one) & (kind[run] == "")][:left]
        given[run], kind[run] = one, "run of one label"
    swap = pick(rng, np.isin(label, list(LOOK_ALIKE)) & (kind == ""), total - int((kind != "").sum()))
    given[swap], kind[swap] = [LOOK_ALIKE[v] for v in label[swap]], "confusion"
    table["given_label"], table["wrong_kind"] = given, kind


def five_folds(kind: str, draw: int, clips: int) -> pd.DataFrame:
    """The clips of the five folds, with every noise of their kind at its share."""
    style, rng = STYLES[kind], np.random.default_rng([13, KINDS.index(kind), draw, 0])
    sizes = enumerate(apportion(clips, np.ones(5)), start=1)
    table = pd.concat([blank(rng, kind, draw, fold, n) for fold, n in sizes], ignore_index=True)
    add_twins(table, rng, style.motion)
    add_short_apex(table, rng, style.short_apex)
    add_irrelevant(table, rng, style.irrelevant, style.n_frames)
    add_low_quality(table, rng, style.low_quality)
    add_low_intensity(table, rng, style.hard / 2, style)
    add_two_expressions(table, rng, style.hard / 2)
    add_wrong_labels(table, rng, style.wrong, style.weak_called_neutral)
    return table


def extra(kind: str, draw: int, name: str, n: int) -> pd.DataFrame:
    """The clean test clips, or one slice of clips that all share one difficulty and have no other.

    Clips that time alone tells (`motion`) are among the clean ones and those of low quality, as in the folds.
    """
    number = 1 + ("clean", *SLICES).index(name)
    style, rng = STYLES[kind], np.random.default_rng([13, KINDS.index(kind), draw, number])
    table = blank(rng, kind, draw, EXTRAS, n, expressive=name in ("short_apex", "low_intensity"))
    table["slice"] = name
    if name in ("clean", "low_quality"):
        add_twins(table, rng, style.motion)
    if name == "short_apex":
        add_short_apex(table, rng, 1.0)
    elif name == "irrelevant":
        add_irrelevant(table, rng, 1.0, style.n_frames)
    elif name == "low_quality":
        add_low_quality(table, rng, 1.0)
    elif name == "low_intensity":
        add_low_intensity(table, rng, 1.0, style)
    return table


def plan(kind: str, draw: int, clips: int, clean: int, slice_clips: int) -> pd.DataFrame:
    """All clips of a dataset, numbered from 1: `clips` in five folds, `clean` test clips, four slices."""
    sizes = {"clean": clean, **dict.fromkeys(SLICES, slice_clips)}
    tables = [five_folds(kind, draw, clips), *(extra(kind, draw, name, n) for name, n in sizes.items())]
    table = pd.concat([part for part in tables if len(part)], ignore_index=True)
    table.insert(0, "number", np.arange(1, len(table) + 1))
    return table
