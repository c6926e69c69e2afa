# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What interpretability takes for granted
#
# **Question.** Features are taken to be directions, to be more than there are dimensions, and to mean the
# same in every layer; dictionaries are judged by their sparsity, and descriptions by their scores. Here the
# truth is known, so that each of these can be wrong.
#
# **Hypotheses.** (1) *One dimension each?* Modular addition writes its sums on circles; a circle can be
# told from two features of one dimension, and a dictionary that cuts it in pieces hides it. (2) *More than
# dimensions?* Where there are, twice as many directions help more than they help normally distributed
# states, and only there. (3) *The same everywhere?* Directions of tokens turn from layer to layer, by one
# linear map. (4) *Sparsity.* Of two dictionaries that explain as much, the sparser isn't the better one.
# (5) *Descriptions.* Of an untrained dictionary, descriptions are believed, too, and fail. (6) *The true
# direction.* A difference of means finds it, unless features go together; what reads best is another one.
#
# **What would refute it.** (1) no more of a circle in order than in any order; (2) no gain beyond normal
# states where there are more features than dimensions, or one where there are fewer; (3) a map that fails
# on tokens that it wasn't fitted to; (4) a clear correlation with sparsity at equal variance; (5) as many
# failures after training as before; (6) a regression nearer to the truth than a difference of means.
# (Formulated after a pilot on seed 100.)

# %% tags=["parameters"]
study_name = "assumptions"
results = "results"

# %%
from onset.notebook import say
from onset.notebook.directions import LABELS, directions_found, with_means
from onset.notebook.here import here
from onset.notebook.titles import crossed
from onset.statistics import paired
from onset.statistics.rows import where
from onset.statistics.seeds import over_seeds

study = here(study_name, results)
WORLDS = study.there("alone", "correlated", "few", "few_correlated")

# %% [markdown]
# ## One dimension each?
#
# Features of four shapes: on a line; pairs of independent amounts; one of two amounts at a time; circles.
# In the plane that a feature truly has, states are tested for what two features of one dimension can't do
# (Engels et al. 2024). Then the same of what groups of a dictionary's latents write, where groups are
# latents of like directions, as is published, or latents that are active together.

# %%
SHAPED = study.there("roomy", "crowded")
TOLD = {
    "told_apart": "circles told from the rest: in true planes",
    "circles_by_alike": "circles found: latents alike",
    "circles_by_together": "circles found: latents active together",
    "circles_by_random": "null: circles found, latents at random",
    "told_apart_by_together": "circles told from the rest: latents active together",
}
told = study.over_seeds_at_end(where(study.closer, measure=list(TOLD)), "measure")
study.rows_figure(
    "shapes", told, {name: study.labels[name] for name in SHAPED}, "share, area under the curve",
    by="condition", row="measure", of=TOLD, marked=0.5,
)  # fmt: skip

# %% [markdown]
# And in a trained model: the sum in modular addition, read as a circle, as a number, and as a circle of
# sums in another order.

# %%
READ = {
    "circle_of_answer": "as a circle, in order",
    "shuffled_circle_of_answer": "null: in another order",
    "line_of_answer": "as a number",
}
sums = study.there("sums", "sums_untrained")
read = study.over_seeds_at_end(where(study.closer, measure=list(READ), condition=sums), "measure")
study.rows_figure("cycles", read, READ, "variance explained", by="measure", of=sums)

# %% [markdown]
# ## More than dimensions?
#
# Variance that twice as many directions as dimensions explain beyond as many, at as many active ones; less
# the same of normally distributed states of that covariance.

# %%
states = study.there(
    "few",
    "twice",
    "alone",
    "ten_times",
    "correlated",
    "sums",
    "sums_untrained",
    "words",
    "words_untrained",
)
gained = study.over_seeds_at_end(
    where(study.closer, measure="gained_beyond", split="test", condition=states)
)
study.rows_figure(
    "more", gained, None, "variance gained beyond normal states", of=states, shares=False, marked=0
)

# %% [markdown]
# ## The same everywhere?
#
# A token's direction is its mean state, less that of all tokens. Left, from each layer to the next; right,
# from earlier checkpoints to the last, after two blocks.

# %%
KEPT = {
    "kept": "the same direction (cosine)",
    "mapped": "one linear map, unseen tokens",
    "scaled": "one factor, unseen tokens",
    "mapped_by_chance": "null: map to other tokens",
}
drift = where(study.comparisons, comparison="drift", measure=list(KEPT), split="test")
layers = over_seeds(drift[drift["step"] == drift["other_step"]], ["measure", "layer"])
over_time = over_seeds(
    drift[(drift["step"] != drift["other_step"]) & (drift["layer"] == 2)].assign(
        step=lambda its: its["other_step"]
    ),
    ["measure", "step"],
)
study.points_figure(
    "layers", layers.assign(all=""), {"": "from the layer before"}, "layer", "cosine, explained",
    at="layer", by="all", curve="measure", of=KEPT, n_columns=2,
)  # fmt: skip
study.curves_figure("checkpoints", over_time, None, "cosine, explained", curve="measure", of=KEPT)

# %% [markdown]
# ## Sparsity
#
# All dictionaries of a world, of three kinds and eight sparsities each, ranked by how sparse they are and
# by what they are wanted for.

# %%
WANTED = {
    "recovered": "true features recovered",
    "clean": "latents as clean detectors",
    "useful": "features told from 64 labels",
    "shuffled": "null: recovered, in random order",
}
AS = {
    "with_sparsity": "with sparsity",
    "held_with_sparsity": "with sparsity, at equal variance",
    "with_explained": "with variance explained",
}
proxies = where(study.comparisons, comparison="proxy").assign(
    wanted=lambda its: its["measure"].str.rsplit("_", n=1).str[-1],
    what=lambda its: its["measure"].str.rsplit("_", n=1).str[0],
)
ranked = over_seeds(where(proxies, what=list(AS)), ["what", "wanted"])
study.rows_figure(
    "sparsity",
    ranked,
    AS,
    "rank correlation",
    by="what",
    row="wanted",
    of=WANTED,
    shares=False,
    marked=0,
)
best = over_seeds(where(proxies, what="best_l0"), ["wanted"])

# %% [markdown]
# ## Descriptions
#
# A latent is described by the feature that its top examples have in common, and the description tried on
# examples made for it.

# %%
SAID = {
    "believed": "latents with a description that is believed",
    "false_negatives": "of what it says, missed",
}
described = study.over_seeds_at_end(
    where(study.closer, measure=list(SAID), split="test"), "measure"
)
study.rows_figure(
    "descriptions",
    described,
    SAID,
    "share",
    by="measure",
    of=study.there("alone", "alone_untrained"),
)

# %% [markdown]
# ## The true direction
#
# Of a feature known from labels: how near a method's direction is to the true one, and how well reading
# along it tells the feature. A dictionary has been trained on states without labels, and these choose a
# latent.

# %%
found = directions_found(study, WORLDS)
shown = study.there("alone", "few_correlated")
KINDS = {"true": "cosine with the truth", "read": "told by reading"}
METHODS = {
    "means": "difference of means",
    "logistic": "logistic regression",
    "lda": "LDA",
    "latent": "latent, chosen",
    "truth": "the true direction",
    "random": "null: random",
}
study.points_figure(
    "directions", where(found, condition=shown),
    crossed(KINDS, {name: study.labels[name] for name in shown}), "labels, log₂", "cosine, area",
    at="log_labels", by=("good_for", "world"), curve="method", of=METHODS, n_lines=2,
)  # fmt: skip
aside = where(found, good_for="aside", labels=LABELS[-1])
study.table("aside", with_means(aside, METHODS, {name: study.labels[name] for name in WORLDS}))

# %% [markdown]
# ## The numbers

# %%
with_many = where(study.closer, condition="few_correlated", split="test", component=LABELS[-1])
nearer = over_seeds(paired.difference(with_many, "true_by_latent", "true_by_means"), ["measure"])
ranked_ones = {
    name: study.setting("model.sparsities", name)
    for name in study.there("topk", "batch_topk", "l1")
}
study.save_numbers(
    say.named(best, "best_l0/{wanted}")
    | say.named(layers, "layers/{measure}/{layer}")
    | say.named(where(over_time, step=over_time["step"].min()), "from_start/{measure}")
    | say.named(aside, "aside/{world}/{method}")
    | say.named(nearer, "nearer")
    | study.quoted_settings("task.n_features", "task.n_dimensions")
    | {
        "n_seeds": str(len(study.seeds)),
        "n_dictionaries": str(sum(map(len, ranked_ones.values()))),
    }
)
at_16 = where(study.closer, condition="alone", split="test", component=16)
ours = {
    "probes": paired.difference(at_16, "read_by_latent", "read_by_logistic").set_index("seed")[
        "value"
    ],
}
study.verdict(ours)

# %% [markdown]
# **What it shows.** (1) Circles can be told from pairs of features in their true planes, and trained models
# have them. In a dictionary of four latents per feature, groups of latents with like directions don't lead
# to these planes; groups of latents that are active together do, but of what they write, circles are told
# from nothing. (2) Where features are more than dimensions, twice as many directions gain more than they do
# for normal states, and not clearly where they are fewer; of trained models' states the test can't say.
# (3) Directions of tokens turn from layer to layer, for the most part by one linear map; no such map leads
# there from before training. (4) Left open: what one wants of dictionaries peaks at the true sparsity or
# goes with the variance that they explain; at equal variance, sparser ones have cleaner latents, and aren't
# clearly better or worse at the rest. (5) An untrained dictionary's descriptions are seldom believed, and
# those that are fail more often. (6) As foretold: a difference of means goes to the true direction unless
# features go together, and what reads best is another direction; a latent, chosen by the labels, is nearer
# then, but no better to write along.
