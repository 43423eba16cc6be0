"""The command line: `python -m dfer_nb.sweep`."""

import argparse
import sys
from pathlib import Path

from dfer_nb import files
from dfer_nb.errors import BadInput
from dfer_nb.request import prepare
from dfer_nb.sweep import chosen, five_fold_tables, gather, report
from dfer_nb.training.keeping import forget
from dfer_nb.training.results import find, text


def main() -> int:
    """`python -m dfer_nb.sweep`: gather finished runs, say which are kept and which missing; exit 1 when some are."""
    parser = argparse.ArgumentParser(prog="python -m dfer_nb.sweep", description=main.__doc__.splitlines()[0])
    for name in ("dataset", "root", "preset"):
        parser.add_argument(f"--{name}", default="", help="the five folds of every paper, instead of what is declared")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--prepare", metavar="DATA", help="draw, decode and compute what the runs of a Job.data share")
    parser.add_argument("--gather", metavar="DIR", nargs="+", type=Path, default=[],
                        help="also put into results/ what another machine's results/ or runs/ hold of these runs")
    parser.add_argument("--show", metavar="NAME", help="print one kept run, such as "
                        "rdfer/facsimile/laptop/rdfer/fold1/draw0/seed0, and nothing else")
    parser.add_argument("--forget", metavar="NAME", nargs="+", default=[], help="take kept runs out of results/")
    parser.add_argument("--table", action="store_true", help="print the papers' main tables, ours beside them")
    arguments = vars(parser.parse_args())
    table, data, name = (arguments.pop(each) for each in ("table", "prepare", "show"))
    folders, unwanted = arguments.pop("gather"), arguments.pop("forget")
    try:
        if name:
            print(text(find(name)))
            return 0
        jobs = chosen(**arguments)
        if data:
            same = [job.request for job in jobs if job.data == data]
            if not same:
                raise BadInput(f"no run needs the data {data!r}", "--prepare", "name the Job.data of a run")
            prepare(same[0])
            return 0
        for each in [find(each).name for each in unwanted]:
            forget(each)
        gather(jobs, folders)
        missing = report(jobs)
    except BadInput as error:
        raise SystemExit(f"error: {error}") from None
    print(f"{len(jobs) - len(missing)} of {len(jobs)} runs have their record in {files.results_dir()}")
    for line in missing:
        print(f"  missing: {line}")
    for shown in five_fold_tables(jobs) if table else ():
        print(f"\n{shown}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
