"""The snippet explorer on a page: it says what Python says, of every setting, and needs no kernel and no network."""

import re

import pytest
from browser import console_errors, foreign, open_browser, requested, serve, set_width
from snippets import CLIPS, SETTINGS, choose, explorers, find, make_explorer, make_record, same, shown

from dfer_nb.data.expressions import EXPRESSIONS

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
