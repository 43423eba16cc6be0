"""The threshold explorer: Python and the browser say the same, with no kernel, no network and no clash on a page."""

import json
import re

import numpy as np
import pytest
from browser import console_errors, foreign, open_browser, requested, serve, set_width

from dfer_nb import rdfer
from dfer_nb.errors import BadInput
from dfer_nb.viewing.evidence import tables
from dfer_nb.viewing.explorers import thresholds as explorer
from dfer_nb.viewing.explorers.thresholds import ThresholdExplorer
from dfer_nb.viewing.explorers.widget import scramble

AGREEMENT = [1, 1, 1, 0.75, 0.5, 0.5, 0.25, 1, 1, 1]
LOSS = [3, 2, 0.1, 4, 1, 1, 0.5, 0.2, 0.1, 2]
WRONG = [True, False, False, True, False, False, False, False, False, True]
LOW = [False, True, False, False, False, False, False, False, False, False]
HARD = [False, False, False, False, True, False, True, False, False, False]


@pytest.fixture(scope="module")
def clips(record):
    return tables.reported_rows(record, "train")


def small(reweight=rdfer.reweight, **traits):
    return ThresholdExplorer(AGREEMENT, LOSS, WRONG, LOW, HARD, reweight=reweight, **traits)


def of(clips):
    return ThresholdExplorer.from_clips(clips, reweight=rdfer.reweight)


# ------------------------------------------------------------------------------------------------ the arithmetic


def test_groups_by_hand():
    # noisy: of those with agreement 1 the losses 3, 2 (clip 1 before clip 9); hard: 0.25, then 0.5 by position
    assert small(t_h=20, t_n=20).groups().tolist() == [2, 2, 0, 0, 1, 0, 1, 0, 0, 0]


def test_counts_by_hand():
    counts = small(t_h=20, t_n=20, lambda_hard=2, lambda_noisy=0.5, lambda_ordinary=1).counts()
    assert (counts["noisy"], counts["hard"], counts["ordinary"]) == (2, 2, 6)
    assert (counts["noisy_precision"], counts["noisy_recall"], counts["noisy_chance"]) == (1 / 2, 1 / 3, 3 / 10)
    assert (counts["hard_precision"], counts["hard_recall"], counts["hard_chance"]) == (1, 1, 2 / 10)
    assert counts["noisy_of_low_quality"] == 1 and counts["ordinary_of_wrong"] == 2 and counts["ordinary_of_clean"] == 4
    assert counts["mean_weight"] == pytest.approx((2 * 0.5 + 2 * 2 + 6) / 10)
    assert counts["loss_kept"] == pytest.approx((2.5 + 3 + 7.4) / 13.9)
    assert counts["wrong_mean_weight"] == pytest.approx(2.5 / 3)
    assert counts["wrong_share_before"] == pytest.approx(9 / 13.9)
    assert counts["wrong_share_after"] == pytest.approx(7.5 / 12.9)


def test_low_quality_counts_as_noise_when_asked():
    assert small(t_n=20, count_low_quality=True).counts()["noisy_precision"] == 1
    assert small(t_n=0).counts()["noisy_precision"] is None


def test_other_rankings_spend_the_same_budget():
    explorer_ = small(t_h=20, t_n=20)
    assert explorer_.groups("loss").tolist() == [2, 1, 0, 2, 0, 0, 0, 0, 0, 1]
    lots = scramble(np.arange(10)).argsort()[::-1]
    assert set(np.flatnonzero(explorer_.groups("random") == 2)) == set(lots[:2])


def test_lots_are_fair_and_differ_by_seed():
    lots = scramble(np.arange(20_000)) / 2**32
    assert abs(lots.mean() - 0.5) < 0.01 and abs(np.corrcoef(lots[:-1], lots[1:])[0, 1]) < 0.02
    assert abs(np.corrcoef(lots, scramble(np.arange(20_000), 1))[0, 1]) < 0.02


def test_the_chapters_own_function_is_asked():
    asked = []

    def spy(*arguments, **options):
        asked.append(options)
        return rdfer.reweight(*arguments, **options)

    with_spy = small(t_h=30, t_n=10, reweight=spy)
    assert with_spy.counts() == small(t_h=30, t_n=10).counts()
    assert (asked[0]["hard"], asked[0]["noisy"]) == (0.3, 0.1)


@pytest.mark.parametrize("arguments, words", [
    (([], []), "arrays of 0 clips"), (([1, 1], [1]), "arrays of 1 and 2 clips"), (([1], [np.nan]), "finite number"),
    (([1], [1], [True]), "1 of the flags"), (([1], [1], [True], [True], [True, False]), "arrays of 1 and 2")])
def test_bad_arrays_are_refused(arguments, words):
    with pytest.raises(BadInput, match=words):
        ThresholdExplorer(*arguments, reweight=rdfer.reweight)


# ---------------------------------------------------------------------------------------------- the stored output


def test_stored_output_is_small_and_the_same_every_time(clips):
    first, second = (of(clips)._repr_mimebundle_()[0] for _ in range(2))
    assert first["text/html"] == second["text/html"] and first["text/plain"] == second["text/plain"]
    assert len(first["text/html"]) < 150_000 and " id=" not in first["text/html"].split("<script")[0]
    assert "application/vnd.jupyter.widget-view+json" in first  # live where there is a kernel
    assert "0x" not in first["text/plain"]


def test_nothing_in_the_data_can_end_the_script():
    name = "</script><!--<script>"
    page = ThresholdExplorer([1], [1], clip=[name], reweight=rdfer.reweight).to_html()
    data = re.search(r'<script type="application/json">(.*?)</script>', page, re.S).group(1)
    assert "<" not in data and json.loads(data)["state"]["data"]["clip"] == [name]


def test_no_address_is_in_the_output_but_the_name_of_svg():
    page = small().to_html()
    assert set(re.findall(r"https?://[^\"'\\\s]+", page)) == {"http://www.w3.org/2000/svg"}


def test_python_hears_the_sliders():
    heard, widget = [], small()
    widget.observe(lambda change: heard.append((change["name"], change["new"])), ["t_n", "shown"])
    widget.set_state({"t_n": 30, "shown": {"noisy": 3}})  # what the browser sends
    assert heard == [("t_n", 30.0), ("shown", {"noisy": 3})] and widget.counts()["noisy"] == 3


def test_a_module_asks_the_model_only_what_the_stand_in_has():
    asked = set(re.findall(r"\bmodel\.(\w+)", ThresholdExplorer._esm))
    stand_in = explorer.read("static.js")
    assert asked <= {"get", "set", "save_changes", "on", "off"}
    assert all(f"{name}:" in stand_in for name in asked)


# ---------------------------------------------------------------------------------------------------- the browser


PAGE = """<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<body style="margin: 0 1.5rem; background: #121212; color: #eeeeee">{}</body>"""


@pytest.fixture(scope="module")
def page(clips, films, tmp_path_factory):
    """A folder with a page that holds one explorer twice, one without a truth, and one of another size."""
    folder = tmp_path_factory.mktemp("page")
    one = of(clips).to_html()
    blind = of(tables.reported_rows(films, "train")).to_html()
    odd = of(clips.head(1110)).to_html()
    (folder / "index.html").write_text(PAGE.format(one + one + blind + odd), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def browser():
    with open_browser() as one:
        yield one


def wait_for_explorers(browser, count=4):
    from selenium.webdriver.support.ui import WebDriverWait

    ready = ".dfer-explorer[data-counts]"
    WebDriverWait(browser, 20).until(lambda b: len(b.find_elements("css selector", ready)) == count)
    return browser.find_elements("css selector", ready)


def rounded(counts):
    """Numbers to nine digits: sums in another order may differ in the last bits."""
    return {name: value if value is None else round(value, 9) for name, value in counts.items()}


def counts_of(element):
    return rounded(json.loads(element.get_attribute("data-counts")))


def control(element, name):
    return element.find_element("css selector", f"[data-name='{name}']")


def colours(browser, element):
    """How many marks of each group are drawn."""
    script = "return arguments[1].map(group => arguments[0].querySelectorAll(`.dfer-plot .dfer-${group}`).length)"
    return browser.execute_script(script, element, ["noisy", "hard", "ordinary"])


def choose(browser, element, name, value):
    """Set a control as its user would, without a key press for every step."""
    script = """const [input, value] = arguments;
        if (input.type === 'checkbox') input.checked = value; else input.value = value;
        input.dispatchEvent(new Event(input.type === 'range' ? 'input' : 'change', {bubbles: true}));"""
    browser.execute_script(script, control(element, name), value)


def test_keys_move_a_slider_and_figure_and_numbers_change(browser, page, clips):
    from selenium.webdriver.common.keys import Keys

    with serve(page) as address:
        browser.get(f"{address}/index.html")
        first, second, blind, _ = wait_for_explorers(browser)
        python = of(clips)
        assert counts_of(first) == rounded(python.counts()) and colours(browser, first) == [112, 224, 784]
        before = first.find_element("css selector", ".dfer-said").text
        control(first, "t_n").send_keys(Keys.ARROW_RIGHT * 5)
        python.t_n = 15
        assert counts_of(first) == rounded(python.counts()) and colours(browser, first) == [168, 224, 728]
        after = first.find_element("css selector", ".dfer-said").text
        assert before != after and f"Of 168 clips called noisy, {python.counts()['noisy_found']} have" in after
        assert colours(browser, second) == [112, 224, 784], "the second copy on the page must not move"
        assert counts_of(blind)["noisy"] == 112 and "not known" in blind.text and "precision" not in blind.text
        assert console_errors(browser) == [] and foreign(requested(browser), address) == []


def test_browser_and_python_agree_at_every_step(browser, page, clips):
    browser.get((page / "index.html").as_uri())  # from the disk, as a reader may open it
    element = wait_for_explorers(browser)[3]
    # 1110 clips: at 5 %, 15 % … there is half a clip, which both sides must round alike
    python, rng = of(clips.head(1110)), np.random.default_rng(0)
    steps = [{"t_h": t} for t in range(0, 51, 5)] + [{"t_n": t} for t in range(0, 51, 5)]
    steps += [{"ranking": "loss"}, {"ranking": "random"}, {"count_low_quality": True}, {"ranking": "agreement"}]
    steps += [{"lambda_hard": 2.3, "lambda_noisy": 0.15, "lambda_ordinary": 0.7}]
    steps += [{"t_h": int(h), "t_n": int(n), "ranking": explorer.RANKINGS[k % 3]}
              for k, (h, n) in enumerate(rng.integers(0, 51, (12, 2)))]
    for step in steps:
        for name, value in step.items():
            choose(browser, element, name, value)
            setattr(python, name, value)
        assert counts_of(element) == rounded(python.counts()), step
        assert colours(browser, element) == [python.counts()[name] for name in ("noisy", "hard", "ordinary")]
    assert console_errors(browser) == [] and foreign(requested(browser), page.as_uri()) == []


def test_every_control_has_a_name_and_can_be_reached_by_key(browser, page):
    from selenium.webdriver.common.keys import Keys

    browser.get((page / "index.html").as_uri())
    element = wait_for_explorers(browser)[0]
    inputs = element.find_elements("css selector", "input, select")
    assert len(inputs) == 7 and all(one.accessible_name for one in inputs)
    # without this, JupyterLab takes the arrow keys of a focused slider for its own shortcuts
    assert all(one.get_attribute("data-lm-suppress-shortcuts") for one in inputs)
    inputs[0].send_keys("")
    reached = []
    for _ in inputs:
        reached.append(browser.switch_to.active_element.get_attribute("data-name"))
        browser.switch_to.active_element.send_keys(Keys.TAB)
    assert reached == [one.get_attribute("data-name") for one in inputs]
    assert element.find_element("css selector", ".dfer-plot svg").get_attribute("aria-label").startswith("Loss against")


def test_it_fits_a_phone_and_stays_readable_on_a_dark_page(browser, page):
    set_width(browser, 375)
    browser.get((page / "index.html").as_uri())
    element = wait_for_explorers(browser)[0]
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 375
    inside = "const b = e => e.getBoundingClientRect(); return b(arguments[0]).right <= b(arguments[1]).right + 0.5"
    for box in element.find_elements("css selector", "table, .dfer-plot svg, .dfer-plot text"):
        assert browser.execute_script(inside, box, element), box.text
    assert element.value_of_css_property("background-color") == "rgba(255, 255, 255, 1)"
    cells = element.find_elements("css selector", "td")
    assert {cell.value_of_css_property("color") for cell in cells} == {"rgba(34, 34, 34, 1)"}
    set_width(browser, 1200)


def test_the_pointed_clip_is_described(browser, page, clips):
    browser.get((page / "index.html").as_uri())
    element = wait_for_explorers(browser)[0]
    mark = element.find_element("css selector", ".dfer-mark[data-kind=wrong]")
    browser.execute_script("arguments[0].dispatchEvent(new Event('pointerenter'))", mark)
    said = element.find_elements("css selector", ".dfer-hint")[0].text
    row = clips[clips["wrong_label"]].iloc[0]
    assert said.startswith(f"Clip {row['clip']}, labelled ") and ", in truth " in said and "wrong label" in said
