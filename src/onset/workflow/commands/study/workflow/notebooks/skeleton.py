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
# **Question.** Shown for some pairs of symbols which of the two comes first, does a small transformer say
# it of the other pairs?
#
# **Hypothesis.** It does: to attend to the first position is easier than to remember each pair.
#
# **What would refute it.** Accuracy on pairs that were never shown no better than where the answer is
# either of the two, drawn at random.

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
# ## Along training
#
# Accuracy on the pairs that took no part in training. Half of the answers of the null control are the first
# symbol, whatever a model does: it can't be right more often than by chance.

# %%
held_out = study.along("accuracy", by=["condition", "step"], split="test")
study.curves_figure("emergence", held_out, None, "held-out accuracy")

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
# ## Numbers of this notebook's own
#
# Means are in `summary.csv`, and the paper asks for them by name. What is derived of several is saved here:
# by how much a seed's model is better than the null control of the same seed; and, if the whole interval is
# above zero, that it is, so that no sentence of the paper says so unless it is true.

# %%
gain = beyond(where(study.final, measure="accuracy", split="test"), "first", "either")
_, low, _ = interval(gain)
study.save_numbers(
    {"n_seeds": str(len(study.seeds)), "gain": say.seeds(gain)}
    | ({"gain_is_clear": say.seeds(gain)} if low > 0 else {})
)
