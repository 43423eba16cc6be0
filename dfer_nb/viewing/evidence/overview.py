"""What was run, in one table."""

from collections.abc import Sequence

import pandas as pd

from dfer_nb.viewing.page import Table, number


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
