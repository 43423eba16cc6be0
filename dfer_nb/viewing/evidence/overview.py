"""What was run, and what came of the papers' claims: a table each."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from dfer_nb.viewing.evidence.records import setting
from dfer_nb.viewing.evidence.statistics import Effect, notes, within
from dfer_nb.viewing.page import Table, number


@dataclass(frozen=True)
class Claim:
    """A claim, and the comparison that tests it: it says that `variant` is better than `base`.

    records: of one dataset and preset. beside: the pairs (variant, base) that stand beside it in its chapter's table,
    so that all intervals of a column hold at once; pool: variants whose spread is pooled alone (`statistics.within`).
    split: the test set.
    """

    words: str
    records: Sequence
    variant: str
    base: str
    beside: Sequence[tuple[str, str]] = ()
    pool: Sequence[str] = ()
    split: str = "test"

    def effect(self) -> Effect | None:
        """The difference that the claim speaks of; None where one of the two was not run."""
        own = (self.variant, self.base)
        return within(self.records, [own, *self.beside], [self.split], pool=self.pool)[own][self.split]


def verdicts(claims: Sequence[Claim]) -> Table:
    """A row a claim: where and by what it was tested, the difference with its interval, and the verdict in a word.

    Raises BadInput as `statistics.against` does.
    """
    effects = [claim.effect() for claim in claims]
    rows = {claim.words: {"tested by": f"{claim.variant} less {claim.base}", "on": _where(claim, effect),
                          "WAR, points": effect.words() if effect else "–", "verdict": _word(effect)}
            for claim, effect in zip(claims, effects, strict=True)}
    note = (f"A row is corrected within its chapter's table, not over these {len(claims)} rows: by luck "
            "alone, at most one in forty claims that are not true is seen.")
    return Table(pd.DataFrame.from_dict(rows, orient="index"), "What was claimed, and what is seen",
                 " ".join([note, *notes(effects)]))


def _where(claim: Claim, effect: Effect | None) -> str:
    if effect is None:
        return "–"
    what = setting([record for record in claim.records if record.config["variant"] in (claim.variant, claim.base)])
    return f"{what.dataset}, {what.badge}, {claim.split.replace('_', ' ')} clips, {effect.draws} draws"


def _word(effect: Effect | None) -> str:
    """The verdict on a claim that the difference is above zero."""
    if effect is None:
        return "not run"
    if not effect.verdict:
        return "too few draws"
    return "not seen" if not effect.seen else "seen" if effect.low > 0 else "the reverse is seen"


def overview(records: Sequence) -> Table:
    """A row for each dataset and preset: how many runs of how many variants, and what they took.

    Hours are those of training, of all runs together, one thread each.
    """
    lines: dict[tuple, list] = {}
    for record in records:
        lines.setdefault((record.config["dataset"], record.config["preset"]), []).append(record)
    rows = {f"{dataset}, {preset}": _row(same) for (dataset, preset), same in lines.items()}
    commits = sorted({record.environment["commit"] for record in records})
    note = (f"Trained by the code of commit {', '.join(commits)}, on {_machines(records)}. The runs shared their "
            "machine with others: the times say what was spent, and are no benchmark.") if records else ""
    return Table(pd.DataFrame.from_dict(rows, orient="index"), f"{len(records)} runs", note)


def _row(records: Sequence) -> dict[str, str]:
    def several(name: str) -> str:
        return ", ".join(str(value) for value in sorted({record.config[name] for record in records}))

    seconds = [record.environment["training_seconds"] for record in records]
    return {"variants": str(len({record.config["variant"] for record in records})), "runs": str(len(records)),
            "folds": several("fold"), "draws": several("draw"), "seeds": several("seed"),
            "hours": number(sum(seconds) / 3600)}


def _machines(records: Sequence) -> str:
    kinds = {f"{r.environment['machine']} {r.environment['system']}, {r.environment['device']}, "
             f"{r.config['precision']} precision" for r in records}
    return "; ".join(sorted(kinds))
