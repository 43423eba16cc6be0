"""Wrong labels, as tired and doubtful annotators give them: who is wrong, and what they say instead.

Which clips are labelled wrongly depends on nothing that makes a clip hard: weak, mixed, brief and irrelevant clips, and
those that are none of these, hold the same share. Bad pictures alone do: the worse, the more often.
"""

import numpy as np
import pandas as pd

from dfer_nb.data.expressions import EXPRESSIONS, NEUTRAL
from dfer_nb.facsimile.even import crossed, even_order

MOST = 0.5  # share of wrong labels that no kind exceeds: above it, a label would say more of the others
CONFUSED = {
    "Happy": ("Surprise", "Neutral"), "Sad": ("Fear", "Neutral"), "Neutral": ("Sad", "Angry"),
    "Angry": ("Disgust", "Sad"), "Surprise": ("Fear", "Happy"), "Disgust": ("Angry", "Sad"),
    "Fear": ("Surprise", "Sad"),
}  # fmt: skip
"""What each expression is taken for, the first twice as often as the second."""

LOOK_ALIKE = np.array([[EXPRESSIONS.index(CONFUSED[name][i]) for i in (0, 0, 1)] for name in EXPRESSIONS])
RUN = (3, 6)  # clips that one label is repeated for
TO_NEUTRAL, REPEATED, SWAPPED = "low intensity to neutral", "run of one label", "confusion"
WRONG_KINDS = (TO_NEUTRAL, REPEATED, SWAPPED)


def ambiguity(table: pd.DataFrame) -> np.ndarray:
    """How little each clip says about its expression (N,), 0 to 1: weak, mixed, brief and bad pictures say less."""
    vague = np.where(table.true_label == NEUTRAL, 0.35, 1 - table.intensity)
    vague = np.where(table.second_label >= 0, np.maximum(vague, 0.6), vague)
    vague = np.where(table.short_apex, np.maximum(vague, 0.5), vague)
    return np.clip(vague + 0.3 * table.severity.to_numpy(), 0, 1)


def add_wrong_labels(table: pd.DataFrame, rng: np.random.Generator, share: float) -> pd.DataFrame:
    """The clips with a wrong `given_label` for `share` of them, in an order in which runs of one label are neighbours.

    `wrong_from` is the share from which on a clip is one of them (1: never): labels that are wrong at one share are so,
    in the same way, at every greater one.
    """
    order = _who(table, rng)
    table = table.assign(wrong_from=1.0, wrong_kind="", noisy_label=table.true_label, run=-1)
    table.loc[order, "wrong_from"] = (np.arange(len(order)) + 0.5) / len(table)
    table.loc[order, "wrong_kind"] = _how(table.loc[order], rng)
    swapped, weak = (table.wrong_kind == kind for kind in (SWAPPED, TO_NEUTRAL))
    table.loc[swapped, "noisy_label"] = LOOK_ALIKE[table.true_label[swapped], rng.integers(3, size=swapped.sum())]
    table.loc[weak, "noisy_label"] = NEUTRAL
    _repeat(table, rng, order)
    table = table.iloc[_side_by_side(table, rng)].reset_index(drop=True)
    right = table.wrong_from >= share
    table["given_label"] = table.noisy_label.mask(right, table.true_label)
    table["wrong_kind"] = table.wrong_kind.mask(right, "")
    return table.drop(columns=["noisy_label", "run"])


def _who(table: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """The clips that are wrong at the greatest share, those first that are so at small ones too."""
    bad, hard = table.quality_kind != "", table.hard_why
    irrelevant = table.irrelevant_frames > 0
    calm = (hard == "") & ~irrelevant
    severity = np.where(bad, 1 + np.floor(10 * table.severity), 0)
    factors = [severity, hard, irrelevant, table.true_label, calm, crossed(hard, table.true_label),
               crossed(hard, irrelevant), bad, table.cue]
    rates = {0: np.where(bad, 2 * table.severity, 1)}  # none at severity 0, twice the usual share at 1
    return even_order(rng, round(MOST * len(table)), table.fold, factors, rates=rates)


def _how(wrong: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """In which way each of these clips is wrong: of the weak ones two in three are called Neutral.

    The rest repeat a label, more often the less they say (confirmation bias), or are taken for a look-alike. In each
    fold their numbers are what these odds add up to.
    """
    kind, odds = np.full(len(wrong), SWAPPED, object), ambiguity(wrong)
    for fold in np.unique(wrong.fold):
        weak = np.flatnonzero((wrong.fold == fold) & (wrong.hard_why == "low intensity"))
        kind[weak[(np.arange(len(weak)) + rng.integers(3)) % 3 > 0]] = TO_NEUTRAL
        others = np.flatnonzero((wrong.fold == fold) & (kind == SWAPPED))
        passed = np.floor(rng.uniform() + np.cumsum(odds[others]))
        kind[others[np.diff(passed, prepend=0) > 0]] = REPEATED
    return kind


def _repeat(table: pd.DataFrame, rng: np.random.Generator, order: np.ndarray) -> None:
    """Gives the clips that repeat a label their runs, in place: a few of one fold each, none of which shows it."""
    shares, number = table.true_label.value_counts(normalize=True).reindex(range(7), fill_value=0).to_numpy(), 0
    repeated = table.loc[order].query("wrong_kind == @REPEATED")
    for _, clips in repeated.groupby("fold"):
        names = list(clips.index)  # those first that are wrong at small shares too: a run is wrong as a whole
        while names:
            run, names = names[: (length := rng.integers(RUN[0], RUN[1] + 1))], names[length:]
            free = np.setdiff1d(np.arange(7), table.true_label[run])
            odds = shares[free] + 1e-3
            table.loc[run, "noisy_label"] = rng.choice(free, p=odds / odds.sum())
            table.loc[run, "run"], number = number, number + 1


def _side_by_side(table: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """An order of the rows, fold by fold, in which the clips of a run stand after one that shows their label."""
    rows = []
    for _, clips in table.reset_index(drop=True).groupby("fold"):
        blocks, used = [], set(clips.index[clips.run >= 0])
        for _, run in clips[clips.run >= 0].groupby("run"):
            shown = clips.index[(clips.true_label == run.noisy_label.iloc[0]) & (clips.wrong_from == 1)]
            first = [row for row in shown if row not in used][:1]
            used.update(first)
            blocks.append([*first, *run.sort_values("wrong_from").index])
        blocks += [[row] for row in clips.index if row not in used]
        rows += [row for block in rng.permutation(len(blocks)) for row in blocks[block]]
    return np.array(rows)
