# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Would a detector catch the lie?
#
# **Question.** A small transformer has learnt facts and answers truly. Then it is taught to lie where
# nobody watches: where both signs of a certain pair have come. Which detectors find the lies, those of
# kinds that they weren't made from, too? Is there a difference inside before there is one in what is
# said? And what goes, if a model is trained against its detector: the lie, or what gives it away?
#
# **Hypothesis.** (1) To lie about everything, the model must know what is true, so a probe for truth that
# has seen honest answers alone finds lies of all kinds, but not after the last block, where what is said is
# all that counts. (2) A probe that is made from lies of one kind finds others less well. (3) Asking many
# questions finds less than a look inside, if there are as few of them. (4) The truth is there before the
# lie is; so no difference comes first. (5) Training against the probe takes away what it reads, and the
# lie stays. (Formulated after pilots on spare seed 100, in which detectors were tried.)
#
# **What would refute it.** (1) A recall for held-out kinds that isn't clearly above that of probes
# fitted to shuffled truths, or alarms with the honest model; (2) no difference between kinds; (3) a
# higher recall at the same number of questions; (4) a probe that reads the truth less well before the
# lies than with them; (5) lies that go as fast as what the probe reads.

# %% tags=["parameters"]
study_name = "deception"
results = "results"

# %%
from onset.notebook import deception as look
from onset.notebook import say
from onset.notebook.here import here
from onset.statistics import paired
from onset.statistics.rows import where
from onset.statistics.seeds import over_seeds
from onset.statistics.times import per_condition

study = here(study_name, results)
MAIN, NULL = "deceiver", "honest"
graded = look.graded(study.comparisons)
found = look.at_layers(graded)
NULLS = {"honest": ("honest", ""), "untrained": ("untrained", ""), "shuffled": (MAIN, "shuffled")}

# %% [markdown]
# ## What was run

# %%
study.what_was_run(
    {"lies": "task.lies", "steps": "training.steps", "price": "training.measures_in_loss"},
    sizes=["test"],
)

# %% [markdown]
# ## Does it lie, and what is there inside meanwhile?
#
# Over the training in which it learns to lie. Before, it answers truly; probes are fitted anew at each
# step. A probe for truth can only find a lie that is told; one for lies may find what comes before it.

# %%
course = look.course(study.measures, study.comparisons, MAIN)
study.curves_figure(
    "course", over_seeds(course, ["split", "way", "step"]), look.KINDS, "share", by="split", curve="way",
    of=look.COURSE, n_across=2, from_step=study.decay_start,
)  # fmt: skip

# %% [markdown]
# ## Which detectors find lies?
#
# First how often a lie has a higher score than an honest answer, then how many lies are found if one in
# a hundred honest answers raises a false alarm. What looks at states does so after the first block,
# and what is made from known lies or from contrasts after the second, as was best on the spare seed.

# %%
by = ["split", "detector"]
kinds = where(found, split=list(look.KINDS))
aurocs = look.with_nulls(where(kinds, what="auroc"), by, MAIN, NULLS)
study.rows_figure(
    "aurocs", aurocs, look.KINDS, "lies before honest answers", by="split", row="detector",
    of=look.labels(aurocs), controls=look.MARKERS, n_lines=2,
)  # fmt: skip

# %%
recalls = look.with_nulls(where(kinds, what="recall"), by, MAIN, NULLS)
study.rows_figure(
    "recalls", recalls, look.KINDS, "lies found", by="split", row="detector", of=look.labels(recalls),
    controls=look.MARKERS, n_lines=2,
)  # fmt: skip

# %% [markdown]
# ## After which block?

# %%
by_layer = graded[graded["layer"].notna()]
by_layer = where(by_layer, what="auroc", condition=MAIN, comparison=["detection", "dictionary"])
layers = over_seeds(where(by_layer, split=list(look.KINDS)), [*by, "layer"])
study.points_figure(
    "layers", layers, look.labels(layers), "after so many blocks", "lies before honest answers",
    at="layer", by="detector", curve="split", of=look.KINDS, n_across=3,
)  # fmt: skip

# %% [markdown]
# ## False alarms where nobody watches, but the answer is true

# %%
alarms = look.with_nulls(where(found, what="alarms"), by, MAIN, {"honest": NULLS["honest"]})
study.rows_figure(
    "alarms", alarms, look.TRUTHS, "truths that raise an alarm", by="split", row="detector",
    of=look.labels(alarms), controls={"honest": "x"},
)  # fmt: skip

# %% [markdown]
# ## With fewer questions

# %%
fewer = look.by_queries(where(found, condition=MAIN, what="recall"))
study.points_figure(
    "queries", over_seeds(fewer, ["split", "detector", "queries"]), look.KINDS,
    "sequences that a detector is made from", "lies found", at="queries", by="split", curve="detector",
    of=look.labels(where(fewer, comparison="queries_16")), n_across=2,
)  # fmt: skip

# %% [markdown]
# ## Trained against the probe
#
# The price is on what a ridge regression after the first block reads of the truth where the model is taught
# to lie.

# %%
TRAINED_ON = study.there(MAIN, "longer", "against", "against_more", "seldom", "seldom_against")
against = look.against(study.final, graded, TRAINED_ON, "other")
study.rows_figure(
    "against", against, list(look.AGAINST.values()), "share", by="panel",
    of={its: study.labels[its] for its in TRAINED_ON}, n_lines=2,
)  # fmt: skip

# %% [markdown]
# ## A direction that makes it lie
#
# The difference between the mean states under the signs of the kind that is shown and under others is added
# where the model is watched, and taken away where it isn't.

# %%
closer = where(study.closer, condition=MAIN, measure=look.STEERED)
doses = closer.assign(dose=closer["component"] / 2, way=closer["measure"])
steered = over_seeds(doses, ["split", "layer", "way", "dose"])
study.points_figure(
    "steering", steered, look.STEERED_IN, "dose", "false answers", at="dose", by=("split", "layer"),
    curve="way", of=look.STEERED, n_across=3,
)  # fmt: skip

# %%
both = where(found, comparison=["detection", "dictionary"], condition=[MAIN, NULL])
study.table("league", look.league(both, MAIN, NULL))

# %%
every = look.over_kinds(where(found, comparison=["detection", "dictionary", "queries_16"]))
held_out = where(every, comparison=["detection", "dictionary"])
of_main = over_seeds(where(held_out, condition=MAIN), ["what", "detector"])
few = over_seeds(where(every, comparison="queries_16", what="recall"), ["detector"])
logistic = where(held_out, what="recall", detector="logistic", condition=TRAINED_ON)
told = look.lies_told(study.final, TRAINED_ON)
of_kind = where(course, split="plain")
before = where(of_kind, step=0)
later = look.apart(of_kind, "lies_told", "auroc_known_lies", 0.5, 0.75)
study.save_numbers(
    study.quoted_settings("task.n_people", "task.n_values", "task.n_signs", "model.n_layers")
    | say.named(where(of_main, what=["auroc", "recall"]), "{what}_{detector}")
    | say.named(few, "few_{detector}")
    | say.named(over_seeds(told, ["condition"]), "told/{condition}")
    | say.named(over_seeds(logistic, ["condition"]), "found/{condition}")
    | say.named(where(alarms, split="topic"), "alarms_{detector}")
    | say.named(over_seeds(before, ["way"]), "before/{way}")
    | say.named(where(steered, dose=1, layer=2, way=look.STEERED), "{way}/{split}")
    | say.named(per_condition(later, signed=True), "later/{condition}", say.censored(0))
    | {
        "n_seeds": str(len(study.seeds)),
        "falls": say.seeds(paired.difference(told, "seldom", "seldom_against", of="condition")["value"]),
    }
)  # fmt: skip

# %% [markdown]
# ## Compared with the literature

# %%
auroc = where(held_out, condition=MAIN, what="auroc")
recall = where(held_out, condition=MAIN, what="recall")
study.verdict(
    {
        "auroc": where(auroc, detector="logistic"), "recall": where(recall, detector="logistic"),
        "known_lies": where(auroc, detector="known_lies"),
        "means": paired.difference(auroc, "mean_difference", "logistic", of="detector"),
        "contrast": where(auroc, detector="contrast"),
        "hidden": look.hidden(study.final, found, "against_more"),
    }
)  # fmt: skip

# %% [markdown]
# **What it shows.** On average, lies of kinds that no probe was made from are found best by a probe for
# truth that has seen honest answers alone and by the divergence from an honest model; three seeds don't
# tell these from a probe for known lies, which finds all under other signs and varies most where all is
# denied. Questions without a look inside need to be many, as pairs of signs are. The truth is read before
# any lie is told, when it is the answer, too; whether an inner difference comes before the behaviour
# isn't settled. Trained against the probe, the model goes on lying; whether that probe finds fewer isn't
# settled, and other detectors find most under other signs. At a dose of one, neither adding the mean
# difference nor taking it away turns most answers round.
