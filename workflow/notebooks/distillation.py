# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Learning to learn from histories
#
# **Question.** A sequence shows how a learner plays: UCB1 a bandit, from its first pull on, or tabular
# Q-learning in a dark room with a goal that isn't told, over its whole learning. A transformer is
# trained to say what comes next. On games that it has never seen, it plays by itself, and nothing in
# its weights changes. Does it lose less and less, and does it play as its source did?
#
# **Hypothesis.** Both: who predicts a learner's next pull well has to keep count of what each arm has
# brought (algorithm distillation, Laskin et al. 2022). Heads look at earlier rewards and write them to
# the arm before each, as induction heads do with tokens. An expert's histories show the best arm from
# the first pull on, so that a model learns to go on with an arm, and not to find it. Where all arms are
# alike nothing is to be found, but UCB1's rule is still to be seen; where the order is random, the
# number of pulls tells which arm is good. A model that is shown every fourth pull, or every eighth
# episode, learns faster than its source. One that is asked for the best arm plays as Thompson sampling
# does (Lee et al. 2023).
#
# **What would refute it.** What is lost stays the same over a game; a model of random histories loses
# as little; a move of the state along a tally changes an arm's chance as little as a random one.

# %% tags=["parameters"]
study_name = "distillation"
results = "results"

# %%
import pandas as pd

from onset.notebook import bandits, say
from onset.notebook.here import MeanOf, here
from onset.notebook.rooms import walked_in
from onset.statistics import paired
from onset.statistics.rows import named_parts, where
from onset.statistics.seeds import over_seeds

study = here(study_name, results)
by = ["condition", "measure"]
BANDITS = study.having("task.n_arms")
SPLITS = ["known", "test", "corners"]
LOST = {"regret": "the model", "ucb_regret": "UCB1", "random_regret": "random"}

# %% [markdown]
# ## What was run
#
# A quarter of each held-out split was set apart for choosing settings (on other seeds); everything
# below is about the rest.

# %%
study.what_was_run(
    {
        "world": "task.name", "histories of": "task.source", "one of": "task.every",
        "rewards": "task.rewards", "order": "task.order", "asked": "task.asked",
        "layers": "model.n_layers", "steps": "training.steps",
    },
    sizes=["test"],
)  # fmt: skip

# %% [markdown]
# ## Does it learn in context? Bandits
#
# What is lost on the best arm, per pull, by quarter of the game. All play the same games, and whoever
# pulls the same arm at the same time wins or loses alike. A player who learns loses less from quarter
# to quarter; a model that has learnt a fixed way to play doesn't.

# %%
lost = where(study.final, split="test", measure=LOST)
by_quarter = lost[lost["component"].notna()].rename(columns={"component": "quarter"})
study.points_figure(
    "regret", over_seeds(by_quarter, ["condition", "measure", "quarter"]),
    {its: study.labels[its] for its in BANDITS}, "quarter of the game", "regret per pull", at="quarter",
    curve="measure", of=LOST, n_across=3,
)  # fmt: skip

# %% [markdown]
# ## Dark rooms
#
# Of the steps of an episode that could have ended in the light, how many did. The source beside it goes
# at its own pace, an episode at a time; the histories as they are shown leave out seven of eight. A
# model of them that is ahead of its source has learnt a faster learner.

# %%
LIT = {
    "return": "the model", "source_return": "Q-learning, its own pace",
    "shown_return": "histories as shown", "random_return": "random walk",
}  # fmt: skip
PANELS = {
    ("room", "test"): "every eighth: new goals", ("room", "corners"): "every eighth: farther goals",
    ("room", "known"): "every eighth: trained goals", ("room_slow", "test"): "first episodes",
    ("room_learnt", "test"): "last episodes", ("room_shuffled", "test"): "random order",
}  # fmt: skip
lit = where(study.final, measure=LIT)
by_episode = lit[lit["component"].notna()].assign(episode=lambda its: its["component"] + 1)
study.points_figure(
    "rooms", over_seeds(by_episode, ["condition", "split", "measure", "episode"]), PANELS, "episode",
    "steps in the light", at="episode", by=("condition", "split"), curve="measure", of=LIT, n_across=3,
    n_columns=2,
)  # fmt: skip
whole = lit[lit["component"].isna()]

# %% [markdown]
# ## How does it play?
#
# After the same history, could UCB1 have made this pull? Could who takes the largest mean? Both often
# could; where they can't both, whom does it follow?

# %%
WAYS = {
    "as_ucb": "as UCB1 could", "as_greedy": "as greed could", "ucb_apart": "apart: UCB1's",
    "greedy_apart": "apart: greed's",
}  # fmt: skip
study.rows_figure(
    "ways", study.with_controls(
        study.at_end(WAYS, by, split="test"), by, untrained=study.untrained(WAYS, split="test")
    ),
    WAYS, "share of pulls", by="measure", of=BANDITS, controls={"untrained": "x"},
)  # fmt: skip

# %% [markdown]
# Which rule foresees what it pulls? A rule looks at statistics of each arm; its weights are fitted on
# half of the games, and it is scored on the others. UCB1's own pulls show how much such a fit can
# foresee, and how far rules can be told apart at all.

# %%
RULES = {
    "ucb": "mean and bonus", "greedy": "mean", "thompson": "chance of being best",
    "win_stay": "last pull", "all": "all of these",
}  # fmt: skip
WHOSE = {"explained": "the model", "source_explained": "the histories"}
foreseen = named_parts(
    study.closer, "measure", rf"(?P<whose>{'|'.join(WHOSE)})_by_(?P<rule>{'|'.join(RULES)})"
)
shown = foreseen.assign(value=foreseen["value"].clip(lower=0))
study.rows_figure(
    "rules", over_seeds(shown, ["condition", "whose", "rule"]),
    {(whose, rule): f"{name}: {RULES[rule]}" for rule in RULES for whose, name in WHOSE.items()},
    "pseudo-R²", by=("whose", "rule"), of=BANDITS, n_lines=5,
)  # fmt: skip

# %% [markdown]
# ## When?
#
# Does it repeat itself first, then play greedily, and explore last? Where UCB1 and greed have different
# arms, greed's come before UCB1's. How sharply each sign comes: the steps from a quarter to three
# quarters of its way over the step at which it is half way, which of an exponential approach is 1.6.

# %%
PHASES = {
    "opens": "begins with each arm once", "repeats": "same arm as before",
    "lose_shift": "another after a loss", "greedy_apart": "apart: greed's", "ucb_apart": "apart: UCB1's",
    "regret": "regret per pull",
}  # fmt: skip
course = where(study.measured(PHASES, split="test"), condition="ucb")
study.curves_figure(
    "phases", over_seeds(course[course["component"].isna()], [*by, "step"]), None, "share of pulls, regret",
    curve="measure", of=PHASES, from_step=study.decay_start,
)  # fmt: skip
phases = bandits.phases(bandits.on_the_way(study.measures, "ucb"))
phases[["shown", "what", "mean", "low", "high"]]

# %% [markdown]
# ## Does it keep count?
#
# How often each arm was pulled, and the share of its pulls that won, read off the state at each reward.
# What is explained is of the variance between games at the same pull, so that time alone explains
# nothing; and another game's counts are read as a control. What can be read needn't be used.

# %%
READ = {
    "pulls_read": "pulls", "means_read": "means", "pulls_read_control": "pulls in another game",
    "means_read_control": "means in another game",
}  # fmt: skip
read = where(study.closer, measure=READ)
read = read.assign(value=read["value"].clip(lower=0))  # worse than the mean says nothing more
study.points_figure(
    "tallies", over_seeds(read, [*by, "layer"]),
    {its: study.labels[its] for its in BANDITS}, "block applications", "R²", at="layer", curve="measure",
    of=READ, n_across=3, n_columns=2,
)  # fmt: skip

# %% [markdown]
# Are they used? The state at each reward is moved as it changes with the mean of one arm, or with its
# pulls, all other tallies being the same. A model that uses the tally pulls an arm with a higher mean
# more, and, as UCB1 does, one with more pulls less.

# %%
RAISED = {
    "raised_mean": "mean raised", "raised_mean_random": "as far at random",
    "raised_pulls": "pulls raised", "raised_pulls_random": "as far at random (pulls)",
}  # fmt: skip
raised = over_seeds(where(study.closer, measure=RAISED), [*by, "layer"])
study.rows_figure(
    "raised", raised.assign(after=raised["layer"].astype(int)),
    {
        ("ucb", 1): "after the first of two", ("ucb", 2): "after the second",
        ("one_layer", 1): "after one of one",
    },
    "change of the arm's chance", by=("condition", "after"), row="measure", of=RAISED, marked=0,
    shares=False,
)  # fmt: skip

# %% [markdown]
# ## Which heads gather rewards?
#
# What a head writes, per reward that it looks at from where the next arm is asked for, to the arm
# before that reward: of rewards that won minus of those that lost, and the same with another game's
# arms. That a reward's place knows its arm takes a head that looks from there to the arm. Then the
# model plays without heads: without the one that gathers most, beside another of its layer; without all
# that gather; without the one that pairs.

# %%
WITHOUT = {
    "with_all": "all heads", "without_gathering": "without the best gatherer",
    "without_another": "without another of its layer", "without_all_gathering": "without all that gather",
    "without_pairing": "without the pairing head", "without_another_below": "without another of its layer ",
}  # fmt: skip
GAMES = rf"(?P<which>as_ucb|regret)_(?P<heads>{'|'.join(WITHOUT)})"
ablated = named_parts(study.closer, "measure", GAMES)
study.rows_figure(
    "heads", over_seeds(where(ablated, condition="ucb"), ["condition", "which", "heads"]),
    {"as_ucb": "pulls that UCB1 could make", "regret": "regret per pull"}, "share of pulls, regret",
    by="which", row="heads", of=WITHOUT,
)  # fmt: skip
heads = study.closer[study.closer["head"].notna()]
heads.pivot_table("value", ["condition", "seed", "layer", "head"], "measure").round(3)

# %% [markdown]
# ## The numbers
#
# Mean over seeds at the last checkpoint and the 95 % interval of the mean (what the brackets are and
# what they don't tell: `docs/statistics.md`).

# %%
study.summary_table(
    "regrets",
    {
        "new games": MeanOf("regret", "test"), "UCB1": MeanOf("ucb_regret", "test"),
        "harder games": MeanOf("regret", "harder"), "UCB1, harder": MeanOf("ucb_regret", "harder"),
        "as UCB1 could": MeanOf("as_ucb", "test"), "rooms": MeanOf("return", "test"),
        "Q-learning": MeanOf("source_return", "test"),
    },
)  # fmt: skip
fallen = where(by_quarter, measure="regret").astype({"quarter": int}).astype({"quarter": str})
fallen = paired.difference(fallen, "0", "3", of="quarter")
episodes = where(by_episode, measure="return").astype({"episode": int}).astype({"episode": str})
ends = str(study.setting("task.n_episodes", "room")), "1", "episode"
risen, ahead = (
    pd.concat(paired.difference(where(rows, split=its), *pair).assign(split=its) for its in SPLITS)
    for rows, pair in ((episodes, ends), (whole, ("return", "source_return")))
)
lost_without = where(ablated, condition="ucb", which="regret")
worse = {
    "pairing": paired.difference(lost_without, "without_pairing", "without_another_below", of="heads"),
    "gathering": paired.difference(lost_without, "without_gathering", "without_another", of="heads"),
}  # fmt: skip
better = paired.difference(lost[lost["component"].isna()], "ucb_regret", "regret")
study.save_numbers(
    study.quoted_settings("task.n_arms", "task.n_pulls", "model.d_model", "training.steps")
    | study.quoted_settings("task.side", "task.n_episodes", "task.n_steps", "task.every", condition="room")
    | say.named(over_seeds(fallen, ["condition"]), "learnt/{condition}")
    | say.named(over_seeds(risen, ["condition", "split"]), "risen/{condition}/{split}")
    | say.named(over_seeds(ahead, ["condition", "split"]), "ahead/{condition}/{split}")
    | say.named(over_seeds(better, ["condition"]), "better/{condition}")
    | say.named(where(phases, what="half"), "half/{shown}", say.time)
    | say.named(where(phases, what="sharpness"), "sharpness/{shown}", say.censored(1))
    | say.named(where(phases, what="later"), "later/{shown}", say.censored(0))
    | {"n_seeds": str(len(study.seeds))}
    | {"pairing": say.seeds(worse["pairing"]["value"]), "gathering": say.seeds(worse["gathering"]["value"])}
)  # fmt: skip

# %% [markdown]
# ## Compared with the literature

# %%
rules_of_best = where(foreseen, condition="best_random", whose="explained")
study.verdict(
    {
        "in_context": where(fallen, condition="ucb"),
        "risen": where(risen, condition="room", split="test"),
        "faster": where(ahead, condition="room", split="test"),
        "best_faster": where(better, condition="best"),
        "posterior": paired.difference(rules_of_best, "thompson", "ucb", of="rule"),
    }
)  # fmt: skip

# %% [markdown]
# **Playing against a bandit.** Choose the chances of the arms, and a number for luck, and see what the
# model pulls, beside UCB1 with the same luck; or choose where the light is, and see a model walk.

# %%
bandits.played_against(study.first["ucb"], chances=[0.2, 0.5, 0.9], luck=0)

# %%
walked_in(study.first["room"], row=0, column=3)
