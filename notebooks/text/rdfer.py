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
# # RDFER: hard clips, noisy labels, and where to look
#
# The paper is *Robust Dynamic Facial Expression Recognition* {cite:p}`rdfer`. It makes two claims.
#
# 1. **Agreement tells hard clips from wrong labels.** Cut a video into four pieces and classify each. If the pieces
#    disagree, the video is *hard*. If they agree and yet the loss is large, its label is probably *wrong*.
# 2. **Looking at the key expression helps.** A small network scans the video, says where the expression is, and the
#    main network sees frames from there.
#
# In films nobody knows which labels are wrong. Here we do: the clips are FACSimile's
# ([the page on it](facsimile.ipynb)), drawn from facial action units, and every fault in them was put there on purpose.
# So each claim becomes a measurement.
#
# **After this chapter** you can compute agreement and the weights of Eq. 2 by hand, re-sample a video in time with a
# gradient, train the whole network, and say what its groups caught.

# %% [markdown]
# The next cell holds the parameters. Run the notebook with others from a shell:
# `papermill notebooks/rdfer.ipynb out.ipynb -p fold 2 -p variant plain`.

# %% tags=["parameters"]
fold: int = 1  # 1 to 5
dataset: str = "facsimile"  # or facsimile-hard, facsimile-long, dfew
root: str = ""  # the folder of dfew; for FACSimile, another place than data/
preset: str = "laptop"  # or frozen, paper, paper-scratch
variant: str = "rdfer"  # every variant is listed near the end of this page
seed: int = 0  # of training
draw: int = 0  # of FACSimile: another draw is another dataset of the same kind
epochs: int = 0  # 0: as many as the preset says
device: str = "auto"  # or cpu, cuda, mps
fresh: bool = False  # True: train again, even when this run exists
drop_missing: bool = False  # True: leave out clips that a list names and the disk does not hold
zero_based: bool = False  # True: the lists count labels from 0, as some re-distributions do

# %%
import pandas as pd
import torch

from dfer_nb import presets, rdfer, request, run
from dfer_nb.data import video
from dfer_nb.data.expressions import EXPRESSIONS
from dfer_nb.viewing.evidence import tables
from dfer_nb.viewing.explorers.thresholds import ThresholdExplorer
from dfer_nb.viewing.page import show
from dfer_nb.viewing.pictures import figures, pointing
from dfer_nb.viewing.pictures.strips import contact_sheet

pd.options.display.max_rows, pd.options.display.max_colwidth = 20, None

# %% [markdown]
# ## The problem
#
# Training on crowd-sourced labels meets two kinds of clips with a large loss:
#
# - **Noisy** clips carry a wrong label. Learning them teaches a mistake.
# - **Hard** clips carry a right label, but the expression is weak, mixed or brief. Learning them is worth more.
#
# The *small-loss trick* trusts clips with a small loss. It throws both kinds away together. Below are four clips, six
# frames each. Would you have given them these labels?

# %% tags=["nbval-ignore-output"]
folder = request.dataset_root(dataset, root, draw)
table, truth = request.read_table(dataset, folder, fold, drop_missing, zero_based)
table["split"].value_counts().rename("clips").to_frame()


# %%
def examples(table: pd.DataFrame, truth: pd.DataFrame | None) -> dict[str, str]:
    """A name for the row of a contact sheet -> the clip that it shows."""
    train = table[table["split"] == "train"]
    if truth is None:  # a dataset without truth: its first clips
        return {EXPRESSIONS[row.label]: row.path for row in train.head(4).itertuples()}
    known = train.merge(truth.drop(columns="fold"), on="clip")
    calm = ~known["low_quality"] & ~known["irrelevant"]
    kinds = {
        "right label": calm & ~known["wrong_label"] & ~known["hard"] & (known["true_label"] != 2),
        "wrong label": calm & known["wrong_label"] & ~known["hard"],
        "hard, right label": calm & ~known["wrong_label"] & known["hard"],
        "low quality": known["low_quality"] & (known["severity"] > 0.6),
    }
    chosen = {name: known[mask].iloc[0] for name, mask in kinds.items()}
    return {f"{name}:\n“{EXPRESSIONS[row.label]}”": row.path for name, row in chosen.items()}


clips = {name: video.read_frames(path) for name, path in examples(table, truth).items()}
rows = {name: frames[video.uniform(len(frames), 6)] for name, frames in clips.items()}
alt = "Six frames of four training clips, with the label that each was given."
show(contact_sheet(rows), alt, photo=True)

# %% [markdown]
# ## The idea and the notation
#
# | symbol | meaning | here |
# |---|---|---|
# | $V$ | a video of $T$ frames | `frames`, (B, T, 3, H, W) |
# | $V_i$, $E_i$ | a sub-clip, and the expression predicted for it | `clip_logits`, (B, K, 7) |
# | $A$ | agreement: the share of sub-clips in the most predicted class | `agreement`, (B,) |
# | $t_h$, $t_n$ | shares of the clips called hard and noisy | 0.2 and 0.1 |
# | $\lambda_{hard}$, $\lambda_{ordinary}$, $\lambda_{noisy}$ | weights of the loss | 1.5, 1 and 0 |
# | $\mu$, $\delta$ | centre of the key expression in 0..1, and stride of the frames taken around it | `mu`, `delta`, (B,) |
# | $S$ | a global summary of the video | `summary`, (B, C) |
# | $S_m$, $S_e$ | the movement and the emotion model, two BiLSTMs | `DualStream` |
#
# **Agreement.** A recogniser $f$ predicts each sub-clip, $E_i = f(V_i)$ (Eq. 1), and $A$ is the share of the class that
# is predicted most often. The paper's own example is a video whose sub-clips are called Neutral, Surprise, Happy, Happy.

# %%
predicted = torch.tensor([[2, 4, 0, 0], [0, 0, 0, 0], [3, 5, 6, 1]])
clip_logits = torch.nn.functional.one_hot(predicted, 7).float()  # (3 videos, 4 sub-clips, 7 classes)
rdfer.agreement(clip_logits)

# %% [markdown]
# Two of four agree: 0.5. With four sub-clips only four values are possible, 0.25, 0.5, 0.75 and 1. In the paper 71 % of
# the clips have agreement 1, so **ties decide**, and the paper does not say how. We take the larger loss first.
#
# **Reweighting** (Eq. 2). Rank the clips. The share $t_n$ with the highest agreement, then the largest loss, is noisy.
# Of the rest, the share $t_h$ with the lowest agreement is hard. Each clip's cross-entropy is multiplied by the weight
# of its group:
#
# $$
# \mathrm{loss} = \lambda_{g}\; \mathrm{CrossEntropy}(x, y), \qquad g \in \{\text{noisy}, \text{ordinary}, \text{hard}\}
# $$

# %%
agreed = torch.tensor([1.00, 1.00, 0.50, 0.75, 1.00, 0.25, 1.00, 1.00, 1.00, 0.75])
loss = torch.tensor([0.10, 3.00, 0.40, 3.50, 0.20, 1.00, 0.10, 0.30, 0.20, 0.90])
groups = rdfer.groups(agreed, loss, hard=0.2, noisy=0.1)
pd.DataFrame({
    "agreement": agreed.tolist(), "loss": [f"{x:.2f}" for x in loss.tolist()],
    "group": [rdfer.GROUPS[g] for g in groups], "weight": rdfer.reweight(agreed, loss).tolist(),
})

# %% [markdown]
# Look at clips 1 and 3. Both have a large loss. Clip 1 is dropped, because its sub-clips agree against its label. Clip
# 3 is not: its sub-clips disagree. Ranking by loss alone would have dropped clip 3, which has the larger loss.
#
# **Where to look** (Eq. 3–5). A small backbone $F_b$ reads every fourth frame. From its features $f$ come the centre
# $\mu$ and the stride $\delta$, and a summary $S$:
#
# $$
# f = F_b(V), \qquad \mu, \delta = F_d(f), \qquad S = \mathrm{Sigmoid}(F_s(f))
# $$
#
# The $n$ frames that the main network sees lie at $\mu (T-1) + (i - \frac{n-1}{2})\,\delta$. Rounding that to whole
# frames would cut the gradient, and $\mu$ and $\delta$ would never learn. So a frame between two frames is their blend,
# and a frame outside the video is the first or the last one. Here frame $t$ of a video of 5 holds just the number $t$:

# %%
toy = torch.arange(5.0).view(1, 5, 1, 1, 1)
mu, delta = torch.tensor([0.40], requires_grad=True), torch.tensor([1.5], requires_grad=True)
taken = rdfer.resample(toy, mu, delta, n_frames=4)
taken.square().sum().backward()
print("frames taken:", [round(x, 2) for x in taken.flatten().tolist()])
print(f"gradient on mu {mu.grad.item():.2f}, on delta {delta.grad.item():.2f}")

# %% [markdown]
# The first position, $0.4 \cdot 4 - 1.5 \cdot 1.5 = -0.65$, lies before the video and was moved to frame 0. Both
# gradients are there.
#
# How does $F_d$ see time? The paper says a fully connected layer, which must learn every place in the video by itself.
# We take a scorer that all frames share, a softmax over time, and the mean time under it, $\mu = \sum_i a_i t_i$. The
# paper's layer is there as `locator="fc"`; [further down](locator-numbers) the two are compared.

# %%
torch.manual_seed(0)
network = rdfer.RDFER(backbone_weights="none", detector_weights="none", dim=32).eval()
output = network(torch.rand(2, 32, 3, 48, 48))
{name: tuple(value.shape) for name, value in output.items()}

# %% [markdown]
# **Two streams** (Sec. III-C, Algorithm 1). The 16 frames make four clips of four. The *movement–emotion* stream reads
# the frames of each clip with $S_m$, then the four clips with $S_e$. The *emotion–movement* stream reads every fourth
# frame with $S_e$ first, then $S_m$. Both streams share the two models. The numbers below are the frames that each first
# step reads together.

# %%
order = torch.arange(16.0).view(1, 16, 1)
clips_of_four = rdfer.sub_clips(order)[0, :, :, 0].int()  # (n1, n2)
print("movement first:", clips_of_four.tolist())
print("emotion first: ", clips_of_four.T.tolist())

# %% [markdown]
# The same four clips give the sub-clip predictions for agreement. A sub-clip of four frames goes through the same dual
# stream with $n_1 = 1$. Frame features are computed once and shared, so agreement costs little:
# `python benchmarks/agreement.py` prints its share of a training step.
#
# ## One run
#
# `run.run` trains, or returns at once with a record that is already there. The loop behind it is one file,
# `dfer_nb/training/fit.py`; it knows nothing of RDFER.

# %% tags=["nbval-ignore-output"]
record = run.run("rdfer", dataset=dataset, root=root, fold=fold, preset=preset, variant=variant, seed=seed, draw=draw,
                 epochs=epochs, device=device, fresh=fresh, drop_missing=drop_missing, zero_based=zero_based)
record

# %% tags=["nbval-ignore-output"]
show(figures.curves(record.epochs, reported=record.summary["reported"]["epoch"]),
     "Loss, WAR and UAR of every epoch; the one that is reported is marked.")

# %% [markdown]
# **WAR**, weighted average recall, is the share of all clips that are right. **UAR**, unweighted average recall, is the
# mean of the seven recalls, so a rare expression counts as much as a common one. We report the last epoch. The best
# epoch on the test clips is shown beside it, because most published code reports that one; it is chosen with the test
# labels in hand, so it is no result.

# %% tags=["nbval-ignore-output"]
tables.metrics(record)

# %% tags=["nbval-ignore-output"]
last_test = tables.reported_rows(record, "test")
show(figures.confusion(last_test), "Confusion matrix of the test fold in the last epoch.")

# %% [markdown]
# The test fold has low-quality clips in it. The *clean* slice has none, no irrelevant frames, no short apex and no hard
# clips: there the question is only whether the expressions were learnt. The other slices hold one trouble each, or a
# certain share of neutral frames. None of these clips' identities is in any training list.

# %% tags=["nbval-ignore-output"]
tables.slices(record)

# %%
default = (dataset, preset, variant, epochs) == ("facsimile", "laptop", "rdfer", 0)
if default:
    war = record.summary["slices"]["clean"]["WAR"]
    print("WAR on the clean clips above 75 %:", "yes" if war > 75 else "no")
    assert war > 75
    assert record.summary["reported"]["clips"] == 280

# %% [markdown]
# ## Does agreement find the wrong labels?
#
# First the paper's own question: how often do the sub-clips agree? These are the test clips of the last epoch, laid out
# as in the paper's Tables V and VII. The share with agreement 1 was 0.71 in the paper.

# %% tags=["nbval-ignore-output"]
tables.agreement_by_expression(last_test)

# %% [markdown]
# Now what the paper could not ask. The training clips are split by what is *known* to be wrong with them. If the first
# claim holds, hard clips agree less than clean ones, and wrongly labelled clips agree as much as clean ones.

# %% tags=["nbval-ignore-output"]
last_train = tables.reported_rows(record, "train")
alt = "Share of training clips with each agreement, for clean, wrongly labelled, low-quality and hard clips."
show(figures.agreement_by_truth(last_train), alt)

# %% [markdown]
# The first half is seen: fewer hard clips than clean ones agree fully. The second half is not: wrongly labelled clips
# agree less often than clean ones too, about as seldom as the hard ones, and the whiskers of the two overlap. A part of
# them are weak expressions that were called Neutral, so they are hard as well. Agreement alone does not tell the two
# apart; the loss has to help. Look where the wrong labels are in these histograms.

# %% tags=["nbval-ignore-output"]
alt = "Histograms of the training loss, one panel for each agreement, coloured by what is wrong with the clips."
show(figures.loss_by_agreement(last_train), alt)

# %% [markdown]
# A method that dropped clips at random would reach the *chance* column below. Precision is the share of a group that is
# what the group is named after. Recall is the share of all such clips that the group caught. Ranks are taken in the
# batch: of 32 clips, 3 are noisy and 6 are hard, a little less than the 10 and 20 % that Eq. 2 asks for. So with more
# than 15 % of the labels wrong, the noisy group cannot reach two thirds of them.

# %% tags=["nbval-ignore-output"]
tables.detection(record)

# %%
if default:
    noisy = last_train[tables.group_of(last_train, record.config["method"]) == "noisy"]
    precision, chance = noisy["wrong_label"].mean(), last_train["wrong_label"].mean()
    verdict = "yes" if precision > 2 * chance else "no"
    print("the noisy group holds wrong labels at more than twice their share:", verdict)
    assert precision > 2 * chance

# %% [markdown]
# One caution. A clip called noisy has weight 0, is not learnt, and so keeps its large loss: the choice confirms itself.
# The explorer lets you see how much of this agreement does, and how much the loss does alone. Move the sliders, then
# switch the ranking to *loss* and to *random*. It ranks all training clips at once, so its counts are a little larger
# than those of the table.

# %% tags=["nbval-ignore-output"]
ThresholdExplorer.from_clips(last_train, reweight=rdfer.reweight)

# %% [markdown]
# The explorer works in this page without a kernel. With one, every slider is also a Python attribute: keep the explorer
# in a variable, then `explorer.t_h = 30` moves it, and `explorer.counts()` returns the numbers it shows.
#
# ## Does it look at the apex?
#
# The *apex* is where an expression is strongest. Every FACSimile clip knows its own.

# %% tags=["nbval-ignore-output"]
if "mu" in last_test:
    alt = "Left: the frame that mu points at against the true centre of the apex. Right: the frames taken."
    shown = show(pointing.pointing(last_test), alt)
else:
    shown = "This variant has no re-sampling, so there is nothing to show here."
shown

# %% [markdown]
# *Always the middle* is the control: a network that pointed at the middle of every clip. With 32 frames it hits most
# apexes, and about half of 16 evenly spread frames lie inside one, so re-sampling has little to win. The kind
# `facsimile-long` is made for this question: 64 frames, about 8 of them apex.
#
# One limit of the softmax: $\mu$ is a mean of the times that were looked at, so it ends at frame 28 of 31.
#
# (locator-numbers)=
# ### The two locators, and no re-sampling
#
# One run of each on `facsimile-long`, from `results/`. *mu in the apex* is the share of test clips whose centre lies
# inside the known apex, neutral clips left out: nobody can miss theirs.

# %%
from dfer_nb.training.results import kept
from dfer_nb.viewing.evidence.statistics import against

long_runs = kept("rdfer", dataset="facsimile-long", preset="laptop", threads=1)
tables.compare(long_runs, ["rdfer", "fc-locator", "without-resampling"], splits=["test", "clean", "short_apex"])

# %%
tables.effects(long_runs, ["rdfer", "fc-locator", "without-resampling"], base="without-resampling",
               splits=["test", "clean", "short_apex"])

# %%
found = against(long_runs, ["rdfer", "fc-locator"], "without-resampling", ["test", "clean"])
lost, won = found["fc-locator"]["clean"], found["rdfer"]["test"]
print("fully connected locator less no re-sampling, clean clips:", lost.words())
print("softmax locator less no re-sampling, test fold:", won.words())
assert lost.high < 0 and not won.seen

# %% [markdown]
# Pointing is where the two locators differ. The shared scorer finds the apex in most clips, several times as often as
# pointing at the middle would. The fully connected layer, read literally, hardly ever does: it settles on one place. What
# it shows the main network is worse than frames spread over the whole clip. That is why the softmax is our default.
#
# Does pointing *pay*? On the test fold no difference is seen. On the clean clips WAR with re-sampling is a little higher,
# at the edge of what these clips can show; but this is one run of each, and another seed moves a run by as much. And it
# has a price: of 64 frames the detecting network reads 16 before the main network reads its own 16, twice the work.
# With the same time, the network without re-sampling could train twice as long.
#
# ## Many runs: what holds
#
# One run proves nothing: another seed would have given other numbers ([why](foundations.ipynb)). The runs below were
# declared in `results/rdfer/sweep.yml` before they were made, on `facsimile-hard`, where a third of the training labels is
# wrong. Each variant is compared with *plain* training, the same network with every weight 1, seed by seed and clip by
# clip. Beside the paper's method stand the **controls**, which show what a simpler rule reaches:
#
# | variant | what it does | what it rules out, or bounds |
# |---|---|---|
# | `plain` | every clip alike | the base |
# | `loss-only` | the weights of Eq. 2, ranked by the loss alone | that agreement adds anything to the loss |
# | `loss-drop` | drops as many clips, those with the largest loss | that strengthening is needed (it is Table IV's big-loss weakening) |
# | `random-drop` | drops as many clips by lot | that dropping anything would do |
# | `stopped-early` | plain, the epoch chosen on held-out training identities, their labels as noisy as all | that stopping in time is enough |
# | `oracle-drop` | drops every clip whose label is known to be wrong | nothing: it bounds what dropping can reach |
# | `clean-labels` | plain, trained on the true labels | nothing: the upper bound |

# %%
hard_runs = kept("rdfer", dataset="facsimile-hard", preset="laptop", threads=1)
main = ["plain", "rdfer", "loss-only", "stopped-early", "oracle-drop"]
tables.effects(hard_runs, main, base="plain", splits=["test", "clean"])

# %%
rest = ["big-loss-strengthening", "loss-drop", "hard-only", "noisy-only", "random-drop", "clean-labels"]
tables.effects(hard_runs, ["plain", *rest], base="plain", splits=["test", "clean"])

# %%
from dfer_nb.viewing.pictures.effects import effects_figure

alt = "Difference of each variant to plain training, with its 95 % interval, on the test fold and on the clean clips."
shown = ["rdfer", "loss-only", *rest[:-1], "stopped-early", "oracle-drop", "clean-labels"]
show(effects_figure(hard_runs, shown, base="plain", splits=["test", "clean"]), alt)

# %% [markdown]
# Read the figure from below. *clean-labels* and *oracle-drop* say how much there was to gain: on the clean clips the same
# network is several points better with right labels, and dropping just the wrongly labelled clips gains most of that.
#
# Of nothing else a gain is seen. For RDFER, for each half of it, for ranking by the loss alone and for dropping by lot,
# **no difference to plain training is seen**, on either set of clips. That is not a proof that there is none: the brackets
# say how large a true difference so many runs would have seen, and for some variants that is several points. The next
# cell prints the sharpest of these comparisons, with RDFER's interval. Stopping early is seen to help nothing: it gives up
# a part of the training clips, and chooses its epoch by labels that are as noisy as the rest.

# %%
found = against(hard_runs, shown, "plain", ["test", "clean"])
for variant in main[1:]:
    gain = found[variant]["clean"]
    print(f"{variant} less plain, WAR on the clean clips: {gain.words()}; {gain.runs} pairs of runs")
ours = found["rdfer"]["clean"]
print(f"RDFER's interval: {ours.difference:+.1f} ({ours.low:+.1f} to {ours.high:+.1f})")
direct = against(hard_runs, ["rdfer"], "loss-only", ["clean"])["rdfer"]["clean"]
print(f"rdfer less loss-only: {direct.words()}")
assert found["oracle-drop"]["clean"].seen and not direct.seen
assert not any(gain.seen for variant in shown[:-2] for gain in found[variant].values())

# %% [markdown]
# The last line is the fairest question to the first claim: does agreement add anything to the loss? Between RDFER and
# the same weights ranked by the loss alone, no difference is seen.
#
# ### Why little can be gained
#
# What the groups of the last epoch hold, against the truth:

# %%
tables.compare_groups(hard_runs, ["rdfer", "loss-only", "noisy-only", "hard-only"])

# %% [markdown]
# - **The noisy group holds wrong labels at about twice their share**, more than two thirds of its clips. As many clips
#   with the largest loss hold no fewer.
# - **The hard group is not hard.** It holds hard clips as often as a group drawn by lot would, and wrong labels *more*
#   often. Their loss is multiplied by 1.5.
#
# So the method takes wrong labels out with one hand and strengthens others with the other. Add it up: which share of the
# weight of all clips lies on wrong labels?

# %%
def weight_on_wrong(record) -> float:
    """Percent of the training weight of the reported epoch that lies on wrongly labelled clips."""
    rows = tables.reported_rows(record, "train")
    return 100 * (rows["weight"] * rows["wrong_label"]).sum() / rows["weight"].sum()


shares = pd.DataFrame([(r.config["variant"], weight_on_wrong(r)) for r in hard_runs if r.config["draw"] == 0],
                      columns=["variant", "percent"])
wrong = shares.groupby("variant")["percent"].mean().drop(["clean-labels", "stopped-early"]).sort_values()
assert wrong["oracle-drop"] == 0 and wrong["plain"] - wrong["rdfer"] < 5
wrong.round(1).to_frame("weight on wrong labels, percent")

# %% [markdown]
# RDFER moves it by a few points only, and strengthening alone raises it. That is one reason why no gain is seen, and
# it can be checked on any data whose noise is known.
#
# One more thing about this dataset has to be known before the hard group is judged:

# %%
rows = tables.reported_rows(next(r for r in hard_runs if r.config["draw"] == 0), "train")
for why, part in rows[rows["hard"]].groupby("hard_why"):
    wrongly = 100 * part["wrong_label"].mean()
    print(f"hard by {why}: {len(part)} training clips, {wrongly:.0f} % of them wrongly labelled")

# %% [markdown]
# All weak expressions of `facsimile-hard` are called Neutral. So of its hard clips only the mixed ones have something
# right to be strengthened, and half of the paper's idea gets no fair chance here.
#
# What all this does **not** show: that reweighting fails on DFEW, with its own noise, ResNet50 and a hundred epochs. In
# eight epochs the network learns few wrong labels by heart, so there is little to be protected from by dropping one clip
# in ten.
#
# ### Heads on frozen features
#
# The second tier: frame features of the shipped backbone, computed once; only what comes after is trained. Five seeds on
# two draws take minutes, so all of Tables III and IV fit in. **It decides nothing about label noise**: the features have
# never seen a label, and cannot be spoilt by a wrong one. It does say whether a head, or a way to choose frames, matters.

# %%
frozen_runs = kept("rdfer", dataset="facsimile-hard", preset="frozen", threads=1)
heads = ["without-resampling", "without-summary", "single-stream", "flat", "fc-locator", "sum-fusion", "windows",
         "sub-clip-loss"]
tables.effects(frozen_runs, ["rdfer", *heads], base="rdfer", splits=["test", "clean", "short_apex"])

# %%
weights = ["rdfer", "big-loss-strengthening", "loss-drop", "hard-only", "noisy-only", "loss-only", "epoch-ranks",
           "random-drop", "stopped-early", "oracle-drop", "clean-labels"]
tables.effects(frozen_runs, ["plain", *weights], base="plain", splits=["test", "clean"])

# %%
splits = ["test", "clean", "short_apex"]
gains = against(frozen_runs, ["rdfer", "fc-locator"], "without-resampling", splits)
for split in ("test", "short_apex"):
    gain = gains["rdfer"][split]
    print(f"with re-sampling less without, {split.replace('_', ' ')}: {gain.words()}; {gain.runs} pairs of runs")
    assert gain.low > 0
literal = gains["fc-locator"]["short_apex"]
print("literal locator less no re-sampling, short apex:", literal.words())
losses = against(frozen_runs, heads, "rdfer", splits)
assert not literal.seen and losses["flat"]["clean"].high < 0 and losses["without-summary"]["short_apex"].high < 0
assert not any(loss.seen for loss in losses["single-stream"].values())

# %% [markdown]
# The second claim holds here: **looking at the key expression helps**, and most where it should, on clips whose apex is
# one to three frames. Of the literal locator no such gain is seen. The *hierarchy* helps by one or two points, and the
# *global summary* where the apex is short; a second *stream* is not seen to. Sub-clips that are trained help where the
# apex is short.
#
# In the second table dropping what is known to be wrong gains most among the ways to drop, and stopping early loses. Three
# further variants gain half a point on the clean clips, dropping *by lot* among them, which has nothing to go by. With
# eleven variants compared on two sets of clips with the same runs of plain training, some intervals leave zero out by
# chance, and together. And once more: this tier decides nothing about noisy labels.
#
# ### Sub-clips that are trained
#
# The sub-clip predictions come from a head that was never trained on a lone sub-clip. Does agreement mean more when it
# is? The variant `sub-clip-loss` adds half a cross-entropy on the sub-clips. One run of each, on the standard kind.

# %%
short_runs = kept("rdfer", dataset="facsimile", preset="laptop", threads=1, fold=1)
tables.compare_groups(short_runs, ["rdfer", "sub-clip-loss"])

# %% [markdown]
# It does not change the picture: on this easier kind the noisy group holds wrong labels at more than three times their
# share, and as many clips by loss alone hold about as many, with trained sub-clips and without.
#
# ## Beside the paper's figures
#
# The paper's figures are for DFEW, five folds, ResNet50, 100 epochs. Ours are for drawn faces at laptop size. They stand
# side by side so that you see what was *not* run. No difference is taken between them; what can be compared is the
# difference to the same base row within each source. First the main table: our five folds of FACSimile, one run each.

# %%
folds = [r for r in kept("rdfer", dataset="facsimile", preset="laptop", variant="rdfer", threads=1)]
tables.beside("rdfer", "I", {"RDFER": "rdfer"}, folds, columns=(*EXPRESSIONS, "UAR", "WAR"))

# %%
network = {"RDFER": "rdfer", "w/o Re-sampling": "without-resampling", "w/o Global Summary": "without-summary",
           "w/o Dual-stream Architecture": "single-stream", "w/o Hierarchical Architecture": "flat"}
tables.beside("rdfer", "III", network, frozen_runs, base_row="RDFER")

# %%
reweighting = {"vanilla Cross Entropy Loss": "plain", "+ big-loss strengthening": "big-loss-strengthening",
               "+ big-loss weakening": "loss-drop", "+ hard sample strengthening": "hard-only",
               "+ noisy sample weakening": "noisy-only", "+ hard and noisy sample reweighting": "rdfer"}
tables.beside("rdfer", "IV", reweighting, hard_runs, base_row="vanilla Cross Entropy Loss")

# %% [markdown]
# Some printed figures do not follow from their own row. RDFER's UAR in Table I is given as 56.93; the mean of the seven
# recalls beside it is 56.01. Its WAR is given as 69.73; the same recalls, weighted by DFEW's class sizes, make 69.27,
# while ten of the twelve other rows that have recalls agree with their own WAR to 0.04. That matters: the lead over GCA+IAL
# is then 0.03 points and not 0.49. And 0.03 % of 2,341 clips, the share said to have four different
# predictions, is less than one clip. The [page of results](results.ipynb) lists every published figure that does not follow from its own row.
#
# ## What differs from the paper, and why
#
# | the paper | here | why |
# |---|---|---|
# | ranks among "all samples" | ranks in the batch (`ranks="epoch"` is an option) | whether the batch or the epoch is meant is not said; ranks of the batch are of this moment's network |
# | ties in agreement | larger loss first; noisy is chosen before hard | not said, and with most clips at 1 it decides |
# | $F_d$ fully connected | softmax over time (`locator="fc"` is an option) | see the table above |
# | frames at whole positions | linear interpolation in time | rounding has no gradient |
# | concat (text) or sum (Algorithm 1) | concat (`fuse="sum"` is an option) | the two contradict each other |
# | where $S$ enters | a gate on the channels of the frame features | not said |
# | when reweighting starts | epoch 3 (`laptop`), 11 (`paper`) | not said; sub-clips of an untrained network agree by chance |
# | range of $\delta$ | 0.5 to $(T-1)/15$ frames: from half a frame to the whole video | not given |
# | how many frames are re-sampled | 16 | not given; it makes four clips of four |
# | how 64 frames are taken from a video | evenly; a shorter one repeats its last frame | not given |
# | sizes of the BiLSTMs | one layer, 64 units a direction (`laptop`), 256 (`paper`) | not given |
# | the tiny backbone | the small network again (`laptop`), MobileNetV3-small (`paper`) | not given |
# | no such loss | half a cross-entropy on the attended feature, weighted like the clip | the scorer needs a gradient before the main network can read |
# | ResNet50, 64 frames, 112 px, 100 epochs | a small network, 32 frames, 48 px, 8 epochs (`laptop`) | two CPU cores |
#
# The small network was pre-trained on action units of still faces, of identities that no clip shows:
# `python -m dfer_nb.pretrain` makes it again. The papers' backbones start from ImageNet in the same way.
#
# Every value of both presets, with its place in the paper, or the word *assumption* where the paper is silent:

# %%
def settings(preset: str) -> pd.Series:
    """Every value of a preset, with where it comes from."""
    parts = presets.PRESETS["rdfer"][preset].values()
    return pd.Series({name: f"{v.value} ({v.source})" for part in parts for name, v in part.items()})


with pd.option_context("display.max_rows", None):
    both = pd.DataFrame({"paper": settings("paper"), "laptop": settings("laptop").str.removesuffix(" (laptop)")})
    display(both.fillna("–"))

# %% [markdown]
# And every variant, with what it answers:

# %%
pd.Series({name: v.answers for name, v in presets.variants("rdfer").items()}, name="answers").to_frame()

# %% [markdown]
# ## Exercises
#
# ```{exercise}
# :label: rdfer-ties
# In the toy table above, all agreements become 1. Which clips are noisy and which are hard now? Say it first, then
# compute it.
# ```
#
# ```{solution} rdfer-ties
# :class: dropdown
# `rdfer.groups(torch.ones(10), loss, hard=0.2, noisy=0.1)`: the largest loss is noisy (clip 3), the next two are hard
# (clips 1 and 5). With full agreement the method turns into ranking by loss: it drops the top and *strengthens* what
# comes right after it, wrong labels among them.
# ```
#
# ```{exercise}
# :label: rdfer-thresholds
# In the explorer, find the share $t_n$ at which half of the noisy group is wrongly labelled. Is the precision higher at
# a smaller share? What does ranking by loss alone reach at the same share?
# ```
#
# ```{solution} rdfer-thresholds
# :class: dropdown
# Precision falls as $t_n$ grows, because the surest clips come first. Switch the ranking to *loss* and read the same
# line: the difference between the two is all that agreement adds. Then look at what the *hard* group holds.
# ```
#
# ```{exercise}
# :label: rdfer-resample
# A video has 64 frames and its apex is frames 40 to 47. Which $\mu$ and $\delta$ put 16 frames evenly into the apex?
# ```
#
# ```{solution} rdfer-resample
# :class: dropdown
# The centre is $43.5 = \mu \cdot 63$, so $\mu \approx 0.690$. Sixteen positions over 7 frames of distance need a stride of
# $7 / 15 \approx 0.47$. The detecting network's smallest stride is 0.5: two frames then lie a quarter of a frame outside.
# ```
#
# ## On DFEW
#
# DFEW has to be asked for from its authors. With its folder, the one that holds `Clip` and `EmoLabel_DataSplit`:
#
# ```
# papermill notebooks/rdfer.ipynb out.ipynb -p dataset dfew -p root DIR -p preset paper -p fold 1
# ```
#
# The same code reads FACSimile through the same reader; try `-p dataset dfew -p root data/facsimile-draw0`, and get the
# same predictions, without the truth. A list that names clips which are not on the disk stops the run; `-p drop_missing
# True` leaves them out and says how many. The `paper` preset asks torchvision for ImageNet weights, once, over the network;
# `paper-scratch` does without. It was not run here: no DFEW, and no GPU.
