"""The papers' main tables, of the runs that are kept."""

from dfer_nb import datasets
from dfer_nb.presets import main_table
from dfer_nb.sweep import Job, is_kept
from dfer_nb.training.record import Record
from dfer_nb.training.results import kept_run
from dfer_nb.viewing.evidence.published import beside
from dfer_nb.viewing.evidence.tables import over_folds
from dfer_nb.viewing.page import Table


def main_tables(jobs: list[Job]) -> list[Table]:
    """The papers' main tables, ours beside them: the mean over the folds of every paper run on all of a dataset's."""
    folds: dict[tuple, dict[int, Record]] = {}
    for job in filter(is_kept, jobs):
        asked = job.request
        if asked.variant in ("", asked.paper) and (asked.seed, asked.draw) == (0, 0):
            same = folds.setdefault((asked.paper, asked.dataset, asked.root, asked.preset, asked.epochs), {})
            same[asked.fold] = kept_run(job.called)
    tables = (_main_table(*asked, records) for (*asked, _, _), records in folds.items())
    return [table for table in tables if table is not None]


def _main_table(paper: str, dataset: str, root: str, records: dict[int, Record]) -> Table | None:
    """Beside the paper's figures, of all folds; where it has none, of those whose lists are there; None for fewer."""
    printed, source = main_table(paper, dataset), datasets.dataset(dataset)
    if set(records) != set(source.folds if printed else source.folds_of(root)):
        return None
    if printed is None:
        return over_folds(list(records.values()))
    table, row, columns = printed
    return beside(paper, table, {row: paper}, list(records.values()), columns)
