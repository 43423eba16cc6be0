"""Many runs: what the chapters declare in results/<paper>/sweep.yml, what of it is missing, and what came of it.

`make results` runs what is missing through the Snakefile, which asks this module; `__main__` is the command line.
"""

import contextlib
import shlex
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from functools import cache, cached_property
from itertools import product
from pathlib import Path

import yaml
from tqdm import tqdm

from dfer_nb import datasets, files, run
from dfer_nb.data.choices import CHOICES, Reading
from dfer_nb.errors import BadInput
from dfer_nb.presets import PRESETS
from dfer_nb.request import Request, make_fabric, record_folder
from dfer_nb.sweep.folders import check
from dfer_nb.training.keeping import drop_orphans, keep, possible
from dfer_nb.training.record import FEATURES, Record, is_complete
from dfer_nb.training.results import KEEP, RUNS, Kept, called, kept_run

FIELDS = {"dataset", "root", "preset", "epochs", "device", *CHOICES}  # of a group, as in `request.Request`
LISTS = {"draws": 0, "seeds": None, "folds": 1}  # and what each is where it is not given; a seed is its draw's number


@dataclass(frozen=True)
class Job:
    """One run of a sweep, the part of the paper that it answers, how much is kept of its record (`results.KEEP`)."""

    request: Request
    answers: str
    keep: str = KEEP[0]

    @property
    def options(self) -> list[str]:
        """The run's parameters as options of `python -m dfer_nb.run`."""
        changed = [(f.name, getattr(self.request, f.name)) for f in fields(Request)
                   if getattr(self.request, f.name) != f.default]
        words = [["--" + name.replace("_", "-")] + ([] if value is True else [str(value)]) for name, value in changed]
        return [word for pair in words for word in pair]

    @cached_property
    def config(self) -> dict:
        """The configuration that the run has on this machine."""
        asked = self.request.device
        return replace(self.request, device=_device() if asked == "auto" else asked).config()

    @cached_property
    def name(self) -> str:
        """paper/dataset/fold/variant/seed-hash: the record's place under runs/."""
        return record_folder(self.config).relative_to(files.runs_dir()).as_posix()

    @property
    def data(self) -> str:
        """A word for what is drawn, decoded and computed before the run: equal for runs on the same clips.

        After `clips` it says what today's code draws: another drawing is another word.
        """
        return f"{self.clips}-{files.digest(run.drawing(self.request.dataset), 6)}"

    @property
    def clips(self) -> str:
        """`data` without what the code draws, where a processor may differ from another by a grey level.

        Of a user's files it says what they hold, as far as they can be read: what cannot, decoding will name.
        """
        training, held = self.request.plan().training, ""
        if not datasets.dataset(self.request.dataset).drawn:
            with contextlib.suppress(BadInput):
                held = self.config["data"].rpartition(".")[2]
        made = [*filter(None, [held]), self.request.root, training.size, training.max_frames, training.features]
        made += [name if value is True else f"{name} {value}" for name, value in self.request.reading.chosen().items()]
        return f"{self.request.dataset}-draw{self.request.draw}-{files.digest(made, 6)}"

    @property
    def log(self) -> Path:
        """Where the run's own words go."""
        return log(self.name)

    @property
    def called(self) -> str:
        """The name of its record in results/: see `training.results.called`."""
        return called(vars(self.request) | {"variant": self.request.variant or self.request.paper})


@cache
def _device() -> str:
    """What "auto" means on this machine: asked once, because it takes a while."""
    return make_fabric(Request()).device.type


def log(name: str) -> Path:
    """The log of the run of this `Job.name`."""
    return files.runs_dir() / "log" / f"{name}.txt"


def declared(paper: str) -> list[Job]:
    """The runs that a chapter declares in results/<paper>/sweep.yml, in its order; each run once.

    The file is a list of groups: variants (name -> what it answers), dataset, preset, folds, draws (each run has the
    seed of its draw's number, if no seeds are given: tables want one run of a variant on a draw), and
    `keep: whole` where probabilities are wanted, or `features` for those and the features of the test clips. Every run
    has one thread. Raises BadInput for what is not known, and for two runs that would take each other's place in
    results/.
    """
    path = files.results_dir() / paper / "sweep.yml"
    if not path.exists():
        raise BadInput(f"no sweep is declared for {paper}", path, f"declared are: {', '.join(papers()) or 'none'}")
    jobs: dict[str, Job] = {}
    for job in (job for group in _groups(path) for job in _expanded(paper, group, path)):
        before = jobs.setdefault(job.called, job)
        if before.request != job.request:
            raise BadInput(f"{job.called} is declared twice, with different epochs, roots or devices", path,
                           "declare it once: results/ has one place for it")
        jobs[job.called] = replace(before, keep=max(before.keep, job.keep, key=KEEP.index))
    return list(jobs.values())


def _groups(path: Path) -> list[dict]:
    """The groups of a sweep.yml, each a mapping with what a group may have. Raises BadInput."""
    known = sorted({*FIELDS, *LISTS, "keep", "about"})
    todo = f"write a list of groups, each with variants (name: what it answers) and, where wanted, {', '.join(known)}"
    try:
        groups = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    except yaml.YAMLError as error:
        raise BadInput(f"this is not YAML: {error}", path, todo) from error
    if not isinstance(groups, list):
        raise BadInput("this is not a list of groups", path, todo)
    for group in groups:
        if not isinstance(group, dict) or not isinstance(group.get("variants"), dict):
            raise BadInput(f"a group has no variants: {group}", path, todo)
        strange = [str(name) for name in group if name not in (*known, "variants")]
        if strange or group.get("keep", KEEP[0]) not in KEEP:
            raise BadInput(f"a group has {', '.join(strange) or 'keep: ' + str(group['keep'])}", path,
                           todo if strange else f"write keep: and one of {', '.join(KEEP)}")
        if lone := [name for name in LISTS if not isinstance(group.get(name, []), list)]:
            raise BadInput(f"{lone[0]} is {group[lone[0]]!r}", path, "give a list, as in seeds: [0, 1]")
    return groups


def _expanded(paper: str, group: dict, path: Path) -> Iterable[Job]:
    shared = {name: group[name] for name in FIELDS & set(group)} | {"threads": 1}
    for draw, seed, fold in product(*(group.get(name, [least]) for name, least in LISTS.items())):
        for variant, answers in group["variants"].items():
            try:
                own = draw if seed is None else seed
                request = Request(paper, variant=variant, draw=draw, seed=own, fold=fold, **shared)
            except BadInput as error:
                raise BadInput(error.what, path, error.todo) from None
            yield Job(request, answers, group.get("keep", KEEP[0]))


def papers() -> list[str]:
    """The papers that declare a sweep."""
    return [name for name in PRESETS if (files.results_dir() / name / "sweep.yml").exists()]


def every_fold(paper: str, dataset: str, root: str = "", preset: str = "laptop", device: str = "auto",
               **choices) -> list[Job]:
    """The paper's own method on all folds whose lists a dataset's folder has: its main table. choices: of `Reading`."""
    return [Job(Request(paper, dataset, root, fold, preset, paper, device=device, threads=1, **choices),
                "the table of all folds", keep="whole") for fold in datasets.dataset(dataset).folds_of(root)]


def chosen(dataset: str = "", root: str = "", preset: str = "", device: str = "auto", **choices) -> list[Job]:
    """Everything declared; or, where a dataset or preset is named, all its folds, of every paper with that preset.

    choices: of `data.choices.Reading`, for the latter. Raises BadInput for what is no truth value.
    """
    choices = Reading(**{name: value for name, value in choices.items() if value != ""}).chosen()
    if not (dataset or root or preset or choices):
        return [job for paper in papers() for job in declared(paper)]
    dataset, preset = dataset or "facsimile", preset or "laptop"
    with_it = [paper for paper, presets in PRESETS.items() if preset in presets]
    return [job for paper in with_it or PRESETS for job in every_fold(paper, dataset, root, preset, device, **choices)]


def is_kept(job: Job) -> bool:
    """Whether as much of the run as is wanted, made by today's settings and arithmetic, lies in results/."""
    record = kept_of(job)
    return record is not None and KEEP.index(record.keep) >= KEEP.index(job.keep)


def kept_of(job: Job, folder: Path | None = None) -> Kept | None:
    """The run's record in results/, or in such a folder of another machine; None where it is missing or out of date."""
    record = kept_run(job.called, folder)
    return record if record is not None and not out_of_date(record, job) else None


def watched(jobs: Iterable[Job]) -> Iterator[Job]:
    """The same jobs, with a line of progress on stderr where they take more than a second: traces may be computed."""
    jobs = list(jobs)
    yield from tqdm(jobs, "comparing records with today's code", unit="run", delay=1, miniters=1, leave=False,
                    file=sys.stderr)


def made_of(job: Job, folder: Path | None = None) -> Record | None:
    """The run's whole record in runs/, or in such a folder of another machine; None as for `kept_of`."""
    own = (folder or files.runs_dir()) / job.name
    others = sorted(other for other in own.parent.glob("seed*") if other != own)
    found = (Record(path) for path in (own, *others) if is_complete(path))
    return next((record for record in found if not out_of_date(record, job)), None)


def out_of_date(record: Record, job: Job) -> list[str]:
    """In what a record differs from what the run would be today: see `run.out_of_date`.

    Precision, and a device that was not asked for by name, may be those of another machine: processors differ in what
    they can, and a record that somebody has made is not made again.
    """
    free = {"precision"} | ({"device"} if job.request.device == "auto" else set())
    return run.out_of_date(record, job.request, job.config, free)


def unmade(job: Job) -> str:
    """The file under runs/<Job.name> that has still to be made: of the run, or of its features; "" for none."""
    if is_kept(job):
        return ""
    record, last = made_of(job), FEATURES if job.keep == KEEP[-1] else "summary.json"
    return "" if record is not None and (record.path / last).exists() else last


def gather(jobs: Iterable[Job], folders: Iterable[Path] = ()) -> int:
    """Do what `gathered` does. Returns how many runs were put into results/."""
    return sum(gathered(jobs, folders).values())


def gathered(jobs: Iterable[Job], folders: Iterable[Path] = ()) -> dict[Path, int]:
    """Put into results/ what there is of the runs in runs/, where it is not kept yet, or with less than is wanted.

    folders: runs/ or results/ of other machines, to be looked at as well. What is kept and not out of date stays,
    unless more of it is wanted and found. Returns of runs/ and of each folder how many runs were taken from there.
    Traces that no kept run has go. Raises BadInput for a folder without records, or of another level.
    """
    jobs, places = list(jobs), [files.runs_dir(), *map(check, folders)]
    found, taken = [], Counter(dict.fromkeys(places, 0))
    for job in (job for job in watched(jobs) if not is_kept(job)):
        old = kept_of(job)
        others = ((of(job, place), place) for place in places for of in (kept_of, made_of))
        records = [(record, place) for record, place in ((old, None), *others) if record is not None]
        best, place = max(records, key=lambda each: KEEP.index(possible(each[0], job.keep)), default=(None, None))
        if best is not old:
            found.append((best, job.keep))
            taken[place] += 1
    keep(found)
    drop_orphans(sorted({job.request.paper for job in jobs}))
    return dict(taken)


def report(jobs: list[Job]) -> list[str]:
    """A line for every run that is not kept as is wanted, with the reason: what changed, or the error in its log."""
    return [f"{shlex.join(job.options)}: {_why(job)} ({job.log})" for job in watched(jobs) if not is_kept(job)]


def _why(job: Job) -> str:
    record, log = kept_run(job.called), ""
    if job.log.exists() and (record is None or _tried_since(job, record)):
        log = job.log.read_text(encoding="utf-8", errors="replace").strip()
    error = next((line for line in log.split("\n") if line.startswith("error:")), "")
    if error or record is None:
        return error or log.rpartition("\n")[2] or "not started"
    changed = out_of_date(record, job)
    return f"kept, but changed since: {', '.join(changed[:3])}" if changed else f"kept {record.keep}, wanted {job.keep}"


def _tried_since(job: Job, record: Kept) -> bool:
    """Whether the run was started after its kept record was made, as far as is known.

    The tables of the record are written anew with every other run of theirs, so its date counts too, where it has one.
    """
    when = job.log.stat().st_mtime
    day = datetime.fromtimestamp(when, UTC).date().isoformat()
    return when > (record.path / RUNS).stat().st_mtime or day > record.environment.get("date", day)[:10]
