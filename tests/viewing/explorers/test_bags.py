"""The bag explorer: Python and the browser say the same of every clip and bag, and a stored page needs no kernel."""

import re

import numpy as np
import pandas as pd
import pytest
from bags import choose, explorers, find, make_explorer, make_frames, make_rows, shown
from browser import console_errors, foreign, open_browser, requested, serve, set_width

from dfer_nb.data.expressions import EXPRESSIONS
from dfer_nb.errors import BadInput
from dfer_nb.viewing.explorers.bags import BagExplorer

TRUE = ["true_label", "apex_start", "apex_end", "n_frames"]


@pytest.fixture
def rows():
    """Two bags of two, all of whose numbers are chosen by hand: apex in the raw frames 16 to 23 of 32."""
    p = np.eye(7)[[1, 3]] * 0.65 + 0.05
    return pd.DataFrame({
        "clip": ["one", "two"], "label": [1, 2], "prediction": [1, 3], **{f"p{k}": p[:, k] for k in range(7)},
        "i0": [2, 3], "i1": [1, 3], "c0": [-0.25, 1.0], "c1": [2.0, 1.0], "g0": [0.5, 0.5], "g1": [0.75, 0.5],
        "a0": [0.4, 0.5], "a1": [0.6, 0.5], "true_label": [1, 2], "apex_start": 16, "apex_end": 24, "n_frames": 32})


def of(rows, names=("one", "two"), size=2):
    return BagExplorer.from_rows({size: rows}, make_frames(names))


# ------------------------------------------------------------------------------------------------ the arithmetic


def test_state_by_hand(rows):
    state = of(rows).state()
    assert (state["clip"], state["bag_size"], state["label"], state["true_label"]) == ("one", 2, "Sad", "Sad")
    assert (state["answer"], state["probability"], state["right"]) == ("Sad", 0.7, True)
    assert state["probabilities"] == [0.05, 0.7, 0.05, 0.05, 0.05, 0.05, 0.05]
    assert (state["agree"], state["strongest"]) == (1, 2)
    assert state["instances"] == [
        {"prediction": "Neutral", "support": -0.25, "gate": 0.5, "attention": 0.4, "apex": 0.0},
        # its frames are 17, 19, … 31 of the video: four of the eight lie in 16 to 23
        {"prediction": "Sad", "support": 2.0, "gate": 0.75, "attention": 0.6, "apex": 0.5}]


def test_a_neutral_clip_has_no_apex_and_equal_support_goes_to_the_first(rows):
    state = of(rows).state("two", 2)
    assert [one["apex"] for one in state["instances"]] == [None, None]
    assert (state["right"], state["agree"], state["strongest"]) == (False, 2, 1)


def test_irrelevant_frames_are_known_where_the_truth_tells(rows):
    told = of(rows.assign(irrelevant_start=[26, 0], irrelevant_frames=[6, 0]))
    assert told.data["clips"][0]["irrelevant"] == [0] * 13 + [1] * 3  # 27, 29 and 31
    assert told.data["clips"][1]["irrelevant"] is None is of(rows).data["clips"][0]["irrelevant"]


def test_what_is_not_known_is_none(rows):
    bare = of(rows.drop(columns=[*TRUE, "a0", "a1", "g0", "g1"])).state()
    assert bare["true_label"] is None
    assert bare["instances"][1] == {"prediction": "Sad", "support": 2.0, "gate": None, "attention": None, "apex": None}
    unknown = rows.assign(true_label=pd.array([None, 2], "Int64"), apex_start=np.nan, apex_end=np.nan)
    assert of(unknown).state()["true_label"] is None and of(unknown).state()["instances"][0]["apex"] is None


def test_bag_size_one_is_a_plain_network(rows):
    plain = rows[[name for name in rows if not re.fullmatch(r"[icga]\d", name)]]
    state = BagExplorer.from_rows({1: plain}, make_frames(["two"])).state()
    assert (state["answer"], state["instances"], state["agree"], state["strongest"]) == ("Angry", [], 0, None)


def test_clips_keep_the_order_of_their_pictures(rows):
    two_first = of(rows, ["two", "one"])
    assert two_first.clip == "two" and two_first.state("one") == of(rows).state("one")


def test_four_instances_first_and_other_choices_are_refused():
    widget = make_explorer()
    assert (widget.clip, widget.bag_size, make_explorer((2, 8)).bag_size) == ("12", 4, 8)
    assert make_explorer(clip="11", bag_size=2).state()["clip"] == "11"
    for wrong in ({"clip": "99"}, {"bag_size": 3}):
        with pytest.raises(BadInput, match="there is no"):
            make_explorer(**wrong)
        with pytest.raises(BadInput, match="there is no"):
            widget.state(**wrong)
    with pytest.raises(BadInput, match="choose one of: 1, 2, 4, 8, 16"):
        widget.bag_size = 5
    assert widget.bag_size == 4


@pytest.mark.parametrize("change, words", [
    (lambda r: r.drop(columns="p6"), "no column p6"), (lambda r: r.drop(columns="c1"), "no column c1"),
    (lambda r: r.drop(columns="a1"), "no column a1"), (lambda r: r.drop(columns="i1"), "1 instances"),
    (lambda r: r.assign(i2=0), "3 instances"), (lambda r: r.head(1), "no row for two"),
    (lambda r: pd.concat([r, r]), "several rows"), (lambda r: r.assign(c0=np.nan), "not finite"),
    (lambda r: r.assign(p0=np.inf), "not finite"), (lambda r: r.assign(i0=7), "classes 0 to 6"),
    (lambda r: r.head(0), "no clips")])
def test_bad_rows_are_refused(rows, change, words):
    with pytest.raises(BadInput, match=words):
        of(change(rows))


def test_bags_that_do_not_fit_are_refused(rows):
    for size in (3, 0, 32, 2.5):
        with pytest.raises(BadInput, match="cannot be cut"):
            of(rows, size=size)
    with pytest.raises(BadInput, match="2 instances"):
        of(rows, size=1)
    with pytest.raises(BadInput, match="different labels"):
        BagExplorer.from_rows({2: rows, 4: make_rows(4, (3, 3)).assign(clip=rows["clip"])}, make_frames(rows["clip"]))
    with pytest.raises(BadInput, match="no clips, or no bag sizes"):
        BagExplorer.from_rows({2: rows}, {})


@pytest.mark.parametrize("pictures", [np.zeros((8, 48, 48, 3), np.uint8), np.zeros((16, 48, 48), np.uint8),
                                      np.zeros((16, 48, 48, 3)), np.zeros((16, 0, 48, 3), np.uint8)])
def test_bad_pictures_are_refused(rows, pictures):
    with pytest.raises(BadInput, match="pictures of shape"):
        BagExplorer.from_rows({2: rows}, {"one": pictures})


# ---------------------------------------------------------------------------------------------- the stored output


def test_stored_output_is_small_and_the_same_every_time():
    first, second = (make_explorer(labels=[0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4]) for _ in range(2))
    assert first.to_html() == second.to_html() and first.describe() == second.describe()
    assert len(first.to_html()) < 250_000
    page = re.sub(r"<script.*?</script>", "", first.to_html(), flags=re.S)
    assert " id=" not in page and not re.search(r"\d", first.describe())
    assert not re.search(r"\bid:|\.id\b|getElementById|window\.", first._esm)
    assert set(re.findall(r"https?://[^\"'\\\s]+", first.to_html())) == {"http://www.w3.org/2000/svg"}


def test_pictures_of_any_size_become_strips_of_one_height(rows):
    widget = BagExplorer.from_rows({2: rows}, make_frames(["one"], side=112))
    strip = widget.data["clips"][0]["strip"]
    assert strip.startswith("data:image/jpeg;base64,") and len(strip) < 25_000


def test_a_module_asks_the_model_only_what_the_stand_in_has():
    assert set(re.findall(r"\bmodel\.(\w+)", BagExplorer._esm)) <= {"get", "set", "save_changes", "on", "off"}


def test_python_hears_the_controls():
    heard, widget = [], make_explorer()
    widget.observe(lambda change: heard.append((change["name"], change["new"])), ["clip", "bag_size", "shown"])
    widget.set_state({"clip": "10", "bag_size": 16, "shown": {"answer": "Sad"}})  # what the browser sends
    assert heard == [("clip", "10"), ("bag_size", 16), ("shown", {"answer": "Sad"})]
    assert (widget.state()["clip"], widget.state()["bag_size"]) == ("10", 16)


# ---------------------------------------------------------------------------------------------------- the browser


# The style is what the book's dark theme does to every picture of an output.
PAGE = """<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<style>html body:not(.a):not(.b):not(.c) img {{ max-width: 100%; padding: 8px; border-radius: 4px }}</style>
<body style="margin: 0 1.5rem; background: #121212; color: #eeeeee">{}</body>"""
BARE = {"gate": False, "attention": False, "truth": False}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A folder with a page that holds one explorer twice, and one without truth, gates and attention."""
    folder = tmp_path_factory.mktemp("page")
    one, bare = make_explorer().to_html(), make_explorer((2, 16), options=BARE).to_html()
    (folder / "index.html").write_text(PAGE.format(one + one + bare), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def browser():
    with open_browser() as one:
        yield one


def test_browser_and_python_agree_on_every_clip_and_bag_size(browser, page):
    browser.get((page / "index.html").as_uri())  # from the disk, as a reader may open it
    first, _, bare = explorers(browser)
    for element, python in ((first, make_explorer()), (bare, make_explorer((2, 16), options=BARE))):
        for size in [bag["bag_size"] for bag in python.data["bags"]]:
            for clip in ("12", "11", "10"):
                choose(browser, element, clip, size)
                state = python.state(clip, size)
                assert shown(element) == state
                drawn = [block.text.split()[-1] for block in find(element, ".dfer-bag-block")]
                alone = [one["prediction"] for one in state["instances"]] or [state["answer"]]
                assert drawn == (alone if size < 16 else [name[:3] for name in alone]) or size == 8
                charts = 3 if python.data["bags"][-1]["answers"][0]["g"] else 1
                assert len(find(element, ".dfer-bag-bar")) == (size * charts if size > 1 else 0)
                assert len(find(element, ".dfer-bag-answer li")) == 7
                assert find(element, ".dfer-chosen")[0].text.startswith(state["answer"])
    assert console_errors(browser) == [] and foreign(requested(browser), page.as_uri()) == []


def test_keys_work_and_the_other_copy_does_not_move(browser, page):
    from selenium.webdriver.common.keys import Keys

    with serve(page) as address:
        browser.get(f"{address}/index.html")
        first, second, _ = explorers(browser)
        before, other = find(first, ".dfer-said")[0].text, shown(second)
        assert [one.get_attribute("value") for one in find(first, "option")] == ["12", "11", "10"], "Python's order"
        inputs = find(first, "select, button, input")
        assert len(inputs) == 8 and all(one.accessible_name for one in inputs)
        assert all(one.get_attribute("data-lm-suppress-shortcuts") for one in inputs)
        find(first, "button[aria-label='Next clip']")[0].send_keys(Keys.ENTER)
        find(first, "input:checked")[0].send_keys(Keys.ARROW_RIGHT)
        assert (shown(first)["clip"], shown(first)["bag_size"]) == ("11", 8)
        assert find(first, ".dfer-said")[0].text != before and shown(second) == other
        find(first, "input:checked")[0].send_keys(Keys.ENTER)  # a form would leave the page
        assert browser.current_url == f"{address}/index.html" and shown(first)["bag_size"] == 8
        find(first, "button[aria-label='Previous clip']")[0].send_keys(Keys.ENTER * 2)
        assert shown(first)["clip"] == "10", "it goes round"
        assert console_errors(browser) == [] and foreign(requested(browser), address) == []


def test_the_sentence_and_the_words_for_screen_readers(browser, page):
    browser.get((page / "index.html").as_uri())
    first, _, bare = explorers(browser)
    state, said = make_explorer().state(), find(first, ".dfer-said")[0]
    verdict = "as the label says" if state["right"] else "but the label is Sad"
    assert said.text.startswith(f"4 instances: the bag says {state['answer']} ({state['probability']:.2f}), {verdict} "
                                f"(in truth Neutral). {state['agree']} of 4 instances ")
    assert said.get_attribute("aria-live") == "polite"
    words = find(first, "[role=img]")[0].get_attribute("aria-label")
    for k, one in enumerate(state["instances"]):
        assert f"instance {k + 1} says {one['prediction']}, support " in words
    find(first, "summary")[0].click()
    table = [[cell.text for cell in find(row, "th, td")] for row in find(first, "table tr")]
    heads = ["instance", "frames, from 0", "says alone", "support", "attention", "gate"]
    assert table[0] == heads  # in truth it is neutral
    assert [row[1] for row in table[1:]] == ["0–3", "4–7", "8–11", "12–15"]
    assert [row[2] for row in table[1:]] == [one["prediction"] for one in state["instances"]]
    assert "apex" not in bare.text.lower() and "attention" not in bare.text.lower() and "truth" not in bare.text


def test_the_apex_is_marked_over_its_frames(browser, page):
    browser.get((page / "index.html").as_uri())
    first = explorers(browser)[0]
    assert [one.text for one in find(first, ".dfer-bag-irrelevant")] == ["irrelevant"]
    assert find(first, ".dfer-bag-apex") == []  # the first clip is neutral in truth
    choose(browser, first, "11", 4)
    assert [one.text for one in find(first, ".dfer-bag-apex")] == ["apex"]
    assert find(first, ".dfer-bag-apex")[0].get_attribute("style") == "left: 25%; width: 18.75%;"  # 9, 11, 13
    assert "the apex is in frames 4 to 6; irrelevant are frames 11 to 15" in find(
        first, "[role=img]")[0].get_attribute("aria-label")
    set_width(browser, 360)
    choose(browser, first, "11", 16)
    assert [one.text for one in find(first, ".dfer-bag-time div")] == ["apex", "irrelevant"], "one in each row"
    set_width(browser, 1200)
    choose(browser, first, "10", 16)
    assert find(first, ".dfer-bag-apex") == [] and "none of the 16 frames" in first.text
    assert "apex" not in find(first, ".dfer-said")[0].text


def test_it_fits_a_phone_and_stays_readable_on_a_dark_page(browser, page):
    set_width(browser, 360)
    browser.get((page / "index.html").as_uri())
    element = explorers(browser)[0]
    inside = """const [root] = arguments, b = (e) => e.getBoundingClientRect();
        return [...root.querySelectorAll("*:not(img)")].filter((e) => b(e).width && b(e).right > b(root).right + 0.5)
          .map((e) => e.outerHTML.slice(0, 80));"""
    find(element, "summary")[0].click()
    for size in (1, 2, 4, 8, 16):
        choose(browser, element, "12", size)
        assert len(find(element, ".dfer-bag-film")) == 2, "eight frames in a row"
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 360
        out = browser.execute_script(inside, element)
        assert [one for one in out if not re.match(r"<(table|thead|tbody|tr|th|td)", one)] == []
    image, film = find(element, "img")[0], find(element, ".dfer-bag-film")[0]
    assert image.value_of_css_property("padding") == "0px"
    assert image.rect["width"] == pytest.approx(2 * film.rect["width"], abs=1), "two rows of one strip"
    assert element.value_of_css_property("background-color") == "rgba(255, 255, 255, 1)"
    assert {one.value_of_css_property("color") for one in find(element, "td")} == {"rgba(34, 34, 34, 1)"}
    set_width(browser, 1200)


def test_names_in_blocks_are_cut_only_where_there_is_no_room(browser, page):
    browser.get((page / "index.html").as_uri())
    element = explorers(browser)[0]
    for size, width, whole in ((2, 1200, True), (8, 1200, True), (16, 600, False)):
        set_width(browser, width)
        choose(browser, element, "12", size)
        names = [block.text.split()[-1] for block in find(element, ".dfer-bag-block")]
        assert all(name in EXPRESSIONS if whole else len(name) == 3 for name in names), (size, width, names)
    set_width(browser, 1200)
