# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Can two trainings be joined?
#
# **Question.** Two trainings of one network end with other weights. If the units of one are put where
# those of the other are (Git Re-Basin, Ainsworth et al. 2022), is the straight line between them free of a
# barrier, so that both are one solution? On modular addition it is known what neurons do: each is a wave
# of one frequency, at some phase. Does it take the same frequencies to lie in one basin?
#
# **Hypothesis, on record.** It won't work: different frequencies are different basins. A pilot with one
# hidden layer qualified that: the barrier falls with the width, and goes with the number of neurons for
# each frequency. That was a correlation. Here frequencies are planted at initialisation, so that pairs
# have the same or others, at the same number of neurons for each.
#
# **What would refute it.** A barrier as low between different frequencies as between the same; or a
# barrier that is no lower for the same ones than with units where they are.

# %% tags=["parameters"]
study_name = "rebasin"
results = "results"

# %%
from onset.notebook import basins, say
from onset.notebook.basins import Pairs
from onset.notebook.here import here
from onset.statistics.rows import where

study = here(study_name, results)
pairs = Pairs(study)
WIDTHS = {f"free_{width}_again": width for width in (128, 256, 512)}
SHARED = {
    "w128_k4_same": 4, "w128_k4_shares_3": 3, "w128_k4_shares_2": 2, "w128_k4_shares_1": 1,
    "w128_k4_other": 0,
}  # fmt: skip
PLANTED = [
    name for its in ("w128_k4", "w256_k4", "w128_k8", "w256_k8")
    for name in (f"{its}_same", f"{its}_other")
]  # fmt: skip
KNOWN = ["clusters_16_again", "clusters_128_again", "child_2", "free_128_again", "alike_128_again"]
TRANSFORMERS = [
    "transformer_child_2", "transformer_k2_same", "transformer_k2_other", "transformer_again",
]  # fmt: skip

# %% [markdown]
# ## What was run
#
# All pairs at a seed are trained in one world, on the same part of its table.

# %%
COLUMNS = {"neurons": "model.width", "steps": "training.steps"}
study.what_was_run(COLUMNS, sizes=["train", "test"])

# %% [markdown]
# ## From one training to the other
#
# Loss on held-out pairs along the straight line, with the second model's units where they are, where
# weights match best, and then with the statistics of neurons restored (REPAIR, Jordan et al. 2022).

# %%
SHOWN = study.there("free_128_again", "free_512_again", "w128_k4_same", "w128_k4_other")
study.curves_figure(
    "way", pairs.along(SHOWN), {name: study.labels[name] for name in SHOWN}, "loss",
    by="condition", curve="way", of=basins.ALONG, shares=False, xlabel="way to the second",
    logarithmic=False, n_across=2,
)  # fmt: skip

# %% [markdown]
# ## As they come: by the width
#
# Nulls: units in random places, and in those where they matched before training.

# %%
study.curves_figure(
    "widths", pairs.against(WIDTHS), None, "barrier (nats)", curve="way", of=basins.WAYS,
    shares=False, xlabel="neurons",
)  # fmt: skip

# %% [markdown]
# ## Planted: the same frequencies, or others
#
# In each two rows, width and number of frequencies are the same, and so are neurons per frequency.

# %%
study.rows_figure(
    "planted", pairs.barrier(PLANTED), basins.ALONG, "barrier (nats)", by="way", of=study.there(*PLANTED),
    shares=False,
)  # fmt: skip
study.curves_figure(
    "sharing", pairs.against(SHARED), None, "barrier (nats)", curve="way", of=basins.WAYS,
    shares=False, xlabel="frequencies of four that both were given", logarithmic=False,
)  # fmt: skip

# %% [markdown]
# ## Where it must work; and with places read alike

# %%
study.rows_figure(
    "known", pairs.barrier(KNOWN), basins.ALONG, "barrier (nats)", by="way", of=study.there(*KNOWN),
    shares=False,
)  # fmt: skip
copies = pairs.measured(study.conditions, ["found_of_copy", "barrier_of_copy"])
copies.groupby("measure")["mean"].agg(["min", "max"])

# %% [markdown]
# ## The transformer
#
# Two children of one training, pairs with the same or other frequencies planted, and as they come. Not
# all neurons could be paired by frequency where the same were planted: trainings prefer one of them.

# %%
study.rows_figure(
    "transformer", pairs.barrier(TRANSFORMERS, basins.TURNED), basins.TURNED, "barrier (nats)", by="way",
    of=study.there(*TRANSFORMERS), shares=False, n_lines=2,
)  # fmt: skip

# %% [markdown]
# ## What neurons are matched to
#
# Nulls: the second model's neurons in a random order (×), shuffled within their frequencies (|), and the
# neurons of the second model before its training, matched as well (+).

# %%
TUNED = study.there("free_512_again", *PLANTED, *TRANSFORMERS[1:])
study.rows_figure(
    "matched", pairs.matched(TUNED), basins.MATCHED, "pairs, or cosine", by="measure", of=TUNED,
    controls=basins.NULLS, shares=False,
)  # fmt: skip

# %% [markdown]
# ## In the middle
#
# Held-out pairs answered by the model halfway, matched by weights: as it is, and when waves of some
# frequencies are taken out of its logits; and the part of its logits that is waves of a + b − c.

# %%
study.rows_figure(
    "middle", pairs.measured(TUNED, basins.MIDDLE), basins.MIDDLE, "accuracy", by="measure", of=TUNED,
    n_lines=2,
)  # fmt: skip
study.rows_figure(
    "circles", pairs.measured(TUNED, basins.CIRCLES), basins.CIRCLES, "share of the logits' variance",
    by="measure", of=TUNED,
)  # fmt: skip

# %% [markdown]
# ## The numbers, and those of others

# %%
ASKED = [
    "frequencies", "neurons_per_frequency", "shared", "same_frequency", "tuning", "phase",
    "phase_in_frequency", "kept_of_shared", "kept_of_single", "middle_accuracy", "without_first",
    "without_second", "middle_loss_enlarged",
]  # fmt: skip
numbers = pairs.measured(study.conditions, ASKED)
barriers = pairs.barrier(study.conditions)
in_order = pairs.barrier(TRANSFORMERS, ["in_order"])
# Networks that have hardly been trained have no waves to be kept.
UNKEPT = ["found/kept_of_shared/w128_k4_same", "found/kept_of_single/w128_k4_other"]
study.save_numbers(
    {name: "not measured" for name in UNKEPT}
    | say.named(barriers, "barrier/{condition}/{way}")
    | say.named(in_order, "barrier/{condition}/{way}")
    | say.named(numbers, "found/{measure}/{condition}")
    | {
        "n_seeds": str(len(study.seeds)),
        "repaired": say.seeds(pairs.less("w128_k4_same", "repaired", "by_weights")),
        "copy": f"{where(copies, measure='found_of_copy')['mean'].mean():.3f}",
        "to_copy": f"{where(copies, measure='barrier_of_copy')['mean'].mean():.4f}",
    }
)
wide, narrow = (pairs.values(its, "by_weights") for its in ("free_512_again", "free_128_again"))
study.verdict(
    {
        "repaired": pairs.less("w128_k4_same", "repaired", "by_weights"),
        "power": pairs.power(list(WIDTHS), list(WIDTHS.values()), "by_weights"),
        "wider": wide - narrow,
        "replicated": wide / pairs.values("free_512_again", "unmoved"),
    }
)

# %% [markdown]
# **What it shows.** As they come, wide networks can be joined, against the prediction: they use nearly all
# frequencies, and the barrier falls with the width. Where frequencies are planted, the prediction holds:
# at the same number of neurons for each, others are another basin, and the same ones nearly one. The more
# frequencies are shared, the lower the barrier. With eight, the wider network has less; with four, widths
# can't be told apart. Matching pairs neurons by frequency and, within frequencies, by phase. Halfway
# between different frequencies both circuits are there; with 256 neurons most pairs are answered. The
# transformer, with two or three frequencies, isn't joined as it comes: matched weights are then worse
# than unmoved ones. With the same two planted, one of three trainings didn't learn to add: nothing can be
# told of these. REPAIR takes away less than was published.

# %%
study.holds(
    "barrier/free_512_again/by_weights:high < 0.1 * barrier/free_512_again/unmoved:low",
    "barrier/w128_k4_other/by_weights:low > 3 * barrier/w128_k4_same/by_weights:high",
    "barrier/w256_k8_same/by_weights < barrier/w128_k8_same/by_weights",
    "found/phase/w128_k4_same:low > found/phase_in_frequency/w128_k4_same:high",
    "found/without_first/w128_k4_other < found/middle_accuracy/w128_k4_other",
)
