# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Induction heads form
#
# **Question.** A small transformer reads sequences in which a random segment repeats again and again. All
# that can be known is that what followed a token before will follow it now. The model learns this all at
# once, after hundreds of steps without much progress. Which heads do it, in what order do the parts form,
# why all at once, and what happens if parts are supplied or taken away before training begins?
#
# **Hypothesis.** (1) Two layers form a pair: a head that looks at the previous token, and one that looks
# at what followed earlier copies of the current token; one layer never does, unless its keys are smeared
# over two positions (Olsson et al. 2022). (2) The plateau is the search for where to look: if the places
# to copy from are given, it vanishes; if the previous token is given, it stays. (3) Which pair forms is in
# the weights from the start: initial composition predicts it better than chance, and the pair's initial
# heads, put into another initialisation, form it there more often than others do. (4) Trained heads bring
# the transition forward, and without the pair's initial heads, or the parameters that become large, it
# comes later than without as many others. (5) If the pair is taken away late, other heads replace it
# sooner than it took to form. (6) The path of the losses of single tokens turns at the transition (Olsson
# et al. 2022), and that of one layer doesn't turn. (7) Without positional embeddings the first layer works
# positions out, and the transition comes later. (8) A model trained with dropout has backups: without its
# strongest head, the others write more than in a model trained without dropout. (Formulated after pilots
# on seeds 100 to 103, with two layers, one layer, smeared keys, MLPs, finite data, dropout, copies, no
# positions and given attention, and before any surgery; (1) to (5) before any run of the seeds below, (6)
# to (8) after runs of these seeds with other batches and another rate.)
#
# **What would refute it.** (1) one layer that predicts repeated tokens, or two that do so without such
# heads; (2) a transition at the same step with given places; (3) an area under the ROC curve within the
# permutation null, or the same pair no more often than when other heads were copied; (4) delays like those
# of the nulls; (5) a recovery that takes as long as forming did; (6) a straight path, or one that turns
# elsewhere, or that turns with one layer as well; (7) positions that are read no better than from an
# untrained model; (8) other heads that write no more.

# %% tags=["parameters"]
study_name = "induction"
results = "results"

# %%

from onset.figures.circuit import draw_circuit
from onset.figures.ways import draw_turns
from onset.notebook import say
from onset.notebook.coefficient import Coefficients, sensitivity_cells
from onset.notebook.copied import n_same
from onset.notebook.here import here
from onset.notebook.induction import KNOWN, NUMBERS, InductionHeads
from onset.notebook.ways import ways_of_losses
from onset.statistics import induction_pair, named, times
from onset.statistics.per_run import per_condition
from onset.statistics.rows import at_last_step, where
from onset.statistics.seeds import over_seeds, summary_of_seeds

study = here(study_name, results)
base = study.conditions[0]
its = InductionHeads(study, base)

# %% [markdown]
# ## It comes at once, and what is known before
#
# Held-out sequences: all positions, and those at which tokens certainly repeat. What doesn't repeat can't
# be known.
#
# Edelman et al. (2024) find a stage before the transition in which a model knows which tokens belong to a
# context, and not yet their order. The figure shows the probability of tokens already seen, and how evenly
# it is spread over them (1: as evenly as possible).

# %%
SPLITS = {"test": "all positions", "repeats": "positions that repeat"}
MODELS = ["two_layers", "one_layer", "smeared_keys", "with_mlp", "dropout"]
study.learning_figure("learning", SPLITS, MODELS)

named_curves = {"named_at_ends": True, "logarithmic": False}
known = over_seeds(its.known, ["measure", "step"])
study.curves_figure("stages", known, None, "share", curve="measure", of=KNOWN, **named_curves)

# %% [markdown]
# ## Which heads, and what comes first
#
# The pair of a run: the head of its first layer that looks most at previous tokens, and the head of the
# last that looks most at what follows duplicates, at the last checkpoint. How many heads of the last layer
# pay more than half of their attention to what follows duplicates (`looking`)? If all of them do, "the
# pair" is only the strongest of several. The first figure shows these two heads during training; the
# second, the step at which each part is halfway to its final value, before (left) or after (right) half of
# the repeated tokens are predicted.

# %%
names = {name: name for name in (*induction_pair.PARTS, induction_pair.ANSWERS)}
study.apart_figure("heads", its.parts_panels(), curve="shown", of=names)
del names[induction_pair.ANSWERS]
study.rows_figure(
    "order", its.drawn_lead(), None, "steps after the answers", row="shown",
    of=names, shares=False, marked=0,
)  # fmt: skip
its.pairs

# %% [markdown]
# ## The path of the losses
#
# Problem 5.23 of "200 concrete open problems": the losses of single tokens (of those that certainly
# repeat, held out) are one point per checkpoint, shown in its first two principal components. Right: by
# how much the path turns at each step, measured as the angle between the straight line from the start to
# that step and the one from there to the end. One layer is the control.

# %%
both = study.there(base, "one_layer")
ways = ways_of_losses(study.runs_of(both), "repeats")
figure = draw_turns(ways.places, ways.turns(), study.styles_of(both), study.labels)
study.save_figure(figure, "way", ways.places)
turned = ways.components.set_index(["condition", "seed"])
turned_at = ways.when_turned()
turned.round(2)

# %% [markdown]
# ## In how many directions the loss resists
#
# The local learning coefficient of Lau et al. (2023): by how much the loss rises when the weights wander
# about near those of a checkpoint, in units in which each direction that the loss resists counts one half
# and a flat one nothing. Does it change in a step, and is that at the transition? Compared are the
# checkpoints between which it changes most, those between which the loss does, and those between which
# repeated tokens come to be predicted; and for each which part of all its ups and downs lies there.
# Controls: one layer, which has no transition, and models before training. The second figure moves the
# attention of one block alone (Wang et al. 2024). The table has the coefficient of one run with each of
# the choices made in estimating it made otherwise.

# %%
nearby = Coefficients(study, trained="test", asked="repeats")
study.apart_figure("coefficient", nearby.panels(), of=nearby.conditions)
blocks = {its: its for its in ("attention, block 1", "attention, block 2")}
study.apart_figure("coefficient_of_parts", nearby.parts(), curve="part", of=blocks)
study.table("sensitivity", sensitivity_cells(study), "lrr")

# %% [markdown]
# ## What takes so long, and other worlds
#
# A head's attention is fixed from the start; everything else is learnt. *Previous token*: a head of the
# first layer; *places to copy from*: a head of the second.
#
# Next, training without positional embeddings (left: accuracy; middle: R² of the position, read off the
# first layer's output by a Gaussian kernel; the numbers below have the linear reading, too). Right: three
# copies of a segment among random tokens, as in Nanda et al. (2023): how far after an earlier copy of the
# current token the last layer looks, for the head of each run that looks most at a single distance.

# %%
given = study.there(base, "given_previous", "given_duplicate", "smeared_keys")
study.apart_figure("plateau", its.plateau(given), of=given, n_columns=2)
worlds = study.there(base, "no_positions", "copies")
study.apart_figure("worlds", its.worlds(worlds), of=worlds)

# %% [markdown]
# ## Is the pair in the initial weights?
#
# Of the pairs of a first and a second head, one becomes the circuit. How well do numbers at
# initialisation distinguish it from the others? Area under the ROC curve, mean over seeds; the null draws
# each seed's pair at random. p is one-sided (as large or larger), and five numbers are tried, so the
# smallest has to be multiplied by five.

# %%
bands = {name: of.band for name, of in its.told.items()}
area = "area under ROC, at initialisation"
study.rows_figure("foretold", its.areas, None, area, row="shown", of=NUMBERS, bands=bands)

# %% [markdown]
# ## Surgery
#
# The step at which half of the repeated tokens are predicted, relative to the same seed without surgery.
# Each kind of surgery has its null below it. If the initial heads of the pair that formed in another seed
# are put into a model, does the pair form in their place? And if other heads are put there? The number of
# possible pairs is the number of heads of the first layer times that of the second; by chance, any one of
# them forms as often as any other.
#
# Late in training, when the pair works, it is set to zero and held there; as a null, two other heads are.

# %%
relative = "step of the transition, relative to the same seed without surgery"
study.moments_figure("surgery", its.delays, relative, of=its.operated_at_start, marked=1)

late = [base, *its.removed_at]
curves = over_seeds(where(its.accuracy, condition=late), ["condition", "step"])
study.curves_figure("late", curves, None, "accuracy on repeats", of=late, **named_curves)
copied = its.copied("pair_copied", "others_copied")
copied

# %% [markdown]
# ## The circuit, found and missed
#
# Edge attribution ranks all connections between parts. Left: the share of the known circuit's connections
# among the top-ranked, against the share of all others among them (the ROC curve). Middle: how much of the
# difference between sequences that repeat and others is left with the top-ranked connections alone? The
# square is the circuit as we know it, the cross as many random connections. Right: what the other heads of
# the second layer write towards the right answer, with the strongest head intact and with its mean in its
# place, in models trained without and with dropout; heads of one layer don't read each other, so what
# changes is the scale of the final norm. Last, by path patching: what is lost when a single path carries
# what it would on another sequence. Paths to queries, and the previous-token head's path to values, don't
# belong to the circuit that is scored. The path from the token itself to queries can show nothing, since
# the last token is the same.

# %%
backed = study.there(base, "dropout")
effects = its.without_main(backed)
figure = draw_circuit(its.ranked, its.circuits, effects, study.styles_of(backed), study.labels)
kept = named.stacked({"edges": its.ranked, "heads": effects.reset_index()})
study.save_figure(figure, "circuit", kept)
its.circuits.filter(regex="^(edge_auc|known_|patched_)").round(2)

# %% [markdown]
# ## The numbers, compared with the literature
#
# Means over seeds with 95 % intervals (what the brackets are and what they don't tell:
# `docs/statistics.md`).

# %%
half, width = (times.per_condition(its.when[of]) for of in (0.5, "width"))
distances = induction_pair.distances(its.farthest)
late_by = times.per_condition(times.difference(turned_at, its.half), signed=True)
again = times.per_condition(its.again(0.9))
steps, segment = (
    study.settings_of(study.conditions, "training.steps"),
    study.setting("task.segment"),
)
NULLS = {"largest_removed": "as_large_removed", "previous_trained": "other_trained"}
over_null = times.per_condition(times.over_nulls(its.half, NULLS))
BEFORE = ["context_share", "context_evenness"]
study.save_numbers(
    say.named(half, "{condition}/n_there", say.counted)
    | say.named(half, "{condition}/half", say.time)
    | say.named(width, "{condition}/width", say.censored(0))
    | say.named(its.drawn_lead(), "lead/{shown}", say.censored(0))
    | {f"before/{of}": say.seeds(its.before(of), none="undecided") for of in BEFORE}
    | say.named(steps, "steps/{condition}", say.column("said"))
    | say.named(per_condition(turned["turn"], "angle"), "turn/{condition}", say.rounded(0))
    | say.named(times.per_condition(turned_at), "turn_at/{condition}", say.time)
    | say.named(late_by, "turn_late/{condition}", say.censored(0))
    | say.named(per_condition(turned["explained"], "share"), "way/{condition}")
    | say.named(where(its.read, step=0), "position/{condition}/{how}/start")
    | say.named(distances, "looks_one/{condition}", say.counted)
    | say.named(distances, "distances/{condition}", say.column("said"))
    | say.named(over_seeds(its.farthest, ["condition"]), "looks_there/{condition}")
    | say.named(its.areas, "auc/{shown}")
    | {f"auc_p/{name}": f"{of.p:.2f}" for name, of in its.told.items()}
    | say.named(times.per_condition(its.delays), "delay/{condition}", say.censored(2))
    | say.named(over_null, "delay/{condition}/over_null", say.censored(2))
    | say.named(n_same(copied, "put"), "same/{condition}/put", say.counted)
    | say.named(n_same(copied, "without"), "same/{condition}/without surgery", say.counted)
    | say.named(
        per_condition(induction_pair.written_more(effects), "ratio"), "others_write/{condition}"
    )
    | say.named(its.worst_losses, "without/{replacement}/{layer}")
    | say.named(nearby.ends(), "coefficient/{condition}/{place}", say.rounded(0))
    | say.named(nearby.steepest(), "coefficient/{condition}/{sign}/when", say.time)
    | say.named(nearby.shares(), "coefficient/{condition}/{sign}/share")
    | say.named(nearby.shares_meanwhile(), "coefficient/{condition}/{sign}/meanwhile")
    | say.named(nearby.largest(), "coefficient/{condition}/largest", say.rounded(0))
    | say.named(nearby.when_largest(), "coefficient/{condition}/when_largest", say.time)
    | say.named(nearby.later(), "coefficient/{condition}/{sign}/later", say.censored(0))
    | say.named(per_condition(its.least, "share"), "{condition}/least")
    | say.named(again, "{condition}/again", say.time)
    | study.quoted_settings("task.length", "task.n_symbols", "model.n_heads")
    | {
        "n_many": str(study.n_runs[base]), "n_seeds": str(len(study.seeds)),
        "removed_at": " and ".join(map(str, sorted(set(its.removed_at.values())))),
        "shortest": str(segment[0]), "longest": str(segment[1]),
        "finite_examples": say.thousands(study.setting("task.n_train", "finite_data")),
        "looking": say.seeds(its.n_looking / study.setting("model.n_heads", base), kind="share"),
        "previous/half": say.seeds(its.looks_at_previous(at_half=True), 2, "share", "undecided"),
        "previous/end": say.seeds(its.looks_at_previous(), kind="share"),
    }
)  # fmt: skip
at_end, of_base = at_last_step(its.accuracy), where(study.final, condition=base)
scores, gain = (where(of_base, measure=of) for of in ("induction_score", "in_context_score"))
gain = where(gain, split="test")
looking = summary_of_seeds(its.n_looking / study.setting("model.n_heads", base), "share")
study.verdict(
    {name: where(at_end, condition=name) for name in ("one_layer", "smeared_keys")}
    | {
        "redundant": looking,
        "looking": looking,
        "strongest": summary_of_seeds(scores.groupby("seed")["value"].max(), "share"),
        "gain": gain.assign(value=-gain["value"]),
    }
)

# %% [markdown]
# **Asking a model.** Try any other sequence of names.

# %%
study.ask("s1 s2 s3 s4 s1 s2")
