"""What would run to its end and mean nothing, without a word, is told in planning."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from onset import models, tasks
from onset.config.trained_parts import unfit_patterns
from onset.config.yaml_file import read_yaml
from onset.models.transformer.settings import Settings as Transformer
from tests.config_files import CONFIG, ROOT, STUDY, Files, bad

INDUCTION = "config/studies/induction.yaml"
REBASIN = "config/studies/rebasin.yaml"
SAE = "config/studies/sae.yaml"


@pytest.fixture
def files(tmp_path):
    files = Files.copied(tmp_path)
    files.set(CONFIG, "studies", ["composition"])
    return files


TRAINING = [
    bad("a part of less than an example", STUDY, "training.mixture",
        {"atomic": 0.0001, "composed_train": 0.9999},
        "0.0001 of a batch of 512 is less than one example: it would never be trained",
        key="training.mixture.atomic"),
    bad("a first checkpoint after the last step", STUDY, "checkpoints.first", 4000,
        "4000 is after the last training step, 3000"),
    bad("a finer stretch that ends before it begins", STUDY, "checkpoints.finer",
        [{"every": 10}, {"every": 10, "since": 400, "until": 300}],
        "until 300 comes before since 400", key="checkpoints.finer.1"),
    bad("a finer stretch that is no list", STUDY, "checkpoints.finer", {"every": 10},
        "must be a list", key="checkpoints.finer"),
    bad("a first checkpoint with no room behind it", STUDY, "checkpoints.first", 2990,
        "there can be at most 12, but count asks for 33"),
    bad("a step that moves everything", STUDY, "training.learning_rate", 50,
        "learning_rate: 50 is about what every weight would move by", key="training"),
    bad("a step that takes everything", STUDY, "training.weight_decay", 800.0,
        "must be below 1, not 0.0015 × 800", key="training"),
    bad("an average that never moves", STUDY, "training.slow_gradients", {"alpha": 1.0},
        "less than 1", key="training.slow_gradients.alpha"),
    bad("two of one label", STUDY, "conditions.two_layers.label", "one block, once per hop",
        "'one block, once per hop' is the label of shared_per_hop, too"),
    bad("two that look alike", STUDY, "conditions.two_layers.label",
        "one block,\u00a0once  per hop ", "is the label of shared_per_hop, too"),
    bad("no label", STUDY, "conditions.two_layers.label", " ", "must not be empty"),
    bad("nothing of a measure", STUDY, "training.measures_in_loss", {"weight_norm": 0.0},
        "0 times weight_norm is nothing", key="training"),
]  # fmt: skip
MEASURES = [
    bad("a helper of measures", STUDY, "measures", ["asking"],
        "src/onset/measures/answers/asking.py is no measure: it defines no function measure"),
    bad("a measure of another world", STUDY, "measures", ["prediction", "circle"],
        "circle needs pairs of numbers to be added modulo an odd p"),
    bad("a split with nothing to look at", STUDY, "analyses.splits", ["atomic"],
        "probe has nothing to look at in atomic (allowed: composed_train, id, oi, io, oo)"),
    bad("a split for choosing settings", STUDY, "analyses.splits", ["oo", "oo_validation"],
        "nothing is looked at in oo_validation by attention, patching"),
]  # fmt: skip


@pytest.mark.parametrize("case", [*TRAINING, *MEASURES], ids=lambda case: case.name)
def test_it_is_told(files, case):
    files.set(case.file, case.path, case.value)
    problems = files.problems()
    assert (case.file, case.key) in problems
    for fragment in case.says:
        assert fragment in problems[case.file, case.key]


def test_a_part_of_nothing_is_how_a_condition_leaves_it_out(files):
    files.set(STUDY, "training.mixture", {"atomic": 0.0, "composed_train": 1.0})
    assert files.load()


def test_a_measure_that_says_nothing_of_any_condition(files):
    files.set(CONFIG, "studies", ["alias"])
    alias = "config/studies/alias.yaml"
    measures = read_yaml(files.root / alias)["measures"]
    files.set(alias, "measures", [*measures, "head_composition"])
    assert files.problems()[alias, "measures"] == (
        "head_composition says nothing without two or more block applications, "
        "and no condition has that"
    )
    files.set(alias, "conditions.untied.model", {"n_layers": 2})
    assert files.load()


class TestSurgery:
    @pytest.fixture
    def files(self, files):
        files.set(CONFIG, "studies", ["induction"])
        return files

    @pytest.mark.parametrize(
        ("condition", "key", "value", "named", "says"),
        [
            (
                "pair_copied",
                "model",
                {"n_layers": 1},
                "heads",
                "of two layers, and the model has one",
            ),
            ("pair_copied", "model", {"n_loops": 2}, "heads", "can't be taken one by one"),
            ("others_copied", "model", {"n_heads": 1}, "null", "there are no other heads"),
            ("largest_removed", "fraction", 1e-9, "fraction", "is none of them"),
            ("pair_copied", "seeds_on", [10], "source.seeds_on", "is the run's own seed again"),
            ("pair_copied", "seeds_on", [1, 2], "source.seeds_on", "pair is of one run"),
        ],
    )
    def test_what_can_do_nothing_is_told(self, files, condition, key, value, named, says):
        changed = f"conditions.{condition}"
        if key == "model":
            files.set(INDUCTION, "conditions.two_layers.analyses", {"names": []})
            files.set(INDUCTION, f"conditions.two_layers.{key}", value)
            files.set(INDUCTION, f"{changed}.{key}", value)
        else:
            content = files.load().studies["induction"].file.conditions[condition]
            (its,) = (i.model_dump(exclude_unset=True) for i in content.interventions)
            its["source" if key == "seeds_on" else key] = (
                {**its["source"], "seeds_on": value} if key == "seeds_on" else value
            )
            files.set(INDUCTION, f"{changed}.interventions", [its])
        said = files.problems()
        assert says in said[INDUCTION, f"{changed}.interventions.0.{named}"]

    def test_more_frequencies_than_there_are_cant_be_planted(self, files):
        files.set(CONFIG, "studies", ["rebasin"])
        for null, most in ((False, 29), (True, 14)):
            its = {"name": "planting", "source": {"condition": "free_128"}, "null": null}
            planted = "conditions.w128_k4.interventions"
            files.set(REBASIN, planted, [{**its, "frequencies": most}])
            assert files.load()
            files.set(REBASIN, planted, [{**its, "frequencies": most + 1}])
            said = files.problems()[REBASIN, f"{planted}.0.frequencies"]
            assert "together, and there are 29" in said

    @pytest.mark.parametrize("seeds_on", [[1, 11], [0, 10], [2, 3, 13]])
    def test_several_sources_are_several_runs(self, files, seeds_on):
        files.set(CONFIG, "seeds", [*range(10)])
        its = {"name": "transplant", "heads": "least_inductive", "step": 0,
               "source": {"condition": "two_layers", "seeds_on": seeds_on}}  # fmt: skip
        changed = "conditions.least_inductive_copied.interventions"
        files.set(INDUCTION, changed, [its])
        said = files.problems()[INDUCTION, f"{changed}.0.source.seeds_on"]
        assert said.startswith("with 10 seeds, ")
        assert f"{seeds_on[-1]} on are the same run" in said
        files.make_smoke()  # has few seeds, and numbers that mean nothing
        files.load()

    def test_surgery_is_done_once(self, files):
        its = {"name": "removal", "what": "pair", "source": {"condition": "two_layers"}}
        same = {**its, "source": {**its["source"], "seeds_on": [0]}}
        files.set(INDUCTION, "conditions.pair_removed.interventions", [its, same])
        assert files.problems() == {
            (
                INDUCTION,
                "conditions.pair_removed.interventions",
            ): "number 2, removal, is the same as number 1 and would do nothing more"
        }
        later = {**its, "source": {**its["source"], "seeds_on": [1]}}
        files.set(INDUCTION, "conditions.pair_removed.interventions", [its, later])
        files.load()

    def test_all_of_the_largest_is_refused(self, files):
        its = {"name": "removal", "what": "largest", "fraction": 1.0,
               "source": {"condition": "two_layers"}}  # fmt: skip
        files.set(INDUCTION, "conditions.largest_removed.interventions", [its])
        assert "less than 1" in str(files.problems())

    def test_heads_are_told_apart_on_sequences_that_repeat(self, files):
        files.set(CONFIG, "studies", ["alias"])
        alias = "config/studies/alias.yaml"
        its = {"name": "removal", "what": "pair", "source": {"condition": "tied"}}
        files.set(alias, "model.n_layers", 2)
        files.set(alias, "conditions.no_mlp", {"interventions": [its]})
        said = files.problems()[alias, "conditions.no_mlp.interventions.0.source"]
        assert "sequences in which segments come again" in said


FINETUNING = "config/studies/finetuning.yaml"


class TestAnotherWorld:
    """A child begins with what its parent has learnt of the world: tokens, and what is held out."""

    @pytest.fixture
    def files(self, files):
        files.set(CONFIG, "studies", ["finetuning"])
        return files

    @pytest.mark.parametrize(
        ("task", "says"),
        [
            ({"n_entities": 99, "n_relations": 9}, "task.n_entities is 100 there and 99 here"),
            ({"new": 0.3}, "task.new is 0.2 there and 0.3 here"),
            (
                {"validation": 0.5},
                "(in the task finetuning, a child may change: stage, new_answers)",
            ),
        ],
    )
    def test_is_refused(self, files, task, says):
        files.set(FINETUNING, "conditions.replay.task", task)
        said = files.problems()[FINETUNING, "conditions.replay.parent"]
        assert said.startswith("it would train on a different world from its parent stage_one: ")
        assert says in said

    def test_what_a_task_says_a_child_may_change(self, files):
        files.set(FINETUNING, "conditions.replay.task", {"new_answers": "shuffled"})
        files.load()

    @pytest.mark.parametrize("name", tasks.names())
    def test_is_a_setting_of_the_task(self, name):
        module = tasks.load(name)
        assert {*getattr(module, "A_CHILD_MAY_CHANGE", ())} <= {*module.Settings.model_fields}


DEFINITIONS = "config/studies/definitions.yaml"
CONFINED = "conditions.new_embeddings.training.trainable"
TRAINED_PARTS = [
    bad("nothing of the kind", STUDY, "training.trainable", {"tok_embed.weight": "new_tokens"},
        "the task composition has no tokens that an earlier training has not seen",
        key="training.trainable.tok_embed.weight"),
    bad("no row per token", DEFINITIONS, CONFINED, {"layers.0.mlp.fc_in.weight": "new_tokens"},
        "layers.0.mlp.fc_in.weight has no row per token", "(have: tok_embed.weight)",
        key=f"{CONFINED}.layers.0.mlp.fc_in.weight"),
    bad("rows of everything", DEFINITIONS, CONFINED, {"*": "new_tokens"},
        "pos.weight has no row per token", key=f"{CONFINED}.*"),
    bad("never counts", DEFINITIONS, CONFINED, {"tok_embed*": "all"}, "never counts",
        key=f"{CONFINED}.tok_embed*"),
    bad("as specific as each other", DEFINITIONS, CONFINED,
        {"l*yers.0.ln1.weight": "all", "layers.0.ln1.w*ight": "new_tokens"},
        "'l*yers.0.ln1.weight' and 'layers.0.ln1.w*ight' fit layers.0.ln1.weight equally well",
        key=CONFINED),
]  # fmt: skip


@pytest.mark.parametrize("case", TRAINED_PARTS, ids=lambda case: case.name)
def test_a_part_that_can_not_be_trained_is_told(files, case):
    files.set(CONFIG, "studies", [case.file.split("/")[-1].removesuffix(".yaml")])
    files.set(case.file, case.path, case.value)
    said = files.problems()[case.file, case.key]
    for fragment in case.says:
        assert fragment in said


def test_rows_are_those_of_tokens_even_where_another_parameter_has_as_many(files):
    files.set(CONFIG, "studies", ["definitions"])
    n_tokens = files.load().condition("definitions", "new_embeddings").task.n_tokens
    files.set(DEFINITIONS, "model.d_mlp", n_tokens)
    files.set(DEFINITIONS, CONFINED, {"layers.0.mlp.fc_in.weight": "new_tokens"})
    said = files.problems()[DEFINITIONS, f"{CONFINED}.layers.0.mlp.fc_in.weight"]
    assert "no row per token" in said


def test_a_family_that_does_not_know_its_rows_trains_none_of_new_tokens():
    task = tasks.load("definitions").Settings(name="definitions")
    its = {"name": "pretrained", "checkpoint": "gpt2", "revision": "main"}
    model = models.load_settings("pretrained").Settings(**its)
    assert list(unfit_patterns({"*": "all"}, task, model)) == []
    ((pattern, said),) = unfit_patterns({"*embed*": "new_tokens"}, task, model)
    assert pattern == "*embed*"
    assert "pretrained doesn't say which parameters have a row per token" in said


class TestStates:
    """A dataset of a parent's states."""

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"position": 7}, "its sequences have 3 tokens, none at position 7"),
            (
                {"facts": ["bridge"], "of_splits": ["atomic"]},
                "its split 'atomic' knows no 'bridge'",
            ),
            ({"of_splits": ["id", "io"], "position": 1}, None),
            ({"of_splits": ["atomic"], "position": 1}, None),
            (
                {"of_splits": ["atomic"], "position": 2},
                "its split 'atomic' has 2 tokens a sequence, none at position 2",
            ),
            (
                {"of_splits": ["atomic", "id"]},
                "of_splits must have sequences of one length: atomic of 2 tokens, id of 3 tokens",
            ),
        ],
    )
    def test_they_must_be_there(self, changes, says):
        given = {"name": "activations", "d_model": 64, "layer": 1, "of_splits": ["id"]}
        task = tasks.load("activations").Settings(**{**given, **changes})
        parent = tasks.load("composition").Settings(name="composition")
        said = task.unfit(Transformer(name="transformer", n_loops=2), parent)
        assert said == [] if says is None else any(says in its for its in said)


def test_what_is_wrong_with_sparsities_is_called_so(files):
    files.set(CONFIG, "studies", ["sae", "composition", "alias", "induction"])
    files.set(SAE, "model.sparsities", [3, 4, 4, 600])
    said = files.problems()[SAE, "model"]
    assert said == (
        "sparsities: 600: must be whole numbers of active latents, at most n_latents (200)"
    )


def test_what_only_one_condition_makes_wrong_names_it(files):
    """The key that is wrong may be the study's, and right for all others."""
    files.set(STUDY, "conditions.two_layers.task", {"name": "alias"})
    said = files.problems()[STUDY, "training.mixture.atomic"]
    assert said.endswith("(in two_layers)")


@pytest.mark.parametrize(
    "model", [{}, {"tied_embeddings": False}, {"n_layers": 3, "n_loops": 1, "readout": "last"}]
)
def test_one_mistake_of_the_study_is_one_line(files, model):
    """Whatever else its conditions offer instead of it."""
    files.set(STUDY, "conditions.other", {"label": "other", "model": model})
    files.set(STUDY, "training.trainable", {"layer.*": "all"})
    ((key, said),) = files.problems().items()
    assert key == (STUDY, "training.trainable.layer.*")
    assert "layers.*.mlp.fc_in.weight" in said


class TestLabels:
    """Two of one label: the one to be changed is named, and nothing that doesn't stand in a file."""

    @pytest.fixture
    def files(self, files):
        files.set(STUDY, "sweep", [{"model.d_model": [32]}])
        return files

    def test_a_condition_that_is_called_like_a_point(self, files):
        files.set(STUDY, "conditions.two_layers.label", "d model 32")
        said = "'d model 32' is the label of d_model_32, too"
        assert files.problems() == {(STUDY, "conditions.two_layers.label"): said}

    def test_two_points(self, files):
        files.set(STUDY, "sweep", [{"model.d_model": [32]}, {"training.d_model": [32]}])
        assert (STUDY, "sweep") in files.problems()


@pytest.mark.parametrize("name", ["more.yml", "Heads.yaml", "more.YAML", "head-atlas.yaml"])
def test_a_collection_that_nobody_would_read(files, name):
    shutil.copy(ROOT / "config/collections/atlas.yaml", files.root / "config/collections" / name)
    said = files.problems()[f"config/collections/{name}", ""]
    assert "isn't called NAME.yaml" in said
    assert "lower-case letters" in said


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir], ids=["FIFO", "folder"])
def test_a_collection_whose_notebook_is_no_file(files, make):
    notebook = files.root / "workflow/notebooks/atlas.py"
    notebook.unlink()
    make(notebook)
    said = files.problems()["config/collections/atlas.yaml", ""]
    assert said == "its notebook workflow/notebooks/atlas.py is no file"


@pytest.mark.parametrize("name", ["config/collections", "paper"])
def test_what_lies_in_no_folder_is_not_simply_gone(files, name):
    folder = files.root / name
    shutil.rmtree(folder, ignore_errors=True)
    assert files.load().collections.keys() == ({"atlas"} if name == "paper" else set())
    for make in (Path.touch, lambda its: its.symlink_to("nowhere")):
        make(folder)
        assert files.problems() == {(name, ""): "it is no folder; expected a folder"}
        folder.unlink()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda its: its.symlink_to("nowhere"), "it is a link that leads nowhere"),
        (os.mkfifo, "it is no file"),
        (Path.mkdir, "it is no file"),
    ],
    ids=["link", "FIFO", "folder"],
)
def test_a_text_of_the_paper_that_is_no_file(files, make, says):
    text = files.root / "paper/sections/alias.tex"
    text.parent.mkdir(parents=True)
    make(text)
    assert files.problems() == {("paper/sections/alias.tex", ""): says}
    files.set(CONFIG, "paper", value=False)
    files.load()
    text.rename(text.with_name(".#alias.tex"))  # Emacs's
    files.set(CONFIG, "paper", value=True)
    files.load()


@pytest.mark.parametrize("key", ["answer", "abstract"])
def test_a_collection_s_text_quotes_what_its_notebook_saves(files, key):
    path = files.root / "config/collections/atlas.yaml"
    text = path.read_text().replace("{n_heads}", "{n_headz}")
    path.write_text(text)
    said = files.problems()["config/collections/atlas.yaml", key]
    assert "saves no number 'n_headz'; did you mean n_heads?" in said


def test_files_left_about_are_no_collections(files):
    for name in (".DS_Store", "._atlas.yaml", "atlas.yaml~", "atlas copy.yaml", "atlas.yaml.bak"):
        (files.root / "config/collections" / name).write_text("left about")
    assert files.load()


def test_a_study_in_capitals_is_pointed_to(files):
    study = files.root / STUDY
    study.rename(study.with_name("Composition.yaml"))
    assert "Composition.yaml is there" in files.problems()[STUDY, ""]


def test_models_that_differ_in_what_must_be_alike(files):
    files.set(CONFIG, "studies", ["induction"])
    files.set(
        INDUCTION,
        "conditions.two_heads",
        {"label": "2 heads", "model": {"n_heads": 2}, "extra_seeds": [*range(3, 10)]},
    )
    look = {"name": "same_heads", "for_each": "pair", "conditions": ["two_layers", "two_heads"]}
    files.set(INDUCTION, "comparisons.look", look)
    assert files.problems()[INDUCTION, "comparisons.look.conditions"] == (
        "same_heads needs model.n_heads to have the same value in both: "
        "4 in two_layers and 2 in two_heads"
    )
    beside = {"name": "same_heads", "conditions": ["two_layers"], "beside": "two_heads"}
    files.set(INDUCTION, "comparisons.look", beside)
    assert "same_heads needs" in files.problems()[INDUCTION, "comparisons.look.beside"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"task": {"n_features": 100}}, "task.n_features to have the same value in both: 200 in"),
        ({"model": {"sparsities": [3, 4]}}, "model.sparsities to have as many entries in both:"),
        ({"model": {"sparsities": [3, 4, 4, 8]}}, None),
    ],
)
def test_worlds_that_differ_in_what_must_be_alike(files, changes, says):
    files.set(CONFIG, "studies", ["composition", "alias", "induction", "sae"])
    files.set(SAE, "conditions.other", {"label": "other", **changes})
    look = {"name": "same_features", "for_each": "pair", "conditions": ["topk", "other"]}
    files.set(SAE, "comparisons.look", look)
    if says is None:
        assert files.load()
    else:
        assert says in files.problems()[SAE, "comparisons.look.conditions"]
