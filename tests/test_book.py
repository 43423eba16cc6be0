"""The built book, opened in a real browser: its explorers work over http and from the disk, and stay at home."""

import json
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import bags
import pytest
from browser import console_errors, foreign, open_browser, requested, serve, set_width

from dfer_nb import files

PAGE, BAGS = "notebooks/rdfer.html", "notebooks/m3dfel.html"


@pytest.fixture(scope="session")
def book(tmp_path_factory):
    """The folder of the book's pages, built from stored outputs with warnings as errors."""
    root = files.root()
    target = tmp_path_factory.mktemp("book")
    tool = shutil.which("jupyter-book", path=str(Path(sys.executable).parent)) or "jupyter-book"
    run = subprocess.run([tool, "build", root, "--path-output", target, "-W", "-n", "--keep-going"],
                         capture_output=True, text=True, cwd=root)
    said = [line for line in (run.stdout + run.stderr).splitlines() if "WARNING" in line or "ERROR" in line]
    assert run.returncode == 0, "\n".join(said) or run.stdout[-3000:] + run.stderr[-3000:]
    return target / "_build" / "html"


@pytest.fixture(scope="module")
def browser():
    with open_browser() as one:
        yield one


class Links(HTMLParser):
    """What a page loads by itself (not what it links to), and its pictures without alternative text."""

    def __init__(self):
        super().__init__()
        self.loaded, self.silent = [], []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag in ("script", "img", "iframe", "source", "video", "audio", "embed"):
            self.loaded.append(given.get("src") or "")
        if tag == "link" and "canonical" not in (given.get("rel") or ""):
            self.loaded.append(given.get("href") or "")
        if tag == "img" and not (given.get("alt") or "").strip():
            self.silent.append(given.get("src"))


def read_page(path):
    links = Links()
    links.feed(path.read_text(encoding="utf-8"))
    return links


def test_no_page_loads_anything_from_another_host(book):
    pages = sorted(book.rglob("*.html"))
    assert len(pages) > 3
    for page in pages:
        assert not [url for url in read_page(page).loaded if url.startswith(("http:", "https:", "//"))], page


def test_every_picture_of_the_chapters_has_an_alternative_text(book):
    pages = [book / "notebooks" / f"{name}.html" for name in ("m3dfel", "rdfer", "facsimile", "foundations", "results")]
    pictures = {page.name: read_page(page) for page in pages if page.exists()}
    assert any("_images" in url for links in pictures.values() for url in links.loaded), "the chapters have no figures"
    for name, links in pictures.items():
        assert not [src for src in links.silent if src and "_images" in src], name  # the theme's icons are not figures


def explorer_of(browser):
    from selenium.webdriver.support.ui import WebDriverWait

    found = WebDriverWait(browser, 15).until(
        lambda b: b.find_elements("css selector", ".dfer-explorer[data-counts]"))
    return found[0]


def state(browser, explorer):
    """The numbers of the explorer, and how many marks its picture shows of each group."""
    script = "return arguments[1].map(group => arguments[0].querySelectorAll(`.dfer-plot .dfer-${group}`).length)"
    drawn = browser.execute_script(script, explorer, ["noisy", "hard", "ordinary"])
    return json.loads(explorer.get_attribute("data-counts")), drawn


def move_the_slider(browser, address, home):
    from selenium.webdriver.common.keys import Keys

    browser.get(address)
    explorer = explorer_of(browser)
    counts, drawn = state(browser, explorer)
    assert drawn == [counts["noisy"], counts["hard"], counts["ordinary"]] and sum(drawn) > 100
    words = explorer.find_element("css selector", ".dfer-said").text
    explorer.find_element("css selector", "[data-name='t_n']").send_keys(Keys.ARROW_RIGHT * 3)
    moved, redrawn = state(browser, explorer)
    assert moved["noisy"] > counts["noisy"] and redrawn[0] == moved["noisy"] and redrawn != drawn
    assert explorer.find_element("css selector", ".dfer-said").text != words
    assert console_errors(browser) == []
    assert foreign(requested(browser), home) == []


def test_the_slider_moves_over_http(book, browser):
    with serve(book) as home:
        move_the_slider(browser, f"{home}/{PAGE}", home)


def test_the_slider_moves_from_the_disk(book, browser):
    move_the_slider(browser, (book / PAGE).as_uri(), book.as_uri())


def test_a_clip_and_a_bag_size_are_chosen_on_the_page_of_bags(book, browser):
    browser.get((book / BAGS).as_uri())
    (explorer,) = bags.explorers(browser, 1)
    first = bags.shown(explorer)
    clips = [option.get_attribute("value") for option in bags.find(explorer, "select option")]
    sizes = [int(radio.get_attribute("value")) for radio in bags.find(explorer, "input[type='radio']")]
    assert len(clips) > 6 and sizes == [1, 2, 4, 8, 16]
    for clip, size in ((clips[1], 16), (clips[-1], 1)):
        bags.choose(browser, explorer, clip, size)
        found = bags.shown(explorer)
        assert (found["clip"], len(found["instances"])) == (clip, size if size > 1 else 0) and found != first
    assert console_errors(browser) == [] and foreign(requested(browser), book.as_uri()) == []


@pytest.mark.parametrize(("page", "explorer"), [(PAGE, explorer_of), (BAGS, lambda b: bags.explorers(b, 1)[0])])
def test_the_page_fits_a_phone(book, browser, page, explorer):
    set_width(browser, 375)
    try:
        browser.get((book / page).as_uri())
        box = explorer(browser).rect
        assert box["x"] >= 0 and box["x"] + box["width"] <= 375
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 375
    finally:
        set_width(browser, 1200)
