"""Small datasets on a disk in each layout, as archives leave them, and whole or with one thing wrong."""

import io
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

SEVEN = ("Happy", "Sad", "Neutral", "Angry", "Surprise", "Disgust", "Fear")
MAFW_WORDS = ("anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise", "contempt", "anxiety",
              "helplessness", "disappointment")
TRAIN, TEST = 14, 7  # clips of the two lists


def frames(folder: Path, n: int = 3, shade: int = 90, end: str = "jpg", size: int = 12) -> Path:
    """A clip as a folder of pictures, each a little brighter than the one before."""
    folder.mkdir(parents=True, exist_ok=True)
    for k in range(n):
        (folder / f"{folder.name}_{k + 1:05d}.{end}").write_bytes(picture(shade + 4 * k, end, size))
    return folder


@cache
def picture(shade: int, end: str = "jpg", size: int = 12) -> bytes:
    """A picture of one shade, as a file has it."""
    content = io.BytesIO()
    Image.fromarray(np.full((size, size, 3), shade, np.uint8)).save(content, {"jpg": "jpeg"}.get(end, end))
    return content.getvalue()


def dfew(root: Path, faces: str = "Clip/clip_224x224", first: int = 1, folds=(1,), **how) -> Path:
    """DFEW: CSV lists and frame folders under `faces`; first: what its numbers of classes count from."""
    for fold in folds:
        for split, ids in (("train", range(1, TRAIN + 1)), ("test", range(TRAIN + 1, TRAIN + TEST + 1))):
            path = root / "EmoLabel_DataSplit" / f"{split}(single-labeled)" / f"set_{fold}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("video_name,label\n" + "".join(f"{n},{n % 7 + first}\n" for n in ids))
    for n in range(1, TRAIN + TEST + 1) if faces else ():
        frames(root / faces / f"{n:05d}", **how)
    return root


def scenes(root: Path, write_video, place: str = "Clip/original", n: int = TRAIN + TEST) -> Path:
    """Whole scenes beside a DFEW, of three resolutions."""
    (root / place).mkdir(parents=True, exist_ok=True)
    for k in range(1, n + 1):
        width, height = ((64, 36), (72, 40), (48, 48))[k % 3]
        write_video(root / place / f"{k:05d}.mp4", 4, width, height, seed=k)
    return root


def ferv39k(root: Path, faces: str = "2_ClipsforFaceCrop", lists: str = "4_setups/All_scenes", label=None) -> Path:
    """FERV39k: lists without a header. label: what the lists say of a class, by its number here (default: its name)."""
    for split, n in (("train", TRAIN), ("test", TEST)):
        rows = [(f"{('Action', 'War')[k % 2]}/{SEVEN[k % 7]}/{split[:2]}{k:04d}", k % 7) for k in range(n)]
        (root / lists).mkdir(parents=True, exist_ok=True)
        text = "".join(f"{place} {label(k) if label else SEVEN[k]}\n" for place, k in rows)
        (root / lists / f"{split}_All.csv").write_text(text)
        for place, _ in rows:
            frames(root / faces / place)
    return root


def mafw(root: Path, lists: str = "single/no_caption", clips: str = "data/frames", words=MAFW_WORDS) -> Path:
    """MAFW: one fold; each of eleven expressions in both splits."""
    for split, start in (("train", 1), ("test", 12)):
        path = root / lists / "set_1" / f"{split}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{start + k:05d}.mp4 {words[k]}\n" for k in range(11)))
        for k in range(11):
            frames(root / clips / f"{start + k:05d}")
    return root


def afew(root: Path, validation: str = "validation") -> Path:
    """AFEW: the folders are the lists."""
    for split, n in (("train", TRAIN), (validation, TEST)):
        for k in range(n):
            frames(root / split / SEVEN[k % 7] / f"{split[:1].lower() == 't':d}{k:08d}")
    return root


def listfiles(root: Path, prefix: str = "clips", label=str, name: str = "set_1_{}.txt", says: int = 3, classes: int = 7
              ) -> Path:
    """List files of frame folders in `clips`; prefix: before the folder's name in the lists."""
    train, test = 2 * classes, classes
    for split, ids in (("train", range(train)), ("test", range(train, train + test))):
        text = "".join(f"{prefix}/{n:05d} {says} {label(n % classes)}\n" for n in ids)
        root.mkdir(parents=True, exist_ok=True)
        (root / name.format(split)).write_text(text)
        for n in ids:
            frames(root / "clips" / f"{n:05d}")
    return root


def listfiles_mafw(root: Path) -> Path:
    """List files of eleven expressions, in words."""
    return listfiles(root, label=MAFW_WORDS.__getitem__, classes=11)


WRITERS = {"dfew": dfew, "ferv39k": ferv39k, "mafw": mafw, "afew": afew, "listfiles": listfiles,
           "listfiles-mafw": listfiles_mafw}
