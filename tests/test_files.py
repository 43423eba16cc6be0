"""Files are written whole or not at all."""

import errno
import os
import signal
import subprocess
import sys
import threading

import pytest

from dfer_nb import files
from dfer_nb.errors import BadInput


def test_a_folder_appears_only_when_it_is_whole(tmp_path):
    target = tmp_path / "thing"
    with files.atomic_folder(target) as folder:
        (folder / "a.txt").write_text("a")
        assert not target.exists()
    assert (target / "a.txt").read_text() == "a"
    with pytest.raises(RuntimeError), files.atomic_folder(target) as folder:
        (folder / "b.txt").write_text("b")
        raise RuntimeError
    assert [p.name for p in target.iterdir()] == ["a.txt"] and list(tmp_path.iterdir()) == [target]


def test_an_old_folder_is_replaced_whole(tmp_path):
    for text in "ab":
        with files.atomic_folder(tmp_path / "thing") as folder:
            (folder / text).write_text(text)
    assert [p.name for p in (tmp_path / "thing").iterdir()] == ["b"] and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    "write",
    [
        lambda path: files.write_atomic(path, "text"),
        lambda path: files.atomic_folder(path).__enter__(),
    ],
)
def test_a_full_disk_is_one_clear_error_and_leaves_nothing(tmp_path, monkeypatch, write):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    monkeypatch.setattr("pathlib.Path.mkdir", full)
    with pytest.raises(BadInput, match="the disk is full"):
        write(tmp_path / "thing")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES])
def test_the_error_names_the_variable_that_moves_the_folder(tmp_path, monkeypatch, code):
    folders = {"DFER_DATA": tmp_path, "DFER_RUNS": tmp_path / "data" / "runs", "DFER_RESULTS": tmp_path / "results"}
    for name, folder in folders.items():
        monkeypatch.setenv(name, str(folder))

    def named(path) -> list[str]:
        with pytest.raises(BadInput) as caught, files.disk_errors(path):
            raise OSError(code, "")
        return [name for name in folders if name in caught.value.todo]

    for name, folder in folders.items():
        assert named(folder) == named(str(folder / "a" / "b")) == [name]
    assert named(tmp_path / "data" / "cache") == ["DFER_DATA"]
    assert named(tmp_path.parent / "elsewhere") == list(folders)


def test_what_a_killed_process_left_is_swept_at_the_next_start(tmp_path):
    code = (
        "import os, sys, signal\nfrom dfer_nb import files\n"
        "with files.atomic_folder(sys.argv[1]) as folder:\n"
        "    (folder / 'half').write_text('x')\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "thing")], check=False)
    assert (
        done.returncode == -signal.SIGKILL and len(list(tmp_path.iterdir())) == 1 and not (tmp_path / "thing").exists()
    )
    with files.atomic_folder(tmp_path / "thing") as folder:
        (folder / "whole").write_text("x")
    assert list(tmp_path.iterdir()) == [tmp_path / "thing"]


def test_a_file_that_a_killed_process_left_half_written_is_swept(tmp_path):
    (tmp_path / ".thing.partial-999999999").write_text("ha")
    files.write_atomic(tmp_path / "thing", "whole")
    assert list(tmp_path.iterdir()) == [tmp_path / "thing"] and (tmp_path / "thing").read_text() == "whole"


def test_a_kill_between_the_two_renames_loses_nothing(tmp_path):
    old = tmp_path / ".thing.partial-old-999999999"
    old.mkdir()
    (old / "a").write_text("a")
    files.sweep(tmp_path / "thing")
    assert [p.name for p in (tmp_path / "thing").iterdir()] == ["a"] and not old.exists()


def test_a_living_process_is_left_alone(tmp_path):
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        living = tmp_path / f".thing.partial-{other.pid}"
        living.mkdir()
        files.sweep(tmp_path / "thing")
        assert living.exists()
    finally:
        other.kill()
        other.wait()
    files.sweep(tmp_path / "thing")
    assert not living.exists()


def test_another_process_waits_until_the_first_ends_however_it_ends(tmp_path):
    code = (
        "import sys, time\nfrom dfer_nb import files\n"
        "with files.alone(sys.argv[1]):\n    print('in', flush=True)\n    time.sleep(60)\n"
    )
    first = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "thing")], stdout=subprocess.PIPE, text=True)
    entered = threading.Event()

    def second():
        with files.alone(tmp_path / "thing"):
            entered.set()

    try:
        assert first.stdout.readline() == "in\n"
        waiting = threading.Thread(target=second)
        waiting.start()
        assert not entered.wait(0.2)
        with files.alone(tmp_path / "thing", wait=False) as mine:
            assert not mine
    finally:
        first.kill()
        first.wait()
        first.stdout.close()
    waiting.join(60)
    assert entered.is_set() and not list(tmp_path.iterdir())
    with files.alone(tmp_path / "thing", wait=False) as mine:
        assert mine and list(tmp_path.iterdir())
    assert not list(tmp_path.iterdir())


def test_folders_do_not_depend_on_where_one_stands(tmp_path, monkeypatch):
    monkeypatch.delenv("DFER_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    assert files.data_dir() == files.root() / "data" and (files.root() / "pyproject.toml").exists()
    monkeypatch.setenv("DFER_DATA", os.fspath(tmp_path / "elsewhere"))
    assert files.data_dir() == tmp_path / "elsewhere"
