"""Run records and checkpoints: whole or not there, and never unpickling code."""

import pickle

import pytest
import torch

from dfer_nb.errors import BadInput
from dfer_nb.training import record


class Evil:
    def __reduce__(self):
        return print, ("code was run",)


def test_a_checkpoint_comes_back(tmp_path):
    path = tmp_path / "checkpoint.pt"
    record.save_checkpoint(path, model={"w": torch.arange(3.0)}, epoch=2)
    found = record.load_checkpoint(path)
    assert found["epoch"] == 2 and torch.equal(found["model"]["w"], torch.arange(3.0))


def test_foreign_checkpoints_are_refused_without_running_their_code(tmp_path, capsys):
    path = tmp_path / "evil.pt"
    path.write_bytes(pickle.dumps({"model": Evil()}))
    with pytest.raises(BadInput, match="cannot be loaded as plain weights"):
        record.load_checkpoint(path)
    torch.save({"state_dict": Evil()}, path)
    with pytest.raises(BadInput, match="plain weights"):
        record.load_checkpoint(path)
    assert "code was run" not in capsys.readouterr().out
    torch.save({"state_dict": torch.zeros(1)}, path)
    with pytest.raises(BadInput, match="not a checkpoint of this project"):
        record.load_checkpoint(path)


def test_a_truncated_or_missing_checkpoint_is_one_clear_error(tmp_path):
    path = tmp_path / "checkpoint.pt"
    record.save_checkpoint(path, model={"w": torch.rand(1000)})
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(BadInput, match="what to do"):
        record.load_checkpoint(path)
    with pytest.raises(BadInput, match="no checkpoint"):
        record.load_checkpoint(tmp_path / "none.pt")


def test_a_folder_that_is_not_whole_is_not_a_record(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(BadInput, match="no finished run record"):
        record.Record(tmp_path)


def test_the_traces_are_those_that_lie_beside_it(tmp_path):
    (tmp_path / "summary.json").write_text("{}")
    assert record.Record(tmp_path).traces == {} and record.Record(tmp_path).truth is None
    (tmp_path / "traces.json").write_text('{"training": {"loss": [1.5]}}')
    assert record.Record(tmp_path).traces == {"training": {"loss": [1.5]}}
