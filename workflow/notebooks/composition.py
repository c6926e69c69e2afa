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
# **Hypothesis.** One block that is also read out after the first hop, with tied embeddings, can use for
# the second hop whatever it knows as an atomic fact. Two different layers have to store an edge twice,
# and the second has no reason to store what is only asked in the first. Sharing, early readout or tied
# embeddings alone should not do. (It was put this way after a look at prototypes and at a first run of
# the seeds below: a reading of these results, to be tested on others, not a prediction made before
# them.)
#
# **What would refute it.** A model that lacks one of the three and answers `oo` questions as well, or
# the full model failing although data and weight decay are ample.

# %% tags=["parameters"]
study_name = "composition"
results = "results"
conditions = None
labels = {}
seeds = None
code = "by hand"
analysed = None
reference = {}

# %%
import matplotlib.pyplot as plt
import pandas as pd

from onset.figures.curves import legend_below, plot_over_training
from onset.figures.learning import learning_curves, plot_learning
from onset.figures.mechanism import (
    ABLATIONS,
    REPLACEMENTS,
    accuracy_without_parts,
    direct_effects,
    follows_donor,
    plot_attention,
    plot_direct_effects,
    plot_parts,
)
from onset.figures.names import name_curves
from onset.figures.rows import height, name_rows, plot_rows, proportion
from onset.figures.style import TEXT_WIDTH, Styles, styles, use_style
from onset.latex import tabular
from onset.results import Found, open_study
from onset.statistics.milestones import first_half
from onset.statistics.rows import at_last_step, rows_of
from onset.statistics.seeds import over_seeds, summary_of_seeds
from onset.statistics.wording import format_interval

use_style()
study = open_study(study_name, results, conditions, seeds, code, analysed)
conditions, seeds = study.conditions, study.seeds
labels = {name: labels.get(name, name) for name in conditions}
style = styles(conditions)
measures = study.measures
first = {name: study.run(name, seeds[0]) for name in conditions}
HELD_OUT = ["id", "oi", "io", "oo"]

# %% [markdown]
# ## What was run
#
# One model per condition and seed. The table shows where the conditions differ; everything else is in
# each run's `training.yaml`. `id` questions have both edges composed elsewhere in training; in `oi` the
# first edge never is, in `io` the second, in `oo` neither. A quarter of each held-out split was set
# apart for choosing settings (on other seeds); everything below is the rest.

# %%
pd.DataFrame(
    {
        labels[name]: {
            **{key: run.settings["model"][key] for key in ("n_layers", "n_loops", "readout")},
            "tied": run.settings["model"]["tied_embeddings"],
            "weight decay": run.settings["training"]["weight_decay"],
            "trained two-hop facts": len(run.dataset.splits["composed_train"]),
            **{split: len(run.dataset.splits[split]) for split in HELD_OUT},
        }
        for name, run in first.items()
    }
).T

# %% [markdown]
# ## The contrast
#
# Accuracy at the end of training, beside three controls: the same models before training (crosses), the
# score of guessing from the second relation alone (bars: always its commonest answer), and a model
# trained on two-hop facts whose answers have changed places, so that there is nothing to compose.

# %%
accuracy, guess = (
    its[its["split"].isin(HELD_OUT)]
    for its in (rows_of(measures, name) for name in ("accuracy", "guess_accuracy"))
)
by = ["condition", "split"]
contrast = over_seeds(at_last_step(accuracy), by)
# A run that starts from another has been trained before its first step.
from_scratch = [name for name in conditions if not first[name].settings["parent"]]
before = accuracy[(accuracy["step"] == 0) & accuracy["condition"].isin(from_scratch)]
for name, control in (("untrained", before), ("guess", at_last_step(guess))):
    means = over_seeds(control, by)[[*by, "mean"]].rename(columns={"mean": name})
    contrast = contrast.merge(means, on=by, how="left")

figure, axes = plt.subplots(1, 4, figsize=(TEXT_WIDTH, height(conditions)), sharey=True)
for split, axis in zip(HELD_OUT, axes, strict=True):
    plot_rows(axis, contrast[contrast["split"] == split], style, {"guess": "|", "untrained": "x"})
    proportion(axis, split)
name_rows(axes[0], style, labels)
figure.supxlabel(f"accuracy (n = {len(seeds)} seeds)", fontsize=8)
study.save_figure(figure, "contrast", contrast)

# %% [markdown]
# ## When it emerges
#
# The same accuracy along training, on a logarithmic axis of steps.

# %%
curves = over_seeds(accuracy, ["condition", "split", "step"])
figure, axes = plt.subplots(2, 2, figsize=(TEXT_WIDTH, 3.9), sharex=True, sharey=True)
for split, axis in zip(HELD_OUT, axes.flat, strict=True):
    plot_over_training(axis, curves[curves["split"] == split], style)
    axis.set(title=split, ylim=(-0.03, 1.03))
for axis in axes[-1]:
    axis.set_xlabel("training step")
figure.supylabel(f"accuracy (n = {len(seeds)} seeds)", fontsize=8)
legend_below(figure, style, labels)
study.save_figure(figure, "emergence", curves)

# %% [markdown]
# ## Where the bridge is
#
# The logit lens at the position of r1. The state that is read out for one-hop questions must show the
# bridge r1(a) there as soon as the atomic fact is known, because that is what it is trained to show:
# after one block application in the models that are read out per hop, after all of them in the others.
# The question is whether the *other* states show it too, in time for the second hop, and whether
# showing it is enough: the null control tells.

# %%
lens = rows_of(measures, "bridge_top1")
readable = over_seeds(
    lens[(lens["split"] == "oo") & (lens["layer"] > 0)], ["condition", "layer", "step"]
)
layers = sorted(readable["layer"].astype(int).unique())
figure, axes = plt.subplots(1, len(layers), figsize=(TEXT_WIDTH, 2.5), sharex=True, sharey=True)
for layer, axis in zip(layers, axes, strict=True):
    plot_over_training(axis, readable[readable["layer"] == layer], style)
    axis.set(title=f"after block application {layer}", ylim=(-0.03, 1.03), xlabel="training step")
axes[0].set_ylabel(f"bridge ranks first (n = {len(seeds)})")
legend_below(figure, style, labels)
study.save_figure(figure, "bridge", readable)

# %% [markdown]
# ## Is the bridge used?
#
# Readable is not used. The state at r1 after the first block application is replaced and the rest of
# the model runs on: by the state of a *donor* question (same second relation, another answer), by the
# *output embedding* of the donor's bridge entity (nothing but "this entity, as an answer"), or by a
# random direction of the same norm (null). **Prediction**, put before these numbers were looked at and
# after the same intervention had been tried on seed 0 of two conditions: where one block serves both
# hops, the answer becomes the donor's, also when only the entity is written; with two layers the
# written entity is not understood. It would be refuted by a shared model that keeps its own answer, or
# by two layers that follow the written entity.

# %%
closer = at_last_step(study.analyses)
patching = follows_donor(closer, layer=1, position=1)
patching = patching.merge(contrast[[*by, "mean"]].rename(columns={"mean": "accuracy"}), on=by)
analysed_style = Styles({name: style[name] for name in study.analysed})
figure, axes = plt.subplots(
    2, 3, figsize=(TEXT_WIDTH, 2 * height(study.analysed)), sharey=True, sharex=True
)
for split, row_axes in zip(("id", "oo"), axes, strict=True):
    for (kind, title), axis in zip(REPLACEMENTS.items(), row_axes, strict=True):
        chosen = (patching["kind"] == kind) & (patching["split"] == split)
        plot_rows(axis, patching[chosen], analysed_style, {"accuracy": "|"})
        proportion(axis, f"{split}: {title}")
    name_rows(row_axes[0], analysed_style, labels)
figure.supxlabel(f"answers that become the donor's (n = {len(seeds)} seeds)", fontsize=8)
study.save_figure(figure, "patching", patching)

# %% [markdown]
# Predicted and observed, on questions that took no part in training. Where the state is taken to be the
# entity, the donor's answer should come as often as questions of that kind are answered. (Two layers can't
# fail the prediction on oo, which they don't answer. Of early readout nothing was predicted; it is here
# because it tells a common code from a common store of facts.)

# %%
by_effect = {(row.kind, row.condition, row.split): row for row in patching.itertuples()}
PREDICTED = [
    (conditions[0], "donor", "as accuracy"),
    (conditions[0], "written", "as accuracy"),
    (conditions[0], "random", "never"),
    ("two_layers", "written", "never"),
    ("two_layers_early_readout", "written", "not said"),
]
cells = [
    [
        labels[condition],
        split,
        REPLACEMENTS[kind],
        {"as accuracy": f"{row.accuracy:.2f}", "never": "0.00", "not said": ""}[said],
        format_interval(row),
    ]
    for condition, kind, said in PREDICTED
    for split in ("id", "oo")
    if (row := by_effect.get((kind, condition, split)))
]
columns = ["model", "questions", "state at the first relation", "predicted", "observed"]
table = pd.DataFrame(cells, columns=columns)
study.save_table(table, "predictions", tabular(columns, cells, "lllll"))
table

# %% [markdown]
# ## In which order
#
# When does the bridge become readable at r1, when is it causally used, and when is the question
# answered? The first condition, oo questions. The table gives the step at which each sign first reaches
# half its final value, on straight lines between checkpoints, and how many steps later the accuracy does.

# %%
base = conditions[0]
deep = study.analyses[study.analyses["condition"] == base]
deep = deep[(deep["layer"] == 1) & (deep["position"] == 1)]
wide = measures[measures["condition"] == base]
SIGNS = {
    "bridge in the logit lens": wide[(wide["measure"] == "bridge_top1") & (wide["layer"] == 1)],
    "bridge in a linear probe": deep[deep["measure"] == "probe_accuracy"],
    "donor's state is used": deep[deep["measure"] == "patch_donor_follows"],
    "written entity is used": deep[deep["measure"] == "patch_written_follows"],
    "question is answered": wide[wide["measure"] == "accuracy"],
}
signs = {sign: rows[(rows["split"] == "oo") | rows["split"].isna()] for sign, rows in SIGNS.items()}
order = pd.concat([rows.assign(condition=sign) for sign, rows in signs.items()])
order = over_seeds(order, ["condition", "step"])
figure, axis = plt.subplots(figsize=(TEXT_WIDTH, 2.6))
plot_over_training(axis, order, styles(signs))
axis.set(xlabel="training step", ylabel=f"fraction (n = {len(seeds)} seeds)", ylim=(-0.03, 1.03))
name_curves(axis, styles(signs), {sign: sign for sign in signs})
study.save_figure(figure, "order", order.rename(columns={"condition": "sign"}))

half_way = first_half(signs)
cells = [
    [
        sign,
        format_interval(summary_of_seeds(half_way[sign]), digits=0),
        format_interval(
            summary_of_seeds(half_way["question is answered"] - half_way[sign]), digits=0
        ),
    ]
    for sign in signs
]
columns = ["sign", "half its final value at step", "accuracy follows after steps"]
table = pd.DataFrame(cells, columns=columns)
study.save_table(table, "order", tabular(columns, cells, "lll"))
table

# %% [markdown]
# ## Which parts
#
# Where the answering position attends to (oo questions), what each part writes there towards the right
# answer and away from the donor's (direct logit attribution), and what is left of the accuracy when one
# head or one MLP of one block application is taken out: the first condition on oo, the second on id
# questions. What is written early may be read by a later part: only the last shows what is needed.

# %%
attention = closer[(closer["measure"] == "attention") & (closer["split"] == "oo")]
layers = sorted(attention["layer"].astype(int).unique())
figure, axes = plt.subplots(
    1, len(layers), figsize=(TEXT_WIDTH, height(study.analysed)), sharey=True
)
for layer, axis in zip(layers, axes, strict=True):
    plot_attention(axis, attention[attention["layer"] == layer], analysed_style)
    axis.set(title=f"block application {layer + 1}", xlabel="attention")
name_rows(axes[0], analysed_style, labels)
handles, names = axes[0].get_legend_handles_labels()
shown = dict(zip(names, handles, strict=True))
figure.legend(shown.values(), [f"position {n}" for n in shown], loc="outside lower center", ncols=3)
study.save_figure(
    figure, "attention", attention[["condition", "seed", "layer", "head", "position", "value"]]
)

effects = direct_effects(closer)
pair = Styles({name: style[name] for name in study.analysed[:2]})
figure, axes = plt.subplots(1, 2, figsize=(TEXT_WIDTH, 2.4), sharey=True)
for split, axis in zip(("id", "oo"), axes, strict=True):
    plot_direct_effects(axis, effects[effects["split"] == split], pair)
    axis.set_title(split)
axes[0].set_ylabel(f"logit difference (n = {len(seeds)} seeds)")
legend_below(figure, pair, labels, markers=True)
study.save_figure(figure, "effects", effects)

parts = accuracy_without_parts(closer[closer["condition"].isin(study.analysed[:2])])
shown = list(zip(study.analysed[:2], ("oo", "id"), strict=False))
figure, axes = plt.subplots(1, len(shown), figsize=(TEXT_WIDTH, 2.4), sharey=True, squeeze=False)
for (condition, split), axis in zip(shown, axes[0], strict=True):
    plot_parts(axis, parts[(parts["condition"] == condition) & (parts["split"] == split)])
    axis.set_title(f"{labels[condition]}: {split}")
axes[0, 0].set_ylabel(f"accuracy left (n = {len(seeds)} seeds)")
legend_below(figure, styles(ABLATIONS), ABLATIONS, markers=True)
study.save_figure(figure, "parts", parts)

# %% [markdown]
# ## Learning curves
#
# Loss and accuracy on what is trained, beside the hardest held-out split.

# %%
SHOWN = {"atomic": "atomic facts", "composed_train": "trained two-hop facts", "oo": "oo questions"}
learning = learning_curves(measures[measures["split"].isin(SHOWN)])
figure = plot_learning(learning, SHOWN, style, labels)
study.save_figure(figure, "learning", learning)

# %% [markdown]
# ## The numbers
#
# Mean over seeds at the last checkpoint and the 95 % interval of the mean (Student's t over seeds, cut
# at 0 and 1). The paper quotes these.

# %%
chosen = study.summary[study.summary["measure"] == "accuracy"]
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
numbers = {}
final_lens = over_seeds(at_last_step(lens[lens["layer"] > 0]), ["condition", "layer"])
for row in final_lens.itertuples():
    numbers[f"{row.condition}/bridge_{row.layer:.0f}"] = format_interval(row)
# The checkpoints at which accuracy is first a half or more: one step, or the range over seeds.
half = accuracy[accuracy["value"] >= 0.5].groupby(["condition", "split", "seed"])["step"].min()
for condition in conditions:
    for split in HELD_OUT:
        steps = half[half.index.isin([(condition, split, seed) for seed in seeds])]
        ends = sorted({steps.min(), steps.max()})
        reached = len(steps) == len(seeds)
        said = "–".join(map(str, ends)) if reached else "not in every seed"
        numbers[f"{condition}/{split}_half"] = said

for sign in signs:
    name = sign.replace(" ", "_").replace("'", "")
    numbers[f"order/{name}"] = format_interval(summary_of_seeds(half_way[sign]), digits=0)
    lag = half_way["question is answered"] - half_way[sign]
    numbers[f"lag/{name}"] = format_interval(summary_of_seeds(lag), digits=0)

# What the first model looks at, writes and needs when it answers oo questions.
own = closer[(closer["condition"] == base) & (closer["split"] == "oo")]
last_block = own[own["layer"] == layers[-1]]
looks_back = last_block[(last_block["measure"] == "attention") & (last_block["position"] == 1)]
numbers["looks_back"] = format_interval(
    summary_of_seeds(looks_back.groupby("seed")["value"].mean())
)
written = own[own["measure"].str.startswith("direct_effect")].groupby("seed")["value"].sum()
by_mlp = last_block[last_block["measure"] == "direct_effect_mlp"].set_index("seed")["value"]
numbers["written_by_last_mlp"] = format_interval(summary_of_seeds(by_mlp / written))
resampled = parts[(parts["kind"] == "resample") & (parts["condition"] == base)]
resampled = resampled[resampled["split"] == "oo"]
numbers["without_an_mlp"] = f"{resampled.loc[resampled['head'].isna(), 'mean'].max():.2f}"
for layer, of_layer in resampled[resampled["head"].notna()].groupby("layer"):
    ends = of_layer["mean"].min(), of_layer["mean"].max()
    numbers[f"without_head_{layer + 1:.0f}"] = "–".join(f"{end:.2f}" for end in ends)
# Whether accuracy still rises: from the last checkpoint but one to the last.
steps = sorted(accuracy["step"].unique())[-2:]
ends = accuracy.pivot_table("value", ["condition", "split", "seed"], "step", observed=True)[steps]
change = (ends[steps[1]] - ends[steps[0]]).rename("value").reset_index().assign(measure="change")
for row in over_seeds(change[change["split"] == "oo"], by).itertuples():
    numbers[f"{row.condition}/oo_last_change"] = format_interval(row)

its_settings = first[conditions[0]].settings
for section, keys in {
    "task": ("n_entities", "n_relations"),
    "model": ("d_model",),
    "training": ("steps", "batch_size", "weight_decay", "learning_rate"),
}.items():
    numbers |= {key: f"{its_settings[section][key]:g}" for key in keys}
training = its_settings["training"]
numbers["decay_start"] = str(round(training["steps"] * (1 - training["decay_fraction"])))
numbers["never_composed"] = f"{its_settings['task']['never_composed']:.0%}".replace("%", r"\,\%")
numbers["n_seeds"] = str(len(seeds))
numbers["untrained/oo"] = f"{contrast.loc[contrast['split'] == 'oo', 'untrained'].max():.2f}"
guesses = contrast[(contrast["split"] == "oo")]["guess"]
numbers["guess/oo"] = f"{guesses.max():.2f}"
study.save_numbers(numbers)
pd.Series(numbers, name="number").to_frame()

# %% [markdown]
# ## Beside the literature
#
# What others report of the same questions, in other set-ups; ours are accuracies at the end of
# training.

# %%
ACCURACY = {
    "in_distribution": ("two_layers", "id", lambda it: it.low > 0.5),
    "out_of_distribution": ("two_layers", "oo", lambda it: it.high < 0.5),
    "sharing": ("shared_twice", "oo", lambda it: it.low > 0.5),
    "sharing_per_hop": ("shared_per_hop", "oo", lambda it: it.low > 0.5),
}
found = {}
for name, (condition, split, agrees) in ACCURACY.items():
    if name in reference and (condition, split) in by_place:
        it = by_place[condition, split]
        found[name] = Found(it.mean, it.low, it.high, bool(agrees(it)))
# How much is answered of id when what is trained is first all but known: little, if that comes much later.
two = accuracy[accuracy["condition"] == "two_layers"]
trained = measures[(measures["measure"] == "accuracy") & (measures["split"] == "composed_train")]
known = trained[(trained["condition"] == "two_layers") & (trained["value"] >= 0.95)]
first_known = known.groupby("seed")["step"].min()
if "delay" in reference and len(first_known) == len(seeds):
    at_id = two[two["split"] == "id"].set_index(["seed", "step"])["value"]
    it = summary_of_seeds(at_id.loc[list(first_known.items())])
    found["delay"] = Found(*it, agrees=bool(it.high < 0.5))
beside = study.save_reference({name: reference[name] for name in found}, found)
beside

# %% [markdown]
# **Reading a model.** `open_run("composition", "shared_per_hop", seed=0).bridge()`, from
# `onset.results`, opens the final checkpoint in TransformerLens; `.bridge(step=..., n_applications=1)`
# an earlier one, unrolled for one-hop questions.

# %% [markdown]
# **Asking a model.** What the first condition's model says to a question of two hops. Any other sequence
# of names (`run.dataset.vocabulary`) can take its place, and `run.bridge(step=...)` any other checkpoint.

# %%
run = study.run(conditions[0], seeds[0])
logits = run.bridge()(run.tokens("e3 r1 r2"))
run.likeliest(logits[0, -1]).round(3)
