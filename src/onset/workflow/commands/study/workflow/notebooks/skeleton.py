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
# # Skeleton
#
# **Question.** A small transformer is shown, for some pairs of symbols, which of the two comes first. Does
# it know this of the other pairs?
#
# **Hypothesis.** It does: attending to the first position is easier than remembering each pair.
#
# **What would refute it.** Accuracy on the other pairs that is no higher than with answers drawn at random.

# %% tags=["parameters"]
study_name = "skeleton"
results = "results"

# %%
from onset.notebook import say
from onset.notebook.here import MeanOf, here
from onset.statistics.nulls import beyond
from onset.statistics.rows import where
from onset.statistics.seeds import interval

study = here(study_name, results)

# %% [markdown]
# ## During training
#
# Accuracy on the pairs that are never shown. In the null control the answer is one of the two symbols at
# random, so that no model can be right in more than half of the cases, except by chance.

# %%
held_out = study.along("accuracy", by=["condition", "step"], split="test")
study.curves_figure("emergence", held_out, None, "held-out accuracy")

# %% [markdown]
# ## From when on does the final model work on early states?
#
# The state of one checkpoint (across) is written into the model of another (upward) at one place; that
# model computes the rest. Where it answers right to the left of the grey line, it works on the state of an
# earlier model. Where it doesn't, the state may hold the same in other directions.

# %%
study.early_states_figure("early_states", "first", "test", ["first", "second", "="])

# %% [markdown]
# ## At the end

# %%
study.summary_table(
    "ends",
    {
        "trained": MeanOf("accuracy", "train"),
        "never shown": MeanOf("accuracy", "test"),
        "lead": MeanOf("skeleton_lead", "test"),
    },
)

# %% [markdown]
# ## Derived numbers
#
# Means are in `summary.csv`, and the paper quotes them by name. Here we save what is derived from several
# measurements: by how much the model outdoes the null control with the same seed. If the whole interval
# lies above zero, the number is saved once more under the name of the claim, and only then does the paper
# make the claim.

# %%
gain = beyond(where(study.final, measure="accuracy", split="test"), "first", "either")
_, low, _ = interval(gain)
study.save_numbers(
    {"n_seeds": str(len(study.seeds)), "gain": say.seeds(gain)}
    | ({"gain_is_clear": say.seeds(gain)} if low > 0 else {})
)
