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
# # Induction heads form
#
# **Question.** A small transformer reads sequences in which a random segment comes again and again.
# All that can be known is that what followed a token before will follow it now. It learns this at
# once, after hundreds of steps without much progress. Which heads do it, in what order do its parts
# come, why all at once, and what happens if parts are given or taken away before training begins?
#
# **Hypothesis.** (1) Two layers form a pair: a head that looks at the previous token, and one that
# looks after earlier tokens of the same kind; one layer never does, unless its keys are smeared
# over two positions (Olsson et al. 2022). (2) The plateau is the search for where to look: given
# the places to copy from, it vanishes; given the previous token, it stays. (3) Which pair forms is
# in the weights from the start: initial composition tells it better than chance, and the pair's
# initial heads, put into another initialisation, form it there more often than others do. (4)
# Trained heads bring the transition forward, and without the pair's initial heads, or the
# parameters that become large, it comes later than without as many others. (5) Taken away late, the
# pair is replaced by others sooner than it took to form. (6) The way of the losses of single tokens
# turns where the transition is (Olsson et al. 2022), and that of one layer doesn't. (7) Without
# positional embeddings the first layer works positions out, and the transition comes later. (8) A
# model that was trained with dropout has backups: without its strongest head the others write more
# than where it wasn't. (Put this way after pilots on the seeds 100 to 103: of two layers, one layer,
# smeared keys, MLPs, finite data, dropout, copies, no positions and given attention; before any
# surgery. (1) to (5) were put before any run of the seeds below, (6) to (8) after runs of them with
# other batches and rate.)
#
# **What would refute it.** (1) one layer that repeats, two that do so without such heads; (2) a
# transition at the same step with given places; (3) an area under the ROC curve within the
# permutation null, a pair no more frequent than where other heads were copied; (4) delays like
# those of the nulls; (5) a recovery that takes as long; (6) a straight way, or one that turns
# elsewhere, or just so with one layer; (7) positions that are read no better than from an untrained
# model; (8) others that write no more.

# %% tags=["parameters"]
study_name = "induction"
results = "results"

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import display

from onset.figures.curves import legend_below, plot_over_training
from onset.figures.learning import learning_curves, plot_learning
from onset.figures.names import name_curves
from onset.figures.rows import height, name_rows, plot_rows, remark
from onset.figures.style import NEUTRAL, TEXT_WIDTH, Styles, styles
from onset.interventions.heads import others
from onset.measures.heads.circuit import Head
from onset.notebook.here import here
from onset.notebook.losses import losses_of
from onset.results import Found
from onset.statistics.milestones import reached, value_at
from onset.statistics.prediction import auc
from onset.statistics.rows import at_last_step, select
from onset.statistics.seeds import from_logarithms, geometric_mean, over_seeds
from onset.statistics.trajectories import principal_way, turns
from onset.statistics.wording import format_interval, format_values

study = here(study_name, results)
conditions, seeds, labels = study.conditions, study.seeds, study.labels
reference = study.reference
style = styles(conditions)
settings = {name: study.run(name, seeds[0]).settings for name in conditions}
measures = study.measures
final = at_last_step(measures)
n_runs = pd.Series([run.condition for run in study.runs]).value_counts()
base = conditions[0]
RUN = ["condition", "seed"]
rng = np.random.default_rng(0)

# %% [markdown]
# ## It comes at once
#
# Held-out sequences: all positions, and those that certainly repeat. What doesn't repeat can't be
# known.

# %%
MODELS = ("two_layers", "one_layer", "smeared_keys", "with_mlp", "dropout")
SHOWN = [c for c in MODELS if c in conditions]
SPLITS = {"test": "all positions", "repeats": "positions that repeat"}
curves = learning_curves(measures[measures["condition"].isin(SHOWN)])
figure = plot_learning(curves, SPLITS, Styles({name: style[name] for name in SHOWN}), labels)
study.save_figure(figure, "learning", curves[curves["split"].isin(SPLITS)])

# %% [markdown]
# ## Which heads
#
# The pair of a run: the head of its first layer that looks most at previous tokens, and the head of
# the last that looks most after duplicates, at the last checkpoint. How many heads of the last layer
# look after duplicates with more than half of their attention? Where it is all of them, "the pair" is
# only the strongest of several. Lines are these two along training.

# %%
scores = final[final["measure"].isin(["previous_token_score", "induction_score"])]
last_layer = scores.groupby("condition", observed=True)["layer"].max()
first = scores[(scores["measure"] == "previous_token_score") & (scores["layer"] == 0)]
second = scores[
    (scores["measure"] == "induction_score")
    & (scores["layer"] == scores["condition"].map(last_layer).astype(float))
]
strongest = {
    name: its.loc[its.groupby(RUN, observed=True)["value"].idxmax()].set_index(RUN)["head"]
    for name, its in {"previous": first, "induction": second}.items()
}
pair = pd.DataFrame(strongest).astype(int)
pair["looking"] = (second.set_index(RUN)["value"] > 0.5).groupby(RUN).sum()
n_induction = pair.loc[base, "looking"]
pair

# %%
PARTS = {
    "looks at previous tokens": ("previous_token_score", "previous", None),
    "looks after duplicates": ("induction_score", "induction", None),
    "copies": ("copying_score", "induction", None),
    "composes (keys)": ("k_composition", "induction", "previous"),
}
followed = {"answers": select(measures, "accuracy", "repeats")}
for name, (measure, reader, writer) in PARTS.items():
    its = measures[measures["measure"] == measure].merge(pair.reset_index(), on=RUN)
    layer = 0.0 if reader == "previous" else its["condition"].map(last_layer)
    mine = (its["head"] == its[reader]) & (its["layer"] == layer)
    if writer is not None:
        mine &= its["component"] == its[writer]
    followed[name] = its[mine]
followed = {name: its[its["condition"] == base] for name, its in followed.items()}
progress = {}  # the same as parts of the way from a run's first checkpoint to its last
for name, its in followed.items():
    ends = its.sort_values("step").groupby("seed")["value"]
    start, end = its["seed"].map(ends.first()), its["seed"].map(ends.last())
    progress[name] = its.assign(value=(its["value"] - start) / (end - start), measure=name)

part_style = styles(followed)
figure, axes = plt.subplots(1, 2, figsize=(TEXT_WIDTH, 2.6), sharex=True)
shown = {
    name: over_seeds(its, ["condition", "step"]).assign(shown=name)
    for name, its in followed.items()
}
ways = {name: over_seeds(its, ["condition", "step"], "real") for name, its in progress.items()}
for axis, of_parts in zip(axes, (shown, ways), strict=True):
    named = pd.concat([curve.assign(condition=name) for name, curve in of_parts.items()])
    plot_over_training(axis, named, part_style, logarithmic=False)
axes[0].set(ylabel="score", xlabel="training step")
axes[1].set(ylabel="part of the way", xlabel="training step", ylim=(-0.3, 1.3))
legend_below(figure, part_style, {name: name for name in followed})
study.save_figure(figure, "heads", pd.concat(shown.values()))

# %% [markdown]
# ## What comes first
#
# For each run of two layers, the step at which each of these has gone half its way, before (left)
# or after (right) the answers have.

# %%
half_way = pd.DataFrame({name: reached(its, 0.5) for name, its in progress.items()})
lead = half_way.loc[base].sub(half_way.loc[base, "answers"], axis=0)[list(PARTS)]
lead = lead.melt(var_name="condition", ignore_index=False).reset_index().dropna()
figure, axis = plt.subplots(figsize=(TEXT_WIDTH, height(PARTS)))
rows = Styles({name: part_style[name] for name in PARTS})
if len(lead):
    plot_rows(axis, over_seeds(lead, ["condition"], "real"), rows)
name_rows(axis, rows, {name: name for name in PARTS})
axis.axvline(0, color=NEUTRAL, linewidth=0.5, zorder=0)
axis.set_xlabel("steps after the answers")
study.save_figure(figure, "order", lead)
half_way.loc[base].describe().round(0)

# %% [markdown]
# ## What is known before
#
# Edelman et al. (2024) find a stage before the transition in which a model knows which tokens belong
# to a context, and not yet their order. Here: the probability of tokens that have been seen, and how
# evenly it lies on them (1: as evenly as it can).

# %%
KNOWN = {
    "context_share": "probability on tokens seen",
    "context_evenness": "its evenness",
    "accuracy": "accuracy",
}
stages = pd.concat(
    select(measures[measures["condition"] == base], name, "repeats").assign(condition=name)
    for name in KNOWN
)
stage_style = styles(KNOWN)
curves = over_seeds(stages, ["condition", "step"])
figure, axis = plt.subplots(figsize=(TEXT_WIDTH, 2.4))
plot_over_training(axis, curves, stage_style, logarithmic=False)
axis.set(xlabel="training step", ylabel="share", ylim=(-0.03, 1.03))
name_curves(axis, stage_style, KNOWN)
study.save_figure(figure, "stages", curves)

accuracy = select(measures, "accuracy", "repeats")
when = pd.DataFrame({level: reached(accuracy, level) for level in (0.1, 0.5, 0.9)})
when["width"] = when[0.9] - when[0.1]
before = {
    name: value_at(stages[stages["condition"] == name].assign(condition=base), when[0.1]).dropna()
    for name in list(KNOWN)[:2]
}
pd.DataFrame(before)

# %% [markdown]
# ## The way of the losses
#
# Problem 5.23 of "200 concrete open problems": the losses of single tokens (of those that certainly
# repeat, held out) are a point per checkpoint; its first two principal components. Right: by how much
# the way turns at each step, as the angle between the straight way to there and the straight way from
# there. One layer is the control.

# %%
ways, angles, turned = [], [], []
for run in study.runs:
    if run.condition not in (base, "one_layer") or run.seed not in seeds:
        continue
    way = principal_way(losses_of(run, "repeats"), run.steps, n=2)
    about = {"condition": run.condition, "seed": run.seed}
    angle = turns(way.places)
    ways.append(way.places.reset_index().assign(**about))
    angles.append(angle.rename("value").reset_index().assign(measure="turn", **about))
    turned.append(
        {**about, "turn": angle.max(), "at": angle.idxmax(), "explained": way.explained.sum()}
    )
ways, angles, turned = pd.concat(ways), pd.concat(angles), pd.DataFrame(turned).set_index(RUN)
way_style = Styles({name: style[name] for name in (base, "one_layer") if name in conditions})
figure, (axis, other) = plt.subplots(1, 2, figsize=(TEXT_WIDTH, 2.6))
for (name, _), its in ways.groupby(RUN, sort=False, observed=True):
    axis.plot(its[1], its[2], **style[name].of_line, linewidth=0.8)
    axis.plot(its[1].iloc[-1], its[2].iloc[-1], **style[name].of_marker)
along_way = over_seeds(angles, ["condition", "step"], "angle")
plot_over_training(other, along_way, way_style, logarithmic=False)
axis.set(xlabel="first component", ylabel="second component")
other.set(xlabel="training step", ylabel="turn (degrees)")
legend_below(figure, way_style, labels, columns=2)
study.save_figure(figure, "way", ways.merge(angles, on=[*RUN, "step"], how="left"))
turned["transition"] = when[0.5].reindex(turned.index)
turned.round(2)

# %% [markdown]
# ## Why at once
#
# A head's attention is fixed from the start; everything else is learnt. *Previous token*: a head of
# the first layer; *places to copy from*: a head of the second.

# %%
GIVEN = [c for c in (base, "given_previous", "given_duplicate", "smeared_keys") if c in conditions]
given_style = Styles({name: style[name] for name in GIVEN})
curves = learning_curves(measures[measures["condition"].isin(GIVEN)])
curves = curves[curves["split"] == "repeats"]
figure, axes = plt.subplots(1, 2, figsize=(TEXT_WIDTH, 2.6))
for axis, measure in zip(axes, ("loss", "accuracy"), strict=True):
    plot_over_training(axis, curves[curves["measure"] == measure], given_style, logarithmic=False)
    axis.set(xlabel="training step")
axes[0].set(yscale="log", ylabel="loss where it repeats (nats)")
axes[1].set(ylabel="accuracy where it repeats")
legend_below(figure, given_style, labels, columns=2)
study.save_figure(figure, "plateau", curves)
when.groupby("condition", sort=False).mean().round(0)

# %% [markdown]
# ## Other worlds, other ways
#
# Without positional embeddings (left: accuracy; middle: R² of the position, read off the first
# layer's output by a Gaussian kernel; the numbers below have the linear reading, too). Right: three
# copies of a segment in random tokens, as in Nanda et al. (2023): how far after an earlier token of
# the same kind the heads of the last layer look, the one of each run that looks most at a single
# distance.

# %%
WORLDS = [c for c in (base, "no_positions", "copies") if c in conditions]
world_style = Styles({name: style[name] for name in WORLDS})
curves = over_seeds(accuracy[accuracy["condition"].isin(WORLDS)], ["condition", "step"])
READ = ["position_explained", "position_explained_by_kernel"]
read = measures[measures["measure"].isin(READ) & (measures["layer"] == 1)]
by_kernel = over_seeds(read[read["measure"] == READ[1]], ["condition", "step"])
offsets = study.analyses[study.analyses["measure"] == "attention_after_duplicate"]
offsets = offsets[(offsets["split"] == "repeats") & (offsets["layer"] == 1)]
farthest = offsets.loc[offsets.groupby(RUN, observed=True)["value"].idxmax()].set_index(RUN)
mine = offsets.set_index([*RUN, "head"]).index.isin(farthest.set_index("head", append=True).index)
by_offset = over_seeds(offsets[mine], ["condition", "component"])
figure, axes = plt.subplots(1, 3, figsize=(TEXT_WIDTH, 2.4))
plot_over_training(axes[0], curves, world_style, logarithmic=False)
plot_over_training(axes[1], by_kernel, world_style, logarithmic=False)
by_offset = by_offset.rename(columns={"component": "step"})
plot_over_training(axes[2], by_offset, world_style, logarithmic=False)
axes[0].set(xlabel="training step", ylabel="accuracy where it repeats")
for name, its in by_kernel[by_kernel["step"] == 0].groupby("condition", sort=False):
    axes[1].axhline(its["mean"].item(), color=style[name].colour, linewidth=0.8, linestyle=":")
axes[1].set(xlabel="training step", ylabel="R² of the position", ylim=(-0.03, 1.03))
axes[2].set(xlabel="distance (positions)", ylabel="attention", ylim=(-0.03, 1.03))
legend_below(figure, world_style, labels, columns=3)
study.save_figure(figure, "worlds", pd.concat([curves, by_kernel, by_offset]))
distance = farthest["component"]
farthest[["layer", "head", "component", "value"]]

# %% [markdown]
# ## Is the pair in the initial weights?
#
# Of the pairs of a first and a second head, one becomes the circuit. How well do initial numbers
# tell it from the others? Area under the ROC curve, mean over seeds; the null draws each seed's
# pair at random.

# %%
start = measures[(measures["step"] == 0) & (measures["condition"] == base)]
n_heads = settings[base]["model"]["n_heads"]
initial = {}
NUMBERS = {
    "q_composition": "Q-composition",
    "k_composition": "K-composition",
    "v_composition": "V-composition",
    "previous_token_score": "first head's attention\nto previous tokens",
    "induction_score": "second head's attention\nafter duplicates",
}
for measure in list(NUMBERS)[:3]:
    its = start[start["measure"] == measure]
    initial[measure] = its.pivot(index="seed", columns=["component", "head"], values="value")
places = initial["k_composition"].columns
for measure, layer, which in (("previous_token_score", 0, 0), ("induction_score", 1, 1)):
    its = start[(start["measure"] == measure) & (start["layer"] == layer)]
    by_head = its.pivot(index="seed", columns="head", values="value")
    initial[measure] = by_head[[place[which] for place in places]].set_axis(places, axis=1)
# The area that each pair would have if it were the one, by seed; chance draws one of them.
of_base = pair.loc[base]
of_pairs = {
    name: np.array(
        [[auc(row, np.arange(len(row)) == i) for i in range(len(row))] for row in its.to_numpy()]
    )
    for name, its in ((name, its.loc[of_base.index]) for name, its in initial.items())
}
became = [places.get_loc((its.previous, its.induction)) for its in of_base.itertuples()]
told = pd.DataFrame(
    {name: its[np.arange(len(its)), became] for name, its in of_pairs.items()}, of_base.index
)
drawn = rng.integers(len(places), size=(10_000, len(of_base)))
by_chance = {name: its[np.arange(len(its)), drawn].mean(1) for name, its in of_pairs.items()}
p_values = {name: (null >= told[name].mean()).mean() for name, null in by_chance.items()}
figure, axis = plt.subplots(figsize=(TEXT_WIDTH, height(initial) + 0.2))
names = styles(initial)
for place, null in enumerate(by_chance.values()):
    low, high = np.quantile(null, [0.025, 0.975])
    axis.barh(place, high - low, 0.8, low, color="0.85", zorder=0)
rows = told.melt(var_name="condition", ignore_index=False).reset_index().assign(measure="area")
plot_rows(axis, over_seeds(rows, ["condition"], "share"), names)
name_rows(axis, names, NUMBERS)
axis.set(xlabel="area under ROC, at initialisation", xlim=(-0.03, 1.03))
study.save_figure(figure, "foretold", rows)
p_values

# %% [markdown]
# ## Surgery
#
# The step at which half of what repeats is answered, relative to the same seed without surgery.
# Each kind has its null beneath it.

# %%
operated = {
    name: settings[name]["interventions"][0].get("before_step", 0)
    for name in conditions
    if settings[name].get("interventions")
}
SURGERY = [name for name, step in operated.items() if step == 0]
relative = {
    name: when.loc[name, 0.5] / when.loc[base, 0.5].reindex(when.loc[name].index)
    for name in SURGERY
}
delays = pd.concat(relative, names=["condition"]) if relative else when[0.5].iloc[:0]
logs = np.log10(delays.dropna()).rename("value").reset_index()
surgery_style = Styles({name: style[name] for name in SURGERY})
figure, axis = plt.subplots(figsize=(TEXT_WIDTH, height(SURGERY)))
if len(logs):
    of_surgery = over_seeds(logs, ["condition"], "real")
    plot_rows(axis, from_logarithms(of_surgery), surgery_style)
for place, name in enumerate(SURGERY):
    there = delays.loc[name].dropna()
    if missing := n_runs[name] - len(there):
        remark(axis, place, f"{missing} of {n_runs[name]} not by then")
name_rows(axis, surgery_style, labels)
axis.axvline(1, color=NEUTRAL, linewidth=0.5, zorder=0)
axis.set(xscale="log", xlabel="step of the transition, relative to the same seed without surgery")
axis.xaxis.set_major_formatter("{x:g}")
study.save_figure(figure, "surgery", delays.rename("delay").reset_index())
delays.groupby("condition", sort=False).describe().round(2)

# %% [markdown]
# Does the pair that formed in another seed form where its initial heads were put, and do others where
# these were put? Of heads of the first layer and heads of the second there are as many pairs as the
# product of their numbers; a pair in that place by chance is one of them.

# %%
order = [run.seed for run in study.runs if run.condition == base]
heads = pair[["previous", "induction"]]
put = {}
for place, seed in enumerate(order):
    its = heads.loc[base, order[(place + 1) % len(order)]]
    circuit = [Head(layer, number) for layer, number in enumerate(its)]
    put["pair_copied", seed] = tuple(head.number for head in circuit)
    put["others_copied", seed] = tuple(head.number for head in others(circuit, n_heads, seed))
columns = ["condition", "seed", "formed", "put", "without surgery"]
formed = pd.DataFrame(
    [
        {
            "condition": name,
            "seed": seed,
            "formed": tuple(heads.loc[name, seed]),
            "put": put[name, seed],
            "without surgery": tuple(heads.loc[base, seed]),
        }
        for name in ("pair_copied", "others_copied")
        if name in conditions
        for seed in heads.loc[name].index
    ],
    columns=columns,
)
formed

# %% [markdown]
# ## Taken away when it works
#
# The pair is set to zero, and held there, before an update late in training; as a null, two others are.

# %%
removed_at = {name: step for name, step in operated.items() if step}
LATE = [base, *removed_at]
late_style = Styles({name: style[name] for name in LATE})
curves = over_seeds(accuracy[accuracy["condition"].isin(LATE)], ["condition", "step"])
figure, axis = plt.subplots(figsize=(TEXT_WIDTH, 2.6))
plot_over_training(axis, curves, late_style, logarithmic=False)
axis.set(xlabel="training step", ylabel="accuracy where it repeats", ylim=(-0.03, 1.03))
name_curves(axis, late_style, labels)
study.save_figure(figure, "late", curves)

since = accuracy[accuracy["step"] > accuracy["condition"].map(removed_at)]
again = reached(since, 0.9) - since.groupby(RUN, observed=True)["step"].min() + 1
least = since.groupby(RUN, observed=True)["value"].min()
pd.DataFrame({"least": least, "steps to .9": again})

# %% [markdown]
# ## The circuit, found and missed
#
# Edge attribution ranks all connections between parts. Left: how many of the known circuit's are
# among the first when so many others are (the ROC curve). Middle: how much of the difference between
# sequences that repeat and others is left with the first of them alone? The square is the circuit
# as we know it, the cross as many random connections. Right: what the other heads of the second
# layer write towards the right answer, with the strongest one and with its mean in its place, in
# models trained without and with dropout; heads of one layer don't read each other, so that what
# changes is the scale of the final norm. By path patching, last: what is lost when one way alone
# carries what it would on another sequence. The ways to queries, and the previous-token head's to
# values, are not of the circuit that is scored: of the token's own to queries there is nothing to
# be found, since the last token is the same.

# %%
analyses = study.analyses
edges = analyses[analyses["condition"] == base]
ranked = edges[edges["measure"].isin(["known_found", "recovered"])]
left = over_seeds(ranked, ["condition", "measure", "component"])
figure, (curve, axis, other) = plt.subplots(1, 3, figsize=(TEXT_WIDTH, 2.3))
for panel, name in ((curve, "known_found"), (axis, "recovered")):
    its = left[left["measure"] == name].rename(columns={"component": "step"})
    plot_over_training(panel, its, Styles({base: style[base]}), logarithmic=False)
curve.axline((0, 0), (100, 1), color=NEUTRAL, linewidth=0.5)
curve.set(xlabel="others among them (%)", ylabel="known connections found")
of_runs = edges.pivot_table("value", "seed", "measure", sort=False)
axis.plot(of_runs["known_size"], of_runs["known_recovered"], "s", color=NEUTRAL, markersize=3)
axis.plot(of_runs["known_size"], of_runs["random_recovered"], "x", color=NEUTRAL, markersize=4)
axis.set(xlabel="connections left", ylabel="difference recovered")
BACKED = [c for c in (base, "dropout") if c in conditions]
effects = analyses[(analyses["split"] == "repeats") & analyses["condition"].isin(BACKED)]
effects = effects.pivot_table("value", [*RUN, "layer", "head"], "measure", observed=True)
is_last = effects.index.get_level_values("layer") == last_layer[base]
effects = effects[effects["main_head"].isna() & is_last]
without = effects["head_direct_effect_without_main"]
for name in BACKED:
    of_marker = style[name].of_marker
    other.plot(
        effects.loc[name, "head_direct_effect"], without[name], **of_marker, label=labels[name]
    )
other.axline((0, 0), slope=1, color=NEUTRAL, linewidth=0.5)
other.set(xlabel="direct effect (logits)", ylabel="without the strongest head (logits)")
other.legend()
study.save_figure(figure, "circuit", pd.concat([left, effects.reset_index()]))
more = without.groupby(RUN).sum() / effects["head_direct_effect"].groupby(RUN).sum()
patched = of_runs.filter(like="patched_")
patched.columns = patched.columns.str.removeprefix("patched_")
areas = of_runs[["edge_auc", "edge_auc_null", "known_recovered"]]
pd.concat([more.unstack("condition"), areas, patched], axis=1).round(2)

# %% [markdown]
# ## Numbers for the paper, and beside the literature

# %%
world = settings[base]["task"]
numbers = {
    "n_many": str(int(n_runs[base])),
    "n_seeds": str(len(seeds)),
    "removed_at": " and ".join(map(str, sorted(set(removed_at.values())))),
    "length": str(world["length"]),
    "n_symbols": str(world["n_symbols"]),
    "shortest": str(world["segment"][0]),
    "longest": str(world["segment"][1]),
    "n_heads": str(n_heads),
    "n_induction": format_values(n_induction, 1, "count"),
    "finite_examples": f"{settings['finite_data']['task']['n_train']:,}".replace(",", r"\,"),
}
for name, its in when.groupby("condition", sort=False):
    numbers[f"{name}/n_there"] = f"{its[0.5].notna().sum()} of {n_runs[name]}"
    for column, key in ((0.5, "half"), ("width", "width")):
        steps = its[column].dropna()
        said = format_interval(geometric_mean(steps), 0) if len(steps) else "never"
        numbers[f"{name}/{key}"] = said
looks = followed["looks at previous tokens"]
at_half = value_at(looks, when.loc[[base], 0.5]).dropna()
numbers["previous/half"] = format_values(at_half, kind="share") if len(at_half) else "undecided"
numbers["previous/end"] = format_values(at_last_step(looks)["value"], kind="share")
for name in PARTS:
    its = lead.loc[lead["condition"] == name, "value"]
    numbers[f"lead/{name}"] = format_values(its, 0) if len(its) else "undecided"
numbers |= {f"steps/{name}": str(its["training"]["steps"]) for name, its in settings.items()}
for name, its in before.items():
    numbers[f"before/{name}"] = format_values(its) if len(its) else "undecided"
for name, its in turned.groupby("condition", sort=False):
    numbers[f"turn/{name}"] = format_values(its["turn"], 0, "angle")
    numbers[f"turn_at/{name}"] = format_values(its["at"], 0, "steps")
    apart = (its["at"] - its["transition"]).dropna()
    numbers[f"turn_late/{name}"] = format_values(apart, 0) if len(apart) else "undecided"
    numbers[f"way/{name}"] = format_values(its["explained"], kind="share")
for (name, measure), its in read.groupby(["condition", "measure"], observed=True):
    how = "linear" if measure == READ[0] else "kernel"
    at_start = its.loc[its["step"] == its["step"].min(), "value"]
    numbers[f"position/{name}/{how}/start"] = format_values(at_start, kind="explained")
for name, its in distance.groupby("condition", sort=False):
    numbers[f"looks_one/{name}"] = f"{(its == 1).sum()} of {len(its)}"
    numbers[f"distances/{name}"] = ", ".join(f"{its:.0f}" for its in sorted(its.unique()))
    numbers[f"looks_there/{name}"] = format_values(farthest.loc[name, "value"], kind="share")
for name, its in told.items():
    numbers[f"auc/{name}"] = format_values(its, kind="share")
    numbers[f"auc_p/{name}"] = f"{p_values[name]:.2f}"
for name in SURGERY:
    its = delays.loc[name].dropna()
    numbers[f"delay/{name}"] = format_interval(geometric_mean(its)) if len(its) else "never"
compared = {
    "largest_removed": "as_large_removed",
    "previous_trained": "other_trained",
}
for name, null in compared.items():
    if {name, null} <= set(SURGERY):
        its = (delays.loc[name] / delays.loc[null]).dropna()
        numbers[f"delay/{name}/over_null"] = (
            format_interval(geometric_mean(its)) if len(its) else "never"
        )
for name, its in formed.groupby("condition", sort=False):
    for column in ("put", "without surgery"):
        same = sum(one == other for one, other in zip(its["formed"], its[column], strict=True))
        numbers[f"same/{name}/{column}"] = f"{same} of {len(its)}"
for name, its in more.groupby("condition", sort=False):
    numbers[f"others_write/{name}"] = format_values(its)
for kind in ("zero", "mean", "resample"):
    its = edges[(edges["measure"] == f"without_head_{kind}_loss") & (edges["split"] == "repeats")]
    for layer, of_layer in its.groupby("layer"):
        worst = of_layer.groupby("seed")["value"].max()
        numbers[f"without/{kind}/{int(layer)}"] = format_values(worst, kind="nats")
for name in removed_at:
    numbers[f"{name}/least"] = format_values(least[name], kind="share")
    numbers[f"{name}/again"] = format_values(again[name], 0, "steps")
study.save_numbers(numbers)

at_end = final[(final["measure"] == "accuracy") & (final["split"] == "repeats")]
ours = {
    "one_layer": at_end.loc[at_end["condition"] == "one_layer", "value"],
    "smeared_keys": at_end.loc[at_end["condition"] == "smeared_keys", "value"],
    "redundant": n_induction,
    "context_first": before["context_share"],
}
BORDERS = {
    "one_layer": (0.5, -1),
    "smeared_keys": (0.5, 1),
    "redundant": (1, 1),
    "context_first": (np.nan, 1),  # nobody has said how much
}
found = {name: Found.beyond(ours[name], *BORDERS[name]) for name in reference}
display(study.save_reference(reference, found))

# Asking a model: any other sequence of names (run.dataset.vocabulary) can take this one's place.
run = study.run(base, seeds[0])
logits = run.bridge()(run.tokens("s1 s2 s3 s4 s1 s2"))
run.likeliest(logits[0, -1]).round(3)
