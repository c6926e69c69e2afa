# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What the falling learning rate does
#
# **Question.** One block applied once per hop answers questions about two facts that it has only seen
# apart (`oo`) if its learning rate falls at the end of training; at a constant rate it hardly does. Is
# the answer there before the rate falls, hidden by the noise of large steps, or does the fall make it?
#
# **Method.** A trunk is trained at a constant rate. From its checkpoints, branches go on with a rate that
# falls linearly to zero, over 100, 300 or 1,000 steps; with a tenth of the rate at once; with larger
# batches; or with another weight decay. A branch begins with fresh moments of the optimiser; branches in
# which nothing else changes are the control for that.
#
# **Hypothesis.** There is a step from which on the answer is latent: whatever lowers the noise of the
# updates shows it within a few hundred steps, which by themselves would not be enough to learn it.
#
# **When it was formulated.** After a pilot on one spare seed (100), and before the runs shown here. The
# pilot also showed that larger batches help less reliably than a lower rate, and that weight decay has a
# part in it.
#
# **What would refute it.** Branches that need the same number of low-rate steps wherever they begin (the
# fall makes the answer); or branches from step 500 that answer as many questions as those from step 2,000
# (it isn't the trunk that learns it). Step 500 turned out to be too early for that, as single facts aren't
# known there yet: step 1,000 is the one to compare with.

# %% tags=["parameters"]
from onset.notebook.parameters import Fraction

study_name = "annealing"
results = "results"
latent_at: Fraction = 0.5

# %%
import pandas as pd

from onset.notebook import say
from onset.notebook.here import here
from onset.statistics import milestones, order, times
from onset.statistics.rows import named_parts, where
from onset.statistics.seeds import over_seeds

study = here(study_name, results)
trunk = study.conditions[0]
ASKED = {"id": "both edges composed elsewhere (id)", "oo": "neither edge ever composed (oo)"}
accuracy = study.measured("accuracy", split=list(ASKED))
final = where(study.final, measure="accuracy", split=list(ASKED))

# %% [markdown]
# ## From when on
#
# Accuracy after annealing, by the step from which the branch goes on; that of the trunk at this step, and
# of the mean of the weights of its last five checkpoints. If the noise alone hid the answer, the mean
# would show it, too, wherever the trunk circles around one solution.

# %%
annealed = named_parts(final, "condition", r"from_(?P<start>\d+)_in_(?P<length>\d+)")
annealed["curve"] = annealed["length"].map("annealed_in_{}".format)
starts = sorted(annealed["start"].unique())
averaged = where(study.comparisons, measure="averaged_accuracy", split=list(ASKED))
of_trunk = {"constant": where(accuracy, condition=trunk), "averaged": averaged}
branches = pd.concat(
    [
        *(rows.assign(curve=name, start=rows["step"]) for name, rows in of_trunk.items()),
        annealed,
    ]
)
CURVES = {
    "constant": "constant rate", "averaged": "mean of five checkpoints",
    "annealed_in_100": "annealed in 100 steps", "annealed_in_300": "annealed in 300 steps",
    "annealed_in_1000": "annealed in 1,000 steps",
}  # fmt: skip
latent = over_seeds(where(branches, start=starts), ["curve", "split", "start"])
study.points_figure(
    "latent", latent, ASKED, "from step", "accuracy", at="start", by="split", curve="curve",
    of=CURVES, n_columns=2,
)  # fmt: skip

# %% [markdown]
# ## Other ways
#
# Branches of 300 steps in which something else changes: what lowers the noise without lowering the rate,
# what lowers the rate without taking it to zero, and what weight decay has to do with it.

# %%
other = named_parts(final, "condition", r"(?P<way>[a-z_]+)_(?P<start>\d+)")
ways = pd.concat([where(annealed, length=300).assign(way="annealed"), other])
WAYS = {
    "annealed": "rate falls to zero", "low_rate": "a tenth of the rate",
    "large_batch": "batches of 2,048", "no_decay": "no weight decay",
    "no_decay_annealed": "rate falls, no weight decay", "restarted": "nothing changed",
}  # fmt: skip
by_way = over_seeds(ways, ["way", "split", "start"])
study.points_figure(
    "ways", by_way, ASKED, "from step", "accuracy", at="start", by="split", curve="way", of=WAYS,
    n_columns=2,
)  # fmt: skip

# %% [markdown]
# That whatever lowers the noise brings the answer out, as the hypothesis says, isn't what we see: larger
# batches do less on average than a lower rate, and differ much between seeds; and from steps 2,000 and
# 3,000 on, lowering the rate without weight decay does less, too.

# %%
study.holds(
    "large_batch_2000/oo/accuracy < low_rate_2000/oo/accuracy:low",
    "no_decay_annealed_2000/oo/accuracy:high < from_2000_in_300/oo/accuracy:low",
    "no_decay_annealed_3000/oo/accuracy:high < from_3000_in_300/oo/accuracy:low",
)

# %% [markdown]
# ## What fails at the constant rate
#
# Along the trunk: is the bridge readable after the first hop (there, the logit lens gives the model's
# answer to the one-hop question), does the second hop use a donor's state, and does it use the donor's
# bridge entity itself, written cleanly? If the written entity is used and the donor's state isn't, the
# second hop knows the edge, and can't use what the first hop hands it.

# %%
at_bridge = where(study.analyses, condition=trunk, layer=1, position=1, split="oo")
lens = study.measured("bridge_top1", split="oo", condition=trunk, layer=1)
SIGNS = {
    "bridge in the logit lens": lens,
    "donor's state is used": where(at_bridge, measure="patch_donor_follows"),
    "written entity is used": where(at_bridge, measure="patch_written_follows"),
    "question is answered": where(accuracy, condition=trunk, split="oo"),
}
signs = order.together(SIGNS)
study.curves_figure(
    "code", signs, None, "fraction", curve="sign", of={its: its for its in SIGNS},
    named_at_ends=True,
)  # fmt: skip

# %% [markdown]
# ## Learning curves

# %%
study.learning_figure(
    "learning",
    {"atomic": "atomic facts", "composed_train": "trained two-hop facts", "oo": "oo questions"},
    of=[trunk],
)

# %% [markdown]
# ## The numbers
#
# Means over seeds with 95 % intervals (`docs/statistics.md`), which the paper quotes. When the answer is
# latent: the first step of the trunk from which a branch answers half of the `oo` questions; it lies
# between two of the steps from which branches go on, and depends on how long they are.

# %%
oo = where(annealed, split="oo")
latent_from = {
    length: milestones.reached(rows.assign(condition="annealed", step=rows["start"]), latent_at)
    for length, rows in oo.groupby("length")
}
NAMES = {
    "bridge in the logit lens": "lens", "donor's state is used": "donor",
    "written entity is used": "written", "question is answered": "answered",
}  # fmt: skip
signs["name"] = signs["sign"].map(NAMES)
half_new = study.measured("accuracy", split=["oi", "io"], condition=trunk)
half_new = over_seeds(where(half_new, step=starts), ["split", "step"])
study.save_numbers(
    say.named(where(latent, split="oo", curve=list(CURVES)), "latent/{curve}/{start}")
    | say.named(half_new, "constant/{split}/{step}")
    | say.named(where(by_way, split="oo", way=list(WAYS)), "way/{way}/{start}")
    | say.named(times.of_several(latent_from, "length"), "latent_from/{length}", say.time)
    | say.named(where(signs, step=starts), "code/{name}/{step}")
    | study.quoted_settings(
        "training.learning_rate", "training.batch_size", "training.weight_decay", condition=trunk
    )
    | {
        "n_seeds": str(len(study.seeds)),
        "latent_at": f"{latent_at:g}",
        "steps": say.thousands(study.setting("training.steps", trunk)),
    }
)
