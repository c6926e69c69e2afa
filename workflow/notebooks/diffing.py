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
# old data can be foretold by the gradient of what is going to be trained, and is hidden, not gone.
# (Formulated after a pilot on the spare seed 100 of the divergence and the directions, and before any run
# of the seeds below. The crosscoder was tried on that seed afterwards: none of its latents was exclusive,
# with or without a change, and latents of a dictionary of the new model alone told the change.)
#
# **What would refute it.** (1) A direction that ranks changed facts as well as the divergence, or misses
# the backdoor. (2) A crosscoder that ranks changed facts as well. (3) No correlation beyond that of random
# numbers; facts that are learnt again no sooner than new ones.

# %% tags=["parameters"]
from onset.notebook.parameters import Fraction

study_name = "diffing"
results = "results"
known_at: Fraction = 0.5

# %%
from onset.notebook import diffing, say
from onset.notebook.here import MeanOf, here
from onset.statistics import milestones, paired, times
from onset.statistics.rows import at_last_step, where
from onset.statistics.seeds import over_seeds

study = here(study_name, results)
found = study.comparisons
TOOLS = {
    "kl": "divergence of answers", "norm": "distance of states", "means": "difference of means",
    "pca": "first component", "swap": "one part swapped", "crosscoder": "crosscoder: exclusive",
    "halves": "crosscoder: halves apart", "dictionary": "dictionary of the new model",
    "random": "null: random direction",
}  # fmt: skip
CHANGED = study.there(
    "entities", "relation", "added", "backdoor", "entities_half_old", "entities_alone",
    "entities_small_rate", "entities_large_rate", "rank_1", "rank_4", "rank_16",
)  # fmt: skip
FEW = study.there("entities", "relation", "added", "backdoor")

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
    of=[*study.there("nothing", "nothing_again"), *CHANGED, *study.there("everything", "and_back")],
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
    "league", diffing.ranked(judged, found), TOOLS, "changed ones among the k ranked first",
    by="tool", of=CHANGED, controls={"chance": "|"}, n_lines=3,
)  # fmt: skip
of_steps = where(recall, comparison="find_change")
OVER_STEPS = {its: TOOLS[its] for its in of_steps["tool"].unique()}
growth = over_seeds(of_steps, ["condition", "tool", "step"])
study.curves_figure(
    "growth", growth, {its: study.labels[its] for its in FEW}, "changed ones among the k ranked first",
    by="condition", curve="tool", of=OVER_STEPS, n_across=2, xlabel="step of fine-tuning",
)  # fmt: skip

# %%
alarms = over_seeds(diffing.at_end(where(judged, what="flagged")), ["condition", "tool"])
study.rows_figure(
    "alarms", alarms, TOOLS, "false alarms", by="tool", marked=0.01, n_lines=3,
    of=[*study.there("nothing_again", "entities_half_old"), *FEW],
)  # fmt: skip
NEEDS = {
    "kl": "answers", "norm": "states", "means": "states", "pca": "states", "random": "states",
    "swap": "weights", "crosscoder": "a dictionary", "halves": "a dictionary",
    "dictionary": "a dictionary",
}  # fmt: skip
study.table("league", diffing.league(judged, TOOLS, NEEDS, "entities", "nothing_again"))

# %% [markdown]
# ## Which parts hold it?
#
# The new weights of one part in the old model. If the change were in one place, one panel would be full
# and the others empty; if parts worked independently, the sum of what they do alone would be what they do
# together.

# %%
SWAPPED = {
    "embedding": "embeddings", "positions": "positions", "norms": "norms", "attention": "attention",
    "mlp": "MLP",
}  # fmt: skip
study.rows_figure(
    "parts", diffing.parts_alone(found), SWAPPED, "answered like the new model", by="part",
    of=[*CHANGED, *study.there("everything")], controls={"null": "x"},
)  # fmt: skip

# %% [markdown]
# ## What is harmed, and could it have been foretold?
#
# Shortly after the beginning, when harm is largest: later, old data have repaired it. At random: numbers
# that mean nothing.

# %%
harmed = where(found, comparison="harm")
early = harmed[harmed["step"] == harmed["step"].min()]
FORETOLD = {
    "harm_by_gradient": "gradient", "harm_by_margin": "margin", "harm_by_similarity": "similarity",
    "harm_by_overlap": "shared tokens", "harm_by_chance": "null: at random",
}  # fmt: skip
foretold = over_seeds(where(early, measure=FORETOLD), ["condition", "measure"])
study.rows_figure(
    "harm", foretold, FORETOLD, "rank correlation with harm", by="measure", of=CHANGED,
    shares=False, marked=0.0,
)  # fmt: skip

# %% [markdown]
# ## Hidden or gone?
#
# A model that has forgotten the kept facts is taught them again, beside facts that it never knew and meets
# as often. If they were gone, both would take as long.

# %%
TAUGHT = {"kept_facts": "forgotten before", "unknown_facts": "never known"}
taught = study.along("accuracy", split=TAUGHT, condition="relearnt")
study.curves_figure("relearnt", taught, None, "accuracy", curve="split", of=TAUGHT, xlabel="step")
again = {
    name: milestones.reached(study.measured("accuracy", split=name, condition="relearnt"), known_at)
    for name in TAUGHT
}

# %% [markdown]
# ## Rewired, or turned up and down?

# %%
REWIRED = {
    "attention_cosine": "attention: cosine", "mlp_cosine": "MLP: cosine", "mlp_scale": "MLP: norm",
    "same_places": "neurons' places", "intruders": "intruders",
}  # fmt: skip
last = diffing.last_application(where(found, comparison="rewired"))
study.rows_figure(
    "rewired", diffing.beside_null(last, "_by_chance", ["condition", "measure"]), REWIRED,
    "after beside before", by="measure", controls={"null": "x"}, shares=False,
    of=[*study.there("nothing_again"), *CHANGED, *study.there("everything")],
)  # fmt: skip

# %% [markdown]
# ## Crosscoder and stage-wise diffing
#
# Latents of one model alone: where nothing is changed, each is a false one. Then one dictionary over all
# checkpoints; and which latents turn when a dictionary is moved to the new model and the new data.

# %%
LATENTS = {
    "exclusive_latents": "new model's alone", "confirmed_latents": "confirmed by scaling",
    "lost_latents": "old model's alone",
}  # fmt: skip
coded = where(found, comparison="crosscoder")
latents = over_seeds(where(coded, measure=LATENTS), ["condition", "measure"])
study.rows_figure(
    "latents", latents, LATENTS, "latents", by="measure",
    of=[*study.there("nothing", "nothing_again"), *FEW], shares=False,
)  # fmt: skip
STRENGTHS = {"strength_then": "kept", "strength_of_changed": "changed"}
strengths = where(found, comparison="crosscoder_over_training", measure=STRENGTHS)
study.curves_figure(
    "over_training", over_seeds(strengths, ["condition", "measure", "step"]),
    {its: study.labels[its] for its in study.there("entities", "backdoor")},
    "size of latents", by="condition", curve="measure", of=STRENGTHS, xlabel="step of fine-tuning",
)  # fmt: skip
STAGES = {
    "turned_recall": "latents that turn", "turned_recall_random": "null: others",
    "turned_by_chance": "null: at random",
}  # fmt: skip
turned = over_seeds(where(found, comparison="stages", measure=STAGES), ["condition", "measure"])
study.rows_figure(
    "stages", turned, STAGES, "changed ones among those named", by="measure",
    of=study.there("entities", "relation", "backdoor"),
)  # fmt: skip

# %% [markdown]
# ## Steering with what was found

# %%
STEERED = {
    "means gives": "means: new answers", "pca gives": "component: new answers",
    "random gives": "random: new answers", "means disturbs": "means: other answers changed",
    "pca disturbs": "component: others", "random disturbs": "random: others",
}  # fmt: skip
study.points_figure(
    "steered", diffing.by_dose(found),
    {its: study.labels[its] for its in study.there("entities", "relation", "backdoor")},
    "dose", "share of questions", at="dose", by="condition", curve="curve", of=STEERED,
)  # fmt: skip

# %% [markdown]
# ## Hills between models
#
# From the parent to its children, and between children: of the same parent, or of the parent and of what
# it became in another task.

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
arrives = {
    name: milestones.levels(
        study.measured("accuracy", split="changed_asked", condition=name), [0.1, known_at, 0.9]
    )
    for name in FEW
}
half, width = ({name: its[of] for name, its in arrives.items()} for of in (known_at, "width"))
study.save_numbers(
    say.named(times.of_several(half, "change"), "half/{change}", say.time)
    | say.named(times.of_several(width, "change"), "width/{change}", say.time)
    | say.named(times.of_several(again, "facts"), "again/{facts}", say.time)
    | say.named(where(foretold, condition=CHANGED), "foretold/{condition}/{measure}")
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
alive = where(coded, measure=["exclusive_latents", "live_latents"], condition="nothing_again")
shares = alive.pivot_table("value", ["condition", "seed"], "measure")
study.verdict(
    {
        "intruders": paired.difference(weights, "rank_1", "entities", of="condition"),
        "forgets_less": paired.difference(lost, "rank_16", "entities", of="condition"),
        "false_exclusive": shares["exclusive_latents"] / shares["live_latents"],
    }
)
