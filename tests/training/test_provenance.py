"""What made a result is written down."""

import re
import shutil
from datetime import UTC, datetime, timedelta

import torch

from dfer_nb.training import provenance


def test_the_environment_names_what_a_reader_needs():
    found = provenance.environment("cpu", 27)
    assert found["versions"]["torch"] == torch.__version__.split("+")[0]
    assert found["device"] == "cpu" and found["threads"] >= 1 and found["files"] == 27
    assert abs(datetime.fromisoformat(found["date"]) - datetime.now(UTC)) < timedelta(minutes=1)
    assert re.fullmatch(r"\S.* \((DEFAULT|AVX2|AVX512|\w+)\)", found["processor"])
    assert re.fullmatch(r"[0-9a-f]{12}(\+changes)?|unknown .*", found["commit"])


def test_what_was_computed_is_remembered_until_a_file_of_the_package_changes(tmp_path, monkeypatch):
    package = shutil.copytree(provenance.PACKAGE / "training", tmp_path / "training")
    monkeypatch.setattr(provenance, "PACKAGE", tmp_path)
    before = provenance.code_text()
    assert provenance.code_text() == before
    (package / "notes.txt").write_text("no code")
    assert provenance.code_text() == before
    (package / "fit.py").write_text((package / "fit.py").read_text() + "# more\n")
    after = provenance.code_text()
    monkeypatch.setattr(provenance, "processor", lambda: "another")
    assert len({before, after, provenance.code_text()}) == 3


def test_what_decides_no_result_is_left_out(tmp_path, monkeypatch):
    package = shutil.copytree(provenance.PACKAGE, tmp_path / "dfer_nb", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(provenance, "PACKAGE", package)
    before = provenance.code_text()
    for name in ("viewing/page.py", "sweep.py"):
        (package / name).write_text("# other words\n")
    assert provenance.code_text() == before == provenance.CODE and not provenance.is_edited()
    (package / "run.py").write_text("# other words\n")
    assert provenance.code_text() not in (before, provenance.CODE) and provenance.is_edited()
