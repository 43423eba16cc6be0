"""The snippet explorer: what NR-DFERNet's filter makes of the clips, for any thresholds, length and stride of snippets.

How it is stored. The filter takes no part in training, so one run answers every setting, once the probabilities of
snippets of each length, one frame apart, are kept with its features (`windows`): a stride S takes every S-th of them.
The filter can change clips alone that the network calls Neutral, and thresholds move in hundredths. So a page holds,
of those clips, two bytes a snippet: below which hundredths P_MAX passes, and above which P_NU does. That is exact.
"""

import base64
import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import traitlets

from dfer_nb.data import video
from dfer_nb.data.expressions import EXPRESSIONS, NEUTRAL
from dfer_nb.errors import BadInput
from dfer_nb.training import metrics
from dfer_nb.training.optimise import Settings
from dfer_nb.viewing.evidence.filtering import OWN, decided, windows
from dfer_nb.viewing.evidence.records import reported_rows
from dfer_nb.viewing.explorers.clips import FRAMES, apex_of, irrelevant_of, strip, whole
from dfer_nb.viewing.explorers.widget import StaticWidget, read
from dfer_nb.viewing.palette import EXPRESSION_COLOURS, need

HUNDRED = 100  # steps of a threshold
THOUSAND = 1000  # of the probabilities that are shown of single clips
STRIDES = 8
FEATURES = FRAMES - 1  # of a clip, which snippets are cut from: the last frame only ends a difference
PICTURE = {"height": 56, "kind": "webp", "quality": 60}


def neutral_slices(record) -> list[str]:
    """The record's slices of one share of neutral frames each, the lowest first: ["neutral50", …]."""
    return sorted(name for name in record.summary["slices"] if re.fullmatch(r"neutral\d+", name))


def frames_seen(record, n_frames: int) -> np.ndarray:
    """Which frames of a video of `n_frames` the network of a run sees in testing: (16,) indices."""
    settings = Settings(**record.config["training"])
    kept = video.kept(n_frames, settings.max_frames)
    chosen = settings.sample(len(kept), None) if settings.sample else video.uniform(len(kept), settings.n_frames)
    return kept[chosen]


class SnippetExplorer(StaticWidget):
    """Move mu1, mu2, L and S of NR-DFERNet's filter (Eq. 6-7), and see which clips it rescues and which it breaks.

    Made by `from_record`. Traits, which follow the controls where there is a kernel, and move them: mu1, mu2 (whole
    hundredths in 0..1), length and stride (L, S), counted (the set of clips that is counted) and clip (the one that is
    shown). `shown` holds the numbers that the browser shows, which `state` computes here.
    Raises BadInput for a value that is not offered.
    """

    _esm = read("controls.js", "filter.js", "clip.js", "snippets.js")
    _css = read("explorer.css", "snippets.css")
    static = ("data", "mu1", "mu2", "length", "stride", "counted", "clip")

    data = traitlets.Dict().tag(sync=True)
    mu1 = traitlets.Float(0.7).tag(sync=True)
    mu2 = traitlets.Float(0.05).tag(sync=True)
    length = traitlets.Int(3).tag(sync=True)
    stride = traitlets.Int(2).tag(sync=True)
    counted = traitlets.Unicode("test").tag(sync=True)
    clip = traitlets.Unicode().tag(sync=True)
    shown = traitlets.Dict().tag(sync=True)

    @classmethod
    def from_record(cls, record, frames: Mapping[str, np.ndarray], **traits):
        """From a record with its features, and the pictures of the clips to offer, in that order.

        record: of NR-DFERNet, with `windows` among its features (`run.add_features`); a slice of neutral share is
        offered where those of its clips are there, too. frames: clip -> (16, H, W, 3) uint8, those of `frames_seen`,
        of any of these clips; `worth_seeing` names some. Further arguments are traits; else the run's own settings.
        Raises BadInput where something is missing, and says what.
        """
        sets = {name: _set(record, name) for name in ("test", *neutral_slices(record)) if _is_kept(record, name)}
        if not frames:
            raise BadInput("there are no clips to be shown", "SnippetExplorer",
                           "give the pictures of at least one: worth_seeing(record) names some")
        own, filtered = _own_settings(record), record.config["method"].get("filtered", True)
        place = {clip: (name, k) for name, (rows, _) in sets.items() for k, clip in enumerate(rows["clip"])}
        if strange := [clip for clip in frames if clip not in place]:
            raise BadInput(f"of clip {strange[0]} nothing is kept", "SnippetExplorer",
                           f"choose clips of: {', '.join(sets)}")
        absent = [name for name in neutral_slices(record) if name not in sets]
        data = {"expressions": list(EXPRESSIONS), "colours": [EXPRESSION_COLOURS[name] for name in EXPRESSIONS],
                "neutral": NEUTRAL, "features": FEATURES, "longest": _longest(sets["test"][1]), "strides": STRIDES,
                "own": own, "absent": absent, "sets": [_stored(name, *sets[name], own, filtered) for name in sets],
                "clips": [_shown(record, pictures, *place[clip], *sets[place[clip][0]])
                          for clip, pictures in frames.items()]}
        explorer = cls(data=data, **own | {"clip": next(iter(frames))} | traits)
        explorer._sets, explorer._place = sets, place
        return explorer

    @traitlets.validate("mu1", "mu2")
    def _hundredths(self, proposal):
        value = HUNDRED * proposal["value"]
        if not 0 <= value <= HUNDRED or abs(value - round(value)) > 1e-6:
            raise BadInput(f"{proposal['trait'].name}={proposal['value']} is no threshold here", "SnippetExplorer",
                           "give 0.00, 0.01, … 1.00")
        return round(value) / HUNDRED

    @traitlets.validate("length", "stride", "counted", "clip")
    def _offered(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        known = {"length": range(1, self.data["longest"] + 1), "stride": range(1, STRIDES + 1),
                 "counted": [one["name"] for one in self.data["sets"]],
                 "clip": [one["clip"] for one in self.data["clips"]]}[name]
        if value not in known:
            raise BadInput(f"there is no {name} {value!r}", "SnippetExplorer",
                           f"choose one of: {', '.join(map(str, known))}")
        return value

    def describe(self) -> str:
        """What the explorer is, without numbers that differ between machines."""
        return ("Snippet explorer: move the thresholds of NR-DFERNet's filter, and length and stride of its snippets; "
                "see which clips it rescues and which it breaks, and what the snippets of one clip say. It needs "
                "JavaScript.")

    def state(self) -> dict:
        """The numbers that the browser shows at the present settings, computed here from what the run kept.

        Keys: counted, clips, neutral (clips that the network calls Neutral), snippets (of a clip, Ns), war, uar, and
        war_without, uar_without (without the filter, percent), names of clips that are rescued, broken, moved (wrong
        before and after), and of the chosen clip `said`: label, without and with the filter, and its snippets.
        """
        rows, vectors = self._sets[self.counted]
        said = windows(vectors, FEATURES, self.length, self.stride)  # (n, Ns, 7)
        answer = decided(rows, said.max(-1), said[..., NEUTRAL], self.mu1, self.mu2)
        label, own = rows["label"].to_numpy(), rows[OWN].to_numpy()
        kinds = {"rescued": (own != label) & (answer == label), "broken": (own == label) & (answer != label),
                 "moved": (own != answer) & (own != label) & (answer != label)}
        return {"counted": self.counted, "clips": len(rows), "neutral": int((own == NEUTRAL).sum()),
                "snippets": said.shape[1], "war": metrics.war(label, answer), "uar": metrics.uar(label, answer),
                "war_without": metrics.war(label, own), "uar_without": metrics.uar(label, own),
                **{name: rows["clip"][mask].tolist() for name, mask in kinds.items()}, "said": self._of_clip()}

    def _of_clip(self) -> dict:
        name, k = self._place[self.clip]
        rows, vectors = self._sets[name]
        row, said = rows.iloc[k], windows(vectors[k:k + 1], FEATURES, self.length, self.stride)[0]
        highest, neutral = said.max(-1), said[:, NEUTRAL]
        trips, thousandths = (highest > self.mu1) & (neutral < self.mu2), _thousandths(said) / THOUSAND
        turned = bool(trips.any()) and row[OWN] == NEUTRAL
        return {"clip": self.clip, "label": EXPRESSIONS[row["label"]], "without": EXPRESSIONS[row[OWN]],
                "with": EXPRESSIONS[int(row["otherwise"] if turned else row[OWN])],
                "snippets": [{"first": n * self.stride + 1, "says": EXPRESSIONS[thousandths[n].argmax()],
                              "highest": float(thousandths[n].max()), "neutral": float(thousandths[n, NEUTRAL]),
                              "trips": bool(trips[n])} for n in range(len(said))]}


def worth_seeing(record, count: int = 8) -> list[str]:
    """Clips to offer: `count` test clips that the network calls Neutral, then one clip at each share of neutral frames.

    Of the test clips as many that the filter could rescue as could break, those first whose snippets say something
    else most clearly at the run's own L and S. The last one is right where few frames are neutral, and lost where most
    are. Raises BadInput where it is not kept what snippets say.
    """
    rows, vectors = _set(record, "test")
    ease = pd.Series(_clearest(vectors, _own_settings(record)), rows.index).sort_values(ascending=False).index
    rows = rows.loc[ease][lambda table: table[OWN] == NEUTRAL]
    saved, broken = rows[rows["otherwise"] == rows["label"]], rows[rows["label"] == NEUTRAL]
    chosen = [*saved["clip"].head(count - count // 2), *broken["clip"].head(count // 2)]
    return [*chosen, *_one_scene(record)]


def _one_scene(record) -> list[str]:
    """One clip at every share of neutral frames that is kept: right at first, Neutral at last; [] where none are kept.

    These slices hold the same clips in the same order, and differ in the length of the expression alone.
    """
    sets = [_set(record, name) for name in neutral_slices(record) if _is_kept(record, name)]
    if not sets:
        return []
    (first, _), (last, vectors) = sets[0], sets[-1]
    lost = ((first[OWN] == first["label"]) & (last[OWN] == NEUTRAL)).to_numpy()
    rescue = (last["otherwise"] == last["label"]).to_numpy()
    k = int(np.argmax(2 * lost + (lost & rescue) + _clearest(vectors, _own_settings(record))))
    return [rows["clip"].iloc[k] for rows, _ in sets]


def _clearest(vectors: np.ndarray, own: Mapping) -> np.ndarray:
    """How far a clip's clearest snippet is above Neutral, (n,) in -1..1."""
    said = windows(vectors, FEATURES, own["length"], own["stride"])
    return (said.max(-1) - said[..., NEUTRAL]).max(1)


def _own_settings(record) -> dict:
    model, method = record.config["model"], record.config["method"]
    return {"mu1": round(method["mu1"], 2), "mu2": round(method["mu2"], 2), "length": model["snippet_width"],
            "stride": model["snippet_stride"]}


def _is_kept(record, split: str) -> bool:
    """Whether it is kept what the snippets of a split say; raises BadInput where it is not of the test clips."""
    table, clips = record.features, reported_rows(record, split, truth=False)["clip"]
    there = table is not None and "windows" in table and set(table["clip"]).issuperset(clips)
    if split == "test" and not there:
        raise BadInput("it is not kept what the snippets of every L and S say: `windows` are missing",
                       getattr(record, "path", "record.features"),
                       "run.add_features(request, record) computes them from the run's checkpoint, in half a minute; "
                       "of runs in results/, those that are declared with keep: features have them")
    return there


def _set(record, split: str) -> tuple[pd.DataFrame, np.ndarray]:
    """Rows of a split that hold what the filter asks for, and `windows` of their clips, (n, W * 7)."""
    rows = reported_rows(record, split)
    rows = rows if OWN in rows else rows.assign(**{OWN: rows["prediction"]})  # of a run that decides without filter
    need(rows, "otherwise", "neutral")
    kept = record.features.set_index("clip")["windows"]
    return rows, np.stack(kept.loc[rows["clip"]].to_numpy())


def _longest(vectors: np.ndarray) -> int:
    """The length of the longest snippets that are kept."""
    counts = np.cumsum([FEATURES - length + 1 for length in range(1, FEATURES + 1)]) * len(EXPRESSIONS)
    if vectors.shape[1] not in counts:
        raise BadInput(f"windows of {vectors.shape[1]} numbers are not of {FRAMES} frames", "record.features",
                       "give a run whose network sees 16 frames of a clip")
    return int(np.flatnonzero(counts == vectors.shape[1])[0]) + 1


def _limits(vectors: np.ndarray) -> dict[str, str]:
    """Of each snippet below which hundredths mu1 lets it pass, and above which mu2 does, as bytes in base 64."""
    said = vectors.reshape(len(vectors), -1, len(EXPRESSIONS)).astype(float)
    high, low = np.ceil(HUNDRED * said.max(-1)), np.floor(HUNDRED * said[..., NEUTRAL])
    return {"high": _packed(high.astype(np.uint8)), "low": _packed(low.astype(np.uint8))}


def _thousandths(said: np.ndarray) -> np.ndarray:
    return np.rint(THOUSAND * said.astype(float)).astype(np.uint16)


def _packed(values: np.ndarray) -> str:
    return base64.b64encode(values.astype(values.dtype.newbyteorder("<")).tobytes()).decode()


def _digits(classes: Sequence[int]) -> str:
    return "".join(str(int(k)) for k in classes)


def _stored(name: str, rows: pd.DataFrame, vectors: np.ndarray, own: Mapping, filtered: bool) -> dict:
    """What a page holds of a set of clips; differs: how many the record itself answers otherwise, at its settings."""
    asked = (rows[OWN] == NEUTRAL).to_numpy()
    said = windows(vectors, FEATURES, own["length"], own["stride"])
    again = decided(rows, said.max(-1), said[..., NEUTRAL], own["mu1"], own["mu2"])
    return {"name": name, "clip": rows["clip"].tolist(), "label": _digits(rows["label"]), "own": _digits(rows[OWN]),
            "otherwise": _digits(rows["otherwise"]), **_limits(vectors[asked]),
            "differs": int((again != rows["prediction"].to_numpy()).sum()) if filtered else 0}


def _shown(record, pictures: np.ndarray, split: str, k: int, rows: pd.DataFrame, vectors: np.ndarray) -> dict:
    """What a page holds of a clip that can be looked at, the k-th of its set."""
    row, vector = rows.iloc[k], vectors[k]
    clip, n_frames = row["clip"], whole(row.get("n_frames"))
    seen = None if n_frames is None else frames_seen(record, n_frames)
    return {"clip": clip, "set": split, "label": int(row["label"]), "true_label": whole(row.get("true_label")),
            "own": int(row[OWN]), "otherwise": int(row["otherwise"]), "neutral": round(float(row["neutral"]), 3),
            "apex": apex_of(row, seen), "irrelevant": irrelevant_of(row, seen),
            "strip": strip(clip, pictures, **PICTURE), **_limits(vector[None]), "said": _packed(_thousandths(vector))}
