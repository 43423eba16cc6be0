"""What the instances of a bag say (M3DFEL), against the known apex."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from dfer_nb.data.video import uniform
from dfer_nb.viewing.evidence.comparison import mean_cell
from dfer_nb.viewing.evidence.pointing import known_apex
from dfer_nb.viewing.evidence.records import reported_rows
from dfer_nb.viewing.page import Table, number
from dfer_nb.viewing.palette import need

MEASURES = {"support": "c", "attention": "a", "gate": "g"}  # and the first letter of their columns in a record
DRAWS = "Means over draws, in brackets the 95 % interval from four draws on."
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
    for record in several(records):
        rows = reported_rows(record, split)
        need(rows, "apex_start", "apex_end", "n_frames", "true_label", "i0", "c0")
        rows = known_apex(rows)
        inside = in_apex(rows, FRAMES).mean(1)
        rows = rows[(inside > 0) & (inside < 1)]
        parts.append(rows.assign(clip=f"{record.config['draw']}:" + rows["clip"]))
    return pd.concat(parts, ignore_index=True)


def alone_table(records: Mapping[str, object], split: str = "test") -> Table:
    """Single instances in and outside the apex: how often each kind is right alone, and agrees with its neighbour.

    records: network -> its record, or records of several draws. Of clips whose apex can be missed. A cell is the mean
    over draws, with its 95 % interval from four draws on (`statistics.over_draws`).
    """
    lines = {}
    for name, own in records.items():
        own = several(own)
        shares = pd.DataFrame([_alone(missable(record, split)) for record in own])
        lines[name] = {column: mean_cell(100 * shares[column], own, 0) for column in shares}
    note = ("In the apex: at least half of the instance's frames; outside: none of them. Clips whose apex can be "
            "missed: neutral ones are left out. Neighbours agree: the share of instances that say what the one before "
            f"them says. {DRAWS}")
    return Table(pd.DataFrame.from_dict(lines, orient="index"),
                 f"Instances that are right alone, percent; {_runs(records)}", note)


def _alone(rows: pd.DataFrame) -> dict[str, float]:
    """The shares of `alone_table` in the rows of one record; NaN where there is no such instance."""
    one = instance_table(rows)
    inside, right, wrong = one["apex"] >= 0.5, one["prediction"] == one["label"], one["answer"] != one["label"]
    same = (one["prediction"] == one.groupby("clip")["prediction"].shift())[one["instance"] > 0]
    return {"in the apex": right[inside].mean(), "in the apex, bag wrong": right[inside & wrong].mean(),
            "outside": right[one["apex"] == 0].mean(), "neighbours agree": same.mean()}


def several(records) -> list:
    """One record or several, as a list."""
    return list(records) if isinstance(records, Sequence) else [records]


def _runs(records: Mapping[str, object]) -> str:
    numbers = sorted({len(several(own)) for own in records.values()})
    return "one run of each" if numbers == [1] else f"{'/'.join(map(str, numbers))} draws of each"


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
    the place of its own. r: correlation with the share of frames in the apex, each over the mean of its place; its
    interval is over draws, from four on.
    """
    lines = {}
    for name, own in records.items():
        own = several(own)
        found = pd.DataFrame([_carried(missable(record, split)) for record in own])
        lines[name] = {"bags": number(found["bags"].mean(), 0)}
        for measure in MEASURES:
            most, shuffled, r = (found.get((measure, what)) for what in ("most", "shuffled", "r"))
            touches = "–" if r is None else f"{number(most.mean(), 0)}, shuffled {number(shuffled.mean(), 0)}"
            lines[name] |= {f"most {measure}": touches,
                            f"r of {measure}": "–" if r is None else mean_cell(r, own, 2, (-1, 1))}
    note = ("Of bags that are right, on clips whose apex can be missed. Shuffled: the same instances against the "
            "apexes of all clips, which is what the place in the bag alone would give. r: within places. "
            f"{DRAWS} A dash: this network has no such part.")
    return Table(pd.DataFrame.from_dict(lines, orient="index"),
                 f"The instance with the most … touches the apex, percent of the bags; {_runs(records)}", note)


def _carried(rows: pd.DataFrame) -> dict:
    """The numbers of `carrier_table` in the rows of one record: bags, and (measure, "most", "shuffled" or "r")."""
    rows = rows[rows["prediction"] == rows["label"]]
    share, found = in_apex(rows, bag_size(rows)), {"bags": len(rows)}
    touches = share > 0
    for measure, values in measured(rows).items():
        most = values.argmax(1)
        found |= {(measure, "most"): 100 * touches[np.arange(len(rows)), most].mean(),
                  (measure, "shuffled"): 100 * touches.mean(0)[most].mean(),
                  (measure, "r"): _correlation(values, share)}
    return found


def _correlation(values: np.ndarray, share: np.ndarray) -> float:
    x, y = over_place(values).ravel(), over_place(share).ravel()
    return float((x * y).sum() / np.sqrt(max((x * x).sum() * (y * y).sum(), 1e-12)))
