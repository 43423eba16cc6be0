# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: tags
#     notebook_metadata_filter: kernelspec,jupytext,-jupytext.text_representation.jupytext_version
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Foundations: what a number means
#
# Every paper in this book ends in a table, and every table asks to be believed: ours is better than theirs, by 0.4
# points. This page is about what stands behind such a number. It defines the words that the chapters use. It also
# shows how large a difference has to be before it says anything.
#
# **After this page** you can compute WAR and UAR by hand, say how many clips a claim needs, tell a result from the best
# of many tries, and read the tables of the chapters. You also know the two ideas that the papers build on: bags of
# instances, and noisy labels.
#
# Read [the page on FACSimile](facsimile.ipynb) first, for its pictures. This page trains a few tiny networks, in
# seconds. All other numbers come from made-up experiments, from FACSimile's plans and from the run records in
# `results/`. A record that is missing says *not run*.

# %%
import numpy as np
import pandas as pd
import torch
from scipy.stats import binomtest, norm
from scipy.stats import t as student

from dfer_nb.data.expressions import DFEW_COUNTS, EXPRESSIONS
from dfer_nb.facsimile import casting, face, storyboard
from dfer_nb.facsimile.recipes import ACTION_UNITS, RECIPES
from dfer_nb.training import metrics
from dfer_nb.training.results import kept
from dfer_nb.viewing.evidence import blocks, statistics, tables
from dfer_nb.viewing.evidence.records import key as run_of
from dfer_nb.viewing.page import Table, show
from dfer_nb.viewing.pictures import foundations

torch.set_num_threads(1)

# %% [markdown]
# (foundations-task)=
# ## The task: from a clip to a word
#
# A **clip** is a short video of one face: $T$ frames, often one or two seconds. *Dynamic facial expression
# recognition* gives it one of $C = 7$ names. A network $f$ turns the clip $V$ into seven scores, and the largest one
# is the **prediction**:
#
# $$
# \hat{y} = \arg\max_{c}\; f(V)_c, \qquad V \in \mathbb{R}^{T \times 3 \times H \times W}
# $$
#
# What people have written down is the **label** $y$. There is one for the whole clip. Nobody says *when* the expression
# is to be seen. But it is not to be seen all the time. A face rests, then the expression rises: the **onset**. It stays
# at its strongest: the **apex**. It falls: the **offset**. Look at how many of these frames you could name.

# %%
level = storyboard.envelope(32, start=12, end=18, onset=5, offset=7)  # strength in each frame, 0 to 1
surprise = np.array([RECIPES["Surprise"].get(au, 0.0) for au in ACTION_UNITS])
someone = face.identity(30)
drawn = np.stack([face.draw(someone, strength * surprise) for strength in level])
show(foundations.in_time(drawn, level, apex=(12, 18)),
     "A drawn face that rests, opens eyes and mouth in surprise and calms down, over the curve of its strength.")

# %% [markdown]
# Most frames could carry another name, or none. All of them carry the same label.
#
# ### Identities, splits and folds
#
# Three more words. An **identity** is a person who appears in clips, often in several. A **split** is a part of the
# clips with one purpose: the *training* clips are learnt, the *test* clips are only asked. Sometimes a few training
# clips are *held out*, to choose something with them. A **fold** is one of several equal parts of a dataset. With five
# folds there are five experiments: each fold is the test split once, and the other four are learnt. So every clip is
# tested exactly once.
#
# FACSimile is drawn after a plan that says all of this of every clip. A **draw** of it is another dataset of the same
# kind: other people, other clips, the same shares of everything. Here are the plans of four draws, counted.

# %%
plans = {draw: casting.five_folds("facsimile-hard", draw, casting.SIZES["clips"]) for draw in (10, 11, 12, 13)}
for draw, plan in plans.items():
    people = plan.groupby("fold")["identity"].unique()
    shared = sum(map(len, people)) - plan["identity"].nunique()
    print(f"facsimile-hard, draw {draw}: {len(plan)} clips, {plan['identity'].nunique()} people, "
          f"{len(people)} folds; people in two folds: {shared}")
    assert shared == 0

# %% [markdown]
# Nobody is in two folds, and that is no accident. A network that has seen a person in training can know the *face* and
# not the expression. In films this can pay: a person appears in several clips of one scene, with one mood.
#
# A toy shows it. Sixty people, eight clips each. A person shows a favourite expression in half of the clips. A clip is
# a vector: who it is (strong), plus what it shows (weak), plus noise. The classifier copies the label of the nearest
# training clip. We split once by clips and once by people.

# %%
rng = np.random.default_rng(0)
person = np.repeat(np.arange(60), 8)
favourite = rng.integers(0, 7, 60)[person]
shown = np.where(rng.random(480) < 0.5, favourite, rng.integers(0, 7, 480))
clips = 2 * rng.normal(size=(60, 10))[person] + rng.normal(size=(7, 10))[shown] + rng.normal(size=(480, 10))


def nearest(test: np.ndarray) -> float:
    """Share of the test clips, in percent, whose nearest training clip has their label."""
    distance = np.square(clips[test][:, None] - clips[~test]).sum(2)
    return metrics.war(shown[test], shown[~test][distance.argmin(1)])


by_clip = np.mean([nearest(lot % 5 == k) for lot in [rng.permutation(480)] for k in range(5)])
by_person = np.mean([nearest(person % 5 == k) for k in range(5)])
print(f"five folds of clips:  {by_clip:.0f} % right")
print(f"five folds of people: {by_person:.0f} % right")

# %%
assert by_clip > by_person + 10

# %% [markdown]
# Same clips, same classifier, and more than ten points between the two. The higher number is true only of people who
# were learnt before.
#
# **Which datasets guarantee it?** FACSimile does. The lists of DFEW {cite:p}`dfew`, FERV39k {cite:p}`ferv39k`, MAFW
# {cite:p}`mafw` and AFEW {cite:p}`afew` hold file names and labels, and nobody's name. So from the lists alone nobody
# can check that a person stays on one side, and we do not take it for granted. DFEW holds more than 16,000 clips from
# more than 1,500 films, about ten a film. Its folds are nearly runs of consecutive numbers. That may keep films
# together; it does not promise it.

# %% [markdown]
# (foundations-metrics)=
# ## WAR and UAR by hand
#
# Lay the test clips out in a **confusion matrix**: $n_{ij}$ is the number of clips with true expression $i$ that were
# predicted as $j$. The **recall** of expression $i$ is the share of its clips that were recognised,
# $r_i = n_{ii} / n_i$ with $n_i = \sum_j n_{ij}$.
#
# **WAR**, weighted average recall, weights each recall by its number of clips. That is simply the share of all clips
# that is right. **UAR**, unweighted average recall, counts every expression alike:
#
# $$
# \mathrm{WAR} = \sum_i \frac{n_i}{n}\, r_i = \frac{1}{n} \sum_i n_{ii}, \qquad
# \mathrm{UAR} = \frac{1}{C} \sum_i r_i
# $$
#
# Here are fifty clips of three expressions. Compute both numbers on paper before you look at the next output.

# %%
names = ["Happy", "Neutral", "Disgust"]
toy = pd.DataFrame([[16, 3, 1], [2, 22, 1], [1, 3, 1]], index=names, columns=names)
Table(toy, "Rows: what the clips show. Columns: what was predicted")

# %%
right, of_class = np.diag(toy), toy.sum(axis=1).to_numpy()
recall = right / of_class
print("recalls:", ", ".join(f"{name} {r}/{n} = {r / n:.2f}" for name, r, n in zip(names, right, of_class, strict=True)))
print(f"WAR = ({' + '.join(map(str, right))}) / {of_class.sum()} = {100 * right.sum() / of_class.sum():.2f} %")
print(f"UAR = ({' + '.join(f'{r:.2f}' for r in recall)}) / 3 = {100 * recall.mean():.2f} %")

# %% [markdown]
# The book's own functions take one label and one prediction for each clip. They must say the same.

# %%
pairs = [(i, j) for i in names for j in names for _ in range(toy.loc[i, j])]
label, prediction = np.array([[EXPRESSIONS.index(word) for word in pair] for pair in pairs]).T
print(f"metrics.war {metrics.war(label, prediction):.2f}, metrics.uar {metrics.uar(label, prediction):.2f}")
assert np.isclose(metrics.war(label, prediction), 78) and np.isclose(metrics.uar(label, prediction), 188 / 3)

# %% [markdown]
# Fifteen points lie between the two, and five clips of Disgust make most of them. That is **class imbalance**: some
# classes have many clips, some few. DFEW has it too. What does somebody score there who never looks and always says the
# commonest word?

# %%
counts = pd.Series(DFEW_COUNTS)
label = np.repeat(np.arange(7), counts)
always = np.full(len(label), counts.argmax())
share = pd.DataFrame({"clips": counts, "share": [f"{100 * n / counts.sum():.1f} %" for n in counts]})
display(Table(share.T, "DFEW, its five test folds together"))
print(f"always {counts.idxmax()}: WAR {metrics.war(label, always):.1f}, UAR {metrics.uar(label, always):.1f}")

# %% [markdown]
# UAR is then one seventh, whatever the counts. The rare classes also make UAR *jumpy*. DFEW has 145 clips of Disgust,
# so 29 in each of its five test folds. One more of them right, all else equal:

# %%
disgust, fold_size = counts["Disgust"] / 5, counts.sum() / 5
print(f"one Disgust clip: {100 / disgust:.2f} points of its recall, {100 / disgust / 7:.2f} of UAR, "
      f"{100 / fold_size:.2f} of WAR")
assert round(100 / disgust, 2) == 3.45 and round(100 / disgust / 7, 1) == 0.5

# %% [markdown]
# Keep that half point in mind when a table claims 0.4 points of UAR.

# %% [markdown]
# (foundations-interval)=
# ## An interval for a share
#
# WAR is a share: of $n$ clips, a part $p$ was recognised. Another $n$ clips of the same kind would give another share.
# How far away may the truth be? A **95 % interval** is made by a rule that catches the truth in 95 of 100 such
# experiments. We use Wilson's rule {cite:p}`wilson`. It asks which true shares would not be surprised by what was seen,
# and it works for few clips and near 0 and 100 %, where $p \pm 2\sigma$ does not. With $z = 1.96$:
#
# $$
# \frac{p + \frac{z^2}{2n} \pm z \sqrt{\frac{p\,(1-p)}{n} + \frac{z^2}{4n^2}}}{1 + \frac{z^2}{n}}
# $$

# %%
def wilson(right: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """95 % interval of a share, in percent."""
    p, centre = right / n, right / n + z**2 / (2 * n)
    reach = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return tuple(100 * (centre + sign * reach) / (1 + z**2 / n) for sign in (-1, 1))


for n in (280, 700, 2339, 11697):
    low, high = wilson(round(0.7 * n), n)
    print(f"{n:6} clips, 70 % right: {low:.1f} to {high:.1f}")

library = binomtest(196, 280).proportion_ci(method="wilson")
assert np.allclose(wilson(196, 280), (100 * library.low, 100 * library.high), atol=0.01)

# %% [markdown]
# A test fold of FACSimile has 280 clips, and its *clean* slice 700. A test fold of DFEW has about 2,339, all five
# together 11,697. With 280 clips one network is known to five points either way. With four times as many the interval
# is half as long: it shrinks with $\sqrt{n}$.
#
# ### Two networks on the same clips
#
# Comparing two networks is another question than knowing one. Compare them **unpaired**, by their two shares alone,
# and both uncertainties add up. But both were asked the *same* clips. Most are easy for both or hard for both, and say
# nothing about which is better. Only the clips on which they differ do. Let $b$ be the clips that only the first
# recognises, $c$ those that only the second does. The **paired** difference is $(b - c)/n$. With $d = (b + c)/n$, the
# share of clips that change sides {cite:p}`mcnemar`:
#
# $$
# \sigma_{\text{unpaired}} = \sqrt{\frac{2\,p\,(1-p)}{n}}, \qquad
# \sigma_{\text{paired}} = \sqrt{\frac{d - (b - c)^2 / n^2}{n}} \le \sqrt{\frac{d}{n}}
# $$
#
# A true difference is seen four times in five when it is as large as $(1.96 + 0.84)\,\sigma$: 1.96 for the interval,
# 0.84 so that bad luck does not hide it. Read the table by rows: the smallest difference, in points, that so many
# clips can show.

# %%
sizes = {"FACSimile, a test fold": 280, "FACSimile, clean": 700, "DFEW, a test fold": 2339, "DFEW, five folds": 11697}
factor = norm.ppf(0.975) + norm.ppf(0.8)  # 1.96 + 0.84
rows = {name: {"unpaired": factor * np.sqrt(2 * 0.7 * 0.3 / n),
               **{f"paired, {100 * d:.0f} % change sides": factor * np.sqrt(d / n) for d in (0.3, 0.1, 0.05)}}
        for name, n in sizes.items()}
smallest = 100 * pd.DataFrame(rows).T
shown = smallest.map("{:.1f}".format)
shown.insert(0, "clips", list(map(str, sizes.values())))
Table(shown,
      "Smallest difference that is seen four times in five, points (WAR near 70 %)",
      "The clips are taken to be independent. Clips of one film may not be: the true figures are then larger.")

# %%
print(f"700 clips show {smallest.iloc[1, 1]:.1f} points, paired, when 30 % of them change sides; when 10 % do, "
      f"{smallest.iloc[1, 2]:.1f}")
for d in (0.3, 0.1, 0.05):
    print(f"to show 0.3 points takes {factor**2 * d / 0.003**2:,.0f} clips when {100 * d:.0f} % change sides")
assert smallest.iloc[3, 3] > 0.3

# %% [markdown]
# So all of DFEW does not show 0.3 points between two runs. Not even when the two agree on nineteen clips of twenty.
#
# How many clips do change sides? Two records of `results/` answer: the same network trained alike on every clip
# (`plain`) and trained by RDFER's method (`rdfer`), the same seed and the same data.

# %%
def hits(record, split: str) -> pd.Series:
    """Of each clip of a split: was it recognised in the reported epoch?"""
    rows = tables.reported_rows(record, split, truth=False).set_index("clip").sort_index()
    return rows["label"] == rows["prediction"]


def sides(one, other, split: str) -> str:
    """Two records on the same clips, in a sentence."""
    a, b = hits(one, split), hits(other, split)
    n, d = len(a), (a != b).mean()
    error = {"paired": np.sqrt((d - (a.mean() - b.mean()) ** 2) / n),
             "unpaired": np.sqrt((a.mean() * (1 - a.mean()) + b.mean() * (1 - b.mean())) / n)}
    assert error["paired"] < error["unpaired"]
    reach = ", ".join(f"{name} ± {196 * e:.1f}" for name, e in error.items())
    return f"{n} {split} clips: {100 * d:.0f} % change sides; difference {100 * (a.mean() - b.mean()):+.1f}, {reach}"


hard, _ = blocks.apart(kept("rdfer", dataset="facsimile-hard", preset="laptop", threads=1))  # without kept-out draws
found = {variant: {run_of(record): record for record in hard if record.config["variant"] == variant}
         for variant in ("rdfer", "plain")}
both = sorted(found["rdfer"].keys() & found["plain"].keys())
for split in ("test", "clean"):
    print(sides(found["rdfer"][both[0]], found["plain"][both[0]], split) if both else f"{split}: not run")

# %% [markdown]
# Pairing makes the interval shorter, at no cost. It is still an interval of *these two runs*. Other seeds and other
# data would give other runs: [a section of its own](foundations-seeds).

# %% [markdown]
# (foundations-folds)=
# ## Five folds and their mean
#
# DFEW's figures are means over five folds, and so are the main tables of most papers here. For fold $k$ a network is
# trained on the other four, and
#
# $$
# \mathrm{WAR} = \frac{1}{5} \sum_{k=1}^{5} \mathrm{WAR}_k, \qquad
# \mathrm{UAR} = \frac{1}{5} \sum_{k=1}^{5} \mathrm{UAR}_k .
# $$
#
# These are RDFER's five folds on FACSimile. The figures are those of the last epoch. The orange rings come up in the
# next section.

# %%
def fold_row(record) -> dict:
    """A fold's figures: what is reported, its interval, and what the best epoch on test would have said."""
    reported, n = record.summary["reported"], record.summary["reported"]["clips"]
    low, high = wilson(round(reported["WAR"] * n / 100), n)
    return {"fold": record.config["fold"], "clips": n, "WAR": reported["WAR"], "low": low, "high": high,
            "UAR": reported["UAR"], "best": record.summary["best_on_test"]["WAR"]}


five = kept("rdfer", dataset="facsimile", preset="laptop", variant="rdfer", seed=0, draw=0, threads=1)
folds = pd.DataFrame(map(fold_row, five))
text = ("A dot with an interval for the WAR of each fold, a line for their mean, and a ring for the best epoch of "
        "each, which is as high as the dot or higher.")
show(foundations.fold_intervals(folds), text) if five else "not run"

# %%
if five:
    lines = {f"fold {r.fold}": {"clips": str(r.clips), "WAR": f"{r.WAR:.1f}", "95 % interval of WAR":
                                f"{r.low:.1f} to {r.high:.1f}", "UAR": f"{r.UAR:.1f}"} for r in folds.itertuples()}
    lines["mean"] = {"WAR": f"{folds['WAR'].mean():.1f}", "UAR": f"{folds['UAR'].mean():.1f}"}
    display(Table(pd.DataFrame(lines).T, "RDFER on FACSimile, percent"))
    pooled = metrics.summary(pd.concat([tables.reported_rows(record, "test", truth=False) for record in five]))
    low, high = wilson(round(pooled["WAR"] * pooled["clips"] / 100), pooled["clips"])
    print(f"all {pooled['clips']} clips at once: WAR {pooled['WAR']:.1f} ({low:.1f} to {high:.1f}), "
          f"UAR {pooled['UAR']:.1f}")
else:
    print("not run")

# %% [markdown]
# The WAR of all clips at once is the mean of the folds, because the folds are equally large. UAR need not be: it is so
# only where every fold has as many clips of each expression as every other. Papers report the mean of the folds, so we
# do.
#
# And do the folds differ more than their clips explain? If only the clips were drawn by lot, the five figures would
# spread by $\sqrt{p(1-p)/n}$.

# %%
if len(five) > 1:
    p = folds["WAR"].mean() / 100
    print(f"standard deviation of the five figures: {folds['WAR'].std():.1f} points; "
          f"from clips alone: {100 * np.sqrt(p * (1 - p) / folds['clips'].mean()):.1f}")
    assert np.isclose(pooled["WAR"], folds["WAR"].mean())
else:
    print("not run")

# %% [markdown]
# So the spread over folds does not say how well a *method* is known. Each fold has other test clips, and the line above
# says what that does alone. Two folds share three quarters of their training clips, so they are not five independent
# experiments either. A difference between two methods is taken fold by fold, on the same clips, and only then averaged:
# the folds are the *blocks* of [a design](foundations-seeds) that comes below.

# %% [markdown]
# (foundations-best)=
# ## Why best-on-test is not a result
#
# A network is trained for some epochs. An **epoch** is one pass over the training clips. After each one, the test clips
# can be asked. Nearly all public code of this field keeps the epoch with the highest test WAR and reports it. The test
# labels then have chosen the result. Some code even takes WAR and UAR from different epochs.
#
# How much does that flatter? The last epoch is the rule that needs no labels. The records hold the test figures of
# every epoch. Here are all runs of RDFER's chapter on the draws of its tables, of both its presets: `laptop`, eight
# epochs, and `memorise`, sixteen epochs on few clips ([below](foundations-worth)):

# %%
def flattered(record) -> dict:
    """The best epoch's figures on the test clips less those of the last epoch, in points."""
    test = record.epochs[["test_war", "test_uar"]]
    best, last = test.loc[test["test_war"].idxmax()], test.iloc[-1]
    return {"of": f"{record.config['dataset']}, {record.config['preset']}", "WAR": best["test_war"] - last["test_war"],
            "UAR of that epoch": best["test_uar"] - last["test_uar"],
            "best UAR of all": test["test_uar"].max() - last["test_uar"]}


everything, _ = blocks.apart(kept("rdfer", threads=1))
gain = pd.DataFrame(map(flattered, everything), columns=["of", "WAR", "UAR of that epoch", "best UAR of all"])
by_data = gain.groupby("of").mean().map("{:.1f}".format)
by_data.insert(0, "runs", gain.groupby("of").size())
by_data["largest of WAR"] = gain.groupby("of")["WAR"].max().map("{:.1f}".format)
by_data.index.name = None
Table(by_data, "Best epoch on test, less the last one: mean over runs, points") if len(gain) else "not run"

# %%
if len(gain):
    print(f"{len(gain)} runs: the best epoch has {gain['WAR'].mean():.1f} points more than the last on average, "
          f"{gain['WAR'].max():.1f} at most")
    print(f"the last epoch is the best one in {(gain['WAR'] == 0).sum()} of them")
    assert (gain["WAR"] >= 0).all()
else:
    print("not run")

# %% [markdown]
# ### The same without any network
#
# Is a part of that gain real? Perhaps the best epoch *was* better. Take that away: let every epoch be exactly as good as
# every other. Most clips are always right or always wrong. The rest, 30 %, lie at the border, and a coin decides them
# anew in each epoch. The score then spreads by $\sigma = \sqrt{0.3 / 4n}$, and the highest of $k$ scores lies above the
# truth, on average, by at most $\sigma \sqrt{2 \ln k}$.

# %%
def best_of(clips: int, epochs: int, border: float = 0.3, trials: int = 4000) -> np.ndarray:
    """Best epoch's WAR less the true one, in points, of many made-up trainings whose epochs are equally good."""
    coins = round(border * clips)
    heads = np.random.default_rng(clips + epochs).binomial(coins, 0.5, (trials, epochs))
    return 100 * (heads.max(axis=1) - coins / 2) / clips


epochs = [1, 2, 4, 8, 15, 30, 60, 100]
bias = pd.DataFrame({n: [best_of(n, k).mean() for k in epochs] for n in (280, 700, 2339)}, index=epochs)
show(foundations.flattery(bias),
     "Three rising curves over the number of epochs, one a number of test clips: the fewer clips, the steeper.")

# %%
chosen = bias.loc[[1, 8, 30, 100]]
print(chosen.round(1).rename_axis("epochs").rename(columns="{} clips".format).abs().to_string())
five_best = best_of(2339, 100, trials=5000).reshape(1000, 5).mean(axis=1)
print(f"\nmean of five such folds of 2339 clips, 100 epochs: {five_best.mean():.1f} points too many,")
print(f"and in nineteen of twenty cases more than {np.quantile(five_best, 0.05):.1f}")
assert five_best.min() > 0 and (bias.diff().iloc[1:] > 0).all(axis=None)

# %% [markdown]
# Points appear from nothing. They grow with the number of epochs, and shrink with the number of test clips. The mean
# over five folds does *not* help: each fold is flattered in the same direction, so the mean is too. And a method that
# jumps more from epoch to epoch gains more. In real training neighbouring epochs are alike, and there are fewer
# independent tries than epochs. So take the curve as the worst case, and its shape as the lesson.
#
# This book reports the **last epoch**, or an epoch that was chosen on held-out training clips. Best-on-test is shown
# beside it, and called what it is.

# %% [markdown]
# (foundations-seeds)=
# ## What a seed does, what a draw does
#
# A **seed** decides what is left to chance in training: the first weights, the order of the clips, the crops. Another
# seed is another run of the same recipe. Another draw is another dataset of the same kind. Films have one draw only, and
# nobody can see what another would say. FACSimile has as many as we like. Here are four ways to train one network on
# `facsimile-hard`, a line each, over the draws: *plain*, every clip alike; *rdfer*, RDFER's method; *loss-only*, its
# weights ranked by the loss alone; *oracle-drop*, which is told the wrong labels and leaves those clips out
# ([all controls](foundations-controls)).

# %%
FOUR = ["plain", "rdfer", "loss-only", "oracle-drop"]
scores = {f"{split} clips": blocks.scores(hard, FOUR, split) for split in ("test", "clean")} if hard else {}
scores = {title: table.droplevel("fold", axis=1) for title, table in scores.items()}
text = "WAR on test and on clean clips over the draws, a line for each of four ways to train."
show(foundations.blocks(scores), text) if hard else "not run"

# %%
for title, table in scores.items():
    mean, gain = table.mean(), table.drop("plain") - table.loc["plain"]
    print(f"{title}: from draw to draw the mean of the four moves by up to {mean.max() - mean.min():.1f} points, "
          f"a difference to plain by up to {(gain.max(axis=1) - gain.min(axis=1)).max():.1f}")
if not scores:
    print("not run")

# %% [markdown]
# Same code, same preset, same everything. A table that reports one run of each method reports one point of each line,
# and nobody can tell how much of a difference is luck.
#
# ### Every draw is a block
#
# Who compares kinds of wheat sows every kind on every field. A good field lifts them all, so kinds are compared *within*
# a field. Our fields are draws. Every run has a draw of its own, and its seed goes with it. All variants of a table are
# run on the same draws. In such a design a draw is called a **block**. A score is taken to be
#
# $$
# \text{score} = \text{variant} + \text{draw} + \text{rest} .
# $$
#
# The draw's part (easy faces, clear clips) is the same for all variants. It cancels in a difference that is taken
# on one draw. The *rest* is what is left to luck: the seed, what the draw does to this variant alone, and which clips
# are tested. So only the rest makes a difference unsure, and the table itself shows how large it is: take away from
# every score the mean of its row and the mean of its draw, and add the mean of all. For $V$ variants on $D$ draws,
#
# $$
# s^2 = \frac{\sum \text{rest}^2}{(V - 1)(D - 1)}, \qquad
# \text{interval} = \text{mean difference} \pm t\, s\, \sqrt{2 / D} .
# $$
#
# The factor $t$ is Student's. It would be 1.96 if $s$ were known. It is larger because $s$ is a guess from few numbers:
# $(V - 1)(D - 1)$ of them, the *degrees of freedom*. Here is a made-up table. With 3 degrees of freedom $t$ is 3.18.
# Do it on paper before you look at the next output: the mean difference, the eight rests, $s$, the interval.

# %%
by_hand = pd.DataFrame([[62.0, 55, 66, 57], [65, 60, 68, 61]], ["base", "ours"], [f"draw {k}" for k in (1, 2, 3, 4)])
Table(by_hand.map("{:.0f}".format), "WAR of two variants on four draws, percent (made up)")

# %%
gain = by_hand.loc["ours"] - by_hand.loc["base"]
rest = by_hand.sub(by_hand.mean(axis=1), axis=0) - by_hand.mean() + by_hand.to_numpy().mean()
freedom = (len(by_hand) - 1) * (by_hand.shape[1] - 1)
squares = np.square(rest.to_numpy()).sum()
s = (squares / freedom) ** 0.5
error, factor_t = s * (2 / by_hand.shape[1]) ** 0.5, student.ppf(0.975, freedom)
low, high = gain.mean() - factor_t * error, gain.mean() + factor_t * error
print(f"differences {', '.join(f'{x:.0f}' for x in gain)}: their mean is {gain.mean():.1f}")
print(f"rest\n{rest.to_string()}")
print(f"s² = {squares:.1f} / {freedom} = {s**2:.2f};  s √(2/4) = {error:.2f};  t = {factor_t:.2f}")
print(f"interval {gain.mean():.1f} ± {factor_t * error:.1f}: {low:.1f} to {high:.1f}")
book = statistics.compare(by_hand, "base")["ours"]
print("the book's function:", book.words())
assert np.allclose([low, high, 3.18], [book.low, book.high, factor_t], atol=0.005) and book.seen

# %%
alone = np.sqrt(by_hand.var(axis=1).sum() / 4) * student.ppf(0.975, 6)  # as two samples that have nothing in common
print(f"the same eight numbers without blocks: {gain.mean():.1f} ± {alone:.1f}")
assert alone > gain.mean() and np.ptp(by_hand.mean()) > 2 * gain.mean()
less = by_hand - by_hand.mean() + by_hand.to_numpy().mean()
show(foundations.blocks({"As measured": by_hand, "Without what a draw does to both": less}),
     "Left: two lines that rise and fall together. Right: the same lines without the means of the draws, nearly flat "
     "and clearly apart.")

# %% [markdown]
# The draws go up and down by far more than the two variants differ. Without blocks that drowns the difference. With
# blocks the ups and downs are gone, and the difference stands out.
#
# ### How this book makes its intervals
#
# The chapters' tables call `dfer_nb.viewing.evidence.statistics`. It does what you just did, for tables of any size:
#
# 1. **One spread for the table.** All variants together say how large the rest is. So few draws are enough. A variant
#    whose spread clearly departs from that of the others is left out of it. Its interval is made from its own
#    differences, and has a mark, \*. (One that departs is not always noticed: `benchmarks/coverage.py` measures what
#    that costs.)
# 2. **Many variants, one base.** A column of many intervals has many chances to be wrong. So the factor $t$ gives way to
#    a larger one, by Dunnett {cite:p}`dunnett`, and *all* intervals of a column hold at once in 95 of 100 tables.
# 3. **Say what could have been seen.** When the interval covers zero, the table says *no difference seen (could have
#    seen x)*: a true difference of $x$ points would have been seen in four of five such tables. It does not say that the
#    two are equal. With a small $x$ a large effect is ruled out; with a large $x$ little was learnt.
# 4. **Fewer than four draws**: a mean, and no verdict. Of films, the five folds are the blocks.
# 5. **What it does not do.** Tables of what groups hold or networks have learnt by heart are of quantities whose spreads
#    are not alike. There each interval is made from its own differences, paired by draw, and a column of $m$ of them gives
#    each a $1/m$ part of the 5 % (**Bonferroni**). One variant, *stopped-early*, is expected to depart and has an interval
#    of its own from the start. And where a page asks for a single pair, the line says so, and nothing is corrected.
#
# ### Does it hold? An experiment with a known answer
#
# We make up tables in which *no* variant is better than another, and let the function judge them. A test fold has 280
# clips: easy, middling and hard ones. What a draw does to all variants moves scores by 2 points (a standard deviation),
# what it does to one variant alone by 1.5, and a seed by 1.5. Each table has six draws. How often do the intervals hold
# the truth, which is 0?

# %%
CLIPS, EASE = np.array([168, 56, 56]), np.array([0.97, 0.75, 0.35])  # how many, and how often one is recognised
COIN = EASE * (1 - EASE) * CLIPS.sum() / (CLIPS @ (EASE * (1 - EASE)))  # how far a point moves each sort of clip


def made_up(rng, variants: int, draws: int, seeds: int = 1) -> pd.DataFrame:
    """Scores in percent without any true difference: a row a variant, a column a run."""
    of_draw = 2 * rng.normal(size=draws) + 1.5 * rng.normal(size=(variants, draws))
    points = of_draw.repeat(seeds, axis=1) + 1.5 * rng.normal(size=(variants, draws * seeds))
    right = rng.binomial(CLIPS, (EASE + points[..., None] / 100 * COIN).clip(0, 1)).sum(-1)
    return pd.DataFrame(100 * right / CLIPS.sum())


def judged(variants: int, draws: int, seeds: int = 1, number: int = 2000) -> pd.DataFrame:
    """What the book's function says of many made-up tables, variant 0 the base: a row a table and variant."""
    rng = np.random.default_rng(7)
    return pd.DataFrame([{"table": n, **vars(effect)} for n in range(number)
                         for effect in statistics.compare(made_up(rng, variants, draws, seeds), 0).values()])


def hold(found: pd.DataFrame, longer: float = 1) -> tuple[float, float]:
    """Of intervals that are so many times as long: percent that hold 0, and of the tables in which all do."""
    inside = found["difference"].abs() <= longer * (found["high"] - found["difference"])
    return 100 * inside.mean(), 100 * inside.groupby(found["table"]).all().mean()


# %%
columns, holding = {}, {}
for n in (2, 5, 10):
    found, freedom = judged(n, draws=6), 5 * (n - 1)
    by_t, dunnett = student.ppf(0.975, freedom), statistics.critical(n - 1, freedom)
    holding[n] = [*hold(found, by_t / dunnett), *hold(found)]
    columns[f"{n} variants"] = {"t": f"{by_t:.2f}", "by t, one interval holds": f"{holding[n][0]:.0f} %",
                                "by t, all hold": f"{holding[n][1]:.0f} %", "Dunnett's factor": f"{dunnett:.2f}",
                                "by Dunnett, all hold": f"{holding[n][3]:.0f} %"}
assert all(94 < one < 97 and 94 < together < 97 for one, _, _, together in holding.values())
assert holding[5][1] < 88 and 70 < holding[10][1] < 80
Table(pd.DataFrame(columns).T, "How often intervals hold the truth; 2000 made-up tables of six draws a row")

# %% [markdown]
# Each interval by itself keeps its word. But look at a table of ten. By $t$, in about a quarter of such tables at least
# one of the nine intervals shows a difference, and there is none. Who then writes about that one has found luck.
# Dunnett's factor is the price of looking at all of them.
#
# ### Is 0.3 points an improvement?
#
# Now one variant of five is better, by a true difference that we choose. Adding points to a variant moves its interval
# by as much and changes nothing else, so the same tables serve again. How often is the difference seen?

# %%
found = judged(5, draws=6)
exact = np.square(found["smallest"]).mean() ** 0.5


def power(found: pd.DataFrame, truth: float) -> dict:
    """How often a true difference is seen, in percent, and how large it then looks."""
    better, worse = found["low"] + truth > 0, found["high"] + truth < 0
    return {"seen as better": 100 * better.mean(), "seen as worse": 100 * worse.mean(),
            "shown, where seen as better": (found["difference"] + truth)[better].mean()}


games = pd.DataFrame({f"{truth:.2g} points": power(found, truth) for truth in (0, 0.3, 1, 3, exact, 8)}).T
assert games.iloc[1, 0] < 5 and games.iloc[1, 2] > 10 * 0.3 and 77 < games.iloc[4, 0] < 83
Table(games.map("{:.1f}".format).assign(**{name: games[name].map("{:.0f} %".format) for name in games.columns[:2]}),
      "True difference, and what five variants on six draws see of it",
      f"{exact:.2g} points: what such tables say they could have seen, by the spread that all of them have together.")

# %% [markdown]
# Look at the row of 0.3. Hardly any table sees it. Those that do show a difference more than ten times too large,
# because only a lucky large one passes. This is the trap of a small claimed improvement: if it is believed *because* it
# was seen, its size is wrong. What a table of this size sees reliably is a difference of several points.
#
# The fifth row is *could have seen*, and it keeps its word: four of five. A single table has to guess the spread, and
# says a little more or less. How often is a difference seen that is as large as *the table itself* says?

# %%
said = {}
for variants, draws in ((5, 6), (2, 4)):
    of = judged(variants, draws)
    said[variants] = 100 * np.mean(np.searchsorted(np.sort(-of["low"]), of["smallest"]) / len(of))
    few, many = of["smallest"].quantile([0.1, 0.9])
    print(f"{variants} variants on {draws} draws: eight of ten tables say {few:.1f} to {many:.1f} points; "
          f"a difference as large as a table says is seen in {said[variants]:.0f} %")
assert 74 < said[5] < 81 and 60 < said[2] < 72

# %% [markdown]
# Two variants on four draws know little of their spread, and what they say of it is worth less. So chapters compare
# several variants at once, and the important ones on six draws or more.
#
# ### Why not more seeds on the same draws?
#
# Drawing a dataset takes time, and another seed is cheap. So take two draws and many seeds, and treat every run as if it
# had a draw of its own. What happens?

# %%
ways = {"6 draws, a seed each": (6, 1), "2 draws, 3 seeds each": (2, 3), "2 draws, 15 seeds each": (2, 15)}
rows, covers, spread = {}, {}, {}
for name, (draws, seeds) in ways.items():
    of = judged(5, draws, seeds, number=1000)
    covers[name], spread[name] = hold(of), of["difference"].std()
    rows[name] = {"runs of a variant": str(draws * seeds), "true spread of a difference": f"{spread[name]:.1f}",
                  "interval, ±": f"{((of['high'] - of['low']) / 2).mean():.1f}",
                  "one holds": f"{covers[name][0]:.0f} %", "all hold": f"{covers[name][1]:.0f} %"}
one, three, fifteen = covers.values()
assert one[1] > 94 and three[1] < 88 and fifteen[1] < 40
apart, few, many = spread.values()
assert few > 1.15 * apart and abs(many / apart - 1) < 0.1
Table(pd.DataFrame(rows).T, "Five variants; every run taken for a draw of its own",
      "Spread: the standard deviation of a mean difference from table to table, points. One holds, all hold: of the "
      "intervals by Dunnett, each, and all four of a table.")

# %% [markdown]
# Six runs on two draws know a difference less well than six runs on six draws, and thirty about as well. What a draw
# does to one variant alone is the same for all seeds of the draw, and no number of seeds averages it out. But the
# interval does not know that. It shrinks with every seed, and holds less and less often. The honest way is to average the seeds of a draw
# first. Then two draws are two blocks again, and that is too few for a verdict. So in this book a new run gets a new
# draw.
#
# Here is that machinery on real records. RDFER's method stands against plain training, and so do three others:
# *loss-only* and *oracle-drop* from above, and *stopped-early*, which takes the epoch that is best on held-out training
# clips.

# %%
asked = ["rdfer", "loss-only", "stopped-early", "oracle-drop"]
effects = statistics.against(hard, asked, "plain", ["test", "clean"])
lines = {(variant, split): {"difference": f"{e.difference:+.1f}",
                            "interval": f"{e.low:.1f} to {e.high:.1f}" if e.verdict else "–",
                            "could have seen": f"{e.smallest:.1f}" if e.verdict else "–", "draws": str(e.draws),
                            "in the chapters' words": e.words()}
         for variant, of in effects.items() for split, e in of.items() if e}
lines = pd.DataFrame.from_dict(lines, orient="index")
notes = " ".join(statistics.notes(e for of in effects.values() for e in of.values()))
Table(lines, "Against plain training on facsimile-hard, WAR, points; end to end", notes) if len(lines) else "not run"

# %% [markdown]
# (foundations-worth)=
# ### What there is to win
#
# A run of the whole network takes minutes. That is why the networks of this book are small, its clips few and its draws
# not many. There are two presets for claims about labels:
#
# - **laptop**: four folds of clips, 1,120 of them, and eight epochs.
# - **memorise**: 400 clips, sixteen epochs, nothing augmented. At the end the network repeats nearly every wrong label
#   that it was given. That is what the papers warn of, and promise to prevent.
#
# Both train the network **end to end**. A third preset, `frozen`, trains a head alone, on features that a network made
# which has never seen these labels; it takes seconds. No claim of this book rests on it. Features that are frozen cannot
# be spoilt by a wrong label, so a cure that is tried on them is tried on a part of the illness.
#
# What are the true labels worth over the given ones?

# %%
def worth(preset: str) -> dict:
    """What training on the true labels gains over the given ones; all variants of the preset say how runs spread."""
    records, _ = blocks.apart(kept("rdfer", dataset="facsimile-hard", preset=preset, threads=1))
    everyone = sorted({record.config["variant"] for record in records})
    return statistics.against(records, ["clean-labels"], "plain", ["test", "clean"], pool=everyone)["clean-labels"]


worth_of = {preset: worth(preset) for preset in ("laptop", "memorise")}
lines = {name: {"draws": str(of["test"].draws) if of["test"] else "not run",
                **{f"{split} clips": e.words() if e else "not run" for split, e in of.items()}}
         for name, of in worth_of.items()}
Table(pd.DataFrame(lines).T, "True labels against given ones, facsimile-hard, WAR, points",
      " ".join(statistics.notes(e for of in worth_of.values() for e in of.values())))

# %% [markdown]
# A row says how much there is to win at all: a method against label noise cannot be expected to win more than the true
# labels do. The rows have different clips, epochs and draws, and no difference is taken between them.

# %% [markdown]
# (foundations-mil)=
# ## Bags and instances
#
# One label for many frames, and only some of them show it: this has a name. In **multi-instance learning** (MIL)
# {cite:p}`mil` a **bag** is a set of **instances** $x_1, \dots, x_N$. The bag has a label, the instances have none. The
# **standard assumption**: a bag is positive when at least one of its instances is,
#
# $$
# Y = \max_{i} y_i , \qquad y_i \in \{0, 1\} \text{ unknown}.
# $$
#
# For us the bag is a clip, an instance is a frame or a few frames, and the **key instance** is one that shows the
# expression. A network gives each instance a feature $h_i$. Something has to make one answer of $N$: the **pooling**.
# The three usual ones, $w$ and $v$ learnt:
#
# $$
# \begin{aligned}
# \text{mean:} &\quad w^\top \frac{1}{N} \sum_i h_i \\
# \text{max:} &\quad \max_i\, w^\top h_i \\
# \text{attention:} &\quad w^\top \sum_i a_i h_i, \qquad a = \mathrm{softmax}(v^\top h_1, \dots, v^\top h_N)
# \end{aligned}
# $$
#
# The last one learns where to look {cite:p}`attention_mil`. First a bag by hand. Eight instances, one number each: how
# much the instance looks like *Happy*. Above zero means yes. Number 5, counted
# from 0, is the key.

# %%
looks = torch.tensor([-1.2, -0.8, -1.0, -0.5, -1.1, 3.0, -0.9, -0.7])
weights = looks.softmax(0)  # v = 1
print(f"mean {looks.mean():+.2f}   max {looks.max():+.2f}   attention {(weights * looks).sum():+.2f}, "
      f"of which the key has {100 * weights[5]:.0f} %")

# %% [markdown]
# One frame says Happy, loudly. The mean says no.
#
# ### What goes wrong with the mean
#
# Now with learning. A bag holds $N$ instances of eight random numbers. In half of the bags, one instance has its first
# number raised by $s = 4$. Bags are to be told apart; nobody says which instance it is. Pooling by the mean divides the
# signal by $N$ but the noise only by $\sqrt{N}$. So the best that a mean can do is $\Phi(s / 2\sqrt{N})$, $\Phi$ the
# normal distribution. That is the grey line.

# %%
SIGNAL, FEATURES = 4.0, 8


def make_bags(n: int, size: int, g: torch.Generator):
    """Bags (n, size, FEATURES), their labels, and where the key instance is, in the positive ones."""
    x = torch.randn(n, size, FEATURES, generator=g, dtype=torch.float64)
    y, key = torch.arange(n) % 2, torch.randint(size, (n,), generator=g)
    x[torch.arange(n), key, 0] += SIGNAL * y
    return x, y.double(), key


def answer(x: torch.Tensor, how: str, w: torch.Tensor, b: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """The score of each bag (n,) by one of the three poolings."""
    if how == "mean":
        return x.mean(1) @ w + b
    if how == "max":
        return (x @ w).max(1).values + b
    return ((x @ v).softmax(1)[..., None] * x).sum(1) @ w + b


# %%
def learn(how: str, size: int) -> tuple[float, float]:
    """Train on 400 bags, test on 4000: bags right, and positive bags whose key gets the largest weight; percent."""
    g = torch.Generator().manual_seed(size)
    (x, y, _), (test, wanted, key) = make_bags(400, size, g), make_bags(4000, size, g)
    w, b, v = (0.1 * torch.randn(n, generator=g, dtype=torch.float64) for n in (FEATURES, 1, FEATURES))
    knobs = [one.requires_grad_() for one in (w, b, v)]
    optimizer = torch.optim.Adam(knobs, lr=0.05)
    for _ in range(250):
        optimizer.zero_grad()
        torch.nn.functional.binary_cross_entropy_with_logits(answer(x, how, *knobs), y).backward()
        optimizer.step()
    with torch.no_grad():
        right = (answer(test, how, *knobs) > 0) == (wanted > 0)
        found = (test @ (v if how == "attention" else w)).argmax(1) == key
    return 100 * right.double().mean().item(), 100 * found[wanted > 0].double().mean().item()


bag_sizes = [1, 2, 4, 8, 16, 32]
learnt = {how: {size: learn(how, size) for size in bag_sizes} for how in ("mean", "max", "attention")}
accuracy = pd.DataFrame({how: {size: right for size, (right, _) in of.items()} for how, of in learnt.items()})
limit = pd.Series({size: 100 * norm.cdf(SIGNAL / 2 / size**0.5) for size in bag_sizes})
show(foundations.bags(accuracy, limit),
     "Accuracy against the size of the bag: the mean falls along the line of theory, max and attention stay high.")

# %%
table = accuracy.assign(theory=limit).rename(columns={"theory": "mean, by theory"}).map("{:.0f}".format)
display(Table(table.rename("{} in a bag".format), "Bags recognised, percent"))
print(f"of {bag_sizes[-1]} instances, attention puts its largest weight on the key "
      f"in {learnt['attention'][32][1]:.0f} % of the bags")
assert accuracy.loc[32, "attention"] > accuracy.loc[32, "mean"] + 15 and abs(accuracy["mean"] - limit).max() < 3

# %% [markdown]
# The classifier is as simple in all three; only the pooling differs. And nobody told the attention where to look.
#
# **How the papers use it.** M3DFEL {cite:p}`m3dfel` says it outright: a clip is a bag. Its instances are four pieces of
# four frames, and a 3D network makes a feature of each. A recurrent network, an attention over the pieces and a
# normalisation of its own make a gate for each of them, and a convolution pools what the gates let through. RDFER
# {cite:p}`rdfer` does not speak of bags, but its sub-clips are instances. Its *agreement* asks whether the instances of
# a bag are predicted alike. Mind what MIL says of a clip with one key instance: its instances *must* disagree. RDFER
# takes such a clip for hard, and trains it more. And its re-sampling centre $\mu = \sum_i a_i t_i$ is attention pooling
# of *time*: it asks where the key instance is, and then takes more frames from there.
#
# Where the assumption strains: a positive bag may hold instances of *other* expressions too, and Neutral is not one
# more class but what is left when no instance shows anything.

# %% [markdown]
# (foundations-noise)=
# ## Noisy labels
#
# A label is **noisy** when it may be wrong. A **transition matrix** says how: $T_{ij}$ is the share of the clips of
# true expression $i$ that are given the label $j$. Without noise, $T$ is the identity. Where the errors come from
# decides what they look like:
#
# - **By lot**: the label does not depend on what is shown. With a share $\rho$ of them, all wrong names alike,
#   $T = (1 - \rho)\,I + \frac{\rho}{C - 1}\,(\mathbf{1}\mathbf{1}^\top - I)$. FACSimile's come
#   in *runs* of one label, as from a tired annotator: *which* word it is does not depend on the clip, *whom* it strikes
#   does. Clips that say little are struck more often.
# - **By confusion**: an expression is taken for a look-alike. A few cells of $T$ hold it all.
# - **By weakness**: an expression that is hardly there is called Neutral. One column of $T$ holds it.
#
# In films $T$ is not known. In FACSimile it can be counted. These are the wrong labels of four draws of
# `facsimile-hard`, in percent of the clips of each true expression.

# %%
KINDS = {"run of one label": "by runs", "confusion": "by confusion", "low intensity to neutral": "by weakness"}
clips = pd.concat(plans.values())
clips["wrong_label"] = clips["given_label"] != clips["true_label"]
size = clips["true_label"].value_counts().sort_index().to_numpy()[:, None]
parts = {words: 100 * metrics.confusion(*clips.loc[clips["wrong_kind"] == kind, ["true_label", "given_label"]].T.values)
         / size for kind, words in KINDS.items()}
show(foundations.transitions(parts),
     "Three matrices of wrong labels: spread over all cells, in two cells of each row, and in the column of Neutral.")

# %%
transition = 100 * metrics.confusion(clips["true_label"], clips["given_label"]) / size
print(pd.DataFrame(transition, EXPRESSIONS, EXPRESSIONS).round(0).astype(int).to_string())
print("\nwrong labels:", ", ".join(f"{100 * (clips['wrong_kind'] == kind).mean():.0f} % {words}"
                                   for kind, words in KINDS.items()),
      f"({100 * clips['wrong_label'].mean():.0f} % in all)")
right = np.diag(transition)
largest = {words: part.max(axis=1) / (100 - right) for words, part in parts.items()}
print("largest cell of a row, of its wrong labels:", "; ".join(
    f"{words} {100 * of.min():.0f} to {100 * of.max():.0f} %" for words, of in largest.items()))
assert np.allclose(transition - np.diag(right), sum(parts.values()))
assert largest["by confusion"].min() > 1 / 3 and largest["by runs"].max() < 1 / 6

# %% [markdown]
# The three add up to the whole matrix. They are not alike in danger. Runs point in all directions, and the right
# answer stays the commonest by far. Noise by confusion is a *pattern*: one look-alike alone gets more than a third
# of an expression's wrong labels, so a network can learn it like anything else. Look for these cells in the matrix
# above.
#
# ### Learning by heart
#
# A network that is large enough can learn *any* labels, even drawn by lot {cite:p}`rethinking`. It learns the pattern
# first and the exceptions later {cite:p}`memorization`. To learn the exceptions is to **memorise**. Watch it: 400 points
# of four classes, 30 % of the labels wrong by lot, a network with one hidden layer.

# %%
def points(n: int, g: torch.Generator, centres: torch.Tensor):
    y = torch.randint(4, (n,), generator=g)
    return centres[y] + 1.5 * torch.randn(n, 10, generator=g, dtype=torch.float64), y


g = torch.Generator().manual_seed(1)
centres = torch.randn(4, 10, generator=g, dtype=torch.float64)
(x, y), (test_x, test_y) = points(400, g, centres), points(4000, g, centres)
wrong = torch.rand(400, generator=g) < 0.3
given = torch.where(wrong, (y + torch.randint(1, 4, (400,), generator=g)) % 4, y)
print(f"{int(wrong.sum())} of {len(y)} labels are wrong")

# %%
torch.manual_seed(0)
network = torch.nn.Sequential(torch.nn.Linear(10, 256), torch.nn.ReLU(), torch.nn.Linear(256, 4)).double()
optimizer, rows, loss_at = torch.optim.Adam(network.parameters(), lr=0.002), {}, {}
for epoch in range(1, 121):
    for batch in torch.randperm(400, generator=g).split(50):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(network(x[batch]), given[batch]).backward()
        optimizer.step()
    with torch.no_grad():
        scores, test = network(x), network(test_x).argmax(1) == test_y
    loss_at[epoch] = torch.nn.functional.cross_entropy(scores, given, reduction="none")
    fits = (scores.argmax(1) == given).double()
    worst = loss_at[epoch].topk(int(wrong.sum())).indices
    rows[epoch] = {"right labels learnt": fits[~wrong].mean(), "wrong labels learnt": fits[wrong].mean(),
                   "test points right": test.double().mean(),
                   "largest losses that are wrong": wrong[worst].double().mean()}
log = 100 * pd.DataFrame(rows).T.astype(float)
losses = {f"epoch {epoch}": (loss_at[epoch].numpy(), wrong.numpy()) for epoch in (3, 120)}
show(foundations.memorising(log, losses),
     "Left: right labels are learnt at once, wrong ones slowly, and the test falls. Right: in epoch 3 most "
     "large losses are of wrong labels; in epoch 120 many wrong labels have a loss near zero.")

# %%
assert log.loc[3, "test points right"] > log.loc[120, "test points right"] + 8
assert log.loc[3, "largest losses that are wrong"] > log.loc[120, "largest losses that are wrong"] + 8
Table(log.loc[[1, 3, 10, 30, 120]].map("{:.0f}".format).rename("epoch {}".format), "Percent, after some epochs")

# %% [markdown]
# Three lines tell the story. The right labels are learnt at once. The wrong ones follow, one by one. And the more of
# them are learnt, the fewer *test* points are right. (Test labels are true here, as FACSimile's are.)
#
# The last column is the **small-loss trick** {cite:p}`co_teaching`. Trust the points with small losses; the largest
# losses are suspects. As many points are suspected as labels are wrong. Early, most suspects are guilty. Late, fewer
# are, because a label learnt by heart has a small loss as well. So the trick works when it starts in time, or when
# training *stops* in time. That is why *stopped early* is a control in this book, and not a detail.
#
# ### Hard against noisy
#
# A large loss can have two causes. The label is wrong; or it is right and the clip is **hard**: the expression is
# weak, mixed or brief. The first should be dropped, the second learnt all the more, and the loss alone does not say
# which it is. How often is it which? Here is plain training on `facsimile-hard`, last epoch, mean over its runs: what
# the tenth of the training clips with the largest losses consists of, beside what all training clips consist of, and how
# many of each kind that tenth takes.

# %%
def suspects(record) -> dict:
    """Percent of all training clips, of the tenth with the largest loss, and how the wrong labels are predicted."""
    rows = tables.reported_rows(record, "train")
    worst = rows.nlargest(len(rows) // 10, "loss")
    kinds = {"wrong label": lambda t: t["wrong_label"], "hard, label right": lambda t: t["hard"] & ~t["wrong_label"],
             "low quality, label right": lambda t: t["low_quality"] & ~t["wrong_label"]}
    kinds["not hard, label right"] = lambda t: ~t["hard"] & ~t["wrong_label"]
    bad, good = rows[rows["wrong_label"]], rows[~rows["wrong_label"]]
    return {**{(name, "of all clips"): 100 * of(rows).mean() for name, of in kinds.items()},
            **{(name, "of the largest losses"): 100 * of(worst).mean() for name, of in kinds.items()},
            **{(name, "of these dropped"): 100 * of(worst).sum() / of(rows).sum() for name, of in kinds.items()},
            ("wrong label", "predicted as given"): 100 * (bad["prediction"] == bad["label"]).mean(),
            ("wrong label", "predicted as true"): 100 * (bad["prediction"] == bad["true_label"]).mean(),
            ("label right", "predicted as given"): 100 * (good["prediction"] == good["label"]).mean()}


plain = [record for record in hard if record.config["variant"] == "plain"]
mean = pd.concat([pd.Series(suspects(record)) for record in plain], axis=1).mean(axis=1) if plain else None
columns = ["of all clips", "of the largest losses", "of these dropped", "predicted as given", "predicted as true"]
caption = "Training clips of facsimile-hard, plain training, percent"
Table(mean.map("{:.0f}".format).unstack().fillna("–")[columns], caption) if plain else "not run"

# %%
if plain:
    caught, base = mean["wrong label", "of the largest losses"], mean["wrong label", "of all clips"]
    assert caught > base
    print(f"the largest losses hold wrong labels {caught / base:.1f} times as often as clips drawn by lot,")
    sort = ("hard, label right", "not hard, label right")
    lost, there = ([mean[name, column] for name in sort] for column in ("of the largest losses", "of all clips"))
    print(f"of the rightly labelled clips among them {100 * lost[0] / sum(lost):.0f} % are hard, "
          f"of all rightly labelled ones {100 * there[0] / sum(there):.0f} %")
    assert lost[0] / sum(lost) > max(0.5, 1.5 * there[0] / sum(there)) and lost[0] < 20
    assert mean["hard, label right", "of these dropped"] < 10
    heart = mean["wrong label", "predicted as given"] / mean["label right", "predicted as given"]
    print(f"a wrong label is predicted as given {heart:.2f} times as often as a right one")
else:
    print("not run")

# %% [markdown]
# So the largest losses hold more wrong labels than clips drawn by lot, and the small-loss trick is a rival to be beaten.
# It has a price, and hard clips pay it: of the rightly labelled clips that it throws out most are hard. Here a method that
# tells hard from wrong has something to win, and RDFER's is made for that case. But the price is not high. Among all that
# is thrown out such clips are few, and few of them are thrown out.
#
# And are the hard clips themselves labelled well? In films nobody knows. The plan of FACSimile keeps the two apart.

# %%
kinds = {"weak": clips["hard_why"] == "low intensity", "mixed": clips["hard_why"] == "two expressions",
         "brief": clips["hard_why"] == "short apex", "none of these": clips["hard_why"] == ""}
wrong_of = {name: 100 * clips.loc[which, "wrong_label"].mean() for name, which in kinds.items()}
print("labels that are wrong:", "; ".join(f"{name} {share:.0f} %" for name, share in wrong_of.items()))
bad = clips[clips["quality_kind"] != ""]
worse = 100 * bad.groupby(bad["severity"] > 0.5)["wrong_label"].mean()
print(f"bad pictures: the milder half {worse[False]:.0f} %, the worse half {worse[True]:.0f} %")
assert max(wrong_of.values()) - min(wrong_of.values()) < 1 and worse[True] > 2 * worse[False]

# %% [markdown]
# A weak, mixed or brief clip is as often labelled wrongly as any other. So *hard* and *noisy* are two questions here,
# and a score that answers one does not answer the other by accident. Only bad pictures are labelled worse the worse they
# are, as people do.
#
# Predicted *as given* does not have to mean *by heart*. A network that has learnt the pattern Disgust-for-Angry
# predicts the wrong label too.
#
# (foundations-controls)=
# ### The controls
#
# A method against noise trains, drops clips, and scores a bit more. Why? A **control** answers one *perhaps* at a time.
# Each is the same network with one simple rule in the method's place.
#
# | control | what it does | if the method does no better, then perhaps |
# |---|---|---|
# | `plain` | trains on every clip alike | it does nothing |
# | `stopped-early` | plain, the epoch chosen on held-out training clips | it only trains less; stopping does as much |
# | `random-drop` | drops as many clips, by lot | it is the smaller or more varied batch |
# | `loss-drop` | drops as many, those with the largest loss | its score knows no more than the loss |
# | `loss-only` | the method's own weights, ranked by the loss alone | the same, of all that it does |
# | `oracle-drop` | drops exactly the wrong labels, from the first epoch on | (a yardstick for dropping wrong labels) |
# | `clean-labels` | trains on the true labels | (a yardstick for all that can be done against wrong labels) |
#
# The last two need the truth, so nobody has them for films. All differences to `plain`, and RDFER's beside them:

# %%
CONTROLS = ["plain", "stopped-early", "random-drop", "loss-drop", "loss-only", "oracle-drop", "clean-labels",
            "rdfer"]
tables.effects(hard, CONTROLS, base="plain", splits=["test", "clean"])

# %% [markdown]
# Where there are brackets, there is a verdict; on fewer than four draws there is none. Read it from the bottom of the
# controls. The yardsticks say how much there is to win. The simple rules say how much of it is cheap. Only what a method has
# *above* the simple rules is its own. *No difference seen* is an answer too, as long as the number in brackets comes
# with it. RDFER's row is here for orientation; [its chapter](rdfer.ipynb) takes it up, and [one page](results.ipynb) has
# all comparisons.

# %% [markdown]
# ## Exercises
#
# ```{exercise}
# :label: foundations-disgust
# On one test fold of DFEW (2,339 clips, 29 of Disgust, 534 of Neutral) a new method recognises two more clips of Disgust
# and loses ten of Neutral. What happens to WAR, and what to UAR? Which one would the paper print in bold?
# ```
#
# ```{solution} foundations-disgust
# :class: dropdown
# WAR changes by $(2 - 10) / 2339$, that is $-0.34$ points. UAR changes by
# $\frac{1}{7}\left(\frac{2}{29} - \frac{10}{534}\right)$, that is $+0.72$ points. Eight clips fewer are right, and the
# method "improves" UAR by 0.7. The paper would print UAR in bold. But one clip of Disgust is worth half a point of it:
# two clips carry it all.
# ```
#
# ```{exercise}
# :label: foundations-record
# Take the record of RDFER's fold 1 on FACSimile. Recompute its WAR and UAR from the clips, and its interval. Then
# compute what you would have published with the best WAR and the best UAR of any epoch.
# ```
#
# ```{solution} foundations-record
# :class: dropdown
# The clips, the epochs and the reported figures are three files of one record, and they must agree:
#
#     record = kept("rdfer", dataset="facsimile", preset="laptop", variant="rdfer", fold=1,
#                   threads=1)[0]
#     rows = tables.reported_rows(record, "test", truth=False)
#     hit = rows["label"] == rows["prediction"]
#     print(100 * hit.mean(), record.summary["reported"]["WAR"])
#     print(100 * hit.groupby(rows["label"]).mean().mean(), record.summary["reported"]["UAR"])
#     print(wilson(hit.sum(), len(hit)))
#     print(record.epochs[["test_war", "test_uar"]].max() - record.epochs[["test_war", "test_uar"]].iloc[-1])
#
# A recall is the mean of `hit` within one label; UAR is the mean of these means.
# ```
#
# ```{exercise}
# :label: foundations-keys
# In the experiment with bags, let $k$ of the $N$ instances carry the signal instead of one. How large must $k$ be so
# that the mean does as well as on a single instance? An ordinary apex of FACSimile fills about half of the frames.
# What does that say about mean pooling there, and about `facsimile-long`, whose apex fills an eighth?
# ```
#
# ```{solution} foundations-keys
# :class: dropdown
# The signal is now $k s / N$ and the noise still $1 / \sqrt{N}$, so the mean reaches $\Phi(k s / 2 \sqrt{N})$. It equals
# the single instance at $k = \sqrt{N}$: 4 of 16, 8 of 64. With half of 16 frames in the apex, averaging even *helps*:
# $8 > 4$. With an eighth, 2 of 16, it hurts. So do not expect much from looking for the apex on `facsimile`, and expect
# it to matter on `facsimile-long`. To try it, raise the signal in `key`, `key + 1`, … in `make_bags` (modulo `size`).
# ```
#
# ```{exercise}
# :label: foundations-ceiling
# A third of the labels is wrong, and a method may drop a tenth of the clips. What precision and what recall can it reach
# at best? What does dropping by lot reach? And what remains in training after the best possible choice?
# ```
#
# ```{solution} foundations-ceiling
# :class: dropdown
# At best every dropped clip is wrong: precision 100 %, recall $0.1 / (1/3) = 30$ %. By lot: precision 33 %, recall 10
# %. After the perfect choice $(1/3 - 0.1) / 0.9$, that is 26 %, of the remaining labels are still wrong. A method
# that drops a tenth was never going to repair this dataset. So compare it with `oracle-drop`, which drops all wrong
# labels, but do not expect it to come close.
# ```
