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
# # Two-hop composition
#
# **Question.** A small transformer is trained on atomic facts `[a, r] → b` and on some two-hop facts
# `[a, r1, r2] → c`. A part of the atomic edges appears in no trained two-hop fact. Does the model
# answer two-hop questions over *those* edges, which it has only ever seen as separate facts?
#
# **Hypothesis.** It does when one and the same block looks up the first and the second hop, so that
# whatever is known as a one-hop answer is known for composing, too. Two different layers have to store
# every composed fact twice, and have no reason to store in the second what is only asked in the first.
#
# **What would refute it.** A two-layer model that answers `oo` questions, or a shared block that
# doesn't although it answers the trained ones.

# %% tags=["parameters"]
study_name = "composition"
results = "results"
conditions = []
labels = {}
seeds = []
code = "by hand"

# %%
import matplotlib.pyplot as plt
import pandas as pd

from onset.figures.curves import legend_below, plot_over_training
from onset.figures.style import NEUTRAL, TEXT_WIDTH, styles, use_style
from onset.latex import tabular
from onset.results import open_study
from onset.summary import format_interval, interval, over_seeds

use_style()
study = open_study(study_name, results, conditions, seeds, code)
style = styles(conditions)
measures = study.measures
HELD_OUT = ["id", "oi", "io", "oo"]

# %% [markdown]
# ## What was run
#
# One model per condition and seed. The table shows where the conditions differ; everything else is in
# each run's `training.yaml`. `id` questions have both edges composed elsewhere in training; in `oi`
# the first edge never is, in `io` the second, in `oo` neither. A quarter of each held-out split was set
# apart for choosing settings (on other seeds); everything below is the rest.

# %%
first = {name: study.run(name, seeds[0]) for name in conditions}
pd.DataFrame(
    {
        labels[name]: {
            **{key: run.settings["model"][key] for key in ("n_layers", "n_loops", "readout")},
            "tied": run.settings["model"]["tied_embeddings"],
            "weight decay": run.settings["training"]["weight_decay"],
            "trained two-hop facts": len(run.dataset.splits["composed_train"]),
            **{f"{split} questions": len(run.dataset.splits[split]) for split in HELD_OUT},
        }
        for name, run in first.items()
    }
).T

# %% [markdown]
# ## The contrast
#
# Accuracy at the end of training. Two null controls: the same models before training (crosses), and a
# model trained on two-hop facts whose answers have changed places among all of them, so that there is
# nothing to compose.

# %%
accuracy = measures[(measures["measure"] == "accuracy") & measures["split"].isin(HELD_OUT)]
last = accuracy[accuracy["step"] == accuracy.groupby("condition")["step"].transform("max")]
untrained = accuracy[accuracy["step"] == 0]
chance = 1 / first[conditions[0]].settings["task"]["n_entities"]

rows = []
for (condition, split), group in last.groupby(["condition", "split"]):
    mean, low, high = interval(group["value"], proportion=True)
    before = untrained[(untrained["condition"] == condition) & (untrained["split"] == split)]
    values = {
        f"seed_{seed}": value for seed, value in zip(group["seed"], group["value"], strict=True)
    }
    row = {"condition": condition, "split": split, "mean": mean, "low": low, "high": high}
    rows.append({**row, **values, "untrained": before["value"].mean()})
contrast = pd.DataFrame(rows)
contrast["condition"] = pd.Categorical(contrast["condition"], conditions)
contrast = contrast.sort_values(["condition", "split"]).reset_index(drop=True)

height = 0.55 + 0.22 * len(conditions)
figure, axes = plt.subplots(1, 4, figsize=(TEXT_WIDTH, height), sharey=True)
for split, axis in zip(HELD_OUT, axes, strict=True):
    axis.axvline(chance, color=NEUTRAL, linestyle=":", linewidth=0.8)
    for place, condition in enumerate(conditions):
        row = contrast[(contrast["condition"] == condition) & (contrast["split"] == split)].iloc[0]
        its = style[condition]
        axis.plot(
            [row["low"], row["high"]], [place, place], color=its.colour, linewidth=1.5, alpha=0.6
        )
        axis.plot(
            row[[f"seed_{s}" for s in seeds]],
            [place] * len(seeds),
            ".",
            color=its.colour,
            markersize=3,
        )
        axis.plot(row["mean"], place, its.marker, color=its.colour, markersize=5, clip_on=False)
        axis.plot(row["untrained"], place, "x", color=NEUTRAL, markersize=4)
    axis.set(title=split, xlim=(-0.05, 1.05), xticks=[0, 0.5, 1], xticklabels=["0", ".5", "1"])
axes[0].set_yticks(range(len(conditions)), [labels[name] for name in conditions])
axes[0].invert_yaxis()
figure.supxlabel(f"accuracy (n = {len(seeds)} seeds)", fontsize=8)
study.save_figure(figure, "contrast", contrast)

# %% [markdown]
# ## When it emerges
#
# The same accuracy along training, on a logarithmic axis of steps.

# %%
curves = over_seeds(accuracy, ["condition", "split", "step"], proportion=True)
figure, axes = plt.subplots(2, 2, figsize=(TEXT_WIDTH, 3.9), sharex=True, sharey=True)
for split, axis in zip(HELD_OUT, axes.flat, strict=True):
    plot_over_training(
        axis,
        curves[curves["split"] == split],
        style,
        accuracy[accuracy["split"] == split],
    )
    axis.set(title=split, ylim=(-0.03, 1.03))
for axis in axes[-1]:
    axis.set_xlabel("training step")
figure.supylabel(f"accuracy (n = {len(seeds)} seeds)", fontsize=8)
legend_below(figure, style, labels)
study.save_figure(figure, "emergence", curves)

# %% [markdown]
# ## Where the bridge is
#
# If a two-hop answer is composed, the bridge entity r1(a) should be readable by the logit lens at the
# position of r1 by the time the second block application looks from the second relation.
# In a model that is read out per hop, one application makes it the answer to `[a, r1]`; in the other
# models it may appear only after the second application, too late to be used.

# %%
lens = measures[(measures["measure"] == "bridge_top1") & (measures["split"] == "oo")]
lens = lens[lens["layer"] > 0]
readable = over_seeds(lens, ["condition", "layer", "step"], proportion=True)
figure, axes = plt.subplots(1, 2, figsize=(TEXT_WIDTH, 2.5), sharex=True, sharey=True)
for layer, axis in zip((1, 2), axes, strict=True):
    plot_over_training(
        axis, readable[readable["layer"] == layer], style, lens[lens["layer"] == layer]
    )
    axis.set(title=f"after block application {layer}", ylim=(-0.03, 1.03))
    axis.set_xlabel("training step")
axes[0].set_ylabel(f"bridge ranks first (n = {len(seeds)})")
legend_below(figure, style, labels)
study.save_figure(figure, "bridge", readable)

# %% [markdown]
# ## Learning curves
#
# Loss and accuracy on what is trained, beside the hardest held-out split.

# %%
SHOWN = {"atomic": "atomic facts", "composed_train": "trained two-hop facts", "oo": "oo questions"}
both = measures[measures["measure"].isin(["loss", "accuracy"]) & measures["split"].isin(SHOWN)]
learning = over_seeds(both, ["measure", "condition", "split", "step"])
figure, axes = plt.subplots(2, 3, figsize=(TEXT_WIDTH, 3.6), sharex="row", sharey="row")
for measure, row_axes in zip(("loss", "accuracy"), axes, strict=True):
    for (split, title), axis in zip(SHOWN.items(), row_axes, strict=True):
        chosen = (learning["measure"] == measure) & (learning["split"] == split)
        plot_over_training(axis, learning[chosen], style, logarithmic=measure == "loss")
        if measure == "loss":
            axis.set(title=title, yscale="log")
        else:
            axis.set(ylim=(-0.03, 1.03), xlabel="training step")
means = learning.loc[learning["measure"] == "loss", "mean"]
axes[0, 0].set_ylim(means.min() / 1.5, means.max() * 1.5)
axes[0, 0].set_ylabel("loss (nats)")
axes[1, 0].set_ylabel(f"accuracy (n = {len(seeds)})")
legend_below(figure, style, labels)
study.save_figure(figure, "learning", learning)

# %% [markdown]
# ## The numbers
#
# Mean over seeds at the last checkpoint and the 95 % interval of the mean (Student's t over seeds, cut at
# 0 and 1). The paper quotes these.

# %%
summary = study.summary
chosen = summary[summary["measure"] == "accuracy"]
by_place = {(row.condition, row.split): row for row in chosen.itertuples()}
TRAINED = ["atomic", "composed_train"]  # all but perfect everywhere: the mean says enough
cells = [
    [
        labels[name],
        *(f"{by_place[name, split].mean:.2f}" for split in TRAINED),
        *(format_interval(by_place[name, split]) for split in HELD_OUT),
    ]
    for name in conditions
]
columns = ["condition", "atomic", "composed", *HELD_OUT]
table = pd.DataFrame(cells, columns=columns)
study.save_table(table, "accuracy", tabular(columns, cells, "l" * len(columns)))
table

# %%
numbers = {
    f"{condition}/{split}": format_interval(row) for (condition, split), row in by_place.items()
}
oo = last[last["split"] == "oo"].set_index(["condition", "seed"])["value"]
gain = (
    accuracy[(accuracy["split"] == "oo") & (accuracy["value"] >= 0.5)]
    .groupby(["condition", "seed"])["step"]
    .min()
)
for condition in conditions:
    reached = gain.get(condition, pd.Series(dtype=float))
    numbers[f"{condition}/oo_half"] = (
        f"{reached.mean():.0f}" if len(reached) == len(seeds) else "never in all seeds"
    )
numbers["n_seeds"] = str(len(seeds))
numbers["chance"] = f"{chance:.2f}"
numbers["untrained/oo"] = f"{untrained[untrained['split'] == 'oo']['value'].max():.2f}"
study.save_numbers(numbers)
pd.Series(numbers, name="number").to_frame()

# %% [markdown]
# **Reading a model.** `open_run("composition", "shared_per_hop", seed=0).bridge()` from `onset.results`
# opens the final checkpoint in TransformerLens; `.bridge(step=..., n_applications=1)` an earlier one,
# unrolled for one-hop questions.
