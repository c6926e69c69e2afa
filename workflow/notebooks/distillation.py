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
# **Question.** A sequence shows how a learner, UCB1, plays a bandit from its first pull on: arms, and
# whether each pull won. A transformer is trained to say which arm comes next. On games that it has never
# seen, it plays by itself, and nothing in its weights changes. Does it lose less from pull to pull, as
# its source did? Does it pull what UCB1 would pull?
#
# **Hypothesis.** It does both: who predicts a learner's next pull well has to keep count of what each arm
# has brought (algorithm distillation, Laskin et al. 2022). An expert's histories show the best arm from
# the first pull on, so that a model learns to go on with an arm, and not to find it. Where rewards are
# coins, nothing can be learnt from them; where the order is random, the number of pulls still tells.
#
# **What would refute it.** What is lost stays the same over a game; a model of random or of coins'
# histories loses as little; no count can be read off its states that can't be read for another game.

# %% tags=["parameters"]
study_name = "distillation"
results = "results"

# %%
from onset.notebook import say
from onset.notebook.bandits import played_against
from onset.notebook.here import MeanOf, here
from onset.statistics import paired
from onset.statistics.rows import named_parts, where
from onset.statistics.seeds import over_seeds

study = here(study_name, results)
LOST = {"regret": "the model", "ucb_regret": "UCB1", "random_regret": "random"}

# %% [markdown]
# ## What was run
#
# A quarter of each held-out split was set apart for choosing settings (on other seeds); everything below
# is about the rest.

# %%
study.what_was_run(
    {
        "histories of": "task.source", "rewards": "task.rewards", "order": "task.order",
        "layers": "model.n_layers", "steps": "training.steps",
    },
    sizes=["test", "harder"],
)  # fmt: skip

# %% [markdown]
# ## Does it learn in context?
#
# What is lost on the best arm, per pull, by quarter of the game. All play the same games, and whoever
# pulls the same arm at the same time wins or loses alike. A player who learns loses less from quarter to
# quarter; a model that has learnt a fixed way to play doesn't.

# %%
lost = where(study.final, split="test", measure=LOST)
by_quarter = lost[lost["component"].notna()].rename(columns={"component": "quarter"})
study.points_figure(
    "regret", over_seeds(by_quarter, ["condition", "measure", "quarter"]),
    {its: study.labels[its] for its in study.conditions}, "quarter of the game",
    "regret per pull", at="quarter", curve="measure", of=LOST, n_across=3,
)  # fmt: skip

# %% [markdown]
# ## How does it play?
#
# After the same history, could UCB1 have made this pull? Could who takes the largest mean? Both often
# could: what tells them apart is the difference. A player who only remembers its last pull stays after a
# win and leaves after a loss.

# %%
WAYS = {
    "as_ucb": "as UCB1 could", "as_greedy": "as greed could", "win_stay": "same after a win",
    "lose_shift": "other after a loss",
}  # fmt: skip
by = ["condition", "measure"]
study.rows_figure(
    "ways", study.with_controls(
        study.at_end(WAYS, by, split="test"), by, untrained=study.untrained(WAYS, split="test")
    ),
    WAYS, "share of pulls", by="measure", controls={"untrained": "x"},
)  # fmt: skip

# %% [markdown]
# Which rule foresees what it pulls? A rule looks at statistics of each arm; its weights are fitted on half
# of the games, and it is scored on the others. UCB1's own pulls show how much such a fit can foresee, and
# how far rules can be told apart at all.

# %%
RULES = {
    "ucb": "mean and bonus", "greedy": "mean", "thompson": "chance of being best",
    "win_stay": "last pull", "all": "all of these",
}  # fmt: skip
WHOSE = {"explained": "the model", "source_explained": "the histories"}
foreseen = named_parts(
    study.closer, "measure", rf"(?P<whose>{'|'.join(WHOSE)})_by_(?P<rule>{'|'.join(RULES)})"
)
foreseen = foreseen.assign(value=foreseen["value"].clip(lower=0))
study.rows_figure(
    "rules", over_seeds(foreseen, ["condition", "whose", "rule"]),
    {(whose, rule): f"{name}: {RULES[rule]}" for rule in RULES for whose, name in WHOSE.items()},
    "pseudo-R²", by=("whose", "rule"), n_lines=5,
)  # fmt: skip

# %% [markdown]
# ## When?
#
# Does it repeat itself first, then play greedily, and explore last?

# %%
PHASES = {"win_stay": "same after a win", "as_greedy": "as greed could", "as_ucb": "as UCB1 could"}
phases = study.along(PHASES, ["condition", "measure", "step"], split="test", condition="ucb")
study.curves_figure(
    "phases", phases, {"ucb": study.labels["ucb"]}, "share of pulls", by="condition",
    curve="measure", of=PHASES, from_step=study.decay_start,
)  # fmt: skip

# %%
whole = study.measured("regret", split="test")
study.curves_figure(
    "course", over_seeds(whole[whole["component"].isna()], ["condition", "split", "step"]),
    {"test": "new games"}, "regret per pull", from_step=study.decay_start,
)  # fmt: skip

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
    "tallies", over_seeds(read, ["condition", "measure", "layer"]),
    {its: study.labels[its] for its in study.conditions}, "block applications", "R²", at="layer",
    curve="measure", of=READ, n_across=3, n_columns=2,
)  # fmt: skip

# %% [markdown]
# Are they used? The state at each reward is moved by the shortest way that makes a probe read a higher mean
# of one arm, or more pulls; a model that uses the tally pulls an arm with a higher mean more, and, as UCB1
# does, one with more pulls less.

# %%
RAISED = {
    "raised_mean": "mean raised", "raised_mean_random": "as far at random",
    "raised_pulls": "pulls raised", "raised_pulls_random": "as far at random (pulls)",
}  # fmt: skip
raised = over_seeds(where(study.closer, measure=RAISED), ["condition", "measure", "layer"])
study.rows_figure(
    "raised", raised.assign(after=raised["layer"].astype(int).astype(str)),
    {str(its): f"after {its}" for its in range(1, study.setting("model.n_layers") + 1)},
    "change of the arm's chance", by="after", row="measure", of=RAISED, marked=0,
)  # fmt: skip

# %% [markdown]
# ## The numbers
#
# Mean over seeds at the last checkpoint and the 95 % interval of the mean (what the brackets are and what
# they don't tell: `docs/statistics.md`).

# %%
study.summary_table(
    "regrets",
    {
        "new games": MeanOf("regret", "test"),
        "UCB1": MeanOf("ucb_regret", "test"),
        "harder games": MeanOf("regret", "harder"),
        "UCB1, harder": MeanOf("ucb_regret", "harder"),
        "as UCB1 could": MeanOf("as_ucb", "test"),
    },
)

# %%
own = where(by_quarter, measure="regret", condition=study.conditions[0])
learnt = paired.difference(
    own.assign(quarter=own["quarter"].astype(int).astype(str)), "0", "3", of="quarter"
)
study.save_numbers(
    study.quoted_settings("task.n_arms", "task.n_pulls", "model.d_model", "training.steps")
    | {"learnt": say.seeds(learnt["value"]), "n_seeds": str(len(study.seeds))}
)

# %% [markdown]
# ## Compared with the literature
#
# What is lost per pull in the first quarter of a game minus what is lost in the last.

# %%
study.verdict({"in_context": learnt})

# %% [markdown]
# **Playing against a bandit.** Choose the chances of the arms, and a number for luck, and see what the
# first condition's model pulls, beside UCB1 with the same luck.

# %%
played_against(study.first[study.conditions[0]], chances=[0.2, 0.5, 0.9], luck=0)
