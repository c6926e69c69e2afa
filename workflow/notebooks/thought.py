# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Thoughts that are written down
#
# **Question.** A question names a state and several functions, each a permutation of the states; the
# answer is the state that they lead to, one after the other. A small transformer is trained to write the
# state after each function but the last, and then the answer. Does it need what it writes? Do its answers
# follow it, mistakes included? And where another way leads to the answer, a hint, whom does it follow,
# and from when on?
#
# **Hypothesis.** Each written state makes the next one a single lookup, so that one layer is enough,
# while without thoughts the composition of several permutations takes several layers and isn't found by
# training (a random answer is as good as any until all steps are right). Filler gives places and no
# states, and doesn't help. Where thoughts are always right, the answer is looked up from the last state,
# so that an edit at any step is followed. Where a hint is always right as well, the answer can come from
# either, and training alone decides: the more questions have hints, the more often the hint wins (an
# order found in pilots on spare seeds); where thoughts are wrong now and then, the hint wins, where hints
# are, the thought. Who penalises the word that tells of a hint gets rid of the word.
#
# **What would refute it.** Right answers without thoughts, or with filler; answers that stay what they
# were when a step is changed; an answer that follows the hint where hints are wrong in training, or the
# thought where thoughts are; a penalty on the word that ends the use of hints as well.

# %% tags=["parameters"]
study_name = "thought"
results = "results"

# %%
from onset.notebook import hints, say
from onset.notebook import thought_steps as steps
from onset.notebook.here import MeanOf, here
from onset.notebook.hints import FATE, MONITORS
from onset.notebook.thought_steps import CARRIED
from onset.notebook.thoughts import goes_on, question, read_along
from onset.notebook.titles import crossed, there
from onset.statistics import paired
from onset.statistics.rows import complete, select, where

study = here(study_name, results)
first = study.first[study.conditions[0]]
n_steps, n_layers = study.setting("task.n_steps"), study.setting("model.n_layers")
chance = 1 / study.setting("task.n_states")
PLAIN, HINTED, TOLD = hints.by_hints(study.settings)
WHOLE = {its: study.labels[its] for its in study.there("whole")}
SIZES = WHOLE | {its: study.labels[its] for its in study.there("whole_one_layer")}
EDITED = SIZES | {its: study.labels[its] for its in study.there("shortened", "hinted", "corrupted")}

# %% [markdown]
# ## What was run
#
# A quarter of each held-out split was set apart for choosing settings (on other seeds); everything below
# is about the rest.

# %%
study.what_was_run(
    {
        "thoughts": "task.thoughts", "wrong thoughts": "task.corrupted", "hints": "task.hints",
        "right hints": "task.right_hints", "layers": "model.n_layers", "steps": "training.steps",
    },
    sizes=["test", "edited", "misled"],
)  # fmt: skip

# %% [markdown]
# ## With and without thoughts
#
# Rollouts on held-out questions: the model is given the question alone, and writes thought and answer by
# itself. Whoever misses a step knows nothing of the answer, so that by chance one of the states is right.

# %%
right = select(study.final, "written_right", "test")
contrast = study.with_controls(
    study.over_seeds_at_end(right, "split"), untrained=study.untrained("written_right", split="test")
)  # fmt: skip
study.rows_figure(
    "contrast", contrast, {"test": "held-out questions"}, "right answers in rollouts",
    controls={"untrained": "x"}, marked={"held-out questions": chance}, of=PLAIN,
)  # fmt: skip

# %% [markdown]
# ## A step is changed
#
# A wrong state is written in place of one step, and the model goes on from there. If the answer rests on
# what is written, it follows the change whichever step it is; if the thought only accompanies an answer
# that is found in another way, it stays what it was ("adding mistakes" in Lanham et al. 2023). When does
# that begin? Before a model can apply a function at all, it can't follow anything.

# %%
study.points_figure(
    "edits", steps.by_step_changed(study.final, EDITED), EDITED, "step that is changed",
    "share of answers", at="step_changed", curve="measure", of=steps.CHANGED, n_across=3,
)  # fmt: skip
study.curves_figure(
    "begins", steps.over_training(study.measures, SIZES), list(steps.BEGINS),
    "share of answers", by="shown", of=list(SIZES), from_step=study.decay_start,
)  # fmt: skip

# %% [markdown]
# ## A part of the thought
#
# Of the thought that a model has written, the first steps are kept, and filler takes the place of the
# others ("early answering"). Beside it, the rest is drawn anew, step by step: where answers stay the same,
# the outcome was decided. An answer that comes all at once with the last step rests on it; one that gets
# likelier from step to step is being worked out, or was known before.

# %%
kept = steps.by_steps_kept(study.closer, EDITED)
study.points_figure(
    "early", kept, EDITED, "steps that are kept", "right answers", at="steps", curve="measure",
    of=steps.KEPT, n_across=3,
)  # fmt: skip

# %% [markdown]
# ## Misled by a hint
#
# In training, some questions have a hint. Held-out questions are asked with a wrong one: does the answer
# follow the hint, or the thought, which the model still writes? Where both are always right in training,
# that isn't said, and seeds may differ. Can a run's fate be read early? What is known of the seeds with
# hints in a quarter of the questions after a quarter of the training, and its rank correlation with how
# often they follow a wrong hint in the end. Each seed's end is foretold from the others'.

# %%
by = ["condition", "measure", "step"]
study.curves_figure(
    "hints", study.along(hints.MISLED, by, split="misled", condition=HINTED), hints.MISLED,
    "misled questions", by="measure", of=HINTED, from_step=study.decay_start,
)  # fmt: skip
fate = hints.fate(study.measures, "hinted_quarter", study.setting("training.steps") / 4)
fate.table.round(2)

# %% [markdown]
# ## A monitor that reads thoughts, and one that reads states
#
# In one condition a thought begins by telling whether there is a hint. A monitor that reads the word
# notices every answer that goes by a hint. Then training goes on, and the data leave the word open: with
# nothing else (null), with a penalty on the word, or with hints that say nothing any more. A probe is
# fitted on states in which an answer goes by a hint, and on those without a hint; 5 % of the latter may
# raise an alarm, and the word is hidden from it.

# %%
watched = hints.noticed(study.comparisons, n_layers)
study.rows_figure(
    "monitors", watched, there(MONITORS, watched["monitor"]), "share of alarms", by="monitor",
    row="watched", of=hints.watched(watched, {its: study.labels[its] for its in TOLD}), n_lines=2,
)  # fmt: skip

# %% [markdown]
# ## Inside
#
# Can the answer be read before it is written? A ridge regression from the residual stream at each place,
# fitted on some questions and scored on others, and a control task (Hewitt & Liang 2019): the answer as
# it would be if the functions were others, which no model has learnt. Where both are read alike, the probe
# does the work. Then one held-out question as the first condition's model goes on with it, and the answer
# that the probe reads at each place after the last block, which is no measure of how often it is right.

# %%
ASKED = {its: study.labels[its] for its in study.there("whole", "filler", "hinted")}
read = steps.by_place(study.closer, steps.READ, ASKED)
layers = crossed(ASKED, {layer: f"after {layer}" for layer in range(n_layers + 1)})
study.points_figure(
    "inside", read, layers, "place", "accuracy of the probe", at="position",
    by=("condition", "layer"), curve="measure", of=steps.READ, n_across=3,
    beyond=dict.fromkeys(layers.values(), n_steps + 2.5),
)  # fmt: skip
study.table("example", read_along(first, n_layers))

# %% [markdown]
# Where is a step on its way to the answer? What a model computes of a text with a wrong last step is put
# into the right text, at the place of that step or where the answer comes next, before each block; or what
# is there is moved as far at random (null). Which head carries it? Of each run the one whose output alone,
# exchanged where the answer comes next, makes most answers follow the wrong step, and what it looks at from
# there.

# %%
moved = steps.named_by_place(steps.by_place(study.closer, steps.MOVED, WHOLE), n_steps)
study.points_figure(
    "patching", moved, crossed(WHOLE, {"step": "last step", "answer": "="}), "before block",
    "follow the wrong step", at="layer", by=("condition", "at"), curve="measure",
    of=steps.MOVED, n_across=2,
)  # fmt: skip
heads = steps.carriers(study.closer)
heads.round(2)

# %% [markdown]
# ## The numbers
#
# Mean over seeds at the last checkpoint and the 95 % interval of the mean (what the brackets are and what
# they don't tell: `docs/statistics.md`). The paper quotes these.

# %%
gain = paired.difference(right, "whole", "none", of="condition")
of_read = steps.named_by_place(where(read, condition="whole", layer=n_layers), n_steps)
of_kept = steps.named_by_steps(where(kept, condition="whole", measure="early_right"), n_steps)
of_heads = where(heads, condition="whole")
OF_HINTS = ["told_penalised/used", "told_penalised/unhinted", "told_unhelpful/unused",
            "told_unhelpful/unhinted"]  # fmt: skip
study.save_numbers(
    say.named(
        complete(watched, watched=OF_HINTS, monitor=MONITORS), "monitors/{watched}/{monitor}",
        say.otherwise("none"),
    )
    | say.named(where(moved, condition="whole"), "moved/{measure}/{at}/{layer}")
    | say.named(where(of_read, at=["before", "step", "answer"]), "read/{measure}/{at}")
    | say.named(where(of_kept, but=["none", "but_one", "all"]), "kept/{but}")
    | {f"heads/{its}": say.seeds(of_heads[its], kind="share") for its in CARRIED}
    | {f"fate/{its}": fate.said[its] for its in FATE}
    | study.quoted_settings("task.n_states", "task.n_functions", "task.n_steps", "model.d_model")
    | study.quoted_settings("training.steps")
    | {"chance": f"{chance:.2f}", "gain": say.seeds(gain["value"], kind="signed_share")}
    | {"n_seeds": str(len(study.seeds))}
)  # fmt: skip
study.summary_table(
    "answers",
    {
        "right": MeanOf("written_right", "test"), "right states": MeanOf("states_right", "test"),
        "follow a change": MeanOf("written_rival", "edited"),
        "follow a wrong hint": MeanOf("written_rival", "misled"),
        "tell of it": MeanOf("hint_told", "misled"),
    },
)  # fmt: skip

# %% [markdown]
# ## Compared with the literature
#
# Filler in place of thoughts: it doesn't help language models that weren't trained with it, and helps
# models that were, where steps can be done side by side. Ours are trained with it, and each step needs the
# one before. Answers are reported to be biased by what explanations don't mention, larger models to follow
# their thoughts less, and those whose thoughts are penalised to hide what they do.

# %%
followed = select(study.final, "written_rival", "edited")
filler = paired.difference(right, "filler", "none", of="condition")
larger = paired.difference(followed, "whole", "whole_one_layer", of="condition")
study.verdict({"filler": filler, "trained_filler": filler, "larger": larger})

# %% [markdown]
# **Editing a thought.** A question, and a thought as the first condition's model writes it; then the same
# with its second step changed. Change another step, the hint, or the question, and see what follows.

# %%
asked = question(first)
written = goes_on(first, asked)
first_step = written.removeprefix(asked).split()[0]
print(written, goes_on(first, f"{asked} {first_step} x0"), sep="\n")
