"""Kept runs: the committed records of the papers, as a few tables, and each of them read like a `Record`.

results/<paper>/<dataset>/<preset>/ holds runs.jsonl, with the digests of the tables in its first line and then a line a
run; epochs.parquet and clips.parquet, whose first column `run` says whose a row is; and features.parquet where features
are kept. results/<paper>/traces.json holds the traces, each once, and results/truth/ what is known of the clips.
`training.keeping` writes all of it.
"""

import hashlib
import json
from difflib import get_close_matches
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from dfer_nb import files
from dfer_nb.errors import BadInput
from dfer_nb.training.record import TRACES, Record

RUNS = "runs.jsonl"
KEEP = ("slim", "test", "whole", "features")  # how much of a record is kept, least first
TABLES = ("epochs", "clips", "features")
VECTOR = pa.list_(pa.float16())


def called(config: dict) -> str:
    """A kept run's name: paper/dataset/preset/variant/fold/draw/seed, and its threads where it has not one alone.

    Two records of one name differ in their code, settings or data: results/ has one place for them.
    """
    words = [config[name] for name in ("paper", "dataset", "preset", "variant")]
    numbers = ("fold", "draw", "seed") if config["threads"] == 1 else ("fold", "draw", "seed", "threads")
    return "/".join([*words, *(f"{name}{config[name]}" for name in numbers)])


def place(name: str, base: Path | None = None) -> Path:
    """The folder of the tables that hold the kept run of this name. base: another folder than results/."""
    return (base or files.results_dir()).joinpath(*name.split("/")[:3])


def order(record: Record) -> tuple:
    """Sorts records: by dataset, fold, variant and seed, as the tables and the chapters take them."""
    return tuple(record.config[name] for name in ("dataset", "fold", "variant", "seed", "preset", "draw", "threads"))


class Shelf:
    """The kept runs of a paper on one dataset with one preset. Each table is read once, when it is first asked for.

    folder: of the tables. `digests`: table -> its file's digest; `lines`: a run's name -> what is kept of it as text.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        head, *lines = (folder / RUNS).read_text(encoding="utf-8").rstrip("\n").split("\n")
        self.digests: dict[str, str] = json.loads(head)["tables"]
        self.lines: dict[str, str] = {json.loads(line)["name"]: line for line in lines}
        self._tables: dict[str, tuple[pa.Table, dict[str, tuple[int, int]]]] = {}

    def table(self, name: str) -> pa.Table:
        """A whole table of this shelf, of TABLES. Raises BadInput when it is not the one that runs.jsonl names."""
        return self._table(name)[0]

    def rows(self, name: str, run: str, columns: dict[str, str]) -> pd.DataFrame:
        """The rows of a run in a table. columns: those that the run has -> their types in the words of Arrow."""
        table, blocks = self._table(name)
        found = table.slice(*blocks.get(run, (0, 0))).select(list(columns))
        return found.cast(pa.schema({column: _kind(word) for column, word in columns.items()})).to_pandas()

    def _table(self, name: str) -> tuple[pa.Table, dict[str, tuple[int, int]]]:
        """A table, and the first row and the number of rows of each run: they stand together."""
        if name not in self._tables:
            path = self.folder / f"{name}.parquet"
            content = path.read_bytes() if path.exists() else b""
            if digest(content) != self.digests[name]:
                raise BadInput(f"this table is not the one that {RUNS} names", path,
                               "read it again, where it was written just now; else take both from one commit")
            table = pq.read_table(pa.BufferReader(content))
            run = table["run"].combine_chunks()
            codes, names = run.indices.to_numpy(), run.dictionary.to_pylist()
            starts = np.flatnonzero(np.diff(codes, prepend=-1))
            lengths = np.diff(starts, append=len(codes))
            blocks = {names[codes[start]]: (int(start), int(n)) for start, n in zip(starts, lengths, strict=True)}
            self._tables[name] = table, blocks
        return self._tables[name]


def word(kind: pa.DataType) -> str:
    """A type of a column, as runs.jsonl says it."""
    return "vector" if kind == VECTOR else str(kind)


def _kind(word: str) -> pa.DataType:
    return VECTOR if word == "vector" else pa.type_for_alias(word)


def digest(content: bytes) -> str:
    """First hex digits of the SHA-256 of a file's content."""
    return hashlib.sha256(content).hexdigest()[:16]


class Kept(Record):
    """A kept run, read when asked for as any `Record` is; `path` is its shelf's folder, and weights are not kept.

    `name`: see `called`; `keep`: how much of it is kept, of KEEP; `trace_ids`: what was traced -> its place in
    traces.json. Of the clips there are those of the reported epoch: see `training.keeping`.
    """

    def __init__(self, shelf: Shelf, name: str):
        self.shelf, self.name, self.path = shelf, name, shelf.folder

    @cached_property
    def line(self) -> dict:
        """What runs.jsonl says of this run."""
        return json.loads(self.shelf.lines[self.name])

    @property
    def keep(self) -> str:
        return self.line["keep"]

    @property
    def trace_ids(self) -> dict[str, str]:
        return self.line["traces"]

    @cached_property
    def config(self) -> dict:
        return self.line["config"]

    @cached_property
    def environment(self) -> dict:
        return self.line["environment"]

    @cached_property
    def summary(self) -> dict:
        return self.line["summary"]

    @cached_property
    def epochs(self) -> pd.DataFrame:
        return self._rows("epochs")

    @cached_property
    def clips(self) -> pd.DataFrame:
        return self._rows("clips")

    @cached_property
    def features(self) -> pd.DataFrame | None:
        return self._rows("features") if "features" in self.line["columns"] else None

    def _rows(self, table: str) -> pd.DataFrame:
        return self.shelf.rows(table, self.name, self.line["columns"][table])

    @cached_property
    def truth(self) -> pd.DataFrame | None:
        path = kept_truth(self.config, self.path.parents[2])
        return _parquet(path, stamp(path)).copy(deep=False) if path.exists() else None

    @cached_property
    def traces(self) -> dict[str, dict[str, list]]:
        known = kept_traces(self.path.parents[1])
        if missing := [key for key in self.trace_ids.values() if key not in known]:
            raise BadInput(f"the trace {missing[0]} of {self.name} is missing", self.path.parents[1] / TRACES,
                           f"take it from the commit that {RUNS} is from")
        return {what: numbers(known[key]) for what, key in self.trace_ids.items()}


def numbers(entry: dict) -> dict[str, list]:
    """The series of an entry of traces.json."""
    return {series: values for series, values in entry.items() if series != "name"}


def stamp(path: Path) -> tuple:
    """What changes with every replacement of a file: a key for what was read from it."""
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size


@lru_cache(maxsize=64)
def _parquet(path: Path, _stamp: tuple) -> pd.DataFrame:
    return pd.read_parquet(path)


@lru_cache(maxsize=64)
def _shelf(folder: Path, _stamp: tuple) -> Shelf:
    return Shelf(folder)


@lru_cache(maxsize=16)
def _json(path: Path, _stamp: tuple) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def clear() -> None:
    """Forget what was read: the next one reads the files again."""
    for cached in (_parquet, _shelf, _json):
        cached.cache_clear()


def kept_truth(config: dict, base: Path | None = None) -> Path:
    """Where the truth of a kept run's dataset lies, shared by all runs on it and all folds. base: as in `shelves`."""
    return (base or files.results_dir()) / "truth" / f"{config['dataset']}-draw{config['draw']}.parquet"


def kept_traces(folder: Path) -> dict[str, dict]:
    """The traces of a paper's kept runs: id -> {"name": what was traced, and its series}. folder: the paper's."""
    path = folder / TRACES
    return _json(path, stamp(path)) if path.exists() else {}


def settle(folder: Path) -> None:
    """Put back what a writer that was killed between two renames had moved aside, once no writer is at work.

    folder: a paper's. Only in that rare state is anything waited for or written.
    """
    if _torn(folder):
        with files.alone(folder):
            put_back(folder)


def put_back(folder: Path) -> None:
    """What `settle` does, for who has the paper's lock already: to wait for it again would be to wait for oneself."""
    for shelf in _torn(folder):
        files.sweep(shelf)


def _torn(folder: Path) -> set[Path]:
    return {path.with_name(path.name[1:].partition(".partial-old-")[0]) for path in folder.glob("*/.*.partial-old-*")}


def shelves(paper: str, base: Path | None = None) -> list[Shelf]:
    """The shelves of a paper, in the order of their folders. base: another folder than results/."""
    folder = (base or files.results_dir()) / paper
    settle(folder)
    paths = sorted(path for path in folder.glob(f"*/*/{RUNS}") if not path.parent.name.startswith("."))
    return [_shelf(path.parent, stamp(path)) for path in paths]


def kept(paper: str, base: Path | None = None, **wanted) -> list[Kept]:
    """The committed records of a paper whose configuration has the wanted values, in the order of `order`.

    base: another folder than results/.
    """
    found = [Kept(shelf, name) for shelf in shelves(paper, base) for name in shelf.lines]
    matching = (r for r in found if all(r.config[name] == value for name, value in wanted.items()))
    return sorted(matching, key=order)


def kept_run(name: str, base: Path | None = None) -> Kept | None:
    """The kept run of this name; None where there is none."""
    path = place(name, base) / RUNS
    settle(place(name.partition("/")[0], base))
    shelf = _shelf(path.parent, stamp(path)) if path.exists() else None
    return Kept(shelf, name) if shelf and name in shelf.lines else None


def find(name: str) -> Kept:
    """The kept run of this name. Raises BadInput for an unknown one, with the names that are nearest to it."""
    run = kept_run(name.strip("/"))
    if run is None:
        known = [run for folder in sorted(files.results_dir().glob("*/")) for shelf in shelves(folder.name)
                 for run in shelf.lines]
        near = get_close_matches(name, known, cutoff=0)
        raise BadInput(f"there is no kept run {name!r}", files.results_dir(), f"near are: {', '.join(near) or 'none'}")
    return run


def text(run: Kept) -> str:
    """Everything that is kept of a run but its clips, to be read: what was asked, summary, environment, epochs."""
    parts = {"asked": run.config, "summary": run.summary, "environment": run.environment, "traces": run.trace_ids}
    words = yaml.safe_dump(parts, sort_keys=False, default_flow_style=None, width=120)
    return f"{run.name}, kept {run.keep}\n\n{words}\nepochs:\n{run.epochs.to_string(index=False)}"
