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
# # Composition in a pretrained language model
#
# **Question.** The world of the study *composition*, its entities and relations named by tokens of a
# pretrained vocabulary: does a language model that is fine-tuned on it answer two-hop questions over edges
# that it has only seen as separate facts, and from which step of its pretraining on?
#
# **Hypothesis.** Its layers are all different and would have to hold an edge twice: as with two layers from
# scratch, `id` is learnt and `oo` is not, at any revision. (Put before any run: we have run none.)
#
# **What would refute it.** Accuracy on `oo` above that of the null control, in which answers have changed
# places, at some revision.

# %% tags=["parameters"]
study_name = "pythia"
results = "results"

# %%
import matplotlib.pyplot as plt

from onset.figures.curves import legend_below, plot_over_training
from onset.figures.rows import height, name_rows, plot_rows, proportion
from onset.figures.style import TEXT_WIDTH, styles
from onset.notebook.here import here
from onset.statistics.rows import at_last_step
from onset.statistics.seeds import over_seeds

study = here(study_name, results)
conditions, seeds, labels = study.conditions, study.seeds, study.labels
style = styles(conditions)
HELD_OUT = ["id", "oi", "io", "oo"]
SHOWN = ["atomic", "composed_train", *HELD_OUT]
accuracy = study.measures.query("measure == 'accuracy' and split in @SHOWN")

# %% [markdown]
# ## The contrast
#
# Answers compete with the whole pretrained vocabulary.

# %%
by = ["condition", "split"]
before = over_seeds(accuracy[accuracy["step"] == 0], by)[[*by, "mean"]]
contrast = over_seeds(at_last_step(accuracy), by)
contrast = contrast.merge(before.rename(columns={"mean": "before"}), on=by)
figure, axes = plt.subplots(1, 4, figsize=(TEXT_WIDTH, height(conditions)), sharey=True)
for split, axis in zip(HELD_OUT, axes, strict=True):
    plot_rows(axis, contrast[contrast["split"] == split], style, {"before": "x"})
    proportion(axis, split)
name_rows(axes[0], style, labels)
figure.supxlabel(f"accuracy (n = {len(seeds)} seeds)", fontsize=8)
study.save_figure(figure, "contrast", contrast[contrast["split"].isin(HELD_OUT)])

# %% [markdown]
# ## Along fine-tuning

# %%
course = over_seeds(accuracy, ["condition", "split", "step"])
figure, axes = plt.subplots(2, 3, figsize=(TEXT_WIDTH, 3.9), sharex=True, sharey=True)
for split, axis in zip(SHOWN, axes.flat, strict=True):
    plot_over_training(axis, course[course["split"] == split], style, logarithmic=False)
    axis.set(title=split, ylim=(-0.03, 1.03))
for axis in axes[-1]:
    axis.set_xlabel("step of fine-tuning")
figure.supylabel(f"accuracy (n = {len(seeds)} seeds)", fontsize=8)
legend_below(figure, style, labels)
study.save_figure(figure, "course", course)

# %%
study.save_numbers({"n_seeds": str(len(seeds))})

# %% [markdown]
# **Asking a model.** What the first condition's model says to a question of two hops, in the names of the
# task. Any other sequence of names (`run.dataset.vocabulary`) can take its place, and
# `run.bridge(step=...)` any other checkpoint.

# %%
run = study.run(conditions[0], seeds[0])
logits = run.bridge()(run.tokens("e3 r1 r2"))
run.likeliest(logits[0, -1]).round(3)
