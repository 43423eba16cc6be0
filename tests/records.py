"""Made-up run records on disk, with the files and columns of real ones: nothing is trained."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from dfer_nb import files, run
from dfer_nb.presets import plan
from dfer_nb.request import record_folder
from dfer_nb.training.record import Record, write_json, write_tables

GROUP = {"dataset": "facsimile-long", "preset": "frozen", "variants": {"plain": "Table IV", "rdfer": "Table III"}}
TRACES = {"training": {"loss": [1.5, 0.25], "rates": [0.1, 0.2]}}


def empty(tmp_path: Path, monkeypatch) -> None:
    """Empty folders for results, runs and data."""
    for name in ("results", "runs", "data"):
        monkeypatch.setenv(f"DFER_{name.upper()}", str(tmp_path / name))


def declare(*groups) -> Path:
    """Write rdfer's sweep.yml, of groups or of text."""
    path = files.results_dir() / "rdfer" / "sweep.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(groups[0] if isinstance(groups[0], str) else yaml.safe_dump(list(groups)), encoding="utf-8")
    return path


def config(paper="rdfer", dataset="facsimile-hard", preset="laptop", variant="rdfer", epochs=2, **changes) -> dict:
    """A configuration as a run's folder holds it."""
    names = {"paper": paper, "dataset": dataset, "fold": 1, "preset": preset, "variant": variant, "seed": 0, "draw": 0,
             "devices": 1, "threads": 1, "device": "cpu", "precision": "32-true", "data": f"{dataset}, draw 0"}
    chosen = asdict(plan(paper, preset, variant, dataset, epochs))
    return json.loads(json.dumps(names | changes | chosen))


def clips(epochs: int, seed: int, agreement: bool = True, **more) -> pd.DataFrame:
    """Rows of a clips.parquet: 12 training and 8 test clips in each epoch. more: further columns."""
    rng, n = np.random.default_rng(seed), 20 * epochs
    table = pd.DataFrame({
        "clip": [f"{i:02d}" for i in range(20)] * epochs, "split": (["train"] * 12 + ["test"] * 8) * epochs,
        "epoch": np.repeat(np.arange(epochs), 20), "label": rng.integers(0, 7, n),
        "prediction": rng.integers(0, 7, n).astype("int8"), **{f"p{c}": rng.random(n) for c in range(7)},
        "loss": rng.random(n), "weight": np.where(np.arange(n) % 20 < 12, 1.0, np.nan)})
    return table.assign(**{"agreement": 0.5} if agreement else {}, **more)


def write(asked: dict, traces=TRACES, features=False, truth=None, environment=None, **of_clips) -> Record:
    """A finished record of this configuration under runs/, in the place of any that was there."""
    folder, epochs = record_folder(asked), asked["training"]["epochs"]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    log = [{"epoch": epoch, "loss": 1 / 3, "test_war": 50.0 + epoch, "seconds": 0.1} for epoch in range(epochs)]
    write_tables(folder, log, [clips(epochs, asked["seed"], **of_clips)])
    reported = {"epoch": epochs, "WAR": 100 / 3, "UAR": 30.0, "recalls": {"Happy": float("nan")}, "clips": 8}
    write_json(folder / "config.json", asked)
    write_json(folder / "environment.json", environment or {"commit": "0123456789ab", "device": "cpu"})
    if traces is not None:
        write_json(folder / "traces.json", traces)
    if truth is not None:
        truth.to_parquet(folder / "truth.parquet", index=False)
    if features:
        vectors = list(np.random.default_rng(1).random((8, 5)).astype(np.float16))
        pd.DataFrame({"clip": [f"{i}" for i in range(12, 20)], "features": vectors}).to_parquet(
            folder / "features.parquet", index=False)
    write_json(folder / "summary.json", {"rule": "last epoch", "reported": reported, "best_on_test": reported,
                                         "slices": {}})
    return Record(folder)


def of_job(job, **changes) -> Record:
    """The record of a sweep's run, of today's arithmetic. changes: of the configuration, or of `write`."""
    asked = {name: value for name, value in changes.items() if name in job.config}
    others = {name: value for name, value in changes.items() if name not in asked}
    return write(job.config | asked, **{"traces": run.traces(job.request)} | others)


def state(folder: Path) -> dict[str, tuple]:
    """Every file under a folder: its content, and when it was written."""
    return {path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
            for path in sorted(folder.rglob("*")) if path.is_file()}


def contents(folder: Path) -> dict[str, bytes]:
    """Every file under a folder, and what is in it."""
    return {name: content for name, (content, _) in state(folder).items()}


def reported(record) -> pd.DataFrame:
    """The rows of the reported epoch."""
    clips = record.clips
    return clips[clips["epoch"] == clips["epoch"].max()].reset_index(drop=True)
