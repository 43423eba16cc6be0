"""Frames that nothing needs any more: the films of a draw, and what was decoded of them, once its runs are done."""

from collections.abc import Iterable
from pathlib import Path

from dfer_nb import datasets, files
from dfer_nb.data.cache import caches_of
from dfer_nb.errors import BadInput
from dfer_nb.sweep import Job, unmade
from dfer_nb.training.features import features_of

KEPT = 0  # the draw that notebooks show


def draws(jobs: Iterable[Job]) -> dict[str, list[Job]]:
    """The runs on each draw that may be thrown away, by the name of its folder, which kinds with the same clips share.

    Not among them: draw 0, which the notebooks show, licensed datasets, and what was drawn into a user's own folder.
    """
    found: dict[str, list[Job]] = {}
    for job in jobs:
        request = job.request
        place = datasets.dataset(request.dataset).drawn_into(request.draw)
        if place is not None and not request.root and request.draw != KEPT:
            found.setdefault(place.name, []).append(job)
    return found


def lying(jobs: Iterable[Job]) -> list[str]:
    """The draws of these runs that may be thrown away, as far as they are on the disk or will be drawn."""
    return [name for name, own in draws(jobs).items() if _folder(name).exists() or any(map(unmade, own))]


def discard(jobs: Iterable[Job], names: Iterable[str] = ()) -> list[str]:
    """Remove films, decoded frames and frozen features of draws whose runs are done, and say of each what came of it.

    jobs: everything that is declared; names: of folders as in `draws`, all of them when none is named. A draw on which
    a run has still to be made stays. Raises BadInput for a name that no declared run has, with those that may be named.
    """
    known = draws(jobs)
    if unknown := [name for name in names if name not in known]:
        raise BadInput(f"there is nothing to throw away that is called {unknown[0]!r}", "--discard", "name draws that "
                       f"declared runs have, but for draw {KEPT}: {', '.join(known) or 'there are none'}")
    return [told for name in names or known if (told := _discarded(name, known[name]))]


def _discarded(name: str, jobs: list[Job]) -> str:
    """What came of one draw; "" where nothing of it lies on the disk."""
    folder = _folder(name)
    caches = caches_of(folder)
    if not (folder.exists() or caches):
        return ""
    if left := sum(bool(unmade(job)) for job in jobs):
        return f"{name} stays: {left} of its {len(jobs)} runs {'has' if left == 1 else 'have'} still to be made"
    for job in jobs:  # first: where these are, nobody looks whether there are frames
        (files.data_dir() / ".ready" / job.data).unlink(missing_ok=True)
    decoded = sum(files.remove(home) for cache in caches for home in (*features_of(cache), cache))
    return f"{name}: {_size(files.remove(folder))} of films and {_size(decoded)} of decoded frames are gone"


def _folder(name: str) -> Path:
    return files.data_dir() / name


def _size(number: int) -> str:
    return f"{number / 2**20:,.0f} MB"
