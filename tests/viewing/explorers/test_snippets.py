"""The snippet explorer: Python and the browser say the same of every setting, and a stored page needs no kernel."""

import re

import numpy as np
import pytest
import torch
from browser import console_errors, foreign, open_browser, requested, serve, set_width
from filtered import CLIPS, FEATURES, choose, explorers, find, make_explorer, make_frames, make_record, shown

from dfer_nb.data.expressions import EXPRESSIONS, NEUTRAL
from dfer_nb.errors import BadInput
from dfer_nb.nr_dfernet import snippet_filter, snippets
from dfer_nb.training import metrics
from dfer_nb.viewing.explorers.snippets import SnippetExplorer, frames_seen, neutral_slices, worth_seeing

SETTINGS = [{"mu1": 0.7, "mu2": 0.05, "length": 3, "stride": 2}, {"mu1": 0.9, "mu2": 0.01, "length": 1, "stride": 1},
            {"mu1": 0.97, "mu2": 0.3, "length": 8, "stride": 8}, {"mu1": 0.0, "mu2": 1.0, "length": 5, "stride": 3},
            {"mu1": 1.0, "mu2": 0.5, "length": 2, "stride": 1}, {"mu1": 0.29, "mu2": 0.57, "length": 8, "stride": 1}]
RATES = ("war", "uar", "war_without", "uar_without")


def same(one, other) -> bool:
    """Whether two states say the same: rates to the last digit but rounding, the rest exactly."""
    return all(one[name] == pytest.approx(other[name], abs=1e-9) for name in RATES) and (
        {name: one[name] for name in one if name not in RATES} == {k: other[k] for k in other if k not in RATES})


# ------------------------------------------------------------------------------------------------ the arithmetic


@pytest.fixture
def by_hand():
    """A record in which the third frame of each clip says Happy with 0.8 and Neutral with 0.04, and all else Neutral."""
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


# ---------------------------------------------------------------------------------------------------- the browser


PAGE = """<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<body style="margin: 0 1.5rem; background: #121212; color: #eeeeee">{}</body>"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A folder with a page that holds one explorer twice, and one without truth and slices."""
    folder = tmp_path_factory.mktemp("page")
    one = make_explorer().to_html()
    bare = make_explorer(make_record(kept=("test",), truth=False, seed=1), clips=("test0", "test5")).to_html()
    (folder / "index.html").write_text(PAGE.format(one + one + bare), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def browser():
    with open_browser() as one:
        yield one


def test_browser_and_python_agree_on_every_setting(browser, page):
    browser.get((page / "index.html").as_uri())  # from the disk, as a reader may open it
    first, python = explorers(browser)[0], make_explorer()
    for k, settings in enumerate(SETTINGS):
        for counted in ("test", "neutral50", "neutral97"):
            values = settings | {"counted": counted, "clip": CLIPS[k % len(CLIPS)]}
            choose(browser, first, **values)
            python.set_state(values)
            state = python.state()
            assert same(shown(first), state), values
            cells = [[cell.text for cell in find(row, "td")] for row in find(first, "tbody tr")]
            assert cells[:2] == [[f"{state['war_without']:.1f}", f"{state['uar_without']:.1f}"],
                                 [f"{state['war']:.1f}", f"{state['uar']:.1f}"]]
            bars = [bar.get_attribute("data-trips") for bar in find(first, ".dfer-snippet")]
            assert bars == [str(one["trips"]).lower() for one in state["said"]["snippets"]]
            assert len(find(first, ".dfer-guilty")) == bars.count("true")
            assert len(find(first, ".dfer-plot circle")) == state["snippets"]
    assert console_errors(browser) == [] and foreign(requested(browser), page.as_uri()) == []


def test_browser_and_python_agree_on_every_threshold(browser, page):
    browser.get((page / "index.html").as_uri())
    bare, python = explorers(browser)[2], make_explorer(
        make_record(kept=("test",), truth=False, seed=1), clips=("test0", "test5"))
    for k in range(0, 101, 4):
        values = {"mu1": (100 - k) / 100, "mu2": k / 100, "length": 1 + k % 8, "stride": 1 + k % 5}
        choose(browser, bare, **values)
        python.set_state(values)
        assert same(shown(bare), python.state()), values


def test_keys_work_and_the_other_copy_does_not_move(browser, page):
    from selenium.webdriver.common.keys import Keys

    with serve(page) as address:
        browser.get(f"{address}/index.html")
        first, second, _ = explorers(browser)
        other = shown(second)
        inputs = find(first, "select, input, button")
        assert all(one.accessible_name for one in inputs)
        assert all(one.get_attribute("data-lm-suppress-shortcuts") for one in inputs)
        find(first, "[data-name=mu1]")[0].send_keys(Keys.ARROW_LEFT)
        find(first, "[data-name=stride]")[0].send_keys(Keys.ARROW_RIGHT)
        assert same(shown(first), make_explorer(mu1=0.69, stride=3).state())
        find(first, "button[aria-label='Previous clip']")[0].send_keys(Keys.ENTER)
        assert shown(first)["said"]["clip"] == CLIPS[-1], "it goes round"
        next(one for one in find(first, "button") if one.text.startswith("Back")).send_keys(Keys.ENTER)
        assert same(shown(first), make_explorer(clip=CLIPS[-1]).state()) and shown(second) == other
        assert browser.current_url == f"{address}/index.html"
        assert console_errors(browser) == [] and foreign(requested(browser), address, page.as_uri()) == []


def test_changed_clips_are_named_and_one_that_is_offered_can_be_shown(browser, page):
    browser.get((page / "index.html").as_uri())
    first = explorers(browser)[0]
    choose(browser, first, mu1=0.3, mu2=0.6, clip=CLIPS[-1])
    state, lists = shown(first), find(first, ".dfer-snippet-lists p")
    for kind, words in zip(("rescued", "broken", "moved"), lists, strict=True):
        assert words.text.startswith(f"{len(state[kind])} ")
        assert re.findall(r"test\d+", words.text) == state[kind][:12]
    buttons = find(first, ".dfer-snippet-lists button")
    offered = [clip for kind in ("rescued", "broken", "moved") for clip in state[kind][:12] if clip in CLIPS]
    assert [one.text.split()[-1] for one in buttons] == offered and offered
    buttons[0].click()
    assert shown(first)["said"]["clip"] == offered[0]


def test_sentences_and_the_words_for_screen_readers(browser, page):
    browser.get((page / "index.html").as_uri())
    first, _, bare = explorers(browser)
    state = make_explorer().state()
    summary, told = find(first, ".dfer-said")
    assert summary.text.startswith(f"The network calls {state['neutral']} of 60 clips Neutral. The filter changes ")
    assert f"{len(state['rescued'])} rescued, {len(state['broken'])} broken" in summary.text
    assert {one.get_attribute("aria-live") for one in (summary, told)} == {"polite"}
    words = find(first, ".dfer-snippet-picture")[0].get_attribute("aria-label")
    assert words.startswith("Film strip of 16 frames; the apex is in frames 5 to 7; irrelevant are frames 12 to 15;")
    for k, one in enumerate(state["said"]["snippets"]):
        assert f"snippet {k + 1}, frames {one['first']} to {one['first'] + 2}, says {one['says']} with " in words
    for clip in CLIPS:
        choose(browser, first, clip=clip, mu1=0.3, mu2=0.6)
        said = shown(first)["said"]
        if said["without"] != "Neutral":
            assert told.text.endswith("The filter touches no such answer.")
        elif not any(one["trips"] for one in said["snippets"]):
            assert told.text.endswith("No snippet trips the filter, so it stays.")
        else:
            lost = "broken" if said["label"] == "Neutral" else "still wrong"
            fate = "rescued" if said["with"] == said["label"] else lost
            assert f"{said['with']} is likeliest of the others: {fate}" in told.text
    choose(browser, first, counted="neutral97")
    assert "No clip of this set is neutral: the filter can break none." in first.text
    assert "with 50 % neutral frames, 97 % neutral frames is not kept with this run" in bare.text
    assert "apex" not in bare.text and find(first, ".dfer-mark-apex") and not find(bare, ".dfer-mark-apex")


def test_it_fits_a_phone_and_stays_readable_on_a_dark_page(browser, page):
    set_width(browser, 360)
    browser.get((page / "index.html").as_uri())
    element = explorers(browser)[0]
    inside = """const [root] = arguments, b = (e) => e.getBoundingClientRect();
        return [...root.querySelectorAll("*:not(svg *)")].filter((e) => b(e).width && b(e).right > b(root).right + 0.5)
          .map((e) => e.outerHTML.slice(0, 80));"""
    for length in (1, 4, 8):
        choose(browser, element, length=length, stride=1, mu1=0.3, mu2=0.6)
        assert len(find(element, ".dfer-snippet-row")) == 2, "eight frames in a row"
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 360
        assert browser.execute_script(inside, element) == []
    assert element.value_of_css_property("background-color") == "rgba(255, 255, 255, 1)"
    assert {one.value_of_css_property("color") for one in find(element, "td, .dfer-said")} == {"rgba(34, 34, 34, 1)"}
    set_width(browser, 1200)
    assert len(find(element, ".dfer-snippet-row")) == 1
    assert len(EXPRESSIONS) >= len(find(element, ".dfer-curve")) >= 1
