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
# # The neuron library
#
# **Question.** Which MLP neurons of all these models can be described by what their worlds declare, when
# did they become what they are, and are those that can be described the ones that matter?
#
# A description says what is so where a neuron is active: the token there or one before it, the position,
# the right answer, the split, whatever else the world declares, or two of these together. It is chosen on
# one half of the held-out sequences and scored on the other. *Cleanliness* is the correlation (φ) between
# the places that it names and those where the neuron is above half of its largest value.
#
# **Hypothesis.** Training makes neurons that can be described, more than nulls have, and they bear more
# of the loss than their number.
#
# **What would refute it.** As many clean descriptions of untrained neurons, of neurons that read random
# directions, or of shuffled places; clean neurons that cost no more than others when they are kept at
# their mean.

# %% tags=["parameters"]
results = "results"
code = "by hand"

# %%
import textwrap

import pandas as pd
from IPython.display import HTML

from onset.collections.neurons.kinds import CLEAN, NO_KIND, SILENT
from onset.collections.neurons.reading import open_library
from onset.collections.neurons.rows import NULLS
from onset.collections.neurons.summary import beyond, by_study, clean_of, percent
from onset.figures.panels import draw_rows
from onset.figures.style import styles, use_style

use_style()
library = open_library(results, code)
neurons, nulls, models = library.neurons, library.nulls, library.models
of_studies = styles(models["study"].unique())
labels = {
    study: textwrap.shorten(library.titles[study], 34, placeholder=" …") for study in of_studies
}
HTML('<a href="pages/neurons.html">All neurons of interest, to search and to filter</a>')

# %% [markdown]
# ## How many can be described
#
# A neuron's description is clean if its φ is `CLEAN` or more. The nulls have the same places and the same
# descriptions to choose from: neurons of the same models before any training (of those that begin with
# random parameters); neurons that read random directions of what the trained layer is given; and trained
# neurons with the descriptions of other places. Where a world has few different sequences, a random
# direction may well single some out: that is the null to beat. Figures have means over each study's seeds;
# the numbers in the answer and at the end count all neurons of all models together.

# %%
controls = {null: f"clean_{null}" for null in NULLS}
described = by_study(models, "clean", controls)
figure = draw_rows(
    {"neurons with a clean description": described},
    of_studies,
    labels,
    "share of neurons",
    controls=dict(zip(NULLS, "x|+", strict=True)),
)
library.save_figure(figure, "clean", described)

# %% [markdown]
# ## What they are described by
#
# A kind is the fact, or the two facts, that a description goes by: `2 before` is the token two places
# back, `bridge` the entity between two hops. `none`: no description is clean; `silent`: never above zero.

# %%
kinds = pd.crosstab(neurons["kind"], neurons["study"])[models["study"].unique()]
commonest = kinds.sum(axis=1).sort_values(ascending=False, kind="stable").index[:25]
kinds.loc[commonest].rename(columns=library.titles)

# %% [markdown]
# ## Are they the ones that matter?
#
# Each neuron is kept at its mean over a split's sequences, position by position, and the rest of the
# model runs as usual, with the scale that the final norm then has. Neurons that can stand in for each
# other cost less than they do together.

# %%
cost = by_study(models, "cost_of_clean", {"number": "clean"})
figure = draw_rows(
    {"borne by neurons with a clean description": cost},
    of_studies,
    labels,
    "share of what ablations of single neurons cost",
    controls={"number": "|"},
)
library.save_figure(figure, "cost", cost)

# %%
ranks = models.groupby("study", sort=False)["rank_correlation"].describe()[["mean", "min", "max"]]
ranks.rename(index=library.titles).round(2)

# %% [markdown]
# ## When they form, and whether in one go
#
# Each clean description is followed through training. Its rise is compared with the fall of the
# training's loss at the same checkpoints: sharper, if more of it lies between two neighbouring ones;
# later, if it is half way there after the loss is. Null (dotted): half of them, as if the two differed by
# chance alone.

# %%
sharper, later = by_study(models, "sharper", {}), by_study(models, "later", {})
figure = draw_rows(
    {"more sudden than the loss": sharper, "after half of the loss's fall": later},
    of_studies,
    labels,
    "share of neurons with a clean description",
    marked=0.5,
)
library.save_figure(
    figure,
    "forming",
    pd.concat({"sharper": sharper, "later": later}, names=["what"]).reset_index("what"),
)

# %% [markdown]
# ## Look a neuron up, and ask it
#
# `open_library().look_up(study=…, kind=…)` (from `onset.collections.neurons.reading`) has all columns.
# `ask` takes a sequence of the world's tokens, runs the model on it, and says at each token whether the
# neuron is active, and whether its description says so. Change the sequence and see whether the
# description holds. Here, the cleanest neuron is asked where it is most active; below, where its
# description is wrong.

# %%
cleanest = neurons.loc[neurons["cleanliness"].idxmax()]
which = {name: cleanest[name] for name in ("study", "condition", "seed", "layer", "neuron")}
first, _, _ = cleanest["top"].partition("\n")
sequence = first.partition("\t")[2].partition("»")[0].replace("«", "").removeprefix("… ")
print(f"{which}\n{cleanest['description']}")
library.ask(sequence, **which)

# %%
library.counterexamples(**which)

# %%
clean = neurons["cleanliness"] >= CLEAN
judged = neurons[clean].dropna(subset=["sharpness", "loss_sharpness"])
added = neurons["added"].clip(lower=0)
numbers = {
    "n_neurons": f"{len(neurons):,}",
    "n_models": str(len(models)),
    "n_studies": str(len(described)),
    "n_silent": f"{(neurons['kind'] == SILENT).sum():,}",
    "n_clean": f"{clean.sum():,}",
    "n_described": str(neurons.loc[~neurons["kind"].isin([SILENT, NO_KIND]), "kind"].nunique()),
    "clean": percent(clean.mean()),
    "untrained": percent(clean_of(nulls, "untrained")),
    "random": percent(clean_of(nulls, "random")),
    "shuffled": percent(clean_of(nulls, "shuffled")),
    "n_beyond": str(beyond(described, list(controls))),
    "cost_of_clean": percent(added[clean].sum() / added.sum()),
    "n_cost_more": str(int((cost["mean"] > cost["number"]).sum())),
    "n_judged": f"{len(judged):,}",
    "sharper": percent((judged["sharpness"] > judged["loss_sharpness"]).mean()),
    "later": percent((judged["formed"] > judged["loss_formed"]).mean()),
}
library.save_numbers(numbers)
numbers
