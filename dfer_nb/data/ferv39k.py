"""FERV39k's layout: lists without a header, one division into training and test, frames by scene and expression."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from dfer_nb.data import lists
from dfer_nb.data.clips import listing
from dfer_nb.data.licensed import Licensed, Published
from dfer_nb.data.places import Kind
from dfer_nb.errors import BadInput

SETUPS, FACES = "4_setups", "2_ClipsforFaceCrop"
SCENES = ("Action", "Argue", "Business", "Conflict", "Contest", "Crime", "Crisis", "DailyLife", "ElegantArt",
          "Experiment", "History", "Interview", "Liveshow", "Medicine", "OfficialEvent", "ScholarReport", "School",
          "Social", "Speech", "Talkshow", "Terror", "War")
CLASSES = ("Happy", "Sad", "Neutral", "Angry", "Surprise", "Disgust", "Fear")
BY_SPLIT = {"train": dict(zip(CLASSES, (5854, 5523, 7790, 5906, 2502, 1833, 1680), strict=True)),
            "test": dict(zip(CLASSES, (1473, 1393, 1958, 1487, 638, 467, 431), strict=True))}


class Ferv39k(Licensed):
    """All 22 scenes together, or the setup of one scene: a dataset with a name of its own ("ferv39k-action")."""

    holds = f"{SETUPS}/ and {FACES}/"
    marks = (SETUPS, "All_scenes")
    kinds = (Kind("face crops, a folder of frames a clip", (f"{FACES}*",)),
             Kind("whole film scenes, a folder of frames a clip", ("3_ClipsforScen*",), scenes=True))
    classes, folds = CLASSES, (1,)
    first = 0

    def __init__(self, scene: str = ""):
        self.scene, self.name = scene, f"ferv39k-{scene.lower()}" if scene else "ferv39k"
        classes = {name: sum(part[name] for part in BY_SPLIT.values()) for name in CLASSES}
        self.published = None if scene else Published(clips=38935, test=(7847,), classes=classes, by_split=BY_SPLIT)

    def rows(self, root: Path, fold: int) -> pd.DataFrame:
        """Rows such as "Action/Sad/0010 Sad"; the clip's name is its place below the frames."""
        parts = {split: lists.spaced(self.list(root, split), ("clip", "label")) for split in ("train", "test")}
        rows = pd.concat([part.assign(split=split) for split, part in parts.items()])
        return rows.assign(clip=["/".join(Path(name.replace("\\", "/")).parts[-3:]) for name in rows["clip"]])

    def has_lists(self, root: Path, fold: int) -> bool:
        """Whether a list of either split is there."""
        return any(self.candidates(root, split) for split in ("train", "test"))

    def candidates(self, root: Path, split: str) -> Sequence[Path]:
        """Lists that may be that of a split: one, where all is well."""
        word, within = self.scene.lower() or "all", _setups(root)
        return [path for way in ("*", "*/*", "*/*/*") for path in within.glob(way)
                if path.suffix.lower() in (".csv", ".txt") and path.stem.lower().startswith(split)
                and path.name[:1] != "." and _names(path.relative_to(within), split, word)]

    def list(self, root: Path, split: str) -> Path:
        """The list of a split. Raises BadInput where there is none, or where there are several."""
        paths, within = self.candidates(root, split), _setups(root)
        if len(paths) != 1:
            raise BadInput(f"there is no {split} list of {self.name}" if not paths else
                           f"there are {len(paths)} {split} lists of {self.name}: {', '.join(map(str, paths[:4]))}",
                           f"{within} holds: {listing(within)}",
                           f"there should be one: {split}_{self.scene or 'All'}.csv")
        return paths[0]

    def key(self, parts: tuple[str, ...]) -> str:
        """Scene, expression and number, whatever folders an archive has put around them."""
        return "/".join(parts[-3:]) if len(parts) > 2 and self.class_of(parts[-2]) >= 0 else ""

    def told(self, rows: pd.DataFrame) -> np.ndarray:
        """The folder of the expression, so that numbers of any order can be told."""
        return np.array([self.class_of(name.split("/")[-2] if "/" in name else "") for name in rows["clip"]])

    def sample_place(self, number: int, clip) -> str:
        return f"{FACES}/{self.scene or 'Action'}/{CLASSES[clip.label]}/{number:04d}"

    def write_sample(self, root: Path, clips: pd.DataFrame, fold: int) -> None:
        for split, own in clips.groupby("split"):
            folder = root / SETUPS / (self.scene or "All_scenes")
            folder.mkdir(parents=True, exist_ok=True)
            text = [f"{row.place.partition('/')[2]} {CLASSES[row.label]}\n" for row in own.itertuples()]
            (folder / f"{split}_{self.scene or 'All'}.csv").write_text("".join(text), encoding="utf-8")


def _setups(root: Path) -> Path:
    """The folder of the lists of all setups, or the root itself."""
    return root / SETUPS if (root / SETUPS).is_dir() else root


def _names(path: Path, split: str, word: str) -> bool:
    """Whether a list's name, or its folder's, is the setup's: letters alone, as archives write them in several ways."""
    own = "".join(filter(str.isalpha, path.stem[len(split):].lower()))
    folder = "".join(filter(str.isalpha, path.parent.name.lower()))
    return own == word or (own == "" and folder in (word, f"{word}scenes"))
