"""Where the clips of a dataset lie on a disk, however its archives were unpacked, and what exactly is read."""

import fnmatch
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dfer_nb.data.clips import some
from dfer_nb.errors import BadInput

VIDEOS = (".mp4", ".avi", ".mkv", ".mov", ".m4v", ".webm")
ARCHIVES = (".zip", ".rar", ".7z", ".tar", ".tgz", ".gz", ".001", ".z01")
DEEPEST = 6  # folders between a dataset's root and a clip: archives are unpacked into folders of their own
Key = Callable[[tuple[str, ...]], str]  # folders around a clip, and itself -> the clip's name, "" for no clip


@dataclass(frozen=True)
class Kind:
    """One form in which a dataset's clips are given out.

    words: what it is, for a reader; folders: where below the root, as patterns ("Clip/clip_224x224*"); videos: files
    instead of folders of frames; scenes: whole film scenes, not faces.
    """

    words: str
    folders: tuple[str, ...]
    videos: bool = False
    scenes: bool = False


@dataclass
class Place:
    """What lies where: a kind, the folder (below the root) that all its clips share, path by clip name.

    twice: clips that lie there twice, with both places; packed: archives that lie there, too.
    """

    kind: Kind
    folder: Path
    paths: dict[str, str] = field(default_factory=dict)
    twice: dict[str, tuple[str, str]] = field(default_factory=dict)
    packed: list[str] = field(default_factory=list)

    def said(self, root: Path) -> dict:
        """What is read, for a record: kind, folder (below the root, where it is there) and number of clips there."""
        inside = self.folder.relative_to(root).as_posix() if self.folder.is_relative_to(root) else str(self.folder)
        return {"kind": self.kind.words, "folder": inside, "clips": len(self.paths)}


def find(root: Path, kinds: Sequence[Kind], key: Key, scenes: bool) -> Place:
    """The first kind of which clips are there; faces, or film scenes where those are asked for. They never mix.

    Each folder is listed once. Raises BadInput where there are none, with what is there instead.
    """
    others = {pattern.rpartition("/")[2] for kind in kinds for pattern in kind.folders}
    packed: list[str] = []
    for kind in (kind for kind in kinds if kind.scenes == scenes):
        place = _place(root, kind, key, others)
        packed += place.packed
        if place.paths:
            return place
    raise _nothing(root, kinds, key, scenes, others, packed)


def _place(root: Path, kind: Kind, key: Key, others: set[str]) -> Place:
    folders = sorted(path for pattern in kind.folders for path in root.glob(pattern) if path.is_dir())
    found = Place(kind, Path(os.path.commonpath(folders)) if folders else root)
    own = {pattern.rpartition("/")[2] for pattern in kind.folders}
    for folder in folders:
        _walk(str(folder), (folder.name,), key, kind.videos, others - own, found)
    for parent in {root, *(folder.parent for folder in folders), *folders,
                   *(root / pattern.rpartition("/")[0] for pattern in kind.folders)}:
        if parent.is_dir():
            found.packed += [name for name in os.listdir(parent) if name.lower().endswith(ARCHIVES)]
    found.packed = sorted(set(found.packed))
    return found


def _walk(folder: str, parts: tuple[str, ...], key: Key, videos: bool, others: set[str], found: Place) -> None:
    """Clips in a folder and below it, into `found`; folders that are of another kind are left aside."""
    try:
        with os.scandir(folder) as entries:
            listed = [(entry.name, entry.is_dir()) for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        raise BadInput("a folder of clips cannot be read", folder,
                       f"look at the disk, and at who may read there ({error.strerror})") from error
    for name, is_dir in sorted(listed):
        stem, end = os.path.splitext(name)
        path = f"{folder}/{name}"
        if not is_dir:
            if videos and end.lower() in VIDEOS and (clip := key((*parts, stem))):
                _add(clip, path, found)
        elif not videos and (clip := key((*parts, name))):
            _add(clip, path, found)
        elif len(parts) < DEEPEST and not any(fnmatch.fnmatch(name, other) for other in others):
            _walk(path, (*parts, name), key, videos, others, found)


def _add(clip: str, path: str, found: Place) -> None:
    """One more clip, or one that is there already under another name: 00001.mp4 and 1.mp4, 1.mp4 and 1.avi."""
    before = found.paths.setdefault(clip, path)
    if before != path:
        found.twice[clip] = (before, path)


def once(place: Place) -> Place:
    """The same place. Raises BadInput for clips that lie there twice: nobody can say which of the two is meant."""
    if place.twice:
        clip, both = next(iter(place.twice.items()))
        raise BadInput(f"{len(place.twice)} clips lie there twice: {some(place.twice, 5)}",
                       f"clip {clip}: {both[0]} and {both[1]}", "keep one of the two")
    return place


def _nothing(root: Path, kinds: Sequence[Kind], key: Key, scenes: bool, others: set[str], packed: list[str]):
    """The error for a dataset without clips of the wanted sort."""
    wanted = [kind for kind in kinds if kind.scenes == scenes]
    looked = "; ".join(f"{kind.words} in {' or '.join(kind.folders)}" for kind in wanted)
    what = "the dataset has no clips" if not scenes else "the dataset has no film scenes"
    todo = "unpack the clips there"
    if packed:
        what, todo = f"{what} that are unpacked: {some(packed, 5)}", "unpack these archives where they lie"
    elif not scenes:
        for kind in (kind for kind in kinds if kind.scenes):
            other = _place(root, kind, key, others)
            if other.paths:
                what = f"there are no faces, only {len(other.paths)} {kind.words} in {other.folder.relative_to(root)}"
                todo = "unpack the face crops, or read the scenes as they are with scenes=True"
    if not wanted:
        what, looked, todo = "this dataset is given out as faces alone", "", "read it without scenes=True"
    return BadInput(what, f"{root}{': looked for ' + looked if looked else ''}", todo)
