"""The plan of a FACSimile dataset: one row a clip, who shows what, and which noise it carries.

Shares are kept exactly, not by chance: of 1400 clips with 10 % low quality, 140 are of low quality.
"""

import numpy as np
import pandas as pd

from dfer_nb.data.expressions import DFEW_COUNTS, EXPRESSIONS, NEUTRAL
from dfer_nb.facsimile.even import even_order, evenly
from dfer_nb.facsimile.labelling import add_wrong_labels
from dfer_nb.facsimile.motion import CUES, STRENGTH
from dfer_nb.facsimile.styles import STYLES, Style, key

SIZES = {"clips": 1400, "clean": 700, "slice_clips": 150}
FLOOR = 0.05  # DFEW has 1.2 % Disgust: too few clips to measure a recall with
NEUTRAL_SHARES = {"neutral50": 0.50, "neutral75": 0.75, "neutral90": 0.90, "neutral97": 0.97}
SLICES = {"short_apex": 2, "irrelevant": 1, "low_quality": 1, "low_intensity": 2, **dict.fromkeys(NEUTRAL_SHARES, 1)}
"""Name of a slice -> its size, in `slice_clips`: networks differ most on the clips that say least."""

QUALITY = ("dark", "blurred", "occluded")
IRRELEVANT = ("other expression", "turned away", "blocked", "other face")
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


def people(kind: str, draw: int, group: int, number) -> np.ndarray:
    """Identity numbers of a group (fold 1..5 or `EXTRAS`); no two groups, draws or kinds share a person."""
    return 10**12 * (key(kind) + 1) + 10**6 * draw + 10**4 * group + number


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
    for name in ("irrelevant_start", "irrelevant_frames", "expressive_frames"):
        table[name] = 0
    return table.assign(severity=0.0, short_apex=False, wrong_from=1.0)


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
                free = ordinary(table) & ((table.true_label == label) & (table.fold == fold)).to_numpy()
                chosen = rng.permutation(np.flatnonzero(free))[:n]
                table.loc[chosen, ["cue", "twin_label"]] = code, twin
                table.loc[chosen, "intensity"] = rng.uniform(*STRENGTH, len(chosen))


def ordinary(table: pd.DataFrame) -> np.ndarray:
    """Mask of the clips that frames tell."""
    return (table.cue < 0).to_numpy()


def add_hard(table: pd.DataFrame, rng: np.random.Generator, style: Style) -> None:
    """Makes clips hard, each in one way: mixed, weak or brief; the latter two are never Neutral. In place, as below."""
    n = len(table)
    label, fold = table.true_label, table.fold
    mixed = even_order(rng, round(style.mixed * n), fold, [label], ordinary(table))
    free = ordinary(table) & (label != NEUTRAL).to_numpy() & ~table.index.isin(mixed)
    rest = even_order(rng, round(style.weak * n) + round(style.short_apex * n), fold, [label], free)
    add_two_expressions(table, mixed, rng)
    add_low_intensity(table, rest[: round(style.weak * n)], rng, style)
    add_short_apex(table, rest[round(style.weak * n) :])


def add_two_expressions(table: pd.DataFrame, chosen: np.ndarray, rng: np.random.Generator) -> None:
    """Mixes a second expression into the first of the chosen clips."""
    table.loc[chosen, "hard_why"] = "two expressions"
    table.loc[chosen, "second_label"] = _another(rng, table.true_label[chosen])


def add_low_intensity(table: pd.DataFrame, chosen: np.ndarray, rng: np.random.Generator, style: Style) -> None:
    """Makes the expression of the chosen clips weak."""
    low, high = style.low_intensity
    table.loc[chosen, "hard_why"] = "low intensity"
    table.loc[chosen, "intensity"] = low + (high - low) * evenly(rng, len(chosen))


def add_short_apex(table: pd.DataFrame, chosen: np.ndarray) -> None:
    """Makes the expression of the chosen clips brief."""
    table.loc[chosen, "hard_why"] = "short apex"
    table.loc[chosen, "short_apex"] = True


def add_irrelevant(table: pd.DataFrame, chosen: np.ndarray, rng: np.random.Generator, n_frames: int) -> None:
    """Gives the chosen clips a block of frames at one end that shows something else than the clip's expression."""
    n = len(chosen)
    length = rng.integers(n_frames // 5, 3 * n_frames // 8 + 1, n)
    kind = np.resize(rng.permutation(IRRELEVANT), n)
    table.loc[chosen, "irrelevant_frames"] = length
    table.loc[chosen, "irrelevant_start"] = np.where(evenly(rng, n) < 0.5, 0, n_frames - length)
    table.loc[chosen, "irrelevant_kind"] = kind
    other = np.isin(kind, ("other expression", "other face"))
    table.loc[chosen, "irrelevant_label"] = np.where(other, _another(rng, table.true_label[chosen]), -1)


def add_low_quality(table: pd.DataFrame, chosen: np.ndarray, rng: np.random.Generator) -> None:
    """Gives the chosen clips one kind of bad quality, of every severity from 0 (nothing is seen of it) to 1."""
    table.loc[chosen, "quality_kind"] = np.resize(rng.permutation(QUALITY), len(chosen))
    table.loc[chosen, "severity"] = evenly(rng, len(chosen))


def five_folds(kind: str, draw: int, clips: int) -> pd.DataFrame:
    """The clips of the five folds, with every noise of their kind at its share, in each fold as in every other."""
    style, rng = STYLES[kind], np.random.default_rng([13, key(kind), draw, 0])
    sizes = enumerate(apportion(clips, np.ones(5)), start=1)
    table = pd.concat([blank(rng, kind, draw, fold, n) for fold, n in sizes], ignore_index=True)
    add_twins(table, rng, style.motion)
    add_hard(table, rng, style)
    factors = [table.true_label, table.hard_why, table.cue]
    irrelevant = even_order(rng, round(style.irrelevant * clips), table.fold, factors, ordinary(table))
    add_irrelevant(table, irrelevant, rng, style.n_frames)
    bad = even_order(rng, round(style.low_quality * clips), table.fold, [*factors, table.irrelevant_frames > 0])
    add_low_quality(table, bad, rng)
    return add_wrong_labels(table, rng, style.wrong)


def extra(kind: str, draw: int, name: str, n: int) -> pd.DataFrame:
    """The clean test clips, or one slice of clips that all share one difficulty and have no other.

    Slices by the share of neutral frames hold the same clips: nothing but the length of the expression differs. Clips
    that time alone tells (`motion`) are among the clean ones and those of low quality, as in the folds.
    """
    number = 1 + ("clean", *SLICES).index("neutral50" if name in NEUTRAL_SHARES else name)
    style, rng = STYLES[kind], np.random.default_rng([13, key(kind), draw, number])
    table = blank(rng, kind, draw, EXTRAS, n, expressive=name not in ("clean", "irrelevant", "low_quality"))
    table["slice"], everyone = name, rng.permutation(n)
    if name in ("clean", "low_quality"):
        add_twins(table, rng, style.motion)
    if name == "short_apex":
        add_short_apex(table, everyone)
    elif name == "irrelevant":
        add_irrelevant(table, everyone, rng, style.n_frames)
    elif name == "low_quality":
        add_low_quality(table, everyone, rng)
    elif name == "low_intensity":
        add_low_intensity(table, everyone, rng, style)
    elif name in NEUTRAL_SHARES:
        table["expressive_frames"] = max(1, round(style.n_frames * (1 - NEUTRAL_SHARES[name])))
    return table


def plan(kind: str, draw: int, clips: int, clean: int, slice_clips: int) -> pd.DataFrame:
    """All clips of a dataset, numbered from 1: `clips` in five folds, `clean` test clips, the slices (`SLICES`).

    `scene` keys what is random in a clip: its number, or that of the clip that it repeats in another length.
    """
    sizes = {"clean": clean, **{name: times * slice_clips for name, times in SLICES.items()}}
    tables = [five_folds(kind, draw, clips), *(extra(kind, draw, name, n) for name, n in sizes.items())]
    table = pd.concat([part for part in tables if len(part)], ignore_index=True)
    table.insert(0, "number", np.arange(1, len(table) + 1))
    table["scene"] = table.number
    for name in NEUTRAL_SHARES:
        table.loc[table.slice == name, "scene"] = table.number[table.slice == "neutral50"].to_numpy()
    return table
