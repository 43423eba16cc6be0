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
# # Results
#
# The chapters' main comparisons on one page. All of it is computed from the run records in `results/`; nothing is trained
# when this page is made. How an interval is made, and what *no difference seen* means, stands in the
# [foundations](foundations.ipynb); what a variant does, in its paper's chapter.
#
# Three rules for reading:
#
# - A figure of ours carries a **badge**: `laptop` is a small network trained end to end on drawn faces, `frozen features`
#   a head on features that were computed once. Neither is the paper's setting.
# - What was **not run** says so.
# - Only differences *within* a source can be compared: ours with ours, the paper's with the paper's.

# %%
from dfer_nb.data.expressions import EXPRESSIONS
from dfer_nb.training.results import kept
from dfer_nb.viewing.evidence import tables
from dfer_nb.viewing.evidence.audit import audit
from dfer_nb.viewing.evidence.overview import overview
from dfer_nb.viewing.page import show
from dfer_nb.viewing.pictures.effects import effects_figure

# %% [markdown]
# ## What was run
#
# `make results` makes these runs from `results/<paper>/sweep.yml`, and does nothing for those that are there.

# %%
overview(kept("m3dfel", threads=1))

# %%
overview(kept("rdfer", threads=1))

# %% [markdown]
# ## M3DFEL
#
# The main table: five folds of FACSimile, the mean over the folds beside the paper's row.

# %%
same = {"preset": "laptop", "threads": 1}
every = (*EXPRESSIONS, "UAR", "WAR")
folds = kept("m3dfel", dataset="facsimile", variant="m3dfel", seed=0, draw=0,
             **same)
tables.beside("m3dfel", "1", {"M3DFEL": "m3dfel"}, folds, columns=every)

# %% [markdown]
# Bag sizes, end to end, each against bags of four. Bag size 1 has no module at all; *average pooling* is cut, without one. That
# bags of 16 lead is seen on frozen features (the second table), not end to end.

# %%
bags = kept("m3dfel", dataset="facsimile", fold=1, **same)
sizes = ["bag-1", "bag-2", "bag-8", "bag-16", "average-pooling"]
splits = ["test", "clean", "short_apex"]
alt = """Difference of each bag size to bags of four,
with its 95 % interval, on three test sets."""
show(effects_figure(bags, sizes, base="m3dfel", splits=splits), alt)

# %%
tables.effects(bags, ["m3dfel", *sizes], base="m3dfel", splits=splits)

# %%
heads = kept("m3dfel", dataset="facsimile", preset="frozen", threads=1)
tables.effects(heads, ["m3dfel", *sizes], base="m3dfel", splits=splits)

# %% [markdown]
# The parts of the aggregation: heads on frozen features, each against the whole module.

# %%
parts = ["average-pooling", "without-lstm", "without-dmin", "without-mhsa",
         "lstm-mean", "layernorm"]
alt = """Difference of each variant of the aggregation to the whole module,
with its 95 % interval, on three test sets."""
show(effects_figure(heads, parts, base="m3dfel", splits=splits), alt)

# %%
tables.effects(heads, ["m3dfel", *parts], base="m3dfel", splits=splits)

# %% [markdown]
# Five networks alone and in the framework, as in RDFER's Table VI, end to end.

# %%
pairs = {"CNN-LSTM": ("cnn-lstm", "cnn-lstm-m3dfel"),
         "MC3": ("mc3", "mc3-m3dfel"), "R(2+1)D": ("bag-1", "m3dfel"),
         "R3D18": ("r3d", "r3d-m3dfel"),
         "Former-DFER": ("former-dfer", "former-dfer-m3dfel")}
tables.with_and_without(bags, pairs, splits=splits)

# %% [markdown]
# Tables 3 and 4 of the paper, with ours beside them: bag sizes end to end, the module on frozen features. The module end to
# end, with one or two seeds, stands in the [chapter](m3dfel.ipynb).

# %%
answers = {"1": "bag-1", "2": "bag-2", "4": "m3dfel", "8": "bag-8",
           "16": "bag-16"}
tables.beside("m3dfel", "3", answers, bags, base_row="4")

# %%
answers = {"baseline": "average-pooling", "w/o LSTM": "without-lstm",
           "w/o DMIN": "without-dmin", "w/o MHSA": "without-mhsa",
           "M3DFEL": "m3dfel"}
tables.beside("m3dfel", "4", answers, heads, base_row="baseline")

# %% [markdown]
# ## RDFER
#
# The main table: five folds of FACSimile, the mean over the folds beside the paper's row. `make results DATASET=dfew
# ROOT=… PRESET=paper` fills the same table from DFEW.

# %%
folds = kept("rdfer", dataset="facsimile", variant="rdfer", **same)
tables.beside("rdfer", "I", {"RDFER": "rdfer"}, folds, columns=every)

# %% [markdown]
# Noisy labels: `facsimile-hard`, a third of the training labels wrong, end to end. Each variant against plain training.

# %%
hard = kept("rdfer", dataset="facsimile-hard", **same)
variants = ["rdfer", "loss-only", "big-loss-strengthening", "loss-drop",
            "hard-only", "noisy-only", "random-drop", "stopped-early",
            "oracle-drop", "clean-labels"]
alt = """Difference of each variant of RDFER to plain training,
with its 95 % interval, on two test sets."""
show(effects_figure(hard, variants, base="plain"), alt)

# %%
tables.effects(hard, ["plain", *variants], base="plain")

# %%
slices = ["low_intensity", "low_quality", "short_apex"]
tables.effects(hard, ["plain", "rdfer", "oracle-drop"], base="plain",
               splits=slices)

# %% [markdown]
# The network: heads on frozen features, each against the whole of RDFER.

# %%
frozen = kept("rdfer", dataset="facsimile-hard", preset="frozen", threads=1)
heads = ["without-resampling", "without-summary", "single-stream", "flat",
         "fc-locator", "sum-fusion", "windows", "sub-clip-loss"]
splits = ["test", "clean", "short_apex"]
alt = """Difference of each variant of the network to the whole of RDFER,
with its 95 % interval, on three test sets."""
show(effects_figure(frozen, heads, base="rdfer", splits=splits), alt)

# %%
tables.effects(frozen, ["rdfer", *heads], base="rdfer", splits=splits)

# %% [markdown]
# Where re-sampling can matter most: `facsimile-long`, 64 frames with a short apex, end to end, one run of each.

# %%
long = kept("rdfer", dataset="facsimile-long", **same)
tables.effects(long, ["without-resampling", "rdfer", "fc-locator"],
               base="without-resampling")

# %% [markdown]
# Tables III and IV of the paper, with ours beside them: the network on frozen features, the reweighting end to end.

# %%
network = {"RDFER": "rdfer", "w/o Re-sampling": "without-resampling",
           "w/o Global Summary": "without-summary",
           "w/o Dual-stream Architecture": "single-stream",
           "w/o Hierarchical Architecture": "flat"}
tables.beside("rdfer", "III", network, frozen, base_row="RDFER")

# %%
weights = {"vanilla Cross Entropy Loss": "plain",
           "+ big-loss strengthening": "big-loss-strengthening",
           "+ big-loss weakening": "loss-drop",
           "+ hard sample strengthening": "hard-only",
           "+ noisy sample weakening": "noisy-only",
           "+ hard and noisy sample reweighting": "rdfer"}
tables.beside("rdfer", "IV", weights, hard,
              base_row="vanilla Cross Entropy Loss")

# %% [markdown]
# ## Published figures that do not follow from their own row
#
# A paper's tables can be checked without any training: a UAR is the mean of the recalls beside it, an average is an
# average, and a share of 2,341 clips is a whole number of clips. These are the figures of the four papers for which that
# does not come out, beyond what rounding can hide. Most are slips that change nothing; a few carry a claim.

# %%
audit()

# %% [markdown]
# ## Not run
#
# No figure of ours on this page was made on DFEW or another set of filmed faces, and none with a `paper` preset: the data
# are licensed, and no GPU was at hand. The commands for both stand at the end of each chapter.
