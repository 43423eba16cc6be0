"""What the snippet-based filter is worth: which clips it turns, the gain, and the same with other snippets."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from dfer_nb.training import metrics
from dfer_nb.viewing.evidence.blocks import of
from dfer_nb.viewing.evidence.comparison import NOT_RUN, PAIRED, paired, per_draw
from dfer_nb.viewing.evidence.filtering import NEUTRAL, OWN, decided, unfiltered, windows
from dfer_nb.viewing.evidence.records import describe, key, of_variant, reported_rows, score
from dfer_nb.viewing.evidence.short import short
from dfer_nb.viewing.evidence.statistics import Effect
from dfer_nb.viewing.page import Table, number


def gain(records: Sequence, variant: str, split: str = "test", metric: str = "WAR", together: int = 1) -> Effect | None:
    """By how many points a metric rises with the filter, over draws: paired, for it is one training. None without runs.

    together: how many such gains shall hold at once.
    """
    own = of_variant(records, variant)
    ours = per_draw(own, variant, lambda record: score(record, split, metric))
    base = per_draw([unfiltered(record, variant) for record in own], variant,
                    lambda record: score(record, split, metric))
    return paired(ours, base, together) if own else None


def turned(record, split: str) -> dict[str, int]:
    """How many clips of a split the filter turns.

    Of its `clips` were called Neutral without the filter: `missed`, which are not, and of which some are `rescued`
    (called what they are) and some `renamed` (wrongly); and `neutral`, which are, and of which some are `broken`.
    """
    rows = reported_rows(record, split, truth=False)
    own, said, label = (rows[name].to_numpy() for name in (OWN, "prediction", "label"))
    missed, found = (own == NEUTRAL) & (label != NEUTRAL), (own == NEUTRAL) & (label == NEUTRAL)
    return {"clips": len(rows), "missed": int(missed.sum()), "rescued": int((missed & (said == label)).sum()),
            "renamed": int((missed & (said != own) & (said != label)).sum()), "neutral": int(found.sum()),
            "broken": int((found & (said != own)).sum())}


def turned_table(records: Sequence, variants: Sequence[str], splits: Sequence[str]) -> Table:
    """What the filter turns, a row a variant and split: means over draws, and the gain in WAR with its interval.

    records: of one dataset and preset, with their filter. All gains of the table are one family (Bonferroni).
    """
    rows, many = {}, len(variants) * len(splits)
    for variant in variants:
        for split in splits:
            own = of_variant(records, variant)
            name = f"{variant}, {split.replace('_', ' ')}"
            if not own:
                rows[name] = dict.fromkeys(("called Neutral, and are not", "rescued", "broken Neutral clips",
                                            "WAR gained"), NOT_RUN)
                continue
            mean = pd.DataFrame([turned(record, split) for record in own]).mean()
            rows[name] = {"called Neutral, and are not": f"{mean['missed']:.1f} of {mean['clips']:.0f}",
                          "rescued": f"{mean['rescued']:.1f}",
                          "broken Neutral clips": f"{mean['broken']:.1f} of {mean['neutral']:.1f}",
                          "WAR gained": short(gain(records, variant, split, together=many))}
    note = ("Clips, mean over draws. Rescued: called what they are, once Neutral is ruled out. Broken: Neutral clips "
            f"that were rightly called so, and are not any more. {PAIRED}")
    return Table(pd.DataFrame.from_dict(rows, orient="index", dtype=object), f"What the filter turns; "
                 f"{describe(of(records, variants))}", note)


def settings_table(records: Sequence, variant: str, widths: Sequence[int], strides: Sequence[int], mu1: float,
                   mu2: float) -> Table:
    """WAR and UAR of the test clips with other snippets, from what one network said of all of them (Table 2).

    records: with the probabilities of their snippets (`keep: features`). The difference in WAR is to the first
    width and stride, paired by draw, all at once (Bonferroni).
    """
    own = [record for record in of_variant(records, variant) if record.features is not None]
    pairs = [(width, stride) for width in widths for stride in strides]
    scores = {pair: {key(record)[:2]: _asked(record, *pair, mu1, mu2) for record in own} for pair in pairs}
    rows, first = {}, pd.DataFrame(scores[pairs[0]]).T
    for (width, stride), found in scores.items():
        table, name = pd.DataFrame(found).T, f"S={stride}, L={width}"
        if table.empty:
            rows[name] = dict.fromkeys(("WAR", "UAR", "WAR, less the first"), NOT_RUN)
            continue
        rows[name] = {"WAR": number(table["WAR"].mean()), "UAR": number(table["UAR"].mean()),
                      "WAR, less the first": "–" if (width, stride) == pairs[0] else short(
                          paired(table["WAR"], first["WAR"], len(pairs) - 1))}
    return Table(pd.DataFrame.from_dict(rows, orient="index", dtype=object),
                 f"Test clips, mu1 = {mu1}, mu2 = {mu2}, any stride and width; {describe(own)}", PAIRED)


def _asked(record, width: int, stride: int, mu1: float, mu2: float) -> dict[str, float]:
    """WAR and UAR of a record's test clips with such snippets."""
    rows = reported_rows(record, "test", truth=False).merge(record.features, on="clip")
    said = windows(np.stack(rows["windows"]), frames_of(record), width, stride)
    answers = decided(rows, said.max(-1), said[..., NEUTRAL], mu1, mu2)
    return {"WAR": metrics.war(rows["label"], answers), "UAR": metrics.uar(rows["label"], answers)}


def frames_of(record) -> int:
    """How many features a clip of a record has: T-1."""
    return record.config["model"]["length"] - 1
