"""Made-up records of a network with a snippet-based filter, with the columns of real ones: nothing is trained."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import torch

from dfer_nb.data.video import dynamic
from dfer_nb.nr_dfernet import WINDOWS, SnippetFiltering, snippet_filter
from dfer_nb.training import metrics

MODEL = {"length": 16, "snippet_width": 3, "snippet_stride": 2}
TRAINING = {"epochs": 3, "segments": 8, "frames_per_segment": 2, "max_frames": 32}
SIZES = {"test": 140, "clean": 140, "short_apex": 70, "irrelevant": 70, **dict.fromkeys(
    ("neutral50", "neutral75", "neutral90", "neutral97"), 35)}
FRAMES = dynamic(32, 8, 2)


def made(variant="nr_dfernet", draw=10, skill=2.5, look=0.5, filtered=True, **config):
    """A record: skill of its answers, and how much its token looks at an irrelevant frame (1: as at others)."""
    rng = np.random.default_rng([draw, len(variant), int(10 * skill)])
    truth = pd.concat([_truth(rng, split, n) for split, n in SIZES.items()], ignore_index=True)
    tables = {split: _rows(rng, truth[truth["slice"] == split], split, skill, look) for split in SIZES}
    parts = {split: metrics.summary(rows) for split, rows in tables.items()}
    reported = {"epoch": 3, **parts["test"]}
    rising = np.array([0.6, 0.8, 1.0])
    epochs = pd.DataFrame({"epoch": range(3), "test_war": reported["WAR"] * rising,
                           "test_war_unfiltered": reported["unfiltered"]["WAR"] * rising,
                           "test_uar_unfiltered": reported["unfiltered"]["UAR"] * rising})
    vectors = rng.dirichlet(np.ones(7), (SIZES["test"], sum(16 - length for length in WINDOWS)))
    features = pd.DataFrame({"clip": tables["test"]["clip"], "windows": list(vectors.reshape(SIZES["test"], -1))})
    named = {"paper": "nr_dfernet", "dataset": "facsimile", "fold": 1, "preset": "laptop", "variant": variant,
             "seed": draw, "draw": draw, "model": MODEL, "training": TRAINING, "method": {"filtered": filtered}}
    summary = {"rule": "last epoch", "reported": reported, "best_on_test": reported,
               "slices": {split: part for split, part in parts.items() if split != "test"}}
    return SimpleNamespace(config=named | config, summary=summary, epochs=epochs, truth=truth, features=features,
                           clips=pd.concat(tables.values(), ignore_index=True), path="made up")


def _truth(rng, split: str, n: int) -> pd.DataFrame:
    start, length = rng.choice([0, 22], n), 10 * (split == "irrelevant") * np.ones(n, int)
    return pd.DataFrame({"clip": [f"{split}{k}" for k in range(n)], "true_label": np.arange(n) % 7, "slice": split,
                         "n_frames": 32, "irrelevant_frames": length, "irrelevant_start": start,
                         "irrelevant_kind": np.where(length > 0, rng.choice(["blocked", "other face"], n), ""),
                         "apex_start": 10, "apex_end": 20})


def _rows(rng, truth: pd.DataFrame, split: str, skill: float, look: float) -> pd.DataFrame:
    n, label = len(truth), truth["true_label"].to_numpy()
    right = torch.from_numpy(skill * np.eye(7)[label])
    logits = right + torch.from_numpy(rng.normal(size=(n, 7)))
    logits[:, 2] += 1.0  # much is called Neutral
    snippets = right[:, None] + torch.from_numpy(2 * rng.normal(size=(n, 7, 7)))
    snippets[..., 2] -= 1.5
    start, length = (truth[name].to_numpy()[:, None] for name in ("irrelevant_start", "irrelevant_frames"))
    off = (FRAMES[:-1] >= start) & (FRAMES[1:] < start + length)
    attention = np.where(off, look, 1.0)
    attention /= attention.sum(1, keepdims=True)
    output = {"logits": logits, "snippet_logits": snippets, "attention": torch.from_numpy(attention)}
    said = snippet_filter(logits, snippets)
    columns = {name: value.numpy() for name, value in SnippetFiltering().columns(output).items()}
    return pd.DataFrame({"clip": truth["clip"].to_numpy(), "split": split, "label": label,
                         "prediction": said.argmax(1).numpy(), "unfiltered": logits.argmax(1).numpy(), **columns})
