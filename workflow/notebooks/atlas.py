# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The head atlas
#
# **Question.** Which kinds of attention heads do all these models grow, and which of their heads do
# they need?
#
# The heads of trained models are here, at the end of their training, but for those of models that are one
# model many times: where each looks (TransformerLens's detectors), what it copies, and, but for large
# models, what is lost when its output is replaced by its mean.
#
# **Hypothesis.** Training makes the kinds, and none is there before: a kind that means something should be
# rare among the same models untrained.
#
# **What would refute it.** Untrained models with as many heads of a kind as trained ones: the scores would
# then reflect the architecture, or the probe, and not what was learnt.

# %% tags=["parameters"]
results = "results"
code = "by hand"

# %%
import pandas as pd
from IPython.display import HTML

from onset.collections.atlas.kinds import CLEAR, KINDS
from onset.collections.atlas.listing import listing
from onset.collections.atlas.reading import open_atlas
from onset.figures.mosaic import plot_mosaic
from onset.figures.style import use_style

use_style()
atlas = open_atlas(results, code)
heads, untrained = atlas.heads, atlas.untrained
titles, labels = atlas.titles, atlas.labels

# %% [markdown]
# ## All heads
#
# A tile is a head, a brick is a model: its block applications from the bottom up, each with the head that
# matters most on the left. A row is a condition, its bricks are seeds. Hue and glyph show the head's kind.
# The darker the tile, the more accuracy is lost without the head, on the split (held-out or trained on)
# that loses most. Conditions that are called null were trained on shuffled or random answers: a kind that
# they grow as well is a sign of fitting, not of generalising.

# %%
figure, shown = plot_mosaic(heads, titles, labels)
atlas.save_figure(figure, "mosaic", shown)

# %% [markdown]
# ## Kinds, and the control
#
# A head's kind is where it *clearly* looks: (score − chance) / (1 − chance) is `CLEAR` or more, where
# chance is the score of a head that attends evenly to all it can see. For duplicates, and what came after
# them, chance is also the attention that the head pays to the same positions when no token repeats: a head
# that depends on position alone is neither kind. A head that looks at nothing in particular may still make
# what it sees clearly more likely (copying) or clearly less likely (suppressing).
#
# Attention to the previous, first and current token is judged on the model's own questions as well as on
# random tokens. Many worlds here have sequences of two or three tokens: with two, nothing repeats and the
# first token *is* the previous one; with three, what came after a duplicate is just the previous token.
# The scores for such kinds are missing, and no head can then be of them.
#
# Each share of trained heads is compared with that of the same models before any training (only those that
# start from random parameters).

# %%
shares = pd.DataFrame(
    {
        "trained": heads["kind"].value_counts(normalize=True),
        "untrained": untrained["kind"].value_counts(normalize=True),
    }
).reindex(KINDS)
shares.insert(0, "heads", heads["kind"].value_counts())
shares = shares.fillna(0).astype({"heads": int})
print(f"{len(heads)} trained heads, {len(untrained)} untrained ones; clear is {CLEAR:g} or more")
shares.round(3)

# %% [markdown]
# By study: how many trained heads are of each kind.

# %%
by_study = pd.crosstab(heads["study"], heads["kind"])
by_study = by_study.reindex(index=heads["study"].unique(), columns=KINDS, fill_value=0)
by_study.rename(index=titles)

# %% [markdown]
# ## Which kinds are needed
#
# Accuracy lost without a head, by kind: quartiles over heads of models small enough to be asked without
# each of theirs. A model of one head needs it, whatever kind it is; so the last column counts models (of
# several heads) whose most needed head is of that kind.

# %%
quartiles = heads.groupby("kind")["needed"].quantile([0.25, 0.5, 0.75]).unstack()
model = ["study", "condition", "seed"]
several = heads[heads.groupby(model)["head"].transform("size") > 1]
several = several.dropna(subset="needed").sort_values("needed", ascending=False, kind="stable")
first = several.drop_duplicates(model)
quartiles["most needed"] = first["kind"].value_counts()
quartiles = quartiles.reindex(KINDS).dropna(how="all").fillna({"most needed": 0})
quartiles.astype({"most needed": int}).round(2)

# %% [markdown]
# ## Look a head up
#
# One list per study. `layer` counts block applications from 0. In Python,
# `open_atlas().look_up(study=…, condition=…, seed=…)` (from `onset.collections.atlas.reading`) has all
# columns, and `.ablations` has every split.

# %%
HTML(listing(heads, titles, labels))

# %%
numbers = {"n_heads": str(len(heads)), "n_untrained": str(len(untrained))}
numbers["n_models"] = str(len(heads.drop_duplicates(model)))
for kind in KINDS:
    numbers[f"n_{kind}"] = str(int((heads["kind"] == kind).sum()))
    numbers[f"n_{kind}_untrained"] = str(int((untrained["kind"] == kind).sum()))
atlas.save_numbers(numbers)
numbers
