# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Aliases
#
# **Question.** A one-layer transformer is trained on definitions `[a, IS] → b` of all aliases, on all
# attributes of the bases, `[b, attr] → value`, and on attributes of *some* aliases. Does it answer
# `[a, attr]` for the others (`ood`), of which it has only ever seen the definition?
#
# **Hypothesis.** It does if an entity has the same code as an answer and as a question. Then the
# definition, which trains the alias to lead to the base as an answer, also moves the alias to where the
# base is as a question. Tied embeddings share it by construction. For an untied model nothing in the data
# says that the answer `b` and the question `b` are the same thing: swap the answer tokens of two bases of
# `ood` aliases, and the training data are as likely as before. A learner that treats an answer and a
# question as unrelated symbols can only guess, unless other data link the two: bases that name themselves,
# `[b, COPY] → b`.
#
# **When it was formulated.** The contrast of tied, untied and self-naming models after prototypes; the
# doses, the cosines and the interventions after pilots on spare seeds (100–102). In such a pilot an untied
# model without self-naming, given a base in an alias's place, named it in 80 % of definitions, which is
# the share of aliases with facts. That led to a prediction, made before any run was tested on it: such a
# model names the bases of aliases with facts when asked `[b, IS]`, because those facts bring the alias
# close to its base, and never the bases of the others (`naming_id`, `naming_ood`).
#
# **What would refute it.** A tied or a self-naming model that stays at chance on `ood`; definitions in a
# tied model that leave the alias far from its base; answers about an alias that survive the removal of its
# base's code, or suffer as much from a control; a new name that is defined but whose attributes stay
# unknown.

# %% tags=["parameters"]
study_name = "alias"
results = "results"

# %%
from onset.figures import mechanism
from onset.notebook import say
from onset.notebook.here import MeanOf, here
from onset.statistics import milestones, model_parts, paired
from onset.statistics.rows import where

study = here(study_name, results)
TRAINED, ASKED = ["definitions", "base_facts", "alias_facts"], ["id", "ood"]
NAMING = ["naming_id", "naming_ood"]
DOSES = {"task.with_facts": "aliases with facts", "training.weight_decay": "weight decay"}
main = study.without_doses(DOSES)
chance = 1 / study.setting("task.n_values")

# %% [markdown]
# ## What was run
#
# One model per condition and seed; everything that the table leaves out is in each run's `training.yaml`.
# The first conditions are the contrast, the others are points on two dose curves of the tied model. A
# quarter of `id` and of `ood` was set apart for choosing settings (on other seeds); everything below is
# about the rest. In the null control the definitions of all aliases are shuffled, and the facts of aliases
# contradict them. The right answers stay those of the true bases, about which the data say nothing, so
# chance is to be expected there. What the control shows is how often such a model answers as for the base
# that the definition names (`unchanged_own_accuracy` below).

# %%
study.what_was_run(
    {
        "tied": "model.tied_embeddings", "weight decay": "training.weight_decay",
        "definitions are": "task.definitions", "self-naming": "training.mixture.self_naming",
    },
    sizes=["alias_facts", *ASKED],
)  # fmt: skip

# %% [markdown]
# ## The contrast
#
# Held-out questions at the end of training, compared with the same models before training (crosses),
# always giving the attribute's commonest value (bars) and a uniform guess among its values (dotted).
# `naming` asks for a base's own name with the relation used in definitions: can the model get from the
# question `b` to the answer `b`?

# %%
held_out = {"split": [*ASKED, *NAMING], "condition": main}
contrast = study.with_controls(
    study.at_end("accuracy", **held_out),
    untrained=study.untrained("accuracy", **held_out),
    guess=where(study.final, measure="guess_accuracy", **held_out),
)
study.rows_figure(
    "contrast", contrast, {its: its.replace("_", " ") for its in [*ASKED, *NAMING]}, "accuracy",
    of=main, controls={"guess": "|", "untrained": "x"}, marked=dict.fromkeys(ASKED, chance),
)  # fmt: skip

# %% [markdown]
# ## When it emerges
#
# From the grey line on, the learning rate falls to zero; what rises after it may be due to that.

# %%
SHOWN = {"definitions": "definitions", "alias_facts": "facts of aliases", "id": "id", "ood": "ood"}
study.curves_figure(
    "emergence", study.along("accuracy", split=SHOWN, condition=main), SHOWN, "accuracy", of=main,
    n_lines=2, from_step=study.decay_start, marked=dict.fromkeys(ASKED, chance),
)  # fmt: skip

# %% [markdown]
# ## How much it takes
#
# Two doses: how many aliases have facts that show what definitions mean (their share of each batch stays
# the same, so that each of fewer facts is seen more often), and weight decay. Everything else is as in the
# first condition (ring).

# %%
study.doses_figure(
    "doses", study.at_end("accuracy", split=ASKED), DOSES, {split: split for split in ASKED},
    "accuracy", chance=chance, percent=["task.with_facts"], logarithmic=["training.weight_decay"],
)  # fmt: skip

# %% [markdown]
# ## Where aliases lie
#
# Does the definition move the alias to its base? The cosine of their input embeddings, against that with
# all other bases (grey). Facts can bring an alias close to its base; for an `ood` alias, only the
# definition can. A cosine alone does not say what is answered: the numbers below also give accuracy.

# %%
COSINES = ["alias_cosine", "alias_cosine_other"]
by = ["measure", "condition", "split", "step"]
study.curves_figure(
    "codes", study.along(COSINES, by),
    {"id": "aliases with facts (id)", "ood": "known by definition alone (ood)"},
    "cosine with base", null="alias_cosine_other", of=main, shares=False,
    from_step=study.decay_start,
)  # fmt: skip

# %% [markdown]
# ## Interventions
#
# They change what the model reads when it reads an alias known by definition alone (`ood`); the readout
# stays the same.
#
# - *In which code are questions asked?* (top) Another base's code is put into the alias: as a shift, which
#   exchanges the two bases and keeps what is the alias's own, in input rows or in rows of the
#   unembedding (the same in tied models), or as the row of the unembedding itself. A shift shows which code
#   acts, not that the alias had it before.
# - *Do answers about the alias come from its base's code?* (bottom) The alias's component along its base's
#   input row is removed. The null control subtracts as much along another base's row, along which the
#   alias has little: it adds something where the intervention removes something, and costs accuracy
#   too. What counts is the difference (`removal`, within each seed).
# - *Does a definition write that code?* (bottom right) The alias's row is discarded and learned afresh
#   from its definition alone, with everything else frozen.

# %%
PANELS = {
    "shift_input_other_accuracy": "shift, input rows",
    "shift_output_other_accuracy": "shift, output rows",
    "swap_output_other_accuracy": "output row instead",
    "shift_random_other_accuracy": "null: random shift",
    "unchanged_own_accuracy": "unchanged",
    "remove_own_own_accuracy": "own removed",
    "remove_other_own_accuracy": "null: other removed",
    "new_name_accuracy": "new name",
}
interventions = study.at_end(PANELS, ["measure", "condition"], split="ood")
study.rows_figure(
    "interventions", interventions, PANELS, "fraction of ood questions answered so", by="measure",
    of=main, marked=chance, n_lines=2,
    said_right=("as of the other base", "as of its own base"),
)  # fmt: skip
study.holds("tied/ood/remove_other_own_accuracy:high < tied/ood/unchanged_own_accuracy:low")

# %% [markdown]
# ## Which parts
#
# On ood questions: where the answering position (the attribute) looks (0 is the alias), what each part
# writes there towards the right answer and away from a donor's (direct logit attribution), and how much
# accuracy is left without one head or the MLP, in the first three conditions that are analysed.

# %%
shown = study.analysed[:3]
closer = where(study.closer, split="ood", condition=shown)
effects = mechanism.direct_effects(closer)
attention = where(closer, measure="attention")
study.effects_figure("effects", effects, ["ood"], shown, attention)

left = mechanism.accuracy_without_parts(closer)
study.parts_figure("parts", left, [(condition, "ood") for condition in shown])

# %% [markdown]
# ## Learning curves
#
# Losses differ by factors between seeds, so their means and intervals are taken over logarithms.

# %%
LEARNT = {"alias_facts": "trained facts of aliases", "id": "id", "ood": "ood"}
study.learning_figure("learning", LEARNT, main, decay_start=study.decay_start)

# %% [markdown]
# ## The numbers
#
# Mean over seeds at the last checkpoint and the 95 % interval of the mean (what the brackets are and what
# they don't tell: `docs/statistics.md`). The last rows are variants: the first condition with a learning
# rate that doesn't fall, and with half and twice the steps. The paper quotes these.

# %%
study.summary_table(
    "accuracy",
    {
        "definitions": MeanOf("accuracy", "definitions", interval=False),
        "bases": MeanOf("accuracy", "base_facts", interval=False),
        "aliases": MeanOf("accuracy", "alias_facts", interval=False),
        **{split: MeanOf("accuracy", split) for split in ASKED},
        "naming id": MeanOf("accuracy", "naming_id", interval=False),
        "naming ood": MeanOf("accuracy", "naming_ood", interval=False),
    },
)

# %%
# What removing the base's code takes away beyond what removing as much along another's does.
removal = paired.difference(
    where(study.final, split="ood"), "remove_other_own_accuracy", "remove_own_own_accuracy"
)
resampled, of_ood = where(left, replacement="resample"), where(contrast, split="ood")
asked = study.measured("accuracy", condition=main, split=[*TRAINED, *ASKED])
study.save_numbers(
    say.named(study.over_seeds_at_end(removal), "{condition}/removal")
    | say.named(milestones.half(asked), "{condition}/{split}_half", say.time)
    | say.named(
        model_parts.without_a_head(resampled), "{condition}/without_head",
        say.column("lowest", digits=2),
    )
    | study.quoted_settings(
        "task.n_bases", "task.n_attributes", "task.n_values", "model.d_model", "training.steps",
        "training.batch_size", "training.weight_decay", "training.learning_rate",
    )
    | {
        "with_facts": f"{100 * study.setting('task.with_facts'):g}",
        "chance": f"{chance:g}",
        "decay_start": str(study.decay_start),
        "n_seeds": str(len(study.seeds)),
        "untrained/ood": say.most(of_ood["untrained"]),
        "guess/ood": say.most(of_ood["guess"]),
        "random_shift": say.most(
            where(interventions, measure="shift_random_other_accuracy")["mean"]
        ),
    }
)  # fmt: skip

# %% [markdown]
# ## Compared with the literature
#
# What is reported of language models that are told of an alias, or of one of two facts, in documents of
# their own; ours are accuracies at the end of training.

# %%
study.verdict()

# %% [markdown]
# **Asking a model.** What the first condition's model answers to a question about the alias `a0`. Try any
# other sequence of names, another condition, or another checkpoint (`step=`). In
# `study.run(condition, seed).dataset`, `splits["ood"].truth["named"]` holds the base that the definition
# names, `truth["bridge"]` the one whose values the answers are.

# %%
study.ask("a0 attr0")
