"""RDFER's groups of training clips against the truth: what they hold, beside groups that the loss alone makes."""

from collections.abc import Sequence

import pandas as pd

from dfer_nb.errors import BadInput
from dfer_nb.viewing.evidence import blocks
from dfer_nb.viewing.evidence.comparison import NOT_RUN, PAIRED, paired, per_draw
from dfer_nb.viewing.evidence.records import describe, group_of, of_variant, reported_rows, rules
from dfer_nb.viewing.page import Table, number
from dfer_nb.viewing.palette import GROUPS, HARD_KINDS, has_truth, troubles

FOUND = ("noisy", "hard")  # the groups that are named after something
NOTE = ("Hard is weak, mixed or brief. As many by loss: the same rule on the same run without agreement; the largest "
        "losses are noisy, the next ones hard. They are ranked over all clips at once, the groups in each batch.")


def kinds(clips: pd.DataFrame) -> dict[str, pd.Series]:
    """What a group can hold, as a mask per kind: `palette.troubles`, what is hard and rightly labelled, brief by label.

    Brief clips stand by their label: the loss puts the wrong ones of them aside, agreement does not.
    """
    of = troubles(clips)
    wrong = of.pop("wrong label")
    hard = pd.concat([of[name] for name in HARD_KINDS.values()], axis=1).any(axis=1)
    rows = {"wrong label": wrong, "hard, label right": hard & ~wrong}
    for name, mask in of.items():
        by_label = {f"{name}, label right": mask & ~wrong, f"{name}, label wrong": mask & wrong}
        rows |= by_label if name == "brief" else {name: mask}
    return rows


def by_loss(clips: pd.DataFrame, group: pd.Series) -> pd.Series:
    """The groups that the loss alone makes of these clips, as large as those in `group`: words, as `group_of` gives."""
    rank = clips["loss"].rank(ascending=False, method="first")
    noisy, hard = ((group == name).sum() for name in FOUND)
    word = pd.Series("ordinary", index=clips.index)
    word[rank <= noisy + hard] = "hard"
    word[rank <= noisy] = "noisy"
    return word


def contents(record) -> pd.DataFrame:
    """Percent of each kind (row) in all training clips, and in each group of the reported epoch.

    Columns: "all clips", "noisy", "hard", and with "by loss: " in front what the loss alone puts into them; NaN for an
    empty group. Raises BadInput where the truth is not known.
    """
    clips = reported_rows(record, "train")
    if not has_truth(clips):
        raise BadInput("the truth about these clips is not known", record, "give records of a FACSimile")
    group = group_of(clips, record.config["method"])
    masks = {"all clips": clips["loss"].notna()}
    for words, prefix in ((group, ""), (by_loss(clips, group), "by loss: ")):
        masks |= {prefix + name: words == name for name in FOUND}
    return pd.DataFrame({name: {kind: 100 * mask[chosen].mean() for kind, mask in kinds(clips).items()}
                         for name, chosen in masks.items()})


def weight_on_wrong(record) -> float:
    """Percent of the weight of all training clips that lies on wrongly labelled ones, in the reported epoch."""
    rows = reported_rows(record, "train")
    return 100 * float((rows["weight"] * rows["wrong_label"]).sum() / rows["weight"].sum())


def detection(record) -> Table:
    """What the groups of the reported epoch hold, against what the loss alone would find; a row a kind of clip.

    Where the truth is not known (films), the sizes of the groups alone.
    """
    clips = reported_rows(record, "train")
    sizes = group_of(clips, record.config["method"]).value_counts()
    caption = f"Groups of the {len(clips)} training clips in the reported epoch"
    if not has_truth(clips):
        frame = pd.DataFrame({"clips": {name: str(sizes.get(name, 0)) for name in GROUPS}})
        return Table(frame, caption, "Which clips are wrongly labelled or hard is not known here.")
    held = contents(record)
    heads = {"noisy": f"noisy ({sizes.get('noisy', 0)} clips)", "by loss: noisy": "as many by loss",
             "hard": f"hard ({sizes.get('hard', 0)} clips)", "by loss: hard": "as many by loss, after those",
             "all clips": f"all {len(clips)} clips"}
    frame = held[list(heads)].map(lambda x: number(x, 0)).rename(columns=heads)
    return Table(frame, f"{caption}: share of each kind, percent", NOTE)


def compare_groups(records: Sequence, group: str, ours: str = "rdfer", rival: str = "loss-only") -> Table:
    """What the "noisy" or the "hard" group holds, mean over draws: of `ours`, of a rival, of chance; a row a kind.

    Differences are taken on the same draw, and each column of them is one family. Raises BadInput for another group,
    for records of several settings, and as `contents` does.
    """
    if group not in FOUND:
        raise BadInput(f"there is no group {group!r}", "compare_groups", f"choose one of: {', '.join(FOUND)}")
    shown = blocks.of(records, [ours, rival])
    caption = f"What the {group} group holds, percent of its clips; {describe(shown)}"
    if not all(of_variant(shown, variant) for variant in (ours, rival)):
        return Table(pd.DataFrame({ours: [NOT_RUN]}, index=["every kind"]), caption)
    found = against_chance_and_rival(shown, group, ours, rival)
    means = held(shown, group, ours, rival)
    frame = pd.DataFrame({name: {kind: number(x.mean()) for kind, x in of.items()} for name, of in means.items()})
    differences = {f"{ours} less {name}": {kind: effect.words() for kind, effect in of.items()}
                   for name, of in found.items()}
    frame = frame.join(pd.DataFrame(differences))
    return Table(frame, caption, f"{NOTE} {PAIRED} {rules(shown)}")


def held(records: Sequence, group: str, ours: str = "rdfer", rival: str = "loss-only") -> dict[str, dict]:
    """Column -> kind -> its percentage on each draw: in all clips, in the group of ours, as many by loss, of the rival.

    The columns are named "all clips", `ours`, "as many by loss" and `rival`.
    """
    places = {"all clips": (ours, "all clips"), ours: (ours, group), "as many by loss": (ours, f"by loss: {group}"),
              rival: (rival, group)}
    tables = {variant: per_draw(records, variant, contents) for variant in dict.fromkeys((ours, rival))}
    kinds_of = next(iter(tables[ours])).index
    return {name: {kind: tables[variant].map(lambda table, kind=kind, column=column: table.loc[kind, column])
                   for kind in kinds_of} for name, (variant, column) in places.items()}


def against_chance_and_rival(records: Sequence, group: str, ours: str = "rdfer", rival: str = "loss-only") -> dict:
    """Column of `held` -> kind -> how much more of it the group of ours holds (an `Effect`, points)."""
    means = held(records, group, ours, rival)
    return {name: {kind: paired(means[ours][kind], base, len(of)) for kind, base in of.items()}
            for name, of in means.items() if name != ours}
