# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The simplest set-up
#
# **Question.** In the world of aliases a small tied transformer answers `[a, attr]` for aliases of which
# it has only ever seen the definition `[a, IS] → b` (`ood`). How small can the world and the model be, and
# where does this end? A declared grid (`sweep` in the study's file) varies settings around one base point.
#
# **Hypothesis.** Generalisation appears in a *window* of widths. Below it, the model can't hold the facts
# of the bases, let alone those of aliases. Above it, there is room to hold facts about aliases separately
# from those about bases, and sharing pays less. A larger world fills a model sooner, so the window moves
# up with the size of the world.
#
# **When it was formulated.** After pilots on spare seeds (100, 101), in which widths of 12 to 64 were
# tried in worlds of 50 to 200 bases: there, the best width was larger in a larger world. It was formulated
# before the runs shown here, and before the other maps.
#
# **What would refute it.** Accuracy on `ood` that never falls as width grows, or a lower edge that stays
# or falls when the world grows. The power law of that edge is refuted if, for a world that it was not
# fitted to, it errs by more than the mean of the other worlds does.

# %% tags=["parameters"]
from onset.notebook.parameters import Fraction

study_name = "simplest"
results = "results"
level: Fraction = 0.95

# %%
import math

import pandas as pd

from onset.figures.dose import doses_of
from onset.figures.windows import draw_boundary, draw_sizes
from onset.notebook import say
from onset.notebook.here import here
from onset.notebook.maps import Maps
from onset.statistics import sizes, windows
from onset.statistics.boundary import format_edge
from onset.statistics.rows import where
from onset.statistics.seeds import fewest_examples, over_seeds

study = here(study_name, results)
chance = 1 / study.settings["base"]["task"]["n_values"]
nulls = study.differing_only_in("task.definitions", "base")
NAMES = {
    "task.n_bases": "bases in the world", "model.d_model": "width", "model.d_mlp": "MLP's width",
    "task.with_facts": "aliases with facts", "model.n_layers": "layers",
    "model.tied_embeddings": "tied", "training.weight_decay": "weight decay",
    "training.decay_fraction": "learning-rate decay",
}  # fmt: skip
maps = Maps(study, "base", "model.d_model", NAMES)
of_world = maps.along_dose[0]
ood, seen, validation = (
    study.at_end("accuracy", split=split) for split in ("ood", "id", "ood_validation")
)

# %% [markdown]
# ## What was run
#
# All maps go through the base point. They are built from the settings of the runs: a value added to a list
# in the study's file becomes another row or column. Half of `ood` and of `id` was set apart: on that part,
# the base point was chosen with other seeds and the smallest model is chosen below; only the rest is
# shown.

# %%
maps.what_was_run()

# %% [markdown]
# ## Where it appears
#
# If wide models hold facts about aliases separately from those about bases, as the hypothesis says, `id`
# should fall with `ood`.

# %%
maps.heat_figure("world", [("ood", of_world, ood), ("id", of_world, seen)], level, "accuracy")

# %%
others = [pair for pair in maps.grids if pair != of_world] or [of_world]
maps.heat_figure("maps", [("", pair, ood) for pair in others], level, "accuracy on ood")

# %% [markdown]
# ## The boundary
#
# For each row of a map over widths, and each seed: the width at which accuracy on `ood` first reaches a
# level, and the width beyond which it stays below, by interpolation in the logarithm of the width.
# Intervals are over seeds, and never finer than the grid; the best width is that on the validation part.
# The lower edge at one half is also predicted for each world by a power law through the other worlds; the
# null is that it doesn't depend on the world, so that the others' mean predicts as well.

# %%
found = maps.windows(ood, validation, level)
EDGES = {"from_half": "from 0.5", "from_level": f"from {level:g}", "to_level": f"to {level:g}"}
study.table(
    "edges",
    pd.DataFrame(
        {
            "row": f"{maps.name(its.setting)} {its.value:g}",
            "best": f"{its.best:g}",
            **{said: format_edge(its.edges[edge]) for edge, said in EDGES.items()},
        }
        for its in found
    ),
)

# %%
worlds = [its for its in found if its.setting == maps.axes(of_world)[0]]
edges = windows.lower_edges(worlds, chance)
figure = draw_boundary(
    worlds, edges, level=level, chance=chance, names=("width", maps.name(worlds[0].setting)),
    things="bases", ylabel=f"accuracy on ood ({study.n})",
)  # fmt: skip
study.save_figure(figure, "boundary", edges.drop(columns="constant"))

# %% [markdown]
# ## The smallest model
#
# Among all models of the base point's world, we choose the smallest for which every seed reaches the level
# on `ood_validation`, and show its accuracy on `ood`, which the choice didn't use. Had it been made on
# `ood`, it might be another one: with few seeds, single answers may decide. So we also say up to which size
# no model reaches the level in any seed: between these sizes is where models of this grid begin to answer.

# %%
in_words = maps.in_words()
models = sizes.by_size(ood, validation, {its: study.n_parameters(its) for its in in_words}, level)
smallest, too_small = sizes.smallest(models), sizes.too_small(models)
means = ood.set_index("condition")["mean"]
of_nulls = [(models.loc["base", "parameters"], means[null]) for null in nulls]
ylabel = f"accuracy on ood ({study.n})"
largest = too_small["parameters"].max() if len(too_small) else None
figure = draw_sizes(models, smallest, largest, of_nulls, level=level, chance=chance, ylabel=ylabel)
study.save_figure(figure, "smallest", models.reset_index())

# %%
study.table(
    "sizes",
    pd.DataFrame(
        {
            "model": in_words[row.Index] + (" (chosen)" if row.Index == smallest else ""),
            "parameters": f"{row.parameters:,}",
            "seeds, validation": f"{row.worst:.2f} to {row.best:.2f}",
            "ood": say.interval(row),
            "seeds at the level": f"{row.seeds_at_level} of {len(study.seeds)}",
        }
        for row in sizes.around(models, smallest).itertuples()
    ),
    "lrlll",
)

# %% [markdown]
# ## During training
#
# The base point, the null control, the smallest model and the widest one.

# %%
widest = list(doses_of(study.settings, "base", "model", "d_model"))[-1]
named = dict.fromkeys(["base", *nulls, *([smallest] if smallest else []), widest])
study.learning_figure(
    "learning",
    {"alias_facts": "trained facts of aliases", "ood": "ood"},
    {name: in_words.get(name, study.labels[name]) for name in named},
)

# %% [markdown]
# ## The numbers
#
# Means over seeds with 95 % intervals (what the brackets are and what they don't tell:
# `docs/statistics.md`). The paper quotes these, under names that say what they are, not which point of
# the grid they come from.

# %%
extremes = maps.extremes(ood)
lowest, highest = where(extremes, end="lowest"), where(extremes, end="highest")
asked = fewest_examples(study.measured("accuracy", split=["ood", "id"]))
words, of_id = (windows.in_words(worlds, ends, asked) for ends in (ood, seen))
in_base = study.setting("task.n_bases", "base")
untrained = over_seeds(study.untrained("accuracy", split="ood"), ["condition", "split"])
reach = models["seeds_at_level"] == len(study.seeds)
best = next(models.loc[models.index == smallest].itertuples(), None)
undecided = models[~models["fails"] & ~models["passes"]]
between = undecided[undecided["parameters"] <= (best.parameters if best else math.inf)]
elsewhere = next(models.loc[reach].itertuples(), None)
study.save_numbers(
    say.named(lowest, "{key}/lowest")
    | say.named(lowest, "{key}/lowest_at", say.column("at"))
    | say.named(highest, "{key}/highest")
    | say.named(highest, "{key}/highest_at", say.column("at"))
    | say.named(where(words, value=worlds[0].value), "smallest_world/{what}", say.column("said"))
    | say.named(
        where(of_id, value=worlds[0].value, what="widest"), "smallest_world/{what}_id",
        say.column("said"),
    )
    | say.named(where(words, value=in_base), "base_world/{what}", say.column("said"))
    | say.named(where(words, value=worlds[-1].value), "largest_world/{what}", say.column("said"))
    | study.quoted_settings(
        "task.n_bases", "task.n_attributes", "task.n_values", "model.d_model", "model.d_mlp",
        "training.steps", "training.batch_size", "training.weight_decay", condition="base",
    )
    | {
        "n_seeds": str(len(study.seeds)),
        "level": f"{level:g}",
        "chance": f"{chance:.2g}",
        "with_facts": f"{100 * study.setting('task.with_facts', 'base'):g}",
        "law/miss": say.factor(windows.worst_miss(edges, "law")),
        "constant/miss": say.factor(windows.worst_miss(edges, "constant")),
        "n_models": str(len(models)),
        "n_passing": str(models["passes"].sum()),
        "n_passing_reach": str((reach & models["passes"]).sum()),
        "n_failing_reach": str((reach & ~models["passes"]).sum()),
        "n_runs": str(len(study.runs)),
        "n_between": str(len(between)),
        "too_small/n": str(len(too_small)),
        "too_small/parameters": f"{too_small['parameters'].max():,}" if len(too_small) else "none",
        "too_small/best": say.most(too_small.filter(regex=r"^seed_\d+$").max(axis=1)),
        "smallest/label": in_words.get(smallest, "none"),
        "smallest/parameters": f"{best.parameters:,}" if best else "none",
        "smallest/ood": say.interval(best) if best else "none",
        "smallest/seeds": str(best.seeds_at_level) if best else "none",
        "smallest_elsewhere/parameters": f"{elsewhere.parameters:,}" if elsewhere else "none",
        "untrained/ood": say.most(untrained["mean"]),
        "null/ood": say.first(where(ood, condition=nulls), otherwise="not run"),
    }
)  # fmt: skip

# %% [markdown]
# **Asking a model.** What the first condition's model answers to a question about the alias `a0`. Try any
# other sequence of names, another condition, or another checkpoint (`step=`). In
# `study.run(condition, seed).dataset`, `splits["ood"].truth["base"]` holds the base whose values the
# answers are.

# %%
study.ask("a0 attr0")
