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
# # Features in superposition
#
# **Question.** A layer has fewer dimensions than the world has features. It can keep the most
# important ones, each with a dimension of its own, and forget the others; or it can keep more of
# them than it has room for, in directions that aren't orthogonal, and put up with confusing them.
# When does a trained network do which, and how do features share the room?
#
# **What is known** (Elhage et al. 2022, *Toy models of superposition*). Features are numbers
# between 0 and 1 that are mostly 0; the network reads them into a few dimensions and back,
# $x' = \mathrm{ReLU}(W^\top W x + b)$, and an error counts as much as the feature is important. If
# features are rarely there together, superposition costs little. It sets in like a phase change,
# and features arrange themselves in regular figures: pairs, triangles, pentagons, tetrahedra,
# square antiprisms.
#
# **Hypotheses.** (1) For two features in one dimension, which of three solutions is found is told
# by their losses in closed form. (2) With more features, their share of a dimension $D_i$ lies at
# the fractions of those figures, and the figures are there in the weights. (3) Over training, the
# loss falls when features change places. (4) A layer of neurons computes more functions than it
# has neurons for, if its inputs are sparse.
#
# **What would refute it.** (1) a map of solutions no nearer to the prediction than an untrained
# network's; (2) fractions hit no more often than by a network without the ReLU, figures no more
# often than among random directions; (3) falls of the loss no more tied to an instance's own moves
# than to another's; (4) losses no lower than those of computing functions one by one. (Put this way
# after pilots on the seeds 100 to 102.)

# %% tags=["parameters"]
study_name = "superposition"
results = "results"

# %%
import numpy as np
import pandas as pd
import torch

from onset.figures.style import Styles, styles
from onset.figures.superposition import (
    plot_computed,
    plot_dimensionality,
    plot_edges,
    plot_phases_of,
    plot_places,
    plot_shares,
)
from onset.measures.superposition import levels, one_by_one
from onset.measures.superposition.features import REPRESENTED
from onset.measures.superposition.geometry import FIGURES, by_chance
from onset.measures.superposition.two_features import (
    PHASES,
    best,
    boundary,
    candidates,
    expected_loss,
    phase_of,
)
from onset.notebook.here import here
from onset.results import Found
from onset.statistics.boundary import falling_edge
from onset.statistics.seeds import interval
from onset.statistics.wording import format_values
from onset.tasks.superposition import Settings

study = here(study_name, results)
conditions, seeds, labels = study.conditions, study.seeds, study.labels
reference = study.reference
style = styles(conditions)
tasks = {c: Settings.model_validate(study.run(c, seeds[0]).settings["task"]) for c in conditions}
grids = pd.concat(
    {
        c: pd.DataFrame(task.grid, columns=["density", "importance"]).rename_axis("instance")
        for c, task in tasks.items()
    },
    names=["condition"],
).reset_index()
n_features = {c: task.n_features for c, task in tasks.items()}
networks = {c: study.run(c, seeds[0]).model.settings for c in conditions}
NULLS = [name for name in conditions if labels[name].startswith("null")]

# Measurements of features and of instances, with the world that each is of.
WORLD = ["condition", "instance"]
measures = study.measures
of_features = measures["measure"].isin(["feature_norm", "dimensionality", "interference"])
wide = (
    measures[of_features]
    .pivot(index=["condition", "seed", "step", "component"], columns="measure", values="value")
    .reset_index()
)
size = wide["condition"].map(n_features).astype(int)
features = wide.assign(
    instance=wide["component"].astype(int) // size, feature=wide["component"].astype(int) % size
).merge(grids, on=WORLD)
instances = (
    measures[~of_features]
    .pivot(index=["condition", "seed", "step", "component"], columns="measure", values="value")
    .reset_index()
    .rename(columns={"component": "instance"})
    .merge(grids, on=WORLD)
)
last = instances["step"] == instances.groupby("condition")["step"].transform("max")
features_last = features["step"] == features.groupby("condition")["step"].transform("max")
rng = np.random.default_rng(0)
numbers = {"n_seeds": str(len(seeds)), "n_instances": str(len(grids) * len(seeds))}
pd.DataFrame({
    labels[c]: {
        "features": n_features[c], "hidden": networks[c].d_hidden,
        "networks a seed": len(task.grid), "densities": f"{min(task.densities)} to {max(task.densities)}",
    }
    for c, task in tasks.items()
}).T  # fmt: skip

# %% [markdown]
# ## Two features, one dimension
#
# Three solutions come into question: the first feature alone, the second alone, or both, pointing
# opposite ways, which is wrong only where both are there. Their losses are known in closed form
# (`onset.measures.superposition.two_features`), and so is the loss of any other solution, by exact
# integration:
# the best of all is found by descending it. Of the network's restarts we take the one with the
# least exact loss. A colour says what became of the second feature: *ignored*, *dedicated* (it
# has the dimension to itself), or *superposed*. The panel on the right is a network without the
# ReLU, which has nothing to gain from superposition.

# %%
found = []
for condition in [c for c in ("two_features", "two_features_linear") if c in conditions]:
    task, grid = tasks[condition], grids[grids["condition"] == condition]
    density, importance = (torch.tensor(grid[n].to_numpy()) for n in ("density", "importance"))
    for seed in seeds:
        run = study.run(condition, seed)
        for step in (run.steps[0], run.steps[-1]):
            parameters = run.parameters(step)
            w = parameters["encode.weight"][:, 0].double()
            b = parameters["decode.bias"][:, :, 0].double()
            relu = run.model.settings.output_activation == "relu"
            its = grid.assign(
                seed=seed,
                trained=step > 0,
                loss=expected_loss(w, b, density, importance, relu).numpy(),
                phase=phase_of(w),
            )
            found.append(its.loc[its.groupby(["density", "importance"])["loss"].idxmin()])
phases = pd.concat(found, ignore_index=True)

cells = phases[["density", "importance"]].drop_duplicates().reset_index(drop=True)
p, r = (torch.tensor(cells[name].to_numpy()) for name in ("density", "importance"))
closed = torch.stack(torch.broadcast_tensors(*candidates(p, r)))
w_best, _, loss_best = best(p, r)
cells["candidates"] = [PHASES[i] for i in closed.argmin(0).tolist()]
cells["exact"], cells["least"] = phase_of(w_best), loss_best.numpy()
phases = phases.merge(cells, on=["density", "importance"])

mine = phases[(phases["condition"] == "two_features") & phases["trained"]]
linear = phases[(phases["condition"] == "two_features_linear") & phases["trained"]]
panels = {
    "three candidates": cells.assign(phase=cells["candidates"]),
    "exact optimum": cells.assign(phase=cells["exact"]),
    "trained": mine,
    "null: no ReLU": linear,
}
figure = plot_phases_of(panels, PHASES)
study.save_figure(figure, "phases", phases)

# %% [markdown]
# How often the trained network's solution is the predicted one, over all cells; beside it the same
# of the untrained network, of the one without ReLU, and of who always says the commonest answer.
# Where they differ, the loss says who is right: it is compared with the least there is.

# %%
commonest = mine["phase"].mode()[0]
agreement = pd.DataFrame({
    name: its.groupby("seed").apply(
        lambda of_seed: pd.Series({
            "candidates": (of_seed["phase"] == of_seed["candidates"]).mean(),
            "exact": (of_seed["phase"] == of_seed["exact"]).mean(),
        }),
        include_groups=False,
    ).stack()
    for name, its in {
        "trained": mine,
        "untrained": phases[(phases["condition"] == "two_features") & ~phases["trained"]],
        "no ReLU": linear,
        "commonest answer": mine.assign(phase=commonest),
    }.items()
}).rename_axis(["seed", "prediction"]).reset_index()  # fmt: skip
above = mine["loss"] / mine["least"]
odd = mine[mine["phase"] != mine["exact"]]
for name in ("trained", "untrained", "no ReLU", "commonest answer"):
    for prediction in ("candidates", "exact"):
        its = agreement.loc[agreement["prediction"] == prediction, name]
        numbers[f"agree/{prediction}/{name}"] = format_values(its, kind="share")
numbers["loss_above/median"] = f"{above.median():.3f}"
numbers["loss_above/odd"] = f"{above[odd.index].median():.2f}" if len(odd) else "none"
numbers["linear/superposed"] = f"{(linear['phase'] == 'superposed').mean():.2f}"
agreement

# %% [markdown]
# The border of superposition, which the closed forms put at a density of
# $4s / (2(1 + r) + 3s)$ with $s = \min(r, 1)$, for the second feature's importance $r$.

# %%
fine = torch.logspace(-1, 0, 31, dtype=torch.float64)
axis = torch.tensor(sorted(cells["importance"].unique()))
w_fine, _, _ = best(fine[:, None], axis[None, :])
both = np.array(phase_of(w_fine)).reshape(w_fine.shape[:2]) == "superposed"
lines = {
    "three candidates": pd.DataFrame({"importance": axis, "density": boundary(axis)}),
    "exact optimum": pd.DataFrame({
        "importance": axis,
        "density": [falling_edge(fine.numpy(), column.astype(float), 0.5) for column in both.T],
    }),
}  # fmt: skip
shared = mine.assign(shared=(mine["phase"] == "superposed").astype(float))
shared = shared.pivot(index=["seed", "importance"], columns="density", values="shared")
edges = shared.apply(
    lambda row: falling_edge(row.index.to_numpy(), row.to_numpy(), 0.5), axis=1
).reset_index(name="density")
shown_edges = edges.assign(density=edges["density"].replace([np.inf, 0], np.nan))
figure = plot_edges(lines, shown_edges)
study.save_figure(figure, "edge", pd.concat([
    shown_edges.assign(of="trained"), *(line.assign(of=name) for name, line in lines.items())
]))  # fmt: skip

# %% [markdown]
# ## How features share the room
#
# More features of equal importance, in two, three and fifteen dimensions. A feature's
# dimensionality $D_i = |W_i|^2 / \sum_j (\hat W_i \cdot W_j)^2$ is the part of a dimension that it
# has to itself. Each dot is a feature that is represented (longer than a half); lines are at the
# fractions of regular figures: 1 (alone), 3/4 (tetrahedron), 2/3 (triangle), 1/2 (a pair), 2/5
# (pentagon), 3/8 (square antiprism). Without the ReLU features have no reason to sit there.

# %%
FRACTIONS = {"1": 1.0, "3/4": 3 / 4, "2/3": 2 / 3, "1/2": 1 / 2, "2/5": 2 / 5, "3/8": 3 / 8}
WORLDS = {
    c: f"{n_features[c]} in {of.d_hidden}" + (", no ReLU" if c in NULLS else "")
    for c, of in networks.items()
    if n_features[c] > 2 and tasks[c].target == "identity" and c != "dynamics"
}
final = features[features_last & features["condition"].isin(WORLDS)]
represented = final[final["feature_norm"] > REPRESENTED]
figure = plot_dimensionality(
    {title: represented[represented["condition"] == c] for c, title in WORLDS.items()}, FRACTIONS
)
study.save_figure(figure, "dimensionality", represented)

near = np.abs(
    represented["dimensionality"].to_numpy()[:, None] - np.array(list(FRACTIONS.values()))
)
represented = represented.assign(on=(near < 0.015).any(1))
# How much of the range of dimensionalities is that near to a line: what chance gives.
numbers["on_line/chance"] = f"{len(FRACTIONS) * 0.03 / represented['dimensionality'].max():.2f}"
for condition in WORLDS:
    its = represented[(represented["condition"] == condition) & (represented["density"] < 0.6)]
    on = its.groupby("seed")["on"].mean()
    numbers[f"on_line/{condition}"] = format_values(on, kind="share")
{name: value for name, value in numbers.items() if name.startswith("on_line")}

# %% [markdown]
# ## Which figures they form
#
# Features whose directions aren't orthogonal belong to one figure. It is given a name by code: if
# all cosines between its corners are those of the ideal figure to a tenth
# (`onset.measures.superposition.geometry`). On the right the null: the same features, turned at random.

# %%
KINDS = [*FIGURES, "other", "ignored"]
shares = {}
for condition, title in WORLDS.items():
    if condition in NULLS:
        continue
    its = instances[last & (instances["condition"] == condition)]
    table = its.groupby("density")[[f"in_{kind}" for kind in KINDS]].mean()
    shares[title] = table.set_axis(KINDS, axis=1) / n_features[condition]
    if condition == "space":
        table = its.groupby("density")[[f"random_in_{kind}" for kind in KINDS]].mean()
        null = table.set_axis(KINDS, axis=1) / n_features[condition]
shares["null: turned"] = null
figure = plot_shares(shares, styles(KINDS))
study.save_figure(figure, "figures", pd.concat(shares, names=["world"]).reset_index())

counted = instances[last & instances["condition"].isin(WORLDS)]
for kind in KINDS[1:]:
    for condition in WORLDS:
        its = counted[counted["condition"] == condition]
        for prefix in ("in", "random_in"):
            share = its.groupby("seed")[f"{prefix}_{kind}"].mean() / n_features[condition]
            numbers[f"{prefix}/{condition}/{kind}"] = format_values(share, kind="share")
for kind, d_hidden in {
    "digon": 2,
    "triangle": 2,
    "pentagon": 2,
    "tetrahedron": 3,
    "square_antiprism": 3,
}.items():
    numbers[f"by_chance/{kind}"] = f"{by_chance(kind, d_hidden, 1000):.3f}"
pd.DataFrame({k: [numbers.get(f"in/{c}/{k}") for c in WORLDS] for k in KINDS[1:]}, index=WORLDS)

# %% [markdown]
# Where each figure is found, and at which dimensionality its corners are: of instances all whose
# represented features are in figures of one kind, the mean $D_i$.

# %%
at_fraction = {}
for kind in list(FIGURES)[1:]:
    whole = counted[
        (counted[f"in_{kind}"] > 0)
        & (counted[[f"in_{k}" for k in KINDS if k not in (kind, "ignored")]].sum(axis=1) == 0)
    ]
    its = represented.merge(whole[["condition", "seed", "instance"]])
    at_fraction[kind] = its.groupby("seed")["dimensionality"].mean()
    numbers[f"fraction/{kind}"] = format_values(at_fraction[kind], 3) if len(its) else "none"
    numbers[f"n_found/{kind}"] = str(int((counted[f"in_{kind}"] > 0).sum()))
{name: value for name, value in numbers.items() if name.startswith(("fraction", "n_found"))}

# %% [markdown]
# ## While it learns
#
# Weights that are small at first, so that features come one after the other. Of each seed the instance
# whose loss falls most after a quarter of the time, and each feature's dimensionality. If it falls
# because features change places, then it falls more than other instances' just when its own
# features move more than theirs: correlations over intervals between checkpoints, after the pace
# that all instances share is taken away; as a null, the same with other instances' features.

# %%
its = instances[instances["condition"] == "dynamics"]
loss = its.pivot(index=["seed", "instance"], columns="step", values="loss")
moved = features[features["condition"] == "dynamics"].set_index(["seed", "instance"]).sort_index()
coincidences, shown = [], {}
for seed, of_seed in loss.groupby(level="seed"):
    cube = np.stack([
        moved.loc[key].pivot(index="step", columns="feature", values="dimensionality")
        for key in of_seed.index
    ])  # fmt: skip
    own, others = levels.coincidence(of_seed.to_numpy(), cube)
    coincidences.append({
        "seed": seed, "own": own.mean(), "others": others.mean(),
        "steepest": levels.in_jumps(of_seed.to_numpy()).mean(),
    })  # fmt: skip
    if len(shown) < 3:
        late = levels.falls(of_seed.to_numpy())[:, of_seed.shape[1] // 4 :].sum(1).argmax()
        table = pd.DataFrame(cube[late], index=of_seed.columns)
        shown[f"seed {seed}"] = (of_seed.iloc[late], table)
coincidences = pd.DataFrame(coincidences)
figure = plot_places(shown)
study.save_figure(figure, "places", pd.concat(
    [table.assign(loss=line, world=name) for name, (line, table) in shown.items()]
).reset_index())  # fmt: skip
for name in ("own", "others", "steepest"):
    numbers[f"places/{name}"] = format_values(coincidences[name])
coincidences

# %% [markdown]
# ## Computing in superposition
#
# Not only keeping features but computing: a layer of six ReLU neurons is asked for the absolute
# values of twelve features (each alone takes two neurons), or whether both of two features are
# there, for all fifteen pairs of six (each alone takes one neuron). *One by one* is a layer that
# computes as many functions exactly as it has neurons for and says the mean of the others. The
# null has no ReLU in the layer. Losses are relative to saying the mean of everything; the best
# restart counts. Numbers are at the density at which a layer gains most over both.

# %%
PAIRS = {
    "|x| of 12 features, 6 neurons": ("absolute", "absolute_linear", "absolute"),
    "AND of 15 pairs, 6 neurons": ("both", "both_linear", "and"),
}
panels, computed = {}, []
for title, (condition, null, target) in PAIRS.items():
    its = instances[last & instances["condition"].isin([condition, null])]
    its = its.assign(value=its["loss"] / its["loss_of_means"])
    its = its.loc[its.groupby(["condition", "seed", "density"])["loss"].idxmin()]
    model, task = study.run(condition, seeds[0]).model, tasks[condition]
    weights = study.run(condition, seeds[0]).dataset.weights[: task.n_outputs]
    alone = pd.Series({
        p: one_by_one.loss(target, p, weights, model.settings.d_hidden)
        / (weights.sum() * one_by_one.variance(target, p))
        for p in task.densities
    })  # fmt: skip
    panels[title] = (its, alone)
    its = its.assign(one_by_one=its["density"].map(alone))
    computed.append(its)
    mean = its[its["condition"] == condition].groupby("density")["value"].mean()
    others = its[its["condition"] == null].groupby("density")["value"].mean()
    where = (mean / np.minimum(alone, others)).idxmin()
    there = its[its["density"] == where]
    ours, theirs = (there[there["condition"] == c] for c in (condition, null))
    numbers[f"computed/{condition}/density"] = f"{where:g}"
    numbers[f"computed/{condition}/ours"] = format_values(ours["value"])
    numbers[f"computed/{condition}/null"] = format_values(theirs["value"])
    numbers[f"computed/{condition}/one_by_one"] = f"{alone[where]:.2f}"
    numbers[f"computed/{condition}/dense"] = f"{mean[max(mean.index)]:.2f}"
chosen = Styles({c: style[c] for pair in PAIRS.values() for c in pair[:2]})
names = {c: "trained" if "linear" not in c else "null: no ReLU" for c in chosen}
figure = plot_computed(panels, chosen, names)
study.save_figure(figure, "computed", pd.concat(computed))

# %% [markdown]
# ## What was recovered, and what was not
#
# Recovered, if the table below says so: the border of superposition, and the figures with their
# fractions, in two dimensions clearly. Not recovered is what takes many features in many dimensions:
# already in three, dots hit lines hardly more often than without the ReLU, although pairs and
# antiprisms are there by their cosines; with sixty in fifteen pairs are the only plateau for sure;
# and in the sparsest worlds there are no figures that have names here, since features then share
# all dimensions. Triangles and tetrahedra need a density just above that of pairs, and few
# restarts find them.
#
# Numbers beside the literature's:

# %%
study.save_numbers(numbers)
found = {}
for kind, fraction in list(FIGURES.items())[1:]:
    its = interval(at_fraction[kind].to_numpy())
    found[kind] = Found(
        *its, bool(abs(its[0] - fraction) < 0.015) if len(at_fraction[kind]) else None
    )
STEP = 1.5  # of the grid of densities, a factor
for name, r in {"border_below": 0.35, "border_above": 1.87}.items():
    its = shown_edges.loc[np.isclose(shown_edges["importance"], r), "density"].dropna()
    ours = interval(its.to_numpy())
    apart = abs(np.log(ours[0] / boundary(torch.tensor(r)).item()))
    found[name] = Found(*ours, bool(apart < np.log(STEP)) if len(its) else None)
study.save_reference(reference, found)
