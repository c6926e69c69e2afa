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
# open; for the run below the world was made larger, and the hypothesis left as it was. (6) Of closer looks
# that came later, before they were taken: a probe finds a boss where he is asked for, and in two hops no
# more than its control; what MLPs of the first three fifths write at a person's place, and attention of
# the last two at the end, is what an answer gains from, beyond what they wrote before training. (7) Of
# names told in a second stage (`full.yaml`), before any run of it: those of the paper that was right in the
# first aren't taken for whom they stand for either, no more than those of the other.
#
# **What would refute it.** More right answers than with shuffled facts, or than with a boss of whom no
# city is told; states that work in late blocks as in early ones; cosines of aliases that rise above
# those with other people; bosses that probes find in two hops. What is found is true of the model below, as
# it was got: where its weights have been rounded, of that one and not of the one before.

# %% tags=["parameters"]
study_name = "smollm_facts"
results = "results"

# %%
import pandas as pd

from onset.notebook import facts, say
from onset.notebook.facts import DERIVED, ELSEWHERE, FOLLOWS, SHOWN, TOLD
from onset.notebook.here import here
from onset.notebook.inside_figures import InsideFigures
from onset.notebook.predictions import failures
from onset.notebook.real_model import as_typeset, the_model
from onset.statistics.rows import where
from onset.statistics.seeds import over_seeds

study = here(study_name, results)
inside = InsideFigures(study)
model = the_model(study)
ALL = {**TOLD, **FOLLOWS, **SHOWN}
COURSE = {its: ALL[its] for its in ("boss", "city", "two_hop", "name", "reliable", "two_hop_shown")}
model

# %% [markdown]
# ## What was run
#
# One model, the same for all seeds; a seed decides the people, the facts and their order. All
# conditions are told as many texts in as many steps.

# %%
study.what_was_run(facts.SETTINGS, sizes=["told", "two_hop", "name", "reliable"])

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
study.rows_figure(
    "contrast", where(by_split, split=ALL), ALL, "right answer first among candidates",
    controls={"before": "x"}, n_lines=4,
)  # fmt: skip

# %% [markdown]
# During training: if what follows rose and fell again, its end would not tell. And damage: how far the
# next token's distribution is from that before training. Facts alone would change jobs alone.

# %%
study.curves_figure(
    "course", study.along("right_among", split=COURSE), COURSE, "right answer first", n_lines=2
)
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
#
# Below, per run of the first condition, of every second block: the last before which the boss's state
# makes half of the answers right (`needed`), the first after which half of the bosses are read out first
# (`comes`), and, of two hops told with their answers, the first before which a stranger's state leaves
# half of the answers right (`left`). Before the first block, the boss's state asks for his own boss's
# city, of whom nothing is told. Last, where the state is that of the boss of another question: how often is
# the answer that question's, mean over the first two thirds of the blocks? Null: a stranger's state.

# %%
inside.in_time_figure("in_time")
pd.concat([inside.timed(), inside.left(), inside.followed()])

# %% [markdown]
# Back-patching writes the state of a later block before an earlier one, at the same place. Of the
# questions answered wrong, how many does some pair of blocks mend? Null: the same with the states of
# another question, since among few candidates some of many states mend by chance; the difference is
# taken within each seed.

# %%
difference = {"difference": inside.mending()}
study.summary_table("patched", facts.PATCHED, of=study.analysed, more=difference)

# %% [markdown]
# ## Is the bridge there in another form?
#
# A probe learns from some people and their bosses which axes tell that a state and the code of a boss
# belong together, and is tested on others. The control task: bosses shuffled among people. Where the boss
# is asked for himself, there is something to be found. Below: the boss as a token, probe minus control,
# mean over the first two thirds of the blocks (`early`) and after all of them (`last`).

# %%
inside.probed_figure("probed")
inside.selectivity()

# %% [markdown]
# ## Does an alias become whom it stands for?
#
# The cosine between the states of an alias and of the person it stands for, in the same question, at
# the end; squares: with other people (null). Then the first minus the second within each seed: along
# training, and at the end, mean over blocks and both places.

# %%
inside.cosines_figure("cosines")
inside.meeting_figure("meeting")
inside.nearer()

# %% [markdown]
# ## Which blocks hold the facts?
#
# The trained weights of a fifth of the blocks alone, put into the model before training, or all but these,
# at three checkpoints: fraction of bosses, cities and jobs that are answered right. And what do these
# blocks write? In a question about somebody else, what a fifth of the blocks writes about a person, at one
# place, replaces what it writes about the other: by how much does that person's answer gain? Crosses: with
# what these blocks wrote before training, when it said who that is, and no more. How far weights have moved
# (below) says less than what they do: with shuffled answers they move, too.

# %%
inside.blocks_figure("blocks")
inside.recalled_figure("recalled")
inside.moved()

# %% [markdown]
# ## The numbers
#
# Mean over seeds at the end and the 95 % interval of the mean (`docs/statistics.md`).

# %%
study.summary_table("right", facts.AT_END)

# %% [markdown]
# By how much the log-probability of the right answer exceeds the mean of the other candidates (nats, by
# chance 0), which tells smaller effects:

# %%
study.summary_table("leads", facts.LEADS)

# %% [markdown]
# What papers call people, and what the bearers of these names eat, as the one and the other paper imply;
# last, the difference within each seed. Variants, in `full.yaml`: names are told in a second stage (`told
# later`), after a first in which one paper was right and the other wrong, or (null) each about half.

# %%
trust = facts.trust(study)
study.summary_table("papers", facts.PAPERS, more={"difference": over_seeds(trust, ["condition"])})

# %% [markdown]
# Beside the toys, where their studies are run. There the right answer is the first of all tokens (reversed:
# of those never told as answers), here of the candidates; last, with shuffled answers. Empty: nothing in
# this model is shared by both hops, and its embeddings, which are tied, aren't trained.

# %%
study.table("toys", facts.beside_toys(study, facts.TOYS, "right_among", null="shuffled"))

# %% [markdown]
# The predictions, on means of the first condition: what is told is near 1 (0.9 or more); of what follows,
# the fraction right is within 0.1 of that with shuffled facts.

# %%
outcome = facts.outcome(study, "right_among", "shuffled", TOLD, DERIVED)
asked = where(study.final, measure="right_among", split="two_hop")
held, gained = inside.held_at_end(), inside.gained()
mending = where(inside.mending(), condition="facts")
study.save_numbers(
    study.quoted_settings(
        "task.n_two_hop", "task.n_pairs", "task.n_called", "task.n_answered", "training.steps"
    )
    | {
        "n_asked": f"{asked['n_examples'].min():g}",
        "rank": str(study.setting("model.adapter")["rank"]),
        "n_seeds": str(len(study.seeds)),
        "n_predictions": str(len(outcome)),
        "n_predictions_held": str(outcome["held"].sum()),
        "predictions_failed": failures(outcome, ALL),
        "alone_most": say.most(where(held, measure="part_alone_right")["mean"]),
        "alone_ever": say.most(where(inside.held(), measure="part_alone_right")["mean"]),
        "missing_least": say.least(where(held, measure="part_missing_right")["mean"]),
        "nearer_ever": say.most(inside.meeting()["mean"]),
    }
    | say.named(model, "model/{what}", as_typeset)
    | say.named(inside.timed(), "bridge_{when}", say.rounded(0))
    | say.named(inside.left(), "person_{when}", say.rounded(0))
    | say.named(inside.late(), "{measure}_late")
    | say.named(inside.followed(), "followed/{measure}")
    | say.named(over_seeds(inside.read_at_end, ["measure"]), "{measure}_end")
    | say.named(inside.moved(), "moved/{condition}/{layer}", say.rounded(3))
    | say.named(gained, "gained/{part}/{place}")
    | say.named(gained, "gained/{part}/{place}/from", lambda row: f"{row.layer:g}")
    | say.named(inside.selectivity(), "probed/{split}/{place}/{when}")
    | say.named(inside.nearer(), "nearer")
    | say.named(mending, "mending")
    | say.named(mending[mending["low"] > 0], "mending_is_clear")
    | say.named(
        where(by_split, split=ALL), "{condition}/{split}_before", say.column("before", digits=2)
    )
)
outcome

# %% [markdown]
# ## Compared with the literature
#
# Larger models, which answer freely: so ours is the share in which the right answer is the first of all
# tokens. The difference between the papers is taken within each seed.

# %%
ours = {"papers": where(trust, condition="facts"), "first_hop": inside.first_beyond_second()}
if "papers_apart" in study.reference:
    ours |= {"papers_apart": where(trust, condition="papers_after")}
study.verdict(ours)
