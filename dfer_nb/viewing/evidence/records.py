"""What run records say of themselves: the clips they report, the groups of their clips, and what was run, in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dfer_nb import datasets
from dfer_nb.data.expressions import EXPRESSIONS
from dfer_nb.errors import BadInput


def reported_rows(record, split: str, truth: bool = True) -> pd.DataFrame:
    """A record's clip rows of a split in the epoch that it reports, with the truth's columns where there is a truth.

    truth: False leaves the truth out. Raises BadInput when the record has no such split in that epoch.
    """
    clips = record.clips
    if "epoch" in clips:  # a kept record may hold the reported epoch alone, and not say so
        clips = clips[clips["epoch"] == record.summary["reported"]["epoch"] - 1]
    rows = clips[clips["split"] == split].reset_index(drop=True)
    if rows.empty:
        raise BadInput(f"the record has no clips of split {split!r} in the epoch that it reports", "record.clips",
                       f"choose one of: {', '.join(clips['split'].unique())}")
    if record.truth is None or not truth:
        return rows
    extra = ["clip", *(name for name in record.truth if name not in rows)]
    return rows.merge(record.truth[extra], on="clip", how="left", validate="many_to_one")


def group_of(clips: pd.DataFrame, lambdas: Mapping[str, float]) -> pd.Series:
    """The group each training clip was put in, as a word, from its `weight` (RDFER, Eq. 2).

    lambdas: `record.config["method"]`. A group with the lambda of ordinary clips cannot be told from them.
    """
    words = {round(float(lambdas[f"lambda_{name}"]), 4): name for name in ("noisy", "hard", "ordinary")}
    return clips["weight"].astype(float).round(4).map(words).fillna("ordinary")


def score(record, split: str, metric: str) -> float:
    """WAR, UAR or a class's recall in percent, on "test" or a slice, in the epoch that is reported.

    Raises BadInput for another metric or split.
    """
    parts = {"test": record.summary["reported"], **record.summary["slices"]}
    if split not in parts:
        raise BadInput(f"the record has no split {split!r}", "record.summary", f"choose one of: {', '.join(parts)}")
    part = parts[split]
    check_metric(metric, tuple(part.get("recalls", EXPRESSIONS)))
    return part[metric] if metric in part else part["recalls"][metric]


def check_metric(metric: str, classes: Sequence[str] = EXPRESSIONS) -> None:
    """Raise BadInput for anything that is neither WAR nor UAR nor a class, whose name stands for its recall."""
    known = ("WAR", "UAR", *classes)
    if metric not in known:
        raise BadInput(f"there is no metric {metric!r}", "the metric", f"choose one of: {', '.join(known)}")


def key(record) -> tuple[int, int, int]:
    """Which run of a variant it is: fold, draw, seed."""
    return tuple(record.config[name] for name in ("fold", "draw", "seed"))


def of_variant(records: Iterable, variant: str | None) -> list:
    """The records of one variant, by fold, draw and seed. Raises BadInput for two records of the same run."""
    found = sorted((r for r in records if r.config["variant"] == variant), key=key)
    for one, other in zip(found, found[1:], strict=False):
        if key(one) == key(other):
            raise BadInput(f"two records of {variant}: fold, draw, seed = {key(one)}", "the records",
                           "choose further, such as by `threads`, or remove the one that an older code made")
    return found


def mean(records: Sequence, split: str, metric: str) -> float:
    """Mean of a metric over runs: over the seeds of each fold and draw first, then over these."""
    return float(np.mean([part.mean() for part in by_draw([score(r, split, metric) for r in records], records)]))


def by_draw(values: Iterable[float], records: Iterable) -> list[np.ndarray]:
    """One number a record -> one array for each fold and draw, over its seeds."""
    parts: dict[tuple, list[float]] = {}
    for value, record in zip(values, records, strict=True):
        parts.setdefault(key(record)[:2], []).append(value)
    return [np.array(part) for part in parts.values()]


@dataclass(frozen=True)
class Setting:
    """What some records have in common, and what runs they are: all that a table has to say beside its numbers."""

    dataset: str
    preset: str
    epochs: int
    folds: tuple[int, ...]
    runs: str

    @property
    def tier(self) -> str:
        """How much of the network was trained."""
        return "frozen features" if self.preset == "frozen" else "end to end"

    @property
    def badge(self) -> str:
        """The word that keeps our figures from being taken for a paper's."""
        return "frozen features" if self.preset == "frozen" else self.preset

    @property
    def fold_words(self) -> str:
        """Such as "fold 1"."""
        return f"fold{'s' if len(self.folds) > 1 else ''} {', '.join(map(str, self.folds))}"

    def __str__(self) -> str:
        parts = (self.dataset, self.fold_words, f"{self.preset} preset", self.tier, f"{self.epochs} epochs", self.runs)
        return ", ".join(parts)


def setting(records: Sequence) -> Setting:
    """The one setting of the records. Raises BadInput for none, or several datasets, presets or numbers of epochs."""
    kinds = sorted({(r.config["dataset"], r.config["preset"], r.config["training"]["epochs"]) for r in records})
    if len(kinds) != 1:
        raise BadInput(f"records of {len(kinds)} settings cannot stand side by side",
                       "; ".join(f"{dataset}, {preset} preset, {epochs} epochs" for dataset, preset, epochs in kinds),
                       "choose the records of one dataset, preset and number of epochs")
    return Setting(*kinds[0], tuple(sorted({r.config["fold"] for r in records})), runs(records))


def describe(records: Sequence) -> str:
    """The setting in words, also of no records at all. Raises BadInput as `setting` does."""
    return str(setting(records)) if records else "no records"


def runs(records: Sequence) -> str:
    """Such as "6 draws, a seed each" or "3 seeds x 2 draws", of each variant; the number of runs alone where uneven."""
    variants = {r.config["variant"] for r in records}
    cells = {(variant, *key(r)) for variant in variants for r in of_variant(records, variant)}
    parts = [sorted(set(column)) for column in zip(*cells, strict=True)]
    if len(cells) != np.prod([len(part) for part in parts]):
        places = {cell[:3] for cell in cells}  # without the seed
        even = len(places) == len(cells) == np.prod([len(part) for part in parts[:3]])
        return f"{_count(len(parts[2]), 'draw')}, a seed each" if even and len(parts[2]) > 1 else f"{len(cells)} runs"
    words = [_count(len(parts[3]), "seed")]
    if records[0].config["dataset"] in datasets.drawn():  # films are not drawn again
        words.append(_count(len(parts[2]), "draw"))
    return " x ".join(words)


def _count(n: int, word: str) -> str:
    return f"{n} {word}{'s' if n > 1 else ''}"


def rules(records: Iterable) -> str:
    """Which epoch the runs report, in a sentence; variants with a rule of their own are named."""
    found: dict[str, list[str]] = {}
    for record in records:
        variants = found.setdefault(record.summary["rule"], [])
        if record.config["variant"] not in variants:
            variants.append(record.config["variant"])
    if not found:
        return ""
    main = max(found, key=lambda rule: len(found[rule]))
    others = [f", but of {', '.join(names)} the {rule}" for rule, names in found.items() if rule != main]
    return f"Reported is the {main}{''.join(others)}."
