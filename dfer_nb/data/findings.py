"""What there is to know of a user's dataset before anything is decoded: counts, defects, size and time."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from dfer_nb.data import frames, video
from dfer_nb.data.choices import PLAIN, Reading
from dfer_nb.data.clips import natural, some
from dfer_nb.data.licensed import Licensed
from dfer_nb.errors import BadInput

SHORT = 16  # frames that nearly all of this field's networks want
THREADS = 4
TRIED = 24  # clips that are decoded, for an estimate of the time
UNREADABLE, EMPTY, DOUBTFUL, BROKEN = "unreadable", "empty folder", "order of frames in doubt", "damaged video"


@dataclass
class Findings:
    """Of one dataset; everything in it is JSON.

    folds: fold -> what is known of it: splits, classes, numbering, missing; problems: what keeps a training from
    starting; notes: what does not, and should be known; estimate: of the decoded frames.
    """

    dataset: str
    root: str
    read: dict = field(default_factory=dict)
    folds: dict = field(default_factory=dict)
    frames: dict = field(default_factory=dict)
    defects: dict = field(default_factory=dict)
    estimate: dict = field(default_factory=dict)
    problems: list = field(default_factory=list)
    notes: list = field(default_factory=list)

    @property
    def ready(self) -> bool:
        """Whether a training can start."""
        return not self.problems


def look(source: Licensed, root, reading: Reading = PLAIN, size: int = 112, max_frames: int = 64) -> Findings:
    """Read the lists of all folds, look into every clip's folder once, and decode a few clips for an estimate.

    size, max_frames: of the decoded frames, for the estimate. Nothing is raised for what a dataset may have wrong: it
    is among the problems.
    """
    found, tables, said = Findings(source.name, str(root)), {}, {}
    for fold in source.folds:
        try:
            root = source.checked_root(root)
            rows, numbering = source.labelled(root, fold, reading)
            place = source.place(root, rows, reading)
        except BadInput as error:
            said.setdefault(("problems", str(error)), []).append(fold)
            continue
        tables[fold] = rows.assign(path=rows["clip"].map(place.paths))
        found.read = {"kind": place.kind.words, "folder": _below(place.folder, root), "clips": len(place.paths)}
        found.folds[fold] = _fold(source, tables[fold], numbering)
        for key in _missing(tables[fold], reading):
            said.setdefault(key, []).append(fold)
        if place.packed:
            said[("notes", f"archives lie there, unpacked or not: {some(place.packed, 5)}")] = []
    for (where, text), folds in said.items():
        every = not folds or folds == list(source.folds)
        getattr(found, where).append(text if every else f"fold {', '.join(map(str, folds))}: {text}")
    if tables:
        _known(source, tables, found)
        _clips(pd.concat(tables.values()), found, reading, size, max_frames)
    return found


def _below(folder: Path, root: Path) -> str:
    return folder.relative_to(root).as_posix() if folder.is_relative_to(root) else str(folder)


# ---------------------------------------------------------------- lists


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


def _known(source: Licensed, tables: dict[int, pd.DataFrame], found: Findings) -> None:
    """A note where a fold has not as many clips as are published."""
    published = source.published
    if published and (odd := {fold: len(rows) for fold, rows in tables.items() if len(rows) != published.clips}):
        fold, clips = next(iter(odd.items()))
        note = f" ({published.note})" if published.note else ""
        found.notes.append(f"the lists of fold {fold} name {clips:,} clips, {published.clips:,} are published{note}")


def _missing(rows: pd.DataFrame, reading: Reading) -> list[tuple[str, str]]:
    """("problems" or "notes", what) of the clips of a fold that are not on disk."""
    missing, said = rows["clip"][rows["path"].isna()], []
    for split in rows["split"].unique():
        if not rows["path"][rows["split"] == split].notna().any():
            said.append(("problems", f"no {split} clip is on disk"))
    if len(missing):
        text = f"{len(missing)} of {len(rows)} clips are not on disk: {some(sorted(missing, key=natural), 5)}"
        left_out = reading.drop_missing and not said
        said.append(("notes", f"{text}; left out") if left_out else
                    ("problems", f"{text}; unpack them, or leave them out with --drop-missing"))
    return said


# ---------------------------------------------------------------- clips


def _clips(rows: pd.DataFrame, found: Findings, reading: Reading, size: int, max_frames: int) -> None:
    """Frames of every clip on disk, and what is wrong with them; then the estimate."""
    clips = rows.dropna(subset="path").drop_duplicates("clip")
    with ThreadPoolExecutor(THREADS) as pool:
        seen = dict(zip(clips["clip"], pool.map(_seen, clips["path"], chunksize=64), strict=True))
    bad = {clip: words for clip, words in seen.items() if isinstance(words, tuple)}
    lengths = pd.Series({clip: n for clip, n in seen.items() if isinstance(n, int)}, dtype="int64")
    for kind in sorted({kind for kind, _ in bad.values()}):
        own = sorted((clip for clip, (each, _) in bad.items() if each == kind), key=natural)
        found.defects[kind] = {"clips": len(own), "such as": [f"{clip}: {bad[clip][1]}" for clip in own[:5]]}
    if bad:
        text = f"{len(bad)} clips cannot be read: {some(sorted(bad, key=natural), 5)}"
        left = len(bad) < len(seen)
        (found.notes if reading.drop_broken and left else found.problems).append(
            f"{text}; left out" if reading.drop_broken and left else f"{text}; copy or unpack them again, or leave "
            "them out with --drop-broken")
    _lengths(rows, lengths, found)
    whole = clips[~clips["clip"].isin(bad)]
    if len(whole):
        _estimate(whole["path"], lengths, found, size, max_frames)


def _seen(path: str):
    """Frames of a clip; 0 for a video, whose frames decoding counts; or (kind of defect, where) of a broken one."""
    try:
        if os.path.isdir(path):
            return len(frames.frames(path)) or (EMPTY, path)
        video.check_whole(Path(path))
        return 0
    except BadInput as error:
        kind = DOUBTFUL if "name" in error.what or "second version" in error.what else UNREADABLE
        return (BROKEN if os.path.isfile(path) else kind), f"{error.what}: {error.where}"


def _lengths(rows: pd.DataFrame, lengths: pd.Series, found: Findings) -> None:
    counted = lengths[lengths > 0]
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
        said = rows.drop_duplicates("clip").set_index("clip")["n"].astype(int).reindex(counted.index)
        if (odd := said[said != counted]).size:
            found.notes.append(f"{len(odd)} clips have another number of frames than the list says: "
                               f"{some(odd.index, 5)}")


def _estimate(paths: pd.Series, lengths: pd.Series, found: Findings, size: int, max_frames: int) -> None:
    """Bytes and seconds of decoding all clips, from a few that are decoded."""
    tried, start, kept = paths.iloc[:: max(len(paths) // TRIED, 1)][:TRIED], time.perf_counter(), []
    for path in tried:
        try:
            shown, _ = video.read_spread(path, max_frames, size)
        except BadInput as error:
            found.problems.append(f"a clip cannot be decoded: {error}")
        else:
            kept.append(len(shown))
    if kept:
        counted = lengths[lengths > 0].clip(upper=max_frames)
        mean = float(counted.mean()) if len(counted) else sum(kept) / len(kept)
        found.estimate = {"size": size, "max_frames": max_frames, "clips": len(paths),
                          "bytes": int(len(paths) * mean * size * size * 3), "cores": os.cpu_count() or 1,
                          "seconds": round((time.perf_counter() - start) / len(kept) * len(paths)
                                           / min(os.cpu_count() or 1, 8), 1)}
