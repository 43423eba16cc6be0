"""What the snippet-based filter is worth: which clips it turns, the gain, and the same with other snippets."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from dfer_nb.data.expressions import NEUTRAL
from dfer_nb.training import metrics
from dfer_nb.training.record import UNFILTERED
from dfer_nb.viewing.evidence.blocks import of
from dfer_nb.viewing.evidence.comparison import NOT_RUN, paired
from dfer_nb.viewing.evidence.filtering import asked
from dfer_nb.viewing.evidence.published import OTHER, load
from dfer_nb.viewing.evidence.records import describe, key, of_variant, reported_rows
from dfer_nb.viewing.evidence.short import PAIRED, of_pair, short
from dfer_nb.viewing.evidence.statistics import Effect
from dfer_nb.viewing.page import Table, number


def gained(split: str = "test", metric: str = "WAR") -> Callable:
    """What gives by how many points a metric of a record, "WAR" or "UAR", rises with its filter on a split."""
    def value(record) -> float:
        part = record.summary["reported"] if split == "test" else record.summary["slices"][split]
        return part[metric] - part[UNFILTERED][metric]

    return value


def gain(records: Sequence, variant: str, split: str = "test", metric: str = "WAR", together: int = 1) -> Effect | None:
    """The mean of `gained` over draws with Student's interval: it is one training. None without runs.

    together: how many such gains shall hold at once.
    """
    return of_pair(records, variant, "", gained(split, metric), together)


def net(record) -> float:
    """Percent of the short apexes that the filter saves, less percent of the clean Neutral clips that it breaks."""
    neutral = reported_rows(record, "clean", truth=False)["label"].eq(NEUTRAL).sum()
    saved, broken = turned(record, "short_apex"), turned(record, "clean")
    return 100 * (saved["rescued"] / saved["clips"] - broken["broken"] / neutral)


def growth(record) -> float:
    """By how many points the gain in WAR on the test clips rises from the first epoch to the last, on a line.

    The line goes through all epochs (least squares).
    """
    gains, epoch = record.epochs["test_war"] - record.epochs[f"test_war_{UNFILTERED}"], record.epochs["epoch"]
    return float(np.polyfit(epoch, gains, 1)[0] * (epoch.iloc[-1] - epoch.iloc[0]))


def turned(record, split: str) -> dict[str, int]:
    """How many clips of a split the filter turns.

    Of its `clips` were called Neutral without the filter: `missed`, which are not, and of which some are `rescued`
    (called what they are) and some `renamed` (wrongly); and `neutral`, which are, and of which some are `broken`.
    """
    rows = reported_rows(record, split, truth=False)
    own, said, label = (rows[name].to_numpy() for name in (UNFILTERED, "prediction", "label"))
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


def settings_table(records: Sequence, variant: str, settings: Mapping[str, tuple[int, int, float, float]],
                   paper: tuple[str, str] | None = None) -> Table:
    """WAR and UAR of the test clips with other snippets and thresholds, from what one network said of all (Table 2).

    records: with the limits of their snippets (`keep: limits`); settings: a row's name -> L, S, mu1, mu2. The
    difference is to the first row, paired by draw, all at once (Bonferroni). paper: a paper and its table, whose rows
    of these names stand beside ours. Raises BadInput for snippets that are not kept.
    """
    own, (first, *_) = [r for r in of_variant(records, variant) if r.features is not None], settings
    theirs, rows, found = load(*paper)["rows"] if paper else {}, {}, {}
    for name, wanted in settings.items():
        found[name] = pd.DataFrame({key(record)[:2]: _answered(record, *wanted) for record in own}).T
        known = {"WAR": NOT_RUN, "UAR": NOT_RUN, f"WAR, less {first}": NOT_RUN}
        if own:
            war, uar = found[name]["WAR"], found[name]["UAR"]
            less = "–" if name == first else short(paired(war, found[first]["WAR"], len(settings) - 1))
            known = {"WAR": number(war.mean()), "UAR": number(uar.mean()), f"WAR, less {first}": less}
        rows[name] = known | ({"WAR, paper": number(theirs.get(name, {}).get("WAR"), 2)} if paper else {})
    note = f"{PAIRED} {OTHER}" if paper else PAIRED
    return Table(pd.DataFrame.from_dict(rows, orient="index", dtype=object),
                 f"Test clips with other snippets and thresholds; {describe(own)}", note)


def _answered(record, *wanted) -> dict[str, float]:
    """WAR and UAR of a record's test clips with such snippets and thresholds."""
    rows = reported_rows(record, "test", truth=False).merge(record.features, on="clip")
    answers = asked(rows, record.config["model"]["length"] - 1, *wanted)
    return {"WAR": metrics.war(rows["label"], answers), "UAR": metrics.uar(rows["label"], answers)}
