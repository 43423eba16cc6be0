"""The snippet explorer: what it counts, what it says of one clip, and what it stores; its page has tests of its own."""

import re

import numpy as np
import pytest
import torch
from snippets import FEATURES, SETTINGS, make_explorer, make_record

from dfer_nb.data.expressions import NEUTRAL
from dfer_nb.errors import BadInput
from dfer_nb.nr_dfernet import snippet_filter, snippets
from dfer_nb.training import metrics
from dfer_nb.viewing.explorers.snippets import SnippetExplorer, frames_seen, neutral_slices, worth_seeing

# ------------------------------------------------------------------------------------------------ the arithmetic


@pytest.fixture
def by_hand():
    """A record in which each clip's third frame says Happy with 0.8 and Neutral with 0.04, and all else Neutral."""
    record = make_record()
    said = np.zeros((len(record.features), len(record.features["windows"].iloc[0]) // 7, 7), np.float16)
    said[..., NEUTRAL] = 1
    said[:, 2] = [0.8, 0.16, 0.04, 0, 0, 0, 0]  # of the snippets of one frame, which come first
    record.features["windows"] = list(said.reshape(len(said), -1))
    record.clips[["prediction", "unfiltered", "otherwise"]] = [2, 2, 0]
    return record


def test_state_by_hand(by_hand):
    explorer = make_explorer(by_hand, clips=("test0", "test2"), length=1, stride=2)
    state, label = explorer.state(), np.arange(60) % 7
    assert (state["clips"], state["neutral"], state["snippets"]) == (60, 60, 8)
    assert state["rescued"] == [f"test{k}" for k in np.flatnonzero(label == 0)]
    assert state["broken"] == [f"test{k}" for k in np.flatnonzero(label == 2)]
    assert len(state["moved"]) == 60 - len(state["rescued"]) - len(state["broken"])
    assert state["war"] == pytest.approx(100 * (label == 0).mean()) and state["uar"] == pytest.approx(100 / 7)
    said = state["said"]
    assert (said["clip"], said["label"], said["without"], said["with"]) == ("test0", "Happy", "Neutral", "Happy")
    assert [one["trips"] for one in said["snippets"]] == [False, True, *[False] * 6]
    assert said["snippets"][1] == {"first": 3, "says": "Happy", "highest": 0.8, "neutral": 0.04, "trips": True}
    for never in ({"stride": 3}, {"length": 2}, {"mu1": 0.8}, {"mu2": 0.04}):  # 0.8 in half precision is 0.79980
        assert make_explorer(by_hand, **({"length": 1, "stride": 2} | never)).state()["rescued"] == []


@pytest.mark.parametrize("settings", SETTINGS)
def test_it_is_the_chapters_filter(settings):
    record = make_record()
    explorer = make_explorer(record, **settings)
    for split in ("test", "neutral97"):
        explorer.counted = split
        state, rows = explorer.state(), record.clips[record.clips["split"] == split]
        vectors = np.stack(record.features.set_index("clip")["windows"].loc[rows["clip"]]).astype(float)
        offset = sum(FEATURES - length + 1 for length in range(1, settings["length"]))
        said = vectors.reshape(len(rows), -1, 7)[:, offset:offset + FEATURES - settings["length"] + 1]
        logits = torch.tensor(4 * np.eye(7)[rows["unfiltered"]] + np.eye(7)[rows["otherwise"].astype(int)])
        every = snippets(torch.tensor(said), 1, settings["stride"])[:, :, 0].clamp_min(1e-30).log()
        answer = snippet_filter(logits, every, settings["mu1"], settings["mu2"]).argmax(1).numpy()
        assert state["war"] == metrics.war(rows["label"], answer) and state["snippets"] == every.shape[1]
        assert state["uar"] == metrics.uar(rows["label"], answer)
        gain = (state["war"] - state["war_without"]) * len(rows) / 100
        assert gain == pytest.approx(len(state["rescued"]) - len(state["broken"]))
        assert split == "test" or not state["broken"], "a slice without neutral clips"


def test_the_runs_own_settings_come_first_and_values_that_are_not_offered_are_refused():
    record = make_record()
    record.config["method"] = record.config["method"] | {"mu1": 0.75, "mu2": 0.03}
    explorer = make_explorer(record)
    assert (explorer.mu1, explorer.mu2, explorer.length, explorer.stride) == (0.75, 0.03, 3, 2)
    assert (explorer.counted, explorer.clip) == ("test", "test0")
    for wrong in ({"mu1": 0.705}, {"mu2": -0.01}, {"mu1": 1.01}, {"mu2": float("inf")}, {"mu1": float("nan")}):
        with pytest.raises(BadInput, match="is no threshold here"):
            make_explorer(**wrong)
    for wrong in ({"length": 0}, {"length": 9}, {"stride": 0}, {"stride": 9}, {"counted": "short_apex"}, {"clip": "1"}):
        with pytest.raises(BadInput, match="there is no"):
            make_explorer(**wrong)
    with pytest.raises(BadInput, match="choose one of: 1, 2, 3, 4, 5, 6, 7, 8"):
        explorer.length = 15
    assert explorer.length == 3


def test_what_is_missing_is_said():
    record = make_record(kept=())
    with pytest.raises(BadInput, match="windows` are missing(.|\n)*add_features(.|\n)*keep: features"):
        make_explorer(record)
    record = make_record()
    record.features = record.features.drop(columns="windows")
    with pytest.raises(BadInput, match="windows` are missing"):
        make_explorer(record)
    record = make_record()
    record.clips = record.clips.drop(columns="otherwise")
    with pytest.raises(BadInput, match="no column otherwise"):
        make_explorer(record)
    record = make_record()
    record.features["windows"] = [vector[:-7] for vector in record.features["windows"]]
    with pytest.raises(BadInput, match="are not of 16 frames"):
        make_explorer(record)
    with pytest.raises(BadInput, match="no clips to be shown"):
        make_explorer(clips=())
    with pytest.raises(BadInput, match="of clip strange nothing is kept"):
        make_explorer(clips=("test0", "strange"))
    with pytest.raises(BadInput, match="pictures of shape"):
        SnippetExplorer.from_record(make_record(), {"test0": np.zeros((8, 48, 48, 3), np.uint8)})


def test_slices_that_are_not_kept_are_left_out_and_a_run_without_filter_is_shown():
    explorer = make_explorer(make_record(kept=("test",)), clips=("test0",))
    assert [one["name"] for one in explorer.data["sets"]] == ["test"]
    assert explorer.data["absent"] == ["neutral50", "neutral97"] == neutral_slices(make_record())
    record = make_record()
    record.clips = record.clips.drop(columns="unfiltered")
    record.config["method"] = record.config["method"] | {"filtered": False}
    assert make_explorer(record).state() == make_explorer().state()
    assert make_explorer(record).data["sets"][0]["differs"] == 0
    changed = make_explorer().state()  # the made-up record answers as if nothing were filtered
    differs = sum(len(changed[name]) for name in ("rescued", "broken", "moved"))
    assert make_explorer().data["sets"][0]["differs"] == differs > 0


def test_clips_worth_seeing():
    record = make_record()
    chosen = worth_seeing(record, 6)
    rows = record.clips.set_index("clip").loc[chosen]
    assert (rows["unfiltered"].iloc[:6] == NEUTRAL).all()
    assert (rows["label"].iloc[:3] == rows["otherwise"].iloc[:3]).all() and (rows["label"].iloc[3:6] == NEUTRAL).all()
    assert worth_seeing(make_record(kept=("test",)), 6) == chosen[:6]


def test_one_scene_is_followed_through_the_shares_of_neutral_frames():
    record = make_record()
    first, last = worth_seeing(record, 4)[4:]
    rows = record.clips.set_index("clip")
    assert last == first.replace("neutral50", "neutral97") and rows.loc[last, "unfiltered"] == NEUTRAL
    assert rows.loc[first, "unfiltered"] == rows.loc[first, "label"]


def test_frames_that_the_network_sees():
    record = make_record()
    assert frames_seen(record, 32).tolist() == [1, 2, 5, 6, 9, 10, 13, 14, 17, 18, 21, 22, 25, 26, 29, 30]
    fact = make_explorer(record).data["clips"][0]
    assert np.flatnonzero(fact["apex"]).tolist() == [4, 5, 6]  # 9, 10 and 13 lie in 8 to 13
    assert np.flatnonzero(fact["irrelevant"]).tolist() == [11, 12, 13, 14]
    assert make_explorer(make_record(truth=False)).data["clips"][0]["apex"] is None
    record.config["training"]["segments"] = 0
    assert len(frames_seen(record, 64)) == 32


# ---------------------------------------------------------------------------------------------- the stored output


def test_stored_output_is_small_and_the_same_every_time():
    clips = [f"test{k}" for k in range(12)]
    first, second = (make_explorer(clips=clips) for _ in range(2))
    assert first.to_html() == second.to_html() and first.describe() == second.describe()
    assert len(first.to_html()) < 250_000 and len(first.data["clips"][0]["strip"]) < 15_000
    page = re.sub(r"<script.*?</script>", "", first.to_html(), flags=re.S)
    assert " id=" not in page and not re.search(r"\d", first.describe().replace("NR-DFERNet", ""))
    assert not re.search(r"\bid:|\.id\b|getElementById|window\.", first._esm)
    assert set(re.findall(r"https?://[^\"'\\\s]+", first.to_html())) == {"http://www.w3.org/2000/svg"}


def test_a_module_asks_the_model_only_what_the_stand_in_has():
    assert set(re.findall(r"\bmodel\.(\w+)", SnippetExplorer._esm)) <= {"get", "set", "save_changes", "on", "off"}


def test_python_hears_the_controls():
    heard, widget = [], make_explorer()
    widget.observe(lambda change: heard.append((change["name"], change["new"])), ["mu1", "stride", "clip", "shown"])
    widget.set_state({"mu1": 0.29, "stride": 5, "clip": "test1", "shown": {"war": 1.0}})  # what the browser sends
    assert heard == [("mu1", 0.29), ("stride", 5), ("clip", "test1"), ("shown", {"war": 1.0})]
    assert widget.state()["said"]["clip"] == "test1" and widget.state()["snippets"] == 3
