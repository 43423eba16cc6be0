"""What is known of a dataset before anything is decoded: counts, defects, size and time."""

import os
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from dfer_nb.data import looking, threads
from dfer_nb.data.choices import PLAIN, Reading
from dfer_nb.data.clips import each_split, natural, some
from dfer_nb.data.licensed import Licensed
from dfer_nb.data.looking import Seen
from dfer_nb.errors import BadInput

SHORT = 16  # frames that nearly all of this field's networks want
TRIED = 24  # clips that are decoded, for an estimate of the time


@dataclass
class Findings:
    """Of one dataset; everything in it is JSON.

    folds: fold -> what is known of it: splits, classes, numbering, missing; problems: what keeps a training from
    starting; notes: what does not, and should be known; decoded: whether every clip was, or a few; estimate: of the
    decoded frames.
    """

    dataset: str
    root: str
    read: dict = field(default_factory=dict)
    folds: dict = field(default_factory=dict)
    frames: dict = field(default_factory=dict)
    defects: dict = field(default_factory=dict)
    decoded: bool = False
    estimate: dict = field(default_factory=dict)
    problems: list = field(default_factory=list)
    notes: list = field(default_factory=list)

    @property
    def ready(self) -> bool:
        """Whether nothing was found that keeps a training from starting."""
        return not self.problems


@dataclass
class Options:
    """How decoded frames would be: side in pixels, frames kept of a clip; decode: decode every clip, not a few.

    Raises BadInput for numbers below 1.
    """

    size: int = 112
    max_frames: int = 64
    decode: bool = False
    progress: bool = False

    def __post_init__(self):
        for name in ("size", "max_frames"):
            if getattr(self, name) < 1:
                raise BadInput(f"{name} is {getattr(self, name)}", name, "give a whole number of at least 1")


def look(source: Licensed, root, reading: Reading = PLAIN, options: Options | None = None) -> Findings:
    """Read the lists of all folds that are there, look at every clip once, and decode a few clips, or all.

    Nothing is raised for what a dataset may have wrong: it is among the problems.
    """
    found, options = Findings(source.name, str(root)), options or Options()
    try:
        root = source.checked_root(root)
    except BadInput as error:
        found.problems.append(str(error))
        return found
    there = source.folds_of(root)
    tables = _folds(source, root, there, reading, found)
    if absent := [fold for fold in source.folds if fold not in there]:
        found.notes.append(f"there are lists of fold {_listed(there)} alone, and none of fold {_listed(absent)}")
    if tables:
        _published(source, tables, found)
        _clips(tables, found, reading, options)
    return found


def _listed(numbers) -> str:
    return ", ".join(map(str, numbers))


# ---------------------------------------------------------------- lists


def _folds(source: Licensed, root: Path, folds: tuple[int, ...], reading: Reading, found: Findings
           ) -> dict[int, pd.DataFrame]:
    """Labelled rows of each fold that can be read, with paths; what a run would stop at is among the problems."""
    tables, said = {}, {}  # ("problems" or "notes", words) -> folds
    for fold in folds:
        try:
            rows, numbering, place = source.found(root, fold, reading)
            tables[fold] = rows.assign(path=rows["clip"].map(place.paths))
            found.read = place.said(root)
            found.folds[fold] = _fold(source, tables[fold], numbering)
            if place.packed:
                said.setdefault(("notes", f"archives lie there, unpacked or not: {some(place.packed, 5)}"), []
                                ).append(fold)
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                found.read = source.with_clips(root, rows, numbering, place, reading).attrs["read"]
            for warning in (each for each in told if issubclass(each.category, UserWarning)):
                said.setdefault(("notes", str(warning.message)), []).append(fold)
        except BadInput as error:
            said.setdefault(("problems", str(error)), []).append(fold)
    for (where, words), own in said.items():
        getattr(found, where).append(words if own == list(folds) else f"fold {_listed(own)}: {words}")
    return tables


def _fold(source: Licensed, rows: pd.DataFrame, said: str) -> dict:
    """Clips of each split and class of a fold, beside the published ones."""
    fold, published = int(rows["fold"].iloc[0]), source.published
    splits = {}
    for split, part in rows.groupby("split", sort=False):
        count = part["label"].value_counts()
        splits[split] = {"clips": len(part), "missing": int(part["path"].isna().sum()),
                         "classes": {name: int(count.get(k, 0)) for k, name in enumerate(source.classes)}}
    expected = {}
    if published:
        test = published.test[source.folds.index(fold)]
        expected = {"test": test, "train": published.clips - test, "classes": dict(published.classes),
                    "by_split": {split: dict(known) for split, known in published.by_split.items()}}
    return {"labels": said, "splits": splits, "published": expected}


def _published(source: Licensed, tables: dict[int, pd.DataFrame], found: Findings) -> None:
    """A note where a fold has not as many clips as are published."""
    published = source.published
    if published and (odd := {fold: len(rows) for fold, rows in tables.items() if len(rows) != published.clips}):
        fold, clips = next(iter(odd.items()))
        note = f" ({published.note})" if published.note else ""
        found.notes.append(f"the lists of fold {fold} name {clips:,} clips, {published.clips:,} are published{note}")


# ---------------------------------------------------------------- clips


def _clips(tables: dict[int, pd.DataFrame], found: Findings, reading: Reading, options: Options) -> None:
    """Every clip on disk: its frames, and what is wrong with it; then what decoding a few, or all, says."""
    rows = pd.concat(tables.values()).dropna(subset="path")
    paths = rows.drop_duplicates("clip").set_index("clip")["path"]
    seen = _each(looking.look, paths, threads.LOOKING, "looking at clips", options)
    whole = paths[[clip for clip in paths.index if not seen[clip].defect]]
    tried = whole if options.decode else whole.iloc[:: max(len(whole) // TRIED, 1)][:TRIED]
    found.decoded, start = len(tried) == len(whole), time.perf_counter()
    decoded = _each(lambda path: looking.decode(path, options.max_frames, options.size), tried,
                    threads.DECODING if options.decode else 1, "decoding clips", options)
    seconds = (time.perf_counter() - start) * (1 if options.decode else 1 / threads.DECODING)
    seen |= decoded
    bad = {clip: each for clip, each in seen.items() if each.defect}
    for kind in sorted({each.defect for each in bad.values()}):
        own = sorted((clip for clip, each in bad.items() if each.defect == kind), key=natural)
        found.defects[kind] = {"clips": len(own), "such as": [f"{clip}: {bad[clip].words}" for clip in own[:5]]}
    if bad:
        _left_out(tables, bad, found, reading)
    lengths = pd.Series({clip: each.frames for clip, each in seen.items() if not each.defect}, dtype="int64")
    _lengths(rows, lengths, found)
    kept = [each.kept for each in decoded.values() if not each.defect]
    if kept:
        _estimate(lengths, kept, seconds / len(decoded), found, options)


def _each(what: Callable[[str], Seen], paths: pd.Series, workers: int, words: str, options: Options
          ) -> dict[str, Seen]:
    """Clip -> what `what` says of its path, with a bar of progress where that is wanted."""
    with ThreadPoolExecutor(workers) as pool:
        bar = tqdm(pool.map(what, paths), words, len(paths), unit="clip", delay=1, disable=not options.progress)
        return dict(zip(paths.index, bar, strict=True))


def _left_out(tables: dict[int, pd.DataFrame], bad: dict[str, Seen], found: Findings, reading: Reading) -> None:
    """Clips that cannot be read: a problem, or a note where they are left out and each split has others."""
    text = f"{len(bad)} clips cannot be read: {some(sorted(bad, key=natural), 5)}"
    if not reading.drop_broken:
        found.problems.append(f"{text}; copy or unpack them again, or leave them out with drop_broken")
        return
    found.notes.append(f"{text}; left out")
    for fold, rows in tables.items():
        try:
            each_split(rows[rows["path"].notna() & ~rows["clip"].isin(bad)], rows["split"].unique(),
                       f"the clips of fold {fold}", "copy or unpack these clips again")
        except BadInput as error:
            found.problems.append(str(error))


def _lengths(rows: pd.DataFrame, lengths: pd.Series, found: Findings) -> None:
    """Frames of the clips, as far as they say; short ones, and those of which a list says another number."""
    counted = lengths[lengths > 0]
    if silent := len(lengths) - len(counted):
        found.notes.append(f"{silent} videos do not say how many frames they have: decoding tells")
    if counted.empty:
        return
    found.frames = {"clips": len(counted), "frames": int(counted.sum()), "fewest": int(counted.min()),
                    "median": float(counted.median()), "most": int(counted.max()),
                    f"under {SHORT}": int((counted < SHORT).sum())}
    if (counted < SHORT).any():
        short = sorted(counted[counted < SHORT].index, key=natural)
        found.notes.append(f"{len(short)} clips have fewer than {SHORT} frames: {some(short, 5)}; their last one is "
                           "repeated")
    if "n" in rows:
        said = rows.drop_duplicates("clip").set_index("clip")["n"].astype("int64").reindex(counted.index)
        if (odd := said[said != counted]).size:
            found.notes.append(f"{len(odd)} clips have another number of frames than the list says: "
                               f"{some(odd.index, 5)}")


def _estimate(lengths: pd.Series, kept: list[int], seconds: float, found: Findings, options: Options) -> None:
    """Bytes and seconds of decoding all clips. kept: frames of those that were; seconds: a clip of all threads."""
    counted = lengths[lengths > 0].clip(upper=options.max_frames)
    mean = float(counted.mean()) if len(counted) else sum(kept) / len(kept)
    found.estimate = {"size": options.size, "max_frames": options.max_frames, "clips": len(lengths),
                      "bytes": int(len(lengths) * mean * options.size**2 * 3), "cores": os.cpu_count() or 1,
                      "seconds": round(seconds * len(lengths), 1)}
