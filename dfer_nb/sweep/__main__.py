"""The command line: `python -m dfer_nb.sweep`."""

import argparse
import sys
from pathlib import Path

from dfer_nb import files
from dfer_nb.data import contents
from dfer_nb.data.choices import CHOICES
from dfer_nb.errors import BadInput
from dfer_nb.request import prepare
from dfer_nb.sweep import Job, chosen, gathered, report
from dfer_nb.sweep.discarding import discard
from dfer_nb.sweep.folders import lying
from dfer_nb.sweep.tables import main_tables
from dfer_nb.training.keeping import forget
from dfer_nb.training.results import find, text


@contents.settled()
def main() -> int:
    """`python -m dfer_nb.sweep`: gather finished runs, say which are kept and which missing; exit 1 when some are."""
    arguments = vars(_parser().parse_args())
    table, data, name = (arguments.pop(each) for each in ("table", "prepare", "show"))
    folders, unwanted, done_with = (arguments.pop(each) for each in ("gather", "forget", "discard"))
    try:
        if name:
            print(text(find(name)))
        elif unwanted:
            _forget(unwanted, folders)
        elif done_with is not None:
            _discard(done_with, arguments)
        elif data:
            _prepare(chosen(**arguments), data)
        else:
            return _gather(chosen(**arguments), folders, table)
    except BadInput as error:
        raise SystemExit(f"error: {error}") from None
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dfer_nb.sweep", description=main.__doc__.splitlines()[0])
    for name in ("dataset", "root", "preset"):
        parser.add_argument(f"--{name}", default="", help="all folds of every paper, instead of what is declared")
    for name, usual in CHOICES.items():
        how = {"nargs": "?", "const": "true", "metavar": "true|false"} if isinstance(usual, bool) else {}
        parser.add_argument(f"--{name.replace('_', '-')}", default="", help="how that dataset is read: see README.md",
                            **how)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--prepare", metavar="DATA", help="draw, decode and compute what the runs of a Job.data share")
    parser.add_argument("--gather", metavar="DIR", nargs="+", type=Path, default=[],
                        help="also put into results/ what another machine's results/ or runs/ hold of these runs")
    parser.add_argument("--show", metavar="NAME", help="print one kept run, such as "
                        "rdfer/facsimile/laptop/rdfer/fold1/draw0/seed0, and nothing else")
    parser.add_argument("--forget", metavar="NAME", nargs="+", default=[],
                        help="take kept runs out of results/, and do nothing else")
    parser.add_argument("--discard", metavar="DRAW", nargs="*", help="throw away films and frames of draws whose "
                        "declared runs are done, such as facsimile-hard-draw12; all of them when none is named; "
                        "and do nothing else")
    parser.add_argument("--table", action="store_true", help="print the papers' main tables, ours beside them")
    return parser


def _prepare(jobs: list[Job], data: str) -> None:
    # Who asks may be another machine of a cluster, which draws a pixel otherwise: the clips decide.
    same = [job.request for job in jobs if job.clips == data.rpartition("-")[0]]
    if not same:
        raise BadInput(f"no run needs the data {data!r}", "--prepare", "name the Job.data of a run")
    prepare(same[0])


def _forget(names: list[str], folders: list[Path]) -> None:
    """Take kept runs out of results/, all or none, and say where the next gathering would find them again."""
    if folders:
        raise BadInput("what is forgotten could be gathered again at once", "--forget, --gather",
                       "give the two one after the other")
    for run in {run.name: run for run in map(find, names)}.values():
        left = lying(run)
        forget(run.name)
        print(f"forgotten: {run.name}")
        for folder in left:
            print(f"  it still lies in {folder}: the next gathering takes it again, unless you remove that folder")


def _discard(names: list[str], chosen_by: dict) -> None:
    """Throw frames away, and say which. Raises BadInput beside a choice of runs: all that is declared decides."""
    if given := [f"--{name}" for name in ("dataset", "root", "preset") if chosen_by[name]]:
        raise BadInput("a draw is done with when all runs that are declared are done", f"--discard, {given[0]}",
                       f"leave out {given[0]}")
    for line in discard(chosen(**chosen_by), names) or ["nothing of these runs is on the disk that may be thrown away"]:
        print(line)


def _gather(jobs: list[Job], folders: list[Path], table: bool) -> int:
    taken = gathered(jobs, folders)
    missing = report(jobs)
    for folder, number in taken.items():
        print(f"{number} {'run' if number == 1 else 'runs'} taken from {folder}")
    print(f"{len(jobs) - len(missing)} of {len(jobs)} runs have their record in {files.results_dir()}")
    for line in missing:
        print(f"  missing: {line}")
    for shown in main_tables(jobs) if table else ():
        print(f"\n{shown}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
