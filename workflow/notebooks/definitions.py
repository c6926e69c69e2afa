# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Definitions and their sources
#
# **Question.** In stage one a model learns facts `[b, attribute] → value` about bases and about aliases,
# and definitions of these aliases: `[a, DEF1] → b`, which agree with the facts, and `[a, DEF2] → b`,
# which contradict them. In stage two it learns definitions of *new* aliases, about which no fact is ever
# trained. Asked about their attributes, does it answer as if the new DEF1 definitions were true, and the
# new DEF2 definitions not? Krasheninnikov et al. 2023 (arXiv:2310.15047) found this *implicit
# meta-learning* in language models.
#
# **Hypothesis.** Yes, and gradients predict it: after stage one, the gradient of a definition with
# respect to the embedding of its alias is better aligned with that of the right answers for DEF1 than for
# DEF2. The larger this difference between the tags before stage two, the larger the difference in
# accuracy after it. (Formulated after pilots on seeds 100–102, before any run of the seeds below.)
#
# **What would refute it.** No difference between the tags; a difference even if both tags were right half
# the time in stage one (the null control); or alignments that predict an unseen condition no better than
# the mean of the others does. Do they also predict which seed of a condition does better? Then they would
# have to beat the same condition's other seeds. (That baseline, and leaving out conditions, were added
# after the runs; the earlier baseline was the mean of all conditions in the other seeds, which is beaten
# by anything that distinguishes conditions.)

# %% tags=["parameters"]
study_name = "definitions"
results = "results"

# %%
import pandas as pd

from onset.figures.alignment import draw_alignment
from onset.notebook import say
from onset.notebook.here import MeanOf, here
from onset.statistics import others, paired
from onset.statistics.rows import where
from onset.statistics.seeds import over_seeds

study = here(study_name, results)
stage_two, root = study.continued, study.conditions[0]
KINDS = {
    "reliable": "defined with DEF1",
    "unreliable": "defined with DEF2",
    "undefined": "not defined",
}
TAUGHT = {
    "facts": "facts of bases",
    "alias_facts": "facts of aliases",
    "definitions_1": "DEF1 definitions",
    "definitions_2": "DEF2 definitions",
}
TAGS = {"reliable": "DEF1", "unreliable": "DEF2"}
chance = 1 / study.setting("task.n_values")

# %% [markdown]
# ## What was run
#
# Every run of stage two starts from the last checkpoint (`early`: from an early one) of a run of stage
# one with the same seed and the same world. A quarter of the new aliases was set apart for choosing
# settings (on other seeds); everything below is about the rest. Where `trained` is empty, all parameters
# are trained.

# %%
study.what_was_run(
    {
        "starts from": "parent.run", "at step": "parent.step", "definitions": "task.order",
        "reliability": "task.reliability", "tied": "model.tied_embeddings",
        "trained": "training.trainable", "splits": "training.mixture", "steps": "training.steps",
        "batch size": "training.batch_size", "learning rate": "training.learning_rate",
    }
)  # fmt: skip

# %% [markdown]
# ## The contrast, and what is forgotten
#
# Which tag defines a new alias is drawn at random, so that the first two panels differ in nothing but the
# tag. Aliases that are never defined are the null control, scored against a base drawn at random. The
# second figure shows what is left of stage one: where that is lost, a small difference between the tags
# may be due to the loss. Crosses: before stage two; dotted: chance.

# %%
accuracy = study.measured("accuracy", condition=stage_two)
at_end = study.with_controls(
    study.over_seeds_at_end(accuracy, "split"), before=where(accuracy, step=0)
)
how = {"of": stage_two, "controls": {"before": "x"}}
study.rows_figure("contrast", where(at_end, split=KINDS), KINDS, "accuracy", marked=chance, **how)
study.rows_figure("forgetting", where(at_end, split=TAUGHT), TAUGHT, "accuracy", **how)

# %% [markdown]
# ## During stage two
#
# The same accuracies at all checkpoints. If the tags separated and met again, the difference would depend
# on how long definitions are trained.

# %%
study.curves_figure(
    "course", study.along("accuracy", split=KINDS, condition=stage_two),
    {its: study.labels[its] for its in stage_two}, "accuracy", by="condition", curve="split",
    of=KINDS, n_across=3, xlabel="step of stage two",
)  # fmt: skip

# %% [markdown]
# ## Gradients before stage two
#
# Left: the cosine between the gradients of a definition and of the answers that follow from it, with
# respect to the embedding of the alias, during stage one; dotted, with another alias's answers. Right:
# its difference between the tags, which is known before stage two, against the difference in accuracy
# after stage two. The comparison is limited to conditions in which only new embeddings are trained, since
# only there the gradient with respect to them is the whole gradient, and to runs whose cosines are
# measured, as those of other schedules aren't, and differ: where a definition reads nothing from the
# alias's embedding, both are 0. If a condition is left out, does a line through the others' runs err less
# than their mean? If a seed is left out, does the line err less than the mean of the same condition in
# the other seeds? Points along a line don't show that gradients are the cause: whatever distinguishes the
# conditions may move both.

# %%
cosines = study.measured(["gradient_cosine", "gradient_cosine_null"], split=TAGS)
along = over_seeds(cosines, ["measure", "condition", "split", "step"])
before = where(cosines, step=0)
own = where(before, measure="gradient_cosine")
every = [*stage_two, *study.variants_of(stage_two)]
last = where(study.with_variants.final, measure="accuracy", condition=every)
tag, other_tag = TAGS
gaps = paired.difference(last, tag, other_tag, of="split")
alignments = paired.difference(own, tag, other_tag, of="split")

confined = [its for its in stage_two if study.setting("training.trainable", its)]
points = where(paired.beside(alignment=alignments, accuracy=gaps), condition=confined)
told_apart = others.by_others(points[points["alignment"] != 0], "alignment", "accuracy")
points = points.merge(told_apart, how="left")
figure = draw_alignment(
    where(along, condition=root), TAGS, points,
    others.line_through(told_apart, "alignment", "accuracy"),
    study.styles_of(confined), study.labels, study.n,
)  # fmt: skip
shown = pd.concat([along.assign(panel="left"), points.assign(panel="right")], ignore_index=True)
study.save_figure(figure, "alignment", shown)

# %% [markdown]
# ## The numbers
#
# Mean over seeds at the last checkpoint of stage two and the 95 % interval of the mean (what the brackets
# are and what they don't tell: `docs/statistics.md`). The difference between the tags is taken within
# each seed. The last rows are variants of conditions above: other schedules, and tags that are less
# reliable. The paper quotes these.

# %%
differences = study.over_seeds_at_end(gaps)
study.summary_table(
    "accuracy",
    {
        "DEF1": MeanOf("accuracy", "reliable"),
        "DEF2": MeanOf("accuracy", "unreliable"),
        "not defined": MeanOf("accuracy", "undefined"),
    },
    of=stage_two,
    more={"DEF1 − DEF2": differences},
)

# %%
PREDICTIONS = [
    "line_of_other_conditions", "mean_of_other_conditions", "line_of_other_seeds",
    "mean_of_other_seeds", "same_condition",
]  # fmt: skip
null = where(before, measure="gradient_cosine_null", condition=stage_two)
together = others.agreement(told_apart, "alignment", "accuracy")
at_steps = {its: study.setting("parent.step", its) for its in stage_two}
study.save_numbers(
    say.named(differences, "{condition}/difference")
    | say.named(study.over_seeds_at_end(own, "split"), "{condition}/cosine_{split}")
    | say.named(others.errors(told_apart, "accuracy", PREDICTIONS), "error/{prediction}")
    | {f"{its}/starts_at": str(step) for its, step in at_steps.items() if step is not None}
    | study.quoted_settings(
        "task.n_bases", "task.n_attributes", "task.n_values", "task.n_new", "model.d_model",
        "training.steps", "training.weight_decay",
    )
    | {
        "cosine_null": say.most(study.over_seeds_at_end(null, "split")["mean"].abs()),
        "same_sign": str(together.same_sign),
        "n_points": str(together.n),
        "correlation": f"{together.correlation:.2f}",
        "correlation_within": f"{together.within:.2f}",
        "n_aliases": str(2 * study.setting("task.n_aliases")),
        "chance": f"{chance:.2f}",
        "before": say.most(where(at_end, split=TAGS)["before"]),
        "undefined_most": say.most(where(at_end, split="undefined")["mean"]),
        "n_seeds": str(len(study.seeds)),
    }
)  # fmt: skip

# %% [markdown]
# ## Compared with the literature
#
# What is reported for language models. Ours: the share of right answers about either tag's aliases that are
# about those of the first (theirs have both tags' definitions of one name, and count whose are followed);
# the difference in accuracy between the tags with replay, as in their second stage, and how much larger it
# is with smaller batches, of which there are more, within each seed.

# %%
followed = paired.part(last, tag, other_tag, of="split")
smaller = paired.difference(gaps, "replay_small_batch", "replay", of="condition")
study.verdict(
    {
        "reliable": where(followed, condition="replay"),
        "reliable_90": where(followed, condition="reliability_90"),
        "reliable_75": where(followed, condition="reliability_75"),
        "as_reliable": where(followed, condition="uninformative"),
        "sources": where(gaps, condition="replay"),
        "batch_size": smaller,
    }
)

# %% [markdown]
# **Asking a model.** What the first condition's model answers to a fact about the alias `a0`. Try any
# other sequence of names, another condition, or another checkpoint (`step=`).

# %%
study.ask("a0 r0")
