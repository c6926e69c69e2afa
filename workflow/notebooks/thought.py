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
from onset.notebook import say
from onset.notebook.here import MeanOf, here
from onset.notebook.thoughts import CASES, MONITORS, carriers, goes_on, noticed, read_along
from onset.statistics import named, paired
from onset.statistics.prediction import foresight, known_at, rank_correlations
from onset.statistics.rows import where
from onset.statistics.seeds import over_seeds

study = here(study_name, results)
chance = 1 / study.setting("task.n_states")
TOLD = [its for its, tells in study.setting_of_all("task.tells").items() if tells != "nothing"]
HINTED = [its for its in study.having("task.hints") if its not in TOLD]
PLAIN = [its for its in study.conditions if its not in (*HINTED, *TOLD)]
SIZES = study.there("whole", "whole_one_layer")
EDITED = [*SIZES, *study.there("shortened", "hinted", "corrupted")]
WHOM = {
    "written_rival": "follows the change", "written_right": "stays right",
    "written_neither": "neither",
}  # fmt: skip

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
by = ["condition", "split"]
contrast = study.with_controls(
    study.at_end("written_right", split="test"), by,
    untrained=study.untrained("written_right", split="test"),
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
# that is found in another way, it stays what it was ("adding mistakes" in Lanham et al. 2023).

# %%
changed = where(study.final, split="edited", measure=WHOM, condition=EDITED)
changed = changed[changed["component"].notna()].rename(columns={"component": "step_changed"})
edits = over_seeds(changed, ["condition", "measure", "step_changed"])
study.points_figure(
    "edits", edits, {its: study.labels[its] for its in EDITED}, "step that is changed",
    "share of answers", at="step_changed", curve="measure", of=WHOM, n_across=3,
)  # fmt: skip

# %% [markdown]
# When does it begin? Answers that are right, and those that follow a change, over training. Before a model
# can apply a function at all, it can't follow anything.

# %%
BEGINS = {"right on new questions": ("written_right", "test"),
          "follows a change": ("written_rival", "edited")}  # fmt: skip
begins = where(named.called(study.measures, BEGINS), condition=SIZES)
study.curves_figure(
    "begins", over_seeds(begins, ["condition", "shown", "step"]), list(BEGINS), "share of answers",
    by="shown", of=SIZES, from_step=study.decay_start,
)  # fmt: skip

# %% [markdown]
# ## A part of the thought
#
# Of the thought that a model has written, the first steps are kept, and filler takes the place of the
# others ("early answering"). Beside it, the rest is drawn anew, step by step: where answers stay the same,
# the outcome was decided. An answer that comes all at once with the last step rests on it; one that gets
# likelier from step to step is being worked out, or was known before.

# %%
KEPT = {"early_right": "the rest is filler", "resumed_right": "the rest is drawn anew"}
kept = where(study.closer, measure=KEPT, condition=EDITED).rename(columns={"component": "steps"})
kept = over_seeds(kept, ["condition", "measure", "steps"])
study.points_figure(
    "early", kept, {its: study.labels[its] for its in EDITED}, "steps that are kept",
    "right answers", at="steps", curve="measure", of=KEPT, n_across=3,
)  # fmt: skip
n_written = study.setting("task.n_steps") - 1
kept = kept.assign(but=kept["steps"].map({0: "none", n_written - 1: "but_one", n_written: "all"}))

# %% [markdown]
# ## Misled by a hint
#
# In training, some questions have a hint. Held-out questions are asked with a wrong one, all along
# training: does the answer follow the hint, or the thought, which the model still writes? Where hints and
# thoughts are always right, training doesn't say, and seeds may differ.

# %%
misled = study.along(
    ["written_rival", "written_right"], ["condition", "measure", "step"], split="misled",
    condition=HINTED,
)  # fmt: skip
study.curves_figure(
    "hints", misled, {"written_rival": "follows the hint", "written_right": "right"},
    "misled questions", by="measure", of=HINTED, from_step=study.decay_start,
)  # fmt: skip

# %% [markdown]
# Can the fate of a run be read early? What is known of the seeds with hints in a quarter of the questions
# after a quarter of the training, and its rank correlation with how often they follow a wrong hint in the
# end. Each seed's end is foretold from the others'; p: how often shuffled ends are foretold as well.

# %%
AMBIGUOUS = "hinted_quarter"
EARLY = {
    "follows the hint": ("written_rival", "misled"), "right": ("written_right", "test"),
    "loss": ("loss", "test"),
}  # fmt: skip
in_the_end = where(study.final, condition=AMBIGUOUS, measure="written_rival", split="misled")
outcome = in_the_end.set_index(["condition", "seed"])["value"]
watched = where(named.called(study.measures, EARLY), condition=AMBIGUOUS)
follows = where(watched, shown="follows the hint")
peak = follows.groupby(["condition", "seed"], observed=True)["value"].max()
known = known_at(watched, study.setting("training.steps") / 4, outcome.index)
known.assign(outcome=outcome).round(2)

# %%
fate = foresight(known, outcome, seed=0)
rank_correlations(known, outcome).round(2)

# %% [markdown]
# ## A monitor that reads thoughts, and one that reads states
#
# In one condition a thought begins by telling whether there is a hint. A monitor that reads the word
# notices every answer that goes by a hint. Then training goes on, and the data leave the word open: with
# nothing else (null), with a penalty on the word, or with hints that say nothing any more. A probe is
# fitted on states in which an answer goes by a hint, and on those without a hint; 5 % of the latter may
# raise an alarm, and the word is hidden from it.

# %%
layer = study.setting("model.n_layers")
monitors = noticed(study.comparisons, layer=layer)
WATCHED = {
    f"{its}/{case}": f"{study.labels[its]}: {CASES[case]}"
    for its in TOLD for case in CASES if f"{its}/{case}" in set(monitors["watched"])
}  # fmt: skip
watched = over_seeds(monitors, ["watched", "monitor"])
study.rows_figure(
    "monitors", watched, {its: MONITORS[its] for its in MONITORS if its in set(watched["monitor"])},
    "share of alarms", by="monitor", row="watched", of=WATCHED, n_lines=2,
)  # fmt: skip

# %% [markdown]
# ## Inside
#
# Can the answer be read before it is written? A ridge regression from the residual stream at each place,
# fitted on some questions and scored on others, and a control task (Hewitt & Liang 2019): the answer as
# it would be if the functions were others, which no model has learnt. Where both are read alike, the probe
# does the work.

# %%
READ = {"answer_read": "the answer", "answer_read_control": "control"}
ASKED = study.there("whole", "filler", "hinted")
read = over_seeds(
    where(study.closer, measure=READ, condition=ASKED),
    ["condition", "measure", "layer", "position"],
)
titles = {
    (its, layer): f"{study.labels[its]}, after {layer}"
    for its in ASKED
    for layer in range(study.setting("model.n_layers") + 1)
}
study.points_figure(
    "inside", read, titles, "place", "accuracy of the probe", at="position",
    by=("condition", "layer"), curve="measure", of=READ, n_across=3,
    beyond=dict.fromkeys(titles.values(), study.setting("task.n_steps") + 2.5),
)  # fmt: skip

# %% [markdown]
# One held-out question as the first condition's model goes on with it, and the answer that the probe reads
# at each place after the last block: a single question, and no measure of how often it is right.

# %%
first = study.first[study.conditions[0]]
study.table("example", read_along(first, layer=study.setting("model.n_layers")))

# %% [markdown]
# Where is a step on its way to the answer? What a model computes of a text with a wrong last step is put
# into the right text, at the place of that step or where the answer comes next, before each block; or what
# is there is moved as far at random (null).

# %%
MOVED = {"place_patched": "from the wrong text", "place_random": "as far at random"}
PATCHED = study.there("whole")
places = over_seeds(
    where(study.closer, measure=MOVED, condition=PATCHED),
    ["condition", "measure", "layer", "position"],
)
last = 2 * study.setting("task.n_steps") + 1
AT = {last: "last step", last + 1: "="}
PLACES = {study.setting("task.n_steps") + 2: "before", last: "step", last + 1: "answer"}
places, read = (its.assign(at=its["position"].map(PLACES)) for its in (places, read))
study.points_figure(
    "patching", places,
    {(its, at): f"{study.labels[its]}, {name}" for its in PATCHED for at, name in AT.items()},
    "before block", "follow the wrong step", at="layer", by=("condition", "position"),
    curve="measure", of=MOVED, n_across=2,
)  # fmt: skip

# %% [markdown]
# Which head carries it? Of each run the one whose output alone, exchanged where the answer comes next,
# makes most answers follow the wrong step, and what it looks at from there.

# %%
heads = carriers(study.closer)
heads.round(2)

# %% [markdown]
# ## The numbers
#
# Mean over seeds at the last checkpoint and the 95 % interval of the mean (what the brackets are and what
# they don't tell: `docs/statistics.md`). The paper quotes these.

# %%
study.summary_table(
    "answers",
    {
        "right": MeanOf("written_right", "test"),
        "right states": MeanOf("states_right", "test"),
        "follow a change": MeanOf("written_rival", "edited"),
        "follow a wrong hint": MeanOf("written_rival", "misled"),
        "tell of it": MeanOf("hint_told", "misled"),
    },
)

# %%
right = where(study.final, measure="written_right", split="test")
gain = paired.difference(right, "whole", "none", of="condition")
of_whole = where(heads, condition="whole")
study.save_numbers(
    {
        f"monitors/{its}/{monitor}": say.first(where(watched, watched=its, monitor=monitor), "none")
        for its in ("told_penalised/used", "told_penalised/unhinted", "told_unhelpful/unused",
                    "told_unhelpful/unhinted")
        for monitor in ("word", "probe", "earlier_probe", "chance")
    }
    | say.named(where(places, condition="whole"), "moved/{measure}/{at}/{layer}")
    | say.named(where(read, condition="whole", layer=layer, at=PLACES.values()), "read/{measure}/{at}")
    | say.named(
        where(kept, condition="whole", measure="early_right", but=["none", "but_one", "all"]),
        "kept/{but}",
    )
    | {
        f"heads/{its}": say.seeds(of_whole[its], kind="share")
        for its in ("patched", "random", "second", "looks", "earlier")
    }
    | {
        "fate/each": say.each(outcome.sort_values()), "fate/n_seeds": str(len(outcome)),
        "fate/peak": say.seeds(peak, kind="share"), "fate/p": f"{fate.p:.3f}",
        "fate/taken_back": say.seeds(peak - outcome, kind="signed_share"),
        "fate/error": f"{fate.error:.2f}", "fate/median_error": f"{fate.median_error:.2f}",
    }
    | study.quoted_settings(
        "task.n_states", "task.n_functions", "task.n_steps", "model.d_model", "training.steps"
    )
    | {
        "chance": f"{chance:.2f}",
        "gain": say.seeds(gain["value"], kind="signed_share"),
        "n_seeds": str(len(study.seeds)),
    }
)  # fmt: skip

# %% [markdown]
# ## Compared with the literature
#
# Filler in place of thoughts: in language models that weren't trained with it, it doesn't help. Ours are
# trained with it. Larger language models are reported to follow their thoughts less, and those whose
# thoughts are penalised to hide what they do.

# %%
followed = where(study.final, measure="written_rival", split="edited")
followed = followed[followed["component"].isna()]
study.verdict(
    {
        "filler": paired.difference(right, "filler", "none", of="condition"),
        "larger": paired.difference(followed, "whole", "whole_one_layer", of="condition"),
    }
)

# %% [markdown]
# **Editing a thought.** A question, and a thought as the first condition's model writes it; then the same
# with its second step changed. Change another step, the hint, or the question, and see what follows.

# %%
names = first.dataset.vocabulary
asked = first.dataset.splits["test"].tokens[0, : study.setting("task.n_steps") + 3]
question = " ".join(names[token] for token in asked)
thought = goes_on(first, question)
thought

# %%
first_step = thought.split()[len(question.split())]
goes_on(first, f"{question} {first_step} x0")
