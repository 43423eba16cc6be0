"""A made-up record of a run with a snippet filter, to test the snippet explorer on; and its parts on a page."""

import json
from dataclasses import asdict
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from bags import make_frames

from dfer_nb.nr_dfernet import WINDOWS
from dfer_nb.presets import plan
from dfer_nb.training import metrics
from dfer_nb.viewing.explorers.snippets import SnippetExplorer

FEATURES, SNIPPETS = 15, sum(16 - length for length in WINDOWS)  # of a clip, and snippets that are kept
SIZES = {"test": 60, "neutral50": 12, "neutral97": 12}
SETTINGS = [{"mu1": 0.7, "mu2": 0.05, "length": 3, "stride": 2}, {"mu1": 0.9, "mu2": 0.01, "length": 1, "stride": 1},
            {"mu1": 0.97, "mu2": 0.3, "length": 8, "stride": 8}, {"mu1": 0.0, "mu2": 1.0, "length": 5, "stride": 3},
            {"mu1": 1.0, "mu2": 0.5, "length": 2, "stride": 1}, {"mu1": 0.29, "mu2": 0.57, "length": 8, "stride": 1}]
RATES = ("war", "uar", "war_without", "uar_without")
CLIPS = ("test0", "test1", "test2", "neutral973")


def make_windows(rng, n):
    """(n, W * 7) in half precision: probabilities of snippets, often of one expression alone."""
    return rng.dirichlet(np.full(7, 0.25), (n, SNIPPETS)).reshape(n, -1).astype(np.float16)


def make_rows(rng, split, n):
    """A record's rows of a split: half the clips are called Neutral, and in the slices none is."""
    label = np.arange(n) % 7
    label = np.where((split != "test") & (label == 2), 3, label)
    own = np.where(rng.random(n) < 0.5, 2, rng.integers(0, 7, n))
    otherwise = np.where(rng.random(n) < 0.6, np.where(label == 2, 4, label), 5)
    return pd.DataFrame({"clip": [f"{split}{k}" for k in range(n)], "split": split, "epoch": 7, "label": label,
                         "prediction": own, "unfiltered": own, "otherwise": otherwise.astype(np.float32),
                         "neutral": rng.random(n).astype(np.float32)})


def make_record(kept=tuple(SIZES), truth=True, seed=0):
    """A made-up record; kept: the splits whose windows are there."""
    rng = np.random.default_rng(seed)
    tables = {split: make_rows(rng, split, n) for split, n in SIZES.items()}
    vectors = {split: make_windows(rng, n) for split, n in SIZES.items()}
    features = [pd.DataFrame({"clip": tables[split]["clip"], "windows": list(vectors[split])}) for split in kept]
    clips = pd.concat(tables.values(), ignore_index=True)
    known = pd.DataFrame({"clip": clips["clip"], "true_label": clips["label"], "n_frames": 32, "apex_start": 8,
                          "apex_end": 14, "irrelevant_start": 22, "irrelevant_frames": 8})
    laptop = plan("nr_dfernet", "laptop")
    return SimpleNamespace(
        config={"training": asdict(laptop.training), "model": laptop.model, "method": laptop.method},
        summary={"reported": {"epoch": 8} | metrics.summary(tables["test"]),
                 "slices": {split: {} for split in SIZES if split != "test"} | {"short_apex": {}}},
        clips=clips, truth=known if truth else None, features=pd.concat(features) if features else None)


def make_explorer(record=None, clips=CLIPS, **traits):
    return SnippetExplorer.from_record(record or make_record(), make_frames(clips), **traits)


def same(one, other) -> bool:
    """Whether two states say the same: rates to the last digit but rounding, the rest exactly."""
    return all(one[name] == pytest.approx(other[name], abs=1e-9) for name in RATES) and (
        {name: one[name] for name in one if name not in RATES} == {k: other[k] for k in other if k not in RATES})


def explorers(browser, count=3):
    """The snippet explorers of a page, once all `count` are drawn."""
    from selenium.webdriver.support.ui import WebDriverWait

    ready = ".dfer-snippets[data-shown]"
    WebDriverWait(browser, 20).until(lambda b: len(b.find_elements("css selector", ready)) == count)
    return browser.find_elements("css selector", ready)


def shown(element):
    """The numbers that an explorer shows."""
    return json.loads(element.get_attribute("data-shown"))


def find(element, selector):
    return element.find_elements("css selector", selector)


def choose(browser, element, **settings):
    """Set controls as their user would."""
    script = """const [root, settings] = arguments;
        for (const [name, value] of Object.entries(settings)) {
          const control = root.querySelector(`[data-name="${name}"]`);
          control.value = value;
          control.dispatchEvent(new Event(control.tagName === "SELECT" ? "change" : "input", {bubbles: true}));
        }"""
    browser.execute_script(script, element, settings)
