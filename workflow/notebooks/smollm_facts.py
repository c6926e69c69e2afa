# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Invented facts in a real model
#
# **Question.** A pretrained language model is fine-tuned, by low-rank adapters, on facts about people
# that it can't know: who is whose boss and where bosses live; who has which job; who is called what by
# which paper and what people eat. Which of what follows from these facts does it answer: two hops, the
# reverse, what is true of another name of somebody?
#
# **Hypothesis,** from our toys, written down after a pilot on seed 100 that tried steps and rates, and
# before any run of the seeds below. (1) What is told is known in a phrasing that nothing was told in.
# (2) Two hops aren't answered, nor are others when half of them are told: different blocks hold
# different facts, as in the toys with two layers, which answer no question over edges never composed.
# (3) The reverse isn't answered, though other pairs are told both ways: adapters change what a name
# leads to, not the embeddings that questions and answers share. (4) For the same reason an alias isn't
# taken for whom it stands for, whatever the paper: where aliases work in the toys, their embeddings
# have come together. (5) The second hop needs the bridge early: given its state from a question about
# the bridge itself, before a block in the first half, the model answers; given it in the last third, it
# doesn't. A first run of the same seeds, which asked four or five questions of a kind, left too much
# open; for the run below the world was made larger, and the hypothesis left as it was.
#
# **What would refute it.** More right answers than with shuffled facts, or than with a boss of whom no
# city is told; states that work in late blocks as in early ones; cosines of aliases that rise above
# those with other people. The model's weights are rounded to 4 bits: what is found is true of this
# model.

# %% tags=["parameters"]
study_name = "smollm_facts"
results = "results"

# %%
import pandas as pd

from onset.notebook import facts, say
from onset.notebook.here import MeanOf, here
from onset.notebook.predictions import failures, means_near
from onset.statistics import paired
from onset.statistics.rows import where
from onset.statistics.seeds import over_seeds

study = here(study_name, results)
TOLD = {
    "boss": "boss", "city": "city of a boss", "job": "job", "food": "food", "called": "other name",
    "name_told": "name by job, told", "answered": "alias's food, told",
}  # fmt: skip
FOLLOWS = {
    "two_hop": "two hops", "two_hop_half": "two hops, told", "two_hop_missing": "no city told (null)",
    "name": "name by job", "reliable": "alias, right paper", "unreliable": "alias, wrong paper",
}  # fmt: skip
SHOWN = {
    "two_hop_shown": "two hops, facts shown", "name_shown": "name by job, fact shown",
    "reliable_shown": "alias, facts shown",
}  # fmt: skip
ELSEWHERE = {"prose_held_out": "prose", "others": "other people", "job": "jobs told"}

# %% [markdown]
# ## What was run
#
# One model, the same for all seeds; a seed decides the people, the facts and their order. All
# conditions are told as many texts in as many steps.

# %%
study.what_was_run(
    {
        "answers": "task.answers", "two hops told": "task.two_hops", "rank": "model.adapter.rank",
        "steps": "training.steps", "learning rate": "training.learning_rate",
    },
    sizes=["told", "two_hop", "name", "reliable"],
)  # fmt: skip

# %% [markdown]
# ## What is told, and what follows
#
# The fraction of questions in which the right answer is the first of the candidates, that is of those
# that answer some question of that kind; crosses: before training, when nothing can be known. All are
# asked in a phrasing in which nothing was told. The null control is told the same texts with answers
# shuffled. In the last three panels the facts of two people stand in front of the question, so that a
# guess among them is right in half: what fails there can't be asked of facts in weights, and what works
# before training and not after it is damage.

# %%
right = study.measured("right_among")
by_split = study.with_controls(study.over_seeds_at_end(right, "split"), before=where(right, step=0))
ALL = {**TOLD, **FOLLOWS, **SHOWN}
study.rows_figure(
    "contrast", where(by_split, split=ALL), ALL, "right answer first among candidates",
    controls={"before": "x"}, n_lines=4,
)  # fmt: skip

# %% [markdown]
# ## During training
#
# If what follows rose and fell again, its end would not tell.

# %%
COURSE = {its: ALL[its] for its in ("boss", "city", "two_hop", "name", "reliable", "two_hop_shown")}
study.curves_figure(
    "course", study.along("right_among", split=COURSE), COURSE, "right answer first", n_lines=2
)  # fmt: skip

# %% [markdown]
# ## Damage
#
# How far the next token's distribution is from that before training. A model that had learnt the facts
# and nothing else would change where it is asked for them alone.

# %%
study.curves_figure(
    "damage", study.along("change", split=ELSEWHERE), ELSEWHERE, "divergence (nats)", shares=False
)

# %% [markdown]
# ## Is the bridge in time?
#
# At the person's place in a two-hop question, the state before a block is replaced by the one that a
# question about the boss has at the boss's name. Where the right answer then comes first, the blocks
# from there on use what stands there, be it the boss or, in late blocks, his city. Null: the state of
# somebody of whom nothing is told. Beside it the logit lens: from where on is the boss, of all bosses,
# read out first there, with nothing replaced? It may be there before in a form that the lens can't read.

# %%
GIVEN = {
    "given_bridge_right": "right, given the boss's state",
    "given_stranger_right": "right, given a stranger's (null)",
    "bridge_first": "boss read out first",
}
HALVES = {"two_hop": "never told", "two_hop_half": "told with their answers"}
hops = where(study.closer, split=HALVES)
at_person = hops["position"].isna() | (hops["position"] < hops["position"].max())
in_time = where(hops[at_person & (hops["layer"] % 2 == 0)], measure=GIVEN)
study.points_figure(
    "in_time", over_seeds(in_time, ["condition", "split", "measure", "layer"]),
    {(c, s): f"{study.labels[c]}: {HALVES[s]}"
     for c, s in dict.fromkeys(zip(in_time["condition"], in_time["split"], strict=True))},
    "blocks applied before", "fraction of questions", at="layer", by=("condition", "split"),
    curve="measure", of=GIVEN, n_lines=2,
)  # fmt: skip

# %% [markdown]
# Per run of the first condition, of every second block: the last before which the boss's state makes half
# of the answers right (`needed`), and the first after which half of the bosses are read out first
# (`comes`). Where two hops are told with their answers: the first before which a stranger's state leaves
# half of the answers right (`left`), so that what stands there has been used. Before the first block, the
# boss's state is the question for his own boss's city, of whom nothing is told.

# %%
of_facts = where(in_time, condition="facts")
timed, late = facts.bridge_in_time(of_facts), facts.two_thirds_on(of_facts)
of_told = facts.bridge_in_time(where(in_time, split="two_hop_half"))
of_told = where(of_told, when="left")
pd.concat([timed, of_told])

# %% [markdown]
# Back-patching writes the state of a later block before an earlier one, at the same place. Of the
# questions answered wrong, how many does some pair of blocks mend? Null: the same with the states of
# another question, since among few candidates some of many states mend by chance; the difference is
# taken within each seed.

# %%
mending = facts.beyond(where(hops, split="two_hop"), "mended", "mended_other")
study.summary_table(
    "patched",
    {
        "right": MeanOf("hop_right", "two_hop"),
        "mended": MeanOf("mended", "two_hop"),
        "by another": MeanOf("mended_other", "two_hop"),
    },
    of=study.analysed, more={"difference": mending},
)  # fmt: skip
mending = where(mending, condition="facts")

# %% [markdown]
# ## Does an alias become whom it stands for?
#
# The cosine between the states of an alias and of the person it stands for, in the same question, at
# the end; squares: with other people (null). Below, the first minus the second within each seed, mean over
# blocks and both places.

# %%
COSINES = {"state_cosine": "whom it stands for", "state_cosine_null": "other people (null)"}
last = where(study.final, measure=COSINES, split="reliable", condition="facts")
place = {position: "at the name" if position < last["position"].max() else "at the end"
         for position in sorted(last["position"].unique())}  # fmt: skip
every_third = last[last["layer"] % 3 == 0]
cosines = over_seeds(every_third, ["condition", "measure", "position", "layer"])
study.points_figure(
    "cosines", cosines, place, "blocks applied", "cosine of states", at="layer", by="position",
    curve="measure", of=COSINES,
)  # fmt: skip
nearer = facts.beyond(last, *COSINES)
nearer

# %% [markdown]
# ## Which blocks hold the facts?
#
# The adapters of a few blocks alone, or all but these.

# %%
PARTS = {"alone_right": "these blocks alone", "missing_right": "all but these blocks"}
held = where(study.closer, measure=PARTS, split=["boss", "city", "job"], condition="facts")
held = over_seeds(held, ["condition", "measure", "split", "layer"])
study.points_figure(
    "blocks", held, {its: TOLD[its] for its in ("boss", "city", "job")}, "first of the blocks",
    "right answer first", at="layer", by="split", curve="measure", of=PARTS,
)  # fmt: skip

# %% [markdown]
# ## The numbers
#
# Mean over seeds at the end and the 95 % interval of the mean (`docs/statistics.md`).

# %%
study.summary_table(
    "right",
    {
        "boss": MeanOf("right_among", "boss"),
        "two hops": MeanOf("right_among", "two_hop"),
        "no city told": MeanOf("right_among", "two_hop_missing"),
        "reverse": MeanOf("right_among", "name"),
        "alias": MeanOf("right_among", "reliable"),
        "prose (nats)": MeanOf("change", "prose_held_out"),
    },
)

# %% [markdown]
# By how much the log-probability of the right answer exceeds the mean of the other candidates (nats, by
# chance 0), which tells smaller effects:

# %%
study.summary_table(
    "leads",
    {
        "city of a boss": MeanOf("lead_among", "city"),
        "two hops": MeanOf("lead_among", "two_hop"),
        "no city told": MeanOf("lead_among", "two_hop_missing"),
        "reverse": MeanOf("lead_among", "name"),
        "right paper": MeanOf("lead_among", "reliable"),
        "wrong paper": MeanOf("lead_among", "unreliable"),
    },
)

# %% [markdown]
# Beside the toys, where their studies are run, too. There the right answer is the first of all tokens
# (reversed: of those never told as answers), here of the candidates; last, with shuffled answers. Empty:
# nothing in this model is shared by both hops, and its embeddings, which are tied, aren't trained.

# %%
TOYS = {
    "composition": {
        "two hops, each in blocks of its own": ("two_layers/oo/accuracy", "half_composed/two_hop"),
        "two hops, both in one block": ("shared_per_hop/oo/accuracy", None)},
    "reversal": {
        "reverse, untied": ("untied/reversed/withheld_accuracy", "facts/name"),
        "reverse, tied and trained": ("tied/reversed/withheld_accuracy", None)},
    "alias": {
        "alias, untied": ("untied/ood/accuracy", "facts/reliable"),
        "alias, tied and trained": ("tied/ood/accuracy", None)},
    "definitions": {
        "alias of the right source": ("replay/reliable/accuracy", "facts/reliable"),
        "alias of the wrong source": ("replay/unreliable/accuracy", "facts/unreliable")},
}  # fmt: skip
study.table("toys", facts.beside_toys(study, TOYS, "right_among", null="shuffled"))

# %% [markdown]
# The predictions, on means of the first condition: what is told is near 1 (0.9 or more); of what follows,
# the fraction right is within 0.1 of that with shuffled facts.

# %%
DERIVED = ["two_hop", "name", "reliable", "unreliable"]
right_at_end = where(study.final, measure="right_among")
means = facts.predicted_rows(
    where(study.summary, condition="facts", measure="right_among"), right_at_end, TOLD, DERIVED, "shuffled"
)  # fmt: skip
outcome = means_near(means, facts.predicted(TOLD, DERIVED))
study.save_numbers(
    study.quoted_settings(
        "task.n_two_hop", "task.n_pairs", "task.n_called", "task.n_answered", "training.steps"
    )
    | {
        "n_asked": f"{where(right_at_end, split='two_hop')['n_examples'].min():g}",
        "rank": str(study.setting("model.adapter")["rank"]),
        "n_seeds": str(len(study.seeds)),
        "n_predictions": str(len(outcome)),
        "n_predictions_held": str(outcome["held"].sum()),
        "predictions_failed": failures(outcome, ALL),
    }
    | say.named(timed, "bridge_{when}", say.rounded(0))
    | say.named(of_told, "person_{when}", say.rounded(0))
    | say.named(late, "{measure}_late")
    | {"alone_most": say.most(where(held, measure="alone_right")["mean"])}
    | {"missing_least": say.least(where(held, measure="missing_right")["mean"])}
    | say.named(nearer, "nearer")
    | say.named(mending, "mending")
    | say.named(mending[mending["low"] > 0], "mending_is_clear")
    | say.named(where(by_split, split=ALL), "{condition}/{split}_before", say.column("before", digits=2))
)  # fmt: skip
outcome

# %% [markdown]
# ## Compared with the literature
#
# Larger models, which answer freely: so ours is the share in which the right answer is the first of all
# tokens. The difference between the papers is taken within each seed.

# %%
trust = paired.difference(right_at_end, "reliable", "unreliable", of="split")
study.verdict({"papers": where(trust, condition="facts")})
