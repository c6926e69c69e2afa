# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Sums, digit by digit
#
# **Question.** Is a smooth loss the sum of many small phase changes? A small transformer learns to
# add two numbers of five digits, whose digits are uniform and all asked equally often. Each digit of
# the sum has a plateau and a fall of its own (Nanda et al. 2023). In which order do they fall, and
# why?
#
# **Explanations.** (a) *Frequency*: what is asked more often comes first. (b) *Depth*: a digit comes
# later the more columns have to be looked through to know what is carried into it. (c) *Gradient*:
# the digit whose gradient stands out most from the noise on the plateau comes first. (d) *Chance*:
# each seed has its own order. A fifth came up in thinking about why the highest digit comes first in
# pilots, though it depends on the longest carries: (e) *the wrap is in view*: where the sum is
# written highest digit first, the carry-out stands right before the highest digit and says whether
# ten is to be taken off, so that this digit alone needs no modulus: it is a sum of what is in view.
#
# **Hypothesis.** (e). Then the highest digit is not early any more if the carry-out isn't written,
# whether or not anything is carried; and it is early if nothing is carried, but the carry-out is
# written. What a digit's loss does after it has begun is the carry: it rests near ln 2 until the
# carry is known. (Formulated after pilots with one layer, highest digit first, with and without
# carries, and before any run without a carry-out, with equally difficult digits, or with surgery.)
#
# **What would refute it.** (a) an order among digits that are asked equally often; a digit that is
# asked a quarter as often and comes no later; (b) an order that is the same where all digits are
# equally difficult, or the reverse of that of depth; (c) ranks that agree with those of the gradient
# no better than chance; (d) seeds that agree; (e) a highest digit that is as early without a
# carry-out.

# %% tags=["parameters"]
from onset.notebook.parameters import PositiveFloat

study_name = "addition"
results = "results"
begun: PositiveFloat = 1.5
learnt: PositiveFloat = 0.3
assert learnt < begun

# %%
from math import log

from onset.notebook import say
from onset.notebook.carries import BROUGHT, READ, Carries
from onset.notebook.digits import EXPLANATIONS, Digits
from onset.notebook.here import here
from onset.statistics import digit_order, times
from onset.statistics.per_run import of_conditions, per_condition
from onset.statistics.rows import where

study = here(study_name, results)
base = study.conditions[0]
its = Digits(study, base, begun, learnt)
carries = Carries(its)
WORLDS = [
    "one_layer", "two_layers", "finite_data", "little_endian", "shuffled_order", "no_carry_out",
    "no_carries", "only_carry_out", "few_carries", "equally_difficult",
]  # fmt: skip
SURGERY = [
    "carries_given", "others_given", "carries_asked", "others_asked", "without_ones",
    "without_highest", "rarely_highest", "knows_carries", "knows_others",
]  # fmt: skip
worlds, surgery = study.there(*WORLDS), study.there(*SURGERY)
others = [name for name in [*worlds, *surgery] if name != base]

# %% [markdown]
# ## Each digit by itself
#
# Right digits before it are given to each digit, as in training. The dotted line is ln 2: the loss of
# a model that knows the sum of a digit's pair, and nothing of the carry.

# %%
shown = study.there(
    "one_layer", "two_layers", "little_endian", "no_carry_out", "no_carries", "equally_difficult"
)
study.curves_figure(
    "losses", its.along("digit_loss", shown), {name: study.labels[name] for name in shown},
    "loss of the digit (nats)", by="condition", curve="digit", of=its.names, shares=False,
    limits=(0, 3.5), logarithmic=False, marked=log(2), n_lines=2, n_columns=6,
)  # fmt: skip

# %% [markdown]
# ## Two skills, one after the other?
#
# The loss of a digit is that of its sum but for the carry, plus that of the carry, given the rest
# (the chain rule). How sharply does each fall? A loss that falls at a constant rate takes log(9) /
# log(2), about 3.2, times its half-life from nine tenths to a tenth; what takes less has waited
# first.

# %%
study.apart_figure("skills", its.skills(), curve="digit", of=its.names, n_columns=6)

sharp = its.sharpness()
study.rows_figure(
    "sharp", sharp, {"sum_loss": "sum of the pair", "carry_loss": "carry"},
    "steps from nine tenths to a tenth, over steps to the half", by="skill", row="digit",
    of=its.names, shares=False, marked=digit_order.SHARPNESS_OF_DECAY,
)  # fmt: skip

# %% [markdown]
# ## In which order
#
# When the loss of each digit is first below 1.5 nats: it has begun. The table has .3 nats, too, when
# the carry is known. Whether seeds agree on the order is tested against orders drawn at random.

# %%
order = its.drawn("begun", worlds)
study.rows_figure(
    "order", order, {name: study.labels[name] for name in worlds}, "step at which a digit begins",
    by="condition", row="digit", of=its.names, shares=False, n_lines=4,
)  # fmt: skip
listed = [name for name in study.conditions if name in set(its.told("begun")["condition"])]
study.table("times", its.times_cells(listed))

# %%
same = its.agreement(worlds)
rest = its.agreement(worlds, but=its.numbers[-1:])
same.merge(rest, on=["condition", "n_runs"], suffixes=["", " without the highest"]).round(3)

# %% [markdown]
# ## What is in view
#
# When the highest digit begins if the carry-out is written, and stands before it or after it: between
# which steps all runs of all worlds do, whatever else they differ in. In a shuffled order, seeds differ
# in where it stands.

# %%
view = its.in_view(worlds)
view

# %% [markdown]
# ## What tells the order
#
# Spearman's correlation of the digits' steps with what might explain them, within each run. Where all
# digits are asked equally often, or are equally difficult, these explain nothing, and have no row.
# The gradient is that of the last checkpoint at which no digit has begun: negative, if a stronger one
# comes first.

# %%
asked = study.there(*WORLDS, "rarely_highest")
explained = its.explained(asked)
study.rows_figure(
    "explained", explained, {name: study.labels[name] for name in asked},
    "rank correlation with the step at which a digit begins", by="condition", row="explanation",
    of=EXPLANATIONS, shares=False, bands=its.chance(), marked=0, n_lines=4,
)  # fmt: skip

study.apart_figure("gradients", its.gradients(), curve="digit", of=its.names, n_columns=6)

# %% [markdown]
# ## Surgery
#
# Carries are given as a row of digits before the answer begins, or asked in half of the examples; a
# digit is left out of the loss, or asked a quarter as often; training begins with a model that knows
# carries. Each has its null where there may be an effect of the format alone. What is carried into a
# column also says whether the column below wraps: a row of carries brings every wrap into view.

# %%
digits = {name: name for name in its.names}
factor = "step, relative to the base with the same seed"
for figure, when in {"factors": "begun", "factors_learnt": "learnt"}.items():
    study.rows_figure(
        figure, its.drawn_factors(when, surgery), digits, factor, by="digit", of=surgery,
        shares=False, marked=1, n_lines=2,
    )  # fmt: skip

# %% [markdown]
# ## What the circuit does
#
# Where heads look when a digit is predicted; which head brings the carry (its output is replaced by
# that in another sum with the same pair and the other carry); in which direction of what attention
# writes the carry lies, and whether the answer turns with it.

# %%
looked = study.there(*study.analysed)
study.points_figure(
    "attention", carries.looked_at(), its.names, "pair of digits", "attention", at="pair",
    by="digit", curve="condition", of=looked, n_lines=2,
)  # fmt: skip
titles = {name: study.labels[name] for name in looked}
study.points_figure(
    "brought", carries.brought(), titles, "column of the digit", "answers like the donor",
    at="component", by="condition", curve="what", of=BROUGHT,
)  # fmt: skip
read = where(carries.directions(), measure=list(READ))
study.points_figure(
    "direction", read, titles, "column of the digit", "carries told, answers turned",
    at="component", by="condition", curve="measure", of=READ, n_columns=2,
)  # fmt: skip
below = carries.looks_below()
carries.over_digits().round(2)

# %% [markdown]
# ## The numbers, compared with the literature
#
# Steps are geometric means over seeds with 95 % intervals that are never finer than the checkpoints
# (`docs/statistics.md`).

# %%
lag = its.later_with_a_carry("thousands")
steps = study.settings_of(study.conditions, "training.steps")
over_digits = carries.over_digits()
known = its.trained_loss(study.there("carries_alone", "others_alone"))
LATE = [  # what the paper quotes and runs may end before
    "agreement/no_carry_out", "agreement_p/no_carry_out", "agreement_rest/one_layer",
    "agreement_rest_p/one_layer", "below/one_layer/carrier", "below/one_layer/others",
    "carry/one_layer/carry_patched_follows", "carry/one_layer/layer_patched_follows",
    "explained/one_layer/depth", "explained/one_layer/gradient", "first/equally_difficult",
    "first/no_carry_out",
]  # fmt: skip
study.save_numbers(
    {name: "not measured" for name in LATE}
    | say.named(its.told("begun"), "{condition}/{digit}/begun", say.time)
    | say.named(its.told("learnt"), "{condition}/{digit}/learnt", say.time)
    | say.named(times.of_several(its.factors("begun", others), "digit"),
                "{condition}/{digit}/begun factor", say.censored(2))
    | say.named(times.of_several(its.factors("learnt", surgery), "digit"),
                "{condition}/{digit}/learnt factor", say.censored(2))
    | say.named(sharp, "sharp/{skill}/{digit}")
    | say.named(same, "agreement/{condition}", say.mean)
    | say.named(same, "agreement_p/{condition}", say.column("p", 3))
    | say.named(rest, "agreement_rest/{condition}", say.mean)
    | say.named(rest, "agreement_rest_p/{condition}", say.column("p", 3))
    | say.named(known, "trained_loss/{condition}", say.rounded(3))
    | say.named(explained, "explained/{condition}/{explanation}")
    | say.named(its.first(worlds), "first/{condition}", say.counted)
    | say.named(view, "in_view/{carry_out}/n_runs", say.column("n_runs"))
    | say.named(view, "in_view/{carry_out}/earliest", say.column("earliest", 0))
    | say.named(view, "in_view/{carry_out}/latest", say.column("latest", 0))
    | say.named(over_digits, "carry/{condition}/{measure}")
    | say.named(per_condition(below["carrier"], "share"), "below/{condition}/carrier")
    | say.named(per_condition(below["others"], "share"), "below/{condition}/others")
    | say.named(times.per_condition(lag, signed=True), "lag/{condition}", say.censored(0))
    | say.named(steps, "steps/{condition}", say.column("said"))
    | study.quoted_settings(
        "task.n_digits", "model.d_model", "model.n_heads", "training.batch_size",
    )
    | {
        "n_seeds": str(len(study.seeds)),
        "finite_examples": str(study.setting("task.n_train", "finite_data")),
        "decay": f"{digit_order.SHARPNESS_OF_DECAY:.1f}",
        "chance_low": f"{its.chance()['depth'][0]:.2f}".replace("-", "−"),
        "chance_high": f"{its.chance()['depth'][1]:.2f}",
    }
)  # fmt: skip
study.verdict(
    {
        "highest": its.ratio("begun", "ten thousands", "ones"),
        "carry_out": its.ratio("learnt", "carry-out", "ones"),
        "thousands": its.ratio("learnt", "thousands", "ones"),
        "tens": its.ratio("begun", "tens", "ones"),
        "lag": times.estimate(lag, signed=True).summary,
        "below": of_conditions(below["carrier"] - below["others"], [base]),
    }
)

# %% [markdown]
# ## What the numbers say of the hypothesis
#
# The highest digit comes first and early in the base, and wherever the carry-out stands before it; where
# the carry-out stands after it, or isn't written, it comes late. A row of carries before the answer
# makes the others as early. All this is as (e) has it. It is no order of depth (b): it stays the same
# where all digits are equally difficult. The others are in no order that seeds share (d). Frequency
# delays a digit where it differs (a); the gradient on the plateau points the right way, but three seeds
# don't tell it from chance (c). Asking for carries, too, makes sums slower, not faster.
#
# The highest digit falls as slowly as an exponential decay; the others wait, and fall at once. So
# "suddenly" is true of those that need a modulus.

# %%
study.holds(
    "first/one_layer >= 1", "in_view/before/latest < in_view/after/earliest",
    "no_carry_out/ten thousands/begun:low > 2 * one_layer/ten thousands/begun:high",
    "carries_given/tens/begun:high < one_layer/tens/begun:low",
    "carries_given/ones/begun:high < one_layer/ones/begun:low",
    "others_given/tens/begun factor > 1", "first/equally_difficult >= 1",
    "agreement_rest_p/one_layer > 0.05", "rarely_highest/ten thousands/begun factor:low > 1",
    "explained/one_layer/gradient < 0", "explained/one_layer/gradient:high > 0",
    "carries_asked/ones/begun:low >= 500", "others_asked/ones/begun < 500",
    "sharp/sum_loss/ones:high < decay", "sharp/sum_loss/thousands:high < decay",
    "sharp/sum_loss/ten thousands:low > sharp/sum_loss/ones:high",
)  # fmt: skip

# %% [markdown]
# **Asking a model.** The first digit of the answer, the carry-out; write what follows to ask for the
# next.

# %%
study.ask("6 5 4 3 8 + 3 4 5 6 6 =")
