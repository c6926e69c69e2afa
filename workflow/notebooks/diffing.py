# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What fine-tuning changes
#
# **Question.** A model knows world one and is fine-tuned on world two, which is world one but for one
# change that we made. Which of the tools that compare two models find the change? And what has changed
# inside the model: a few parts or all, new circuits or old ones turned up and down, what it knew or what
# it can?
#
# **Hypothesis.** (1) Tools that look at what models *say* find a change of facts; tools that look for a
# direction in their states (difference of means, principal component) don't, since facts have no direction
# in common, but find a backdoor, which has one answer. (2) A crosscoder's exclusive latents don't name
# exchanged facts: both the old and the new answer are known to both models. (3) What is forgotten without
# old data can be foretold by the gradient of what is going to be trained, and is hidden, not gone: a probe
# reads it, and other facts bring it back. (4) Fine-tuning has no phase change of its own: what is new comes
# piece by piece, over a stretch that is longer, for the time that it takes, than in training from scratch.
# (The first three were formulated after a pilot on the spare seed 100 of the divergence and the directions,
# probes, other facts and the last after it was known how fast models learn and forget on that seed; all
# before any run of the seeds below. The crosscoder was tried on that seed afterwards: none of its latents
# was exclusive, with or without a change, and latents of a dictionary of the new model alone told the
# change.)
#
# **What would refute it.** (1) A direction that ranks changed facts as well as the divergence, or misses
# the backdoor. (2) A crosscoder that ranks changed facts as well. (3) No correlation beyond that of random
# numbers; facts that are learnt again no sooner than new ones, that no probe reads, that stay away. (4) A
# transition that is narrower, over the time until its middle, than from scratch.

# %% tags=["parameters"]
from onset.notebook.parameters import Fraction

study_name = "diffing"
results = "results"
known_at: Fraction = 0.5

# %%
import pandas as pd

from onset.notebook import diffing, say
from onset.notebook.here import MeanOf, here
from onset.statistics import milestones, paired, times
from onset.statistics.rows import at_last_step, where
from onset.statistics.seeds import over_seeds

study = here(study_name, results)
found = study.comparisons
# Whatever comparisons take in is drawn: changes that tools were judged by, and those that all looked at.
CHANGED = diffing.in_order(study.conditions, found, "kl_recall")
FEW = diffing.in_order(study.conditions, found, "crosscoder_recall")
ONE = {name: study.labels[name] for name in FEW}
NULL = {name: study.labels[name] for name in study.there("nothing_again")}

# %% [markdown]
# ## What was run
#
# All runs begin as the parent with the same seed (`finetuning`, stage one); adapters are put on it.

# %%
study.what_was_run(
    {
        "change": "task.change", "starts from": "parent.run", "splits": "training.mixture",
        "learning rate": "training.learning_rate", "steps": "training.steps",
        "adapter": "model.adapter.rank",
    }
)  # fmt: skip

# %% [markdown]
# ## Does the change arrive, and when?
#
# Held-out two-hop questions. Where there are no old data, what is kept suffers.

# %%
COURSE = {"changed_asked": "changed", "kept_asked": "kept"}
study.curves_figure(
    "course", study.along("accuracy", split=COURSE, condition=CHANGED), COURSE, "accuracy",
    of=CHANGED, xlabel="step of fine-tuning",
)  # fmt: skip
study.summary_table(
    "accuracy",
    {
        "changed": MeanOf("accuracy", "changed_asked"),
        "kept": MeanOf("accuracy", "kept_asked"),
        "changed facts": MeanOf("accuracy", "changed_facts", interval=False),
        "kept facts": MeanOf("accuracy", "kept_facts", interval=False),
    },
    of=[*study.there("nothing"), *NULL, *CHANGED, *study.there("everything", "and_back")],
)

# %% [markdown]
# ## Which tools find it?
#
# Every tool ranks the questions, without being told which are changed. Recall at k, at the end and on the
# way. A tool that names the change is above its grey bar; a tool whose alarms mean something raises them
# in one of a hundred kept questions, as in the null that its threshold is from.

# %%
judged = diffing.judgements(found)
recall = where(judged, what="recall")
study.rows_figure(
    "league", diffing.ranked(judged, found), diffing.TOOLS, "changed ones among the k ranked first",
    by="tool", of=CHANGED, controls={"chance": "|"}, n_lines=3,
)  # fmt: skip
of_steps = where(recall, comparison="find_change")
OVER_STEPS = {its: diffing.TOOLS[its] for its in ("kl", "norm", "means", "pca", "random")}
study.curves_figure(
    "growth", over_seeds(of_steps, ["condition", "tool", "step"]), ONE,
    "changed ones among the k ranked first", by="condition", curve="tool", of=OVER_STEPS, n_across=2,
    xlabel="step of fine-tuning",
)  # fmt: skip
alarms = over_seeds(diffing.at_end(where(judged, what="flagged")), ["condition", "tool"])
study.rows_figure(
    "alarms", alarms, diffing.TOOLS, "false alarms", by="tool", marked=0.01, n_lines=3,
    of=[*NULL, *study.there("entities_half_old"), *FEW],
)  # fmt: skip
study.table("league", diffing.league(judged, diffing.TOOLS, diffing.NEEDS, ONE, "nothing_again"))

# %% [markdown]
# Where do both models say different things, and do the tokens there name the change? Token by token, on
# what was never taught, too.

# %%
study.curves_figure(
    "places", diffing.by_place(found), NULL | ONE, "divergence (nats)", by="condition", curve="place",
    of=diffing.PLACES, n_across=3, shares=False, xlabel="step of fine-tuning",
)  # fmt: skip
tokens = diffing.at_end(where(found, measure=diffing.NAMED))
study.rows_figure(
    "tokens", over_seeds(tokens, ["condition", "measure"]), diffing.NAMED, "tokens that mean the change",
    by="measure", of=FEW,
)  # fmt: skip

# %% [markdown]
# ## Which parts hold it?
#
# The new weights of one part in the old model. If the change were in one place, one panel would be full
# and the others empty; if parts worked independently, the sum of what they do alone would be what they do
# together. Then states of one model in the other, at one place.

# %%
alone = diffing.parts_alone(found)
patched = diffing.patched(found, "changed_asked")
# The backdoor's questions have one answer: none has another with another answer, which the null takes.
shown = {name: label for name, label in ONE.items() if name in set(patched["condition"])}
study.rows_figure(
    "parts", alone, diffing.SWAPPED, "answered like the new model", by="part",
    of=diffing.in_order(study.conditions, found, "into_old"), controls={"null": "x"},
)  # fmt: skip
study.rows_figure(
    "states", patched, diffing.crossed(diffing.GIVEN, shown),
    "answered as the new model was taught", by=["given", "condition"], row="place", of=diffing.STATES,
    n_lines=2, controls={"null": "x"},
)  # fmt: skip

# %% [markdown]
# ## What is harmed, and could it have been foretold?
#
# Of each question, before anything is trained. At random: numbers that mean nothing. Then all of these
# together, weighed as other seeds say, after the first few steps: later, old data have repaired most.

# %%
harmed = where(found, comparison="harm")
HARMED = ONE | {its: study.labels[its] for its in study.there("entities_alone", "rank_16")}
study.curves_figure(
    "harm", over_seeds(where(harmed, measure=diffing.FORETOLD), ["condition", "measure", "step"]), HARMED,
    "rank correlation with harm", by="condition", curve="measure", of=diffing.FORETOLD, n_across=3,
    shares=False, marked=0.0, xlabel="step of fine-tuning",
)  # fmt: skip
foretold = diffing.at_first(where(harmed, measure=diffing.FORETOLD))
unseen = diffing.at_first(where(found, measure=diffing.UNSEEN))
study.rows_figure(
    "unseen", unseen, diffing.UNSEEN, "of harm, on seeds that were not fitted", by="measure",
    of=diffing.in_order(study.conditions, found, "unseen_harm"),
    shares=False, marked=0.0,
)  # fmt: skip

# %% [markdown]
# ## Hidden or gone?
#
# A model that has forgotten the kept facts is taught them again, beside facts that it never knew and meets
# as often. If they were gone, both would take as long. Another is taught half of them: if what is missing
# is how to get at them, the others come back. And a probe is asked that has learnt to read other facts.

# %%
TAUGHT = {"kept_facts": "forgotten before", "unknown_facts": "never known"}
taught = study.along("accuracy", split=TAUGHT, condition="relearnt")
study.curves_figure("relearnt", taught, None, "accuracy", curve="split", of=TAUGHT, xlabel="step")
again = {
    name: milestones.reached(study.measured("accuracy", split=name, condition="relearnt"), known_at)
    for name in TAUGHT
}
REMINDED = {"reminded_facts": "taught again", "unmentioned_facts": "not mentioned"}
reminded = study.along("accuracy", split=REMINDED, condition="reminded")
study.curves_figure(
    "reminded", reminded, None, "accuracy", curve="split", of=REMINDED, xlabel="step"
)
read = diffing.probed(found)
study.rows_figure(
    "hidden", over_seeds(at_last_step(read), ["condition", "what", "measure"]),
    diffing.crossed(diffing.WHAT_IS_READ, diffing.READ), "right answers", by=["what", "measure"], n_lines=2,
    of=[*NULL, *FEW, *study.there("entities_alone", "entities_forgetting", "everything")],
)  # fmt: skip

# %% [markdown]
# ## Rewired, or turned up and down?
#
# What parts write, where neurons are active, which directions weights have; and which parts write the new
# answers, beside those that wrote the old ones.

# %%
last = diffing.last_application(where(found, comparison="rewired"))
rewired = diffing.beside_null(last, "_by_chance", ["condition", "measure"])
study.rows_figure(
    "rewired", rewired, diffing.REWIRED,
    "after beside before", by="measure", controls={"null": "x"}, shares=False,
    of=diffing.in_order(study.conditions, found, "mlp_cosine"),
)  # fmt: skip
study.rows_figure(
    "effects", diffing.written(found), diffing.EFFECTS, "nats, directly", by="measure", shares=False,
    of=[*FEW, *study.there("everything")], controls={"null": "x"}, marked=0.0,
)  # fmt: skip

# %% [markdown]
# ## Crosscoder and stage-wise diffing
#
# Latents of one model alone: where nothing is changed, each is a false one. Then one dictionary over all
# checkpoints; and which latents turn when a dictionary is moved to the new model and the new data.

# %%
coded = where(found, comparison="crosscoder")
latents = over_seeds(where(coded, measure=diffing.LATENTS), ["condition", "measure"])
study.rows_figure(
    "latents", latents, diffing.LATENTS, "latents", by="measure", shares=False,
    of=[*study.there("nothing"), *NULL, *FEW],
)  # fmt: skip
strengths = where(found, comparison="crosscoder_over_training", measure=diffing.STRENGTHS)
study.curves_figure(
    "over_training", over_seeds(strengths, ["condition", "measure", "step"]), NULL | ONE,
    "size of latents", by="condition", curve="measure", of=diffing.STRENGTHS, n_across=3,
    xlabel="step of fine-tuning",
)  # fmt: skip
turned = over_seeds(
    where(found, comparison="stages", measure=diffing.STAGES), ["condition", "measure"]
)
study.rows_figure("stages", turned, diffing.STAGES, "share of sequences", by="measure", of=FEW)

# %% [markdown]
# ## Steering with what was found

# %%
dosed = diffing.by_dose(found)
strong = where(dosed, condition="new_backdoor", dose=8.0)
study.points_figure(
    "steered", dosed, diffing.crossed(ONE, diffing.STEERING), "dose", "share of questions",
    at="dose", by=["condition", "effect"], curve="tool", of=diffing.STEERED, n_lines=len(ONE),
)  # fmt: skip

# %% [markdown]
# ## Are there phase changes?
#
# How long it takes from a tenth to seven tenths of the questions, over the time until half of them. Where
# each question is learnt by itself at a constant rate, that is 1.6 (dotted); the more suddenly, the less.
# From scratch: questions that stage one holds out, as it learns to answer them.

# %%
SCRATCH = study.there("from_scratch")
learnt = pd.concat(
    [
        study.measured("accuracy", split="changed_asked", condition=[*CHANGED, "everything"]),
        study.measured("accuracy", split="kept_asked", condition=SCRATCH),
    ]
)
reached = milestones.levels(learnt, [0.1, known_at, 0.7])
sharpness = times.ratio(reached["width"], reached[known_at])
study.moments_figure(
    "phases", sharpness, "from .1 to .7, over the time until half", marked=diffing.GRADUAL,
    of=[*CHANGED, *study.there("everything"), *SCRATCH], kept=times.side_by_side(reached),
)  # fmt: skip

# %% [markdown]
# ## Hills between models
#
# From the parent to its children, and between children: of the same parent, taught the same in another
# order; of the parent and of what it became in another task; and of two parents.

# %%
hills = diffing.hills(found, study.labels, "kept_facts")
study.rows_figure(
    "barriers", hills, None, "rise of the loss (nats)", row="pair",
    of={its: its for its in hills["pair"]}, shares=False,
)  # fmt: skip

# %% [markdown]
# ## The numbers
#
# Means are in the summary; here are those that are derived from several.

# %%
study.save_numbers(
    say.named(times.per_condition(reached[known_at]), "half/{condition}", say.time)
    | say.named(times.per_condition(reached["width"]), "width/{condition}", say.time)
    | say.named(times.per_condition(sharpness), "sharpness/{condition}", say.censored(2))
    | say.named(times.of_several(again, "facts"), "again/{facts}", say.time)
    | say.named(foretold, "foretold/{condition}/{measure}")
    | say.named(unseen, "unseen/{condition}/{measure}")
    | say.named(
        where(rewired, measure=["same_places", "mlp_cosine"]), "rewired/{condition}/{measure}"
    )
    | say.named(where(alone, part=["attention", "mlp"]), "alone/{condition}/{part}")
    | say.named(
        where(strong, tool=["means", "pca", "random"], effect=["gives", "takes", "disturbs"]),
        "steered/{tool}/{effect}",
    )
    | study.quoted_settings("task.n_entities", "task.n_relations", "training.learning_rate")
    | {
        "n_seeds": str(len(study.seeds)),
        "steps": str(study.setting("training.steps")),
        "known_at": f"{known_at:g}",
    }
)

# %% [markdown]
# ## Compared with the literature

# %%
weights = where(last, measure="intruders")
lost = at_last_step(where(harmed, measure="harm"))
learns = at_last_step(study.measured("accuracy", split="changed_asked"))
alive = where(coded, measure=["exclusive_latents", "live_latents"], condition="nothing_again")
shares = alive.pivot_table("value", ["condition", "seed"], "measure")
facts = where(read, what="facts", condition="entities_forgetting")
backdoor = where(found, measure=["turned_recall", "crosscoder_recall"], condition="new_backdoor")
hill = where(found, measure="barrier", split="kept_facts", condition="new_entities")
study.verdict(
    {
        "intruders": paired.difference(weights, "rank_1", "new_entities", of="condition"),
        "intruders_by_rank": paired.difference(weights, "rank_1", "rank_16", of="condition"),
        "learns_less": paired.difference(learns, "rank_16_alone", "entities_alone", of="condition"),
        "forgets_less": paired.difference(lost, "rank_16_alone", "entities_alone", of="condition"),
        "probes_forget_less": diffing.lost_more(facts, "said", "read"),
        "stage_wise_more": paired.difference(backdoor, "turned_recall", "crosscoder_recall"),
        "strangers": paired.difference(
            hill, "other_parent", "entities_again", of="other_condition"
        ),
        "false_exclusive": shares["exclusive_latents"] / shares["live_latents"],
    }
)
