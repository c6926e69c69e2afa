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
# # Grokking taken apart
#
# **Question.** A one-layer transformer is trained on part of the table of a + b modulo p. It fits that part
# soon and answers the other long after. What forms in between, by what rules can its phases be told apart,
# and could the time, or what forms, have been foreseen?
#
# **Hypothesis.** (1) What generalises is a sum of few waves cos(w(a + b − c)), as Nanda et al. (2023)
# found; it grows while accuracy on held-out pairs is still low, and its parts can be replaced by
# formulas in these waves that are fitted on trained pairs alone. (2) Which frequencies are used is
# decided early: the initial embedding's norms say something of it, its norms when the table is
# memorised nearly all. (3) From what is known early, the step of generalisation is foretold better
# than by the median of other runs. (4) A progress measure that is rewarded brings generalisation
# forward, punished it stops it; trained on, it is a worse sign of generalisation than before. (5)
# Tuned with equal effort, AdamW generalises as soon as Grokfast. (Put this way after pilots on the
# seeds 100 to 103, before any run of the seeds below.)
#
# **What would refute it.** (1) formulas in key frequencies that explain no more than those in others, or a
# share of key waves that rises only with accuracy; (2) norms that tell keys no better than chance, by a
# permutation test, or no better when memorised than at the start; (3) an error no smaller than that of
# the median; (4) generalisation at the usual time; the same accuracy where the measure has the value
# at which other runs generalise; (5) Grokfast sooner by more than the intervals.

# %% tags=["parameters"]
from onset.notebook.parameters import Checkpoint, Fraction

study_name = "grokking"
results = "results"
memorised_at: Fraction = 0.99
formed_at: Fraction = 0.5
generalised_at: Fraction = 0.95
known_at: Checkpoint = 300
assert generalised_at <= memorised_at

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from onset.figures.curves import legend_below, plot_over_training
from onset.figures.learning import learning_curves, plot_learning
from onset.figures.phases import plot_phases
from onset.figures.rows import height, name_rows, plot_rows, remark
from onset.figures.style import NEUTRAL, TEXT_WIDTH, Styles, styles
from onset.latex import tabular
from onset.notebook.addition_way import principal_components
from onset.notebook.here import here
from onset.results import Found
from onset.statistics.milestones import fallen, locked_in, reached, value_at
from onset.statistics.prediction import auc, foresight
from onset.statistics.rows import at_last_step, by_component, select
from onset.statistics.seeds import Summary, from_logarithms, geometric_mean, interval, over_seeds
from onset.statistics.wording import format_interval, format_small, format_values

study = here(study_name, results)
conditions, seeds, labels = study.conditions, study.seeds, study.labels
reference = study.reference
style = styles(conditions)
settings = {name: study.run(name, seeds[0]).settings for name in conditions}
measures = study.measures
final = at_last_step(measures)
RUN = ["condition", "seed"]
n_runs = pd.Series([run.condition for run in study.runs]).value_counts()
reference_run, many = conditions[0], n_runs.idxmax()  # the latter: the condition with most seeds
rng = np.random.default_rng(0)

# %% [markdown]
# ## What was run
#
# A quarter of the held-out pairs was set apart for choosing settings (on other seeds); everything below
# is about the rest. Batches are full: a step sees all trained pairs.

# %%
TRAINED_WITH = [
    "steps",
    "learning_rate",
    "weight_decay",
    "loss",
    "slow_gradients",
    "measures_in_loss",
]
pd.DataFrame(
    {
        labels[name]: {
            **{key: its["task"][key] for key in ("p", "train_fraction", "answers")},
            **{key: its["model"][key] for key in ("d_model", "d_mlp")},
            **{key: its["training"][key] for key in TRAINED_WITH},
            "runs": n_runs[name],
        }
        for name, its in settings.items()
    }
).T

# %% [markdown]
# ## Fitted soon, generalised late

# %%
SHOWN = [c for c in ("p113", "p59", "no_weight_decay", "random_labels") if c in conditions]
SPLITS = {"train": "trained pairs", "test": "held-out pairs"}
curves = learning_curves(measures[measures["condition"].isin(SHOWN)])
figure = plot_learning(curves, SPLITS, Styles({name: style[name] for name in SHOWN}), labels)
study.save_figure(figure, "learning", curves[curves["split"].isin(SPLITS)])

# %% [markdown]
# ## Three phases, by rule
#
# The rules were fixed before looking. *Memorised*: accuracy on trained pairs first reaches a level.
# *Formed*: the loss on held-out pairs has fallen to a fraction of its maximum. *Generalised*: accuracy on
# held-out pairs first reaches a level. Levels are in the config; steps are on straight lines between
# checkpoints. Memorisation ends at the first, circuit formation at the second, cleanup at the third.

# %%
when = pd.DataFrame(
    {
        "memorised": reached(select(measures, "accuracy", "train"), memorised_at),
        "formed": fallen(select(measures, "loss", "test"), formed_at),
        "generalised": reached(select(measures, "accuracy", "test"), generalised_at),
    }
)

PROGRESS = {
    "loss, trained": ("loss", "train"),
    "loss, held out": ("loss", "test"),
    "restricted loss, held out": ("restricted_loss", "test"),
    "excluded loss, trained": ("excluded_loss", "train"),
    "accuracy, held out": ("accuracy", "test"),
    "share of key waves in logits": ("key_circle_share", None),
    "Gini of embedding": ("embedding_gini", None),
    "Gini of readout": ("readout_gini", None),
    "neurons of one frequency": ("single_frequency_top1", None),
    "norm of all weights": ("weight_norm", None),
}
PANELS = {"loss (nats)": [0, 1, 2, 3], "0 to 1": [4, 5, 6, 7, 8], "norm": [9]}
names = list(PROGRESS)
of_reference = {name: select(measures, *what, reference_run) for name, what in PROGRESS.items()}
panels = {
    label: {names[place]: of_reference[names[place]] for place in places}
    for label, places in PANELS.items()
}
figure = plot_phases(panels, when.loc[reference_run].loc[list(seeds)], logarithmic="loss (nats)")
figure.axes[0].set_ylim(1e-8, 60)
shown = pd.concat([its.assign(shown=name) for name, its in of_reference.items()])
study.save_figure(figure, "phases", shown[["shown", "seed", "step", "value"]])

# %% [markdown]
# The same at the ends of the phases. What has changed before the circuit has *formed* is progress that
# accuracy on held-out pairs doesn't show.

# %%
last_steps = measures.groupby(RUN)["step"].max().astype(float)
places = pd.concat([0 * last_steps.rename("start"), when, last_steps.rename("end")], axis=1)
phases = {
    (condition, name, place): Summary(
        *interval(
            value_at(select(measures, *what, condition), steps).dropna(),
            study.quantities[what[0]].kind,
        )
    )
    for condition in (reference_run, many)
    for name, what in PROGRESS.items()
    for place, steps in places.items()
}
steps = [f"{geometric_mean(when.loc[reference_run, mark]).mean:.0f}" for mark in when]
cells = [["step", "", *steps, ""]]
for name in PROGRESS:
    cells.append([name, *(format_small(phases[reference_run, name, p].mean) for p in places)])
columns = ["", *places]
study.save_table(pd.DataFrame(cells, columns=columns), "phases", tabular(columns, cells, "lrrrrr"))
pd.DataFrame(cells, columns=columns)

# %% [markdown]
# ## The circuit, replaced by formulas
#
# Amplitudes of all formulas are fitted on trained pairs; what they say of held-out pairs is a prediction.
# The null has as many other frequencies; keys are chosen by the logits on all pairs, so that for the
# logits it can't be but small. Only runs that have generalised are shown. The embedding is projected, not
# fitted. Of the logits, accuracy says nothing: a sum of waves with positive amplitudes is largest at the
# right answer whatever the frequencies, so only the explained variance counts there.

# %%
looked = at_last_step(study.analyses)
done = when.index[when["generalised"].notna()]
looked = looked[pd.MultiIndex.from_frame(looked[RUN]).isin(done)]
by = ["condition", "measure"]
formulas = over_seeds(looked[looked["split"] == "test"], by).set_index(by)
FORMULAS = {
    "nothing": ("free_attention", None),
    "attention by its mean": ("frozen_attention", None),
    "embedding by key waves": ("embedding_formula", "embedding_null"),
    "neurons by degree two in a key": ("neurons_formula", "neurons_null"),
    "logits by a sum of key waves": ("logits_formula", "logits_null"),
}
SAYS_NOTHING = {f"logits_{k}_{what}" for k in ("formula", "null") for what in ("accuracy", "loss")}
SAID = {"explained": "{:.3f}", "accuracy": "{:.3f}", "loss": "{:.1e}"}


means = {
    (condition, f"{kind}_{what}"): form.format(formulas.loc[condition, f"{kind}_{what}"]["mean"])
    for condition in study.analysed
    for kinds in FORMULAS.values()
    for kind in kinds
    for what, form in SAID.items()
    if (condition, f"{kind}_{what}") in formulas.index and f"{kind}_{what}" not in SAYS_NOTHING
}
cells = [
    [labels[condition], replaced]
    + [means.get((condition, f"{kind}_{what}"), "") for kind in kinds for what in SAID]
    for condition in study.analysed
    for replaced, kinds in FORMULAS.items()
]
columns = ["model", "replaced", *SAID, *(f"null: {what}" for what in SAID)]
study.save_table(
    pd.DataFrame(cells, columns=columns), "formulas", tabular(columns, cells, "llrrrrrr")
)
pd.DataFrame(cells, columns=columns)

# %% [markdown]
# ## Why these frequencies?
#
# How well the embedding's norms tell key from other frequencies, by step (area under the ROC curve, with
# a permutation null at the start); from which step on the keys are the strongest frequencies in the logits;
# how many others had a hundredth of the logits' variance at some checkpoint after memorisation.
#
# Do runs with the same initial weights and pairs come to the same frequencies, whatever the loss, the decay
# and the optimiser? Overlap (Jaccard index) of keys between a run of the many and a run of another
# condition with the same task and model, of the same seed and of others (null).

# %%
at_end = final[final["measure"] == "key_frequency"]
keys = {run: sorted(its["component"].astype(int)) for run, its in at_end.groupby(RUN)}
norms = {name: by_component(measures, "embedding_norm", name) for name in (reference_run, many)}
is_key = {s: np.isin(its.columns, keys.get((many, s), [])) for s, its in norms[many].items()}
aucs = pd.DataFrame(
    [
        {"condition": many, "measure": "auc", "seed": seed, "step": step, "value": value}
        for seed, table in norms[many].items()
        for step, row in table.iterrows()
        if np.isfinite(value := auc(row, is_key[seed]))
    ],
    columns=[*RUN, "measure", "step", "value"],
)
start = {seed: its.loc[0] for seed, its in norms[many].items() if is_key[seed].any()}
null = [
    np.mean([auc(row, rng.permutation(is_key[seed])) for seed, row in start.items()] or [np.nan])
    for _ in range(500)
]
initial = aucs[aucs["step"] == 0]["value"]
initial_p = (1 + sum(its >= initial.mean() for its in null)) / (1 + len(null))
known = value_at(aucs, when["memorised"]).dropna()

found = []
for (name, seed), its_keys in keys.items():
    if name in (reference_run, many):
        shares = by_component(measures, "circle_share", name)[seed]
        after = shares[shares.index >= when.loc[(name, seed), "memorised"]]
        passing = set(after.columns[(after > 0.01).any()].astype(int)) - set(its_keys)
        found.append((name, seed, locked_in(shares, its_keys), len(passing)))
locking = pd.DataFrame(found, columns=[*RUN, "locked", "passing"]).set_index(RUN).join(when)

alike = [
    name
    for name, its in settings.items()
    if name != many and all(its[part] == settings[many][part] for part in ("task", "model"))
]
pairs = pd.DataFrame(
    [
        {"same": one == other, "seed": other, "value": len(a & b) / len(a | b)}
        for name in alike
        for other in seeds
        for one in seeds
        if (many, one) in keys and (name, other) in keys
        and np.isfinite(when.loc[(name, other), "generalised"])
        for a, b in [(set(keys[many, one]), set(keys[name, other]))]
    ],
    columns=["same", "seed", "value"],
)  # fmt: skip
overlap = pairs.groupby(["same", "seed"])["value"].mean()

figure = plt.figure(figsize=(TEXT_WIDTH, 4.0))
above, below = figure.subfigures(2, 1, height_ratios=[1.15, 1])
panels = above.subplots(1, len(seeds), sharey=True, squeeze=False)[0]
for seed, axis in zip(seeds, panels, strict=True):
    table, mine = norms[reference_run][seed], keys.get((reference_run, seed), [])
    frequencies = table.columns.astype(int)
    image = axis.pcolormesh(table.index, frequencies, table.T, cmap="Greys", rasterized=True)
    edge = [1.03 * table.index.max()] * len(mine)
    axis.plot(edge, mine, "<", color=style[reference_run].colour, markersize=3, clip_on=False)
    axis.set(title=f"seed {seed}", xlabel="training step")
panels[0].set_ylabel("frequency")
above.colorbar(image, ax=list(panels), label="norm", pad=0.03)
axis, other = below.subplots(1, 2)
told = over_seeds(aucs, ["condition", "step"], "share")
plot_over_training(axis, told, Styles({many: style[many]}))
axis.axhspan(*np.quantile(null, [0.025, 0.975]), color=NEUTRAL, alpha=0.25, linewidth=0)
axis.set(xlabel="training step", ylabel="area under ROC", ylim=(0, 1.03))
axis.set_xticks([0, 100, 1000], ["0", "100", "1000"])
mine = locking[locking.index.get_level_values("condition") == many]
other.plot(mine["generalised"], mine["locked"], **style[many].of_marker)
other.plot(mine["generalised"], mine["memorised"], "x", color=NEUTRAL, markersize=4)
other.axline((0, 0), slope=1, color=NEUTRAL, linewidth=0.5)
other.set(xlabel="generalised at step", ylabel="keys strongest from step", xlim=(0, None))
of_seeds = [its.melt(ignore_index=False).assign(seed=s) for s, its in norms[reference_run].items()]
shown = [told, locking.reset_index(), pd.concat(of_seeds).reset_index()]
kinds = ("auc", "locking", "norm")
data = pd.concat([its.assign(shown=kind) for its, kind in zip(shown, kinds, strict=True)])
study.save_figure(figure, "frequencies", data)

# %% [markdown]
# ## Could the time have been foreseen?
#
# Numbers that need no knowledge of the end, at a step by which all runs have memorised and none has
# generalised. For each run the others choose one of them and a line (in the logarithm of the step); the
# median of the others is the baseline. Null: outcomes shuffled among runs. A run that doesn't generalise
# counts with its last step (a rule set after the runs; without these runs the numbers are kept, too).

# %%
EARLY = {
    "loss, trained": select(measures, "loss", "train", many),
    "loss, held out": select(measures, "loss", "test", many),
    "accuracy, held out": select(measures, "accuracy", "test", many),
    **{
        name.replace("_", " "): select(measures, name, None, many)
        for name in (
            "embedding_gini", "readout_gini", "single_frequency_share", "weight_norm",
            "gradient_symmetricity", "distance_irrelevance",
        )
    },
}  # fmt: skip
waves = measures[(measures["measure"] == "circle_share") & (measures["condition"] == many)]
EARLY["share of all waves"] = waves.groupby([*RUN, "step"], as_index=False)["value"].sum()
last_step = measures.loc[measures["condition"] == many, "step"].max()
outcome = np.log10(when.loc[[many], "generalised"].fillna(last_step))
then = pd.Series(float(known_at), outcome.index)
features = pd.DataFrame({n: value_at(its, then) for n, its in EARLY.items()}).loc[outcome.index]
for name in features.filter(regex="^loss"):
    features[name] = np.log10(features[name].clip(lower=1e-12))
seen = foresight(features, outcome, seed=0) if outcome.nunique() > 3 else None
there = outcome[when.loc[outcome.index, "generalised"].notna()]
seen_there = foresight(features.loc[there.index], there, seed=0) if len(there) > 3 else None
ranks = pd.Series(np.nan, features.columns)
if outcome.nunique() > 1:
    ranks = features.apply(lambda its: its.corr(outcome, method="spearman"))

figure, (axis, other) = plt.subplots(1, 2, figsize=(TEXT_WIDTH, 2.4), width_ratios=[1, 1.2])
if seen:
    steps = 10 ** seen.table[["found", "foretold", "median"]]
    of_lines = {**style[many].of_marker, "label": "other runs' line"}
    axis.plot(steps["found"], steps["foretold"], **of_lines)
    axis.plot(steps["found"], steps["median"], "x", color=NEUTRAL, label="other runs' median")
    axis.axline(2 * (steps["found"].min(),), slope=1, color=NEUTRAL, linewidth=0.5)
    axis.legend()
axis.set(xlabel="generalised at step", ylabel="expected at step")
order = ranks.abs().sort_values().index
other.barh(range(len(order)), ranks[order], color=style[many].colour)
other.set_yticks(range(len(order)), order)
other.set(xlabel="rank correlation with that step", xlim=(-1, 1))
other.axvline(0, color=NEUTRAL, linewidth=0.5)
data = features.join(seen.table if seen else outcome.rename("found"))
study.save_figure(figure, "foreseen", data.reset_index(names=RUN))

# %% [markdown]
# ## What are the principal components of training?
#
# PCA of all checkpoints of a run: of its logits for all pairs (relative to their mean over answers), and
# of all its weights. Controls are runs that never generalise, and random walks whose steps between
# checkpoints are as long (`by_chance`). Of a component of logits: the share that lies along waves of
# a + b − c, and on trained pairs.

# %%
COMPARED = [name for name in (many, "no_weight_decay", "random_labels") if name in conditions]
runs = [study.run(name, seed) for name in COMPARED for seed in seeds]
found = [
    part
    for run in runs
    for part in principal_components(run, keys.get((run.condition, run.seed), []))
]
components, planes = (pd.concat(parts) for parts in zip(*found, strict=True))

figure, axes = plt.subplots(2, len(COMPARED), figsize=(TEXT_WIDTH, 3.6), squeeze=False)
for kind, row in zip(("logits", "weights"), axes, strict=True):
    for name, axis in zip(COMPARED, row, strict=True):
        colour = style[name].colour
        for seed in seeds:
            chosen = (planes[["condition", "seed", "kind"]] == [name, seed, kind]).all(axis=1)
            plane = planes[chosen].set_index("step")[[1, 2]]
            axis.plot(plane[1], plane[2], color=colour, linewidth=0.8)
            axis.plot(*plane.iloc[0], "o", color="white", markeredgecolor=colour, markersize=4)
            for mark, shape in (("memorised", "s"), ("generalised", "^")):
                step = when.loc[(name, seed), mark]
                there = [np.interp(step, plane.index, plane[k]) for k in (1, 2)]
                axis.plot(*there, shape, color=colour, markersize=4)
        axis.set(xticks=[], yticks=[], title=labels[name] if kind == "logits" else "")
    row[0].set_ylabel(f"{kind}: second")
for axis in axes[-1]:
    axis.set_xlabel("first component")
study.save_figure(figure, "components", planes)
components.drop(columns="seed").groupby(["condition", "kind", "component"]).mean()

# %% [markdown]
# ## A progress measure in the loss
#
# The Gini coefficient of the embedding's waves, rewarded or punished.
#
# Honest or not: accuracy on held-out pairs where the measure first has the value that it has when the many
# generalise.

# %%
in_loss = [name for name in conditions if settings[name]["training"]["measures_in_loss"]]
told_style = Styles({name: style[name] for name in (many, *in_loss)})
WATCHED = ["accuracy, held out", "Gini of embedding", "share of key waves in logits"]
figure, axes = plt.subplots(1, len(WATCHED), figsize=(TEXT_WIDTH, 2.6), sharey=True)
data = []
for name, axis in zip(WATCHED, axes, strict=True):
    its = select(measures, *PROGRESS[name])
    its = over_seeds(its[its["condition"].isin(told_style)], ["condition", "step"])
    plot_over_training(axis, its, told_style)
    axis.set(title=name, xlabel="training step", ylim=(-0.03, 1.03))
    axis.set_xticks([0, 100, 1000], ["0", "100", "1000"])
    data.append(its.assign(shown=name))
legend_below(figure, told_style, labels, columns=2)
study.save_figure(figure, "in_loss", pd.concat(data))

gini = select(measures, "embedding_gini")
usual = value_at(gini, when.loc[[many], "generalised"]).mean()
there = value_at(select(measures, "accuracy", "test"), reached(gini, usual))
honest = {name: there.loc[name].dropna() for name in told_style}
honest

# %% [markdown]
# ## How soon, by condition

# %%
soon = when["generalised"].dropna().reset_index(name="step")
soon = soon.assign(measure="step", value=np.log10(soon["step"]))
figure, axis = plt.subplots(figsize=(TEXT_WIDTH, height(conditions)))
if len(soon):
    speed = over_seeds(soon, ["condition"], "real")
    plot_rows(axis, from_logarithms(speed), style)
for place, name in enumerate(conditions):
    axis.plot(when.loc[name, "memorised"].mean(), place, "x", color=NEUTRAL, markersize=5)
    missing = int(when.loc[name, "generalised"].isna().sum())
    if missing:
        end = settings[name]["training"]["steps"]
        axis.plot(end, place, ">", color=style[name].colour, markersize=4, clip_on=False)
        remark(axis, place, f"{missing} of {n_runs[name]} not by then")
name_rows(axis, style, labels)
axis.set(xscale="log", xlabel="training step", xlim=(30, 3e4))
study.save_figure(figure, "speed", when.reset_index())

# %% [markdown]
# ## What a plain float32 loss does
#
# Loss on trained pairs as it is logged in training, and the norm of all weights, with the two ways to
# compute the same loss.

# %%
EXACT = {many: "plain_cross_entropy", "no_weight_decay": "plain_without_decay"}
compared = [name for pair in EXACT.items() for name in pair if name in conditions]
logged = []
for run in (study.run(name, seed) for name in compared for seed in seeds):
    log = run.training_log
    its = log.iloc[np.unique(np.geomspace(1, len(log), 60).astype(int)) - 1]
    logged.append(its.assign(condition=run.condition, seed=run.seed, split="train", measure="loss"))
logged = pd.concat(logged).rename(columns={"loss": "value"})
losses = learning_curves(logged.assign(kind="nats"))
weights = select(measures, "weight_norm")
weights = weights[weights["condition"].isin(compared) & weights["seed"].isin(seeds)]
weights = over_seeds(weights, ["condition", "step"])
pair_style = Styles({name: style[name] for name in compared})
figure, (axis, other) = plt.subplots(1, 2, figsize=(TEXT_WIDTH, 2.6))
plot_over_training(axis, losses, pair_style)
plot_over_training(other, weights, pair_style)
axis.set(
    yscale="log", ylim=(1e-10, 30), ylabel="loss on trained pairs (nats)", xlabel="training step"
)
other.set(ylabel="norm of all weights", ylim=(0, None), xlabel="training step")
for its in (axis, other):
    its.set_xticks([0, 100, 1000], ["0", "100", "1000"])
legend_below(figure, pair_style, labels, columns=2)
data = pd.concat([losses.assign(shown="loss"), weights.assign(shown="norm")])
study.save_figure(figure, "float32", data)

# %% [markdown]
# ## The numbers

# %%
numbers = {"n_seeds": str(len(seeds)), "n_many": str(n_runs[many]), "known_at": str(known_at)}
numbers |= {"memorised_at": f"{memorised_at:g}", "formed_at": f"{formed_at:g}"}
numbers |= {"generalised_at": f"{generalised_at:g}"}


for name in conditions:
    numbers[f"{name}/steps"] = str(settings[name]["training"]["steps"])
    for mark in when:
        steps = when.loc[name, mark].dropna()
        numbers[f"{name}/n_{mark}"] = f"{len(steps)} of {n_runs[name]}"
        said = format_interval(geometric_mean(steps), 0) if len(steps) else "never"
        numbers[f"{name}/{mark}"] = said


# By what factor one condition generalises later than another, within seeds.
compared = {f"{name}/factor": (name, many) for name in alike}
compared["grokfast_over_adamw"] = ("grokfast_tuned", "adamw_tuned")
compared |= {
    f"{name}/factor": (name, "fraction_50") for name in ("largest_removed", "as_large_removed")
}
for key, (one, other) in compared.items():
    if {one, other} <= set(conditions):
        factors = when.loc[one, "generalised"] / when.loc[other, "generalised"]
        numbers[key] = format_interval(geometric_mean(factors.dropna()))
asked = [f"{kind}_{what}" for kinds in FORMULAS.values() for kind in kinds if kind for what in SAID]
numbers |= {f"{name}/{measure}": "none" for name in study.analysed for measure in asked}
for row in formulas.reset_index().itertuples():
    said = f"{row.mean:.1e}" if row.measure.endswith("loss") else format_interval(row, 3)
    numbers[f"{row.condition}/{row.measure}"] = said
for (name, measure, place), its in phases.items():
    if place != "end":
        is_norm = measure.startswith("norm")
        numbers[f"{name}/{measure}/{place}"] = format_interval(its, 1 if is_norm else 2)
for name in (reference_run, many):
    task, training = settings[name]["task"], settings[name]["training"]
    numbers[f"{name}/percent"] = f"{task['train_fraction']:.0%}".replace("%", r"\,\%")
    numbers[f"{name}/d_model"] = str(settings[name]["model"]["d_model"])
    for key in ("learning_rate", "weight_decay"):
        numbers[f"{name}/{key}"] = f"{training[key]:g}"
    numbers[f"{name}/n_keys"] = format_values(
        [len(its) for (of, _), its in keys.items() if of == name], 1
    )
    of_name = locking[locking.index.get_level_values("condition") == name]
    locked = of_name["locked"].quantile(
        [0.5, 0, 1]
    )  # a median, since some have been so from the start
    numbers[f"{name}/locked"] = "{:.0f} ({:.0f} to {:.0f})".format(*locked)
    numbers[f"{name}/passing"] = format_values(of_name["passing"], 1)
numbers["initial_auc"] = format_values(initial, kind="share")
numbers["memorised_auc"] = format_values(known, kind="share")
numbers["initial_p"] = f"{initial_p:.3f}"
for measure in ("gradient_symmetricity", "distance_irrelevance"):
    its = final[(final["measure"] == measure) & (final["condition"] == reference_run)]
    numbers[f"{reference_run}/{measure}/seeds"] = ", ".join(f"{v:.2f}" for v in its["value"])
for same, name in ((True, "same_seed_overlap"), (False, "other_seed_overlap")):
    numbers[name] = format_values(overlap.get(same, []), kind="share")
for name, its in (("foretold", seen), ("foretold_there", seen_there)):
    errors = (its.error, its.median_error, its.p) if its else (np.nan,) * 3
    numbers[f"{name}/error"] = f"{100 * (10 ** errors[0] - 1):.0f}"
    numbers[f"{name}/median_error"] = f"{100 * (10 ** errors[1] - 1):.0f}"
    numbers[f"{name}/p"] = f"{errors[2]:.3f}"
numbers["usual_gini"] = f"{usual:.2f}"
for name, its in honest.items():
    numbers[f"{name}/honest"] = format_values(its, kind="share")
    numbers[f"{name}/n_honest"] = str(len(its))
for (name, kind, k), its in components.groupby(["condition", "kind", "component"]):
    for what in ("explained", "by_chance", "waves", "key_waves", "trained"):
        if its[what].notna().all():
            numbers[f"{name}/{kind}_{k}/{what}"] = format_values(its[what], kind="share")
study.save_numbers(numbers)
pd.Series(numbers, name="number").to_frame()

# %% [markdown]
# ## Beside the literature
#
# Nanda et al. took one run of 40,000 steps apart; ours are the reference's seeds at their last checkpoint.

# %%
mine = final[(final["condition"] == reference_run) & (final["split"] == "test")]
loss, restricted, excluded = (
    mine[mine["measure"] == name].set_index("seed")["value"]
    for name in ("loss", "restricted_loss", "excluded_loss")
)
single = final[
    (final["condition"] == reference_run) & (final["measure"] == "single_frequency_top1")
]
ours = {
    "key_frequencies": [len(its) for (name, _), its in keys.items() if name == reference_run],
    "single_frequency": single["value"],
    "restricted": 1 - restricted / loss,
    "excluded": excluded,
    "generalised": when.loc[reference_run, "generalised"].dropna(),
}
EXPECTED = {"key_frequencies": 5, "single_frequency": 0.846, "restricted": 0.7, "generalised": 1e4}
chance = np.log(settings[reference_run]["task"]["p"])
found = {}
for name in reference:
    its = Summary(*interval(list(ours[name]), "share" if name == "single_frequency" else "real"))
    if name == "generalised":
        its = geometric_mean(ours[name])
    agrees = None
    if name in EXPECTED and np.isfinite(its.low):
        within = its.low <= EXPECTED[name] <= its.high
        wide = its.high - its.low > EXPECTED[name]  # so wide that agreeing says nothing
        agrees = None if within and wide else bool(within)
    elif its.low > chance or its.high < chance:
        agrees = bool(its.low > chance)
    found[name] = Found(*its, agrees)
study.save_reference(reference, found)

# %% [markdown]
# **Asking a model.** What the first condition's model says to 7 + 8. Any other sequence of names
# (`run.dataset.vocabulary`) can take its place, and `run.bridge(step=...)` any other checkpoint.

# %%
run = study.run(conditions[0], seeds[0])
logits = run.bridge()(run.tokens("7 8 ="))
run.likeliest(logits[0, -1]).round(3)
