# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Two-hop composition
#
# **Question.** A small transformer is trained on atomic facts `[a, r] → b` and on some two-hop facts
# `[a, r1, r2] → c`. Some of the atomic edges appear in no trained two-hop fact. Does the model answer
# two-hop questions over *those* edges, which it has only ever seen as separate facts?
#
# **Hypothesis.** One block that is also read out after the first hop, with tied embeddings, can use
# whatever it knows as an atomic fact for the second hop. Two different layers have to store an edge
# twice, and nothing in the loss asks the second to store what is only asked of the first. Sharing, early
# readout or tied embeddings alone should not suffice. (It was formulated after a look at prototypes and
# at a first run of the seeds below: it is an interpretation of these results, to be tested on others, not
# a prediction made before them.) **What would refute it.** A model that lacks one of the three and
# answers `oo` questions as well, or the full model failing although data and weight decay are ample. (All
# of this is about one schedule, in which the learning rate falls to zero over the second half of
# training; `shared_twice` has the same weights at both hops and can still fail to follow an entity
# written at the first, so the account is incomplete. It is one of a single block: of the study `reach`,
# two blocks in turn without early readout answer most `oo` questions, which refutes it as a general one.)

# %% tags=["parameters"]
study_name = "composition"
results = "results"

# %%
from onset.figures import mechanism
from onset.notebook import say
from onset.notebook.coefficient import Coefficients, sensitivity_cells
from onset.notebook.here import MeanOf, Predicted, here
from onset.statistics import milestones, model_parts, order, paired, times
from onset.statistics.rows import where
from onset.statistics.seeds import over_seeds, summary_of_seeds

study = here(study_name, results)
HELD_OUT = ["id", "oi", "io", "oo"]
base, looked_into = study.conditions[0], study.analysed

# %% [markdown]
# ## What was run
#
# One model per condition and seed. The table shows where the conditions differ; everything else is in each
# run's `training.yaml`. `id` questions have both edges composed elsewhere in training; in `oi` the first
# edge never is, in `io` the second, in `oo` neither. A quarter of each held-out split was set apart for
# choosing settings (on other seeds); everything below is about the rest.

# %%
study.what_was_run(
    {
        "layers": "model.n_layers", "times applied": "model.n_loops", "read out": "model.readout",
        "tied": "model.tied_embeddings", "weight decay": "training.weight_decay",
    },
    sizes=["composed_train", *HELD_OUT],
)  # fmt: skip

# %% [markdown]
# ## The contrast
#
# Accuracy at the end of training, compared with three controls: the same models before training (crosses),
# the score of guessing from the second relation alone (bars: always its commonest answer), and a model
# trained on two-hop facts whose answers are shuffled, so that there is nothing to compose.

# %%
contrast = study.with_controls(
    study.at_end("accuracy", split=HELD_OUT),
    untrained=study.untrained("accuracy", split=HELD_OUT),
    guess=where(study.final, measure="guess_accuracy"),
)
controls = {"guess": "|", "untrained": "x"}
study.rows_figure("contrast", contrast, HELD_OUT, "accuracy", controls=controls)

# %% [markdown]
# ## When it emerges
#
# The same accuracy during training, on a logarithmic axis of steps.

# %%
emergence = study.along("accuracy", split=HELD_OUT)
study.curves_figure("emergence", emergence, HELD_OUT, "accuracy", n_lines=2)

# %% [markdown]
# ## Where the bridge is
#
# The logit lens at the position of r1. Attention is causal, so the states there are those of the one-hop
# question. Where they are read out for it, after one block application in the models that are read out per
# hop, after all of them in the others, the bridge r1(a) ranks first if and only if the atomic fact is
# answered: this is no finding. The question is whether the *other* states show it too, in time for the
# second hop. Even if they do, this doesn't mean that it is used: the null control shows it as well (and
# answers neither `id` nor `oo` questions).

# %%
lens = study.measured("bridge_top1", split="oo")
lens = lens[lens["layer"] > 0]
bridge = over_seeds(lens, ["condition", "layer", "step"])
layers = {its: f"after block application {its:.0f}" for its in sorted(bridge["layer"].unique())}
study.curves_figure("bridge", bridge, layers, "bridge ranks first", by="layer")

# %% [markdown]
# ## Is the bridge used?
#
# That the bridge is readable doesn't mean that it is used. The state at r1 after the first block
# application is replaced, by the state of a *donor* question (same second relation, another answer), by
# the *output embedding* of the donor's bridge entity (nothing but "this entity, as an answer"), or by a
# random direction of the same norm (null), and the rest of the model runs on. **Prediction**, made before
# we looked at these numbers, but after trying the same intervention on seed 0 of two conditions: where one
# block serves both hops, the answer becomes the donor's, even when only the entity is written; with two
# layers the written entity is not understood. It would be refuted by a shared model that keeps its own
# answer, or by two layers that follow the written entity. Bars are the accuracy on the same questions.

# %%
patching = mechanism.follows_donor(study.closer, layer=1, position=1).merge(
    contrast[["condition", "split", "mean"]].rename(columns={"mean": "accuracy"})
)
study.rows_figure(
    "patching", patching, study.crossed(["id", "oo"], mechanism.REPLACEMENTS),
    "answers that become the donor's", by=("split", "replacement"), of=looked_into,
    controls={"accuracy": "|"}, n_lines=2,
)  # fmt: skip

# %% [markdown]
# Predicted and observed, on questions that were not used in training. If the model treats the state as the
# entity, the donor's answer should come as often as questions of that kind are answered. (Two layers can't
# fail the prediction on oo, which they don't answer. Nothing was predicted about early readout; it is here
# because it distinguishes a common code from a common store of facts.)

# %%
study.predictions_table(
    "predictions", patching, ["id", "oo"],
    [
        Predicted(base, "donor", "accuracy"),
        Predicted(base, "written", "accuracy"),
        Predicted(base, "random", 0.0),
        Predicted("two_layers", "written", 0.0),
        Predicted("two_layers_early_readout", "written", None),
    ],
)  # fmt: skip

# %% [markdown]
# ## In which order
#
# When does the bridge become readable at r1 (in the logit lens: when are the atomic facts known), when is
# it causally used, and when is the question answered? The first condition, oo questions. The table gives
# the step at which each sign first reaches half its final value, and how many steps later the accuracy
# does. Both are known to within two checkpoints: means take the straight line between them, intervals
# don't.

# %%
at_bridge = where(study.analyses, condition=base, layer=1, position=1)
SIGNS = {
    "bridge in the logit lens": where(lens, condition=base, layer=1),
    "bridge in a linear probe": where(at_bridge, measure="probe_accuracy"),
    "donor's state is used": where(at_bridge, measure="patch_donor_follows", split="oo"),
    "written entity is used": where(at_bridge, measure="patch_written_follows", split="oo"),
    "question is answered": study.measured("accuracy", condition=base, split="oo"),
}
study.curves_figure(
    "order", order.together(SIGNS), None, "fraction", curve="sign",
    of={sign: sign for sign in SIGNS}, named_at_ends=True,
)  # fmt: skip
in_order = order.halves(SIGNS, last="question is answered")
headings = "half its final value at step", "accuracy follows after steps"
study.table("order", order.in_words(in_order, *headings))

# %% [markdown]
# ## Which parts
#
# Where the answering position attends to (oo questions), what each part writes there towards the right
# answer and away from the donor's (direct logit attribution), and how much accuracy is left when one head
# or one MLP of one block application is taken out: the first condition on oo, the second on id questions.
# What is written early may be read by a later part; taking parts out shows what this model can't do
# without, not how else it could be done.

# %%
attention = where(study.closer, measure="attention", split="oo")
study.attention_figure("attention", attention, looked_into)

effects = mechanism.direct_effects(study.closer)
study.effects_figure("effects", effects, ["id", "oo"], looked_into[:2])

left = mechanism.accuracy_without_parts(where(study.closer, condition=looked_into[:2]))
study.parts_figure("parts", left, zip(looked_into[:2], ("oo", "id"), strict=False))

# %% [markdown]
# ## From which step later parts work on early states
#
# The state of one checkpoint (across) is written into the model of another (upward) at one place, on oo
# questions; that model computes the rest. On the grey line a model has its own state, to the left of it
# that of an earlier one. If the row of the final model is dark from some step on, the parts after that
# place already work on states of that step. A pale field doesn't mean that the state holds less: it may
# hold the same in other directions.

# %%
study.early_states_figure("early_states", base, "oo", ["entity", "relation 1", "relation 2"])
early = where(study.comparisons, comparison="early_states", condition=base, split="oo")

# %% [markdown]
# ## In how many directions the loss resists
#
# The local learning coefficient of Lau et al. (2023): by how much the loss rises when the weights wander
# about near those of a checkpoint, in units in which each direction that the loss resists counts one half
# and a flat one nothing. Does it change in a step, and is that when the circuits form? Compared are the
# checkpoints between which it changes most, those between which the loss on trained two-hop facts does,
# and those between which oo questions come to be answered; and for each which part of all its ups and
# downs lies there. Controls: the model whose two-hop answers are shuffled, and models before training. The
# table has the coefficient of one run with each of the choices made in estimating it made otherwise.

# %%
nearby = Coefficients(study, trained="composed_train", asked="oo")
study.apart_figure("coefficient", nearby.panels(logarithmic=True), of=nearby.conditions)
study.table("sensitivity", sensitivity_cells(study), "lrr")

# %% [markdown]
# ## Learning curves
#
# Loss and accuracy on what is trained, and on the hardest held-out split.

# %%
study.learning_figure(
    "learning",
    {"atomic": "atomic facts", "composed_train": "trained two-hop facts", "oo": "oo questions"},
)

# %% [markdown]
# ## The numbers
#
# Mean over seeds at the last checkpoint and the 95 % interval of the mean (what the brackets are and what
# they don't tell: `docs/statistics.md`). The paper quotes these.

# %%
study.summary_table(
    "accuracy",
    {
        "atomic": MeanOf("accuracy", "atomic", interval=False),
        "composed": MeanOf("accuracy", "composed_train", interval=False),
        **{split: MeanOf("accuracy", split) for split in HELD_OUT},
    },
)

# Of what the first model looks at, writes and needs when it answers oo questions.
own = where(study.closer, condition=base, split="oo")
last_layer = own.loc[own["measure"] == "attention", "layer"].max()
resampled = where(left, condition=base, split="oo", replacement="resample")
of_oo = where(contrast, split="oo")
above_guess = paired.difference(where(study.final, split="oo"), "accuracy", "guess_accuracy")
accuracy = study.measured("accuracy", split=HELD_OUT)
study.save_numbers(
    say.named(study.over_seeds_at_end(lens, "layer"), "{condition}/bridge_{layer}")
    | say.named(study.over_seeds_at_end(above_guess), "{condition}/above_guess")
    | say.named(order.works_from(early), "works_from/{layer}_{position}", say.from_when)
    | say.named(where(in_order, what="half"), "order/{name}", say.time)
    | say.named(where(in_order, what="lag"), "lag/{name}", say.censored(0))
    | say.named(model_parts.without_a_head(resampled), "without_head_{application}", say.between)
    | say.named(milestones.half(accuracy), "{condition}/{split}_half", say.time)
    | say.named(study.still_rising(where(accuracy, split="oo")), "{condition}/{split}_last_change")
    | say.named(nearby.ends(), "coefficient/{condition}/{place}", say.rounded(0))
    | say.named(nearby.steepest(), "coefficient/{condition}/{sign}/when", say.time)
    | say.named(nearby.shares(), "coefficient/{condition}/{sign}/share")
    | say.named(nearby.shares_meanwhile(), "coefficient/{condition}/{sign}/meanwhile")
    | say.named(nearby.largest(), "coefficient/{condition}/largest", say.rounded(0))
    | say.named(nearby.when_largest(), "coefficient/{condition}/when_largest", say.time)
    | say.named(nearby.later(), "coefficient/{condition}/{sign}/later", say.censored(0))
    | study.quoted_settings(
        "task.n_entities", "task.n_relations", "model.d_model", "training.steps",
        "training.batch_size", "training.weight_decay", "training.learning_rate",
    )
    | {
        "looks_back": say.seeds(model_parts.attention_to(own, last_layer, position=1)),
        "written_by_last_mlp": say.seeds(model_parts.share_written(own, "mlp", last_layer)),
        "without_an_mlp": say.most(resampled.loc[resampled["head"].isna(), "mean"]),
        "untrained/oo": say.most(of_oo["untrained"]),
        "guess/oo": say.most(of_oo["guess"]),
        "never_composed": say.percent(study.setting("task.never_composed")),
        "decay_start": str(study.decay_start),
        "n_seeds": str(len(study.seeds)),
    }
)  # fmt: skip

# %% [markdown]
# ## Compared with the literature
#
# What others report on the same questions, in other set-ups; ours are accuracies at the end of training.
# `known_then`: accuracy on id questions when nearly all trained ones are first known. `delay`: how many
# times as many steps it takes until they are answered, too. With `config/full.yaml`, the same at the
# ratios of two-hop to atomic facts that are published (`ratio_7`, `ratio_18`), and how many times as many
# steps two loops take as four until half of the oo questions are answered (`loops`).

# %%
accuracies = study.with_variants.measured("accuracy")
of_id, of_trained, of_oo = (
    where(accuracies, split=split) for split in ("id", "composed_train", "oo")
)
known_then = milestones.value_when_first(of_id, of_trained, 0.99)
delay = times.ratio(milestones.reached(of_id, 0.9), milestones.reached(of_trained, 0.99))
ours = {
    "known_then": summary_of_seeds(known_then.reindex(["two_layers"], level=0), "share"),
    "delay": delay.reindex(["two_layers"], level=0),
}
if "loops" in study.reference:
    loops = times.relative(milestones.reached(of_oo, 0.5), "four_loops", ["two_loops"])
    at_7, at_18 = (known_then.reindex([its], level=0) for its in ("ratio_7", "ratio_18"))
    ours |= {
        "known_then_7": summary_of_seeds(at_7, "share"),
        "known_then_18": summary_of_seeds(at_18, "share"),
        "delay_7": delay.reindex(["ratio_7"], level=0),
        "loops": loops,
    }
study.verdict(ours)

# %% [markdown]
# **Asking a model.** What the first condition's model answers to a two-hop question. Try any other
# sequence of names, another condition, or another checkpoint (`step=`);
# `study.run(condition, seed).bridge()` opens a model in TransformerLens.

# %%
study.ask("e3 r1 r2")
