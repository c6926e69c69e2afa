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
# # Aliases
#
# **Question.** A one-layer transformer is trained on definitions `[a, IS] → b` of all aliases, on all
# attributes of the bases, `[b, attr] → value`, and on attributes of *some* aliases. Does it answer
# `[a, attr]` for the others (`ood`), of which it has only ever seen the definition?
#
# **Hypothesis.** It does when an entity as an answer and the same entity as a question share one code.
# Then the definition, which trains the alias to lead to the base as an answer, also moves the alias to
# where the base is as a question. Tied embeddings share by construction. In an untied model nothing
# in the data says that the answer `b` and the question `b` are one thing: exchange the answer tokens of two
# bases of `ood` aliases, and the training data are as likely as before. A learner that treats an answer and
# a question as unrelated symbols can only guess, unless other data link the two: bases that name
# themselves, `[b, COPY] → b`.
#
# **When it was put.** The contrast of tied, untied and self-naming models after prototypes; the
# doses, the cosines and the interventions after pilots on spare seeds (100–102). In such a pilot an
# untied model without self-naming, given a base in an alias's place, named it in 80 % of definitions,
# the share of aliases with facts. From that came a prediction, put before any run was asked for it: such a
# model names the bases of aliases with facts when asked `[b, IS]`, because those facts bring the alias to
# its base, and never the bases of the others (`naming_id`, `naming_ood`).
#
# **What would refute it.** A tied or a self-naming model that stays at chance on `ood`; definitions in a
# tied model that leave the alias far from its base; an alias whose answers outlast the removal of its
# base's code, or suffer as much from a control; a new name that is defined and whose attributes stay
# unknown.

# %% tags=["parameters"]
study_name = "alias"
results = "results"
conditions = None
labels = {}
seeds = None
code = "by hand"
analysed = None

# %%
import matplotlib.pyplot as plt
import pandas as pd

from onset.figures.curves import legend_below, plot_over_training
from onset.figures.dose import doses_of, plot_dose
from onset.figures.learning import learning_curves, plot_learning
from onset.figures.mechanism import (
    ABLATIONS,
    accuracy_without_parts,
    direct_effects,
    plot_attention,
    plot_direct_effects,
    plot_parts,
)
from onset.figures.names import name_curves
from onset.figures.rows import height, name_rows, plot_rows, proportion
from onset.figures.style import NEUTRAL, TEXT_WIDTH, Styles, styles, use_style
from onset.latex import tabular
from onset.results import open_study
from onset.statistics.rows import at_last_step
from onset.statistics.seeds import over_seeds
from onset.statistics.wording import format_interval

use_style()
study = open_study(study_name, results, conditions, seeds, code, analysed)
conditions, seeds = study.conditions, study.seeds
labels = {name: labels.get(name, name) for name in conditions}
measures = study.measures
first = {name: study.run(name, seeds[0]) for name in conditions}
settings = {name: run.settings for name, run in first.items()}

DOSES = {("task", "with_facts"): "aliases with facts", ("training", "weight_decay"): "weight decay"}
doses = {place: doses_of(settings, conditions[0], *place) for place in DOSES}
dosed = {name for curve in doses.values() for name in curve} - {conditions[0]}
main = [name for name in conditions if name not in dosed]
style = styles(main)
chance = 1 / settings[conditions[0]]["task"]["n_values"]
training = settings[conditions[0]]["training"]
decay_start = round(training["steps"] * (1 - training["decay_fraction"]))  # of the learning rate

# %% [markdown]
# ## What was run
#
# One model per condition and seed; everything that the table leaves out is in each run's `training.yaml`.
# The first conditions are the contrast, the others points of two dose curves of the tied model. A
# quarter of `id` and of `ood` was set apart for choosing settings (on other seeds); what is below is the
# rest. In the null control the definitions of all aliases have changed places, and the facts of aliases
# contradict them. The right answers stay those of the true bases, of which nothing is said, so that chance
# is guaranteed there. What it tells is how often such a model answers as of the base that the definition
# names (`unchanged_own_accuracy` below).

# %%
TRAINED, ASKED = ["definitions", "base_facts", "alias_facts"], ["id", "ood"]
NAMING = ["naming_id", "naming_ood"]
pd.DataFrame(
    {
        labels[name]: {
            "tied": settings[name]["model"]["tied_embeddings"],
            "weight decay": settings[name]["training"]["weight_decay"],
            "definitions are": settings[name]["task"]["definitions"],
            "self-naming": "self_naming" in settings[name]["training"]["mixture"],
            **{split: len(run.dataset.splits[split]) for split in ["alias_facts", *ASKED]},
        }
        for name, run in first.items()
    }
).T

# %% [markdown]
# ## The contrast
#
# Held-out questions at the end of training, beside the same models before training (crosses), always giving
# the attribute's commonest value (bars) and a uniform guess among its values (dotted). `naming` asks a base
# for its own name with the word of definitions: can the model get from the question `b` to the answer `b`?

# %%
by = ["condition", "split"]
held_out = measures[measures["split"].isin(ASKED + NAMING) & measures["condition"].isin(main)]
accuracy = held_out[held_out["measure"] == "accuracy"]
contrast = over_seeds(at_last_step(accuracy), by)
# A run that starts from another has been trained before its first step.
from_scratch = [name for name in main if not settings[name]["parent"]]
before = accuracy[(accuracy["step"] == 0) & accuracy["condition"].isin(from_scratch)]
guess = at_last_step(held_out[held_out["measure"] == "guess_accuracy"])
for name, control in (("untrained", before), ("guess", guess)):
    means = over_seeds(control, by)[[*by, "mean"]].rename(columns={"mean": name})
    contrast = contrast.merge(means, on=by, how="left")

figure, axes = plt.subplots(1, 4, figsize=(TEXT_WIDTH, height(main)), sharey=True)
for split, axis in zip(ASKED + NAMING, axes, strict=True):
    controls = {"guess": "|", "untrained": "x"}
    plot_rows(axis, contrast[contrast["split"] == split], style, controls)
    if split in ASKED:
        axis.axvline(chance, color=NEUTRAL, linestyle=":", linewidth=0.8, zorder=0)
    proportion(axis, split.replace("_", " "))
name_rows(axes[0], style, labels)
figure.supxlabel(f"accuracy (n = {len(seeds)} seeds)", fontsize=8)
study.save_figure(figure, "contrast", contrast)

# %% [markdown]
# ## When it emerges
#
# Grey line: from there on the learning rate falls to zero; what rises after it may be due to that.

# %%
SHOWN = {"definitions": "definitions", "alias_facts": "facts of aliases", "id": "id", "ood": "ood"}
of_main = measures[measures["condition"].isin(main) & measures["split"].isin(SHOWN)]
by = ["condition", "split", "step"]
curves = over_seeds(of_main[of_main["measure"] == "accuracy"], by)
figure, axes = plt.subplots(2, 2, figsize=(TEXT_WIDTH, 3.9), sharex=True, sharey=True)
for (split, title), axis in zip(SHOWN.items(), axes.flat, strict=True):
    plot_over_training(axis, curves[curves["split"] == split], style)
    axis.set(title=title, ylim=(-0.03, 1.03))
    axis.axvline(decay_start, color=NEUTRAL, linewidth=0.5, zorder=0)
    if split in ASKED:
        axis.axhline(chance, color=NEUTRAL, linestyle=":", linewidth=0.8)
for axis in axes[-1]:
    axis.set_xlabel("training step")
figure.supylabel(f"accuracy (n = {len(seeds)} seeds)", fontsize=8)
legend_below(figure, style, labels)
study.save_figure(figure, "emergence", curves)

# %% [markdown]
# ## How much it takes
#
# Two doses: how many aliases have facts that show what definitions mean (their share of each batch
# stays, so that fewer facts are each seen more often), and weight decay. Everything else is that of the
# first condition (ring).

# %%
asked = measures[measures["split"].isin(ASKED) & (measures["measure"] == "accuracy")]
asked = at_last_step(asked)
over_conditions = over_seeds(asked, ["condition", "split"])
dose_curves = pd.concat(
    over_conditions[over_conditions["condition"].isin(curve)].assign(
        setting=".".join(place), dose=lambda rows, curve=curve: rows["condition"].map(curve)
    )
    for place, curve in doses.items()
)
of_split = styles(ASKED)
figure, axes = plt.subplots(1, len(DOSES), figsize=(TEXT_WIDTH, 2.3), sharey=True)
for (place, name), axis in zip(DOSES.items(), axes, strict=True):
    for split in ASKED:
        chosen = (dose_curves["setting"] == ".".join(place)) & (dose_curves["split"] == split)
        plot_dose(axis, dose_curves[chosen], of_split[split], split)
        shared = dose_curves[chosen & (dose_curves["condition"] == conditions[0])]
        axis.plot(shared["dose"], shared["mean"], "o", color=NEUTRAL, markersize=9, mfc="none")
    axis.axhline(chance, color=NEUTRAL, linestyle=":", linewidth=0.8)
    axis.set(xlabel=name, ylim=(-0.03, 1.03))
axes[0].set_xticks(list(doses["task", "with_facts"].values()))
axes[0].xaxis.set_major_formatter("{x:.0%}")
axes[1].set_xscale("log")
axes[1].set_xticks(list(doses["training", "weight_decay"].values()), minor=False)
axes[1].set_xticks([], minor=True)
axes[1].xaxis.set_major_formatter("{x:g}")
axes[0].set_ylabel(f"accuracy (n = {len(seeds)})")
name_curves(axes[1], of_split, {split: split for split in ASKED})
study.save_figure(figure, "doses", dose_curves)

# %% [markdown]
# ## Where aliases lie
#
# Does the definition move the alias to its base? The cosine of their input embeddings, against that with
# all other bases (grey). An alias with facts can be brought to its base by those; an `ood` alias only by
# its definition. A cosine alone does not say what is answered: beside it, the numbers below have accuracy.

# %%
COSINES = ["alias_cosine", "alias_cosine_other"]
by = ["measure", *by]
cosines = over_seeds(measures[measures["measure"].isin(COSINES)], by)
figure, axes = plt.subplots(1, 2, figsize=(TEXT_WIDTH, 2.7), sharex=True, sharey=True)
titles = {"id": "aliases with facts (id)", "ood": "known by definition alone (ood)"}
for (split, title), axis in zip(titles.items(), axes, strict=True):
    its_own = (cosines["measure"] == COSINES[0]) & (cosines["split"] == split)
    plot_over_training(axis, cosines[its_own], style)
    for _, other in cosines[~its_own & (cosines["split"] == split)].groupby("condition"):
        if other["measure"].iloc[0] == COSINES[1]:
            axis.plot(other["step"], other["mean"], color=NEUTRAL, linewidth=0.6)
    axis.axvline(decay_start, color=NEUTRAL, linewidth=0.5, zorder=0)
    axis.set(title=title, xlabel="training step")
axes[0].set_ylabel(f"cosine with base (n = {len(seeds)})")
legend_below(figure, style, labels)
study.save_figure(figure, "codes", cosines)

# %% [markdown]
# ## Interventions
#
# On what the model reads when it reads an alias known by definition alone (`ood`); the readout stays.
#
# - *In which code are questions asked?* (top) Another base's code is put into the alias: as a shift, which
#   exchanges the two bases and keeps what is the alias's own, in input rows or in rows of the
#   unembedding (the same in tied models), or as the row of the unembedding itself. A shift shows which code
#   acts, not that the alias had it before.
# - *Does the alias answer from its base's code?* (bottom) What it has along its base's input row is taken
#   away. The null control subtracts as much along another base's, of which the alias has nothing: it
#   writes where the other takes away, and costs accuracy too. What counts is the difference (`removal`,
#   within each seed).
# - *Does a definition write that code?* (bottom right) The alias's row is forgotten and learned anew from
#   its definition alone, with everything else frozen.

# %%
PANELS = {
    "shift_input_other_accuracy": "shift, input rows",
    "shift_output_other_accuracy": "shift, output rows",
    "swap_output_other_accuracy": "output row instead",
    "shift_random_other_accuracy": "null: random shift",
    "unchanged_own_accuracy": "unchanged",
    "remove_own_own_accuracy": "own removed",
    "remove_other_own_accuracy": "null: other removed",
    "new_name_accuracy": "new name",
}
on_ood = (measures["split"] == "ood") & measures["measure"].isin(PANELS)
interventions = over_seeds(at_last_step(measures[on_ood]), ["measure", "condition"])
figure, axes = plt.subplots(
    2, 4, figsize=(TEXT_WIDTH, 2 * height(main) - 0.2), sharex=True, sharey=True
)
for (measure, title), axis in zip(PANELS.items(), axes.flat, strict=True):
    plot_rows(axis, interventions[interventions["measure"] == measure], style)
    axis.axvline(chance, color=NEUTRAL, linestyle=":", linewidth=0.8, zorder=0)
    proportion(axis, title)
    axis.title.set_fontsize(7)
for axis in axes[:, 0]:
    name_rows(axis, style, labels)
for row_axes, whose in zip(axes, ("as of the other base", "as of its own base"), strict=True):
    row_axes[-1].set_ylabel(whose, rotation=270, labelpad=10, fontsize=7)
    row_axes[-1].yaxis.set_label_position("right")
figure.supxlabel(f"fraction of ood questions answered so (n = {len(seeds)} seeds)", fontsize=8)
study.save_figure(figure, "interventions", interventions)

# %% [markdown]
# ## Which parts
#
# On ood questions: where the answering position, the attribute's, looks to (0 is the alias), what each part
# writes there towards the right answer and away from a donor's (direct logit attribution), and what is left
# of the accuracy without one head or the MLP, in the first three conditions that are analysed.

# %%
closer = at_last_step(study.analyses)
shown = study.analysed[:3]
closer = closer[(closer["split"] == "ood") & closer["condition"].isin(shown)]
attention = closer[closer["measure"] == "attention"]
effects = direct_effects(closer)
its_style = Styles({name: style[name] for name in shown})
figure, axes = plt.subplots(1, 2, figsize=(TEXT_WIDTH, 2.3))
plot_attention(axes[0], attention, its_style)
name_rows(axes[0], its_style, labels)
axes[0].set_xlabel("attention to the alias (dark: to the attribute)")
plot_direct_effects(axes[1], effects, its_style)
axes[1].set_ylabel(f"logit difference (n = {len(seeds)})")
legend_below(figure, its_style, labels, markers=True)
study.save_figure(figure, "effects", effects)

parts = accuracy_without_parts(closer)
figure, axes = plt.subplots(1, len(shown), figsize=(TEXT_WIDTH, 2.2), sharey=True, squeeze=False)
for condition, axis in zip(shown, axes[0], strict=True):
    plot_parts(axis, parts[parts["condition"] == condition])
    axis.set_title(labels[condition], fontsize=7)
axes[0, 0].set_ylabel(f"accuracy left (n = {len(seeds)} seeds)")
legend_below(figure, styles(ABLATIONS), ABLATIONS, markers=True)
study.save_figure(figure, "parts", parts)
resampled = parts[parts["kind"] == "resample"]

# %% [markdown]
# ## Learning curves
#
# Losses differ by factors between seeds, so that their mean and interval are those of their logarithms.

# %%
LEARNT = {"alias_facts": "trained facts of aliases", "id": "id", "ood": "ood"}
learning = learning_curves(of_main[of_main["split"].isin(LEARNT)])
figure = plot_learning(learning, LEARNT, style, labels, decay_start)
study.save_figure(figure, "learning", learning)

# %% [markdown]
# ## The numbers
#
# Mean over seeds at the last checkpoint and the 95 % interval of the mean (Student's t over seeds, cut at
# 0 and 1). The paper quotes these.

# %%
summary = {(row.condition, row.split, row.measure): row for row in study.summary.itertuples()}
cells = [
    [
        labels[name],
        *(f"{summary[name, split, 'accuracy'].mean:.2f}" for split in TRAINED),
        *(format_interval(summary[name, split, "accuracy"]) for split in ASKED),
        *(f"{summary[name, split, 'accuracy'].mean:.2f}" for split in NAMING),
    ]
    for name in conditions
]
columns = ["condition", "definitions", "bases", "aliases", *ASKED, "naming id", "naming ood"]
table = pd.DataFrame(cells, columns=columns)
study.save_table(table, "accuracy", tabular(columns, cells, "l" * len(columns)))
table

# %%
numbers = {}
# What removing the base's code takes away beyond what removing as much along another's does.
removed = at_last_step(measures[measures["split"] == "ood"])
removed = removed.pivot_table("value", ["condition", "seed"], "measure", observed=True)
if {"remove_own_own_accuracy", "remove_other_own_accuracy"} <= set(removed):
    beyond = removed["remove_other_own_accuracy"] - removed["remove_own_own_accuracy"]
    beyond = beyond.dropna().rename("value").reset_index().assign(measure="removal")
    numbers |= {
        f"{row.condition}/removal": format_interval(row)
        for row in over_seeds(beyond, ["condition"]).itertuples()
    }
# The checkpoints at which accuracy is first a half or more: one step, or the range over seeds.
reached = measures[(measures["measure"] == "accuracy") & (measures["value"] >= 0.5)]
half = reached.groupby(["condition", "split", "seed"])["step"].min()
for condition in main:
    for split in [*TRAINED, *ASKED]:
        steps = half[half.index.isin([(condition, split, seed) for seed in seeds])]
        said = "–".join(map(str, sorted({steps.min(), steps.max()})))
        numbers[f"{condition}/{split}_half"] = (
            said if len(steps) == len(seeds) else "not in every seed"
        )
for section, keys in {
    "task": ("n_bases", "n_attributes", "n_values"),
    "model": ("d_model",),
    "training": ("steps", "batch_size", "weight_decay", "learning_rate"),
}.items():
    numbers |= {key: f"{settings[conditions[0]][section][key]:g}" for key in keys}
numbers["decay_start"] = str(decay_start)
for condition, its in resampled.groupby("condition"):
    of_heads = its[its["head"].notna()]
    numbers[f"{condition}/without_head"] = f"{of_heads['mean'].min():.2f}"
share = settings[conditions[0]]["task"]["with_facts"]
numbers |= {"with_facts": f"{100 * share:g}", "chance": f"{chance:g}", "n_seeds": str(len(seeds))}
of_ood = contrast[contrast["split"] == "ood"]
numbers |= {f"{key}/ood": f"{of_ood[key].max():.2f}" for key in ("untrained", "guess")}
random = interventions[interventions["measure"] == "shift_random_other_accuracy"]
numbers["random_shift"] = f"{random['mean'].max():.2f}"
study.save_numbers(numbers)
shown = ["accuracy", "alias_cosine", *PANELS]
pd.DataFrame(
    {
        labels[name]: {
            measure: format_interval(summary[name, "ood", measure])
            for measure in shown
            if (name, "ood", measure) in summary
        }
        for name in main
    }
).fillna("")

# %% [markdown]
# **Reading a model.** `open_run("alias", "untied", seed=0).bridge()`, from `onset.results`, opens the final
# checkpoint in TransformerLens; `run.dataset.splits["ood"].truth["named"]` holds the base that the
# definition names, `truth["bridge"]` the one whose values the answers are.

# %% [markdown]
# **Asking a model.** What the first condition's model says to an attribute of the alias `a0`. Any other
# sequence of names (`run.dataset.vocabulary`) can take its place, and `run.bridge(step=...)` any other
# checkpoint.

# %%
run = study.run(conditions[0], seeds[0])
logits = run.bridge()(run.tokens("a0 attr0"))
run.likeliest(logits[0, -1]).round(3)
