# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Grokking taken apart
#
# **Question.** A one-layer transformer is trained on part of the table of a + b modulo p. It fits that
# part soon and answers the rest long after. What forms in between, by what rules can the phases be
# separated, and could the time, or what forms, have been predicted?
#
# **Hypothesis.** (1) What generalises is a sum of few waves cos(w(a + b − c)), as Nanda et al. (2023)
# found; it grows while accuracy on held-out pairs is still low, and its parts can be replaced by formulas
# in these waves that are fitted on trained pairs alone. (2) Which frequencies are used is decided early:
# the norms of the initial embedding say something about it, those at the end of memorisation nearly
# everything. (3) What is known early predicts the step of generalisation better than the median of other
# runs does. (4) Rewarding a progress measure brings generalisation forward, penalising it stops
# generalisation; once trained on, the measure is a worse sign of generalisation than before. (5) Tuned
# with as many trials (twelve each, over two hyperparameters against four), AdamW generalises as soon as
# Grokfast. (Formulated after pilots on seeds 100 to 103, before any run of the seeds below.)
#
# **What would refute it.** (1) formulas in key frequencies that explain no more than those in others, or a
# share of key waves that rises only with accuracy; (2) norms that distinguish keys no better than chance,
# by a permutation test, or no better when memorised than at the start; (3) an error no smaller than that
# of the median; (4) generalisation at the usual time; the same accuracy where the measure has the value at
# which other runs generalise; (5) Grokfast generalising sooner by more than the intervals.

# %% tags=["parameters"]
from onset.notebook.parameters import Checkpoint, Fraction

study_name = "grokking"
results = "results"
memorised_at: Fraction = 0.99
formed_at: Fraction = 0.5
generalised_at: Fraction = 0.95
known_at: Checkpoint = 300
assert generalised_at <= memorised_at

# %%
from onset.figures import foreseen, frequencies, phases, ways
from onset.notebook import addition, formulas, say
from onset.notebook.coefficient import Coefficients, sensitivity_cells
from onset.notebook.here import here
from onset.notebook.ways import ways_of_addition
from onset.statistics import chosen, milestones, named, order, paired, per_run, times
from onset.statistics.phases import in_words, phase_ends, values_at_ends, when_usual
from onset.statistics.rows import where
from onset.statistics.seeds import over_seeds, summary_of_seeds

study = here(study_name, results)
base, many = study.conditions[0], study.n_runs.idxmax()  # the latter: the one with most seeds

# %% [markdown]
# ## Fitted soon, generalised late: three phases, by rule
#
# First, what was run. A quarter of the held-out pairs was set apart for choosing settings (on other
# seeds); everything below is about the rest. Batches are full: a step sees all trained pairs. That
# held-out pairs are answered late doesn't mean that nothing forms before.
#
# The rules were fixed before looking. *Memorised*: accuracy on trained pairs first reaches a level.
# *Formed*: the loss on held-out pairs has fallen to a fraction of its maximum. *Generalised*: accuracy on
# held-out pairs first reaches a level. Levels are in the config. Such a step is only known to lie between
# two checkpoints: intervals allow for that; means and figures take the straight line between them.
# Memorisation ends at the first of these events, circuit formation at the second, cleanup at the third.
# Nanda et al. end memorisation where the loss without key frequencies on trained pairs begins to rise: the
# comparison with them, below, does so, too.
# The table has means at the ends of the phases, over the runs that get there: what has changed before the
# circuit has *formed* is progress that accuracy on held-out pairs doesn't show.

# %%
study.what_was_run(
    {
        "p": "task.p", "trained": "task.train_fraction", "answers": "task.answers",
        "width": "model.d_model", "steps": "training.steps", "rate": "training.learning_rate",
        "weight decay": "training.weight_decay", "loss": "training.loss",
        "slow gradients": "training.slow_gradients", "in the loss": "training.measures_in_loss",
    },
).assign(runs=list(study.with_variants.n_runs))  # fmt: skip

# %%
SPLITS = {"train": "trained pairs", "test": "held-out pairs"}
study.learning_figure("learning", SPLITS, ["p113", "p59", "no_weight_decay", "random_labels"])

when = phase_ends(study.measures, memorised_at, formed_at, generalised_at)
generalised = when["generalised"]
watched = named.called(study.measures, addition.PROGRESS)
in_base = where(watched, condition=base)[["shown", "seed", "step", "value"]]
ends = times.side_by_side(when)
figure = phases.draw_phases(
    in_base, ends.loc[base].loc[list(study.seeds), list(when)], **addition.PHASES
)
study.save_figure(figure, "phases", in_base)
progress = values_at_ends(where(watched, condition=[base, many]), when)
study.table("phases", in_words(where(progress, condition=base), when), "lrrrrr")

# %% [markdown]
# ## The circuit, replaced by formulas
#
# Amplitudes of all formulas are fitted on trained pairs; what they say about held-out pairs is a
# prediction. The null has as many other frequencies; keys are chosen by the logits on all pairs, so for
# the logits it is bound to be small. Only runs that have generalised are shown. The embedding is
# projected, not fitted. For the logits, accuracy says nothing: a sum of waves with positive amplitudes is
# largest at the right answer whatever the frequencies, so only the explained variance counts there.

# %%
looked = where(per_run.rows_of_runs(study.closer, generalised["at"]), split="test")
replaced = over_seeds(looked, ["condition", "measure"])
of = addition.FORMULAS, {name: study.labels[name] for name in study.analysed}
cells = formulas.formula_cells(replaced, *of, addition.SAY_NOTHING)
study.table("formulas", cells, "llrrrrrr")

# %% [markdown]
# ## From which step does the final model work on early states?
#
# The state of one checkpoint (across) is written into the reference's model of another (upward) at one
# place, on held-out pairs. A pale field doesn't mean that the state holds less: it may hold the same in
# other directions.

# %%
study.early_states_figure("early_states", base, "test", ["a", "b", "="])
early_states = where(study.comparisons, comparison="early_states", condition=base, split="test")

# %% [markdown]
# ## In how many directions the loss resists
#
# The local learning coefficient of Lau et al. (2023): by how much the loss rises when the weights wander
# about near those of a checkpoint, in units in which each direction that the loss resists counts one half
# and a flat one nothing. Does it change in a step, and is that when the circuit forms? Compared are the
# checkpoints between which it changes most, those between which the loss on trained pairs does, and those
# between which held-out pairs come to be answered; and for each which part of all its ups and downs lies
# there. Controls: random answers, and models before training. The table has the coefficient of one run
# with each of the choices made in estimating it made otherwise.

# %%
nearby = Coefficients(study, trained="train", asked="test")
since_memorised = nearby.since("train", memorised_at)
study.apart_figure("coefficient", nearby.panels(), of=nearby.conditions)
study.table("sensitivity", sensitivity_cells(study), "lrr")
looked_at = (
    generalised["at"].loc[many].reindex(where(nearby.found, condition=many)["seed"].unique())
)

# %% [markdown]
# ## Why these frequencies?
#
# How well do the embedding's norms distinguish key frequencies from others, by step (area under the ROC
# curve, with a permutation null at the start)? From which step on are the keys the strongest frequencies
# in the logits? How many others had a hundredth of the logits' variance at some checkpoint after
# memorisation? That norms predict keys early doesn't mean that they make them keys.
#
# Do runs with the same initial weights and pairs end with the same frequencies, whatever the loss, the
# decay and the optimiser? The table shows the overlap (Jaccard index) of keys between a run of the
# condition with many seeds and a run of another condition with the same task and model, for the same seed
# and for others (null).

# %%
used = addition.Frequencies(study, (base, many), when)
drawn = used.shown, used.keys, used.by_chance, study.styles_of([base, many])
study.save_figure(frequencies.draw_frequencies(*drawn), "frequencies", used.shown)

# %% [markdown]
# ## Could the time have been predicted?
#
# We use numbers that need no knowledge of the end, at a step by which all runs have memorised and none
# has generalised. For each run, the others select one of these numbers and fit a line (in the logarithm
# of the step); the median of the others is the baseline. Null: outcomes shuffled among runs, with the
# selection repeated; p is one-sided. A run that doesn't generalise is counted at its last step (a rule
# set after the runs; the results without these runs are saved, too).

# %%
early = addition.early(study, many, generalised, known_at)
seen, seen_there = early.foreseen(), early.foreseen(only_there=True)
figure = foreseen.draw_foreseen(seen, early.ranks(), study.styles[many], "generalised at step")
study.save_figure(figure, "foreseen", early.features.join(seen.table).reset_index())

# %% [markdown]
# ## What are the principal components of training?
#
# PCA of a run's checkpoints, as its schedule spreads them: of its logits for all pairs (relative to their
# mean over answers), and of all its weights. Controls are runs that never generalise, and random walks
# whose steps between checkpoints are as long (`by_chance`). For each component of the logits: the share
# that lies along waves of a + b − c, and the share on trained pairs.

# %%
compared = study.there(many, "no_weight_decay", "random_labels")
found = ways_of_addition(study.runs_of(compared), used.keys)
marks = ends[["memorised", "generalised"]]
figure = ways.draw_planes(found.places, marks, study.styles_of(compared), study.labels)
study.save_figure(figure, "components", found.places)

# %% [markdown]
# ## How soon, by condition, and with a progress measure in the loss
#
# The measure is the Gini coefficient of the embedding's waves, rewarded or penalised. Is it still an
# honest sign? See accuracy on held-out pairs when the measure first has the value at which the runs of the
# condition with many seeds generalise.

# %%
study.moments_figure(
    "speed", generalised, "training step", before=when["memorised"], limits=(30, 3e4),
    kept=ends,
)  # fmt: skip

IN_LOSS = ["accuracy, held out", "Gini of embedding", "share of key waves in logits"]
shown = [many, *study.having("training.measures_in_loss")]
in_loss = where(watched, condition=shown, shown=IN_LOSS)
curves = over_seeds(in_loss, ["condition", "shown", "step"])
study.curves_figure("in_loss", curves, IN_LOSS, "0 to 1", by="shown", of=shown, n_columns=2)
accuracy, gini = (where(in_loss, shown=name) for name in IN_LOSS[:2])
usual, reaching = when_usual(gini, accuracy, generalised["at"].loc[[many]])

# %% [markdown]
# ## What a plain float32 loss does
#
# Loss on trained pairs as logged in training, and the norm of all weights, with the two ways of computing
# the same loss.

# %%
both = study.there(many, "plain_cross_entropy", "no_weight_decay", "plain_without_decay")
study.apart_figure("float32", addition.losses_and_norms(study, both), of=both, n_columns=2)

# %% [markdown]
# ## The numbers, compared with the literature
#
# Means over seeds with 95 % intervals (what the brackets are and what they don't tell:
# `docs/statistics.md`); factors are within seeds, and a run that doesn't generalise counts as one that
# takes longer than it was trained for. Nanda et al. analysed one run of 40,000 steps; ours are the
# reference's seeds at their last checkpoint.

# %%
at_marks = times.of_several(when, "mark")
excluded = where(watched, condition=base, shown="excluded loss, trained")
least = milestones.highest(excluded.assign(value=-excluded["value"]))
# Runs that may not generalise, as long as they are trained in any variant; and whether the usual runs with
# the same seeds do in as many steps.
every = study.with_variants
longest = {name: study.trained_longest(name) for name in study.there("no_weight_decay", "punished")}
n_steps = {name: every.setting("training.steps", of) for name, of in longest.items()}
of_longest = where(every.measures, condition=longest.values())
late = phase_ends(of_longest, memorised_at, formed_at, generalised_at)["generalised"]["at"]
late = {name: late.loc[of] for name, of in longest.items()}
usually = {
    name: generalised["at"].loc[many].reindex(its.index) <= n_steps[name]
    for name, its in late.items()
}
stopped = [name for name, its in late.items() if its.isna().all() and usually[name].mean() > 0.5]
alike, removed = study.alike(many, "task", "model"), ["largest_removed", "as_large_removed"]
tuned, by_seed = ("adamw_tuned", ["grokfast_tuned"]), ("grokfast_tuned", "adamw_tuned")
at_ends = where(progress, place=["start", *when])
norm = where(at_ends, shown="norm of all weights")
n_keys = per_run.of_conditions(chosen.n_chosen(used.keys), [base, many])
honest = per_run.per_condition(reaching, "share")
passing = per_run.per_condition(used.n_passing, "count")
SETTINGS = "model.d_model", "training.learning_rate", "training.weight_decay"
steps = study.settings_of(study.conditions, "training.steps")
of_base = where(study.final, condition=base)
clock = where(of_base, measure=["gradient_symmetricity", "distance_irrelevance"])
study.save_numbers(
    say.named(at_marks, "{condition}/n_{mark}", say.counted)
    | say.named(at_marks, "{condition}/{mark}", say.time)
    | say.named(times.factors(generalised, many, alike), "{condition}/factor", say.censored(2))
    | say.named(times.factors(generalised, "fraction_50", removed), "{condition}/factor", say.censored(2))
    | say.named(times.factors(generalised, *tuned), "grokfast_over_adamw", say.censored(2))
    | say.named(order.works_from(early_states), "works_from/{layer}_{position}", say.from_when)
    | say.named(formulas.in_words(replaced, *of), "{condition}/{measure}", say.column("said"))
    | say.named(at_ends, "{condition}/{shown}/{place}")
    | say.named(norm, "{condition}/{shown}/{place}", say.rounded(1))
    | say.named(study.settings_of([base, many], *SETTINGS), "{condition}/{key}", say.column("said"))
    | say.named(steps, "{condition}/{key}", say.column("said"))
    | say.named(per_run.per_condition(n_keys, "count"), "{condition}/n_keys", say.rounded(1))
    | say.named(times.per_condition(least), "{condition}/without_keys_least", say.time)
    | {f"{many}/as_soon_as/{name}": f"{its.sum()} of {len(its)}" for name, its in usually.items()}
    | {f"{name}/longest/n_generalised": f"{its.count()} of {len(its)}" for name, its in late.items()}
    | {f"{name}/longest/steps": f"{n:g}" for name, n in n_steps.items()}
    | {f"{name}/stopped": "yes" for name in stopped}
    | say.named(times.per_condition(used.locked), "{condition}/locked", say.time)
    | say.named(passing, "{condition}/passing", say.rounded(1))
    | say.named(honest, "{condition}/honest")
    | say.named(honest, "{condition}/n_honest", say.column("n_there"))
    | say.named(found.shares(), "{condition}/{kind}_{component}/{what}")
    | {"coefficient/n_seeds": str(len(looked_at)), "coefficient/n_generalised": str(looked_at.count())}
    | say.named(nearby.ends(), "coefficient/{condition}/{place}", say.rounded(0))
    | say.named(nearby.steepest(), "coefficient/{condition}/{sign}/when", say.time)
    | say.named(nearby.shares(), "coefficient/{condition}/{sign}/share")
    | say.named(per_run.per_condition(since_memorised), "coefficient/{condition}/change", say.rounded(0))
    | say.named(nearby.shares_meanwhile(), "coefficient/{condition}/{sign}/meanwhile")
    | say.named(nearby.largest(), "coefficient/{condition}/largest", say.rounded(0))
    | say.named(nearby.when_largest(), "coefficient/{condition}/when_largest", say.time)
    | say.named(nearby.later(), "coefficient/{condition}/{sign}/later", say.censored(0))
    | {f"foretold/{what}": said for what, said in seen.in_percent().items()}
    | {f"foretold_there/{what}": said for what, said in seen_there.in_percent().items()}
    | {f"{name}/percent": say.percent(study.setting("task.train_fraction", name)) for name in (base, many)}
    | {f"{base}/{name}/seeds": say.each(its["value"]) for name, its in clock.groupby("measure")}
    | {
        "n_seeds": str(len(study.seeds)), "n_many": str(study.n_runs[many]),
        "memorised_at": f"{memorised_at:g}", "formed_at": f"{formed_at:g}",
        "generalised_at": f"{generalised_at:g}", "known_at": str(known_at),
        "grokfast_sooner": say.sooner(times.sooner(generalised, *by_seed)),
        "usual_gini": f"{usual:.2f}", "initial_auc": say.seeds(used.initial, kind="share"),
        "initial_p": f"{used.initial_p:.3f}", "memorised_auc": say.seeds(used.memorised, kind="share"),
        "same_seed_overlap": say.seeds(where(used.overlap, same=True)["value"], kind="share"),
        "other_seed_overlap": say.seeds(where(used.overlap, same=False)["value"], kind="share"),
    }
)  # fmt: skip
n_keys_of_base = summary_of_seeds(n_keys[base], "count")
kept = paired.ratio(where(of_base, split="test"), "restricted_loss", "loss")
fall = kept.assign(value=1 - kept["value"], kind="explained")
of_formulas = where(study.closer, condition=base, split="test")
norms = study.measured("weight_norm", condition=base)
study.verdict(
    {
        "memorised": least,
        "soon_fitted": when["memorised"].loc[[base]],
        "formed": when["formed"].loc[[base]],
        "generalised": generalised.loc[[base]],
        "late_answered": generalised.loc[[base]],
        "key_frequencies": n_keys_of_base,
        "key_frequencies_other_seeds": n_keys_of_base,
        "key_representations": n_keys_of_base,
        "polynomials": paired.ratio(of_formulas, "neurons_formula_loss", "free_attention_loss"),
        "restricted": fall,
        "restricted_neurons": fall,
        "restricted_groups": fall,
        "embedding_explained": where(used.embedded, condition=base),
        "norm_most": summary_of_seeds(norms.groupby("seed")["value"].max(), "size"),
        "grokfast": times.relative(generalised, "grokfast_tuned", ["adamw_tuned"]),
        "coefficient_falls": summary_of_seeds(since_memorised[many]),
    }
)

# %% [markdown]
# **Asking a model.** What is 7 + 8? Try any other sequence of names.

# %%
study.ask("7 8 =")
