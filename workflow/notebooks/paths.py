# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Many runs of one world
#
# **Question.** Do trainings that differ in nothing but luck come to the same solution? Which luck
# decides, that of the initial weights or that of the order of the data, and until when? Do they at
# least agree in their answers? And can a run's fate be read before it is trained?
#
# **Hypotheses.** (1) Initial weights draw up a short list of frequencies, and the order of the data
# chooses from it: runs with the same weights share more of their solution than runs with other
# weights, and these no more than chance. (2) The fate is open at the start and settled later: children
# that part late share their solution, and no hill lies between them (Frankle et al. 2020). (3) Runs
# agree on what is easy and not on what is hard. (4) The initial power of a frequency foretells whether
# it wins (He et al. 2026), in seeds that no weight was fitted to.
#
# **What would refute it.** (1) the same share with other weights as with the same; (2) children that
# part in the middle of a training and share no more than those that part at its start, or a hill
# between them; (3) as much agreement beyond chance on hard questions as on easy ones; (4) areas under
# the ROC curve that aren't above those with fates shuffled. (Formulated after pilots of single runs
# on spare seeds, before any comparison was made.)

# %% tags=["parameters"]
study_name = "paths"
results = "results"

# %%
from onset.notebook import say
from onset.notebook.here import here
from onset.notebook.luck import Luck
from onset.statistics import paired
from onset.statistics.chosen import n_chosen
from onset.statistics.logistic import Regression
from onset.statistics.per_run import per_condition
from onset.statistics.rows import complete, where
from onset.statistics.seeds import over_seeds

study = here(study_name, results)
WEIGHTS = study.there("weights_1", "weights_2", "weights_3", "both_1", "both_2", "both_3")
luck = Luck(study, trunk="trunk", asked=("trunk", *WEIGHTS))
SOURCES = {
    "rate": "rate .1 or 1 % higher",
    "dropout": "what dropout leaves out",
    "order": "order of the data",
    "weights": "initial weights",
    "both": "weights and order",
    "worlds": "the world, too",
}
LATER = [20, 40, 80, 160, 320]

# %% [markdown]
# ## Which luck decides
#
# A solution is known by its frequencies, each worth its share of the logits' variance. What two runs
# share is the sum of the smaller shares: 1, if both add by the same frequencies in the same proportions.
# Crosses: what they would share if the frequencies of one were any others.

# %%
SHARED = {"shared_frequencies": "shared solution", "same_largest": "same largest frequency"}
solutions = complete(
    luck.over_worlds("solution", list(SOURCES)),
    source=SOURCES,
    measure=[*SHARED, "shared_by_chance"],
)
study.rows_figure(
    "sources", solutions, SHARED, "pairs of runs", by="measure", row="source", of=SOURCES,
    controls={"by_chance": "x"},
)  # fmt: skip

# %% [markdown]
# ## When the fate parts
#
# One training and three children of it, that get other batches from a step on; up to there they are the
# training itself, bit by bit. Left: what they share at the end. Right: the lowest accuracy on held-out
# pairs on the straight line between the weights of two. Beside them, runs with other initial weights and
# the same batches.

# %%
PARTED = {
    "shared_frequencies": "shared solution",
    "accuracy_between": "lowest accuracy between them",
}
LOOKS = {"shared_frequencies": "solution", "accuracy_between": "hill"}
KIN = {"children": "children of one run", "strangers": "null: other weights"}
parting = luck.parting(LOOKS, LATER, at_start="order", null="weights")
study.points_figure(
    "parting", parting, PARTED, "step at which children part", "pairs of runs", at="since",
    by="measure", curve="curve", of=KIN,
)  # fmt: skip
hills = luck.over_worlds("hill", ["order", "weights", *map(str, LATER)], split="test")

# %% [markdown]
# ## Which answers agree
#
# At the checkpoint at which seven runs with other weights answer about half of the held-out pairs (mean):
# by how many of the five others know the answer, how many questions two runs answer alike, right or
# wrong. By chance, each is right as often, and gives its wrong answers as often, but to whichever of
# these questions.

# %%
EASE = {"alike_of_class": "two runs", "alike_of_class_by_chance": "null: by chance"}
ease = luck.by_ease("easy")
study.points_figure(
    "ease", ease.assign(panel=""), {"": "half-way"}, "share of the other runs that know",
    "answered alike", at="known", by="panel", curve="measure", of=EASE,
)  # fmt: skip
answers = luck.answers(["order", "weights"])

# %% [markdown]
# ## Whether the fate can be read at the start
#
# Of each frequency of each run of the first condition, with a world of its own: the norm of its waves in
# the embedding and in the map from neurons to logits. A logistic regression, fitted to all other seeds,
# says of the seed left out which frequencies will win.

# %%
TOLD_BY = {
    "embedding": Regression(["embedding_norm"]),
    "readout": Regression(["readout_norm"]),
    "both": Regression(["embedding_norm", "readout_norm"], degree=2),
    "shuffled": Regression(["embedding_norm", "readout_norm"], degree=2, shuffled=True),
}
BY = {"embedding": "embedding", "readout": "readout", "both": "both", "shuffled": "null: shuffled"}
areas = luck.areas(TOLD_BY)
foretold = over_seeds(areas, ["told_by", "step"])
means = foretold.filter(regex="^(?!seed_)")
study.curves_figure(
    "foretold", means, None, "area under the ROC curve", curve="told_by", of=BY, marked=0.5
)

# %%
winners = luck.winners
study.points_figure(
    "winners", winners.assign(panel="", curve="wins"), {"": ""}, "frequency", "runs in which it wins",
    at="component", by="panel", curve="curve", of={"wins": "a frequency"}, reference="by_chance",
    unjoined=["wins"],
)  # fmt: skip
most, most_p = luck.most_often()

# %% [markdown]
# ## Whether the larger knows what the smaller knows
#
# With three tenths of the pairs, no model answers all others. Of what one answers, how much does the
# model of width 128 answer? Crosses: how much it answers of all. The last row has the same width and
# other initial weights.

# %%
SIZES = {
    "few_32": "width 32", "few_64": "width 64", "few_128_again": "width 128, other weights",
}  # fmt: skip
larger = where(study.comparisons, comparison="larger", condition=list(SIZES))
known = over_seeds(larger, ["condition", "measure"])
anyway = where(known, measure="known_anyway").set_index("condition")["mean"]
too = complete(where(known, measure="known_too"), condition=SIZES)
too = too.assign(anyway=too["condition"].map(anyway))
study.rows_figure(
    "larger", too, None, "of what it answers, known to width 128", of=SIZES,
    controls={"anyway": "x"},
)  # fmt: skip

# %% [markdown]
# ## Whether the same heads do it
#
# Two layers learn to repeat: which head of the first looks at the previous token, and which of the
# second at what came after a duplicate? Dotted: by chance, with four heads in a layer.

# %%
ROLES = {
    "same_previous_token": "previous-token head", "same_induction": "induction head",
    "same_pair": "both",
}  # fmt: skip
roles = luck.over_worlds("roles", ["order", "weights"])
chance = {"previous-token head": 1 / 4, "induction head": 1 / 4, "both": 1 / 16}
study.rows_figure(
    "roles", roles, ROLES, "pairs of runs with the same", by="measure", row="source",
    of={name: SOURCES[name] for name in ("order", "weights")}, marked=chance,
)  # fmt: skip

# %% [markdown]
# ## The numbers, compared with the literature

# %%
either = say.otherwise("not measured", say.interval)
shared, largest = (where(solutions, measure=its) for its in SHARED)
at_steps = complete(where(parting, curve="children"), measure=PARTED, since=[0, *LATER])
heights = complete(where(hills, measure="barrier"), source=["order", "weights", *map(str, LATER)])
easiest = complete(ease, measure=[*EASE, "beyond"], known=[0.0, 1.0])
told = complete(foretold, told_by=BY, step=[0, 10, 20, 40, 160])
early = study.along("accuracy", by=["step"], condition="trunk", split="test")
early = complete(early, step=[80, 160])
of_keys = complete(per_condition(n_chosen(luck.keys), "count"), condition=["trunk"])
beyond = over_seeds(paired.difference(larger, "known_too", "known_anyway"), ["condition"])
ours = {
    "arbitrary": luck.beyond("solution", "worlds", "shared_frequencies", "shared_by_chance"),
    "generalise_apart": luck.spread(("test", "train")),
    "unstable": luck.more("hill", "order", "160", "barrier", split="test"),
    "initial_power": where(areas, told_by="embedding", step=0).set_index("seed")["value"],
    "keys": n_chosen(luck.keys).droplevel("condition"),
}
study.save_numbers(
    say.named(shared, "shared/{source}", either)
    | say.named(largest, "largest/{source}", either)
    | say.named(where(at_steps, measure="shared_frequencies"), "parted/{since}", either)
    | say.named(where(at_steps, measure="accuracy_between"), "between/{since}", either)
    | say.named(heights, "hill/{source}", either)
    | say.named(answers, "answers/{source}/{measure}")
    | say.named(where(easiest, measure="alike_of_class"), "alike/{known}", either)
    | say.named(where(easiest, measure="alike_of_class_by_chance"), "alike_by_chance/{known}", either)
    | say.named(told, "foretold/{told_by}/{step}", either)
    | say.named(early, "early/{step}", either)
    | say.named(too, "known_too/{condition}", either)
    | say.named(beyond, "beyond/{condition}")
    | say.named(roles, "roles/{source}/{measure}")
    | say.named(of_keys, "keys/{condition}", say.otherwise("not measured", say.rounded(1)))
    | say.named(where(easiest, measure="beyond"), "alike_beyond/{known}", either)
    | study.quoted_settings("training.steps")
    | {
        "n_seeds": str(len(study.seeds)),
        "n_worlds": str(study.n_runs["trunk"]),
        "shared_by_chance": f"{shared['by_chance'].mean():.2f}",
        "largest_by_chance": f"{largest['by_chance'].mean():.2f}",
        "same_weights": say.seeds(luck.more("solution", "order", "weights", "shared_frequencies")),
        "twenty_steps": say.seeds(luck.more("solution", "20", "order", "shared_frequencies")),
        "other_world": say.seeds(ours["arbitrary"]),
        "most_often": str(most),
        "most_often_p": f"{most_p:.2f}",
    }
)  # fmt: skip
study.verdict(ours)

# %% [markdown]
# **What it shows.** The fate of a training parts within its first steps. Children that get other
# batches from step 80 on, before held-out pairs are answered, share nearly all of their solution,
# and from step 160 on no hill lies between them; those that part at the start share about a third,
# with a hill of some nats. Whether that third is more than runs with other weights share can't be
# told from three worlds, so that the first hypothesis is left open, except for its null: in
# different worlds, runs share no more than chance, and no frequency is seen to win more often than by
# chance. The second holds. The third is refuted: half-way, two runs do answer more alike where others
# know the answer, but by a few hundredths at most beyond two that are right as often and know nothing of
# each other. The fourth holds: the initial power of a frequency foretells in unseen seeds whether it
# wins, far from certainly, and by step 40 much better. With few pairs, a larger model doesn't know all
# that a smaller one knows, but it answers few itself. Whether the same heads repeat can't be told from
# three worlds.
