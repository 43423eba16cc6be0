"""The state of a run under way: all that its next epoch needs, in one folder, and whether it belongs together."""

import hashlib
import json
import shutil
from pathlib import Path

import pandas as pd

from dfer_nb import files
from dfer_nb.errors import BadInput
from dfer_nb.trace import Traces, differences
from dfer_nb.training.record import load_checkpoint, save_checkpoint, write_tables

TABLES = ("epochs.parquet", "clips.parquet")


def save(folder: Path, epochs: list[dict], clips: list[pd.DataFrame], config: dict, traces: Traces | None,
         **parts) -> None:
    """Tables and checkpoint in one folder that is replaced whole.

    parts: what goes into the checkpoint, with epoch, the number of epochs that are done. It also remembers what the
    tables hold, which configuration is trained, and by which arithmetic.
    """
    with files.atomic_folder(folder) as new:
        write_tables(new, epochs, clips)
        save_checkpoint(new / "checkpoint.pt", **parts, tables=_digests(new), config=files.digest(config),
                        traces=json.dumps(traces))


def load(folder: Path, config: dict) -> dict | None:
    """What `save` was given of the same configuration, `epochs` and `clips` among it; None where there is no state.

    Raises BadInput for a state of another configuration, and for a checkpoint and tables that are not of one moment.
    """
    if not (folder / "checkpoint.pt").exists():
        return None
    state = load_checkpoint(folder / "checkpoint.pt")
    if state.get("config") != files.digest(config):
        raise _bad("this state was left by a run with another configuration", folder)
    if state["tables"] != _digests(folder):
        raise _bad("the tables of this state are not those that its checkpoint was saved with", folder)
    epochs = pd.read_parquet(folder / TABLES[0])
    if epochs["epoch"].tolist() != list(range(state["epoch"])):
        raise _bad(f"the tables of this state do not hold just the {state['epoch']} epochs of its checkpoint", folder)
    return state | {"epochs": epochs.to_dict("records"), "clips": [pd.read_parquet(folder / TABLES[1])],
                    "traces": json.loads(state["traces"])}


def _bad(what: str, folder: Path) -> BadInput:
    return BadInput(what, folder, "remove the folder to train from the start")


def _digests(folder: Path) -> dict[str, str]:
    """SHA-256 of each table's bytes; of none, where it is not there."""
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() if (folder / name).exists() else ""
            for name in TABLES}


def changed(then: Traces | None, now: Traces | None) -> list[str]:
    """How the arithmetic of a state differs from today's; nothing where nobody asks for it."""
    if now is None:
        return []
    return differences(then, json.loads(json.dumps(now))) if then else ["it did not say how it computes"]


def remove(folder: Path) -> None:
    """Remove a state, also one that a kill has moved aside; at every moment there is a whole one or none."""
    files.sweep(folder)  # first: it may put such a state back
    (folder / "checkpoint.pt").unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
