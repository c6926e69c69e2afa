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
# apart, if its learning rate falls at the end of training; with a constant rate it hardly does. Is the
# answer there before the rate falls, hidden by the noise of large steps, or does the fall make it?
#
# **Method.** A trunk is trained at a constant rate. From its checkpoints, branches go on with a rate that
# falls linearly to zero, over 100, 300 or 1,000 steps; with a tenth of the rate at once; with batches eight
# times as large; or without weight decay. If the answer was hidden by noise, all that takes the noise away
# shows it at once, and it also shows in the mean of several checkpoints' weights. If it is made by the
# fall, it takes a longer one, from whichever step.

# %% tags=["parameters"]
study_name = "annealing"
results = "results"

# %%
import pandas as pd

from onset.notebook import say
from onset.notebook.here import here
from onset.statistics.rows import named_parts, where
from onset.statistics.seeds import over_seeds

study = here(study_name, results)
trunk = study.conditions[0]
ASKED = {"id": "both edges composed elsewhere (id)", "oo": "neither edge ever composed (oo)"}
accuracy = study.measured("accuracy", split=list(ASKED))

# %% [markdown]
# ## From when on
#
# Accuracy after annealing, by the step from which the branch goes on; that of the trunk at this step, and
# of the mean of its last five checkpoints, a hundred steps apart.

# %%
annealed = named_parts(accuracy, "condition", r"from_(?P<start>\d+)_in_(?P<length>\d+)")
lengths = {its: f"annealed in {its:,} steps" for its in sorted(annealed["length"].unique())}
starts = sorted(annealed["start"].unique())
averaged = where(study.comparisons, measure="averaged_accuracy", split=list(ASKED))
along = {"constant": where(accuracy, condition=trunk), "averaged": averaged}
of_trunk = [
    rows.assign(curve=name, start=rows["step"])[rows["step"].isin(starts)]
    for name, rows in along.items()
]
last = annealed[annealed["step"] == annealed["length"]]
branches = pd.concat([*of_trunk, last.assign(curve=last["length"].map(lengths))])
CURVES = {
    "constant": "constant rate", "averaged": "mean of five checkpoints",
    **{its: its for its in lengths.values()},
}  # fmt: skip
latent = over_seeds(branches, ["curve", "split", "start"])
study.points_figure(
    "latent", latent, ASKED, "from step", "accuracy", at="start", curve="curve", of=CURVES,
)  # fmt: skip

# %% [markdown]
# ## Without the fall
#
# The same for branches of 300 steps in which something else changes: what takes the noise away without
# lowering the rate, or lowers it without taking it to zero.

# %%
other = named_parts(accuracy, "condition", r"(?P<way>[a-z_]+)_(?P<start>\d+)")
other = other[~other["way"].str.endswith("_in")]
in_300 = last[(last["length"] == 300) & last["start"].isin(other["start"].unique())]
ways = pd.concat([other[other["step"] == 300], in_300.assign(way="annealed")])
WAYS = {
    "annealed": "rate falls to zero", "low_rate": "a tenth of the rate",
    "large_batch": "batches eight times as large", "no_decay": "no weight decay",
    "no_decay_annealed": "no weight decay, rate falls to zero",
}  # fmt: skip
by_way = over_seeds(ways, ["way", "split", "start"])
study.points_figure(
    "ways", by_way, ASKED, "from step", "accuracy", at="start", curve="way", of=WAYS,
)  # fmt: skip

# %% [markdown]
# ## Learning curves
#
# The trunk's loss and accuracy.

# %%
study.learning_figure(
    "learning",
    {"atomic": "atomic facts", "composed_train": "trained two-hop facts", "oo": "oo questions"},
    of=[trunk],
)

# %%
study.save_numbers(
    say.named(where(latent, split="oo"), "latent/{curve}/{start}")
    | say.named(where(by_way, split="oo"), "way/{way}/{start}")
    | {"n_seeds": str(len(study.seeds))}
)
