# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Features in superposition
#
# **Question.** A layer has fewer dimensions than the world has features. It can keep the most important
# ones, each with a dimension of its own, and forget the others; or it can keep more of them than it has
# room for, in directions that aren't orthogonal, and put up with confusing them. When does a trained
# network do which, and how do features share the room?
#
# **What is known** (Elhage et al. 2022, *Toy models of superposition*). Features are numbers between 0 and
# 1 that are mostly 0; the network reads them into a few dimensions and back,
# $x' = \mathrm{ReLU}(W^\top W x + b)$, and errors are weighted by the importance of the feature. If
# features are rarely active together, superposition costs little. It sets in like a phase change, and
# features arrange themselves in regular figures: pairs, triangles, pentagons, tetrahedra, square
# antiprisms.
#
# **Hypotheses.** (1) For two features in one dimension, losses in closed form predict which of three
# solutions is found. (2) With more features, their share of a dimension $D_i$ lies at the fractions of
# those figures, and the figures are there in the weights. (3) During training, the loss falls when
# features change places. (4) A layer of neurons computes more functions than it has neurons for, if its
# inputs are sparse.
#
# **What would refute it.** (1) A map of solutions no nearer to the prediction than an untrained network's;
# (2) dimensionalities at the fractions no more often than in a network without the ReLU, or figures no
# more often than among random directions; (3) falls of the loss that don't go with an instance's own moves,
# beyond the pace of all; (4) losses no lower than those of computing functions one by one. (Formulated
# after pilots on seeds 100 to 102.)

# %% tags=["parameters"]
study_name = "superposition"
results = "results"

# %%
import pandas as pd

from onset.figures import superposition as draw
from onset.figures.style import styles
from onset.measures.superposition.geometry import FIGURES, by_chance, corners_of
from onset.measures.superposition.two_features import PHASES
from onset.notebook import say, two_features, worlds
from onset.notebook.here import here
from onset.statistics import feature_swaps, superposition
from onset.statistics.rows import complete, where
from onset.statistics.seeds import over_seeds

study = here(study_name, results)
networks = worlds.Worlds(study)
networks.what_was_run()

# %% [markdown]
# ## Two features, one dimension
#
# Three solutions are candidates: the first feature alone, the second alone, or both, pointing opposite
# ways, which is wrong only when both are active. Their losses are known in closed form
# (`onset.measures.superposition.two_features`), and so is the loss of any other solution, by exact
# integration; gradient descent on this loss finds the best of all. Of a network's restarts we take the one
# with the least exact loss. A colour says what became of the second feature: *ignored*, *dedicated* (it
# has the dimension to itself), or *superposed*. The panel on the right is a network without the ReLU,
# which gains nothing from superposition.

# %%
solutions = two_features.solutions(networks)
figure = draw.plot_phases_of(two_features.maps(solutions), PHASES)
study.save_figure(figure, "phases", solutions)

# %% [markdown]
# How often the solution is the predicted one, over all cells, compared with the untrained network, the one
# without ReLU, and always giving the commonest answer. Agreement doesn't say which is right where they
# differ. The loss does: below, it is compared with the lowest possible loss (`loss_above`).

# %%
agreement = superposition.agreement(two_features.networks(solutions), ["candidates", "exact"])
agreement.pivot_table("value", ["seed", "prediction"], "network", sort=False)

# %% [markdown]
# The border of superposition. The closed forms put it at a density of $4s / (2(1 + r) + 3s)$ with
# $s = \min(r, 1)$, for the second feature's importance $r$; the exact optimum can also choose biases and
# lengths. If a seed's border lies outside the grid, there is no dot.

# %%
trained = where(solutions, condition="two_features", trained=True)
lines = two_features.borders(solutions["importance"].unique())
edges = superposition.largest_densities(trained, "superposed")
drawn = pd.concat(its.assign(of=name) for name, its in {"trained": edges, **lines}.items())
study.save_figure(draw.plot_edges(lines, edges), "edge", drawn)

# %% [markdown]
# ## How features share the room
#
# More features of equal importance, in two, three and fifteen dimensions. A feature's dimensionality
# $D_i = |W_i|^2 / \sum_j (\hat W_i \cdot W_j)^2$ is the part of a dimension that it has to itself. Each
# dot is a feature that is represented (longer than a half); lines are at the fractions of regular figures:
# 1 (alone), 3/4 (tetrahedron), 2/3 (triangle), 1/2 (a pair), 2/5 (pentagon), 3/8 (square antiprism).
# Without the ReLU features have no reason to lie there. A dot on a line isn't necessarily a corner of a
# figure; the next section tests that.

# %%
FRACTIONS = {"1": 1.0, "3/4": 3 / 4, "2/3": 2 / 3, "1/2": 1 / 2, "2/5": 2 / 5, "3/8": 3 / 8}
NEAR = 0.015
titles = networks.titles("geometry")
represented = networks.represented(titles)
panels = {title: where(represented, condition=name) for name, title in titles.items()}
figure = draw.plot_dimensionality(panels, FRACTIONS)
study.save_figure(figure, "dimensionality", represented)

largest = represented["dimensionality"].max()
luck = superposition.near_by_chance(FRACTIONS.values(), NEAR, largest)
sparse = represented[represented["density"] < 0.6]
near = superposition.near_fractions(sparse, FRACTIONS.values(), NEAR)
on_line = over_seeds(near, ["condition"])
on_line.assign(chance=luck)

# %% [markdown]
# ## Which figures they form
#
# Features whose directions aren't orthogonal belong to one figure. The code names it if all cosines
# between its corners are within a tenth of those of the ideal figure
# (`onset.measures.superposition.geometry`). On the right is the null: the same features, rotated at
# random. A figure without a name may still be regular.

# %%
KINDS = [*FIGURES, "other", "ignored"]
figures = networks.figures(titles, KINDS)
formed, turned = (where(figures, which=which) for which in ("in", "random_in"))
shown = {title: where(formed, condition=n) for n, title in titles.items() if networks.has_relu(n)}
shown["null: turned"] = where(turned, condition="space")
shares = {title: worlds.by_density(its, KINDS) for title, its in shown.items() if len(its)}
figure = draw.plot_shares(shares, styles(KINDS))
study.save_figure(figure, "figures", pd.concat(shares, names=["world"]).reset_index())

# %% [markdown]
# In how many instances each figure occurs, and the dimensionality of its corners: the mean $D_i$ over
# instances all of whose represented features are in figures of one kind.

# %%
NAMED = [kind for kind in FIGURES if kind != "dedicated"]
within = superposition.dimensionality_in(formed, represented)
at_fraction = complete(over_seeds(within, ["figure"], "real"), figure=NAMED)
with_relu = formed[formed["condition"].map(networks.has_relu)]
n_found = complete(superposition.number_with(with_relu), figure=NAMED).fillna({"n": 0})
at_fraction.merge(n_found, on="figure")

# %% [markdown]
# ## While it learns
#
# Weights are small at first. For each seed, the figure shows
# the instance whose loss falls most after a quarter of the time, and each feature's dimensionality. If the
# loss falls because features change places, then it falls more than in other instances just when its own
# features move more than theirs. We correlate the two over intervals between checkpoints, after removing
# the pace that all instances share. Other instances' features are no null: without the common pace, their
# mean is -1 / (n - 1) of it, for n instances. A correlation doesn't say which causes which.

# %%
courses = networks.courses("dynamics")
late = feature_swaps.latest_falls(courses)
study.save_figure(draw.plot_places(late), "places", feature_swaps.as_rows(late))
coincidences = feature_swaps.over_instances(courses)
coincidences.pivot(index="seed", columns="measure", values="value")

# %% [markdown]
# ## Computing in superposition
#
# Now the layer doesn't only keep features but computes: six ReLU neurons are trained to give the absolute
# values of twelve features (each alone takes two neurons), or whether two features are both active, for
# all fifteen pairs of six (each alone takes one neuron). *One by one* is a layer that computes as many
# functions exactly as it has neurons for and gives the mean of the others. The null has no ReLU in the
# layer. Losses are relative to giving the mean of everything; we report the best restart. Numbers are at
# the density at which the layer gains most over both baselines: they say how much can be gained, not how
# much is gained everywhere.

# %%
PAIRS = {
    "|x| of 12 features, 6 neurons": ("absolute", "absolute_linear"),
    "AND of 15 pairs, 6 neurons": ("both", "both_linear"),
}
ours, nulls = zip(*PAIRS.values(), strict=True)
names = dict.fromkeys(ours, "trained") | dict.fromkeys(nulls, "null: no ReLU")
losses = {title: networks.relative_losses(pair) for title, pair in PAIRS.items()}
computed = pd.concat(losses.values())
figure = draw.plot_computed(losses, study.styles_of(names), names)
study.save_figure(figure, "computed", computed)
gains = pd.concat(superposition.largest_gain(computed, *pair) for pair in PAIRS.values())
gains.pivot(index="condition", columns="what", values="said")

# %% [markdown]
# ## The numbers
#
# Means over seeds with 95 % intervals (what the brackets are and what they don't tell:
# `docs/statistics.md`). The paper quotes these.

# %%
above = trained["loss"] / trained["least"]
odd = above[trained["phase"] != trained["exact"]]
linear = two_features.networks(solutions)["no ReLU"]
of_formed, of_turned = (
    over_seeds(worlds.of_seeds(its), ["condition", "figure"]) for its in (formed, turned)
)
study.save_numbers(
    say.named(over_seeds(agreement, ["prediction", "network"]), "agree/{prediction}/{network}")
    | say.named(complete(on_line, condition=titles), "on_line/{condition}")
    | say.named(where(of_formed, figure=KINDS[1:]), "in/{condition}/{figure}")
    | say.named(where(of_turned, figure=KINDS[1:]), "random_in/{condition}/{figure}")
    | say.named(at_fraction, "fraction/{figure}", say.otherwise("none", say.rounded(3)))
    | say.named(n_found, "n_found/{figure}", say.column("n", digits=0))
    | say.named(over_seeds(coincidences, ["measure"], "real"), "places/{measure}")
    | say.named(gains, "computed/{condition}/{what}", say.column("said"))
    | {
        f"by_chance/{kind}": f"{by_chance(kind, corners_of(kind)[0].shape[1], 1000):.3f}"
        for kind in NAMED
    }
    | {
        "n_seeds": str(len(study.seeds)),
        "n_instances": str(networks.n_networks),
        "n_looked_at": str(len(where(with_relu, figure="digon"))),
        "loss_above/median": f"{above.median():.3f}",
        "loss_above/odd": f"{odd.median():.2f}" if len(odd) else "none",
        "linear/superposed": f"{(linear['phase'] == 'superposed').mean():.2f}",
        "on_line/chance": f"{luck:.2f}",
    }
)  # fmt: skip

# %% [markdown]
# ## What was recovered, and what was not
#
# Recovered is the border of superposition; and features that share a plane mostly lie at the fractions of
# regular figures. Not recovered is what takes many features in many dimensions: even in three, we can't
# say that dots lie on lines more often than without the ReLU, although by their cosines there are pairs
# and antiprisms; with sixty in fifteen, pairs are the only figures that more than a few features are in.
# Triangles and tetrahedra are rare; most of them are with four features in three dimensions, at densities
# where pairs begin to form.
#
# Below: how many features a network holds is read off the squared norm of its weights, as in the
# publication; means over a seed's networks. That the figures' dimensionalities are theirs is no finding:
# kinds are told apart by the cosines between features, which fix them.

# %%
study.holds(
    "agree/exact/trained:low > agree/exact/commonest answer:high", "on_line/plane:low > 0.5",
    "on_line/space_linear:low < on_line/space < on_line/space_linear:high",
    "in/space/digon:low > 0.05", "in/space/square_antiprism > 0.03",
    "in/wide/pentagon < 0.05 < in/wide/digon",
    "n_found/triangle < n_found/digon", "n_found/tetrahedron < n_found/digon",
)  # fmt: skip
held = {
    name: networks.in_dimensions(name)
    for name in ("space_linear", "two_features_linear", "space", "wide")
}
wide = held["wide"]
dense = where(wide, density=wide["density"].max())
of_seed = {
    "linear_space": held["space_linear"].groupby("seed")["held"].mean(),
    "linear_line": held["two_features_linear"].groupby("seed")["held"].mean(),
    "sticky": wide.groupby("seed")["per_feature"].median(),
    "sticky_dense": dense.groupby("seed")["per_feature"].mean(),
    "capacity_space": held["space"].groupby("seed")["capacity"].mean(),
    "capacity_wide": wide.groupby("seed")["capacity"].mean(),
}
study.verdict(of_seed)
