"""The config: whatever is wrong is refused before any work, with its file, key and what is right.

The cases change one thing in a valid config. Everything is read from a copy in a temporary folder.
"""

import json
import math
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
import yaml

from onset.config import ConfigError, load_project
from onset.config.folder import OWN_FOLDERS
from onset.config.problems import Layer, merge
from onset.config.schema import schemas
from onset.config.yaml_file import read_yaml
from onset.tasks import superposition
from onset.training.settings import TrainingSettings
from onset.workflow.jobs import Jobs
from tests.config_files import CONFIG, NOTEBOOK, PLAIN_NOTEBOOK, ROOT, STUDY, Files, bad


@pytest.fixture
def files(tmp_path):
    files = Files.copied(tmp_path)
    files.set(CONFIG, "studies", ["composition"])
    # The study's own conditions may change; the tests need a plain one and one that differs.
    files.set(STUDY, "conditions", {"one": {}, "wide": {"model": {"d_mlp": 512}}})
    # They speak of the study's own.
    files.quote_nothing(STUDY)
    for key in ("comparisons", "smoke.comparisons"):
        files.remove(STUDY, key)
    published = read_yaml(files.root / STUDY)["reference"]
    published = {name: its for name, its in published.items() if "ours" not in its}
    files.set(STUDY, "reference", published)
    return files


UNKNOWN_KEYS = [
    bad("in the config", CONFIG, "seed", [0], "unknown key", "did you mean seeds?"),
    bad("in a study", STUDY, "trainning", {}, "unknown key", "did you mean training?"),
    bad("in training", STUDY, "training.learning_rat", 1, "did you mean learning_rate?"),
    bad("in a model", STUDY, "model.n_head", 2, "did you mean n_heads?"),
    bad("in a task", STUDY, "task.n_entites", 50, "did you mean n_entities?"),
    bad("in checkpoints", STUDY, "checkpoints.cuont", 5, "did you mean count?"),
    bad("in a condition", STUDY, "conditions.one.trainig", {}, "did you mean training?"),
    bad("in its section", STUDY, "conditions.one.model.nheads", 2, "did you mean n_heads?"),
    bad(
        "in a parent",
        STUDY,
        "conditions.one.parent",
        {"condition": "wide", "setp": 0},
        "did you mean step?",
        key="conditions.one.parent.setp",
    ),
    bad(
        "in a condition's overrides",
        CONFIG,
        "overrides.composition.conditions.one.extra_seed",
        [1],
        "did you mean extra_seeds?",
    ),
    bad(
        "a path",
        STUDY,
        "conditions.one",
        {"training.slow_gradients.lamb": 1},
        "a key has no dots; write training: {slow_gradients: {lamb: ...}}",
        key="conditions.one.training.slow_gradients.lamb",
    ),
    bad("nothing alike", STUDY, "training.zzz", 1, "unknown key; (allowed: batch_size, betas,"),
]

MISSPELT = [
    bad("study", CONFIG, "studies", ["compositon"], "there is no such file",
        "did you mean composition?", key=""),
    bad("task", STUDY, "task.name", "compositoin", "unknown task", "did you mean composition?"),
    bad("no task", STUDY, "task.name", "xyzzy", "unknown task 'xyzzy'; (allowed: "),
    bad("model", STUDY, "model.name", "tranformer", "unknown model", "did you mean transformer?"),
    bad("model is a list", STUDY, "model.name", ["transformer"], "unknown model family"),
    bad("measure", STUDY, "measures", ["predicton"], "unknown measure", "did you mean prediction?"),
    bad("analysis", STUDY, "analyses", {"names": ["patchin"]}, "did you mean patching?",
        key="analyses.names"),
    bad("split of analyses", STUDY, "analyses", {"splits": ["o_o"]}, "no split 'o_o'", "oo",
        key="analyses.splits"),
    bad("trainable", STUDY, "training.trainable", {"tok_embd.weight": "all"},
        "no parameter of the model has such a name", "did you mean tok_embed.weight?",
        key="training.trainable.tok_embd.weight"),
    bad("split", STUDY, "training.mixture", {"atomc": 1.0}, "can't be trained on",
        "did you mean atomic?", key="training.mixture.atomc"),
    bad("split for tests", STUDY, "training.mixture", {"oo": 1.0}, "can't be trained on",
        "(allowed: atomic, composed_train)", key="training.mixture.oo"),
    bad("schedule", STUDY, "checkpoints.schedule", "logg", "'log'", "did you mean log?"),
    bad("readout", STUDY, "model.readout", "per_hops", "'last', 'per_hop' or 'per_loop'",
        "did you mean per_hop?"),
    bad("condition in overrides", CONFIG, "overrides.composition.conditions.won", {},
        "there is no such condition", "did you mean one?"),
    bad("condition in smoke settings", STUDY, "smoke.conditions.won", {},
        "there is no such condition", "did you mean one?"),
    bad("section in smoke settings", STUDY, "smoke.trainig", {}, "unknown key", "training?"),
    bad("section in overrides", CONFIG, "overrides.composition.trainig", {},
        "unknown key", "did you mean training?"),
    bad("study in overrides", CONFIG, "overrides.compositon", {}, "there is no such study",
        "did you mean composition?"),
    bad("a section in a study's place", CONFIG, "overrides.training", {"steps": 9},
        "stands under its name: STUDY: {training: ...}"),
]  # fmt: skip

WRONG_TYPES = [
    bad("text for a number", STUDY, "training.learning_rate", "fast",
        "'fast': must be a valid number"),
    bad("a quoted number", STUDY, "training.steps", "3000", "'3000': must be a whole number"),
    bad("a fraction for a count", STUDY, "training.steps", 10.5, "10.5: must be a whole number"),
    bad("bool for a number", STUDY, "training.steps", True, "true: must be a whole number"),
    bad("bool for a fraction", STUDY, "task.never_composed", False, "must be a valid number"),
    bad("list for a mapping", STUDY, "training", [1], "[1]", "must be keys and values"),
    bad("nothing for a mapping", STUDY, "model", None, "null", "must be keys and values"),
    bad("list of conditions", STUDY, "conditions", ["one"], "must be keys and values"),
    bad("number for a condition", STUDY, "conditions.one", 3, "3", "must be keys and values"),
    bad("number for text", STUDY, "title", 3, "3: must be text"),
    bad("number for a label", STUDY, "conditions.one.label", 3, "3: must be text"),
    bad("text for a switch", STUDY, "model.tied_embeddings", "maybe", "must be true or false"),
    bad("text for a list", STUDY, "measures", "prediction", "must be a list"),
    bad("nothing for a condition's list", STUDY, "conditions.one.measures", None, "must be a list"),
    bad("three betas", STUDY, "training.betas", [0.9, 0.9, 0.9],
        "[0.9, 0.9, 0.9]: must have at most 2 entries"),
    bad("one beta", STUDY, "training.betas", [0.9], "[0.9]: must have at least 2 entries"),
    bad("a whole number with a point", STUDY, "model.d_model", 64.0,
        "64.0: must be a whole number; write 64"),
    bad("a long theme", STUDY, "theme", "x" * 61, "must have at most 60 characters"),
    bad("number for a study", CONFIG, "overrides.composition", 3, "3: must be keys and values"),
    bad("number for a section", CONFIG, "overrides.composition.training", 3, "keys and values"),
    bad("text for a task", CONFIG, "overrides.composition.task", "composition", "keys and values"),
    bad("number for measures", CONFIG, "overrides.composition.measures", 3, "must be a list"),
    bad("list of overridden conditions", CONFIG, "overrides.composition.conditions", ["one"],
        "must be keys and values"),
    bad("text for paper", CONFIG, "paper", "maybe", "'maybe': must be true or false"),
    bad("number for seeds", CONFIG, "seeds", 3, "3: must be a list"),
    bad("text for a seed", CONFIG, "seeds", ["one"], "'one': must be a whole number",
        key="seeds.0"),
    bad("bool for a seed", CONFIG, "seeds", [0, True], "must be a whole number", key="seeds.1"),
    bad("no number", STUDY, "training.learning_rate", math.nan, "must be a finite number"),
    bad("endless", STUDY, "training.weight_decay", math.inf, "must be a finite number"),
]  # fmt: skip

IMPOSSIBLE = [
    bad("heads that don't divide the width", STUDY, "model.n_heads", 3,
        "n_heads (3) must divide d_model (64): one of [1, 2, 4,", key="model"),
    bad("fraction above one", STUDY, "task.never_composed", 1.5, "less than or equal to 1"),
    bad("negative steps", STUDY, "training.steps", -5, "-5: must be greater than or equal to 0"),
    bad("no examples", STUDY, "training.batch_size", 0, "must be greater than 0"),
    bad("full batches of two splits", STUDY, "training.batch_size", None, "a full batch is of one split",
        key="training"),
    bad("negative decay", STUDY, "training.weight_decay", -0.1, "greater than or equal to 0"),
    bad("mixture too small", STUDY, "training.mixture", {"atomic": 0.3, "composed_train": 0.6},
        "must sum to 1, not 0.9", key="training"),
    bad("beta of one", STUDY, "training.betas", [0.9, 1.0], "betas must be below 1, not [0.9, 1.0]",
        key="training"),
    bad("warm-up and decay overlap", STUDY, "training.warmup_steps", 2900, "overlap",
        key="training"),
    bad("checkpoints beyond the end", STUDY, "checkpoints",
        {"schedule": "explicit", "steps": [1, 10**6]},
        "1000000 is after the last training step", key="checkpoints.steps"),
    bad("a schedule without count", STUDY, "checkpoints", {"schedule": "log"},
        "needs the key count", key="checkpoints"),
    bad("explicit without steps", STUDY, "checkpoints", {"schedule": "explicit"},
        "needs the key steps", key="checkpoints"),
    bad("linear with steps", STUDY, "checkpoints", {"schedule": "linear", "count": 3, "steps": [1]},
        "doesn't use the key steps", key="checkpoints"),
    bad("a first step of a schedule without", STUDY, "checkpoints",
        {"schedule": "linear", "count": 3, "first": 7}, "doesn't use it", key="checkpoints.first"),
    bad("a first step where the condition has none", STUDY, "conditions.one.checkpoints",
        {"schedule": "linear", "first": 7}, "doesn't use it", key="conditions.one.checkpoints.first"),
    bad("one checkpoint", STUDY, "checkpoints.count", 1, "greater than or equal to 2"),
    bad("a world too small", STUDY, "task.n_entities", 2,
        "leave splits (nearly) empty", "oo_validation (", key="task"),
    bad("nothing held out", STUDY, "task.never_composed", 0.0, "empty", "oo (0.0)", key="task"),
    bad("read out before it can know", STUDY, "model.n_loops", 1,
        "n_layers × n_loops is 1, the task has questions of 2 hops", key="model"),
    bad("a measure twice", STUDY, "measures", ["prediction", "prediction"], "listed twice"),
    bad("no conditions", STUDY, "conditions", {}, "must not be empty"),
    bad("a mistake of one condition only", STUDY, "conditions.wide.model.n_heads", 5,
        "n_heads (5) must divide d_model (64)", key="conditions.wide.model"),
    bad("a mistake in overrides", CONFIG, "overrides.composition.training.steps", -1,
        "must be greater than or equal to 0"),
    bad("no studies", CONFIG, "studies", [], "must not be empty"),
    bad("no seeds", CONFIG, "seeds", [], "must not be empty"),
    bad("a seed twice beside", STUDY, "conditions.one.extra_seeds", [5, 5], "listed twice: 5"),
    bad("a split twice", STUDY, "analyses.splits", ["oo", "id", "oo"], "listed twice: oo"),
    bad("a step twice", STUDY, "checkpoints", {"schedule": "explicit", "steps": [1, 9, 9]},
        "listed twice: 9", key="checkpoints.steps"),
    bad("a rate that is no number any more", STUDY, "training.learning_rate", 1e-300,
        "nearer to 0 than single precision goes"),
    bad("a seed twice", CONFIG, "seeds", [0, 1, 0], "listed twice: 0"),
    bad("a seed twice in a range", CONFIG, "seeds", ["0-4", 3], "listed twice: 3"),
    bad("a range downward", CONFIG, "seeds", ["9-0"], "they go upward, as in 0-99"),
    bad("a range beyond measure", CONFIG, "seeds", ["0-4000000000"], "more than 10000 seeds"),
    bad("a spare seed in a range", STUDY, "conditions.one.extra_seeds", ["90-100"], "less than 100",
        key="conditions.one.extra_seeds.10"),
    bad("a spare seed", CONFIG, "seeds", [0, 100], "for choosing settings", "results=results/tuning"),
    bad("a spare seed beside", STUDY, "conditions.one.extra_seeds", [100], "less than 100",
        key="conditions.one.extra_seeds.0"),
    bad("a measure that enters no loss", STUDY, "training.measures_in_loss", {"prediction": 1.0},
        "can't enter a loss", "fourier_weights", key="training.measures_in_loss.prediction"),
    bad("a measure of nothing that is trained", STUDY, "training",
        {"steps": 99, "batch_size": 4, "mixture": {"atomic": 1.0}, "learning_rate": 0.1,
         "measures_in_loss": {"bridge_lens": 1.0}},
        "no split of the mixture knows what it needs of each example: bridge",
        key="training.measures_in_loss.bridge_lens"),
    bad("no matrix for muon", STUDY, "training",
        {"steps": 99, "batch_size": 4, "mixture": {"atomic": 1.0}, "learning_rate": 0.1,
         "optimiser": "muon", "momentum": 0.9, "trainable": {"tok_embed.weight": "all"}},
        "of these none is trainable", key="training.optimiser"),
    bad("no measure at all in the loss", STUDY, "training.measures_in_loss", {"fourier_weight": 1.0},
        "unknown measure 'fourier_weight'", "did you mean fourier_weights?"),
    bad("a negative seed", CONFIG, "seeds", [-1], "greater than or equal to 0", key="seeds.0"),
    bad("a study twice", CONFIG, "studies", ["composition", "composition"],
        "listed twice: composition"),
    bad("no threads", CONFIG, "threads", 0, "must be greater than 0"),
    bad("threads without end", CONFIG, "threads", 100_000, "must be less than or equal to 1024"),
    bad("no device", CONFIG, "device", "tpu", "'tpu': must be cpu, mps, cuda, or cuda:1"),
    bad("a device's number with a nought", CONFIG, "device", "cuda:01", "must be cpu, mps, cuda, or"),
    bad("a head given twice", STUDY, "model.given_attention",
        [{"layer": 0, "head": 1, "looks_at": how} for how in ("previous_token", "after_duplicate")],
        "head 1 in layer 0 is given twice", key="model"),
    bad("a seed too large", CONFIG, "seeds", [2**64], "must be less than 4294967296", key="seeds.0"),
    bad("a label of two lines", STUDY, "conditions.one.label", "one\ntwo", "a single line"),
    bad("a label with what can't be seen", STUDY, "conditions.one.label", "one\u200b",
        "(U+200B) can't be seen: take it out"),
    bad("a label of nothing", STUDY, "conditions.one.label", " ", "must not be empty"),
    bad("a title of two lines", STUDY, "title", "one\ntwo", "a single line"),
]  # fmt: skip

NAMES = "lower-case letters, digits and _, letter first"
BAD_NAMES = [
    *(
        bad(f"condition {name}", STUDY, "conditions", {name: {}}, NAMES, key=f"conditions.{name}")
        for name in ("../x", "Two", "1a", "a b", "a/b", ".", "")
    ),
    *(
        bad(f"condition {name}", STUDY, f"conditions.{name}", {}, f"lie the study's {name}")
        for name in ("figures", "settings", "tables")
    ),
    bad("study", CONFIG, "studies", ["../x"], "'../x'", NAMES, key="studies.0"),
    bad("study in overrides", CONFIG, "overrides", {"../x": {}}, NAMES, key="overrides.../x"),
    bad("a long study", CONFIG, "studies", ["a" * 300], "must have at most 120", key="studies.0"),
    bad("a long name", STUDY, "conditions", {"a" * 300: {}}, "must have at most 120 characters",
        key=f"conditions.{'a' * 300}"),
    bad("figure", STUDY, "figures", {"../x": "caption"}, NAMES, key="figures.../x"),
    *(
        bad(f"results {folder!r}", CONFIG, "results", folder, repr(folder), "of letters, digits, _ and -")
        for folder in ("../elsewhere", "/tmp/x", "results/../..", "~/x", "", ".", ".git")
    ),
    *(
        bad(f"results {folder!r}", CONFIG, "results", folder, "is the project's own")
        for folder in ("src", "config", "paper/mine", "Docs")
    ),
    bad("results in a study's", CONFIG, "results", "results/alias", "holds the results of the study alias"),
    bad("results in a study's, in capitals", CONFIG, "results", "mine/Alias",
        "a folder Alias holds the results of the study alias"),
    bad("results in logs", CONFIG, "results", "mine/logs", "a folder logs holds what belongs to"),
]  # fmt: skip

VECTORS = {
    "task": {"name": "superposition", "densities": [0.5, 0.1]},
    "model": {"name": "bottleneck", "d_hidden": 1, "n_inputs": 2},
    "training": {"steps": 9, "batch_size": 4, "mixture": {"fresh": 1.0}, "learning_rate": 0.1},
    "checkpoints": {"schedule": "linear", "count": 2},
    "measures": ["weight_norm"],
    "analyses": {},
}
"""a world of vectors, and a family that takes it, as a study's sections"""

KINDS = [
    bad("vectors for a transformer", STUDY, "model", {"name": "transformer"},
        "transformer takes sequences, and the task superposition has vectors", key="model.name"),
    bad("sequences for another family", STUDY, "task", {"name": "induction"},
        "bottleneck takes vectors, and the task induction has sequences", key="model.name"),
    bad("a loss that isn't the family's", STUDY, "training.loss", "cross_entropy",
        "what bottleneck minimises is the family's own"),
    bad("a measure of sequences", STUDY, "measures", ["prediction"],
        "prediction asks of sequences, and the task superposition has vectors"),
    bad("an analysis of a parent that isn't there", STUDY, "analyses.names", ["latents_used"],
        "latents_used looks at the run that data are made of, and superposition is made of none",
        key="analyses.names"),
    bad("a density twice", STUDY, "task.densities", [0.5, 0.5], "listed twice: 0.5"),
    bad("instances that don't divide", STUDY, "model.n_inputs", 3,
        "n_inputs (3) must divide the 4 entries of inputs", key="model"),
    bad("a split that isn't trained on", STUDY, "training.mixture", {"test": 1.0},
        "can't be trained on; (allowed: fresh)", key="training.mixture.test"),
    bad("full batches of a stream", STUDY, "training.batch_size", None, "give a batch_size"),
    bad("a parameter that isn't there", STUDY, "training.trainable", {"head.*": "all"},
        "no parameter of the model has such a name", "encode.weight",
        key="training.trainable.head.*"),
]  # fmt: skip

PARENTS = [
    bad("itself", STUDY, "conditions.one.parent", {"condition": "one"}, "circle: one ← one"),
    bad("not there", STUDY, "conditions.one.parent", {"condition": "wid"}, "no condition 'wid'",
        "did you mean wide?"),
    bad("of a study not there", STUDY, "conditions.one.parent",
        {"condition": "one", "study": "compositoin"}, "isn't in `studies`",
        "did you mean composition?"),
    bad("another model", STUDY, "conditions.wide.parent", {"condition": "one"},
        "its model must have the same settings as that of its parent one"),
    bad("another vocabulary", STUDY, "conditions.more", 
        {"task": {"n_entities": 50}, "parent": {"condition": "one"}},
        "as many tokens", key="conditions.more.parent"),
    bad("a step without checkpoint", STUDY, "conditions.two",
        {"parent": {"condition": "one", "step": 1}},
        "one has no checkpoint at step 1 (allowed: [0, 50,", key="conditions.two.parent"),
    bad("a negative step", STUDY, "conditions.two", {"parent": {"condition": "one", "step": -1}},
        "greater than or equal to 0", key="conditions.two.parent.step"),
    bad("nameless", STUDY, "conditions.two", {"parent": {}}, "this key is missing",
        key="conditions.two.parent.condition"),
    bad("a name alone", STUDY, "conditions.two", {"parent": "one"}, "'one': must be keys",
        key="conditions.two.parent"),
]  # fmt: skip


def removal(**changes: Any) -> dict[str, Any]:
    """A condition whose model loses something."""
    given = {"name": "removal", "what": "pair", "source": {"condition": "one"}}
    return {"interventions": [{**given, **changes}]}


FIRST = "conditions.two.interventions.0"
INTERVENTIONS = [
    bad("a source not there", STUDY, "conditions.two", removal(source={"condition": "wid"}),
        "no condition 'wid'", "did you mean wide?", key=FIRST),
    bad("a source of another size", STUDY, "conditions.two", removal(source={"condition": "wide"}),
        "the same settings as that of the source wide", key=FIRST),
    bad("itself", STUDY, "conditions.two", removal(source={"condition": "two"}),
        "circle: two ← two", key=FIRST),
    bad("too late", STUDY, "conditions.two", removal(what="largest", fraction=0.1, before_step=10**6),
        "there is no update 1000000; the last is", key=f"{FIRST}.before_step"),
    bad("of the largest no fraction", STUDY, "conditions.two", removal(what="largest"),
        "`largest` needs a fraction", key=FIRST),
    bad("of no kind", STUDY, "conditions.two", {"interventions": [{"what": "pair"}]},
        "the key name is missing (allowed: graft, planting, removal, transplant)", key=FIRST),
    bad("a kind alone", STUDY, "conditions.two", {"interventions": ["removal"]},
        "'removal': must be keys and values", key=FIRST),
    bad("a key of another kind", STUDY, "conditions.two",
        {"interventions": [{"name": "transplant", "heads": "pair", "what": "pair",
                            "source": {"condition": "one"}}]},
        "unknown key", "embeddings, heads, name", key=f"{FIRST}.what"),
    bad("a kind that isn't there", STUDY, "conditions.two", removal(name="surgery"),
        "unknown name 'surgery'; (allowed: graft, planting, removal, transplant)", key=f"{FIRST}.name"),
    bad("a graft onto nothing", STUDY, "conditions.two",
        {"interventions": [{"name": "graft", "parameters": ["layers.*", "layer.0.*"],
                            "source": {"condition": "one"}}]},
        "there is no parameter 'layer.0.*'", key=f"{FIRST}.parameters"),
    bad("frequencies of no numbers", STUDY, "conditions.two",
        {"interventions": [{"name": "planting", "frequencies": 2, "source": {"condition": "one"}}]},
        "planting needs pairs of numbers", key=f"{FIRST}.source"),
    bad("a checkpoint that isn't there", STUDY, "conditions.two",
        {"interventions": [{"name": "transplant", "heads": "pair", "step": 1,
                            "source": {"condition": "one"}}]},
        "one has no checkpoint at step 1", key=FIRST),
]  # fmt: skip

HANDMADE = [
    bad("made by nobody", STUDY, "conditions.two.handmade", {"name": "storys", "up_to": "topic"},
        "nothing made by hand is called 'storys'; did you mean stories?",
        key="conditions.two.handmade.name"),
    bad("made for another task", STUDY, "conditions.two.handmade",
        {"name": "stories", "up_to": "topic"},
        "stories knows the task stories, and the task here is composition",
        key="conditions.two.handmade.name"),
    bad("no such step", STUDY, "conditions.two.handmade", {"name": "stories", "up_to": "topics"},
        "stories has no step 'topics'; did you mean topic?", key="conditions.two.handmade.up_to"),
    bad("a step missing", STUDY, "conditions.two.handmade", {"name": "stories"},
        "this key is missing", key="conditions.two.handmade.up_to"),
    bad("two beginnings", STUDY, "conditions.two",
        {"handmade": {"name": "stories", "up_to": "topic"}, "parent": {"condition": "one"}},
        "with a model made by hand, or with a parent's", key="conditions.two.handmade"),
]  # fmt: skip


def test_the_config_that_the_cases_change_is_valid(files):
    project = files.load()
    assert list(project.studies["composition"].conditions) == ["one", "wide"]


def test_a_condition_that_trains_nothing_takes_nothing_of_the_study(files):
    once = {"schedule": "explicit", "steps": [0], "count": None}
    files.set(STUDY, "conditions.two", {"training": {"steps": 0}, "checkpoints": once})
    conditions = files.load().studies["composition"].conditions
    assert conditions["two"].training == TrainingSettings(steps=0)
    assert conditions["one"].training.steps > 0


def test_results_take_no_folder_of_the_project():
    visible = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "."}
    assert visible - OWN_FOLDERS <= {"results", "shared"}


def test_results_take_no_file(files):
    files.set(CONFIG, "results", "mine/there")
    (files.root / "mine").write_text("a person's\n")
    assert files.problems() == {(CONFIG, "results"): "'mine/there': mine is a file"}
    (files.root / "mine").unlink()
    (files.root / "mine").symlink_to("nowhere")
    assert "mine is a link that leads nowhere" in files.problems()[CONFIG, "results"]
    (files.root / "nowhere").mkdir()
    assert files.load().results == "mine/there"


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("src", "and src is the project's own"),
        ("config/studies", "and config is the project's own"),
        (".git", "and .git is the project's own"),
        (".", "in which the project lies"),
        ("..", "in which the project lies"),
        ("/", "in which the project lies"),
        ("disk/deep", None),
        ("../disk", None),
    ],
)
def test_results_lead_into_no_folder_of_the_project(files, target, says):
    (files.root / target).mkdir(parents=True, exist_ok=True)
    (files.root / "mine").symlink_to(target)
    files.set(CONFIG, "results", "mine")
    if says is None:
        assert files.load().results == "mine"
        return
    said = files.problems()[CONFIG, "results"]
    assert said == f"'mine': it leads to {(files.root / target).resolve()}, {says}"


@pytest.mark.parametrize(
    ("there", "file"),
    [
        ("Composition.yaml", STUDY),
        ("ATLAS.yaml", "config/collections/atlas.yaml"),
        ("Composition.py", NOTEBOOK),
    ],
)
def test_names_that_differ_only_in_case_are_refused(files, there, file):
    """On a Mac they are one file, and git writes one of them over the other."""
    beside = (files.root / file).with_name(there)
    if beside.exists():
        pytest.skip("this file system doesn't tell them apart")
    shutil.copy2(files.root / file, beside)
    (said,) = files.problems().values()
    assert said.startswith(f"{there} and {Path(file).name} differ only in case")
    beside.rename(beside.with_name(f"{there}~"))  # an editor's
    files.load()


@pytest.mark.parametrize("path", ["config/collections", "paper/sections/alias.tex"])
def test_what_may_not_be_read_is_named(files, monkeypatch, path):
    (files.root / "paper/sections").mkdir(parents=True)
    files.write("paper/sections/alias.tex", "text")

    def closed(of_system):
        def read(its, *arguments, **options):
            if its == files.root / path:
                raise PermissionError(13, "Permission denied", str(its))
            return of_system(its, *arguments, **options)

        return read

    monkeypatch.setattr(Path, "iterdir", closed(Path.iterdir))
    monkeypatch.setattr(Path, "read_bytes", closed(Path.read_bytes))
    assert files.problems() == {(path, ""): "it can't be read: Permission denied"}


def test_results_take_no_folder_in_another_case(files):
    (files.root / "Mine").mkdir()
    files.set(CONFIG, "results", "mine/there")
    assert files.problems()[CONFIG, "results"].startswith(
        "'mine/there': there is Mine, which differs"
    )
    files.set(CONFIG, "results", "Mine/there")
    assert files.load().results == "Mine/there"


@pytest.mark.parametrize(
    "name", ["atlas", "benchmarks", "first", "logs", "paper", "smoke", "tuning"]
)
def test_no_study_takes_the_folder_of_what_is_of_all(files, name):
    shutil.copy2(files.root / STUDY, files.root / f"config/studies/{name}.yaml")
    files.set(CONFIG, "studies", [name])
    assert f"{name} can't be a study's name" in str(files.problems())


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=f"{kind}: {case.name}")
        for kind, cases in {
            "unknown key": UNKNOWN_KEYS,
            "misspelt": MISSPELT,
            "wrong type": WRONG_TYPES,
            "impossible": IMPOSSIBLE,
            "name": BAD_NAMES,
            "parent": PARENTS,
            "intervention": INTERVENTIONS,
            "handmade": HANDMADE,
        }.items()
        for case in cases
    ],
)
def test_a_mistake_is_named(files, case):
    files.set(case.file, case.path, case.value)
    problems = files.problems()
    # A missing study is its own file, the only one in which no key is at fault.
    file = case.file if case.key else f"config/studies/{case.value[0]}.yaml"
    assert list(problems) == [(file, case.key)]
    for fragment in case.says:
        assert fragment in problems[file, case.key]


class TestWorlds:
    """Vectors beside sequences: a family says which it takes, a task whether it is made of a parent."""

    @pytest.fixture
    def files(self, files):
        files.write(STUDY, yaml.safe_dump(read_yaml(files.root / STUDY) | VECTORS))
        files.write(NOTEBOOK, PLAIN_NOTEBOOK)
        for key in ("figures", "tables", "reference"):
            files.remove(STUDY, key)
        files.set(STUDY, "conditions", {"one": {}, "two": {}})
        return files

    @pytest.fixture
    def made_of_a_parent(self, files, monkeypatch):
        """As if the task were made of another study's runs; it minds how wide they are."""

        def unfit(self, model, task):
            return [f"d_model is {model.d_model}, not 64"] if model.d_model != 64 else []

        its = {"from_parent": property(lambda self: True), "unfit": unfit}
        for name, value in its.items():
            monkeypatch.setattr(superposition.Settings, name, value, raising=False)
        files.set(CONFIG, "studies", ["composition", "induction"])
        files.set(CONFIG, "overrides.induction.model", {"d_model": 64})
        parent = {"study": "induction", "condition": "two_layers"}
        files.set(STUDY, "conditions", {"one": {"parent": parent}})

    def test_the_cases_differ_in_one_mistake_from_what_is_right(self, files):
        assert files.condition().model.name == "bottleneck"

    @pytest.mark.parametrize("case", KINDS, ids=lambda case: case.name)
    def test_what_does_not_fit_is_named(self, files, case):
        files.set(case.file, case.path, case.value)
        problems = files.problems()
        assert list(problems) == [(case.file, case.key)]
        for fragment in case.says:
            assert fragment in problems[case.file, case.key]

    def test_a_child_has_as_many_entries_as_its_parent(self, files):
        files.set(STUDY, "conditions.two", {"parent": {"condition": "one"}})
        assert files.condition("two").inherits.condition == "one"
        assert files.condition("two").drawn_from is None
        files.set(STUDY, "conditions.two.task", {"n_features": 4})
        said = files.problems()[STUDY, "conditions.two.parent"]
        assert "as many entries in inputs and targets as that of its parent one" in said

    def test_a_dataset_is_made_of_a_parent_and_the_training_does_not_inherit(
        self, files, made_of_a_parent
    ):
        its = files.condition()
        assert json.loads(its.dataset_job)["parent"]["condition"] == "two_layers"
        assert json.loads(its.train_job)["parent"] is None
        assert its.from_scratch
        before = jobs(files)
        files.set(STUDY, "conditions.one.parent.step", 0)
        after = jobs(files)
        assert {name for name in before if before[name] != after[name]} == {"dataset_job"}

    def test_analyses_are_told_of_the_parent(self, files, made_of_a_parent):
        assert "parent" not in json.loads(files.condition().analyse_job)
        files.set(STUDY, "model", {"name": "dictionary", "kind": "topk", "sparsities": [1]})
        files.set(STUDY, "analyses.names", ["latents_used"])
        # It is known what is asked, though not of this task: it has no bridges.
        assert "needs to know of each example: bridge" in files.problems()[STUDY, "analyses.names"]

    def test_a_task_made_of_a_parent_needs_one(self, files, made_of_a_parent):
        files.set(STUDY, "conditions.one", {})
        assert "the condition needs a parent" in files.problems()[STUDY, "task"]

    def test_a_parent_may_be_unfit(self, files, made_of_a_parent):
        files.set(CONFIG, "overrides.induction.model", {"d_model": 32})
        said = files.problems()
        assert said == {
            (STUDY, "conditions.one.parent"): "its parent two_layers is unfit for the task "
            "superposition: d_model is 32, not 64"
        }

    @pytest.mark.parametrize(
        ("parent", "says"),
        [
            ({"condition": "three_layers", "study": "induction"}, "no condition 'three_layers'"),
            ({"condition": "two_layers", "study": "inductio"}, "did you mean induction?"),
            (
                {"condition": "two_layers", "study": "induction", "step": 3},
                "no checkpoint at step 3",
            ),
            ({"condition": "one"}, "circle: one ← one"),
        ],
    )
    def test_a_wrong_parent_is_named(self, files, made_of_a_parent, parent, says):
        files.set(STUDY, "conditions.one.parent", parent)
        assert says in files.problems()[STUDY, "conditions.one.parent"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("title: one\ntitle: two\n", "line 2: the key title stands twice"),
        ("task: {name: a, name: b}\n", "line 1: the key name stands twice"),
        ("- title\n", "expected keys and values"),
        ("", "it is empty; expected keys and values"),
        ("title: [one\n", "line 2: a bracket isn't closed"),
        ("title:\n\t- one\n", "line 2: a tab"),
        ("1: 3\n", "line 1: the key 1 must be text"),
        (
            "title: &t [" + "one, " * 1000 + "]\nmeasures: [" + "*t, " * 1000 + "]\n",
            "what aliases (*t) repeat comes to more than 2000000 characters",
        ),
        ("title: !!python/object/apply:os.getcwd []\n", "python/object/apply:os.getcwd"),
        ("title: !!python/name:os.system\n", "python/name:os.system"),
        (b"title: caf\xe9\n", "isn't UTF-8"),
    ],
    ids=lambda value: None if isinstance(value, bytes) else value.replace("\n", " ")[:40],
)
def test_a_file_that_is_no_yaml_of_ours(files, text, says):
    files.write(STUDY, text)
    problems = files.problems()
    assert list(problems) == [(STUDY, "")]
    assert says in problems[STUDY, ""]
    assert "\n" not in problems[STUDY, ""]


def test_a_study_that_is_no_file(files):
    study = files.root / STUDY
    study.unlink()
    for make, says in (
        (study.mkdir, "it is a folder; expected a file"),
        (lambda: os.mkfifo(study), "it is a pipe or a device; expected a file"),
        (lambda: study.symlink_to("nowhere.yaml"), "it is a link that leads nowhere"),
        (lambda: study.symlink_to("/dev/zero"), "it is a pipe or a device; expected a file"),
        (
            lambda: study.symlink_to(study.name),
            "it can't be read: Too many levels of symbolic links",
        ),
    ):
        make()
        assert files.problems() == {(STUDY, ""): says}
        study.rmdir() if study.is_dir() else study.unlink()
    elsewhere = files.root / "elsewhere.yaml"
    shutil.copy2(ROOT / STUDY, elsewhere)
    study.symlink_to(elsewhere)
    assert "composition" in files.load().studies


def test_a_study_of_another_ending_is_pointed_to(files):
    study = files.root / STUDY
    study.rename(study.with_suffix(".yml"))
    said = "there is no such file; composition.yml is there, and must be called composition.yaml"
    assert files.problems() == {(STUDY, ""): said}


def test_a_smoke_run_misses_smoke_settings(files):
    files.remove(STUDY, "smoke")
    assert "composition" in files.load().studies
    files.make_smoke()
    said = "a smoke run needs settings that take seconds; `smoke: {}` if the study's own do"
    assert files.problems() == {(STUDY, "smoke"): f"this key is missing: {said}"}
    files.set(STUDY, "smoke", {})
    assert "composition" in files.load().studies


def test_a_smoke_run_replaces_no_full_results(files):
    files.make_smoke()
    assert files.load().settings.smoke
    files.set(CONFIG, "results", "results")
    said = (
        "a smoke run would replace the full results; give it a folder of its own, "
        "e.g. --config results=results/smoke"
    )
    assert files.problems() == {(CONFIG, "smoke"): said}
    files.remove(CONFIG, "results")
    assert files.problems() == {(CONFIG, "smoke"): said}


def test_mistakes_in_smoke_settings_are_named_there(files):
    files.make_smoke()
    files.set(STUDY, "smoke.training.steps", -1)
    files.set(STUDY, "smoke.conditions", {"wide": {"model": {"d_modl": 8}}})
    assert set(files.problems()) == {
        (STUDY, "smoke.training.steps"), (STUDY, "smoke.conditions.wide.model.d_modl"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("key", "most"),
    [
        ("title", 200), ("question", 2000), ("answer", 2000), ("abstract", 2000),
        ("figures.split_accuracy", 2000), ("conditions.wide.label", 200),
    ],
)  # fmt: skip
def test_texts_have_something_to_say_and_an_end(files, key, most):
    for blank in ("", "  "):
        files.set(STUDY, key, blank)
        assert "must not be empty" in files.problems()[STUDY, key]
    files.set(STUDY, key, "x" * (most + 1))
    assert f"must have at most {most} characters" in files.problems()[STUDY, key]


def test_what_was_left_about_is_no_study(files):
    for name in ("._alias.yaml", "#alias#.yaml", "alias copy.yaml", ".#alias.yaml"):
        shutil.copy2(files.root / "config/studies/alias.yaml", files.root / "config/studies" / name)
    files.set(CONFIG, "overrides", {"alia": {}})
    assert (
        "did you mean alias? (allowed: addition, alias, annealing,"
        in files.problems()[CONFIG, "overrides.alia"]
    )


def test_code_that_nobody_uses_may_be_broken_and_what_is_used_is_named(files):
    (files.root / "workflow/notebooks/alias.py").write_text("def (:\n")
    files.load()
    files.write("workflow/notebooks/composition.py", "x = 1\ndef (:\n")
    said = files.problems()[STUDY, ""]
    assert said.startswith("its notebook can't be read: ")
    assert said.endswith("workflow/notebooks/composition.py: line 2: invalid syntax")


def test_a_notebook_with_a_character_that_no_program_has(files):
    files.write(NOTEBOOK, "x = 1\ny = '\0'\n")
    said = files.problems()[STUDY, ""]
    assert said.endswith("composition.py: line 2: the character U+0000 can't stand in a program")


def test_a_study_without_its_notebook(files):
    (files.root / "workflow/notebooks/composition.py").unlink()
    assert "workflow/notebooks/composition.py is missing" in files.problems()[STUDY, ""]


def test_earlier_studies_come_first_and_in_them_earlier_conditions(files):
    files.set(CONFIG, "studies", ["composition", "alias"])
    project = files.load()
    ranks = [
        project.priority("composition", "one"),
        project.priority("composition", "wide"),
        project.priority("composition"),
        project.priority("alias", next(iter(project.studies["alias"].conditions))),
    ]
    assert ranks == sorted(ranks, reverse=True)
    assert len(set(ranks)) == len(ranks)


def test_a_thousand_conditions_come_before_the_next_study(files):
    rates = [i * 1e-6 for i in range(1, 1001)]
    files.set(STUDY, "sweep", [{"training.learning_rate": rates}])
    files.set(CONFIG, "studies", ["alias", "composition"])
    project = files.load()
    assert len(project.studies["composition"].conditions) > 1000
    assert project.priority("alias") > project.priority("composition", "one")


def test_a_condition_may_have_seeds_of_its_own(files):
    files.set(STUDY, "conditions.wide.extra_seeds", [1, 7])
    assert files.load().runs("composition") == {"one": (0, 1, 2), "wide": (0, 1, 2, 7)}
    files.set(CONFIG, "overrides", {"composition": {"conditions": {"wide": {"extra_seeds": []}}}})
    assert files.load().runs("composition")["wide"] == (0, 1, 2)


def test_a_parent_has_the_seeds_of_its_children(files):
    child = {"extra_seeds": [7], "parent": {"condition": "wide"}, "model": {"d_mlp": 512}}
    files.set(STUDY, "conditions.one", child)
    assert files.problems() == {
        (STUDY, "conditions.one.parent"): "its parent wide isn't run with the extra_seeds 7"
    }


def test_a_missing_key(files):
    files.remove(STUDY, "training.steps")
    assert files.problems() == {(STUDY, "training.steps"): "this key is missing"}


class TestChance:
    """Another draw of what isn't drawn would be the same run once more, under another name."""

    @pytest.mark.parametrize(
        ("condition", "key", "says"),
        [
            (
                {"parent": {"condition": "one"}, "training": {"chance": {"weights": 1}}},
                "weights",
                "no initial weights are drawn here: its parent gives them",
            ),
            (
                {"training": {"chance": {"batches": 1}, "batch_size": None,
                              "mixture": {"atomic": 1.0, "composed_train": None}}},
                "batches",
                "no batches are drawn here: every batch is full",
            ),
        ],
    )  # fmt: skip
    def test_of_what_is_not_drawn(self, files, condition, key, says):
        files.set(STUDY, "conditions.two", condition)
        assert files.problems() == {(STUDY, f"conditions.two.training.chance.{key}"): says}

    def test_of_what_is_made_by_hand(self, files):
        made = {"handmade": {"name": "stories", "up_to": "topic"},
                "training": {"steps": 0, "chance": {"weights": 1}}}  # fmt: skip
        files.set(STUDY, "conditions.two", made)
        key = (STUDY, "conditions.two.training.chance.weights")
        assert files.problems()[key] == "no initial weights are drawn here: they are made by hand"

    @pytest.mark.parametrize(
        ("chance", "key", "says"),
        [
            ({"dropout": 1}, "dropout", "the model is trained without dropout"),
            ({"since": 5}, "since", "says from when on other draws count; there are none"),
            ({"batches": 1, "since": 10**6}, "since", "training ends at step"),
        ],
    )  # fmt: skip
    def test_of_what_makes_no_difference(self, files, chance, key, says):
        files.set(STUDY, "conditions.two", {"training": {"chance": chance}})
        ((place, said),) = files.problems().items()
        assert place == (STUDY, f"conditions.two.training.chance.{key}")
        assert says in said

    def test_dropout_is_drawn_though_batches_are_full(self, files):
        files.set(STUDY, "conditions.two", {"model": {"dropout": 0.1}, "training": {
            "chance": {"batches": 1}, "batch_size": None,
            "mixture": {"atomic": 1.0, "composed_train": None}}})  # fmt: skip
        files.load()

    def test_a_sweep_branches_a_run_at_steps_without_checkpoints(self, files):
        axes = {"training.chance.since": [7, 11], "training.chance.batches": [1, 2]}
        files.set(STUDY, "sweep", [axes])
        drawn = {
            (its.training.chance.since, its.training.chance.batches)
            for name, its in files.load().studies["composition"].conditions.items()
            if name.startswith("since_")
        }
        assert drawn == {(7, 1), (7, 2), (11, 1), (11, 2)}

    def test_a_sweep_branches_a_run(self, files):
        last = TrainingSettings.model_validate(read_yaml(files.root / STUDY)["training"]).steps
        axes = {"parent.condition": ["one"], "parent.step": [0, last],
                "training.chance.batches": [1, 2, 3]}  # fmt: skip
        files.set(STUDY, "sweep", [axes])
        children = {
            name: its
            for name, its in files.load().studies["composition"].conditions.items()
            if its.parent
        }
        assert len(children) == 6
        assert {(its.parent.step, its.training.chance.batches) for its in children.values()} == {
            (step, drawn) for step in (0, last) for drawn in (1, 2, 3)
        }


def test_a_circle_of_parents(files):
    files.set(STUDY, "conditions.one.parent", {"condition": "two"})
    files.set(STUDY, "conditions.two", {"parent": {"condition": "three"}})
    files.set(STUDY, "conditions.three", {"parent": {"condition": "one"}})
    problems = files.problems()
    assert "one ← two ← three ← one" in problems[STUDY, "conditions.one.parent"]
    assert "circle" in problems[STUDY, "conditions.three.parent"]


def test_a_circle_of_parents_and_sources(files):
    files.set(STUDY, "conditions.one.parent", {"condition": "two"})
    files.set(STUDY, "conditions.two", removal())
    problems = files.problems()
    assert "sources form a circle: two ← one ← two" in problems[STUDY, FIRST]
    assert "parents form a circle: one ← two ← one" in problems[STUDY, "conditions.one.parent"]


def test_the_schemas_for_editors_are_those_of_the_settings():
    """Otherwise: `python -m onset.config.schema`."""
    for name, text in schemas().items():
        assert (ROOT / "config/schema" / name).read_text() == text


def test_a_notebook_parameter_that_every_notebook_has(files, monkeypatch):
    """It would silently win over the real one."""
    monkeypatch.chdir(files.root)
    given = list(Jobs(files.load()).notebooks.parameters("composition"))
    files.set(STUDY, "notebook", dict.fromkeys(given, "mine"))
    problems = files.problems()
    assert set(problems) == {(STUDY, f"notebook.{name}") for name in given}
    assert "given to every notebook" in problems[STUDY, "notebook.results"]


def test_what_reports_are_told_has_no_braces(files, monkeypatch):
    """There Snakemake takes them for wildcards."""
    monkeypatch.chdir(files.root)
    files.set(STUDY, "title", "A {title}")
    files.set(STUDY, "question", "What {is}?")
    files.set(STUDY, "figures.bridge", "A {caption}.")
    jobs = Jobs(files.load())
    assert jobs.report.category("composition") == "A (title)"
    assert jobs.report.labels("composition") == {"name": "notebook", "shows": "What (is)?"}
    assert jobs.report.labels("composition", "a/bridge.png")["shows"].startswith("A (caption).")
    assert json.loads(jobs.pages.settings("composition"))["study"]["title"] == "A {title}"


def test_everything_wrong_is_said_at_once(files):
    files.set(CONFIG, "seeds", [0, 0])
    files.set(CONFIG, "treads", 1)
    files.set(STUDY, "task.n_relations", 0)
    files.set(STUDY, "training.steps", "many")
    files.set(STUDY, "measures", ["predicton"])
    files.set(STUDY, "conditions.wide.model.n_heads", 5)
    with pytest.raises(ConfigError, match=r"^6 problems in the config:\n") as refused:
        files.load()
    assert {(problem.file, problem.key) for problem in refused.value.problems} == {
        (CONFIG, "seeds"),
        (CONFIG, "treads"),
        (STUDY, "task.n_relations"),
        (STUDY, "training.steps"),
        (STUDY, "measures"),
        (STUDY, "conditions.wide.model"),
    }


def test_a_mistake_that_all_conditions_inherit_is_said_once(files):
    files.set(STUDY, "training.steps", 0)
    with pytest.raises(ConfigError, match=r"^1 problem in the config:\n"):
        files.load()


def test_and_so_is_one_in_a_section_that_conditions_change(files):
    """What each of them makes worse by itself is its own."""
    files.remove(STUDY, "training.steps")
    files.set(STUDY, "conditions.wide.training", {"weight_decay": 1.0, "btas": [0.9, 0.99]})
    assert files.problems() == {
        (STUDY, "training.steps"): "this key is missing",
        (STUDY, "conditions.wide.training.btas"): ANY,
    }
    with pytest.raises(ConfigError, match=r"^2 problems in the config:\n"):
        files.load()


@pytest.mark.parametrize("value", [None, 3, "text", [[1]], {"name": [1]}], ids=str)
def test_whatever_stands_anywhere_is_understood_or_refused(files, value):
    """Never an error of Python's."""
    files.set(STUDY, "conditions.wide.parent", {"condition": "one", "step": 0})
    files.set(CONFIG, "overrides.composition", {"training": {"steps": 9}, "measures": []})
    files.set(CONFIG, "overrides.composition.conditions.one", {"model": {"d_mlp": 8}})
    refused = 0
    for file in (STUDY, CONFIG):
        valid = read_yaml(files.root / file)
        for path in key_paths(valid):
            files.set(file, path, value)
            try:
                files.load()
            except ConfigError:
                refused += 1
            files.write(file, yaml.safe_dump(valid, sort_keys=False))
    assert refused > 40


def key_paths(mapping: dict[str, Any], above: str = "") -> Iterator[str]:
    for key, value in mapping.items():
        yield above + key
        if isinstance(value, dict):
            yield from key_paths(value, f"{above}{key}.")


class TestReading:
    @pytest.mark.parametrize("text", ["1e-3", "1E-3", "+1e-3", "0.001", "1.0e-3"])
    def test_a_number_as_people_write_it(self, files, text):
        study = (files.root / STUDY).read_text()
        assert "  learning_rate: 0.0015\n" in study
        files.write(STUDY, study.replace("learning_rate: 0.0015", f"learning_rate: {text}"))
        assert files.condition().training.learning_rate == 0.001

    @pytest.mark.parametrize(
        ("key", "given", "read"),
        [
            ("paper", "false", False),
            ("paper", "True", True),
            ("seeds", ["7", "8"], (7, 8)),
            ("studies", ["composition"], ("composition",)),
        ],
    )
    def test_what_snakemake_leaves_as_text(self, files, key, given, read):
        """`--config seeds='[7, 8]'` arrives as a list of texts."""
        config = read_yaml(files.root / CONFIG) | {key: given}
        project = load_project(config, files.root)
        assert getattr(project.settings, key) == read

    def test_overrides_on_the_command_line(self, files):
        """All of `--config overrides='{composition: {...}}'` arrives as text."""
        training = {"learning_rate": "1e-2", "weight_decay": "0.5", "gradient_clip": "null"}
        task = {"two_hop_answers": "shuffled"}
        config = read_yaml(files.root / CONFIG) | {
            "overrides": {"composition": {"training": training, "task": task}}
        }
        condition = load_project(config, files.root).condition("composition", "one")
        assert condition.training.learning_rate == 0.01
        assert condition.training.weight_decay == 0.5
        assert condition.training.gradient_clip is None
        assert condition.task.two_hop_answers == "shuffled"


class TestMerging:
    """study < overrides of the study < condition < overrides of the condition"""

    def test_a_condition_with_nothing_is_the_study(self, files):
        files.write(STUDY, (files.root / STUDY).read_text().replace("  one: {}\n", "  one:\n"))
        condition = files.condition()
        assert condition.model.model_dump() | read_yaml(files.root / STUDY)["model"] == (
            condition.model.model_dump()
        )
        assert condition.label == "one"

    def test_a_condition_changes_only_its_keys(self, files):
        one, wide = files.condition("one"), files.condition("wide")
        assert wide.model.model_dump() == one.model.model_dump() | {"d_mlp": 512}
        assert (wide.task, wide.training, wide.measures) == (one.task, one.training, one.measures)

    def test_a_condition_wins_over_overrides(self, files):
        files.set(CONFIG, "overrides.composition.model", {"d_model": 32, "d_mlp": 16})
        one, wide = files.condition("one").model, files.condition("wide").model
        assert (one.d_model, one.d_mlp) == (32, 16)
        assert (wide.d_model, wide.d_mlp) == (32, 512)

    def test_overrides_of_a_condition_win_over_it(self, files):
        files.set(CONFIG, "overrides.composition.conditions.wide.model.d_mlp", 16)
        assert files.condition("wide").model.d_mlp == 16
        assert files.condition("one").model.d_mlp == 256

    def test_smoke_settings_count_when_they_are_asked_for(self, files):
        files.set(STUDY, "smoke", {"model": {"d_model": 32, "d_mlp": 16}})
        assert files.condition("one").model.d_model == 64
        files.make_smoke()
        one, wide = files.condition("one").model, files.condition("wide").model
        assert (one.d_model, one.d_mlp) == (32, 16)
        assert (wide.d_model, wide.d_mlp) == (32, 512)

    def test_smoke_settings_of_a_condition_win_over_it_and_overrides_over_both(self, files):
        files.make_smoke()
        small = {"wide": {"model": {"d_mlp": 16}, "extra_seeds": [5]}}
        files.set(STUDY, "smoke", {"conditions": small})
        wide = files.condition("wide")
        assert (wide.model.d_mlp, wide.extra_seeds) == (16, (5,))
        files.set(CONFIG, "overrides.composition.conditions.wide", {"extra_seeds": []})
        assert files.condition("wide").extra_seeds == ()
        files.set(CONFIG, "overrides.composition.model", {"d_model": 16})
        assert files.condition("wide").model.d_model == 16

    def test_a_sweep_of_smoke_settings_stands_in_place_of_the_studys(self, files):
        files.set(STUDY, "sweep", [{"training.weight_decay": [1, 2, 3]}])
        files.set(STUDY, "smoke", {"sweep": [{"training.weight_decay": [4]}]})
        assert len(files.load().studies["composition"].conditions) == 5
        files.make_smoke()
        assert list(files.load().studies["composition"].conditions) == [
            "one", "wide", "weight_decay_4",
        ]  # fmt: skip

    def test_another_name_drops_what_belonged_to_the_old_one(self):
        """Another task or model has other keys."""
        base = Layer("study", "", {"task": {"name": "old", "size": 1}, "training": {"steps": 1}})
        over = Layer("study", "conditions.one", {"task": {"name": "new", "depth": 2}})
        same = Layer("study", "conditions.two", {"task": {"name": "old", "depth": 2}})
        assert merge([base, over]) == {
            "task": {"name": "new", "depth": 2},
            "training": {"steps": 1},
        }
        assert merge([base, same])["task"] == {"name": "old", "size": 1, "depth": 2}

    def test_a_list_is_replaced(self, files):
        files.set(STUDY, "conditions.one.measures", ["weight_norm"])
        assert files.condition("one").measures == ("weight_norm",)


def jobs(files: Files, condition: str = "one") -> dict[str, str]:
    found = files.condition(condition)
    return {name: getattr(found, name) for name in ("dataset_job", "train_job", "evaluate_job")}


class TestJobs:
    """What each kind of job is told; it is run again when that changes, and only then."""

    @pytest.mark.parametrize(
        ("file", "path", "value", "concerned"),
        [
            (STUDY, "task.n_entities", 50, {"dataset_job"}),
            (STUDY, "training.learning_rate", 0.01, {"train_job"}),
            (STUDY, "training.mixture", {"atomic": 0.5, "composed_train": 0.5}, {"train_job"}),
            (STUDY, "checkpoints.count", 10, {"train_job"}),
            (STUDY, "conditions.one.parent", {"condition": "two"}, {"train_job"}),
            (STUDY, "measures", ["prediction"], {"evaluate_job"}),
            (STUDY, "model.n_heads", 2, {"train_job", "evaluate_job"}),
            (CONFIG, "threads", 2, {"train_job", "evaluate_job"}),
            (CONFIG, "overrides.composition.training.steps", 100, {"train_job"}),
            (CONFIG, "seeds", [5], set()),
            (CONFIG, "results", "elsewhere", set()),
            (CONFIG, "paper", False, set()),
            (STUDY, "title", "another", set()),
            (STUDY, "figures.contrast", "Another caption.", set()),
            (STUDY, "conditions.one.label", "another", set()),
            (STUDY, "conditions.wide.training", {"steps": 100}, set()),
        ],
        ids=lambda value: value if isinstance(value, str) and "." in value else None,
    )
    def test_only_what_concerns_it(self, files, file, path, value, concerned):
        files.set(STUDY, "conditions.two", {})
        before = jobs(files)
        files.set(file, path, value)
        after = jobs(files)
        assert {name for name in before if before[name] != after[name]} == concerned

    @pytest.mark.parametrize(
        ("section", "key"),
        [("training", "decay_fraction"), ("training", "gradient_clip"), ("model", "norm")],
    )
    def test_a_default_spelled_out_changes_nothing(self, files, section, key):
        """Nor does a key that comes with a new version: a job isn't told what is the default."""
        files.remove(STUDY, f"{section}.{key}")
        before, settings = jobs(files), getattr(files.condition(), section)
        assert key not in json.loads(before["train_job"])[section]
        files.set(STUDY, f"{section}.{key}", type(settings).model_fields[key].default)
        assert jobs(files) == before

    def test_how_a_value_is_written_changes_nothing(self, files):
        files.set(STUDY, "training.weight_decay", 6.0)
        before = jobs(files)
        files.set(STUDY, "training.weight_decay", 6)
        study = read_yaml(files.root / STUDY)
        for section in ("task", "model", "training"):
            study[section] = dict(reversed(study[section].items()))
        files.write(STUDY, yaml.safe_dump(study, sort_keys=False))
        assert jobs(files) == before

    def test_the_job_reads_back_what_was_meant(self, files):
        settings = json.loads(files.condition().train_job)["training"]
        assert TrainingSettings.model_validate(settings) == files.condition().training


@pytest.mark.parametrize("name", ["config", "smoke"])
def test_the_shipped_configs_are_valid(name):
    """Smoke extends config.yaml, as `snakemake --configfile` does."""
    config = read_yaml(ROOT / CONFIG) | read_yaml(ROOT / f"config/{name}.yaml")
    project = load_project(config, ROOT)
    assert [its for its in config["studies"] if its not in project.left_out] == list(
        project.studies
    )
    assert all(study.conditions for study in project.studies.values())
