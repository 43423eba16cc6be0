"""What the instances of a bag say (M3DFEL), against the known apex."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from dfer_nb.data.video import uniform
from dfer_nb.viewing.evidence.pointing import known_apex
from dfer_nb.viewing.evidence.records import reported_rows
from dfer_nb.viewing.page import Table
from dfer_nb.viewing.palette import need

MEASURES = {"support": "c", "attention": "a", "gate": "g"}  # and the first letter of their columns in a record
FRAMES = 16  # of a video, in every bag (M3DFEL, Sec. 4.2)


def bag_size(columns: Iterable[str]) -> int:
    """Number of instances that a record's columns (or its rows) tell of; 1 for a plain network, which has none."""
    return max(1, sum(name[0] == "i" and name[1:].isdigit() for name in columns))


def within(n_frames: int, start: int, end: int) -> np.ndarray:
    """Which of the 16 frames that a network sees of a video lie in its frames start to end (exclusive): (16,) bool."""
    seen = uniform(n_frames, FRAMES)
    return (seen >= start) & (seen < end)


def in_apex(rows: pd.DataFrame, size: int) -> np.ndarray:
    """Which share of the frames of each instance lies inside the known apex: (clips, size), 0..1.

    rows: with the truth's `n_frames`, `apex_start` and `apex_end` (exclusive), in frames of the raw video.
    """
    need(rows, "n_frames", "apex_start", "apex_end")
    clips = rows[["n_frames", "apex_start", "apex_end"]].astype(int).itertuples(index=False)
    inside = np.array([within(*clip) for clip in clips], bool)  # (clips, 16)
    return inside.reshape(len(rows), size, FRAMES // size).mean(2)


def instance_table(rows: pd.DataFrame) -> pd.DataFrame:
    """One line an instance: clip, instance (from 0), label, answer of the bag, prediction of the instance alone, apex.

    rows: test rows of a record, with its columns i0, i1, … (`m3dfel.BagTraining`). support, attention and gate are
    there where the record has them; apex, the share of the instance's frames inside the known apex, where it is known.
    Clips with an apex that nobody can miss (neutral ones) are kept. Raises BadInput for rows without instances.
    """
    size = bag_size(rows)
    need(rows, "i0", "label", "prediction")
    table = pd.DataFrame({
        "clip": rows["clip"].repeat(size).to_numpy(), "instance": np.tile(np.arange(size), len(rows)),
        "label": rows["label"].repeat(size).to_numpy(), "answer": rows["prediction"].repeat(size).to_numpy(int),
        "prediction": rows[[f"i{n}" for n in range(size)]].to_numpy(int).ravel(),
    })
    for name, values in measured(rows).items():
        table[name] = values.ravel()
    if "apex_start" in rows and rows["apex_start"].notna().any():
        table["apex"] = in_apex(rows, size).ravel()
    return table


def missable(records, split: str = "test") -> pd.DataFrame:
    """Rows of a split, of one record or of several of the same network, whose apex is known and can be missed.

    Neutral clips are out, and clips of whose 16 frames all lie in the apex or none. A clip is called draw:clip.
    Raises BadInput where no apex is known, or the record does not hold what its instances said.
    """
    parts = []
    for record in records if isinstance(records, Sequence) else [records]:
        rows = reported_rows(record, split)
        need(rows, "apex_start", "apex_end", "n_frames", "true_label", "i0", "c0")
        rows = known_apex(rows)
        inside = in_apex(rows, FRAMES).mean(1)
        rows = rows[(inside > 0) & (inside < 1)]
        parts.append(rows.assign(clip=f"{record.config['draw']}:" + rows["clip"]))
    return pd.concat(parts, ignore_index=True)


def alone_table(records: Mapping[str, object], split: str = "test") -> Table:
    """Single instances in and outside the apex: how often each kind is right alone, and agrees with its neighbour.

    records: network -> its record, or records of several draws. Of clips whose apex can be missed. Intervals: 95 %,
    as in `clustered`.
    """
    lines = {}
    for name, own in records.items():
        rows = missable(own, split)
        one = instance_table(rows)
        inside, right, wrong = one["apex"] >= 0.5, one["prediction"] == one["label"], one["answer"] != one["label"]
        same = (one["prediction"] == one.groupby("clip")["prediction"].shift())[one["instance"] > 0]
        lines[name] = {"in the apex": _of_clips(right[inside], one["clip"]),
                       "in the apex, bag wrong": _of_clips(right[inside & wrong], one["clip"]),
                       "outside": _of_clips(right[one["apex"] == 0], one["clip"]),
                       "neighbours agree": _of_clips(same, one["clip"])}
    note = ("In the apex: at least half of the instance's frames; outside: none of them. Clips whose apex can be "
            "missed: neutral ones are left out. Neighbours agree: the share of instances that say what the one before "
            "them says. In brackets the 95 % interval over clips.")
    return Table(pd.DataFrame.from_dict(lines, orient="index"),
                 f"Instances that are right alone, percent; {_runs(records)}", note)


def clustered(values: pd.Series, clips: pd.Series) -> tuple[float, float]:
    """Mean over instances, and half of its 95 % interval, which knows that instances of a clip go together.

    values and clips (names) share an index; values may be a part. A mean of sums over clips: the variance is that of
    a ratio, by clips (linearised). NaN for half of the interval of a single clip.
    """
    parts = values.astype(float).groupby(clips[values.index]).agg(["sum", "size"])
    mean, n = parts["sum"].sum() / parts["size"].sum(), len(parts)
    spread = ((parts["sum"] - mean * parts["size"]) ** 2).sum() * n / (n - 1) if n > 1 else np.nan
    return mean, 1.96 * np.sqrt(spread) / parts["size"].sum()


def _of_clips(mask: pd.Series, clips: pd.Series) -> str:
    """A share of instances in percent, with its interval."""
    if mask.empty:
        return "–"
    mean, half = clustered(mask, clips)
    return f"{100 * mean:.0f} ({100 * max(mean - half, 0):.0f} to {100 * min(mean + half, 1):.0f})"


def _runs(records: Mapping[str, object]) -> str:
    number = {len(own) if isinstance(own, Sequence) else 1 for own in records.values()}
    return "one run of each" if number == {1} else f"{'/'.join(map(str, sorted(number)))} runs of each, pooled"


def measured(rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """Support, attention and gate of every instance, each (clips, N), where the rows have them."""
    return {name: rows[[f"{letter}{n}" for n in range(bag_size(rows))]].to_numpy(float)
            for name, letter in MEASURES.items() if f"{letter}0" in rows and rows[f"{letter}0"].notna().all()}


def over_place(values: np.ndarray) -> np.ndarray:
    """What is above the mean of the same place in all bags: (clips, N) -> (clips, N).

    The convolution has a weight for each place, and the apex lies where a clip's middle is: both favour some places.
    """
    return values - values.mean(axis=0)


def carrier_table(records: Mapping[str, object], split: str = "test") -> Table:
    """Which instance carries the bag: does the one with most support, attention or gate lie in the apex?

    records: network -> its record, or records of several draws. Of clips whose apex can be missed and whose bag is
    right. A cell: in how many bags it touches the apex, and how many it would, were the apexes of other clips put in
    the place of its own. r: correlation with the share of frames in the apex, each over the mean of its place.
    """
    lines = {}
    for name, own in records.items():
        rows = missable(own, split)
        rows = rows[rows["prediction"] == rows["label"]]
        share, found = in_apex(rows, bag_size(rows)), measured(rows)
        lines[name] = {"bags": str(len(rows))}
        for measure in MEASURES:
            cells = _carried(found[measure], share) if measure in found else ("–", "–")
            lines[name] |= {f"most {measure}": cells[0], f"r of {measure}": cells[1]}
    note = ("Of bags that are right, on clips whose apex can be missed. Shuffled: the same instances against the "
            "apexes of all clips, which is what the place in the bag alone would give. r: within places, with its 95 % "
            "interval (bootstrap over clips). A dash: this network has no such part.")
    return Table(pd.DataFrame.from_dict(lines, orient="index"),
                 f"The instance with the most … touches the apex, percent of the bags; {_runs(records)}", note)


def _carried(values: np.ndarray, share: np.ndarray, times: int = 500) -> tuple[str, str]:
    """The two cells of a measure, from its values and the shares in the apex, both (clips, N)."""
    most, touches, n = values.argmax(1), share > 0, len(values)
    own, shuffled = touches[np.arange(n), most].mean(), touches.mean(0)[most].mean()
    lots = np.random.default_rng(0).integers(0, n, (times, n))
    again = [_correlation(values[lot], share[lot]) for lot in lots]
    low, high = np.quantile(again, [0.025, 0.975])
    r = _correlation(values, share)
    return f"{100 * own:.0f}, shuffled {100 * shuffled:.0f}", f"{r:.2f} ({low:.2f} to {high:.2f})"


def _correlation(values: np.ndarray, share: np.ndarray) -> float:
    x, y = over_place(values).ravel(), over_place(share).ravel()
    return float((x * y).sum() / np.sqrt(max((x * x).sum() * (y * y).sum(), 1e-12)))
