"""Run records: what a run leaves on disk, written whole or not at all."""

import io
import json
from functools import cached_property
from pathlib import Path

import pandas as pd
import torch

from dfer_nb.errors import BadInput

CHECKPOINT_FORMAT = "dfer_nb checkpoint 1"
FEATURES, TRACES = "features.parquet", "traces.json"
UNFILTERED = "unfiltered"  # the column of what a network itself says, where the method decides otherwise
# What is told of training clips over all epochs: what was said of them as they were trained, and made of them.
OVER_EPOCHS = ("epoch", "clip", "label", "prediction", *(f"p{k}" for k in range(7)), "loss", "agreement",
               "sample_weight", "weight", "kept", "corrected_to")


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
    def history(self) -> pd.DataFrame | None:
        """One row per training clip and epoch: those of OVER_EPOCHS that the run has; None where they are not kept."""
        clips = Record(self.path).clips  # read apart: the table of all splits is not held for as long as the record is
        return clips.loc[clips["split"] == "train", [name for name in OVER_EPOCHS if name in clips]]

    @cached_property
    def truth(self) -> pd.DataFrame | None:
        """The dataset's truth for the clips of this run, or None for a dataset that has none."""
        path = self.path / "truth.parquet"
        return pd.read_parquet(path) if path.exists() else None

    @cached_property
    def features(self) -> pd.DataFrame | None:
        """A row a test clip: clip, features (D,), as `training.replay.features` gives them; None where not kept."""
        path = self.path / FEATURES
        return pd.read_parquet(path) if path.exists() else None

    @cached_property
    def traces(self) -> dict[str, dict[str, list]]:
        """Which arithmetic made it: what was traced -> its series (see `trace`); {} where it is not known."""
        return self._json(TRACES) if (self.path / TRACES).exists() else {}

    def load_weights(self, model: torch.nn.Module) -> None:
        """Put the run's last weights into a model. Raises BadInput for another network's, and where there are none."""
        path = self.path / "checkpoint.pt"
        weights, own = load_checkpoint(path)["model"], model.state_dict()
        parts = sorted(weights.keys() ^ own.keys()) or [part for part in own if weights[part].shape != own[part].shape]
        if parts:
            raise BadInput(f"these are the weights of another network: {len(parts)} of its parts differ, such as "
                           f"{parts[0]}", path, "build the network as config.json beside them says: depths, sizes, …")
        model.load_state_dict(weights)

    def __repr__(self) -> str:
        paper, dataset, fold, variant, seed, preset = (
            self.config[name] for name in ("paper", "dataset", "fold", "variant", "seed", "preset"))
        return f"{paper} · {dataset} · fold {fold} · {variant} · seed {seed} · {preset}"

    def _repr_html_(self) -> str:
        return f"<code>{self!r}</code>"


def is_complete(path: Path) -> bool:
    """True when a folder holds a whole record. (summary.json is there only in a folder that was renamed whole.)"""
    return (Path(path) / "summary.json").is_file()


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
