"""What made a result is written down, and only what can change it counts."""

import ast

import pytest
import torch

from dfer_nb.training import provenance


def bare(source: str) -> str:
    return provenance.bare(ast.parse(source))


def test_comments_and_docstrings_do_not_change_the_code_version():
    plain = bare("def f(x):\n    return x + 1\n")
    talked = bare('"""Doc."""\n# why\ndef f( x ):\n    """One."""\n    return x + 1  # more\n')
    assert plain == talked and plain != bare("def f(x):\n    return x + 2\n")


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A small package of the same form; returns a function that changes a file and gives the new code version."""
    here = tmp_path / "dfer_nb"
    for name, text in {
        "paper.py": "from dfer_nb.models import net\n",
        "models/net.py": "x = 1\n",
        "models/other.py": "y = 1\n",
        "training/fit.py": "from dfer_nb.data.batches import loader\n",
        "data/batches.py": "z = 1\n",
    }.items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(text)
    (here / "models/net.safetensors").write_bytes(b"1")
    monkeypatch.setattr(provenance, "PACKAGE", here)

    def version(name: str = "", text: str = "") -> str:
        if name:
            (here / name).write_text(text)
        return provenance.code_version.__wrapped__("paper")

    return version


def test_only_what_the_training_imports_counts(package):
    before = package()
    assert package("models/other.py", "y = 2\n") == before  # nobody imports it
    seen = {
        before,
        package("models/net.py", "x = 2\n"),
        package("data/batches.py", "z = 2\n"),
        package("models/net.safetensors", "2"),
        package("paper.py", "from dfer_nb.models import net, other\n"),
    }
    assert len(seen) == 5


def test_the_environment_names_what_a_reader_needs():
    found = provenance.environment("rdfer", "cpu")
    assert found["versions"]["torch"] == torch.__version__.split("+")[0]
    assert found["device"] == "cpu" and found["threads"] >= 1 and len(found["code"]) == 12
