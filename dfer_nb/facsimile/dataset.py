"""FACSimile, the embedded dataset: drawn faces in real mp4 files, laid out like DFEW, the truth beside them.

Papers on robust recognition speak of noise that nobody can see. Here every wrong label, bad picture and
irrelevant frame is put in by a plan, so whether a method finds it can be measured.
"""

import errno
import hashlib
import json
import shutil
from pathlib import Path

import cv2
import joblib
import numpy as np
import pandas as pd
from tqdm import tqdm

from dfer_nb import files
from dfer_nb.data.expressions import EXPRESSIONS
from dfer_nb.errors import BadInput
from dfer_nb.facsimile import casting, face, storyboard
from dfer_nb.facsimile.recipes import ACTION_UNITS, AU_NAMES, RECIPES
from dfer_nb.facsimile.storyboard import KINDS, STYLES

__all__ = ["KINDS", "SIZES", "action_units", "folder", "make", "render", "still_faces", "truth"]

VERSION = 4  # of all that decides a frame or a label: raise it with every change of the drawing or the plan
SIZE, FPS = 112, 25
SIZES = {"clips": 1400, "clean": 700, "slice_clips": 150}
CHUNK = 10  # clips that a process draws between two steps of the progress bar
TRUTH = (
    "clip", "true_label", "given_label", "wrong_label", "wrong_kind", "low_quality", "quality_kind",
    "severity", "hard", "hard_why", "second_label", "short_apex", "apex_start", "apex_end", "irrelevant",
    "irrelevant_frames", "irrelevant_start", "irrelevant_kind", "irrelevant_label", "neutral_share",
    "intensity", "identity", "fold", "slice", "n_frames",
)  # fmt: skip


def folder(kind: str, draw: int = 0, base=None, **sizes: int) -> Path:
    """Where `make` puts this dataset; other sizes get another folder. Raises BadInput as `make` does."""
    if kind not in KINDS:
        raise BadInput(f"unknown dataset {kind!r}", "FACSimile's kinds", f"choose one of {', '.join(KINDS)}")
    if isinstance(draw, bool) or not isinstance(draw, (int, np.integer)) or not 0 <= draw < 10**6:
        raise BadInput(
            f"draw is {draw!r}", "FACSimile", "give a whole number from 0 to 999999: the seed of the data"
        )
    for name, value in sizes.items():
        if name not in SIZES:
            raise BadInput(f"unknown size {name!r}", "FACSimile", f"sizes are {', '.join(SIZES)}")
        least = 10 if name == "clips" else 0
        if not isinstance(value, (int, np.integer)) or value < least:
            raise BadInput(f"{name} is {value!r}", "FACSimile", f"give a whole number from {least} on")
    full = _full(sizes)
    suffix = "" if full == SIZES else "-" + files.digest(full, 6)
    return Path(base or files.data_dir()) / f"{kind}-draw{draw}{suffix}"


def _full(sizes: dict) -> dict:
    return {**SIZES, **{name: int(value) for name, value in sizes.items()}}


def make(
    kind: str = "facsimile",
    draw: int = 0,
    base=None,
    progress: bool = True,
    jobs: int | None = None,
    **sizes: int,
) -> Path:
    """The dataset's root folder, in DFEW's layout; drawn and written only when it is not there yet.

    kind: one of `KINDS`; draw: seed of everything; base: parent folder (None: `files.data_dir()`); jobs:
    processes (None: one a core); sizes: `clips` in the five folds, `clean` test clips, `slice_clips` in each
    slice. The same arguments give the same frames and labels, whatever `jobs` is. Raises BadInput for an
    unknown kind or size, a negative draw and a full disk.
    """
    root = folder(kind, draw, base, **sizes)
    if _complete(root):
        return root
    table = casting.plan(kind, int(draw), **_full(sizes))
    jobs = jobs or (1 if len(table) < 10 * CHUNK else joblib.cpu_count())
    try:
        with files.atomic_folder(root) as partial:
            made = _draw_all(partial, table, kind, int(draw), jobs, progress)
            truth = _truth_table(table, made, STYLES[kind].n_frames)
            _write_truth(partial, truth, made, kind, int(draw), _full(sizes))
            if _complete(root):
                raise _MadeElsewhere
    except _MadeElsewhere:
        pass
    return root


class _MadeElsewhere(Exception):
    """Another process finished the same dataset first: its folder may be in use, so it stays."""


def _complete(root: Path) -> bool:
    """Whether a whole dataset of this version lies there (its card is written last)."""
    try:
        return json.loads((root / "card.json").read_text())["version"] == VERSION
    except (OSError, ValueError, KeyError):
        return False


def render(row, kind: str, draw: int, size: int = SIZE) -> tuple[np.ndarray, storyboard.Script]:
    """One clip before encoding: frames uint8 (T, size, size, 3), and its script; row: of `casting.plan`."""
    script = storyboard.script(row, kind, draw)
    frames = zip(script.who, script.aus, script.views, strict=True)
    drawn = [face.draw(face.identity(int(who)), aus, view, size) for who, aus, view in frames]
    return np.stack(drawn), script


def _draw_all(root: Path, table: pd.DataFrame, kind: str, draw: int, jobs: int, progress: bool) -> list[dict]:
    """Draws and writes every clip; what is known of each, in the plan's order."""
    (root / "Clip" / "original").mkdir(parents=True)
    chunks = (table.iloc[start : start + CHUNK] for start in range(0, len(table), CHUNK))
    # joblib's processes start afresh without the caller's main module: notebooks and plain scripts both work
    work = joblib.Parallel(n_jobs=jobs, backend="loky", return_as="generator", idle_worker_timeout=10)
    made, title = [], f"drawing {kind}, draw {draw}"
    with tqdm(total=len(table), desc=title, unit="clip", disable=not progress) as bar:
        for clips in work(joblib.delayed(_draw_chunk)(str(root), chunk, kind, draw) for chunk in chunks):
            made += clips
            bar.update(len(clips))
    return made


def _draw_chunk(root: str, table: pd.DataFrame, kind: str, draw: int) -> list[dict]:
    made = []
    for row in table.itertuples():
        frames, script = render(row, kind, draw)
        _write_clip(Path(root) / "Clip" / "original" / f"{row.number}.mp4", frames)
        made.append({
            "digest": hashlib.sha256(frames).hexdigest(), "aus": script.aus.astype(np.float16),
            "apex": script.apex, "neutral_share": script.neutral_share,
        })  # fmt: skip
    return made


def _write_clip(path: Path, frames: np.ndarray) -> None:
    """One mp4. OpenCV is silent when a write fails, so the file is opened again and its frames counted."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), FPS, frames.shape[2:0:-1])
    for frame in frames:
        writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    writer.release()
    reader = cv2.VideoCapture(str(path))
    written = int(reader.get(cv2.CAP_PROP_FRAME_COUNT)) if reader.isOpened() else 0
    reader.release()
    if written != len(frames):
        full = shutil.disk_usage(path.parent).free < 1 << 20
        raise OSError(
            errno.ENOSPC if full else errno.EIO,
            f"only {written} of {len(frames)} frames were written",
            str(path),
        )


def _truth_table(table: pd.DataFrame, made: list[dict], n_frames: int) -> pd.DataFrame:
    truth = table.assign(
        clip=table.number.astype(str),
        wrong_label=table.given_label != table.true_label,
        low_quality=table.quality_kind != "",
        hard=table.hard_why != "",
        irrelevant=table.irrelevant_frames > 0,
        n_frames=n_frames,
        apex_start=[clip["apex"][0] for clip in made],
        apex_end=[clip["apex"][1] for clip in made],
        neutral_share=[clip["neutral_share"] for clip in made],
    )
    return truth[list(TRUTH)]


def _write_truth(
    root: Path, truth: pd.DataFrame, made: list[dict], kind: str, draw: int, sizes: dict
) -> None:
    """CSV lists, truth table, action units and, last, the card that says the dataset is whole."""
    _write_lists(root / "EmoLabel_DataSplit", truth)
    truth.to_parquet(root / "truth.parquet", index=False)
    np.savez_compressed(
        root / "action_units.npz",
        intensity=np.concatenate([clip["aus"] for clip in made]),
        offsets=np.cumsum([0, *truth.n_frames]),
        clip=truth["clip"].to_numpy(str),
        action_units=np.array(ACTION_UNITS),
    )
    frames = hashlib.sha256("".join(clip["digest"] for clip in made).encode()).hexdigest()
    card = {
        "name": "FACSimile",
        "kind": kind,
        "draw": draw,
        "version": VERSION,
        "sizes": sizes,
        "frames_sha256": frames,
    }
    card_text = json.dumps({**card, **_describe(truth, kind)}, indent=1, ensure_ascii=False)
    (root / "card.json").write_text(card_text, encoding="utf-8")


def _write_lists(root: Path, truth: pd.DataFrame) -> None:
    """DFEW's CSV files, labels from 1: given labels in train lists, true ones in test lists and slices."""
    lists = {
        f"slices/{name}.csv": (truth[truth.slice == name], "true_label")
        for name in ("clean", *casting.SLICES)
    }
    for fold in range(1, 6):
        train, test = (truth.fold > 0) & (truth.fold != fold), truth.fold == fold
        lists[f"train(single-labeled)/set_{fold}.csv"] = (truth[train], "given_label")
        lists[f"test(single-labeled)/set_{fold}.csv"] = (truth[test], "true_label")
    for name, (rows, label) in lists.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        pd.DataFrame({"video_name": rows["clip"], "label": rows[label] + 1}).to_csv(root / name, index=False)


def _describe(truth: pd.DataFrame, kind: str) -> dict:
    """The data card's own words and counts: what this dataset is, for a person to read."""
    folds = truth[truth.fold > 0]

    def count(column):
        return {str(name): int(n) for name, n in folds[column].value_counts().items() if name != ""}

    labels = folds.groupby(["fold", "true_label"]).size().unstack(fill_value=0)
    return {
        "what": "Faces drawn from FACS action units, in files and lists like DFEW's. Labels start at 1.",
        "use": "To measure how methods cope with known noise. It says nothing about how people look or feel.",
        "licence": "MIT, like the code that draws it. It shows no real person.",
        "video": {"pixels": SIZE, "frames": STYLES[kind].n_frames, "frames_per_second": FPS},
        "clips": {
            "five folds": len(folds),
            **{name: int((truth.slice == name).sum()) for name in ("clean", *casting.SLICES)},
        },
        "identities": {
            "five folds": int(folds.identity.nunique()),
            "extra clips": int(truth[truth.fold == 0].identity.nunique()),
        },
        "true_labels_per_fold": {
            f"set_{fold}": {EXPRESSIONS[c]: int(n) for c, n in row.items()} for fold, row in labels.iterrows()
        },
        "noise_in_the_five_folds": {
            "wrong label, train lists only": count("wrong_kind"),
            "low quality": count("quality_kind"),
            "hard": count("hard_why"),
            "irrelevant frames": count("irrelevant_kind"),
            "short apex": int(folds.short_apex.sum()),
        },
        "recipes": {
            name: {f"AU {au} {AU_NAMES[au]}": weight for au, weight in recipe.items()}
            for name, recipe in RECIPES.items()
        },
    }


def truth(root) -> pd.DataFrame | None:
    """The truth table of a FACSimile folder, one row a clip, labels 0-based; None where there is none (DFEW).

    `given_label` is what the train lists say; `wrong_label` compares it with `true_label`. Test lists are
    right. Labels that do not apply are -1. `apex_end` is exclusive; for Neutral the apex is all that is not
    irrelevant.
    """
    path = Path(root) / "truth.parquet"
    return pd.read_parquet(path) if path.exists() else None


def action_units(root) -> dict[str, np.ndarray]:
    """Intensities as drawn: clip -> float32 (T, A) in the order of `expressions.ACTION_UNITS`."""
    with np.load(Path(root) / "action_units.npz") as stored:
        parts = np.split(stored["intensity"].astype(np.float32), stored["offsets"][1:-1])
        return dict(zip(stored["clip"].tolist(), parts, strict=True))


def still_faces(n: int, seed: int, size: int = 48) -> tuple[np.ndarray, np.ndarray]:
    """Single faces of people whom no clip shows, for pre-training: uint8 (n, size, size, 3), float32 (n, A).

    Most wear an expression of random strength; all have random further action units, pose and light.
    """
    images, targets = np.empty((n, size, size, 3), np.uint8), np.empty((n, len(ACTION_UNITS)), np.float32)
    for i in range(n):
        rng = np.random.default_rng([19, seed, i])
        aus = rng.uniform(0, 0.15, len(ACTION_UNITS))
        if rng.uniform() < 0.6:
            aus = np.maximum(aus, rng.uniform(0.2, 1) * storyboard.recipe(rng, int(rng.integers(7)), 0.2))
        for column in rng.integers(len(ACTION_UNITS), size=rng.integers(0, 4)):
            aus[column] = rng.uniform()
        aus[storyboard.COLUMN[43]] = rng.uniform() if rng.uniform() < 0.1 else 0
        view = storyboard.views(STYLES["facsimile-hard"], rng, 1)[0]
        image = face.draw(face.identity(10**15 + 10**7 * seed + i // 4), aus, view, SIZE)
        images[i], targets[i] = cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA), aus
    return images, targets
