"""Keeping runs: what of a record is committed, and how it gets into the tables that `training.results` reads."""

import io
import json
import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pandas.api.types import is_string_dtype

from dfer_nb import files
from dfer_nb.trace import dumps, equal
from dfer_nb.training import results, state
from dfer_nb.training.record import FEATURES, TRACES, Record
from dfer_nb.training.results import KEEP, RUNS, Kept, Shelf, called, kept, kept_traces, kept_truth

FORMAT = "dfer_nb kept runs 1"
SLIM = ("split", "clip", "label", "prediction", "loss", "agreement", "weight")  # of the training clips; of others four


def keep(runs: Iterable[tuple[Record, str]]) -> None:
    """Put runs into the tables of results/, to be committed: all those of one dataset and preset at once, or none.

    runs: a record and how much of it, of KEEP; one that is kept elsewhere comes as it is there. Replaces what is kept
    under the same name. Files whose content does not change are not written. Of the clips the reported epoch alone is
    kept: slim, what comparisons of many runs need; test, every column of the test clips, rounded to three decimals;
    whole, those of all clips; features, and the features of the test clips, as far as the record has them. Training
    clips are kept where the method tells them apart, and slim not for heads on frozen features, which decide nothing
    about labels.
    """
    papers: dict[str, dict[str, tuple[Record, str]]] = {}
    for record, how in runs:
        papers.setdefault(record.config["paper"], {})[called(record.config)] = record, how
    for paper, named in papers.items():
        with files.alone(files.results_dir() / paper):
            results.put_back(files.results_dir() / paper)
            for record, _ in named.values():
                _keep_truth(record)
            places = _keep_traces(paper, {name: record for name, (record, _) in named.items()})
            _change(paper, {name: _Part(*run, places[name]) for name, run in named.items()})
            _drop_traces(paper)
        for record, _ in named.values():
            _tidy(record.path)


def _tidy(folder: Path) -> None:
    """Remove what a run in runs/ that was killed when its record was whole has left beside it.

    Where a process is at this run, it is left alone: that one tidies up itself, and may train for hours.
    """
    if folder.is_relative_to(files.runs_dir()) and len(list(folder.parent.glob(f"*{folder.name}*"))) > 1:
        with files.alone(folder, wait=False) as mine:
            if mine:
                state.remove(folder.with_name(folder.name + ".unfinished"))
                files.sweep(folder)


def forget(name: str) -> None:
    """Take the kept run of this name out of the tables."""
    paper = name.partition("/")[0]
    with files.alone(files.results_dir() / paper):
        results.put_back(files.results_dir() / paper)
        _change(paper, {name: None})
        _drop_traces(paper)


def possible(record: Record, how: str) -> str:
    """How much of a record `keep` keeps where `how` is asked for, of KEEP."""
    if isinstance(record, Kept):
        return record.keep
    return how if how != KEEP[-1] or (record.path / FEATURES).exists() else KEEP[-2]


class _Part:
    """What is kept of a run: a line of runs.jsonl, and rows of the tables.

    traced: what was traced -> its place in traces.json. A run that is kept elsewhere is taken as it is there.
    """

    def __init__(self, record: Record, how: str, traced: dict[str, str]):
        self.name, self.order = called(record.config), results.order(record)
        how = possible(record, how)
        clips = record.clips if isinstance(record, Kept) else _reported(record, how)
        features = record.features if how == KEEP[-1] else None
        frames = {"epochs": record.epochs, "clips": clips, "features": features}
        self.tables = {name: _arrow(frame) for name, frame in frames.items() if frame is not None}
        columns = {name: {field.name: results.word(field.type) for field in table.schema}
                   for name, table in self.tables.items()}
        line = {"name": self.name, "keep": how, "traces": traced, "config": record.config,
                "environment": record.environment, "summary": record.summary, "columns": columns}
        self.line = json.dumps(line, default=str)


def _reported(record: Record, how: str) -> pd.DataFrame:
    """The clips of the reported epoch, as far as they are kept. how: of KEEP."""
    clips = Record(record.path).clips  # read apart: the table of all epochs is not held for as long as the record is
    clips = clips[clips["epoch"] == record.summary["reported"]["epoch"] - 1]
    train = clips["split"] == "train"
    if not ("agreement" in clips or (clips.loc[train, "weight"] != 1).any()):
        clips = clips[~train]
    if how not in KEEP[:2]:
        return clips.round(3)
    if how == KEEP[0]:
        return _slim(clips, record.config)
    test = clips["split"] == "test"
    others = _slim(clips[~test], record.config).assign(epoch=record.summary["reported"]["epoch"] - 1)
    return pd.concat([clips[test].round(3), others]).sort_index()


def _slim(clips: pd.DataFrame, config: dict) -> pd.DataFrame:
    train = clips["split"] == "train"
    if config["training"]["features"] or not train.any():
        return clips.loc[~train, [*SLIM[:4]]]
    clips = clips[[name for name in SLIM if name in clips]].copy()
    clips.loc[~train, [name for name in SLIM[4:] if name in clips]] = None
    return clips


def _arrow(frame: pd.DataFrame) -> pa.Table:
    """The same table in Arrow, where NaN stays NaN: null is left to the columns that a run does not have."""
    columns = {}
    for name, column in frame.items():
        if isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf":
            columns[name] = pa.array(column.to_numpy())
        elif name == "features":
            columns[name] = pa.array(list(column), results.VECTOR)
        else:
            columns[name] = pa.array(column, pa.string() if is_string_dtype(column.dtype) else None, from_pandas=True)
    return pa.table(columns)


def _joined(name: str, parts: list[_Part]) -> bytes:
    """The rows of all runs in one table, as a parquet file whose first column says whose they are; b"" without any."""
    tables = [(part.name, part.tables[name]) for part in parts if name in part.tables]
    if not tables:
        return b""
    runs = pa.array([run for run, table in tables for _ in range(len(table))], pa.string()).dictionary_encode()
    joined = pa.concat_tables([table for _, table in tables], promote_options="permissive")
    return _parquet(joined.add_column(0, "run", runs))


def _parquet(table: pa.Table) -> bytes:
    content = io.BytesIO()
    pq.write_table(table.combine_chunks(), content, compression="zstd")
    return content.getvalue()


def _change(paper: str, changes: dict[str, _Part | None]) -> None:
    """Put parts into the tables of a paper under their names, or take out what a name stands for (None)."""
    old = {shelf.folder: shelf for shelf in results.shelves(paper)}
    changed: dict[Path, dict[str, _Part | None]] = {}
    for name, part in changes.items():
        changed.setdefault(results.place(name), {})[name] = part
    for folder, mine in changed.items():
        there = [Kept(old[folder], name) for name in old[folder].lines if name not in mine] if folder in old else []
        parts = [_Part(run, run.keep, run.trace_ids) for run in there] + [part for part in mine.values() if part]
        _write(folder, sorted(parts, key=lambda part: part.order), old.get(folder))


def _write(folder: Path, parts: list[_Part], old: Shelf | None) -> None:
    """Replace a shelf, whole or not at all; files that would say the same stay as they are."""
    if not parts:
        (folder / RUNS).unlink()  # without it there is no shelf, whatever comes between
        shutil.rmtree(folder)
        return
    contents = {name: content for name in results.TABLES if (content := _joined(name, parts))}
    same = {name for name in contents if old and name in old.digests and _parquet(old.table(name)) == contents[name]}
    digests = {name: old.digests[name] if name in same else results.digest(contents[name]) for name in contents}
    head = json.dumps({"format": FORMAT, "tables": digests})
    text = "".join(line + "\n" for line in (head, *(part.line for part in parts)))
    if old and text == (folder / RUNS).read_text(encoding="utf-8"):
        return
    with files.atomic_folder(folder) as new:
        for name, content in contents.items():
            file = f"{name}.parquet"
            shutil.copy2(folder / file, new / file) if name in same else (new / file).write_bytes(content)
        (new / RUNS).write_text(text, encoding="utf-8")


def _keep_truth(record: Record) -> None:
    """What is known of the clips of a run, once for all runs on the same data, rounded to four decimals."""
    path = kept_truth(record.config)
    if record.truth is None:
        return
    truth = record.truth.round(4)
    if not (path.exists() and pd.read_parquet(path).equals(truth)):
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_atomic(path, truth.to_parquet(index=False, compression="zstd"))


def _keep_traces(paper: str, records: dict[str, Record]) -> dict[str, dict[str, str]]:
    """Put the traces of runs among those of the paper. Returns run -> what was traced -> its id there."""
    known = dict(kept_traces(files.results_dir() / paper))
    ids = {run: {what: _id(known, what, numbers) for what, numbers in record.traces.items()}
           for run, record in records.items()}
    _write_traces(paper, known)
    return ids


def _id(known: dict[str, dict], what: str, numbers: dict[str, list]) -> str:
    """The id of a trace among the known ones, which it joins where none of them is the same within the tolerance."""
    own = files.digest([what, numbers], 8)
    if own not in known:
        for other, entry in known.items():
            own_numbers, other_numbers = {what: numbers}, {what: results.numbers(entry)}
            if entry["name"] == what and equal(own_numbers, other_numbers):
                return other
        known[own] = {"name": what, **numbers}
    return own


def drop_orphans(papers: Iterable[str]) -> None:
    """Drop the traces that no kept run has, as a kill between the writing of traces and of tables leaves them.

    Only where there are such traces is anything waited for or written.
    """
    for paper in papers:
        if _orphans(paper):
            with files.alone(files.results_dir() / paper):  # another process may just be about to keep their runs
                results.put_back(files.results_dir() / paper)
                _drop_traces(paper)


def _orphans(paper: str) -> set[str]:
    used = {key for run in kept(paper) for key in run.trace_ids.values()}
    return kept_traces(files.results_dir() / paper).keys() - used


def _drop_traces(paper: str) -> None:
    """Drop the traces that no kept run has: after its tables are written, and never before."""
    orphans, known = _orphans(paper), kept_traces(files.results_dir() / paper)
    _write_traces(paper, {key: entry for key, entry in known.items() if key not in orphans})


def _write_traces(paper: str, known: dict[str, dict]) -> None:
    path = files.results_dir() / paper / TRACES
    text = dumps(dict(sorted(known.items(), key=lambda item: (item[1]["name"], item[0]))))
    if not known:
        path.unlink(missing_ok=True)
    elif not path.exists() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_atomic(path, text)
