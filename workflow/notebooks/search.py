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
# **Question.** A graph is told edge by edge, and a model writes the walk of a search from a start to a
# goal, dead ends included. Does it come to the goal in graphs that it has never seen? Is it a search,
# in which it matters where the goal is? Is there a direction in its states that makes it go back? And
# where nothing but the path is written, or its first step alone, what does the model hold of the path
# before it writes?
#
# **Hypothesis.** Written steps make a path a row of small decisions: where can one go from here, where
# has one been? A path without them has to be right at its first fork, which takes a search inside the
# model (Gandhi et al. 2024 find that training on searches beats training on best paths). In a star,
# where the ways from the start look alike, the first step isn't learnt, since every other token of the
# path follows from the one before (Bachmann & Nagarajan 2024); back to the centre the path is easy.
# Where a first step is learnt, the model goes back from the goal, a step with each block (Brinkmann et
# al. 2024).
#
# **What would refute it.** Mazes that are solved as often by models of paths alone; first steps into a
# star that are right; a random direction of the same norm that makes the search go back as often;
# models of few blocks that reach as far as those of many; states that, put into another maze, are
# followed as if they held the goal or the answer, and never as if a search had come part of the way.

# %% tags=["parameters"]
study_name = "search"
results = "results"

# %%
from onset.notebook import say, searches
from onset.notebook.here import MeanOf, here
from onset.notebook.searches import FORKS, HELD, ORDERS, PLACES, REACHED, STEERED
from onset.notebook.thoughts import goes_on, question
from onset.notebook.titles import crossed
from onset.statistics import paired
from onset.statistics.rows import complete, where
from onset.statistics.seeds import over_seeds

study = here(study_name, results)
by = ["condition", "measure"]
MAZES = study.there("depth_first", "best_first", "shortest")
FIRST = study.there("first_step_one_layer", "first_step", "first_step_four_layers")
STARS = study.there("star", "star_first_step", "star_backwards", "star_depth_first")
INSIDE = {
    its: study.labels[its]
    for its in study.there("shortest", "first_step", "first_step_four_layers")
}
chance = searches.by_chance(study.final)

# %% [markdown]
# ## What was run
#
# A quarter of the held-out graphs was set apart for choosing settings (on other seeds); everything
# below is about the rest. No graph of theirs is trained, however it is told.

# %%
study.what_was_run(
    {
        "graph": "task.graph", "way": "task.way", "asked": "task.asked",
        "steps apart, at least": "task.least_apart", "layers": "model.n_layers",
        "steps": "training.steps",
    },
    sizes=["test"],
)  # fmt: skip

# %% [markdown]
# ## Mazes: does it come to the goal, and when?
#
# A walk is judged by what a walk can do: it may step to a neighbour that it hasn't reached, or back to
# a cell that it has. By the number of steps from start to goal; whoever gets lost at each step with the
# same probability comes to far goals less often.

# %%
study.points_figure(
    "reached", searches.by_steps(study.final, ["search_reached"], MAZES),
    {"search_reached": "held-out mazes"}, "steps from start to goal", "goal reached", at="apart",
    by="measure", curve="condition", of=MAZES,
)  # fmt: skip
course = searches.over_all(study.measured("search_reached", split="test", condition=MAZES))
study.curves_figure(
    "course", over_seeds(course, ["condition", "split", "step"]), {"test": "held-out mazes"},
    "goal reached", of=MAZES, from_step=study.decay_start,
)  # fmt: skip

# %% [markdown]
# ## Is it a search?
#
# At a fork a walk can go on to several new cells. How often does it take one that is nearest to the
# goal, how often the one that was told first? Crosses are what a random choice at the same forks would
# give. Then, over all cells that could be taken there: does the one that is taken rank high by its true
# distance, by the distance that there would be without walls, or by the order of telling?

# %%
study.rows_figure(
    "forks",
    study.with_controls(study.at_end(FORKS, by, split="test", condition=MAZES), by, chance=chance),
    FORKS, "share of forks", by="measure", controls={"chance": "x"}, of=MAZES,
)  # fmt: skip
study.rows_figure(
    "orders", study.at_end(ORDERS, by, split="test", condition=MAZES), ORDERS,
    "rank correlation at forks", by="measure", marked=0, of=MAZES,
)  # fmt: skip

# %% [markdown]
# ## Stars: where does a path begin?
#
# Two arms of the same length around a centre. From there to the end of an arm, the first step takes
# knowing the whole arm; to the centre, or in a search that may come back, each step is a lookup. Is it
# the other tokens of a path that keep the first one from being learnt? It is asked for alone as well.
# Crosses: a random step; to the centre there is one way alone.

# %%
steps = searches.over_all(where(study.final, measure=REACHED, split="test", condition=STARS))
study.rows_figure(
    "stars", study.with_controls(over_seeds(steps, by), by, chance=chance), REACHED,
    "held-out stars", by="measure", controls={"chance": "x"}, of=STARS,
)  # fmt: skip

# %% [markdown]
# ## Mazes again, with no written path: how far is the way known, by depth?
#
# The first step and nothing else is asked for. If each block does one step of a breadth-first search, a
# model is right up to a distance that its number of blocks says, and guesses beyond. A good guess goes
# by where the goal would be nearest without walls, and is right more often than a random step.

# %%
study.points_figure(
    "depth", searches.by_steps(study.final, ["first_right", "first_by_chance"], FIRST),
    {its: study.labels[its] for its in FIRST}, "steps from start to goal", "first step right",
    at="apart", by="condition", curve="measure",
    of={"first_right": "the model", "first_by_chance": "a random step"}, n_across=3,
)  # fmt: skip

# %% [markdown]
# ## What is held before the first step is written?
#
# At the last token before a path, probes read the cell so many steps ahead on it, a cell as far from
# the start on another way (control), and the cell so many steps before the goal, after each block (0:
# the embeddings), and from start and goal alone, which is how far one gets without knowing the maze.
# And is it known how many steps it is to the goal?

# %%
read = searches.read_ahead(study.closer, INSIDE)
study.points_figure(
    "ahead", read, crossed(INSIDE, PLACES), "steps", "accuracy of the probe", at="steps",
    by=("condition", "measure"), curve="read", of=searches.blocks(read), n_across=3,
)  # fmt: skip
distances = searches.distances(study.closer, INSIDE)
distances[["condition", "read", "mean", "low", "high"]].round(2)

# %% [markdown]
# ## Does a search come back from the goal step by step?
#
# What the model has made of the question after so many blocks is put into another maze with the same
# start. If it holds all cells up to so many steps from its own goal, the answer is the first step towards
# the nearest of them in the maze in which it goes on. If it holds the goal alone, that is 0 steps; if it
# holds the answer, the first step is that of the maze it comes from. Each is shown for those pairs of
# mazes in which no other leads to the same first step.

# %%
followed = complete(
    searches.exchanged(study.closer, INSIDE), condition=INSIDE, follows=HELD,
    layer=range(study.setting("model.n_layers", [*INSIDE][-1])),
)  # fmt: skip
study.points_figure(
    "exchange", followed, INSIDE, "after so many blocks", "first steps", at="layer",
    curve="follows", of=HELD, n_across=2,
)  # fmt: skip

# %% [markdown]
# ## A direction that makes it go back
#
# The mean state where a walk goes back next, minus the mean where it goes on, is added while the model
# writes, after each block; beside it a random direction of the same norm. Dose 0 is the model as it is.

# %%
steered = searches.steered(study.closer, STEERED)
OF = {its: study.labels[its] for its in MAZES if its in set(steered["condition"])}
LAYERS = {layer: f"after {layer:.0f}" for layer in sorted(steered["layer"].unique())}
study.points_figure(
    "steering", over_seeds(steered, [*by, "layer", "quarters", "dose"]), crossed(OF, LAYERS),
    "dose", "goal reached", at="dose", by=("condition", "layer"), curve="measure", of=STEERED,
    n_across=2,
)  # fmt: skip
backs = searches.steered(study.closer, ["steered_back", "random_back"])
backs = over_seeds(where(backs, dose=[0, 0.25, 0.5]), [*by, "layer", "quarters", "dose"])
backs[[*by, "layer", "dose", "mean", "low", "high"]].round(2)

# %% [markdown]
# Does a dictionary of the same states have a latent for going back, and does it tell as well as the
# difference of means, which is given the answers? `auc`: how often a state before `<` is ranked above
# one that isn't.

# %%
told = over_seeds(where(study.final, measure=searches.LATENT), by)
told[["measure", "mean", "low", "high"]].round(3)

# %% [markdown]
# ## The numbers
#
# Mean over seeds at the last checkpoint and the 95 % interval of the mean (what the brackets are and
# what they don't tell: `docs/statistics.md`).

# %%
study.summary_table(
    "searches",
    {
        "goal reached": MeanOf("search_reached", "test"),
        "first step right": MeanOf("first_right", "test"),
        "by chance": MeanOf("first_by_chance", "test", interval=False),
        "goes back": MeanOf("search_backs", "test"),
        "nearest at forks": MeanOf("nearest_taken", "test"),
        "at random": MeanOf("nearest_by_chance", "test", interval=False),
    },
)
over_all = searches.over_all(where(study.final, measure="search_reached", split="test"))
gain = paired.difference(over_all, "depth_first", "shortest", of="condition")
# Walks of models that have hardly been trained come to no forks.
WALKS = ["nearest_taken", "nearest_by_chance", "true_order", "guessed_order", "told_order"]
walks = complete(
    study.at_end(WALKS, by, split="test", condition=MAZES), condition=MAZES, measure=WALKS
)
begun = complete(
    searches.by_steps(study.final, ["first_right"], ["first_step_one_layer", "best_first"]),
    condition=["first_step_one_layer", "best_first"], apart=[4],
)  # fmt: skip
# In mazes as small as a tiny run's, there may be no other way as far.
UNREAD = [
    "read/first_step_four_layers/aside_read/1/4", "read/first_step_four_layers/aside_read/2/4",
]  # fmt: skip
study.save_numbers(
    {name: "not measured" for name in UNREAD}
    | study.quoted_settings("task.height", "task.width", "model.d_model", "training.steps")
    | study.quoted_settings("task.n_arms", "task.n_steps", condition="star")
    | say.named(walks, "{measure}/{condition}", say.otherwise("not measured"))
    | say.named(begun, "first_right/{condition}/{apart}", say.otherwise("not measured"))
    | say.named(backs, "steered/{condition}/{measure}/{quarters}/{layer}")
    | say.named(
        over_seeds(where(steered, dose=[0, 0.25, 0.5]), [*by, "layer", "quarters"]),
        "steered/{condition}/{measure}/{quarters}/{layer}",
    )
    | say.named(followed, "exchange/{condition}/{follows}/{layer}", say.otherwise("too few"))
    | say.named(where(read, measure=[*PLACES]), "read/{condition}/{measure}/{steps}/{read}")
    | say.named(distances, "read/{condition}/distance/{read}")
    | {"gain": say.seeds(gain["value"], kind="signed_share"), "n_seeds": str(len(study.seeds))}
)

# %% [markdown]
# ## Compared with the literature
#
# How much more often a model of searches finds a solution than one of best paths alone; and whether,
# after the first block, more answers follow a search that has come one step than the goal alone.

# %%
study.verdict(
    {
        "streams": gain,
        "dynamics": paired.difference(over_all, "best_first", "shortest", of="condition"),
        "climbs": searches.one_step_or_none(study.closer, "first_step"),
    }
)

# %% [markdown]
# **Going on with a walk.** A held-out maze, and how the first condition's model searches it; then the
# same after a first step of one's own. Send it into a dead end, and see whether it comes back.

# %%
first = study.first[study.conditions[0]]
maze = question(first)
goes_on(first, maze)
