"""What lies beside the clips of a FACSimile folder: DFEW's lists, the truth table, action units, and the data card."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from dfer_nb.data import patterns
from dfer_nb.data.dfew import SPLITS
from dfer_nb.data.expressions import EXPRESSIONS
from dfer_nb.facsimile import casting, trace
from dfer_nb.facsimile.motion import CUES
from dfer_nb.facsimile.recipes import ACTION_UNITS, AU_NAMES, RECIPES
from dfer_nb.facsimile.storyboard import FPS, SIZE
from dfer_nb.facsimile.styles import STYLES, drawn_as, steps

TRUTH = (
    "clip", "true_label", "given_label", "wrong_label", "wrong_kind", "wrong_from", "low_quality", "quality_kind",
    "severity", "hard", "hard_why", "second_label", "short_apex", "apex_start", "apex_end", "irrelevant",
    "irrelevant_frames", "irrelevant_start", "irrelevant_kind", "irrelevant_label", "neutral_share",
    "intensity", "identity", "fold", "slice", "n_frames",
    "motion_cue", "twin_label",
)  # fmt: skip


def lists_folder(kind: str) -> str:
    """The folder of a kind's lists, beside the clips; a step of the ladder has its own beside those of its clips."""
    return SPLITS + _step(kind)


def truth_file(kind: str) -> str:
    """The file of a kind's truth table, named likewise."""
    return f"truth{_step(kind)}.parquet"


def _step(kind: str) -> str:
    return kind.removeprefix(drawn_as(kind)) if kind else ""


def truth_table(table: pd.DataFrame, made: list[dict], n_frames: int) -> pd.DataFrame:
    """What is true of every clip of a plan; made: apex and neutral share of each, as they were drawn.

    A clip is hard when it is weak, mixed or brief, and `hard_why` says which.
    """
    truth = table.assign(
        clip=table.number.astype(str),
        wrong_label=table.given_label != table.true_label,
        low_quality=table.quality_kind != "",
        hard=table.hard_why != "",
        irrelevant=table.irrelevant_frames > 0,
        motion_cue=[CUES[code].name if code >= 0 else "" for code in table.cue],
        n_frames=n_frames,
        apex_start=[clip["apex"][0] for clip in made],
        apex_end=[clip["apex"][1] for clip in made],
        neutral_share=[clip["neutral_share"] for clip in made],
    )
    return truth[list(TRUTH)]


def lists(truth: pd.DataFrame) -> Iterator[tuple[str, int, pd.DataFrame]]:
    """Every list as (split, fold, its rows of clip and label from 0); a slice is a split of fold 0.

    Train lists have the given labels, test lists and slices the true ones.
    """
    for fold in range(1, 6):
        train, test = (truth.fold > 0) & (truth.fold != fold), truth.fold == fold
        yield "train", fold, _named(truth[train], "given_label")
        yield "test", fold, _named(truth[test], "true_label")
    for name in ("clean", *casting.SLICES):
        yield name, 0, _named(truth[truth.slice == name], "true_label")


def _named(truth: pd.DataFrame, label: str) -> pd.DataFrame:
    return pd.DataFrame({"clip": truth["clip"], "label": truth[label]})


def write(root: Path, table: pd.DataFrame, made: list[dict], kind: str, draw: int, sizes: dict) -> None:
    """CSV lists, truth tables, action units and, last, the card that says the dataset is whole; table: the plan."""
    truth = truth_table(table, made, STYLES[kind].n_frames)
    write_labels(root, truth, kind)
    ladder = {step: truth_table(casting.plan(step, draw, **sizes), made, STYLES[kind].n_frames) for step in steps(kind)}
    for step, labels in ladder.items():
        write_labels(root, labels, step)
    np.savez_compressed(
        root / "action_units.npz",
        intensity=np.concatenate([clip["aus"] for clip in made]),
        offsets=np.cumsum([0, *truth.n_frames]),
        clip=truth["clip"].to_numpy(str),
        action_units=np.array(ACTION_UNITS),
    )
    frames = hashlib.sha256("".join(clip["digest"] for clip in made).encode()).hexdigest()
    card = {"name": "FACSimile", "kind": kind, "draw": draw, "sizes": sizes, "frames_sha256": frames}
    card |= _describe(truth, kind)
    if ladder:
        card["other_lists"] = {lists_folder(step): _counts(labels, "wrong_kind") for step, labels in ladder.items()}
    text = json.dumps(card, indent=1, ensure_ascii=False)
    drawing = json.dumps(trace.drawing(kind))  # one long line: the card is for people to read, and this is not
    (root / "card.json").write_text(f'{text[:-2]},\n "drawing": {drawing}\n}}\n', encoding="utf-8")


def write_labels(root: Path, truth: pd.DataFrame, kind: str) -> None:
    """The truth table, and DFEW's CSV files."""
    for split, fold, rows in lists(truth):
        name = f"{split}(single-labeled)/set_{fold}.csv" if fold else f"slices/{split}.csv"
        patterns.write_list(root / lists_folder(kind) / name, rows)
    truth.to_parquet(root / truth_file(kind), index=False)


def _counts(truth: pd.DataFrame, column: str) -> dict[str, int]:
    """How many clips of the five folds have each value of a column, but for an empty one."""
    found = truth.loc[truth.fold > 0, column].value_counts()
    return {str(name): int(n) for name, n in found.items() if name != ""}


def _describe(truth: pd.DataFrame, kind: str) -> dict:
    """The data card's own words and counts: what this dataset is, for a person to read."""
    folds = truth[truth.fold > 0]

    labels = folds.groupby(["fold", "true_label"]).size().unstack(fill_value=0)
    return {
        "what": "Faces drawn from FACS action units, in files and lists like DFEW's. Labels start at 1.",
        "use": "To measure how methods cope with known noise. It says nothing about how people look or feel.",
        "licence": "MIT, like the code that draws it. It shows no real person.",
        "video": {"pixels": SIZE, "frames": STYLES[kind].n_frames, "frames_per_second": FPS},
        "clips": {
            "five folds": len(folds),
            **{name: int((truth.slice == name).sum()) for name in ("clean", *casting.SLICES)},
        },
        "identities": {
            "five folds": int(folds.identity.nunique()),
            "extra clips": int(truth[truth.fold == 0].identity.nunique()),
        },
        "true_labels_per_fold": {
            f"set_{fold}": {EXPRESSIONS[c]: int(n) for c, n in row.items()} for fold, row in labels.iterrows()
        },
        "noise_in_the_five_folds": {
            "wrong label, train lists only": _counts(truth, "wrong_kind"),
            "low quality": _counts(truth, "quality_kind"),
            "hard": _counts(truth, "hard_why"),
            "irrelevant frames": _counts(truth, "irrelevant_kind"),
        },
        "told_by_order_or_pace_alone": _counts(truth, "motion_cue"),
        "recipes": {
            name: {f"AU {au} {AU_NAMES[au]}": weight for au, weight in recipe.items()}
            for name, recipe in RECIPES.items()
        },
    }
