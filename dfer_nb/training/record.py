"""Run records: what a run leaves on disk, written whole or not at all."""

import io
import json
import shutil
from functools import cached_property
from pathlib import Path

import pandas as pd
import torch

from dfer_nb import files
from dfer_nb.errors import BadInput

CHECKPOINT_FORMAT = "dfer_nb checkpoint 1"
FEATURES = "features.parquet"


class Record:
    """A finished run: its folder, and what is in it, read when asked for.

    path: the folder. Raises BadInput when it is missing or not whole.
    """

    def __init__(self, path):
        self.path = Path(path)
        if not is_complete(self.path):
            raise BadInput("there is no finished run record here", self.path, "run it: python -m dfer_nb.run --help")

    def _json(self, name: str) -> dict:
        return json.loads((self.path / name).read_text(encoding="utf-8"))

    @cached_property
    def config(self) -> dict:
        """Everything that decided the result."""
        return self._json("config.json")

    @cached_property
    def environment(self) -> dict:
        """Versions, commit, device, threads and seconds."""
        return self._json("environment.json")

    @cached_property
    def summary(self) -> dict:
        """`rule`, and by it `reported`; `best_on_test`; `slices`. Of each: WAR, UAR, recalls, clips, epoch (from 1)."""
        return self._json("summary.json")

    @cached_property
    def epochs(self) -> pd.DataFrame:
        """One row an epoch: rates, loss, WAR and UAR on training and test clips, seconds."""
        return pd.read_parquet(self.path / "epochs.parquet")

    @cached_property
    def clips(self) -> pd.DataFrame:
        """One row per clip and epoch: split, label, prediction, probabilities, loss, and the method's own columns."""
        return pd.read_parquet(self.path / "clips.parquet")

    @cached_property
    def truth(self) -> pd.DataFrame | None:
        """The dataset's truth for the clips of this run, or None for a dataset that has none."""
        for path in (self.path / "truth.parquet", kept_truth(self.config)):
            if path.exists():
                return pd.read_parquet(path)
        return None

    @cached_property
    def features(self) -> pd.DataFrame | None:
        """A row a test clip: clip, features (D,), as `training.replay.features` gives them; None where not kept."""
        path = self.path / FEATURES
        return pd.read_parquet(path) if path.exists() else None

    def load_weights(self, model: torch.nn.Module) -> None:
        """Put the run's last weights into a model. Raises BadInput (see `load_checkpoint`)."""
        model.load_state_dict(load_checkpoint(self.path / "checkpoint.pt")["model"])

    def _repr_html_(self) -> str:
        c = self.config
        words = [c["paper"], c["dataset"], f"fold {c['fold']}", c["variant"], f"seed {c['seed']}", c["preset"]]
        return f"<code>{' · '.join(words)}</code>"


def is_complete(path: Path) -> bool:
    """True when a folder holds a whole record. (summary.json is there only in a folder that was renamed whole.)"""
    return (Path(path) / "summary.json").is_file()


def record_folder(config: dict) -> Path:
    """Where the record of a configuration belongs: paper/dataset/fold/variant/seed-hash under the runs folder."""
    c = config
    return (
        files.runs_dir()
        / c["paper"]
        / c["dataset"]
        / f"fold{c['fold']}"
        / c["variant"]
        / f"seed{c['seed']}-{files.digest(config)}"
    )


SLIM = ("split", "clip", "label", "prediction", "loss", "agreement", "weight")  # of the training clips; of others four


def keep(record: Record, slim: bool = False) -> Path:
    """Copy a record into results/, to be committed: without its checkpoint, and of the clips the reported epoch alone.

    slim: of the clips only what comparisons of many runs need. Training clips are kept where the method tells them
    apart, and not for heads on frozen features, which decide nothing about labels. Numbers are rounded to three
    decimals in a whole copy. The truth is kept once for all runs on the same data. Replaces a record of the same run
    with another hash (older code or settings). Returns the copy's folder.
    """
    target = files.results_dir() / record.path.relative_to(files.runs_dir())
    clips = record.clips[record.clips["epoch"] == record.summary["reported"]["epoch"] - 1]
    train = clips["split"] == "train"
    if not ("agreement" in clips or (clips.loc[train, "weight"] != 1).any()):
        clips = clips[~train]
    clips = _slim(clips, record.config) if slim else clips.round(3)
    if record.truth is not None:
        kept_truth(record.config).parent.mkdir(parents=True, exist_ok=True)
        files.write_atomic(kept_truth(record.config), record.truth.to_parquet(index=False, compression="zstd"))
    with files.atomic_folder(target) as folder:
        for name in ("config.json", "environment.json", "epochs.parquet", "summary.json"):
            shutil.copy(record.path / name, folder)
        if record.features is not None and not slim:
            record.features.to_parquet(folder / FEATURES, index=False, compression="zstd")
        clips.to_parquet(folder / "clips.parquet", index=False, compression="zstd")
        for other in target.parent.glob("seed*"):  # before the copy is there: a run is kept once all of this is done
            if other != target and is_complete(other) and _named(Record(other)) == _named(record):
                shutil.rmtree(other)
    return target


def _slim(clips: pd.DataFrame, config: dict) -> pd.DataFrame:
    train = clips["split"] == "train"
    if config["training"]["features"] or not train.any():
        return clips.loc[~train, [*SLIM[:4]]]
    clips = clips[[name for name in SLIM if name in clips]].copy()
    clips.loc[~train, [name for name in SLIM[4:] if name in clips]] = None
    return clips


def _named(record: Record) -> dict:
    """What a user calls a run by: two records of one name differ in their code, settings or data."""
    return {name: record.config.get(name) for name in ("fold", "preset", "variant", "seed", "draw", "threads")}


def kept_truth(config: dict) -> Path:
    """Where the truth of a kept record's dataset lies, shared by all runs on it and all folds."""
    return files.results_dir() / "truth" / f"{config['dataset']}-draw{config['draw']}.parquet"


def kept(paper: str, **wanted) -> list[Record]:
    """The committed records of a paper whose configuration has the wanted values, in the order of their folders."""
    paths = sorted(path.parent for path in (files.results_dir() / paper).rglob("summary.json"))
    found = [Record(path) for path in paths]
    return [record for record in found if all(record.config[name] == value for name, value in wanted.items())]


def write_json(path: Path, content: dict) -> None:
    """Readable JSON, keys in the order given."""
    path.write_text(json.dumps(content, indent=1, default=str) + "\n", encoding="utf-8")


def write_tables(folder: Path, epochs: list[dict], clips: list[pd.DataFrame]) -> None:
    """epochs.parquet and clips.parquet, in single precision."""
    pd.DataFrame(epochs).to_parquet(folder / "epochs.parquet", index=False)
    table = pd.concat(clips, ignore_index=True)
    floats = table.select_dtypes("float64").columns
    table.astype(dict.fromkeys(floats, "float32")).to_parquet(folder / "clips.parquet", index=False, compression="zstd")


def save_checkpoint(path: Path, **parts) -> None:
    """Save tensors, numbers and strings under our own mark."""
    content = io.BytesIO()  # torch's own writer turns a full disk into an error that does not say so
    torch.save({"format": CHECKPOINT_FORMAT, **parts}, content)
    Path(path).write_bytes(content.getvalue())


def load_checkpoint(path) -> dict:
    """A checkpoint of ours, loaded without ever unpickling code.

    Raises BadInput when the file is missing, broken, or not one of ours.
    """
    todo = "use a checkpoint that this project wrote, or remove the file to train again"
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise BadInput("there is no checkpoint", path, "run the training first") from error
    except Exception as error:  # torch raises several kinds for foreign and for broken files
        raise BadInput(f"this file cannot be loaded as plain weights ({type(error).__name__})", path, todo) from error
    if not isinstance(content, dict) or content.get("format") != CHECKPOINT_FORMAT:
        raise BadInput("this file is not a checkpoint of this project", path, todo)
    return content
