"""Kept runs, read again: like a record, in order, by name, and refused where tables do not belong together."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import records
import torch
from records import TRACES, config, contents, reported, state

from dfer_nb.errors import BadInput
from dfer_nb.training import results
from dfer_nb.training.keeping import keep
from dfer_nb.training.results import Kept, find, kept, kept_run, text

INSTANCES = {f"i{k}": np.float32(k / 3) for k in range(4)}


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch) -> Path:
    """Empty folders; returns that for results."""
    records.empty(tmp_path, monkeypatch)
    return tmp_path / "results"


def test_a_kept_run_reads_like_its_record():
    truth = pd.DataFrame({"clip": ["00", "01"], "true_label": [3, 4]})
    record = records.write(config(), features=True, truth=truth)
    keep([(record, "features")])
    (run,) = kept("rdfer")
    assert isinstance(run, Kept) and run.name == "rdfer/facsimile-hard/laptop/rdfer/fold1/draw0/seed0"
    assert json.dumps([run.config, run.environment, run.summary]) == json.dumps(
        [record.config, record.environment, record.summary])  # as text, because NaN is not itself
    assert run.traces == record.traces == TRACES and run.keep == "features"
    pd.testing.assert_frame_equal(run.epochs, record.epochs, check_exact=True)
    pd.testing.assert_frame_equal(run.clips, reported(record).round(3), check_exact=True)
    pd.testing.assert_frame_equal(run.truth, truth)
    assert list(run.features["clip"]) == list(record.features["clip"])
    assert all(a.dtype == b.dtype == np.float16 and (a == b).all()
               for a, b in zip(run.features["features"], record.features["features"], strict=True))
    assert "seed 0" in run._repr_html_() and run.path == results.place(run.name)
    with pytest.raises(BadInput, match="no checkpoint"):
        run.load_weights(torch.nn.Identity())


def test_runs_of_one_table_keep_their_own_columns_and_types():
    one = records.write(config(variant="plain"), agreement=True, votes=np.int8(3), seen=True)
    two = records.write(config(variant="rdfer"), agreement=False, votes=np.float32(0.5), **INSTANCES)
    three = records.write(config(variant="flat", threads=0))
    keep([(one, "whole"), (two, "slim"), (three, "slim")])
    keep([(two, "whole")])  # a second writing reads the first
    for record in (one, two):
        run = kept_run(results.called(record.config))
        expected = reported(record).round(3)
        if record is two:
            expected = expected[expected["split"] != "train"].reset_index(drop=True)
        pd.testing.assert_frame_equal(run.clips, expected, check_exact=True)
    table = pd.read_parquet(results.place("rdfer/facsimile-hard/laptop") / "clips.parquet")
    assert list(table)[0] == "run" and set(table["run"]) == {run.name for run in kept("rdfer")}
    assert table.loc[table["run"].str.contains("plain"), list(INSTANCES)].isna().all(axis=None)


def test_runs_come_in_the_order_of_dataset_fold_variant_and_seed_whatever_was_kept_first(folders):
    asked = [config(dataset="facsimile", variant="rdfer"), config(variant="flat", fold=2), config(variant="rdfer"),
             config(variant="flat"), config(variant="flat", seed=10), config(variant="flat", seed=2),
             config(variant="flat", preset="frozen"), config(variant="flat", draw=1)]
    for each in asked:
        keep([(records.write(each), "slim")])
    one = contents(folders)
    assert [run.name.removeprefix("rdfer/") for run in kept("rdfer")] == [
        "facsimile/laptop/rdfer/fold1/draw0/seed0", "facsimile-hard/frozen/flat/fold1/draw0/seed0",
        "facsimile-hard/laptop/flat/fold1/draw0/seed0", "facsimile-hard/laptop/flat/fold1/draw1/seed0",
        "facsimile-hard/laptop/flat/fold1/draw0/seed2", "facsimile-hard/laptop/flat/fold1/draw0/seed10",
        "facsimile-hard/laptop/rdfer/fold1/draw0/seed0", "facsimile-hard/laptop/flat/fold2/draw0/seed0"]
    assert [run.config["seed"] for run in kept("rdfer", variant="flat", fold=1, preset="laptop")] == [0, 0, 2, 10]
    assert kept("rdfer", variant="windows") == [] == kept("m3dfel")
    shutil.rmtree(folders)
    keep([(records.write(each), "slim") for each in reversed(asked)])
    assert contents(folders) == one


def test_a_run_on_other_threads_is_kept_beside_the_declared_one():
    keep([(records.write(config()), "slim"), (records.write(config(threads=0)), "whole")])
    found = [(run.name.rpartition("/")[2], run.keep) for run in kept("rdfer")]
    assert found == [("threads0", "whole"), ("seed0", "slim")]


def test_tables_of_two_commits_are_refused(folders):
    keep([(records.write(config()), "slim")])
    other = state(folders)
    keep([(records.write(config(seed=1)), "slim")])
    path = results.place("rdfer/facsimile-hard/laptop") / "clips.parquet"
    path.write_bytes(other["rdfer/facsimile-hard/laptop/clips.parquet"][0])
    results.clear()
    run = kept("rdfer")[0]
    assert run.summary["rule"] and len(run.epochs) == 2
    with pytest.raises(BadInput, match="not the one that runs.jsonl names(.|\n)*clips.parquet"):
        _ = run.clips
    path.unlink()
    with pytest.raises(BadInput, match="not the one"):
        _ = kept("rdfer")[0].clips


def test_a_trace_that_is_missing_is_said(folders):
    keep([(records.write(config()), "slim")])
    (folders / "rdfer" / "traces.json").unlink()
    with pytest.raises(BadInput, match="trace .* is missing"):
        _ = kept("rdfer")[0].traces


def test_one_run_can_be_looked_at_alone():
    keep([(records.write(config(), environment={"processor": "one", "commit": "0123456789ab"}), "whole")])
    told = text(find("rdfer/facsimile-hard/laptop/rdfer/fold1/draw0/seed0"))
    assert told.startswith("rdfer/facsimile-hard/laptop/rdfer/fold1/draw0/seed0, kept whole")
    for word in ("lambda_hard: 1.5", "processor: one", "rule: last epoch", "WAR: 33.33", "test_war", "51.0"):
        assert word in told
    with pytest.raises(BadInput, match="no kept run 'rdfer/x'(.|\n)*rdfer/facsimile-hard/laptop/rdfer/fold1"):
        find("rdfer/x")
    for name in ("", "/", "nobody", "../../etc", "rdfer/facsimile-hard/laptop/rdfer"):
        assert kept_run(name) is None
