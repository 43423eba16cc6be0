"""What the snippet-based filter is worth: which clips it turns, the gain, and the same with other snippets."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from dfer_nb.training import metrics
from dfer_nb.viewing.evidence.blocks import of
from dfer_nb.viewing.evidence.comparison import NOT_RUN, paired, per_draw
from dfer_nb.viewing.evidence.filtering import NEUTRAL, OWN, decided, unfiltered, windows
from dfer_nb.viewing.evidence.records import describe, key, of_variant, reported_rows, score
from dfer_nb.viewing.evidence.short import PAIRED, short
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


def settings_table(records: Sequence, variant: str, settings: Mapping[str, tuple[int, int, float, float]]) -> Table:
    """WAR and UAR of the test clips with other snippets and thresholds, from what one network said of all (Table 2).

    records: with the probabilities of their snippets (`keep: features`); settings: a row's name -> L, S, mu1, mu2. The
    difference is to the first row, paired by draw, all at once (Bonferroni). Raises BadInput for snippets that are not
    kept.
    """
    own, (first, *_) = [r for r in of_variant(records, variant) if r.features is not None], settings
    rows, found = {}, {}
    for name, asked in settings.items():
        found[name] = pd.DataFrame({key(record)[:2]: _asked(record, *asked) for record in own}).T
        if not own:
            rows[name] = dict.fromkeys(("WAR", "UAR", f"WAR, less {first}"), NOT_RUN)
            continue
        war, uar = found[name]["WAR"], found[name]["UAR"]
        less = "–" if name == first else short(paired(war, found[first]["WAR"], len(settings) - 1))
        rows[name] = {"WAR": number(war.mean()), "UAR": number(uar.mean()), f"WAR, less {first}": less}
    return Table(pd.DataFrame.from_dict(rows, orient="index", dtype=object),
                 f"Test clips with other snippets and thresholds; {describe(own)}", PAIRED)


def _asked(record, width: int, stride: int, mu1: float, mu2: float) -> dict[str, float]:
    """WAR and UAR of a record's test clips with such snippets and thresholds."""
    rows = reported_rows(record, "test", truth=False).merge(record.features, on="clip")
    said = windows(np.stack(rows["windows"]), record.config["model"]["length"] - 1, width, stride)
    answers = decided(rows, said.max(-1), said[..., NEUTRAL], mu1, mu2)
    return {"WAR": metrics.war(rows["label"], answers), "UAR": metrics.uar(rows["label"], answers)}
