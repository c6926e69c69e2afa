# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Circuits in a language model's own training
#
# **Question.** When in its pretraining does a language model form induction heads and learn to name
# indirect objects, and on how many tokens do its predictions rest by then?
#
# **Hypothesis.** The order is that of our small worlds: first a head that looks at the previous token, then
# one that looks at what came after an earlier copy of the current one, and with it the prediction of what
# repeats (Olsson et al. 2022). Before that, predictions rest on one or two tokens. Indirect objects, which
# need several kinds of heads, come later (Tigges et al. 2024). (Formulated before any run: we have run
# none.)
#
# **What would refute it.** Induction heads before a head for previous tokens, or repeated tokens that are
# predicted before there are induction heads; indirect objects named before either.

# %% tags=["parameters"]
study_name = "pythia"
results = "results"

# %%
from onset.figures.apart import SHARES, Panel
from onset.notebook.here import here
from onset.statistics import times
from onset.statistics.milestones import half_its_end
from onset.statistics.named import stacked
from onset.statistics.seeds import over_seeds

study = here(study_name, results)
PREVIOUS, INDUCTION = "looks at the previous token", "looks at what came after a copy"
SCORES = {PREVIOUS: "previous_token_score", INDUCTION: "induction_score"}
NAMED, NOBODY = {"ioi": "the other name is asked for"}, {"three_names": "null: either would do"}

# %% [markdown]
# ## What was asked
#
# Nothing is trained here: the checkpoints are those that were published. Seeds draw the prompts, so that
# intervals are those of prompts and not of models. There is one model.

# %%
study.what_was_run(
    {
        "checkpoint": "model.checkpoint",
        "revision": "model.revision",
        "steps": "training.steps",
        "examples": "task.n_examples",
    }
)

# %% [markdown]
# ## Heads, and what they are for
#
# The strongest head of each kind at each step, which may be another one at another step. Where a score
# rises before the loss on repeated tokens falls, the head isn't enough; where it rises after, another part
# does the work.

# %%
strongest = {
    shown: study.measured(score, condition="repeated")
    .sort_values("value", ascending=False, kind="stable")
    .drop_duplicates(["seed", "step"])
    for shown, score in SCORES.items()
}
gained = study.measured("in_context_score", condition="repeated", split="test")
by = ["condition", "shown", "step"]
drawn = {
    "heads": Panel(
        over_seeds(stacked(strongest), by), "share of attention", SHARES, logarithmic=True,
        xlabel="step of pretraining",
    ),
    "loss": Panel(
        over_seeds(stacked({"late − early": gained}), by), "late − early loss (nats)",
        logarithmic=True, xlabel="step of pretraining",
    ),
}  # fmt: skip
curves = {name: name for name in (*SCORES, "late − early")}
study.apart_figure("heads", drawn, curve="shown", of=curves)

# %% [markdown]
# ## Indirect objects
#
# "When Mary and John went to the shop, John gave a drink to": the name that comes once is the right answer.
# In the null a third name comes in the second clause, and the model can but choose.

# %%
SPLITS = NAMED | NOBODY
named = study.along("candidate_accuracy", split=SPLITS, condition="ioi")
study.curves_figure(
    "indirect_objects", named, None, "accuracy among all names", curve="split", of=SPLITS,
    xlabel="step of pretraining",
)  # fmt: skip

# %% [markdown]
# ## On how many tokens predictions rest
#
# The same sentences, of which the model is given the last tokens alone. A model that goes by the last token
# (a bigram model) answers them as it does the whole.

# %%
needed = study.measured("context_divergence", condition="ioi", split=list(NAMED))
needed = needed.assign(shown=needed["component"].map("the last {:.0f}".format))
lengths = {name: name for name in dict.fromkeys(needed.sort_values("component")["shown"])}
study.curves_figure(
    "context", over_seeds(needed, by), None, "divergence (nats)", curve="shown", of=lengths,
    xlabel="step of pretraining", shares=False,
)  # fmt: skip

# %% [markdown]
# ## When
#
# The step at which each goes half its way to the last checkpoint, as far as the checkpoints tell: after the
# first of the two steps in brackets and not after the second.

# %%
right = study.measured("candidate_accuracy", condition="ioi", split=list(NAMED))
parts = {**strongest, "repeated tokens": gained, "indirect objects": right}
times.as_drawn(half_its_end(parts), "shown")

# %%
study.save_numbers({"n_seeds": str(len(study.seeds))})

# %% [markdown]
# **Asking the model.** In words, at the last checkpoint, or at any other (`step=`).

# %%
study.ask("When Mary and John went to the shop, John gave a drink to", "ioi")
