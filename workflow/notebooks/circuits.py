# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Circuits found by machine, held against circuits that are known
#
# **Question.** Which methods find a circuit that is known: because weights are written to have it and
# nothing else, or because every edge of a small trained model is patched by itself? And when a model
# learns to name indirect objects (Wang et al. 2022) as one thing among others, which parts come first:
# before what the circuit does, or with it?
#
# **Hypotheses.** (a) Gradients along a path of inputs (EAP-IG) find circuits better than gradients at
# one point (EAP); greedy and learnt pruning do as well, and take far more runs of the model. (b) Heads
# that look at previous and at duplicate tokens come before the answer, those that move names with it.
# (c) Naming indirect objects comes more suddenly than the loss on stories falls. (d) Heads make up for
# name movers only where dropout has trained them to.
#
# **What would refute them.** (a) EAP with as low a CMD as EAP-IG; (b) intervals of the lags that contain
# zero; (c) a sharpness like that of the stories' loss, or of an exponential decay; (d) as much made up
# for without dropout. Nulls: edges in a random order, an untrained model, answers that are drawn,
# sentences in which nobody is named twice.

# %% tags=["parameters"]
study_name = "circuits"
results = "results"

# %%
from onset.analyses.circuits.alignment import RANKS
from onset.figures.circuit_graph import plot_graphs
from onset.notebook import say
from onset.notebook.circuits import COMPILED, COMPLETE, FOLLOWED, WAYS, Circuits
from onset.notebook.here import here
from onset.notebook.known_circuits import HYPOTHESES, KnownCircuits
from onset.notebook.name_circuit import ASKED, DECAY, NEW, REPAIR, RIDDLES, SHARP, NameCircuit
from onset.notebook.stable_circuits import STABLE, StableCircuits
from onset.statistics.name_parts import INDUCTION, MOVER, PARTS
from onset.statistics.named import stacked

study = here(study_name, results)
base, sizes = study.conditions[0], study.there("three_layers", "two_layers", "four_layers")
trained = [*sizes, *study.there("dropout", "relatives")]
names = NameCircuit(study, tuple(trained), "ioi", "three_names")
its, known = Circuits(study), KnownCircuits(study)

# %% [markdown]
# ## Naming indirect objects
#
# With trained names, with names that only stories tell about, in a template that wasn't trained; and
# where a third person acts, so that both would do (null). Below: eight kinds of riddles, trained together.

# %%
shown = [*trained, *study.there("either")]
study.curves_figure(
    "learning", study.along("above_rival", condition=shown, split=list(ASKED)), ASKED,
    "right name above the other", of=shown, logarithmic=False, n_columns=4,
)  # fmt: skip
study.rows_figure(
    "relatives", names.answered("relatives"), NEW, "right answer above its rival", by="new",
    row="riddle", of=RIDDLES, marked=0.5,
)  # fmt: skip

# %% [markdown]
# ## Which parts come first
#
# Each part is as far as the head that plays it most. Grey, a null: the same where nobody is named twice.
# A part is half way when it has grown by half of what it grows in all, and so is the lead.

# %%
of_sizes = {name: study.labels[name] for name in sizes}
study.curves_figure(
    "looking", names.curves("share", sizes), PARTS[:4], "attention", by="part", of=of_sizes,
    null="null", logarithmic=False,
)  # fmt: skip
study.curves_figure(
    "writing", names.curves("logits", sizes), PARTS[4:], "towards the lead (nats)", by="part",
    of=of_sizes, null="null", shares=False, logarithmic=False,
)  # fmt: skip
order, sharp = names.drawn_lags(trained), names.drawn_sharpness()
study.rows_figure(
    "order", names.with_a_mean(order), {name: study.labels[name] for name in trained},
    "steps after the lead is half way", by="condition", row="part", of={part: part for part in PARTS},
    shares=False, marked=0, n_lines=2,
)  # fmt: skip
study.rows_figure(
    "sharp", sharp, SHARP, "steps from a tenth of the way to nine tenths, over steps to the half",
    by="what", of=trained, shares=False, marked=DECAY,
)  # fmt: skip

# %% [markdown]
# ## Who makes up for name movers, and since when
#
# At nine checkpoints, the three name movers of that checkpoint are replaced by their mean.

# %%
study.curves_figure(
    "repair", names.repair("repair"), {name: study.labels[name] for name in study.there(base, "dropout")},
    "nats", by="condition", curve="what", of=REPAIR, shares=False, logarithmic=False, n_columns=3,
)  # fmt: skip

# %% [markdown]
# ## Methods, graded
#
# CMD is the area between the share of the lead that circuits of growing size keep, and 1 (small is good),
# CPR that under it. Precision and recall: of the smallest circuit that keeps nine tenths of the lead.

# %%
grades = its.grades()
study.table("methods", its.graded_table())
study.rows_figure(
    "methods", grades, its.panels(COMPILED, base), "grade", by=("quantity", "model"), row="method",
    of=its.methods, n_lines=2,
)  # fmt: skip

# %% [markdown]
# ## How stable is what matters?
#
# Edges that matter by themselves, of all that matter in one of two ways to ask, or to one of two seeds'
# models. Numbers of heads mean nothing from one trained model to the next, layers do. Null: random edges.

# %%
same = StableCircuits(its).same(base)
study.rows_figure(
    "stable", same, STABLE, "edges that matter both times, of all", by="way", shares=False, marked=0,
    of=[name for name in study.conditions if name in set(same["condition"])], n_lines=2,
)  # fmt: skip

# %% [markdown]
# ## A circuit that was found, and the true one
#
# Edges of the smallest circuit that keeps nine tenths of the lead, by their scores; beside it the known
# circuit, by what each edge is needed for by itself. Edges that are always the same have no weight.

# %%
compiled = its.found_by(["eap", "eap_ig"], "program_ioi", "test")
figure = plot_graphs(compiled, its.parts("program_ioi"))
study.save_figure(figure, "graph", stacked(compiled, "circuit"))
found = its.found_by(["eap_ig", "exhaustive"], base, "ioi")
study.save_figure(plot_graphs(found, its.parts(base)), "graph_trained", stacked(found, "circuit"))

# %% [markdown]
# ## Does a circuit miss anything, and is all of it needed?
#
# Half of EAP-IG's circuit is knocked out, in the circuit and in the whole model: how far apart are both
# then, in shares of the lead, and how far at worst? Needed are edges that change it by .01, be it only
# once others are knocked out. Nulls: other edges knocked out of the model; edges from outside the circuit.

# %%
completed = its.completed()
study.rows_figure(
    "complete", completed, COMPLETE, "share of the lead, or of edges", by="measure", shares=False,
    of=[name for name in study.conditions if name in set(completed["condition"])], marked=0, n_lines=2,
)  # fmt: skip

# %% [markdown]
# ## Hypotheses put to the test
#
# Causal scrubbing: the share of the loss that is left when everything is exchanged that doesn't matter
# by a hypothesis. Two are wrong on purpose; that everything matters can't be rejected by this number.

# %%
recovered = known.recovered()
study.rows_figure(
    "scrubbed", recovered, HYPOTHESES, "share of the loss that is recovered", by="hypothesis",
    of=[name for name in study.conditions if name in set(recovered["condition"])], shares=False,
    marked=0, n_lines=2,
)  # fmt: skip
study.table("scrubbed", known.recovered_table(study.labels))

# %% [markdown]
# ## One place for who is named twice?
#
# A subspace of the last position's state is learnt so that exchanging it with the twin's turns the
# answer into its rival. Of an untrained model, half of the answers follow, whatever is done.

# %%
aligned = its.aligned()
study.points_figure(
    "aligned", aligned, its.subspaces(RANKS), "blocks before", "answers that follow", at="layer",
    by=("condition", "rank"), curve="measure", of=FOLLOWED, n_lines=2, n_columns=4,
)  # fmt: skip

# %% [markdown]
# ## Is circuit analysis needed if features are found?
#
# Three latents of a dictionary are described by the tokens of their top examples. Where such a token
# stands and the latent is silent, the description fails. Weights of earlier tokens should tell where.

# %%
failures = its.failures()
study.rows_figure(
    "failures", failures, None, "AUC of where descriptions fail", row="way", of=WAYS, marked=0.5
)

# %% [markdown]
# ## The numbers, compared with the literature

# %%
LATE = [  # where no description leaves anything open, where no lead comes, and where nothing is searched
    "failures/circuit", "failures/top_examples", "failures/all_examples", "failures/chance",
    "sharp/three_layers/the lead", "followed/program_ioi/1/3/aligned", "followed/program_ioi/16/3/aligned",
    "followed/program_ioi/16/2/aligned", "followed/three_layers/1/3/aligned",
    "followed/three_layers/16/3/aligned", "followed/three_layers/16/3/aligned_untrained",
    "complete/program_ioi/incomplete_at_random",
    "complete/program_ioi/incomplete_at_most",
    "complete/program_ioi/incomplete_elsewhere",
    "complete/program_ioi/needed_in_circuit",
    "complete/program_ioi/needed_outside",
    "complete/three_layers/incomplete_at_random",
    "complete/three_layers/incomplete_at_most",
    "complete/three_layers/incomplete_elsewhere",
    "complete/three_layers/needed_in_circuit",
    "complete/three_layers/needed_outside",
    "same/three_layers/seeds",
    "same/three_layers/seeds_by_chance",
    "same/three_layers/layers",
    "same/three_layers/layers_by_chance",
    "same/program_induction/other_twins", "same/program_induction/likeness",
    "grade/trained_induction/eap/cmd", "grade/trained_induction/eap_ig/cmd",
]  # fmt: skip
study.save_numbers(
    {name: "not measured" for name in LATE}
    | say.named(grades, "grade/{model}/{method}/{quantity}")
    | say.named(recovered, "recovered/{condition}/{hypothesis}")
    | say.named(known.known_edges(), "edges/{condition}/{quantity}")
    | say.named(order, "lag/{condition}/{part}", say.censored(0))
    | say.named(sharp, "sharp/{condition}/{what}", say.censored(2))
    | say.named(names.classes([*sizes, "dropout"]), "heads/{condition}/{class}", say.rounded(1))
    | say.named(same, "same/{condition}/{way}")
    | say.named(completed, "complete/{condition}/{measure}")
    | say.named(failures, "failures/{way}")
    | say.named(aligned, "followed/{condition}/{rank}/{layer}/{measure}")
    | study.quoted_settings("model.d_model", "model.n_heads", "training.steps")
    | {"n_seeds": str(len(study.seeds)), "decay": f"{DECAY:.1f}"}
)
study.verdict(
    {
        "ig_before_eap": its.graded_more("cmd", "eap", "eap_ig", base, "ioi"),
        "eap_before_acdc": its.graded_more("edges_auc", "eap", "acdc", base, "ioi"),
        "acdc_on_reversing": its.graded("edges_auc", "acdc", "program_reversing", "test"),
        "acdc_on_counting": its.graded("edges_auc", "acdc", "program_counting", "test"),
        "pruning_on_compiled": its.recall_on_compiled("edge_pruning"),
        "faithful": its.kept_by("eap_ig", 1041 / 32923, base, "ioi"),
        "lost_of_lead": names.lost_share("repair", base),
        "one_direction": its.followed(1, study.setting("model.n_layers") - 1, base, "ioi"),
        "scrubbed_induction": known.recovered_by("circuit", "trained_induction"),
        "induction_first": names.later(MOVER, INDUCTION, base),
    }
)

# %% [markdown]
# ## What the numbers say of the hypotheses
#
# (a) Held in trained layers: EAP-IG has a smaller CMD than EAP, and greedy and learnt pruning, with many
# times the runs, larger ones than both. On compiled models, EAP finds every edge that matters, as they
# do: there, what a single edge is needed for and the declared circuit are the same edges.
#
# (b) Heads look at previous tokens, and at what came after a name, long before the lead is half way. But
# few duplicate-token heads and no negative name movers come: this circuit isn't the published one. More
# heads write the lead by looking at the name that is wrong than move the right one. (c) The lead comes
# more suddenly than the loss of stories falls, though checkpoints are too far apart to be sure.
# (d) Refuted: other heads make up for next to nothing, with dropout or without.
#
# Found circuits of trained layers miss little: without half of their edges, they do as the model does
# without the same. From seed to seed, some edges are the same, but layers no more than by chance.
#
# Causal scrubbing rejects circuits with exchanged roles and those of other tasks but one: to look one
# place back passes for looking for the next symbol, since the positions that are exchanged between
# questions are the same in all. It rejects nothing that claims too much. Which of ten names is the answer
# fills sixteen dimensions and not one. Where the description of a latent fails is told by all places at
# which it could be active, less by its top examples, and by the circuit that feeds it no more than chance.

# %%
study.holds(
    "grade/three_layers/eap_ig/cmd < grade/three_layers/eap/cmd",
    "grade/three_layers/eap/cmd < grade/three_layers/acdc/cmd",
    "grade/three_layers/eap/cmd < grade/three_layers/edge_pruning/cmd",
    "grade/compiled/eap/circuit_recall > 0.9", "grade/compiled/edge_pruning/circuit_recall > 0.9",
    "edges/program_ioi/known_precision > 0.9", "edges/program_ioi/known_recall > 0.9",
    "lag/three_layers/previous token:high < 0", "lag/three_layers/induction:high < 0",
    "heads/three_layers/name mover < heads/three_layers/looks at the subject",
    "sharp/three_layers/the lead < sharp/three_layers/loss of stories",
    "sharp/three_layers/the lead:high < decay", "repair:three_layers/ioi/repair_by_heads < 0.1",
    "repair:dropout/ioi/repair_by_heads < 0.1", "heads/three_layers/negative name mover < 0.1",
    "recovered/program_ioi/exchanged:high < 0.5", "recovered/program_ioi/other task:high < 0.6",
    "recovered/program_previous/other task:low > 0.9", "recovered/program_ioi/everything:low > 0.99",
    "followed/program_ioi/16/3/aligned:low > followed/program_ioi/1/3/aligned:high",
    "complete/three_layers/incomplete_at_random:high < complete/three_layers/incomplete_elsewhere:low",
    "same/three_layers/seeds > same/three_layers/seeds_by_chance",
    "failures/circuit < failures/top_examples < failures/all_examples", "failures/circuit < 0.6",
)  # fmt: skip

# %%
study.ask("at the house were tom and mia when tom showed a lamp to")
