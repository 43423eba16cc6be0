"""Made-up rows of runs with bags and made-up faces, to test the bag explorer on; and its parts on a page."""

import json

import numpy as np
import pandas as pd

from dfer_nb.viewing.explorers.bags import BagExplorer


def make_rows(size, labels=(1, 4, 0), gate=True, attention=True, truth=True, seed=0):
    """Made-up rows of a record, a clip for each label; the last one's apex is too short to be seen."""
    rng, n = np.random.default_rng((seed, size)), len(labels)
    p = rng.dirichlet(np.ones(7) / 2, n)
    rows = pd.DataFrame({"clip": [f"{12 - k}" for k in range(n)], "label": labels, "prediction": p.argmax(1),
                         **{f"p{k}": p[:, k] for k in range(7)}})
    letters = {"i": rng.integers(0, 7, (n, size)), "c": rng.normal(0.5, 1, (n, size))}
    letters |= {"g": rng.uniform(0.4, 0.6, (n, size))} if gate else {}
    letters |= {"a": rng.dirichlet(np.full(size, 8), n)} if attention else {}
    for letter, values in letters.items() if size > 1 else ():
        rows[[f"{letter}{k}" for k in range(size)]] = values
    if truth:
        rows["true_label"] = [(labels[0] + 1) % 7, *labels[1:]]
        rows["apex_start"], rows["apex_end"], rows["n_frames"] = 8, 14, 32
        rows["irrelevant_start"], rows["irrelevant_frames"] = 22, 10
        rows.loc[n - 1, ["apex_start", "apex_end"]] = 10, 11  # of the middles, 1, 3, 5 …, none
    return rows


def make_frames(names, side=48):
    """Clip -> 16 pictures of what could be a face: smooth, with some noise, as compression finds it."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[-1:1:side * 1j, -1:1:side * 1j]
    result = {}
    for name in names:
        noise = rng.normal(0, 6, (16, side, side, 1))
        face = 200 * np.exp(-(x ** 2 + y ** 2) * 2)[..., None] * rng.uniform(0.4, 1, 3)
        result[name] = np.clip(face + 30 + noise, 0, 255).astype(np.uint8)
    return result


def make_explorer(sizes=(1, 2, 4, 8, 16), labels=(1, 4, 0), options=None, **traits):
    rows = {size: make_rows(size, labels, **(options or {})) for size in sizes}
    return BagExplorer.from_rows(rows, make_frames(rows[sizes[0]]["clip"]), **traits)


def explorers(browser, count=3):
    """The bag explorers of a page, once all `count` are drawn."""
    from selenium.webdriver.support.ui import WebDriverWait

    ready = ".dfer-bags[data-shown]"
    WebDriverWait(browser, 20).until(lambda b: len(b.find_elements("css selector", ready)) == count)
    return browser.find_elements("css selector", ready)


def shown(element):
    """The numbers that an explorer shows."""
    return json.loads(element.get_attribute("data-shown"))


def find(element, selector):
    return element.find_elements("css selector", selector)


def choose(browser, element, clip, size):
    """Set both controls as their user would."""
    script = """const [root, clip, size] = arguments, select = root.querySelector("select");
        const radio = root.querySelector(`input[value="${size}"]`);
        select.value = clip; select.dispatchEvent(new Event("change", {bubbles: true}));
        if (!radio.checked) radio.click();"""
    browser.execute_script(script, element, clip, size)
