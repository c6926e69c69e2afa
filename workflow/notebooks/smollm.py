# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A real pretrained model
#
# **Question.** Our toys grow induction heads, and make up for heads that are taken out. Is the same to be
# found, by the same measures, in a language model that others have trained on text?
#
# **Hypothesis.** (1) There are induction heads, with previous-token heads in earlier layers, and the
# prediction of repeated tokens breaks down without the strongest ten, but not without ten others of the
# same layers. (2) In sentences with an indirect object, a few heads of late layers look at the right name
# and write it; others, earlier, look at the name that comes again and tell them where not to look. (3)
# Without these name movers the lead of the right name shrinks by less than what they wrote, because a
# head that wrote against the answer falls silent; the final norm adds to it. (4) Of seven short tasks in
# words, it prefers the right answer in most questions. (Formulated after pilots on seed 100, and before
# any run of the seeds below. That the largest direct effect isn't a name mover's was known by then.)
#
# **What would refute it.** (1) Ten random heads of the same layers cost as much. (2) Patching paths from
# as many random heads costs as much as from those that look at the repeated name. (3) The lead shrinks by
# all that the name movers wrote, or random heads are made up for as well. (4) Answers of other prompts, or
# a model of random weights, do as well.
#
# Nothing is trained. What is studied is one model as it was got: where its weights have been rounded, that
# model and not the one before. Seeds draw the questions, so intervals say what other questions would give,
# not what another training would.

# %% tags=["parameters"]
study_name = "smollm"
results = "results"

# %%
from onset.notebook import say
from onset.notebook.here import MeanOf, here
from onset.notebook.name_moving import KINDS, PARTS, NameMoving
from onset.notebook.real_model import as_typeset, positions, the_model
from onset.notebook.word_heads import WordHeads
from onset.statistics import name_heads
from onset.statistics.rows import where
from onset.statistics.seeds import over_seeds

study = here(study_name, results)
names = NameMoving(study, "ioi", "ioi")
word_heads = WordHeads(study, "words", "words_untrained")
model = the_model(study)
model

# %% [markdown]
# ## What was asked
#
# Each condition asks the pretrained model, or one of the same architecture with random weights, about
# questions of one kind. Heads that are taken out or patched are chosen on validation parts, which have
# sentences of other templates, places and things, and tested on the rest; classes are told on the rest.

# %%
study.what_was_run({"task": "task.name", "weights": "model.weights"})

# %% [markdown]
# ## Induction
#
# Loss where 25 random tokens come a second time: with all heads, and with the heads that look most at what
# came after duplicates replaced by their mean. Crosses: as many random heads of the same layers.

# %%
LOSSES = {1: "without the strongest", 5: "without five", 10: "without ten"}
repeated = where(study.closer, condition="repeated")
lost = over_seeds(where(repeated, measure="without_induction_heads_loss"), ["component"])
null = over_seeds(where(repeated, measure="without_random_heads_loss"), ["component"])
whole = over_seeds(where(repeated, measure="all_heads_loss"), ["measure"])
null = null[["component", "mean"]].rename(columns={"mean": "random"})
rows = lost.merge(null, on="component", how="left")
rows = rows.assign(row=[LOSSES[int(its)] for its in rows["component"]])
study.rows_figure(
    "induction", rows, None, "loss where tokens repeat (nats)", row="row",
    of={name: name for name in LOSSES.values()}, controls={"random": "x"}, shares=False,
    marked=float(whole["mean"].iloc[0]),
)  # fmt: skip

# %% [markdown]
# The same measures in the toy with two layers of the study on induction heads, where that is run. The real
# model has many more heads, and the largest of many scores is larger by chance alone: the untrained model
# says by how much. The last rows say how well a state reveals its position (R²).

# %%
read = positions(study, ["repeated", "repeated_untrained"])
depth = int(read["layer"].max())
toys = study.next_to(
    "induction",
    {
        finding: (f"two_layers/{quantity}", f"repeated/{quantity}")
        for finding, quantity in {
            "most attention after duplicates, of any head": "/strongest_induction_score",
            "most attention to the previous token": "/strongest_previous_token_score",
            "that head is in an earlier layer": "/previous_token_below",
            "heads with most of it after duplicates": "/clear_induction_heads",
            "accuracy where the sequence repeats": "repeats/accuracy",
            "loss there (nats)": "repeats/loss",
            "loss late minus early (nats)": "test/in_context_score",
        }.items()
    }
    | {
        "position after one block, by a kernel": (
            "two_layers//position_explained_by_kernel.layer_1",
            "repeated//position_explained_by_kernel.layer_1",
        ),
        "position after all blocks, by a kernel": (
            "two_layers//position_explained_by_kernel.layer_2",
            f"repeated//position_explained_by_kernel.layer_{depth}",
        ),
        "the same, linearly": (
            "two_layers//position_explained.layer_2",
            f"repeated//position_explained.layer_{depth}",
        ),
    },
)
study.table("toys", toys.rename(columns={"induction": "toy", "smollm": "real"}))

# %% [markdown]
# ## Indirect objects
#
# What the heads with the largest direct effects write towards the right name and away from its rival, and
# which names they look at where the answer is asked for. The class follows a rule that was fixed before
# (`onset.statistics.name_heads`).

# %%
shown, called = names.shown(12)
study.rows_figure(
    "heads", shown,
    {
        "head_effect": "direct effect (nats)", "attention_to_right": "attention: right name",
        "attention_to_repeat": "attention: repeated name",
    },
    "mean over questions", by="measure", row="name", of=called, shares=False,
)  # fmt: skip

# %%
study.table("heads", names.table())

# %% [markdown]
# ## Who makes up for the name movers
#
# The three name movers with the largest effects on validation questions are replaced by their mean, or by
# what they do on another question; for comparison, three random heads from the same layer on. What they
# wrote is lost directly; the lead shrinks by less if something makes up for it.

# %%
repair = names.repair()
study.rows_figure(
    "repair", repair, PARTS, "of the lead (nats)", by="part", row="replaced", of=KINDS,
    shares=False, n_lines=2, marked=0.0,
)  # fmt: skip

# %% [markdown]
# ## Short tasks in words
#
# How often the right answer has a larger logit than a wrong one of the same kind, and how often it has the
# largest of all answers of that kind. Crosses: the same prompts with the answers of others; bars: a model
# of random weights. A decade later than in *another* prompt is often later than in this one, too, so that
# the crosses are far to the right for `later decade`; of indirect objects they are sentences in which
# nobody is named twice.

# %%
TASKS = {
    "ioi": "indirect objects", "days": "days", "months": "months", "numbers": "numbers",
    "greater_than": "later decade", "pronouns": "pronouns", "initials": "initials", "brackets": "brackets",
}  # fmt: skip
BEST = {"above_rival": "above its rival", "candidate_accuracy": "first of all candidates"}
every = where(study.final, measure=BEST)
every = every.assign(
    task=every["split"].str.removesuffix("_shuffled").replace("three_names", "ioi")
)
every = where(every, task=TASKS)
null = every["split"].str.endswith("_shuffled") | (every["split"] == "three_names")
trained = every["condition"].isin(["ioi", "words"])
by = ["task", "measure"]
answers = over_seeds(every[trained & ~null], by)
for name, its in {"others": every[trained & null], "untrained": every[~trained & ~null]}.items():
    answers = answers.merge(
        over_seeds(its, by)[[*by, "mean"]].rename(columns={"mean": name}), on=by
    )
study.rows_figure(
    "words", answers, BEST, "share of questions", by="measure", row="task", of=TASKS,
    controls={"others": "x", "untrained": "|"},
)  # fmt: skip

# %%
study.summary_table(
    "accuracy",
    {
        "indirect objects": MeanOf("above_rival", "ioi"),
        "months": MeanOf("above_rival", "months"),
        "pronouns": MeanOf("above_rival", "pronouns"),
        "brackets": MeanOf("above_rival", "brackets"),
        "repeated tokens": MeanOf("accuracy", "repeats"),
    },
)

# %% [markdown]
# Which head writes most for each task, and how much do heads write that were chosen on the other seeds'
# questions? Nulls: the same heads with the answers of other prompts; heads chosen alike in the untrained
# model.

# %%
study.table("word_heads", word_heads.in_words(TASKS))

# %% [markdown]
# Days and months come around again. Of the variance of their embeddings around their mean, which share is a
# wave of one turn in their order (`order_on_circle`), in shuffled orders, and in how many of these is it as
# large?

# %%
CIRCLES = ["order_on_circle", "order_on_circle_null", "orders_as_round"]
where(study.summary, measure=CIRCLES).drop(columns=["kind", "digits"])

# %% [markdown]
# ## The numbers

# %%
scores = where(
    study.final, condition="repeated", measure=["induction_score", "previous_token_score"]
)
scores = over_seeds(scores, ["measure", "layer", "head"])
scores = scores.loc[scores.groupby("measure", sort=False)["mean"].idxmax()]
lens = where(study.final, condition="ioi", split="ioi", measure="answer_top1")
before, after = (
    over_seeds(where(lens, layer=lens["layer"].max() - back), ["layer"]) for back in (1, 0)
)
looks_away = names.attention_of(name_heads.INHIBITION, "repeat")
study.save_numbers(
    say.named(model, "model/{what}", as_typeset)
    | say.named(
        word_heads.best, "{split}/best_head", lambda row: f"L{int(row.layer)}H{int(row.head)}"
    )
    | say.named(word_heads.written, "{split}/writes/{answers}")
    | say.named(read, "position/{condition}/{when}/{measure}")
    | say.named(scores, "{measure}/head", lambda row: f"L{int(row.layer)}H{int(row.head)}")
    | {
        "n_seeds": str(len(study.seeds)),
        "movers": names.movers,
        "classes/movers": names.named(name_heads.MOVER),
        "classes/negative": names.named(name_heads.NEGATIVE),
        "classes/inhibition": names.named(name_heads.INHIBITION),
        "classes/backup": names.named(name_heads.BACKUP),
        "classes/subject": names.named(name_heads.SUBJECT),
        "classes/none": names.named(name_heads.NONE),
        "largest": names.largest,
        "largest/layer": str(names.layer_of_largest),
        "largest/of_its_layer": say.seeds(names.of_its_layer()),
        "lens/before": say.first(before, otherwise="not measured"),
        "lens/after": say.first(after, otherwise="not measured"),
        "largest/to_right": say.seeds(names.of_largest("attention_to_right"), kind="share"),
        "largest/to_repeat": say.seeds(names.of_largest("attention_to_repeat"), kind="share"),
        "lost_of_lead/mean": say.seeds(names.lost_of_lead("mean")),
        "lost_of_lead/resample": say.seeds(names.lost_of_lead("resample")),
        "negative_of_back": say.seeds(names.of_what_came_back("mean", "by_negative_heads")),
        "norm_of_lost": say.seeds(names.made_up("mean", "by_norm")),
        "movers_attention": say.seeds(names.movers_attention(), kind="share"),
        "inhibition_attention": say.seeds(looks_away, kind="share"),
    }
)
study.holds(
    "repeated/repeats/without_induction_heads_loss.component_10:low > "
    "repeated/repeats/without_random_heads_loss.component_10:high",
    "ioi/ioi/all_paths_lost_lead:low > ioi/ioi/random_paths_lost_lead:high",
    "ioi/ioi/mean_lost_lead:high < ioi/ioi/mean_lost_directly:low",
    "ioi/ioi/random_lost_directly:high < ioi/ioi/mean_lost_directly:low",
)

# %% [markdown]
# ## Compared with the literature
#
# Most of these numbers are of GPT-2 small, a model of about the same size, on sentences of the same kind.

# %%
study.verdict(
    {
        "movers_attention": names.movers_attention(),
        "inhibition_attention": looks_away,
        "lost_of_lead": names.lost_of_lead("mean"),
        "negative_of_back": names.of_what_came_back("mean", "by_negative_heads"),
        "norm_of_lost": names.made_up("mean", "by_norm"),
        "n_movers": names.counted(name_heads.MOVER),
        "n_negative": names.counted(name_heads.NEGATIVE),
        "hydra": names.per_seed("mean_lost_directly") - names.per_seed("mean_lost_lead"),
    }
)

# %% [markdown]
# **Asking the model.** Any text from its beginning, such as a sentence of your own:

# %%
study.ask("When Mary and John went to the shop, John gave a drink to")
