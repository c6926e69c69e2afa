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
# # Definitions and their sources
#
# **Question.** In stage one a model learns facts `[b, attribute] → value` of bases and of aliases, and
# definitions of these aliases: `[a, DEF1] → b`, which agree with the facts, and `[a, DEF2] → b`, which
# contradict them. In stage two it learns definitions of *new* aliases, of which no fact is ever trained.
# Asked about their attributes, does it answer as if the new DEF1 definitions were true, and the new DEF2
# definitions not? Krasheninnikov et al. 2023 (arXiv:2310.15047) found this *implicit meta-learning* in
# language models.
#
# **Hypothesis.** Yes, and gradients say so beforehand: after stage one, the gradient of a definition with
# respect to the embedding of its alias points more in the direction of that of the right answers for
# DEF1 than for DEF2. The larger this difference between the tags before stage two, the larger the
# difference in accuracy after it. (Put this way after pilots on the seeds 100–102, before any run of the
# seeds below.)
#
# **What would refute it.** No difference between the tags; a difference also where both tags were right
# half the time in stage one (the null control); or alignments that say no more about an unseen condition
# than the mean of the others does. Do they also say which seed of a condition does better? They would
# have to beat the same condition's other seeds. (That baseline, and leaving out conditions, were added
# after the runs; what was compared before them was the mean of all conditions in the other seeds, which
# anything that tells conditions apart beats.)

# %% tags=["parameters"]
study_name = "definitions"
results = "results"

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from onset.figures.curves import legend_below, plot_over_training
from onset.figures.names import name_curves
from onset.figures.page import MOST_PANELS, say_left_out
from onset.figures.rows import height, name_rows, plot_rows, proportion
from onset.figures.style import NEUTRAL, TEXT_WIDTH, Styles, styles
from onset.latex import tabular
from onset.notebook.here import here
from onset.results import Found
from onset.statistics.prediction import predicted_from_other_groups
from onset.statistics.rows import at_last_step
from onset.statistics.seeds import over_seeds, summary_of_seeds
from onset.statistics.wording import format_interval

study = here(study_name, results)
conditions, seeds, labels = study.conditions, study.seeds, study.labels
reference = study.reference
measures = study.measures
settings = {name: study.run(name, seeds[0]).settings for name in conditions}
stage_two = [name for name in conditions if settings[name]["parent"]]
style = styles(stage_two)
stage_one = [name for name in conditions if name not in stage_two]
KINDS = {
    "reliable": "defined with DEF1",
    "unreliable": "defined with DEF2",
    "undefined": "not defined",
}
TAUGHT = {
    "facts": "facts of bases",
    "alias_facts": "facts of aliases",
    "definitions_1": "DEF1 definitions",
    "definitions_2": "DEF2 definitions",
}
chance = 1 / settings[conditions[0]]["task"]["n_values"]

# %% [markdown]
# ## What was run
#
# Every run of stage two starts from the last checkpoint (`early`: from an early one) of a run of stage one
# with the same seed and the same world. A quarter of the new aliases was set apart for choosing settings
# (on other seeds); everything below is about the rest.

# %%
pd.DataFrame(
    {
        labels[name]: {
            "starts from": (its["parent"] or {}).get("run", "").split("/")[1:2],
            "at step": (its["parent"] or {}).get("step", ""),
            "definitions": its["task"]["order"],
            "reliability": its["task"]["reliability"],
            "tied": its["model"]["tied_embeddings"],
            "trained": its["training"]["trainable"] or "everything",
            "splits": ", ".join(its["training"]["mixture"]),
            **{key: its["training"][key] for key in ("steps", "batch_size", "learning_rate")},
        }
        for name, its in settings.items()
    }
).T

# %% [markdown]
# ## The contrast, and what is forgotten
#
# Which tag a new alias gets is drawn at random, so that nothing but the tag tells the first two panels
# apart. Aliases that are defined nowhere are the null control, scored against a base drawn at random. The
# second figure shows what is left of stage one.

# %%
accuracy = measures[(measures["measure"] == "accuracy") & measures["condition"].isin(stage_two)]
by = ["condition", "split"]
before = over_seeds(accuracy[accuracy["step"] == 0], by)[[*by, "mean"]]
at_end = over_seeds(at_last_step(accuracy), by).merge(
    before.rename(columns={"mean": "before"}), on=by
)

size = (TEXT_WIDTH, height(stage_two))
for figure_name, panels in (("contrast", KINDS), ("forgetting", TAUGHT)):
    figure, axes = plt.subplots(1, len(panels), figsize=size, sharey=True)
    for (split, title), axis in zip(panels.items(), axes, strict=True):
        plot_rows(axis, at_end[at_end["split"] == split], style, {"before": "x"})
        proportion(axis, title)
        if split in KINDS:
            axis.axvline(chance, color=NEUTRAL, linewidth=0.6, zorder=0)
    name_rows(axes[0], style, labels)
    figure.supxlabel(f"accuracy (n = {len(seeds)} seeds)", fontsize=8)
    study.save_figure(figure, figure_name, at_end[at_end["split"].isin(panels)])

# %% [markdown]
# ## Along stage two

# %%
asked = accuracy[accuracy["split"].isin(KINDS)]
course = over_seeds(asked, ["condition", "split", "step"])
of_kind = styles(KINDS)
N_COLUMNS = 3
shown = stage_two[:MOST_PANELS]
n_rows = -(-len(shown) // N_COLUMNS)
size = (TEXT_WIDTH, 0.6 + 1.2 * n_rows)
figure, axes = plt.subplots(n_rows, N_COLUMNS, figsize=size, sharey=True, squeeze=False)
for axis, condition in zip(axes.flat, shown, strict=False):
    curves = course[course["condition"] == condition].drop(columns="condition")
    plot_over_training(axis, curves.rename(columns={"split": "condition"}), of_kind)
    axis.set(title=labels[condition], ylim=(-0.03, 1.03))
    ticks = [0, *(10**power for power in range(1, 5) if 10**power <= curves["step"].max())]
    axis.set_xticks(ticks, [str(tick) for tick in ticks])
    axis.minorticks_off()
for axis in axes.flat[len(shown) :]:
    axis.set_visible(False)
for axis in axes[-1]:
    axis.set_xlabel("step of stage two")
figure.supylabel(f"accuracy (n = {len(seeds)} seeds)", fontsize=8)
legend_below(figure, of_kind, KINDS)
say_left_out(figure, shown, stage_two)
study.save_figure(figure, "course", course)

# %% [markdown]
# ## Gradients before stage two
#
# The cosine of the gradients of a definition and of the answers that follow from it, with respect to the
# embedding of the alias. Its difference between the tags is known before stage two. It is compared with the
# difference in accuracy after stage two, in the conditions in which nothing but new embeddings is
# trained, since only there the gradient with respect to them is the whole gradient, and in runs whose
# cosines differ: where a definition reads nothing from the alias's embedding, both are 0. Of a condition
# left out: does a line through the others' runs err less than their mean? Of a seed left out: does the
# line err less than the mean of the same condition in the other seeds?

# %%
confined = [name for name in stage_two if settings[name]["training"]["trainable"]]
TAGS = ["reliable", "unreliable"]
COSINES = ["gradient_cosine", "gradient_cosine_null"]
cosines = measures[measures["measure"].isin(COSINES) & measures["split"].isin(TAGS)]
along = over_seeds(cosines, ["measure", "condition", "split", "step"])
own = cosines[(cosines["measure"] == "gradient_cosine") & (cosines["step"] == 0)]
wide = {
    name: table.pivot_table("value", index=["condition", "seed"], columns="split", observed=True)
    for name, table in (("alignment", own), ("accuracy", at_last_step(accuracy)))
}
runs = pd.concat(
    {name: table["reliable"] - table["unreliable"] for name, table in wide.items()},
    axis=1,
    join="inner",
).reset_index()
points = runs[runs["condition"].isin(confined)].reset_index(drop=True)
told_apart = points[points["alignment"] != 0].copy()
for group in ("condition", "seed"):
    told_apart[f"line_of_other_{group}s"], told_apart[f"mean_of_other_{group}s"] = (
        predicted_from_other_groups(
            *(told_apart[column].to_numpy() for column in ("alignment", "accuracy", group))
        )
    )
of_condition = told_apart.groupby("condition")["accuracy"]
others = of_condition.transform("sum") - told_apart["accuracy"]
told_apart["same_condition"] = others / (of_condition.transform("size") - 1)
points = points.merge(told_apart, how="left")

figure, (left, right) = plt.subplots(1, 2, figsize=(TEXT_WIDTH, 2.7))
root = along[along["condition"] == stage_one[0]]
shown, null = (root[root["measure"] == measure] for measure in COSINES)
as_lines = shown.drop(columns="condition").rename(columns={"split": "condition"})
tag_style = Styles({tag: of_kind[tag] for tag in TAGS})
plot_over_training(left, as_lines, tag_style, logarithmic=False)
for kind in TAGS:
    its = null[null["split"] == kind]
    left.plot(its["step"], its["mean"], ":", color=of_kind[kind].colour, linewidth=0.8)
left.set(xlabel="step of stage one", ylabel=f"cosine of gradients (n = {len(seeds)})")
left.set_ylim(-0.3, 1)
for condition in confined:
    its = points[points["condition"] == condition]
    right.plot(its["alignment"], its["accuracy"], **style[condition].of_marker)
if told_apart["alignment"].nunique() > 1:
    ends = np.array([told_apart["alignment"].min(), told_apart["alignment"].max()])
    slope, intercept = np.polyfit(told_apart["alignment"], told_apart["accuracy"], 1)
    right.plot(ends, intercept + slope * ends, color=NEUTRAL, linewidth=0.8, zorder=0)
right.set(
    xlabel="difference in cosine\nbefore stage two",
    ylabel="difference in accuracy\nafter stage two",
    ylim=(min(-0.15, points["accuracy"].min() - 0.05), 1.05),
)
legend_below(figure, Styles({name: style[name] for name in confined}), labels, markers=True)
name_curves(left, tag_style, {"reliable": "DEF1", "unreliable": "DEF2"}, below=False)
data = pd.concat([along.assign(panel="left"), points.assign(panel="right")], ignore_index=True)
study.save_figure(figure, "alignment", data)
points

# %% [markdown]
# ## The numbers
#
# Mean over seeds at the last checkpoint of stage two and the 95 % interval of the mean (Student's t over
# seeds, accuracies cut at 0 and 1). The difference between the tags is taken within each seed.

# %%
by_place = {(row.condition, row.split): row for row in at_end.itertuples()}
within = runs.assign(measure="difference", value=runs["accuracy"])
differences = {
    row.condition: format_interval(row)
    for row in over_seeds(within, ["condition"], "signed_share").itertuples()
}
cells = [
    [
        labels[name],
        *(format_interval(by_place[name, kind]) for kind in KINDS),
        differences[name],
    ]
    for name in stage_two
]
columns = ["condition", "DEF1", "DEF2", "not defined", "DEF1 − DEF2"]
table = pd.DataFrame(cells, columns=columns)
study.save_table(table, "accuracy", tabular(columns, cells, "l" * len(columns)))
table

# %%
numbers = {f"{name}/difference": text for name, text in differences.items()}
for row in over_seeds(own, by).itertuples():
    numbers[f"{row.condition}/cosine_{row.split}"] = format_interval(row)
other = cosines[(cosines["measure"] == "gradient_cosine_null") & (cosines["step"] == 0)]
numbers["cosine_null"] = (
    f"{over_seeds(other[other['condition'].isin(stage_two)], by)['mean'].abs().max():.2f}"
)

# The mean absolute error of each prediction, over each seed's runs.
predictions = [*told_apart.filter(like="of_other_"), "same_condition"]
errors = told_apart[predictions].sub(told_apart["accuracy"], axis=0).abs()
errors = errors.groupby(told_apart["seed"]).mean()
for name in predictions:
    numbers[f"error/{name}"] = format_interval(summary_of_seeds(errors[name]))
compared = told_apart[["alignment", "accuracy"]]
agree = np.sign(compared["alignment"]) == np.sign(compared["accuracy"])
numbers["same_sign"], numbers["n_points"] = str(agree.sum()), str(len(compared))
within = compared - compared.groupby(told_apart["condition"]).transform("mean")
for name, of_runs in (("correlation", compared), ("correlation_within", within)):
    numbers[name] = f"{of_runs.corr().loc['alignment', 'accuracy']:.2f}"
for name, its in settings.items():
    if (its["parent"] or {}).get("step") is not None:
        numbers[f"{name}/starts_at"] = str(its["parent"]["step"])

base = settings[stage_one[0]]
numbers |= {key: str(base["task"][key]) for key in ("n_bases", "n_attributes", "n_values", "n_new")}
numbers |= {key: f"{base['training'][key]:g}" for key in ("steps", "weight_decay")}
numbers["n_aliases"] = str(2 * base["task"]["n_aliases"])
numbers["d_model"], numbers["n_seeds"] = str(base["model"]["d_model"]), str(len(seeds))
numbers["chance"] = f"{chance:.2f}"
numbers["before"] = f"{at_end.loc[at_end['split'].isin(TAGS), 'before'].max():.2f}"
numbers["undefined_most"] = f"{at_end.loc[at_end['split'] == 'undefined', 'mean'].max():.2f}"
study.save_numbers(numbers)
pd.Series(numbers, name="number").to_frame()

# %% [markdown]
# ## Beside the literature
#
# What is reported of language models. Ours: the difference in accuracy between the tags with replay, as in
# their second stage, and by how much smaller batches make it larger, within each seed.

# %%
of_seed = runs.pivot_table("accuracy", index="seed", columns="condition")
compared = {}
if "replay" in of_seed:
    compared["sources"] = of_seed["replay"]
if {"replay", "replay_small_batch"} <= set(of_seed):
    compared["batch_size"] = of_seed["replay_small_batch"] - of_seed["replay"]
found = {name: Found.beyond(its) for name, its in compared.items() if name in reference}
study.save_reference({name: reference[name] for name in found}, found)

# %% [markdown]
# **Asking a model.** What the first condition's model says to a fact about the alias `a0`. Any other
# sequence of names (`run.dataset.vocabulary`) can take its place, and `run.bridge(step=...)` any other
# checkpoint.

# %%
run = study.run(conditions[0], seeds[0])
logits = run.bridge()(run.tokens("a0 r0"))
run.likeliest(logits[0, -1]).round(3)
