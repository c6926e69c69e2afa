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
# # Chains of facts
#
# **Question.** A small transformer is trained on atomic facts `[a, r] → b` and on chains of them,
# `[a, r1, r2] → c` and `[a, r1, r2, r3] → d`. Does it answer longer chains than any it was trained on,
# and chains over edges that it has only ever seen as separate facts?
#
# **Hypothesis.** One block that is applied once per hop and has no position embeddings, trained on up to
# three hops, answers four; trained on up to two it doesn't reliably answer three, since no trained
# question has shown it what a relation has to do while it waits for more than one hop before it. With
# learned positions, or with four layers read out at the end, nothing is answered beyond the trained
# lengths. Chains over edges that are never composed come later than the others, and are the harder the
# longer they are. (Put this way after pilots on the seeds 100 and 101, before any run of the seeds below.)
#
# **What would refute it.** The model with positions or that with four layers answering four hops as well;
# or the model without positions failing at four hops although it answers three.

# %% tags=["parameters"]
study_name = "chains"
results = "results"

# %%
import textwrap

import matplotlib.pyplot as plt
import pandas as pd

from onset.figures.curves import legend_below, plot_over_training
from onset.figures.dose import doses_of, plot_dose
from onset.figures.names import name_curves
from onset.figures.page import MOST_PANELS, say_left_out
from onset.figures.style import NEUTRAL, TEXT_WIDTH, Styles, styles
from onset.latex import tabular
from onset.notebook.here import here
from onset.statistics.rows import at_last_step
from onset.statistics.seeds import over_seeds
from onset.statistics.wording import format_interval

study = here(study_name, results)
conditions, seeds, labels = study.conditions, study.seeds, study.labels
measures = study.measures
settings = {name: study.run(name, seeds[0]).settings for name in conditions}
reference = conditions[0]
KINDS = {"seen": "edges composed in training", "unseen": "edges never composed"}
longest = max(its["task"]["longest_tested"] for its in settings.values())
LENGTHS = range(2, longest + 1)
HELD_OUT = [f"hops{hops}_{kind}" for hops in LENGTHS for kind in KINDS]
by = ["condition", "split"]

# %% [markdown]
# ## What was run
#
# One model per condition and seed; the table shows where the conditions differ. A quarter of the held-out
# chains was set apart for choosing settings (on other seeds); everything below is about the rest.

# %%
pd.DataFrame(
    {
        labels[name]: {
            **{key: its["model"][key] for key in ("n_layers", "n_loops", "readout", "positions")},
            **{
                key: its["task"][key]
                for key in ("longest_trained", "never_composed", "inferred_ratio", "chain_answers")
            },
            **{
                split: len(study.run(name, seeds[0]).dataset.splits[split])
                for split in HELD_OUT
                if split in study.run(name, seeds[0]).dataset.splits
            },
        }
        for name, its in settings.items()
    }
).T

# %% [markdown]
# ## How far each model gets
#
# Accuracy at the end of training by the number of hops. What lies in the grey was never trained. The
# conditions that differ from the first in a dose alone follow in the next figure.

# %%
of_kind = styles(KINDS)
DOSES = {
    "never_composed": "fraction of edges never composed",
    "inferred_ratio": "chains of each length per atomic fact",
}
doses = {key: doses_of(settings, reference, "task", key) for key in DOSES}
shown = [
    name
    for name in conditions
    if name == reference or not any(name in its for its in doses.values())
]
accuracy = measures[(measures["measure"] == "accuracy") & measures["split"].notna()]
final = over_seeds(at_last_step(accuracy), by)
guess = at_last_step(measures[measures["measure"] == "guess_accuracy"])
guess = over_seeds(guess, by)[[*by, "mean"]].rename(columns={"mean": "guess"})
final = final.merge(guess, on=by, how="left")
atomic = final[final["split"] == "atomic"]
parts = [atomic.assign(hops=1, kind=kind) for kind in KINDS] + [
    final[final["split"] == f"hops{hops}_{kind}"].assign(hops=hops, kind=kind)
    for hops in LENGTHS
    for kind in KINDS
]
by_length = pd.concat(parts, ignore_index=True)

N_COLUMNS = 4
there, shown = shown, shown[:MOST_PANELS]
n_rows = -(-len(shown) // N_COLUMNS)
size = (TEXT_WIDTH, 0.7 + 1.35 * n_rows)
figure, axes = plt.subplots(
    n_rows, N_COLUMNS, figsize=size, sharex=True, sharey=True, squeeze=False
)
for axis, condition in zip(axes.flat, shown, strict=False):
    longest_trained = settings[condition]["task"]["longest_trained"]
    axis.axvspan(longest_trained + 0.5, longest + 0.5, color=NEUTRAL, alpha=0.15, linewidth=0)
    its = by_length[by_length["condition"] == condition]
    for kind, its_style in of_kind.items():
        curve = its[its["kind"] == kind].sort_values("hops")
        plot_dose(axis, curve.assign(dose=curve["hops"]), its_style, KINDS[kind])
        axis.plot(curve["hops"], curve["guess"], ":", color=its_style.colour, linewidth=0.8)
    axis.set_title("\n".join(textwrap.wrap(labels[condition], 20)), fontsize=7)
    axis.set(xticks=range(1, longest + 1), xlim=(0.7, longest + 0.5), ylim=(-0.03, 1.03))
for axis in axes.flat[len(shown) :]:
    axis.set_visible(False)
for axis in axes.flat[max(0, len(shown) - N_COLUMNS) : len(shown)]:  # the lowest of each column
    axis.set_xlabel("hops")
    axis.tick_params(labelbottom=True)
figure.supylabel(f"accuracy (n = {len(seeds)} seeds)", fontsize=8)
legend_below(figure, of_kind, KINDS)
say_left_out(figure, shown, there)
study.save_figure(figure, "lengths", by_length[by_length["condition"].isin(there)])

# %% [markdown]
# ## Two doses
#
# How many edges are never composed, and how many chains of each trained length there are per atomic fact
# (Wang et al. 2024, arXiv:2405.15071, call the latter the ratio of inferred to atomic facts). Each dose is
# varied with the other one fixed; with the number of trained chains fixed, the more edges are left out, the
# more often is each of the others composed.

# %%
of_hops = styles(["1 hop (trained)", *(f"{hops} hops" for hops in LENGTHS)])
of_length = Styles(list(of_hops.items())[1:])
figure, axes = plt.subplots(2, 2, figsize=(TEXT_WIDTH, 3.6), sharey=True, sharex="col")
dose_parts = []
for column, (key, said) in enumerate(DOSES.items()):
    of_dose = by_length[by_length["condition"].isin(doses[key])]
    of_dose = of_dose.assign(dose=of_dose["condition"].map(doses[key]).astype(float), which=key)
    dose_parts.append(of_dose)
    for axis, kind in zip(axes[:, column], KINDS, strict=True):
        for hops, (name, its_style) in zip(LENGTHS, of_length.items(), strict=True):
            chosen = (of_dose["kind"] == kind) & (of_dose["hops"] == hops)
            plot_dose(axis, of_dose[chosen], its_style, name)
        axis.set(title=KINDS[kind], ylim=(-0.03, 1.03))
    axes[-1, column].set_xlabel(said)
figure.supylabel(f"accuracy (n = {len(seeds)} seeds)", fontsize=8)
name_curves(axes[1, 1], of_length, {name: name for name in of_length})
study.save_figure(figure, "doses", pd.concat(dose_parts, ignore_index=True))

# %% [markdown]
# ## When each length emerges

# %%
names = {f"hops{hops}_{kind}": f"{hops} hops" for hops in LENGTHS for kind in KINDS}
asked = accuracy[accuracy["condition"] == reference]
curves = over_seeds(asked, ["split", "step"])
figure, axes = plt.subplots(1, 2, figsize=(TEXT_WIDTH, 2.5), sharex=True, sharey=True)
for axis, kind in zip(axes, KINDS, strict=True):
    its = {"atomic": "1 hop (trained)"} | {s: n for s, n in names.items() if s.endswith("_" + kind)}
    panel = curves[curves["split"].isin(its)]
    panel = panel.assign(condition=panel["split"].map(its).astype(str))
    plot_over_training(axis, panel, of_hops, logarithmic=False)
    axis.set(title=KINDS[kind], ylim=(-0.03, 1.03), xlabel="training step")
axes[0].set_ylabel(f"accuracy (n = {len(seeds)} seeds)")
name_curves(axes[1], of_hops, {name: name for name in of_hops}, columns=4)
study.save_figure(figure, "emergence", curves[curves["split"].isin(["atomic", *names])])

# %% [markdown]
# ## What goes wrong: the entity before the last hop, or the last hop?
#
# In the models that apply one block once per hop, the state that should hold the entity before the last hop
# is replaced, before the last application, by that entity's embedding (of the state's norm). If the
# last hop works, the right answer follows, and with another entity written, that entity's answer. A random
# direction is the null control. (Put so after the same look, with TransformerLens's patching, at the run
# `three` of seed 0.)

# %%
WRITTEN = {
    "accuracy": "nothing written",
    "clean_own_accuracy": "right entity written",
    "clean_other_accuracy": "another entity, its answer",
    "clean_random_accuracy": "random direction",
}
at_end = at_last_step(measures[measures["measure"].isin(WRITTEN)])
written = over_seeds(at_end[at_end["split"].isin(HELD_OUT)], ["measure", *by])
place = written["split"].astype(str).str.extract(r"hops(\d+)_(.+)")
written = written.assign(hops=place[0].astype(int), kind=place[1], dose=place[0].astype(int))
looped = [
    name
    for name in there
    if ((written["condition"] == name) & (written["measure"] != "accuracy")).any()
]
of_written = styles(WRITTEN)
size = (TEXT_WIDTH, 3.4)
across = looped[: MOST_PANELS // 4]
figure, axes = plt.subplots(2, len(across), figsize=size, sharex=True, sharey=True, squeeze=False)
for column, condition in enumerate(across):
    for axis, kind in zip(axes[:, column], KINDS, strict=True):
        its = written[(written["condition"] == condition) & (written["kind"] == kind)]
        for measure, its_style in of_written.items():
            plot_dose(axis, its[its["measure"] == measure], its_style, WRITTEN[measure])
        axis.set(xticks=list(LENGTHS), xlim=(1.7, longest + 0.3), ylim=(-0.03, 1.03))
    axes[0, column].set_title("\n".join(textwrap.wrap(labels[condition], 16)), fontsize=7)
for axis, kind in zip(axes[:, 0], KINDS, strict=True):
    axis.set_ylabel(kind)
for axis in axes[-1]:
    axis.set_xlabel("hops")
figure.supylabel(f"accuracy (n = {len(seeds)} seeds)", fontsize=8)
legend_below(figure, of_written, WRITTEN, columns=2)
say_left_out(figure, across, looped)
study.save_figure(figure, "written", written[written["condition"].isin(looped)])

# %% [markdown]
# ## A prediction
#
# If a further hop over an edge that is never composed goes well as often as in two-hop chains, whatever
# the length, then accuracy on k hops is that on two to the power of k − 1. The two-hop accuracy of a run
# so predicts that on its longer chains, also where these were never trained.

# %%
unseen = at_last_step(accuracy).pivot_table(
    "value", index=["condition", "seed"], columns="split", observed=True
)
predicted = pd.concat(
    [
        pd.DataFrame(
            {
                "split": f"hops{hops}_unseen",
                "measure": "predicted",
                "value": unseen["hops2_unseen"] ** (hops - 1),
                "found": unseen[f"hops{hops}_unseen"],
            }
        ).reset_index()
        for hops in LENGTHS[1:]
    ],
    ignore_index=True,
)
predictions = over_seeds(predicted, by, "share")
shortfall = predicted.assign(value=predicted["value"] - predicted["found"])
shortfalls = over_seeds(shortfall, by, "signed_share")
predictions.merge(final, on=by, suffixes=(" predicted", " found")).set_index(by).filter(like="mean")

# %% [markdown]
# ## The numbers
#
# Mean over seeds at the last checkpoint and the 95 % interval of the mean (Student's t over seeds, cut at
# 0 and 1).

# %%
by_place = {(row.condition, row.split): row for row in final.itertuples()}
cells = [
    [labels[name], *(format_interval(by_place[name, split]) for split in HELD_OUT)]
    for name in conditions
]
columns = [
    "condition",
    *(split.removeprefix("hops").replace("_", " hops, ") for split in HELD_OUT),
]
table = pd.DataFrame(cells, columns=columns)
study.save_table(table, "accuracy", tabular(columns, cells, "l" * len(columns)))
table

# %%
numbers = {
    f"{row.condition}/{row.split}_predicted": format_interval(row)
    for row in predictions.itertuples()
}
numbers |= {
    f"{row.condition}/{row.split}_shortfall": format_interval(row)
    for row in shortfalls.itertuples()
}
# The checkpoints at which accuracy is first a half or more: one step, or the range over seeds.
half = asked[asked["value"] >= 0.5].groupby(["split", "seed"], observed=True)["step"].min()
for split in ["atomic", *HELD_OUT]:
    steps = half[half.index.get_level_values("split") == split]
    reached = len(steps) == len(seeds)
    ends = sorted({steps.min(), steps.max()}) if reached else []
    numbers[f"{reference}/{split}_half"] = "–".join(map(str, ends)) or "not in every seed"
# What the last stretch of training still changes.
by_step = asked.sort_values("step").groupby(["split", "seed"], observed=True)
changes = asked.assign(value=by_step["value"].diff())
for row in over_seeds(at_last_step(changes), ["split"], "signed_share").itertuples():
    numbers[f"{reference}/{row.split}_last_change"] = format_interval(row)

before = accuracy[(accuracy["step"] == 0) & accuracy["split"].isin(HELD_OUT)]
numbers["untrained"] = f"{over_seeds(before, by)['mean'].max():.2f}"
numbers["guess"] = f"{final.loc[final['split'].isin(HELD_OUT), 'guess'].max():.2f}"
base = settings[reference]
for section, keys in {
    "task": ("n_entities", "n_relations", "inferred_ratio"),
    "model": ("d_model",),
    "training": ("steps", "batch_size", "weight_decay"),
}.items():
    numbers |= {key: f"{base[section][key]:g}" for key in keys}
numbers["never_composed"] = f"{base['task']['never_composed']:.0%}".replace("%", r"\,\%")
numbers["n_seeds"] = str(len(seeds))
study.save_numbers(numbers)
pd.Series(numbers, name="number").to_frame()

# %% [markdown]
# **Asking a model.** What the first condition's model says to a chain of four hops, one more than are
# trained. Any other sequence of names (`run.dataset.vocabulary`) can take its place, and
# `run.bridge(step=...)` any other checkpoint.

# %%
run = study.run(conditions[0], seeds[0])
logits = run.bridge()(run.tokens("e3 r1 r2 r0 r4"))
run.likeliest(logits[0, -1]).round(3)
