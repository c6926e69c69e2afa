# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Composition in a pretrained language model
#
# **Question.** In the world of the study *composition*, entities and relations are named by tokens of a
# pretrained vocabulary. Does a language model that is fine-tuned on it answer two-hop questions over edges
# that it has only seen as separate facts, and if so, from which step of its pretraining on?
#
# **Hypothesis.** Its layers are all different and would have to hold an edge twice: as with two layers
# trained from scratch, `id` is learnt and `oo` is not, at any revision. (Formulated before any run: we
# have run none.)
#
# **What would refute it.** Accuracy on `oo` above that of the null control, in which answers are shuffled,
# at some revision.

# %% tags=["parameters"]
study_name = "pythia_composition"
results = "results"

# %%
from onset.notebook.here import here
from onset.statistics.rows import where

study = here(study_name, results)
HELD_OUT = ["id", "oi", "io", "oo"]
SHOWN = ["atomic", "composed_train", *HELD_OUT]

# %% [markdown]
# ## What was run
#
# One fine-tuning run per condition and seed; the conditions differ in the revision of the checkpoint, and
# the null control in its answers. In `id` both edges are composed elsewhere in training; in `oi` the first
# edge never is, in `io` the second, in `oo` neither.

# %%
study.what_was_run(
    {"checkpoint": "model.checkpoint", "revision": "model.revision"}, sizes=SHOWN[1:]
)

# %% [markdown]
# ## The contrast
#
# Accuracy at the end of fine-tuning, compared with that before it (crosses). Answers compete with the
# whole pretrained vocabulary, so a model that knows nothing is almost never right; one that has only
# learnt which tokens are entities is right more often than that, and the null control shows how often.

# %%
accuracy = study.measured("accuracy", split=SHOWN)
contrast = study.with_controls(
    study.at_end("accuracy", split=HELD_OUT), before=where(accuracy, split=HELD_OUT, step=0)
)
study.rows_figure("contrast", contrast, HELD_OUT, "accuracy", controls={"before": "x"})

# %% [markdown]
# ## During fine-tuning
#
# The same accuracy during fine-tuning, together with that on trained facts: if these aren't known,
# held-out questions say nothing about composition.

# %%
course = study.along("accuracy", split=SHOWN)
study.curves_figure(
    "course", course, SHOWN, "accuracy", xlabel="step of fine-tuning", n_lines=2, logarithmic=False
)

# %%
study.save_numbers({"n_seeds": str(len(study.seeds))})

# %% [markdown]
# **Asking a model.** What the first condition's model answers to a two-hop question, in the names of the
# task. Try any other sequence of names (`run.dataset.vocabulary`), another condition, or another
# checkpoint (`step=`).

# %%
study.ask("e3 r1 r2")
