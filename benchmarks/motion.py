"""What frames, sets of frames, action units and networks tell of the clips of facsimile-motion that only time tells.

    python benchmarks/motion.py [--draw 9] [--clean 700] [--epochs 20] [--rounds 3] [--out benchmarks/motion.json]

Pairwise: of a clip's own label and its twin's, is the right one taken? Chance is 50 %. Linear rows are tested on people
that they were not trained on, in six parts: the five folds, and the clips of none. Networks are trained on folds 2 to 5
with the true labels of all their clips, and tested on fold 1 and the clean clips. To tell three points from chance for
every cue takes some 2,500 answers: --clean 4000. What the page on FACSimile shows lies beside this file.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from dfer_nb import facsimile
from dfer_nb.data.cache import cache
from dfer_nb.datasets import dataset
from dfer_nb.facsimile import casting, storyboard
from dfer_nb.facsimile.motion import CUES
from dfer_nb.training.features import frozen
from dfer_nb.training.provenance import environment

KIND = "facsimile-motion"
NAMES = [cue.name for cue in CUES]


def read(draw: int, clean: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Truth of all clips, frozen frame features (N, T, D) and true action units (N, T, A)."""
    root = facsimile.make(KIND, draw, clean=clean)
    truth, units = facsimile.truth(root), facsimile.action_units(root)
    features = frozen(cache(dataset(KIND).table(root, 1), 48, 32))
    clips = truth["clip"]
    return truth, np.stack([features.frames(c) for c in clips]).astype(np.float32), np.stack([units[c] for c in clips])


def nuisance(draw: int, clean: int) -> np.ndarray:
    """What the order must not tell: head and gaze in every clip's frames, (N, T, 8)."""
    plan = casting.plan(KIND, draw, **casting.SIZES | {"clean": clean})
    scripts = (storyboard.script(row, KIND, draw) for row in plan.itertuples())
    return np.array([[[*vars(v.pose).values(), *v.gaze] for v in script.views] for script in scripts], np.float32)


def linear(values: np.ndarray, truth: pd.DataFrame, strength: float) -> dict:
    """Whether logistic regression on values (N, F) is right between twins, by cue, on people it was not trained on."""
    right = {}
    for name in NAMES:
        rows = np.flatnonzero(truth["motion_cue"] == name)
        of = truth.iloc[rows]
        model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=500))
        answer = cross_val_predict(model, values[rows], of["true_label"], groups=of["fold"], cv=GroupKFold(6))
        right[name] = (answer == of["true_label"]).to_numpy()
    return right


class Net(nn.Module):
    """Frame features (B, T, D) -> logits (B, 7): a layer a frame, a two-way GRU or none, then mean and maximum."""

    def __init__(self, width: int, order: bool, hidden: int = 64):
        super().__init__()
        self.frame = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Dropout(0.2))
        self.time = nn.GRU(hidden, hidden, 1, batch_first=True, bidirectional=True) if order else None
        self.blind = nn.Sequential(nn.Linear(hidden, 2 * hidden), nn.ReLU())
        self.out = nn.Linear(4 * hidden, 7)

    def forward(self, x):
        x = self.frame(x)
        x = self.time(x)[0] if self.time is not None else self.blind(x)
        return self.out(torch.cat([x.mean(1), x.amax(1)], 1))


def train(values, truth, rows, epochs: int, seed: int, order: bool = True, shuffled: bool = False) -> nn.Module:
    """A network trained on the true labels of rows of values (N, T, D); shuffled: each clip anew in every epoch."""
    torch.manual_seed(seed)
    net = Net(values.shape[2], order)
    optimizer = torch.optim.AdamW(net.parameters(), 3e-3, weight_decay=0.01)
    steps = epochs * -(-len(rows) // 32)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
    label = torch.tensor(truth["true_label"].tolist())
    for _ in range(epochs):
        for part in torch.from_numpy(rows)[torch.randperm(len(rows))].split(32):
            frames = shuffle(values[part]) if shuffled else values[part]
            nn.functional.cross_entropy(net(frames), label[part]).backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
    return net.eval()


def shuffle(frames: torch.Tensor) -> torch.Tensor:
    """Frames (B, T, D), each clip's in an order of its own."""
    order = torch.rand(frames.shape[:2]).argsort(dim=1)
    return frames.gather(1, order[..., None].expand_as(frames))


@torch.no_grad()
def pairwise(logits: torch.Tensor, truth: pd.DataFrame, rows) -> dict:
    """Whether logits (R, 7) of rows are right between twins, by cue."""
    of = truth.iloc[rows]
    told = np.flatnonzero(of["motion_cue"] != "")
    own, twin = of["true_label"].to_numpy()[told], of["twin_label"].to_numpy()[told]
    right, cue = (logits[told, own] > logits[told, twin]).numpy(), of["motion_cue"].to_numpy()[told]
    return {name: right[cue == name] for name in NAMES}


def show(title: str, right: dict, table: list[dict]) -> None:
    """One line: per cent right of all, and by cue, which joins `table` as well; right: cue -> 0 or 1 a clip."""
    every = np.concatenate(list(right.values()))
    table.append({"what": title, "answers": len(every), "all": round(100 * every.mean(), 1),
                 **{name: round(100 * hits.mean(), 1) for name, hits in right.items()}})
    cues = "  ".join(f"{name} {100 * hits.mean():5.1f}" for name, hits in right.items())
    print(f"{title:54s} {100 * every.mean():5.1f}   {cues}   ({len(every)} answers)", flush=True)


@torch.no_grad()
def networks(values: np.ndarray, truth: pd.DataFrame, given: argparse.Namespace, what: str, table: list[dict],
             blind: bool = True) -> None:
    """Trains networks and shows what they tell between twins, in order and shuffled."""
    mean, spread = values.mean((0, 1)), values.std((0, 1)) + 1e-3
    values = torch.from_numpy((values - mean) / spread)
    rows = np.flatnonzero(truth["fold"] > 1)
    test = np.flatnonzero((truth["fold"] == 1) | (truth["slice"] == "clean"))
    ways = {"": {}, ", trained shuffled": {"shuffled": True}, ", blind to order": {"order": False}}
    for way, options in ways.items() if blind else [("", {})]:
        found = {"in order": [], "shuffled": []}
        for seed in range(given.rounds):
            with torch.enable_grad():
                net = train(values, truth, rows, given.epochs, seed, **options)
            found["in order"].append(net(values[test]))
            found["shuffled"].append(net(shuffle(values[test])))
        for shown, logits in found.items():
            parts = [pairwise(one, truth, test) for one in logits]
            show(f"network on {what}{way}, {shown}", {n: np.concatenate([p[n] for p in parts]) for n in NAMES},
                 table)
            label, told = truth["true_label"].to_numpy()[test], truth["motion_cue"].to_numpy()[test] != ""
            hits = np.stack([one.argmax(1).numpy() == label for one in logits])
            print(f"{'':8s}of seven: twins {100 * hits[:, told].mean():.1f}, others {100 * hits[:, ~told].mean():.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draw", type=int, default=9)
    parser.add_argument("--clean", type=int, default=casting.SIZES["clean"])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, help="a file for the same as JSON")
    given = parser.parse_args()
    torch.set_num_threads(1)
    truth, features, units = read(given.draw, given.clean)
    table: list[dict] = []
    show("logistic regression on the mean feature", linear(features.mean(1), truth, 1e-2), table)
    every_other = np.sort(features, axis=1)[:, 1::2].reshape(len(truth), -1)
    show("logistic regression on sorted features", linear(every_other, truth, 1e-4), table)
    for place in (0, 6, 16):
        show(f"logistic regression on frame {place}", linear(features[:, place], truth, 1e-2), table)
    networks(units, truth, given, "true action units", table, blind=False)
    networks(features, truth, given, "features of 32 frames", table)
    networks(features[:, ::2], truth, given, "features of 16 frames", table, blind=False)
    networks(nuisance(given.draw, given.clean), truth, given, "head and gaze", table, blind=False)
    if given.out:
        asked = {"kind": KIND, "draw": given.draw, "clean": given.clean, "epochs": given.epochs, "rounds": given.rounds}
        known = environment("cpu", len(truth))
        made = {name: known[name] for name in ("commit", "date", "processor", "versions")}
        given.out.write_text(json.dumps(asked | made | {"rows": table}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
