# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Chains of facts
#
# **Question.** A small transformer is trained on atomic facts `[a, r] → b` and on chains of them, `[a,
# r1, r2] → c` and `[a, r1, r2, r3] → d`. Does it answer chains longer than any it was trained on, and
# chains over edges that it has only ever seen as separate facts?
#
# **Hypothesis.** One block that is applied once per hop and has no position embeddings, trained on up to
# three hops, answers four. Trained on up to two, it doesn't reliably answer three, since no training
# question has shown it what a relation has to do while it waits for more than one hop before it. With
# learned positions, or with four layers read out at the end, no more than a guess is right beyond the
# trained lengths. Chains over edges that are never composed emerge later than the others, and the longer
# they are, the harder. (Formulated after pilots on seeds 100 and 101, before any run of the seeds below.)
#
# **What would refute it.** The model with positions or the one with four layers answers four hops as
# well; or the model without positions fails at four hops although it answers three.

# %% tags=["parameters"]
study_name = "chains"
results = "results"

# %%
import pandas as pd

from onset.figures.dose import over_doses
from onset.notebook import say
from onset.notebook.here import MeanOf, here
from onset.statistics import paired
from onset.statistics.milestones import half
from onset.statistics.prediction import as_powers
from onset.statistics.rows import named_parts, where
from onset.statistics.seeds import over_seeds

study = here(study_name, results)
EDGES = {"seen": "edges composed in training", "unseen": "edges never composed"}
DOSES = {"task.never_composed": "never composed", "task.inferred_ratio": "chains a fact"}
HOPS = r"hops(?P<hops>\d+)_(?P<edges>seen|unseen)"
base, main = study.conditions[0], study.without_doses(DOSES)
longest = max(study.setting("task.longest_tested", its) for its in study.conditions)
LENGTHS = range(2, longest + 1)
HELD_OUT = [f"hops{hops}_{edges}" for hops in LENGTHS for edges in EDGES]
NAMES = {1: "1 hop (trained)", **{hops: f"{hops} hops" for hops in LENGTHS}}

# %% [markdown]
# ## What was run
#
# One model per condition and seed; the table shows where the conditions differ. A quarter of the held-out
# chains was set apart for choosing settings (on other seeds); everything below is about the rest.

# %%
study.what_was_run(
    {
        "layers": "model.n_layers", "times applied": "model.n_loops", "read out": "model.readout",
        "positions": "model.positions", "longest trained": "task.longest_trained",
        "never composed": "task.never_composed", "chains per fact": "task.inferred_ratio",
        "chains' answers": "task.chain_answers",
    },
    sizes=HELD_OUT,
)  # fmt: skip

# %% [markdown]
# ## How far each model gets
#
# Accuracy at the end of training by the number of hops; one hop means trained facts. Grey: longer than
# any training chain. Dotted: always giving the most common answer to the last relation, which takes no
# composing. A curve that stays high in the grey shows that composing carries over to new lengths. A curve
# that falls doesn't say which hop fails; `written` below does. The conditions that differ from the first
# in one dose alone follow in the next figure.

# %%
measured = study.measured("accuracy")
facts = where(measured, split="atomic").merge(pd.DataFrame({"edges": list(EDGES)}), how="cross")
accuracy = pd.concat([facts.assign(hops=1), named_parts(measured, "split", HOPS)])
final = study.with_controls(
    study.over_seeds_at_end(accuracy, "split", "hops", "edges"),
    guess=where(study.final, measure="guess_accuracy"),
)
trained = {study.labels[its]: study.setting("task.longest_trained", its) + 0.5 for its in main}
study.points_figure(
    "lengths", where(final, condition=main), {its: study.labels[its] for its in main}, "hops",
    "accuracy", at="hops", curve="edges", of=EDGES, reference="guess", beyond=trained, n_across=4,
)  # fmt: skip

# %% [markdown]
# ## Two doses
#
# How many edges are never composed, and how many chains of each trained length there are per atomic fact
# (Wang et al. 2024, arXiv:2405.15071, call the latter the ratio of inferred to atomic facts). Each dose
# is varied with the other one fixed. The left panels can't separate two causes: with the number of
# training chains fixed, the more edges are left out, the more often each of the others is composed.

# %%
doses = over_doses(final, study.settings, base, DOSES)
study.points_figure(
    "doses", doses.assign(length=doses["hops"].map(NAMES)), study.crossed(EDGES, DOSES),
    ["fraction of edges never composed", "chains of each length per atomic fact"], "accuracy",
    at="dose", by=("edges", "setting"), curve="length", of={its: its for its in NAMES.values()},
    n_lines=2, named_at_ends=True,
)  # fmt: skip

# %% [markdown]
# ## When each length emerges
#
# The first condition during training. Lengths that emerge one after another may have been learned one by
# one, or by one step that gets better: a longer chain needs it right more often.

# %%
asked = where(accuracy, condition=base)
emergence = over_seeds(asked, ["split", "hops", "edges", "step"])
study.curves_figure(
    "emergence", emergence.assign(length=emergence["hops"].map(NAMES)), EDGES, "accuracy",
    by="edges", curve="length", of={its: its for its in NAMES.values()}, logarithmic=False,
    named_at_ends=True, n_columns=4,
)  # fmt: skip

# %% [markdown]
# ## What goes wrong: the entity before the last hop, or the last hop?
#
# In the models that apply one block once per hop, the state that should hold the entity before the last
# hop is replaced, before the last application, by that entity's embedding (scaled to the state's norm).
# If the last hop works, the right answer follows; and if another entity is written, that entity's answer.
# A random direction is the null control. What writing the right entity repairs had gone wrong before the
# last hop. What it doesn't repair may be the last hop, or a state that the block doesn't read as an
# embedding. (Added after trying this with TransformerLens's patching on the run `three` with seed 0.)

# %%
WRITTEN = {
    "accuracy": "nothing written",
    "clean_own_accuracy": "right entity written",
    "clean_other_accuracy": "another entity, its answer",
    "clean_random_accuracy": "random direction",
}
written = study.at_end(WRITTEN, ["measure", "condition", "split"], split=HELD_OUT, condition=main)
replaced = set(written.loc[written["measure"] != "accuracy", "condition"])
looped = [its for its in main if its in replaced]
across = {its: study.labels[its] for its in looped[:5]}  # as many as fit side by side
study.points_figure(
    "written", where(named_parts(written, "split", HOPS), condition=looped),
    study.crossed(EDGES, across), "hops", "accuracy", at="hops", by=("edges", "condition"),
    curve="measure", of=WRITTEN, n_lines=2, n_columns=2,
)  # fmt: skip

# %% [markdown]
# ## A prediction
#
# Suppose that a further hop over an edge that is never composed succeeds as often as in two-hop chains,
# whatever the length. Then accuracy on k hops is accuracy on two hops to the power of k − 1. The two-hop
# accuracy of a run thus predicts its accuracy on longer chains, even where these were never trained. If
# accuracy is higher than predicted, errors cluster in the same chains; if it is lower, longer chains have
# errors of their own.

# %%
exponents = {f"hops{hops}_unseen": hops - 1 for hops in LENGTHS[1:]}
powers = as_powers(where(study.final, measure="accuracy"), "hops2_unseen", exponents)
foreseen = over_seeds(powers, ["condition", "split", "measure"])
foreseen.pivot(index=["condition", "split"], columns="measure", values="mean").round(2)

# %% [markdown]
# ## The numbers
#
# Mean over seeds at the last checkpoint and the 95 % interval of the mean (what the brackets are and what
# they don't tell: `docs/statistics.md`). The last row is a variant: the first condition with a learning
# rate that doesn't fall. The paper quotes these.

# %%
study.summary_table(
    "accuracy",
    {
        f"{hops} hops, {edges}": MeanOf("accuracy", f"hops{hops}_{edges}")
        for hops in LENGTHS
        for edges in EDGES
    },
)

# %%
untrained = over_seeds(study.untrained("accuracy", split=HELD_OUT), ["condition", "split"])
of_base = where(measured, condition=base)
halves = half(where(of_base, split=["atomic", *HELD_OUT]))
study.save_numbers(
    say.named(where(foreseen, measure="predicted"), "{condition}/{split}_predicted")
    | say.named(where(foreseen, measure="shortfall"), "{condition}/{split}_shortfall")
    | say.named(halves, "{condition}/{split}_half", say.time)
    | say.named(study.still_rising(of_base), "{condition}/{split}_last_change")
    | study.quoted_settings(
        "task.n_entities", "task.n_relations", "task.inferred_ratio", "model.d_model",
        "training.steps", "training.batch_size", "training.weight_decay",
    )
    | {
        "never_composed": say.percent(study.setting("task.never_composed")),
        "untrained": say.most(untrained["mean"]),
        "guess": say.most(where(final, split=HELD_OUT)["guess"]),
        "n_seeds": str(len(study.seeds)),
    }
)  # fmt: skip

# %% [markdown]
# ## Compared with the literature
#
# Ours are accuracies at the end of training; the difference is within seeds.

# %%
of_four = where(study.final, measure="accuracy", split="hops4_seen")
positions = paired.difference(of_four, "three", "three_positions", of="condition")
study.verdict({"positions": positions})

# %% [markdown]
# **Asking a model.** What the first condition's model answers to a chain of four hops, one more than in
# training. Try any other sequence of names, another condition, or another checkpoint (`step=`).

# %%
study.ask("e3 r1 r2 r0 r4")
