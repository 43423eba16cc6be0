"""FACSimile, the embedded dataset: drawn faces in real mp4 files, laid out like DFEW, the truth beside them.

Papers on robust recognition speak of noise that nobody can see. Here every wrong label, bad picture and
irrelevant frame is put in by a plan, so whether a method finds it can be measured.
"""

import hashlib
import json
from pathlib import Path

import cv2
import joblib
import numpy as np
import pandas as pd
from tqdm import tqdm

from dfer_nb import files
from dfer_nb.data import film
from dfer_nb.errors import BadInput
from dfer_nb.facsimile import casting, face, lists, storyboard, trace
from dfer_nb.facsimile.casting import SIZES
from dfer_nb.facsimile.recipes import ACTION_UNITS
from dfer_nb.facsimile.storyboard import FPS, SIZE
from dfer_nb.facsimile.styles import KINDS, Style, drawn_as

__all__ = ["KINDS", "SIZES", "action_units", "folder", "make", "render", "still_faces", "truth"]

OF_ONE = 4  # still faces of one person
CHUNK = 10  # clips that a process draws between two steps of the progress bar


def folder(kind: str, draw: int = 0, base=None, **sizes: int) -> Path:
    """Where `make` puts this dataset; other sizes get another folder. Raises BadInput as `make` does.

    Kinds that differ in nothing but labels share a folder, and so one cache of decoded frames.
    """
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
    return Path(base or files.data_dir()) / f"{drawn_as(kind)}-draw{draw}{suffix}"


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

    A folder that other code has drawn, as its card's trace tells, is drawn again.
    kind: one of `KINDS`; draw: seed of everything; base: parent folder (None: `files.data_dir()`); jobs:
    processes (None: one a core); sizes: `clips` in the five folds, `clean` test clips, `slice_clips` in each
    slice. The same arguments give the same frames and labels, whatever `jobs` is. Raises BadInput for an
    unknown kind or size, a negative draw, a full disk, and code that was edited since it was loaded.
    """
    root, kind = folder(kind, draw, base, **sizes), drawn_as(kind)
    if _complete(root, kind):
        return root
    if progress and (root / "card.json").exists():
        tqdm.write(f"{root} was drawn by other code than today's, and is drawn again")
    table = casting.plan(kind, int(draw), **_full(sizes))
    jobs = jobs or (1 if len(table) < 10 * CHUNK else joblib.cpu_count())
    try:
        with files.atomic_folder(root) as partial:
            made = _draw_all(partial, table, kind, int(draw), jobs, progress)
            lists.write(partial, table, made, kind, int(draw), _full(sizes))
            if _complete(root, kind):
                raise _MadeElsewhere
    except _MadeElsewhere:
        pass
    return root


class _MadeElsewhere(Exception):
    """Another process finished the same dataset first: its folder may be in use, so it stays."""


def _complete(root: Path, kind: str) -> bool:
    """Whether a whole dataset lies there, drawn as today's code draws (its card is written last)."""
    try:
        return trace.same(json.loads((root / "card.json").read_text(encoding="utf-8"))["drawing"], trace.drawing(kind))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def render(row, kind: str, draw: int, size: int = SIZE, numbers=None) -> tuple[np.ndarray, storyboard.Script]:
    """One clip before encoding: frames uint8 (T, size, size, 3), and its script.

    row: of `casting.plan`; numbers: the frames to draw, all of them when None.
    """
    script = storyboard.script(row, kind, draw)
    return _film(script, list(range(len(script.views)) if numbers is None else numbers), size), script


def _film(script: storyboard.Script, numbers: list[int], size: int) -> np.ndarray:
    people, views = [face.identity(int(script.who[t])) for t in numbers], [script.views[t] for t in numbers]
    return face.film(people, script.aus[numbers], views, size)


def _draw_all(root: Path, table: pd.DataFrame, kind: str, draw: int, jobs: int, progress: bool) -> list[dict]:
    """Draws and writes every clip; what is known of each, in the plan's order."""
    (root / "Clip" / "original").mkdir(parents=True)
    by_scene = np.argsort(table["scene"].to_numpy(), kind="stable")
    chunks = (table.iloc[by_scene[start : start + CHUNK]] for start in range(0, len(table), CHUNK))
    # joblib's processes start afresh without the caller's main module: notebooks and plain scripts both work
    work = joblib.Parallel(n_jobs=jobs, backend="loky", return_as="generator", idle_worker_timeout=10)
    for theirs in work([joblib.delayed(trace.drawing)(kind)]):
        if not trace.same(theirs, trace.drawing(kind)):
            raise BadInput("the code that draws was edited since it was loaded here", "FACSimile",
                           "restart Python, or the notebook's kernel")
    made, title = [], f"drawing {kind}, draw {draw}"
    with tqdm(total=len(table), desc=title, unit="clip", disable=not progress) as bar:
        for clips in work(joblib.delayed(_draw_chunk)(str(root), chunk, kind, draw) for chunk in chunks):
            made += clips
            bar.update(len(clips))
    return [made[place] for place in np.argsort(by_scene)]


def _draw_chunk(root: str, table: pd.DataFrame, kind: str, draw: int) -> list[dict]:
    made, scene, frames, before = [], None, None, None
    for row in table.itertuples():
        if row.scene == scene:  # the clip before in another length: most of its frames are this one's
            script, frames = storyboard.script(row, kind, draw), frames.copy()
            other = np.flatnonzero((script.aus != before.aus).any(axis=1)).tolist()
            if other:
                frames[other] = _film(script, other, SIZE)
        else:
            frames, script = render(row, kind, draw)
        scene, before = row.scene, script
        film.write(Path(root) / "Clip" / "original" / f"{row.number}.mp4", frames, FPS)
        made.append({
            "digest": hashlib.sha256(frames).hexdigest(), "aus": script.aus.astype(np.float16),
            "apex": script.apex, "neutral_share": script.neutral_share,
        })  # fmt: skip
    return made


def truth(root, kind: str = "") -> pd.DataFrame | None:
    """The truth table of a FACSimile folder, one row a clip, labels 0-based; None where there is none (DFEW).

    kind: which one's labels, where kinds share a folder ("": those that it is named by). `given_label` is what the
    train lists say; `wrong_label` compares it with `true_label`. Test lists are right. `hard`: weak, mixed or brief.
    Labels that do not apply are -1. `apex_end` is exclusive; for Neutral the apex is all that is not irrelevant.
    `motion_cue` names the cue of a clip that time alone tells (`motion.CUES`), `twin_label` the label that its frames
    have in the other order; there the apex is what the label says, or of Neutral what is not felt.
    """
    path = Path(root) / lists.truth_file(kind)
    return pd.read_parquet(path) if path.exists() else None


def action_units(root) -> dict[str, np.ndarray]:
    """Intensities as drawn: clip -> float32 (T, A) in the order of `recipes.ACTION_UNITS`."""
    with np.load(Path(root) / "action_units.npz") as stored:
        parts = np.split(stored["intensity"].astype(np.float32), stored["offsets"][1:-1])
        return dict(zip(stored["clip"].tolist(), parts, strict=True))


def still_faces(n: int, seed: int, size: int = 48) -> tuple[np.ndarray, np.ndarray]:
    """Single faces of people whom no clip shows, for pre-training: uint8 (n, size, size, 3), float32 (n, A).

    Most wear an expression of random strength; all have random further action units, pose and light.
    """
    images, targets = np.empty((n, size, size, 3), np.uint8), np.empty((n, len(ACTION_UNITS)), np.float32)
    for first in range(0, n, OF_ONE):
        aus, views = zip(*(_still(seed, i) for i in range(first, min(first + OF_ONE, n))), strict=True)
        look = face.identity(10**15 + 10**7 * seed + first // OF_ONE)
        for i, image in enumerate(face.film([look] * len(views), aus, views, SIZE), start=first):
            images[i] = cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)
        targets[first : first + OF_ONE] = aus
    return images, targets


def _still(seed: int, i: int) -> tuple[np.ndarray, face.View]:
    rng = np.random.default_rng([19, seed, i])
    aus = rng.uniform(0, 0.15, len(ACTION_UNITS))
    if rng.uniform() < 0.6:
        aus = np.maximum(aus, rng.uniform(0.2, 1) * storyboard.recipe(rng, int(rng.integers(7)), 0.2))
    for column in rng.integers(len(ACTION_UNITS), size=rng.integers(0, 4)):
        aus[column] = rng.uniform()
    aus[storyboard.COLUMN[43]] = rng.uniform() if rng.uniform() < 0.1 else 0
    return aus, storyboard.views(Style(turn=0.22, light=0.6), rng, 1)[0]
