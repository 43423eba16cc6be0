"""The frame cache: what decoding gives, whole or not at all (full disks, kills, two processes at once)."""

import errno
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dfer_nb import files
from dfer_nb.data import batches, video
from dfer_nb.data import cache as cache_room
from dfer_nb.errors import BadInput


def cached(folder):
    """What lies in a folder of caches, hidden things too."""
    return sorted(p.name for p in folder.iterdir())


def test_the_cache_holds_what_decoding_gives(table, decoded):
    assert decoded.size == 32 and len(decoded) == 7
    assert decoded.n_frames.to_dict() == {"1": 6, "2": 1, "3": 8, "4": 4, "5": 8, "6": 6, "7": 6}
    assert decoded.index["video_frames"].tolist() == [6, 1, 9, 4, 12, 6, 6]
    for clip, path in zip(table["clip"], table["path"], strict=True):
        np.testing.assert_array_equal(decoded.frames(clip), video.read_spread(path, 8, 32)[0])
    assert not decoded.frames("1").flags.writeable
    with pytest.raises(BadInput, match="'99' is not in the cache"):
        decoded.frames("99")


def test_a_cache_is_made_once_for_all_folds_and_orders(table, tmp_path, monkeypatch):
    first = batches.cache(table, 32, 8, tmp_path, progress=False)
    monkeypatch.setattr(video, "read_spread", None)  # a second decoding would fail
    other = pd.concat([table, table.iloc[:2]]).sample(frac=1, random_state=0).assign(split="test", fold=2)
    assert batches.cache(other, 32, 8, tmp_path, progress=False).folder == first.folder
    assert len(cached(tmp_path)) == 1


def test_what_made_a_cache_is_in_its_name(table, tmp_path, write_video):
    def name(table, size=32, max_frames=8):
        return batches.cache(table, size, max_frames, tmp_path / "cache", progress=False).folder.name

    copy = table.head(2).copy()
    copy["path"] = [shutil.copy(path, tmp_path) for path in copy["path"]]
    names = [name(copy), name(copy, size=16), name(copy, max_frames=4), name(copy.head(1))]
    os.utime(copy["path"][0], ns=(1, 1))
    names.append(name(copy))
    write_video(copy["path"][0], 3)
    os.utime(copy["path"][0], ns=(1, 1))
    names.append(name(copy))
    assert len(set(names)) == 6


def test_the_default_place_is_the_data_folder(table, tmp_path, monkeypatch):
    monkeypatch.setenv("DFER_DATA", str(tmp_path / "elsewhere"))
    assert (
        batches.cache(table.head(1), 16, 4, progress=False).folder.parent == tmp_path / "elsewhere" / "cache"
    )


@pytest.mark.parametrize("file", ["frames.bin", "index.parquet", "meta.json"])
@pytest.mark.parametrize("damage", ["gone", "cut", "empty"])
def test_a_damaged_cache_is_made_again_and_nothing_else(table, tmp_path, file, damage):
    other = batches.cache(table.tail(1), 16, 4, tmp_path, progress=False)
    before = (other.folder / "frames.bin").stat().st_mtime_ns
    folder = batches.cache(table.head(2), 16, 4, tmp_path, progress=False).folder
    whole = (folder / "frames.bin").read_bytes()
    if damage == "gone":
        (folder / file).unlink()
    else:
        content = (folder / file).read_bytes()
        (folder / file).write_bytes(content[: len(content) // 2] if damage == "cut" else b"")
    with pytest.warns(UserWarning, match="damaged and is made again"):
        again = batches.cache(table.head(2), 16, 4, tmp_path, progress=False)
    assert (again.folder / "frames.bin").read_bytes() == whole and len(cached(tmp_path)) == 2
    assert (other.folder / "frames.bin").stat().st_mtime_ns == before


@pytest.mark.parametrize("after", [0, 3])
def test_a_full_disk_leaves_nothing(table, tmp_path, monkeypatch, after):
    done, append = [], cache_room._append

    def write(file, frames):
        if len(done) == after:
            raise OSError(errno.ENOSPC, "No space left on device")
        done.append(append(file, frames))

    monkeypatch.setattr(cache_room, "_append", write)
    with pytest.raises(BadInput, match="the disk is full"):
        batches.cache(table, 32, 8, tmp_path, progress=False)
    assert cached(tmp_path) == []
    monkeypatch.undo()
    assert len(batches.cache(table, 32, 8, tmp_path, progress=False)) == 7


def test_broken_clips_are_all_named_and_nothing_is_kept(table, tmp_path):
    many = pd.concat(
        [table] + [table.assign(clip=table["clip"] + f"-{i}") for i in range(2)], ignore_index=True
    )
    for i in (2, *range(5, 16)):
        (tmp_path / f"broken-{i}.mp4").touch()
        many.loc[i, "path"] = str(tmp_path / f"broken-{i}.mp4")
    many.loc[3, "path"] = str(tmp_path / "missing.mp4")
    with pytest.raises(BadInput) as error:
        batches.cache(many, 32, 8, tmp_path / "cache", progress=False)
    assert "13 of 21 clips cannot be read" in error.value.what and "… and 3 more" in error.value.where
    assert error.value.where.count(".mp4") == 10 and "missing.mp4" in error.value.where
    assert "empty (0 bytes)" in error.value.where and "nothing was kept" in error.value.todo
    assert cached(tmp_path / "cache") == []


def test_tables_that_cannot_be_cached(table, tmp_path):
    for bad, word in ((table.head(0), "empty"), (table.assign(clip="1"), "two files")):
        with pytest.raises(BadInput, match=word):
            batches.cache(bad, 32, 8, tmp_path, progress=False)
    with pytest.raises(BadInput, match="size is 0"):
        batches.cache(table, 0, 8, tmp_path, progress=False)


def in_a_process(table, folder, *lines):
    """A process that caches the table, after lines that change how; it prints the cache's folder."""
    table.to_pickle(folder / "table.pkl")
    script = f"""
import os, time
import pandas as pd
from dfer_nb.data import cache
append = cache._append
{chr(10).join(lines)}
table = pd.read_pickle({str(folder / "table.pkl")!r})
print(cache.cache(table, 32, 8, {str(folder / "cache")!r}, progress=False).folder)
"""
    return subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=files.root()
    )


def test_a_killed_process_leaves_nothing_that_is_taken_for_whole(table, tmp_path):
    killed = in_a_process(
        table,
        tmp_path,
        "def half(file, frames):",
        "    append(file, frames)",
        "    if file.tell() > 40000: file.flush(); os.kill(os.getpid(), 9)",
        "cache._append = half",
    )
    assert killed.wait() != 0
    (left,) = cached(tmp_path / "cache")
    assert ".partial-" in left and (tmp_path / "cache" / left / "frames.bin").stat().st_size > 40000
    # Another cache's next start sweeps it too: the clips may have changed in between.
    batches.cache(table.head(1), 32, 8, tmp_path / "cache", progress=False)
    assert not any(".partial-" in name for name in cached(tmp_path / "cache"))
    whole = batches.cache(table, 32, 8, tmp_path / "cache", progress=False)
    np.testing.assert_array_equal(whole.frames("5"), video.read_spread(table["path"][4], 8, 32)[0])


def test_two_processes_at_once_make_one_whole_cache(table, tmp_path):
    slow = "cache._append = lambda file, frames: (append(file, frames), time.sleep(0.05))"
    both = [in_a_process(table, tmp_path, slow) for _ in range(2)]
    folders = [process.communicate()[0].strip() for process in both]
    assert [process.returncode for process in both] == [0, 0] and folders[0] == folders[1]
    assert cached(tmp_path / "cache") == [Path(folders[0]).name]
    whole = cache_room.FrameCache(folders[0])
    for clip, path in zip(table["clip"], table["path"], strict=True):
        np.testing.assert_array_equal(whole.frames(clip), video.read_spread(path, 8, 32)[0])


@pytest.mark.parametrize("moment", ["while writing", "while renaming"])
def test_who_comes_second_takes_the_firsts_cache(table, tmp_path, monkeypatch, moment):
    firsts = batches.cache(table, 32, 8, tmp_path / "first", progress=False).folder
    home = tmp_path / "cache" / firsts.name
    write, atomic_folder = cache_room._write, files.atomic_folder

    def finish_first():
        shutil.copytree(firsts, home)
        (home / "by the first").touch()

    @contextmanager
    def renaming(path):
        with atomic_folder(path.with_name("other")) as partial:
            yield partial
        finish_first()
        raise OSError(errno.ENOTEMPTY, "Directory not empty")

    if moment == "while writing":
        monkeypatch.setattr(cache_room, "_write", lambda *a: (write(*a), finish_first()))
    else:
        monkeypatch.setattr(files, "atomic_folder", renaming)
    seconds = batches.cache(table, 32, 8, tmp_path / "cache", progress=False)
    assert seconds.folder == home and (home / "by the first").exists() and len(seconds) == 7
