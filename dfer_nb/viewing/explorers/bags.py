"""The bag explorer: a clip, cut into more or fewer instances, and what each of them adds to the bag's answer."""

import re
from collections.abc import Mapping, Sequence
from numbers import Integral

import numpy as np
import pandas as pd
import traitlets

from dfer_nb.data.expressions import EXPRESSIONS
from dfer_nb.data.video import uniform
from dfer_nb.errors import BadInput
from dfer_nb.viewing.explorers.clips import FRAMES, apex_of, irrelevant_of, strip, whole
from dfer_nb.viewing.explorers.widget import StaticWidget, read
from dfer_nb.viewing.palette import EXPRESSION_COLOURS, need

DIGITS = 4  # of every number that travels to the browser
PROBABILITIES = [f"p{k}" for k in range(len(EXPRESSIONS))]
CHOOSE = "give rows of one split and epoch, such as records.reported_rows(record, 'test')"


class BagExplorer(StaticWidget):
    """Choose a clip and a bag size; see its instances, what each says, and how the bag comes to its answer.

    Made by `from_rows`. Traits: clip (a name) and bag_size, which follow the controls where there is a kernel, and
    move them; `shown` holds the numbers that the browser shows, which `state` computes here.
    Raises BadInput for a clip or a bag size that is not offered.
    """

    _esm = read("controls.js", "answers.js", "bags.js")
    _css = read("explorer.css", "bags.css")
    static = ("data", "clip", "bag_size")

    data = traitlets.Dict().tag(sync=True)
    clip = traitlets.Unicode().tag(sync=True)
    bag_size = traitlets.Int().tag(sync=True)
    shown = traitlets.Dict().tag(sync=True)

    @classmethod
    def from_rows(cls, rows: Mapping[int, pd.DataFrame], frames: Mapping[str, np.ndarray], **traits):
        """From the rows of runs that differ in bag size, and the pictures of the clips to offer, in that order.

        rows: bag size N -> a record's rows of one split and epoch: `clip`, `label`, `prediction`, `p0`..`p6`; for
        N > 1 also `i0`.. and `c0`.., and where the network has them `g0`.. and `a0`.. (see m3dfel.BagTraining); of
        the truth, where it is known, `true_label`, `apex_start`, `apex_end` (exclusive), `irrelevant_start`,
        `irrelevant_frames` (how many), `n_frames`; frames are those of the video.
        frames: clip -> (16, H, W, 3) uint8, the middles of 16 equal segments. They are stored 48 px high.
        clip and bag_size: what is shown first; else the first clip, and the paper's four instances if there are any.
        Raises BadInput for no clips or bag sizes, pictures of another shape, a clip that some rows lack or have
        twice, labels that differ between rows, N that does not divide 16 or does not fit the columns, and numbers
        that are not finite.
        """
        names = list(frames)
        if not names or not rows:
            raise BadInput("there are no clips, or no bag sizes", "BagExplorer", "give at least one of each")
        strips = {name: strip(name, pictures) for name, pictures in frames.items()}
        chosen = {size: _chosen(size, rows[size], names) for size in rows}
        sizes = sorted(chosen)
        data = {"expressions": list(EXPRESSIONS), "colours": [EXPRESSION_COLOURS[name] for name in EXPRESSIONS],
                "clips": [fact | {"strip": strips[fact["clip"]]} for fact in _facts(list(chosen.values()), names)],
                "bags": [{"bag_size": size, "answers": _answers(size, chosen[size])} for size in sizes]}
        first = {"clip": names[0], "bag_size": 4 if 4 in sizes else sizes[-1]}
        return cls(data=data, **first | traits)

    @traitlets.validate("clip", "bag_size")
    def _offered(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        part = "clips" if name == "clip" else "bags"
        known = [one[name] for one in self.data.get(part, ())]
        if value not in known:
            raise BadInput(f"there is no {name} {value!r}", "BagExplorer",
                           f"choose one of: {', '.join(map(str, known))}")
        return value

    def describe(self) -> str:
        """What the explorer is, without numbers that differ between machines."""
        return ("Bag explorer: choose a clip and a bag size, and see its instances, what each of them predicts alone, "
                "what it adds to the bag's answer, and that answer. It needs JavaScript.")

    def state(self, clip: str | None = None, bag_size: int | None = None) -> dict:
        """The numbers that the browser shows of a clip and a bag size (else the chosen ones), computed here.

        Keys: clip, bag_size, label, true_label (None where unknown), answer, probability (of the answer), right
        (whether answer and label agree), probabilities (7,), agree (how many instances say the answer alone),
        strongest (number of the instance that adds most, from 1; None without a bag), and instances: for each its
        prediction, support, gate, attention, and apex, the share of its frames there (each None where unknown).
        """
        names = [one["clip"] for one in self.data["clips"]]
        sizes = [one["bag_size"] for one in self.data["bags"]]
        clip, bag_size = self.clip if clip is None else clip, self.bag_size if bag_size is None else bag_size
        if clip not in names or bag_size not in sizes:
            raise BadInput(f"there is no clip {clip!r} in bags of {bag_size!r}", "BagExplorer.state",
                           f"choose one of: {', '.join(names)}; {', '.join(map(str, sizes))}")
        k = names.index(clip)
        fact, answer = self.data["clips"][k], self.data["bags"][sizes.index(bag_size)]["answers"][k]
        said, true = answer["prediction"], fact["true_label"]
        instances = [_instance(fact, answer, n) for n in range(len(answer["i"]))]
        return {"clip": clip, "bag_size": bag_size, "label": EXPRESSIONS[fact["label"]],
                "true_label": None if true is None else EXPRESSIONS[true], "answer": EXPRESSIONS[said],
                "probability": answer["p"][said], "right": said == fact["label"], "probabilities": answer["p"],
                "agree": answer["i"].count(said), "instances": instances,
                "strongest": int(np.argmax(answer["c"])) + 1 if instances else None}


def _instance(fact: dict, answer: dict, n: int) -> dict:
    length, apex = FRAMES // len(answer["i"]), fact["apex"]
    share = None if apex is None else sum(apex[n * length:(n + 1) * length]) / length
    gate, attention = (None if answer[name] is None else answer[name][n] for name in "ga")
    return {"prediction": EXPRESSIONS[answer["i"][n]], "support": answer["c"][n], "gate": gate,
            "attention": attention, "apex": share}


def _chosen(size: int, rows: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """The rows of the clips to offer, in their order, after a look at the columns and their values."""
    where = f"bag size {size}"
    if not isinstance(size, Integral) or size < 1 or FRAMES % size:
        raise BadInput(f"{FRAMES} frames cannot be cut into {size} equal instances", where, "use 1, 2, 4, 8 or 16")
    need(rows, "clip", "label", "prediction", *PROBABILITIES)
    found = sorted(int(name[1:]) for name in map(str, rows) if re.fullmatch(r"i\d+", name))
    if found != list(range(size if size > 1 else 0)):
        raise BadInput(f"the rows tell of {len(found)} instances", where,
                       "give each bag size its own rows; those of size 1 are a plain network's, without instances")
    letters = [letter for letter in ("icga" if size > 1 else "") if letter in "ic" or f"{letter}0" in rows]
    numbers = [*PROBABILITIES, *(f"{letter}{n}" for letter in letters for n in range(size))]
    need(rows, *numbers)
    kept = rows[rows["clip"].isin(names)]
    missing = [name for name in names if name not in set(kept["clip"])]
    if missing or len(kept) > len(names):
        raise BadInput(f"no row for {', '.join(missing)}" if missing else "several rows for one clip", where, CHOOSE)
    kept = kept.set_index("clip").loc[list(names)]
    classes = kept[["label", "prediction", *(name for name in numbers if name[0] == "i")]].to_numpy(float)
    if not np.isfinite(kept[numbers].to_numpy(float)).all():
        raise BadInput("a number is not finite", where, "look at the run: such a network learnt nothing")
    if not np.isin(classes, range(len(EXPRESSIONS))).all():
        raise BadInput("a label or a prediction is none of the classes 0 to 6", where, CHOOSE)
    return kept


def _answers(size: int, rows: pd.DataFrame) -> list[dict]:
    """What a run says of each clip: its prediction, p (7,), and i, c, g, a of its instances (None where absent)."""

    def listed(letter, count):
        if f"{letter}0" not in rows:
            return [None] * len(rows)
        return rows[[f"{letter}{n}" for n in range(count)]].to_numpy(np.float64).round(DIGITS).tolist()

    parts = {letter: listed(letter, size) if size > 1 else [[]] * len(rows) for letter in "icga"}
    return [{"prediction": int(said), "p": p, "i": [int(x) for x in i], "c": c, "g": g, "a": a}
            for said, p, i, c, g, a in zip(rows["prediction"], listed("p", len(EXPRESSIONS)), *parts.values(),
                                           strict=True)]


def _facts(tables: Sequence[pd.DataFrame], names: Sequence[str]) -> list[dict]:
    """Of each clip its name, label, true label and which frames are the apex or irrelevant (None where unknown)."""
    first = tables[0]
    if any((table["label"] != first["label"]).any() for table in tables):
        raise BadInput("the runs have different labels for the same clips", "BagExplorer",
                       "give rows of runs on the same data: one dataset, fold and draw")
    best = max(tables, key=lambda table: sum(name in table for name in ("true_label", "apex_start", "n_frames")))
    known = [best.loc[name].to_dict() for name in names]
    lengths = [whole(row.get("n_frames")) for row in known]
    seen = [None if length is None else uniform(length, FRAMES) for length in lengths]
    return [{"clip": name, "label": int(label), "true_label": whole(row.get("true_label")),
             "apex": apex_of(row, frames), "irrelevant": irrelevant_of(row, frames)}
            for name, label, row, frames in zip(names, first["label"], known, seen, strict=True)]
