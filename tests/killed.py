"""A run in a process of its own that is killed (SIGKILL) at a chosen place; for `training/test_killed.py`.

The processes are forked from a server that has imported everything and done nothing: each is fresh, and starts at once.
A run may also train for its trace, in a temporary folder: what happens there is not counted, and kills nobody.
"""

import multiprocessing
import os
import shutil
import signal
import time
from pathlib import Path

FRESH = multiprocessing.get_context("forkserver")
FRESH.set_forkserver_preload(["dfer_nb.run"])


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def of_the_run(path) -> bool:
    """Whether a path lies in the folder of runs."""
    return Path(os.environ["DFER_RUNS"]) in Path(path).parents


def between_two_steps() -> None:
    """In epoch 3, after its first step."""
    from dfer_nb.training.fit import Fit

    step = Fit.train_step

    def mortal(self, batch, number, steps):
        if (self.epoch, number) == (2, 1) and of_the_run(self.folder):
            die()
        return step(self, batch, number, steps)

    Fit.train_step = mortal


def _half_a_file(method: str, name: str, at: int) -> None:
    """Half of the file `name`, the at-th of this name, is on the disk."""
    write, seen = getattr(Path, method), []

    def mortal(self, content, *arguments, **options):
        wanted = self.name == name and of_the_run(self)
        seen.extend([1] * wanted)
        if wanted and len(seen) == at:
            write(self, content[: len(content) // 2], *arguments, **options)
            die()
        return write(self, content, *arguments, **options)

    setattr(Path, method, mortal)


def in_the_checkpoint() -> None:
    """Half of the checkpoint of epoch 3 is written."""
    _half_a_file("write_bytes", "checkpoint.pt", at=3)


def between_the_renames() -> None:
    """The state after epoch 1 is moved away, that after epoch 2 not yet in its place."""
    rename = Path.rename

    def mortal(self, target):
        moved = rename(self, target)
        if ".unfinished.partial-old-" in Path(target).name and of_the_run(target):
            die()
        return moved

    Path.rename = mortal


def in_the_record() -> None:
    """Half of the record's last file is written."""
    _half_a_file("write_text", "summary.json", at=1)


def before_the_tidying() -> None:
    """The record is in its place, the state of the unfinished run still there."""
    remove = shutil.rmtree

    def mortal(path, **options):
        return die() if Path(path).suffix == ".unfinished" and of_the_run(path) else remove(path, **options)

    shutil.rmtree = mortal


def slowly() -> None:
    """Not killed, but for two seconds from epoch 3 on: somebody outside has the time to do it."""
    from dfer_nb.training.fit import Fit

    before = Fit.train_epoch
    Fit.train_epoch = lambda self: (time.sleep(2 * (self.epoch == 2 and of_the_run(self.folder))), before(self))[1]


def _train(root: Path, runs: Path, data: Path, variant: str, place: str, preset: str) -> None:
    os.environ |= {"DFER_RUNS": str(runs), "DFER_DATA": str(data)}
    runs.mkdir(parents=True, exist_ok=True)
    if not (runs / ".traces").exists():  # what the code computes is the same for all of these runs
        (data / "traces").mkdir(parents=True, exist_ok=True)
        (runs / ".traces").symlink_to(data / "traces")
    from dfer_nb import facsimile, run
    from dfer_nb.training.fit import Fit

    facsimile.make = lambda *_, **__: root
    if place:
        globals()[place]()
    epoch = Fit.train_epoch

    def noted(self):
        if of_the_run(self.folder):
            with (runs.parent / "trained").open("a") as file:
                file.write(f"{self.epoch}\n")
        return epoch(self)

    Fit.train_epoch = noted
    run.run(preset=preset, variant=variant, epochs=3, device="cpu", threads=1, progress=False)


def start(
    root: Path, runs: Path, data: Path, variant: str, place: str = "", preset: str = "frozen"
) -> multiprocessing.Process:
    """A process that trains three epochs, killed at `place` ("": not at all).

    Each epoch that it begins is a line in the file `trained` beside the folder of runs.
    """
    process = FRESH.Process(target=_train, args=(root, runs, data, variant, place, preset))
    process.start()
    return process
