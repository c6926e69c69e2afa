# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Searches that are written down
#
# **Question.** A maze is told edge by edge, and a model writes the walk of a search from a start to a
# goal, dead ends included. Does it come to the goal of mazes that it has never seen? Is it a search, in
# which it matters where the goal is? And is there a direction in its states that makes it go back?
#
# **Hypothesis.** Written steps make a path a row of small decisions: where can one go from here, where
# has one been? A path without them has to be right at its first fork, which takes a search inside the
# model (Gandhi et al. 2024 find that training on searches beats training on best paths). A model of
# depth-first walks takes any way at a fork; one of best-first walks the one that looks nearer; one of
# shortest paths has to know.
#
# **What would refute it.** Shortest paths that are found as often; forks at which a model of depth-first
# walks takes the nearest way more often than by chance; a random direction of the same norm that makes
# the search go back as often.

# %% tags=["parameters"]
study_name = "search"
results = "results"

# %%
import pandas as pd

from onset.notebook import say
from onset.notebook.here import MeanOf, here
from onset.notebook.thoughts import goes_on, question
from onset.statistics import paired
from onset.statistics.rows import where
from onset.statistics.seeds import over_seeds

study = here(study_name, results)
by = ["condition", "measure"]
DEPTHS = study.there("shortest_one_layer", "shortest", "shortest_four_layers")

# %% [markdown]
# ## What was run
#
# A quarter of the held-out mazes was set apart for choosing settings (on other seeds); everything below
# is about the rest. No maze of theirs is trained, however it is told.

# %%
study.what_was_run(
    {"way": "task.way", "layers": "model.n_layers", "steps": "training.steps"}, sizes=["test"]
)

# %% [markdown]
# ## Does it come to the goal?
#
# A walk is judged by what a walk can do: it may step to a neighbour that it hasn't reached, or back to a
# cell that it has. By the number of steps from start to goal; whoever gets lost at each step with the
# same probability comes to far goals less often.

# %%
reached = where(study.final, measure="search_reached", split="test")
far = reached[reached["component"].notna()].rename(columns={"component": "apart"})
study.points_figure(
    "reached", over_seeds(far, ["condition", "split", "apart"]), {"test": "held-out mazes"},
    "steps from start to goal", "goal reached", at="apart", by="split", curve="condition",
)  # fmt: skip

# %% [markdown]
# ## When?

# %%
course = study.measured("search_reached", split="test")
study.curves_figure(
    "course", over_seeds(course[course["component"].isna()], ["condition", "split", "step"]),
    {"test": "held-out mazes"}, "goal reached", from_step=study.decay_start,
)  # fmt: skip

# %% [markdown]
# ## Is it a search?
#
# At a fork a walk can go on to several new cells. How often does it take one that is nearest to the goal,
# how often the one that was told first? Crosses are what a random choice at the same forks would give.

# %%
FORKS = {"nearest": "nearest to the goal", "told_first": "told first"}
forks = study.at_end([f"{its}_taken" for its in FORKS], by, split="test")
chance = where(study.final, measure=[f"{its}_by_chance" for its in FORKS], split="test")
chance = chance.assign(measure=chance["measure"].astype(str).str.replace("by_chance", "taken"))
study.rows_figure(
    "forks", study.with_controls(forks, by, chance=chance),
    {f"{its}_taken": name for its, name in FORKS.items()}, "share of forks", by="measure",
    controls={"chance": "x"},
)  # fmt: skip

# %% [markdown]
# Over all cells that could be taken at a fork: does the one that is taken rank high by its true distance,
# by the distance that there would be without walls, or by the order of telling?

# %%
ORDERS = {
    "true_order": "true distance", "guessed_order": "distance without walls",
    "told_order": "order of telling",
}  # fmt: skip
study.rows_figure(
    "orders", study.at_end(ORDERS, by, split="test"), ORDERS, "rank correlation at forks",
    by="measure", marked=0,
)  # fmt: skip

# %% [markdown]
# ## Is the path known before it is written?
#
# At the last token before the walk, the cell that lies so many steps ahead on the shortest path is read
# off, after each block application. Start and goal alone say something about it, too (grey). If each layer
# did one step of a breadth-first search, a further layer would let one read a further step.

# %%
ahead = where(study.closer, measure="ahead_read").rename(columns={"component": "steps"})
ends = where(study.closer, measure="ahead_by_ends").rename(columns={"component": "steps"})
READ = {**{f"{layer}": f"after {layer}" for layer in sorted(ahead["layer"].astype(int).unique())},
        "ends": "start and goal alone"}  # fmt: skip
rows = [ahead.assign(read=ahead["layer"].astype(int).astype(str)), ends.assign(read="ends")]
read = over_seeds(pd.concat(rows), ["condition", "read", "steps"])
study.points_figure(
    "ahead", read, {its: study.labels[its] for its in (*study.there("depth_first"), *DEPTHS)},
    "steps ahead", "accuracy of the probe", at="steps", by="condition", curve="read", of=READ,
    n_across=2,
)  # fmt: skip

# %% [markdown]
# ## A direction that makes it go back
#
# The mean state where a walk goes back next, minus the mean where it goes on, is added while the model
# writes, after each block application; beside it a random direction of the same norm. Dose 0 is the model
# as it is.

# %%
STEERED = {"steered_reached": "difference of means", "random_reached": "random direction"}
steered = where(study.closer, measure=STEERED).rename(columns={"component": "dose"})
shown = [its for its in study.conditions if its in set(steered["condition"])]
layers = sorted(steered["layer"].unique())
study.points_figure(
    "steering", over_seeds(steered, ["condition", "measure", "layer", "dose"]),
    {(its, layer): f"{study.labels[its]}, after {layer}" for its in shown for layer in layers},
    "dose", "goal reached", at="dose", by=("condition", "layer"), curve="measure", of=STEERED,
    n_across=3,
)  # fmt: skip

# %%
TIMES = ["steered_back", "random_back"]
backs = over_seeds(
    where(study.closer, measure=TIMES, component=[0, 1, 2]).rename(columns={"component": "dose"}),
    ["condition", "measure", "layer", "dose"],
)
backs[["condition", "measure", "layer", "dose", "mean", "low", "high"]].round(2)

# %% [markdown]
# Does a dictionary of the same states have a latent for going back, and does it tell as well as the
# difference of means, which is given the answers? `auc`: how often a state before `<` is ranked above one
# that isn't.

# %%
BACK = ["dead_end_latent_auc", "dead_end_latent_auc_by_chance", "dead_end_means_auc",
        "dead_end_latent_f1", "dead_end_means_f1"]  # fmt: skip
told = over_seeds(where(study.final, measure=BACK), ["condition", "measure"])
told[["measure", "mean", "low", "high"]].round(3)

# %% [markdown]
# ## The numbers
#
# Mean over seeds at the last checkpoint and the 95 % interval of the mean (what the brackets are and what
# they don't tell: `docs/statistics.md`).

# %%
study.summary_table(
    "searches",
    {
        "goal reached": MeanOf("search_reached", "test"),
        "a step illegal": MeanOf("search_illegal", "test"),
        "goes back": MeanOf("search_backs", "test"),
        "nearest at forks": MeanOf("nearest_taken", "test"),
        "by chance": MeanOf("nearest_by_chance", "test", interval=False),
    },
)

# %%
study.save_numbers(
    study.quoted_settings("task.height", "task.width", "model.d_model", "training.steps")
    | say.named(where(backs, dose=1), "{condition}/{measure}_{layer}")
    | {"n_seeds": str(len(study.seeds))}
)

# %% [markdown]
# ## Compared with the literature
#
# How much more often a model of searches finds a solution than one of best paths alone.

# %%
over_all = reached[reached["component"].isna()]
study.verdict({"streams": paired.difference(over_all, "depth_first", "shortest", of="condition")})

# %% [markdown]
# **Going on with a walk.** A held-out maze, and how the first condition's model searches it; then the same
# after a first step of one's own. Send it into a dead end, and see whether it comes back.

# %%
first = study.first[study.conditions[0]]
maze = question(first)
goes_on(first, maze)
