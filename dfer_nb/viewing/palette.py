"""The colours, sizes, marks and words that every figure and explorer shares.

The hues are those of Okabe and Ito's colour-blind safe palette; its yellow is left out (too pale on white).
"""

from pathlib import Path

import matplotlib.style
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patheffects import Normal, Stroke

from dfer_nb.errors import BadInput

STYLE = Path(__file__).with_name("style.mplstyle")
WIDTH = 7.0  # inches: the width of a page's text column at 100 dpi

EXPRESSION_COLOURS = {"Happy": "#E69F00", "Sad": "#0072B2", "Neutral": "#333333", "Angry": "#D55E00",
                      "Surprise": "#56B4E9", "Disgust": "#009E73", "Fear": "#CC79A7"}
GROUPS = ("ordinary", "hard", "noisy")  # in the order of their numbers in a record

# What the truth table says of a clip. Where several hold, the first one names the clip.
TRUTHS = {"wrong_label": "wrong label", "low_quality": "low quality", "hard": "hard"}
TRUTH_COLOURS = {"clean": "#8C8C8C", "wrong label": "#D55E00", "low quality": "#CC79A7", "hard": "#0072B2"}
# Why a clip is hard, as the truth's column `hard_why` says it. No clip is two of these.
HARD_KINDS = {"low intensity": "weak", "two expressions": "mixed", "short apex": "brief"}
# Variants in a figure of several lines.
VARIANT_COLOURS = {"plain": "#333333", "rdfer": "#0072B2", "loss-only": "#E69F00", "loss-drop": "#CC79A7",
                   "hard-only": "#56B4E9", "noisy-only": "#D55E00", "oracle-drop": "#009E73",
                   "clean-labels": "#333333"}
# Of a difference between variants, seen or not; the ground of the badge that says where our figures come from.
SEEN, UNSEEN, BADGE = "#0072B2", "#6E6E6E", "#F3C969"
HALO = [Stroke(linewidth=3.2, foreground="white"), Normal()]  # of a mark that is seen on the darkest bar too
# From full agreement downwards.
AGREEMENT_COLOURS = ("#0B3C5D", "#4A8DB7", "#A8CDE3", "#F2B880", "#D55E00", "#8C2D04")


def styled():
    """The book's style over matplotlib's defaults, whatever the session has set; also as `@styled()`."""
    return matplotlib.style.context(["default", STYLE])


def colour_of(variant: str) -> str:
    """The colour of a variant's line; one for all that have none of their own."""
    return VARIANT_COLOURS.get(variant, "#8C8C8C")


def panels(rows: int = 1, columns: int = 1, height: float = 3.5, width: float = WIDTH, **options):
    """A figure in the book's style and its axes; sizes in inches, `options` as for `Figure.subplots`.

    Made without pyplot, so that a notebook shows a figure once, where it asks for it.
    """
    figure = Figure(figsize=(width, height))
    return figure, figure.subplots(rows, columns, **options)


def need(table: pd.DataFrame, *columns: str) -> None:
    """Raise BadInput where a table is empty or lacks a column."""
    missing = [name for name in columns if name not in table]
    if missing:
        raise BadInput(f"the table has no column {', '.join(missing)}",
                       f"its columns: {', '.join(map(str, table))}",
                       "give rows of a record, such as tables.reported_rows(record, 'train')")
    if table.empty:
        raise BadInput("there are no clips to draw", "an empty table", "check how the rows were chosen")


def has_truth(clips: pd.DataFrame) -> bool:
    """Whether the truth about every clip's noise is known (FACSimile), or not (films)."""
    return all(flag in clips and clips[flag].notna().any() for flag in TRUTHS)


def truth_flags(clips: pd.DataFrame) -> dict[str, pd.Series]:
    """What the truth says of each clip, as a mask per kind; a clip can be of several kinds."""
    return {name: clips[flag].fillna(False).astype(bool) for flag, name in TRUTHS.items()}


def troubles(clips: pd.DataFrame) -> dict[str, pd.Series]:
    """Each trouble that a training clip can have, as a mask, what is hard by its kinds; a clip can have several.

    clips: rows with a truth's columns. "hard" is any of weak, mixed and brief.
    """
    why = {name: clips["hard_why"] == kind for kind, name in HARD_KINDS.items()}
    flags = {"wrong label": "wrong_label", "irrelevant frames": "irrelevant", "low quality": "low_quality"}
    known = {name: clips[flag].fillna(False).astype(bool) for name, flag in flags.items()}
    return {"wrong label": known.pop("wrong label"), **why, **known}


def truth_of(clips: pd.DataFrame) -> pd.Series:
    """One word a clip: "wrong label", "low quality", "hard" or "clean", in this order of precedence."""
    word = pd.Series("clean", index=clips.index)
    for name, mask in reversed(truth_flags(clips).items()):
        word[mask] = name
    return word
