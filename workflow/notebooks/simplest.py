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
# # The simplest set-up
#
# **Question.** In the world of aliases a small tied transformer answers `[a, attr]` for aliases of which
# it has only ever seen the definition `[a, IS] → b` (`ood`). In how small a world and how small a model
# does it, and where does it end? A declared grid (`sweep` in the study's file) goes through one base
# point.
#
# **Hypothesis.** Generalisation appears in a *window* of widths. Below it, the model can't hold the facts
# of the bases, let alone those of aliases. Above it, there is room to hold facts of aliases apart from
# those of bases, and sharing pays less. A larger world fills a model sooner, so the window moves up with
# the size of the world.
#
# **When it was put.** After pilots on spare seeds (100, 101), in which widths of 12 to 64 were tried in
# worlds of 50 to 200 bases: there, the best width was larger in a larger world. Before the runs that are
# shown here, and before the other maps.
#
# **What would refute it.** Accuracy on `ood` that never falls as width grows, or a lower edge that stays
# or falls when the world grows. The power law of that edge is refuted if it misses a world that it was
# not fitted to by more than the mean of the other worlds does.

# %% tags=["parameters"]
from onset.config.notebook_parameters import Fraction

study_name = "simplest"
results = "results"
conditions = None
labels = {}
seeds = None
code = "by hand"
level: Fraction = 0.95

# %%
import math
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from onset.figures.curves import legend_below
from onset.figures.dose import differences, doses_of
from onset.figures.heat import cells_of, grids_of, plot_heat, said, value_of
from onset.figures.learning import learning_curves, plot_learning
from onset.figures.style import MARKED, NEUTRAL, TEXT_WIDTH, styles, use_style
from onset.latex import tabular
from onset.results import open_study
from onset.statistics.boundary import (
    edge_interval,
    falling_edge,
    fit_threshold,
    format_edge,
    logistic,
    power_law_from_others,
    rising_edge,
)
from onset.statistics.rows import at_last_step
from onset.statistics.seeds import interval, over_seeds
from onset.statistics.wording import format_interval

use_style()
study = open_study(study_name, results, conditions, seeds, code)
conditions, seeds = study.conditions, study.seeds
labels = {name: labels.get(name, name) for name in conditions}
of_seed = [f"seed_{seed}" for seed in seeds]
first = {name: study.run(name, seeds[0]) for name in conditions}
settings = {name: run.settings for name, run in first.items()}
base = "base"
nulls = [
    name
    for name in conditions
    if differences(settings[base], settings[name]) == {"task.definitions"}
]
chance = 1 / settings["base"]["task"]["n_values"]

NAMES = {
    "task.n_bases": "bases in the world", "model.d_model": "width", "model.d_mlp": "MLP's width",
    "task.with_facts": "aliases with facts", "model.n_layers": "layers",
    "model.tied_embeddings": "tied", "training.weight_decay": "weight decay",
    "training.decay_fraction": "learning-rate decay",
}  # fmt: skip
WIDTH = "model.d_model"
maps = grids_of(settings, base)
NAMES |= {
    path: NAMES.get(path, path.split(".")[1].replace("_", " ")) for pair in maps for path in pair
}
along_width = [pair for pair in maps if WIDTH in pair]
# Across is the width, where it is one of the two.
axes_of = {pair: pair[::-1] if pair[0] == WIDTH else pair for pair in maps}

measures = study.measures
accuracy = measures[measures["measure"] == "accuracy"]
at_end = over_seeds(at_last_step(accuracy), ["condition", "split"])
ood, ood_validation = (at_end[at_end["split"] == name] for name in ("ood", "ood_validation"))
ood_of = ood.set_index("condition")
said_of = {row.condition: format_interval(row) for row in ood.itertuples()}

# %% [markdown]
# ## What was run
#
# All maps go through the base point. They are found from the settings of the runs: a value that is added
# to a list in the study's file is a row or a column more. Half of `ood` and of `id` was set apart: on
# that part, the base point was chosen with other seeds and the smallest model is chosen below; the rest
# is what is shown.

# %%
lines = {}
for pair, points in maps.items():
    cells = cells_of(pair, points, ood)
    lines[" × ".join(NAMES[path] for path in axes_of[pair])] = {
        "points": len(points),
        **{end: ", ".join(said(value) for value in sorted(cells[path].unique()))
           for end, path in zip(("up", "across"), axes_of[pair], strict=True)},
    }  # fmt: skip
pd.DataFrame(lines).T

# %% [markdown]
# ## Where it appears
#
# If wide models had room to hold facts of aliases apart from those of bases, as the hypothesis says, `id`
# should fall with `ood`.

# %%
of_world = along_width[0]
up, across = axes_of[of_world]
shown = {
    split: cells_of(of_world, maps[of_world], at_end[at_end["split"] == split])
    for split in ("ood", "id")
}
n_rows = shown["ood"][up].nunique()
figure, axes = plt.subplots(1, 2, figsize=(TEXT_WIDTH, 0.9 + 0.36 * n_rows), sharey=True)
for (split, cells), axis in zip(shown.items(), axes, strict=True):
    image = plot_heat(axis, cells, across, up, level)
    axis.set(title=split, xlabel=NAMES[across])
axes[0].set_ylabel(NAMES[up])
figure.colorbar(image, ax=axes, label=f"accuracy (n = {len(seeds)})", ticks=[0, 0.5, 1])
study.save_figure(figure, "world", pd.concat(shown.values()))

# %%
others = [pair for pair in maps if pair != of_world] or [of_world]
n_lines = math.ceil(len(others) / 2)
figure, axes = plt.subplots(n_lines, 2, figsize=(TEXT_WIDTH, 1.85 * n_lines), squeeze=False)
for axis in axes.flat[len(others) :]:
    axis.set_visible(False)
for pair, axis in zip(others, axes.flat, strict=False):
    up, across = axes_of[pair]
    image = plot_heat(axis, cells_of(pair, maps[pair], ood), across, up, level)
    axis.set(xlabel=NAMES[across], ylabel=NAMES[up])
figure.colorbar(image, ax=axes, label=f"accuracy on ood (n = {len(seeds)})", ticks=[0, 0.5, 1])
of_maps = {" × ".join(axes_of[pair]): cells_of(pair, maps[pair], ood) for pair in others}
study.save_figure(figure, "maps", pd.concat(of_maps, names=["map"]).reset_index(level="map"))

# %% [markdown]
# ## The boundary
#
# For each row of a map over the width, and each seed: the width at which accuracy on `ood` first reaches
# a level, and that beyond which it stays below, by interpolation in the logarithm of the width. Intervals
# are over seeds; the best width is that on the validation part. The lower edge at one half is also
# predicted for each world by a power law through the other worlds; the null is that it doesn't depend on
# the world, so that the others' mean predicts as well.

# %%
curves, rows = {}, []
for pair in along_width:
    up, _ = axes_of[pair]
    for value, row in cells_of(pair, maps[pair], ood).sort_values(WIDTH).groupby(up):
        elsewhere = pair != of_world and value == value_of(settings[base], up)
        if len(row) < 2 or elsewhere:  # the base point's own row is of the first map
            continue
        widths, values = row[WIDTH].to_numpy(float), row[of_seed].to_numpy(float).T
        curves[pair, value] = widths, values
        validated = ood_validation.set_index("condition")["mean"].loc[row["condition"]]
        best = widths[validated.to_numpy().argmax()]
        edges = {
            f"{name} {wanted:g}": np.array([find(widths, seed, wanted) for seed in values])
            for wanted in (0.5, level)
            for name, find in (("from", rising_edge), ("to", falling_edge))
        }
        rows.append({"setting": up, "value": value, "best": best, "widths": widths, **edges})
boundary = pd.DataFrame(rows)
EDGES = [name for name in boundary if name.startswith(("from", "to"))]
SHOWN = [name for name in EDGES if name != "to 0.5"]
cells = [
    [f"{NAMES[row['setting']]} {said(row['value'])}", f"{row['best']:g}"]
    + [format_edge(row[name], row["widths"]) for name in SHOWN]
    for _, row in boundary.iterrows()
]
columns = ["row", "best", *SHOWN]
table = pd.DataFrame(cells, columns=columns)
study.save_table(table, "edges", tabular(columns, cells, "l" * len(columns)))
table

# %%
worlds = boundary[boundary["setting"] == axes_of[of_world][0]]
style = styles(said(value) for value in worlds["value"])
sizes, halves = worlds["value"].to_numpy(float), np.stack(worlds["from 0.5"])
predicted, null_predicted = power_law_from_others(sizes, halves)
figure, axes = plt.subplots(1, 2, figsize=(TEXT_WIDTH, 2.5), width_ratios=[1.5, 1])
drawn = []
for (size, its), law in zip(style.items(), predicted, strict=True):
    row = worlds[worlds["value"].map(said) == size].iloc[0]
    widths, values = curves[of_world, row["value"]]
    fit = fit_threshold(widths, values, chance)
    fine = np.geomspace(widths[0], widths[values.mean(0).argmax()], 100)
    axes[0].plot(np.tile(widths, len(seeds)), values.ravel(), its.marker, color=its.colour,
                 markersize=3, alpha=0.7)  # fmt: skip
    axes[0].plot(fine, logistic(fine, fit, chance), **its.of_line)
    axes[0].plot(widths, values.mean(0), ":", color=its.colour, linewidth=0.8)
    mean, low, high = edge_interval(row["from 0.5"])
    inside = row["from 0.5"][np.isfinite(row["from 0.5"]) & (row["from 0.5"] > 0)]
    axes[1].plot([row["value"]] * len(inside), inside, ".", color=its.colour, markersize=4)
    axes[1].vlines(row["value"], low, high, color=its.colour, alpha=0.6)
    axes[1].plot(row["value"], law, "x", color=NEUTRAL, markersize=6)
    drawn.append({"value": row["value"], "mean": mean, "low": low, "high": high, "law": law,
                  **dict(zip(("top", "middle", "slope"), fit, strict=True)),
                  **dict(zip(of_seed, row["from 0.5"], strict=True))})  # fmt: skip
axes[0].axhline(chance, color=NEUTRAL, linestyle=":", linewidth=0.8)
axes[0].axhline(level, color=NEUTRAL, linewidth=0.6)
axes[0].set(xlabel="width", ylabel=f"accuracy on ood (n = {len(seeds)})", ylim=(-0.03, 1.03))
legend_below(figure, style, {size: f"{size} bases" for size in style})
axes[1].set(xlabel=NAMES[axes_of[of_world][0]], ylabel="width at which half is reached")
for axis, ticks in ((axes[0], widths), (axes[1], sizes)):
    axis.set_xscale("log")
    axis.set_xticks(ticks, map(said, ticks))
    axis.set_xticks([], minor=True)
axes[1].set_yscale("log")
axes[1].set_yticks(widths, map(said, widths))
axes[1].set_yticks([], minor=True)
axes[1].set_ylim(widths[0] / 1.3, widths[-1] * 1.1)
drawn = pd.DataFrame(drawn)
study.save_figure(figure, "boundary", drawn)
drawn

# %% [markdown]
# ## The smallest model
#
# Of all models of the base point's world: chosen is the smallest of which every seed reaches the level on
# `ood_validation`, and what it does on `ood`, which the choice hasn't seen, is shown.

# %%
apart = {name: sorted(differences(settings[base], its)) for name, its in settings.items()}
in_words = {
    name: ", ".join(f"{NAMES.get(p, p)} {said(value_of(settings[name], p))}" for p in paths)
    or labels[base]
    for name, paths in apart.items()
    if not any(path.startswith("task.") for path in paths)
}
models = ood_of.loc[list(in_words)].copy()
models["parameters"] = [
    sum(math.prod(shape) for shape in first[name].model.shapes().values()) for name in models.index
]
validated = ood_validation.set_index("condition")[of_seed].loc[models.index]
models["validation"] = validated.min(axis=1)
models["passes"] = models["validation"] >= level
models["seeds_at_level"] = (models[of_seed] >= level).sum(axis=1)
models = models.sort_values("parameters", kind="stable")
passing = models.index[models["passes"]]
smallest = passing[0] if len(passing) else None

its = styles(["models"])["models"]
figure, axis = plt.subplots(figsize=(TEXT_WIDTH, 2.4))
for name, row in models.iterrows():
    at = row["parameters"]
    axis.plot([at] * len(seeds), row[of_seed], ".", color=its.colour, markersize=2.5, alpha=0.6)
    axis.vlines(at, row["low"], row["high"], color=its.colour, alpha=0.35, linewidth=0.8)
    filled = its.colour if row["passes"] else "white"
    axis.plot(at, row["mean"], "o", color=its.colour, markersize=5, mfc=filled)
    if name == smallest:
        axis.plot(at, row["mean"], "o", color=MARKED, markersize=11, mfc="none")
size_of_base = models.loc[base, "parameters"]
for name in nulls:
    axis.plot(size_of_base, ood_of.loc[name, "mean"], "X", color=NEUTRAL, markersize=6)
axis.axhline(level, color=NEUTRAL, linewidth=0.6)
axis.axhline(chance, color=NEUTRAL, linestyle=":", linewidth=0.8)
axis.set(xscale="log", xlabel="parameters", ylim=(-0.03, 1.05))
axis.set_ylabel(f"accuracy on ood (n = {len(seeds)})")
axis.xaxis.set_major_formatter("{x:,.0f}")
axis.set_xticks([n for n in (2e3, 5e3, 1e4, 2e4, 5e4, 1e5)
                 if models["parameters"].min() / 1.2 <= n <= 1.2 * models["parameters"].max()])  # fmt: skip
axis.set_xticks([], minor=True)
study.save_figure(figure, "smallest", models.reset_index())

# %%
place = models.index.get_loc(smallest) if smallest else len(models) - 1
near = models.iloc[max(0, place - 4) : place + 4]
cells = [
    [
        in_words[name] + (" (chosen)" if name == smallest else ""),
        f"{row['parameters']:,}",
        f"{row['validation']:.2f}",
        said_of[name],
        f"{row['seeds_at_level']} of {len(seeds)}",
    ]
    for name, row in near.iterrows()
]
columns = ["model", "parameters", "worst seed, validation", "ood", "seeds at the level"]
table = pd.DataFrame(cells, columns=columns)
study.save_table(table, "sizes", tabular(columns, cells, "lrlll"))
table

# %% [markdown]
# ## Along training

# %%
widest = list(doses_of(settings, base, *WIDTH.split(".")))[-1]
named = [base, *nulls, *([smallest] if smallest else []), widest]
style = styles(dict.fromkeys(named))
LEARNT = {"alias_facts": "trained facts of aliases", "ood": "ood"}
chosen = measures["condition"].isin(style) & measures["split"].isin(LEARNT)
learning = learning_curves(measures[chosen])
figure = plot_learning(learning, LEARNT, style, labels | in_words)
study.save_figure(figure, "learning", learning)

# %% [markdown]
# ## The numbers
#
# The paper quotes these, by what they are, not by a point of the grid.

# %%
numbers = {"n_seeds": str(len(seeds)), "level": f"{level:g}", "chance": f"{chance:.2g}"}
for section, keys in {
    "task": ("n_bases", "n_attributes", "n_values"),
    "model": ("d_model", "d_mlp"),
    "training": ("steps", "batch_size", "weight_decay"),
}.items():
    numbers |= {key: f"{settings[base][section][key]:g}" for key in keys}
numbers["with_facts"] = f"{100 * settings[base]['task']['with_facts']:g}"
# Where one setting alone is changed at the base point: its extremes.
for path in sorted({*NAMES, *(path for pair in maps for path in pair)}):
    doses = doses_of(settings, base, *path.split("."))
    for end, name in (
        ("lowest", min(doses, key=doses.get)),
        ("highest", max(doses, key=doses.get)),
    ):
        key = path.split(".")[1]
        numbers[f"{key}/{end}"] = said_of[name]
        numbers[f"{key}/{end}_at"] = said(value_of(settings[name], path))
for which, place in (("smallest_world", 0), ("largest_world", -1)):
    row = worlds.iloc[place]
    numbers |= {f"{which}/size": said(row["value"]), f"{which}/best_width": f"{row['best']:g}"}
    for name in EDGES:
        key = name.replace(f"{level:g}", "level").replace("0.5", "half").replace(" ", "_")
        numbers[f"{which}/{key}"] = format_edge(row[name], row["widths"])
    its = cells_of(of_world, maps[of_world], ood)
    its = its[its[axes_of[of_world][0]] == row["value"]].set_index(WIDTH)
    best, widest = its.loc[row["best"]], its.loc[its.index.max()]
    for key, cell in (("best", best), ("widest", widest)):
        numbers[f"{which}/{key}"] = said_of[cell["condition"]]
    fall = interval((best[of_seed] - widest[of_seed]).to_numpy(float))
    fall = SimpleNamespace(**dict(zip(("mean", "low", "high"), fall, strict=True)))
    is_widest = best["condition"] == widest["condition"]
    numbers[f"{which}/fall"] = "none, it is the widest" if is_widest else format_interval(fall)
found = drawn["mean"].to_numpy()
for name, by in (("law", predicted), ("constant", null_predicted)):
    misses = np.exp(np.abs(np.log(by / found)))
    numbers[f"{name}/miss"] = "not known" if np.isnan(misses).any() else f"{misses.max():.2f}"
reaches = models["seeds_at_level"] == len(seeds)
numbers |= {
    "n_models": str(len(models)),
    "n_passing": str(len(passing)),
    "n_passing_reach": str((reaches & models["passes"]).sum()),
    "n_failing_reach": str((reaches & ~models["passes"]).sum()),
    "n_runs": str(len(conditions) * len(seeds)),
}
row = models.loc[smallest] if smallest else None
numbers |= {
    "smallest/label": in_words.get(smallest, "none"),
    "smallest/parameters": f"{row['parameters']:,}" if smallest else "none",
    "smallest/ood": said_of.get(smallest, "none"),
    "smallest/seeds": str(row["seeds_at_level"]) if smallest else "none",
}
untrained = accuracy[(accuracy["step"] == 0) & (accuracy["split"] == "ood")]
numbers["untrained/ood"] = f"{over_seeds(untrained, ['condition', 'split'])['mean'].max():.2f}"
numbers["null/ood"] = said_of[nulls[0]] if nulls else "not run"
study.save_numbers(numbers)
pd.Series(numbers)

# %% [markdown]
# **Reading a model.** `open_run("simplest", "base", seed=0).bridge()`, from `onset.results`, opens the
# final checkpoint in TransformerLens; `run.dataset.splits["ood"].truth["base"]` holds the base whose
# values the answers are.

# %% [markdown]
# **Asking a model.** What the first condition's model says to an attribute of the alias `a0`. Any other
# sequence of names (`run.dataset.vocabulary`) can take its place, and `run.bridge(step=...)` any other
# checkpoint.

# %%
run = study.run(conditions[0], seeds[0])
logits = run.bridge()(run.tokens("a0 attr0"))
run.likeliest(logits[0, -1]).round(3)
