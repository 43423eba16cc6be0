"""A made-up run record with the columns of a real one: figures, tables and explorers are tested on it."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from dfer_nb.training import metrics

SHARES = np.array([0.21, 0.16, 0.23, 0.19, 0.13, 0.03, 0.05])  # close to DFEW's
SLICES = {"clean": 350, "short_apex": 80, "irrelevant": 80, "low_quality": 80, "low_intensity": 80}


def make_truth(rng, n, prefix, fold):
    """`n` rows of a truth table; in fold 2, the training one here, 15 % of the given labels are wrong."""
    true = rng.choice(7, n, p=SHARES)
    low, hard = rng.random(n) < 0.10, rng.random(n) < 0.15
    wrong = (rng.random(n) < np.where(hard, 0.3, 0.12)) & (fold == 2)
    start = rng.integers(4, 18, n)
    frames = np.where(rng.random(n) < 0.2, rng.integers(3, 10, n), 0)
    why = np.where(hard, rng.choice(["low intensity", "two expressions", "short apex"], n), "")
    return pd.DataFrame({
        "clip": [f"{prefix}{i}" for i in range(1, n + 1)],
        "true_label": true, "given_label": np.where(wrong, (true + rng.integers(1, 7, n)) % 7, true),
        "wrong_label": wrong, "low_quality": low, "hard": hard, "hard_why": why, "short_apex": why == "short apex",
        "apex_start": start, "apex_end": start + rng.integers(4, 12, n), "n_frames": 32, "fold": fold,
        "irrelevant_frames": frames, "irrelevant": frames > 0})


def predict(rng, truth, label, skill):
    """What a model of some skill in 0..1 says of clips: probabilities, sub-clips, agreement, loss."""
    n = len(truth)
    doubt = np.where(truth["hard"] | truth["low_quality"], 0.55, 0.12) + 0.5 * (1 - skill)
    logits = rng.normal(0, 1.0, (n, 7)) + 4.5 * np.eye(7)[truth["true_label"]] * (1 - doubt)[:, None]
    subs = (logits[:, None] + rng.normal(0, 0.9, (n, 4, 7))).argmax(2)
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    agreement = np.array([np.bincount(row, minlength=7).max() / 4 for row in subs])
    return p, subs, agreement, -np.log(0.9 * p[np.arange(n), label] + 0.1 / 7)


def clip_rows(rng, truth, split, epoch, skill):
    """Rows of a record's clip table for one split and epoch; training clips are weighted by Eq. 2."""
    label = truth["given_label"].to_numpy()  # wrong in the training fold only
    p, subs, agreement, loss = predict(rng, truth, label, skill)
    centre = (truth["apex_start"] + truth["apex_end"]) / 2 / 31
    rows = pd.DataFrame({
        "clip": truth["clip"], "split": split, "epoch": epoch, "label": label, "prediction": p.argmax(1),
        **{f"p{k}": p[:, k] for k in range(7)}, "loss": loss.astype("float32"),
        "weight": np.float32(1.0 if split == "train" else np.nan), "agreement": agreement.astype("float32"),
        **{f"s{k}": subs[:, k] for k in range(4)}, "delta": rng.uniform(0.4, 1.6, len(truth)),
        "mu": (centre + rng.normal(0, 0.08, len(truth))).clip(0, 1)})
    if split == "train":
        noisy = np.lexsort((-loss, -agreement))[:round(0.1 * len(rows))]
        by_hardness = np.lexsort((-loss, agreement))
        rows.loc[by_hardness[~np.isin(by_hardness, noisy)][:round(0.2 * len(rows))], "weight"] = 1.5
        rows.loc[noisy, "weight"] = 0.0
    return rows


def make_record(epochs=6, n_train=1120, seed=0):
    """A record of a few epochs: `.config .epochs .clips .summary .truth`, as `Record` gives them."""
    rng = np.random.default_rng(seed)
    truths = {"train": make_truth(rng, n_train, "", 2), "test": make_truth(rng, 280, "t", 1)}
    truths |= {name: make_truth(rng, n, name, 0) for name, n in SLICES.items()}
    tables, log = {}, []
    for epoch in range(epochs):  # counted from 0, as in a real record
        skill = 0.95 - 0.9 / (epoch + 2) - (0.1 if epoch == epochs - 1 else 0)  # the last is not the best
        last = epoch == epochs - 1
        for split in truths if last else ("train", "test"):
            tables[split, epoch] = clip_rows(rng, truths[split], split, epoch, skill)
        row = {"epoch": epoch, "loss": tables["train", epoch]["loss"].mean()}
        for split in ("train", "test"):
            part = metrics.summary(tables[split, epoch])
            row |= {f"{split}_war": part["WAR"], f"{split}_uar": part["UAR"]}
        log.append(row | {"seconds": 1.0})
    best = max(log, key=lambda row: row["test_war"])["epoch"]
    parts = {name: {"epoch": e + 1, **metrics.summary(tables["test", e])}
             for name, e in (("reported", epochs - 1), ("best_on_test", best))}
    slices = {name: metrics.summary(tables[name, epochs - 1]) for name in SLICES}
    method = {"lambda_hard": 1.5, "lambda_noisy": 0.0, "lambda_ordinary": 1.0}
    config = {"paper": "rdfer", "dataset": "facsimile", "fold": 1, "preset": "laptop", "variant": "rdfer", "seed": 0,
              "draw": 0, "training": {"epochs": epochs}, "model": {}, "method": method}
    return SimpleNamespace(config=config, summary={"rule": "last epoch", **parts, "slices": slices},
                           epochs=pd.DataFrame(log), clips=pd.concat(tables.values(), ignore_index=True),
                           truth=pd.concat(truths.values(), ignore_index=True))


@pytest.fixture(scope="session")
def record():
    """The made-up record; no test may change it."""
    return make_record()


@pytest.fixture(scope="session")
def films(record):
    """The same record as it would be on films: nothing is known about noise, and there are no slices."""
    clips = record.clips[record.clips["split"].isin(["train", "test"])]
    config = record.config | {"dataset": "dfew", "preset": "paper"}
    return SimpleNamespace(config=config, epochs=record.epochs, clips=clips, truth=None,
                           summary=record.summary | {"slices": {}})


def make_slim(right, variant="plain", label=None, rule="last epoch", epochs=8, **config):
    """A kept record of a sweep: which clips of a split were recognised, and nothing but their labels and predictions.

    right: split -> booleans, a clip each; label: split -> true labels, else 0 to 6 in turn, and Fear (6)
    three times as often.
    """
    tables = {}
    for split, hit in right.items():
        true = np.asarray(label[split]) if label else np.minimum(np.arange(len(hit)) % 9, 6)
        tables[split] = pd.DataFrame({"split": split, "clip": [f"{split}{i}" for i in range(len(hit))], "label": true,
                                      "prediction": np.where(hit, true, (true + 1) % 7)})
    parts = {split: metrics.summary(table) for split, table in tables.items()}
    reported = {"epoch": epochs, **parts["test"]}
    config = {"paper": "rdfer", "dataset": "facsimile-hard", "fold": 1, "preset": "laptop", "variant": variant,
              "seed": 0, "draw": 0, "training": {"epochs": epochs}, "model": {}, "method": {}} | config
    summary = {"rule": rule, "reported": reported, "best_on_test": reported,
               "slices": {split: part for split, part in parts.items() if split != "test"}}
    return SimpleNamespace(config=config, summary=summary, truth=None, clips=pd.concat(tables.values()),
                           epochs=pd.DataFrame({"seconds": np.full(epochs, 2.0)}))


@pytest.fixture(scope="session")
def slim():
    """`make_slim`, for tests that make up records of their own."""
    return make_slim
