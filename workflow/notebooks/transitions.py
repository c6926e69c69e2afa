# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Are phase changes everywhere?
#
# **Question.** Losses of large trainings fall smoothly. Is that a sum of many sudden changes? Three
# questions, from a model that can be solved to one that can't. Why is anything learnt suddenly, and
# does the reason carry over from a product of numbers to a block of a transformer? Is the mean of many
# sudden skills a power law, and the one that their frequencies foretell? And how many tokens of a text
# does a model learn suddenly?
#
# **Hypotheses.** (1) Where parts are of use only together, the gradient of each is proportional to what
# the others have become, so that all wait and then fall at once (Jermyn and Shlegeris 2022); one part
# alone decays from the start. What is given to a training shortens the wait to that of what isn't. This
# outlives ReLU, attention and norms; Adam, which divides by the size of gradients, ends the wait, but
# not the sharpness. (2) Each skill falls more sharply than a decay, and their mean falls as the power
# that the frequencies of the skills foretell (Michaud et al. 2023). (3) A text is no such world: most
# tokens fall no more suddenly than curves at the pace of the mean with the same noise.
#
# **What would refute it.** (1) one factor as sharp as three; a wait that isn't that of the closed form;
# (2) a mean as sharp as its skills; a power outside what is foreseen; (3) more sudden tokens than
# among curves drawn from the nulls, in most of a text. (Formulated before any run but a
# pilot of one network of skills.)

# %% tags=["parameters"]
study_name = "transitions"
results = "results"

# %%
import pandas as pd

from onset.figures.factors import draw_plateaus
from onset.notebook import say
from onset.notebook.here import here
from onset.notebook.ladder import Ladder
from onset.notebook.skills import MEAN, Skills
from onset.statistics.digit_order import SHARPNESS_OF_DECAY
from onset.statistics.named import stacked
from onset.statistics.per_run import per_condition
from onset.statistics.rows import complete, where
from onset.statistics.seeds import over_seeds

study = here(study_name, results)
ladder, skills = Ladder(study), Skills(study)
STEPS = study.there(
    "scalars",
    "one_given",
    "two_given",
    "linear",
    "relu",
    "attention",
    "norm",
    "adam",
    "linear_adam",
)

# %% [markdown]
# ## A product of numbers
#
# Under gradient flow, $w_i' = (1 - \prod_j w_j) \prod_{j \neq i} w_j$ has a solution in closed form
# (`onset.statistics.factors`). Lines are that solution, with none, one or two of the numbers given.

# %%
alike = ladder.numbers(study.there("scalars", "one_given", "two_given"))
plateaus = {name: ladder.plateaus(name) for name in alike}
figure = draw_plateaus({study.labels[name]: its for name, its in plateaus.items()})
drawn = {
    name: measured.merge(line, on=["factors", "scale"])
    for name, (measured, line) in plateaus.items()
}
study.save_figure(figure, "plateaus", stacked(drawn, "condition"))
off = ladder.farthest_off(alike)

# %% [markdown]
# ## Step by step towards a block of a transformer
#
# Each step adds one thing to those before. Sharpness is the time from nine tenths of the loss to a tenth,
# over the time to the half: what decays exponentially has log(9) / log(2), about 3.2, and what waits
# first has less. Attention has query and keys to learn beside the factors, so that even one factor
# isn't alone there.

# %%
numbers = [1, 2, 3]
sharp = complete(ladder.sharpness(), condition=STEPS, factors=numbers)
waiting = complete(ladder.waiting(), condition=STEPS, factors=numbers)
panels = {k: f"{k} factor{'s' if k > 1 else ''}" for k in numbers}
study.rows_figure(
    "ladder", sharp, panels, "sharpness", by="factors", of=STEPS, shares=False,
    marked=SHARPNESS_OF_DECAY,
)  # fmt: skip
study.rows_figure(
    "waiting", waiting, panels, "smallest scale over largest", by="factors", of=STEPS, shares=False,
    marked=1,
)  # fmt: skip

# %% [markdown]
# ## Many skills in one network
#
# Parities of three bits, each asked for with a frequency of its own. Left and middle: by Zipf's law with
# two exponents; right, the null: all alike, so that the mean is no smoother than its skills.

# %%
names = {str(number): f"skill {number}" for number in (1, 2, 4, 8)} | {MEAN: "all, as asked"}
shown = study.there("skills", "steeper", "alike")
study.curves_figure(
    "skills", skills.curves(shown, (1, 2, 4, 8)), {name: study.labels[name] for name in shown},
    "squared error", by="condition", curve="skill", of=names, shares=False, limits=(0, 1.1),
)  # fmt: skip

# %% [markdown]
# The powers: skills that need 1/p steps or examples each, or a neuron or some, leave a loss that follows
# from the frequencies of these 64 alone. That is what is foreseen, over the same range, from how many
# skills are known at its beginning. Without end, it would be α/(1 + α) over steps and examples and α
# over neurons, with α one less than Zipf's exponent.

# %%
over_steps = skills.along_steps(study.there("skills", "steeper"))
data = skills.amounts("task.n_train", "data_1000", "data_4000", "data_16000")
widths = skills.amounts("model.d_hidden", "width_6", "width_16", "width_48", "skills")
powers = pd.concat(
    [
        over_steps,
        skills.across("examples", data, "skills", 1 / study.setting("task.zipf", "skills")),
        skills.across("neurons", widths, "skills", 1.0),
    ]
)
AGAINST = {
    "steps": "steps", "steps, steeper": "steps (Zipf 1.8)", "examples": "examples",
    "neurons": "neurons",
}  # fmt: skip
OF = {"measured": "measured", "foreseen": "foreseen from the frequencies"}
exponents = complete(over_seeds(powers, ["against", "of"], "real"), against=AGAINST, of=OF)
study.rows_figure(
    "exponents", exponents, OF, "power with which the loss falls", by="of", row="against",
    of=AGAINST, shares=False,
)  # fmt: skip
either = say.otherwise("not measured", say.interval)
told = exponents.assign(said=[either(row) for row in exponents.itertuples()])
table = told.pivot(index="against", columns="of", values="said").loc[list(AGAINST), list(OF)]
study.table("powers", table.reset_index())

# %% [markdown]
# ## Tokens of a text
#
# A fall is sudden if more of it lies in a tenth of the checkpoints (on a logarithmic schedule) than in
# 95 of 100 draws of each null: the same fall at the pace of the mean of all, with the token's own noise;
# and the token's own changes in another order. The nulls are judged by the same rule, which tells how
# often it errs. Learning at the pace of the mean would be smooth; the last rows say how many tokens that
# explains (nine tenths of the variance).

# %%
JUDGED = {
    "sudden": "sudden (beyond both nulls)",
    "sudden_beyond_smooth": "beyond smooth curves",
    "sudden_beyond_shuffled": "beyond shuffled changes",
    "sudden_if_smooth": "null: of smooth curves, sudden",
    "sudden_if_shuffled": "null: of shuffled, sudden",
    "at_the_pace": "explained by the pace of the mean",
    "at_the_pace_if_smooth": "null: of smooth curves, explained",
}
tokens = where(study.comparisons, comparison="tokens", split="test")
judged = over_seeds(where(tokens, measure=list(JUDGED)), ["measure"])
study.rows_figure("tokens", judged, None, "tokens whose loss falls", row="measure", of=JUDGED)

shapes = where(tokens, measure="shape").assign(
    shape=lambda its: "shape " + its["component"].astype(int).astype(str)
)
SHAPES = {f"shape {number}": f"cluster {number + 1}" for number in range(4)}
study.curves_figure(
    "shapes", over_seeds(shapes, ["shape", "step"]), None, "part of the fall to come", curve="shape",
    of=SHAPES, limits=(-0.1, 1.6), shares=False,
)  # fmt: skip

# %% [markdown]
# The same rule over questions of the study of composition, where it is run: facts that are trained, and
# questions over two of them.

# %%
study.next_to(
    "composition",
    {
        "sudden: facts": ("sudden:shared_per_hop/atomic/sudden", "tokens:stories/test/sudden"),
        "sudden: held-out questions": (
            "sudden:shared_per_hop/id/sudden",
            "tokens:stories/test/sudden",
        ),
    },
)

# %% [markdown]
# ## The numbers, compared with the literature
#
# Steps are read between checkpoints on straight lines, so that no sharpness below a tenth can be told.

# %%
names = {"condition": skills.conditions}
skill_sharpness = complete(over_seeds(skills.sharpness(), ["condition"], "ratio"), **names)
learnt = over_seeds(skills.learnt(), ["condition"], "count")
of_mean = per_condition(skills.sharpness_of_mean("alike"), "ratio")
half = complete(ladder.halves(alike), condition=alike, factors=[*numbers, 4])
closed = ladder.foreseen("scalars")
closed = closed[closed["scale"] == closed["scale"].min()]
study.save_numbers(
    say.named(sharp, "sharpness/{condition}/{factors}", either)
    | say.named(waiting, "waiting/{condition}/{factors}", either)
    | say.named(half, "half/{condition}/{factors}", either)
    | say.named(closed, "closed/{factors}", say.column("sharpness", 2))
    | say.named(exponents, "exponent/{against}/{of}", either)
    | say.named(skill_sharpness, "skill_sharpness/{condition}", either)
    | say.named(learnt, "learnt/{condition}", say.mean)
    | say.named(of_mean, "sharpness_of_mean/{condition}", either)
    | study.quoted_settings("training.learning_rate")
    | {
        "n_seeds": str(len(study.seeds)),
        "decay": f"{SHARPNESS_OF_DECAY:.2f}",
        "off": f"{off:.3f}",
    }
)  # fmt: skip
of_skills = where(skills.sharpness(), condition="skills").set_index("seed")["value"]
ours = {
    "steps": where(over_steps, condition="skills", of="measured").set_index("seed")["value"],
    "convergence": skills.convergence("skills").droplevel("condition"),
    "plateaus": of_skills / SHARPNESS_OF_DECAY,
    "s_curve": ladder.sharper("linear", 2, 1).droplevel("condition"),
}
study.verdict({name: its.dropna() for name, its in ours.items()})

# %% [markdown]
# **What it shows.** A product of factors waits and then falls at once, as the closed form says, and what
# is given shortens the wait. With matrices drawn at random that outlives ReLU and attention; Adam nearly
# ends the wait for a small scale and leaves the sharpness, as foretold. With norms and all the rest,
# trainings of three factors don't all get to a tenth of their loss, so that part of the first hypothesis
# is left open. In the median, a skill falls more sharply than a decay. Two of four powers are what the
# frequencies foretell, over steps with a steep law and over examples; over steps with a flat one, and
# over neurons, the loss falls more slowly. Of the tokens of a text, many more are sudden beyond both
# nulls than of curves drawn from these, and the pace of the mean explains few. Beyond smooth curves with
# their noise most are, which refutes the third hypothesis; beyond shuffled changes, fewer than half.
