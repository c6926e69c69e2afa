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
# before any run of the seeds below. The crosscoder was tried on that seed afterwards: with a change and
# without, none of its latents was exclusive; latents of a dictionary of the new model told the change.)
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
from onset.notebook import diffing, say
from onset.notebook import diffing_knowledge as knowledge
from onset.notebook import diffing_tools as tools
from onset.notebook import diffing_words as words
from onset.notebook.diffing_beside_others import OTHERS, beside_others
from onset.notebook.diffing_words import STEERED, STEERING
from onset.notebook.here import MeanOf, here
from onset.notebook.titles import crossed, there
from onset.statistics import times
from onset.statistics.rows import where

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
    {"change": "task.change", "starts from": "parent.run", "splits": "training.mixture",
     "learning rate": "training.learning_rate", "steps": "training.steps",
     "adapter": "model.adapter.rank"}
)  # fmt: skip

# %% [markdown]
# ## Does the change arrive, and when?
#
# Held-out two-hop questions. Where there are no old data, what is kept suffers.

# %%
study.curves_figure(
    "course", study.along("accuracy", split=words.COURSE, condition=CHANGED), words.COURSE,
    "accuracy", of=CHANGED, xlabel="step of fine-tuning",
)  # fmt: skip
study.summary_table(
    "accuracy",
    {"changed": MeanOf("accuracy", "changed_asked"), "kept": MeanOf("accuracy", "kept_asked"),
     "changed facts": MeanOf("accuracy", "changed_facts", interval=False),
     "kept facts": MeanOf("accuracy", "kept_facts", interval=False)},
    of=[*study.there("nothing"), *NULL, *CHANGED, *study.there("everything", "and_back")],
)  # fmt: skip

# %% [markdown]
# ## Which tools find it?
#
# Every tool ranks the questions, without being told which are changed. Recall at k, at the end and on the
# way. A tool that names the change is above its grey bar; a tool whose alarms mean something raises them
# in one of a hundred kept questions, as in the null that its threshold is from. Token by token, on what was
# never taught, too: where do both models say different things, and do the tokens there name the change?

# %%
judged = tools.judgements(found)
study.rows_figure(
    "league", tools.ranked(judged, found), words.TOOLS, "changed ones among the k ranked first",
    by="tool", of=CHANGED, controls={"chance": "|"}, n_lines=3,
)  # fmt: skip
study.curves_figure(
    "growth", tools.on_the_way(judged), ONE, "changed ones among the k ranked first", by="condition",
    curve="tool", of=words.DURING, n_across=2, xlabel="step of fine-tuning",
)  # fmt: skip
study.rows_figure(
    "alarms", tools.alarms(judged), words.TOOLS, "false alarms", by="tool", marked=0.01, n_lines=3,
    of=[*NULL, *study.there("entities_half_old"), *FEW],
)  # fmt: skip
study.curves_figure(
    "places", diffing.by_place(found), NULL | ONE, "divergence (nats)", by="condition", curve="place",
    of=words.PLACES, n_across=3, shares=False, xlabel="step of fine-tuning",
)  # fmt: skip
study.rows_figure(
    "tokens", tools.tokens(found), words.NAMED, "tokens that mean the change", by="measure", of=FEW
)
study.table("league", tools.league(judged, words.TOOLS, words.NEEDS, ONE, "nothing_again"))

# %% [markdown]
# ## Which parts hold it, and are they rewired, or turned up and down?
#
# The new weights of one part in the old model. If the change were in one place, one panel would be full
# and the others empty; if parts worked independently, the sum of what they do alone would be what they do
# together. Then states of one model in the other, at one place; what parts write, where neurons are active,
# which directions weights have; and which parts write the new answers, beside those that wrote the old.

# %%
alone = diffing.parts_alone(found)
patched = diffing.patched(found, "changed_asked")
study.rows_figure(
    "parts", alone, words.SWAPPED, "answered like the new model", by="part",
    of=diffing.in_order(study.conditions, found, "into_old"), controls={"null": "x"},
)  # fmt: skip
study.rows_figure(
    "states", patched, crossed(words.GIVEN, there(ONE, patched["condition"])),
    "answered as the new model was taught", by=["given", "condition"], row="place", of=words.STATES,
    n_lines=2, controls={"null": "x"},
)  # fmt: skip
rewired = diffing.rewired(found)
study.rows_figure(
    "rewired", rewired, words.REWIRED, "after beside before", by="measure", controls={"null": "x"},
    of=diffing.in_order(study.conditions, found, "mlp_cosine"), shares=False,
)  # fmt: skip
study.rows_figure(
    "effects", diffing.written(found), words.EFFECTS, "nats, directly", by="measure", shares=False,
    of=[*FEW, *study.there("everything")], controls={"null": "x"}, marked=0.0,
)  # fmt: skip

# %% [markdown]
# ## What is harmed, could it have been foretold, and is it hidden or gone?
#
# Of each question, before anything is trained; at random: numbers that mean nothing. All of these together,
# weighed as other seeds say, after the first few steps: later, old data have repaired most. A model that
# has forgotten the kept facts is taught them again, beside facts that it never knew and meets as often: if
# they were gone, both would take as long. Another is taught half of them: if what is missing is how to get
# at them, the others come back. And a probe is asked that has learnt to read other facts.

# %%
HARMED = ONE | {its: study.labels[its] for its in study.there("entities_alone", "rank_16")}
study.curves_figure(
    "harm", knowledge.harm_foretold(found), HARMED, "rank correlation with harm", by="condition",
    curve="measure", of=words.FORETOLD, n_across=3, shares=False, marked=0.0, xlabel="step of fine-tuning",
)  # fmt: skip
unseen = knowledge.at_first(found, words.UNSEEN)
study.rows_figure(
    "unseen", unseen, words.UNSEEN, "of harm, on seeds that were not fitted", by="measure",
    of=diffing.in_order(study.conditions, found, "unseen_harm"), shares=False, marked=0.0,
)  # fmt: skip
for name, shown in {"relearnt": words.TAUGHT, "reminded": words.REMINDED}.items():
    facts = study.along("accuracy", split=shown, condition=name)
    study.curves_figure(name, facts, None, "accuracy", curve="split", of=shown, xlabel="step")
study.rows_figure(
    "hidden", knowledge.probed_at_end(found), crossed(words.WHAT_IS_READ, words.READ), "right answers",
    by=["what", "measure"], n_lines=2,
    of=[*NULL, *FEW, *study.there("entities_alone", "entities_forgetting", "everything")],
)  # fmt: skip

# %% [markdown]
# ## Dictionaries, and steering with what was found
#
# Latents of a crosscoder that belong to one model alone: where nothing is changed, each is a false one.
# One dictionary over all checkpoints; latents that turn when a dictionary is moved to the new model and the
# new data; and directions that tools found, added to the old model and taken from the new one.

# %%
study.rows_figure(
    "latents", tools.of_dictionaries(found, "crosscoder", words.LATENTS), words.LATENTS, "latents",
    by="measure", shares=False, of=[*study.there("nothing"), *NULL, *FEW],
)  # fmt: skip
study.curves_figure(
    "over_training", diffing.strengths(found), NULL | ONE, "size of latents", by="condition",
    curve="measure", of=words.STRENGTHS, n_across=3, xlabel="step of fine-tuning",
)  # fmt: skip
turned = tools.of_dictionaries(found, "stages", words.STAGES)
study.rows_figure("stages", turned, words.STAGES, "share of sequences", by="measure", of=FEW)
dosed = tools.by_dose(found)
study.points_figure(
    "steered", dosed, crossed(ONE, STEERING), "dose", "share of questions", at="dose",
    by=["condition", "effect"], curve="tool", of=STEERED, n_lines=len(ONE),
)  # fmt: skip

# %% [markdown]
# ## Are there phase changes, and hills between models?
#
# How long it takes from a tenth to seven tenths of the questions, over the time until half of them. Where
# each is learnt by itself at a constant rate, that is 1.6 (dotted); the more suddenly, the less; from
# scratch, questions that stage one holds out. Hills: from the parent to its children, and between children:
# of one parent, taught the same in another order; of it and its child of another task; of two parents.

# %%
SCRATCH = study.there("from_scratch")
reached = knowledge.learnt(study.measures, [*CHANGED, "everything"], SCRATCH, known_at)
sharpness = times.ratio(reached["width"], reached[known_at])
study.moments_figure(
    "phases", sharpness, "from .1 to .7, over the time until half", marked=knowledge.GRADUAL,
    of=[*CHANGED, *study.there("everything"), *SCRATCH], kept=times.side_by_side(reached),
)  # fmt: skip
hills = diffing.hills(found, study.labels, "kept_facts")
study.rows_figure(
    "barriers", hills, None, "rise of the loss (nats)", row="pair",
    of={its: its for its in hills["pair"]}, shares=False,
)  # fmt: skip

# %% [markdown]
# ## The numbers, and what others report
#
# Means are in the summary; here is what is derived from several, and what is reported of language models.

# %%
again = knowledge.known_by_split(study.measures, words.TAUGHT, "relearnt", known_at)
strong = where(dosed, condition="new_backdoor", dose=8.0)
study.save_numbers(
    say.named(times.per_condition(reached[known_at]), "half/{condition}", say.time)
    | say.named(times.per_condition(reached["width"]), "width/{condition}", say.time)
    | say.named(times.per_condition(sharpness), "sharpness/{condition}", say.censored(2))
    | say.named(times.of_several(again, "facts"), "again/{facts}", say.time)
    | say.named(knowledge.at_first(found, words.FORETOLD), "foretold/{condition}/{measure}")
    | say.named(unseen, "unseen/{condition}/{measure}")
    | say.named(where(rewired, measure=["same_places", "mlp_cosine"]), "rewired/{condition}/{measure}")
    | say.named(where(alone, part=["attention", "mlp"]), "alone/{condition}/{part}")
    | say.named(where(strong, tool=STEERED, effect=STEERING), "steered/{tool}/{effect}")
    | study.quoted_settings("task.n_entities", "task.n_relations", "training.learning_rate")
    | {"n_seeds": str(len(study.seeds)), "steps": str(study.setting("training.steps"))}
    | {"known_at": f"{known_at:g}"}
)  # fmt: skip
others = beside_others(study.measures, found)
study.verdict({name: others[name] for name in OTHERS})
