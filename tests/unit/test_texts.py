"""Models asked in texts: tiny pretrained ones of each architecture, looked into with the real tools."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.testing import assert_close
from transformers import AutoModelForCausalLM, AutoTokenizer

from onset import analyses, measures, models, tasks
from onset.analyses.heads import head_effects
from onset.config.wants import wants
from onset.measures.answers import prediction
from onset.measures.residual import answer_lens
from onset.models import inspection
from onset.models.pretrained.planning import problems
from onset.results import Run
from onset.runs.artefacts import read_checkpoint
from onset.runs.token_names import likeliest, tokens_of
from onset.stages import analyse as analyse_stage
from onset.stages import dataset as dataset_stage
from onset.stages import evaluate as evaluate_stage
from onset.stages import train as train_stage
from onset.stages.command import StageError
from onset.tasks.dataset import VALIDATION
from onset.tasks.texts import split_of
from onset.training.batches import questions_of
from onset.training.settings import TrainingSettings
from tests import checkpoints
from tests.texts import TINY_LLAMA, Pieces, all_pieces, checkpoint_for
from tests.worlds import settings_of

TASK = settings_of("ioi")


@pytest.fixture(scope="module", params=checkpoints.KINDS)
def folder(request, tmp_path_factory) -> Path:
    return checkpoint_for("ioi", request.param, tmp_path_factory.mktemp(request.param) / "own")


def settings(folder: Path, **changes) -> dict:
    return {"name": "pretrained", "checkpoint": str(folder), **changes}


@pytest.fixture(scope="module")
def asked(folder):
    """The model, its parameters, and the sentences in its tokens."""
    tokenizer = models.open_tokenizer(settings(folder))
    world = tasks.load("ioi").generate(TASK, 0, tokenizer)
    model = models.build(settings(folder), *world.sizes)
    return model, model.initial_parameters(0), world


def by_hand(folder: Path, world, split: str) -> torch.Tensor:
    """Logits after each prompt alone, by the plain library."""
    plain = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    its = world.splits[split]
    prompts = [
        torch.from_numpy(row[: end + 1])[None]
        for row, end in zip(its.tokens, its.positions[:, 0], strict=True)
    ]
    with torch.inference_mode():
        return torch.cat([plain(prompt).logits[:, -1] for prompt in prompts]).clone()


class TestTokens:
    def test_they_are_the_tokenizers_own(self, folder, asked):
        _, _, world = asked
        tokenizer = AutoTokenizer.from_pretrained(folder)
        its = world.splits["ioi"]
        for row, end in zip(its.tokens, its.positions[:, 0], strict=True):
            text = "".join(world.vocabulary[token] for token in row[: end + 1])
            assert tokenizer(text)["input_ids"] == row[: end + 1].tolist()

    def test_every_row_of_the_embeddings_has_a_name(self, asked):
        model, _, world = asked
        assert world.n_tokens == len(world.vocabulary) == model.config.vocab_size
        assert all(world.vocabulary)
        assert world.vocabulary[-1] == f"token {world.n_tokens - 1}"  # no token of the tokenizer

    def test_texts_are_filled_up_behind_what_is_asked(self):
        pieces = Pieces(begins=True)
        split = split_of(["one two", "three"], np.array([7, 8]), pieces, 5)
        assert split.tokens.tolist() == [[0, 1, 2, 0, 0], [0, 3, 0, 0, 0]]
        assert split.positions.tolist() == [[2], [1]]
        groups = {tuple(rows): its for rows, its in questions_of(split).alike()}
        assert {rows: (its.tokens.tolist(), its.scored) for rows, its in groups.items()} == {
            (1,): ([[0, 3]], (1,)), (0,): ([[0, 1, 2]], (2,)),
        }  # fmt: skip


class TestAnswers:
    def test_they_are_those_to_each_prompt_alone(self, folder, asked):
        model, parameters, world = asked
        questions = [questions_of(world.splits[name]) for name in ("ioi", "three_names")]
        expected = torch.cat([by_hand(folder, world, name) for name in ("ioi", "three_names")])
        assert_close(model.logits(parameters, questions), expected)
        assert len(np.unique(world.splits["ioi"].positions)) > 1, "of several lengths"

    def test_they_are_computed_in_parts_where_no_gradient_is_asked(self, asked, monkeypatch):
        model, parameters, world = asked
        questions = [questions_of(world.splits["ioi"])]
        whole = model.logits(parameters, questions)
        monkeypatch.setattr("onset.models.pretrained.model._AT_ONCE", 2)
        with torch.inference_mode():
            assert_close(model.logits(parameters, questions), whole)

    def test_prediction(self, folder, asked):
        world = asked[2]
        found = {(its.split, its.measure): its.value for its in prediction.measure(*asked)}
        logits = by_hand(folder, world, "ioi")
        targets = torch.from_numpy(world.splits["ioi"].targets[:, 0])
        loss = torch.nn.functional.cross_entropy(logits, targets).item()
        assert found["ioi", "loss"] == pytest.approx(loss, rel=1e-5)
        assert found["ioi", "accuracy"] == (logits.argmax(1) == targets).double().mean().item()

    def test_the_lens_ends_with_the_answer(self, asked):
        found = {
            (its.split, its.measure, its.layer): its.value for its in answer_lens.measure(*asked)
        }
        assert not [split for split, *_ in found if split.endswith(VALIDATION)]
        predicted = {(its.split, its.measure): its.value for its in prediction.measure(*asked)}
        n_layers = asked[0].config.num_hidden_layers
        for split in ("ioi", "three_names"):
            end = found[split, "answer_nats", n_layers]
            assert end == pytest.approx(predicted[split, "loss"], rel=1e-5)
            assert found[split, "answer_top1", n_layers] == predicted[split, "accuracy"]
            begin = found[split, "answer_nats", 0]
            assert begin != pytest.approx(end, rel=1e-5)


class TestEffects:
    def rows(self, asked) -> dict:
        found = head_effects.analyse(*asked, seed=0)
        return {(its.split, its.measure, its.layer, its.head): its.value for its in found}

    def test_parts_make_up_the_lead(self, asked):
        """All but what biases write, which are none in a Llama."""
        model, rows = asked[0], self.rows(asked)
        for split in ("ioi", "three_names"):
            whole = rows[split, "answer_lead", None, None]
            parts = sum(v for (s, m, *_), v in rows.items() if s == split and m.endswith("_effect"))
            if model.config.model_type == "llama":
                assert parts == pytest.approx(whole, rel=1e-4)
            assert sum(m == "head_effect" for s, m, *_ in rows if s == split) == 4

    def test_the_lead_is_that_of_the_plain_model(self, folder, asked):
        _, _, world = asked
        its = world.splits["ioi"]
        logits = by_hand(folder, world, "ioi")
        right, rival = (torch.from_numpy(of) for of in (its.targets[:, 0], its.truth["rival"]))
        rows = torch.arange(len(its))
        lead = (logits[rows, right] - logits[rows, rival]).mean().item()
        assert self.rows(asked)["ioi", "answer_lead", None, None] == pytest.approx(lead, rel=1e-4)

    def test_a_head_that_writes_nothing_has_none(self, asked):
        """The last layer's first head, its columns of the output matrix set to zero."""
        model, parameters, world = asked
        changed = {name: p.clone() for name, p in parameters.items()}
        (name,) = (
            n for n in changed
            if ".1." in n and n.endswith(("attn.c_proj.weight", "o_proj.weight", "attention.dense.weight"))
        )  # fmt: skip
        half = changed[name].shape[0] // 2
        rows_are_inputs = model.config.model_type == "gpt2"
        (changed[name][:half] if rows_are_inputs else changed[name][:, :half]).zero_()
        before, after = self.rows(asked), self.rows((model, changed, world))
        assert abs(before["ioi", "head_effect", 1, 0]) > 1e-4
        assert after["ioi", "head_effect", 1, 0] == pytest.approx(0, abs=1e-6)


def test_heads_are_scored_on_repeated_tokens(folder):
    """A model whose queries and keys say nothing looks at all that it sees alike."""
    task = tasks.load("induction").Settings(
        name="induction", n_symbols=20, length=16, segment=[4, 6], n_train=4, n_test=4
    )
    world = tasks.load("induction").generate(task, 0)
    model = models.build(settings(folder, first_token=3), *world.sizes)
    parameters = model.initial_parameters(0)
    blind = {
        name: torch.zeros_like(p) if any(its in name for its in ("q_proj", "c_attn", "query_key")) else p
        for name, p in parameters.items()
    }  # fmt: skip
    module = measures.load("head_scores")
    family = models.load_settings("pretrained").Settings.model_validate(settings(folder))
    assert not [*wants(measures, "head_scores").unfit(task, family)]
    found = {its.measure: its.value for its in module.measure(model, blind, world)}
    expected = np.mean([1 / (position + 1) for position in range(1, 16)])
    assert found["previous_token_score"] == pytest.approx(expected, rel=1e-5)
    spread = {its.value for its in module.measure(model, parameters, world)}
    assert len(spread) > 10


class TestAsking:
    def test_people_type_text(self, folder, asked):
        model, parameters, world = asked
        text = "When Mary and John went to the"
        tokens = tokens_of(text, model, world.vocabulary)
        assert tokens.tolist() == [AutoTokenizer.from_pretrained(folder)(text)["input_ids"]]
        logits = inspection.open_bridge(model, parameters)(tokens)[0, -1]
        said = likeliest(logits, model, world.vocabulary, most=1)
        assert said["answer"].item() == world.vocabulary[logits.argmax()]

    def test_nothing_and_too_much_are_refused(self, asked):
        model, _, world = asked
        for text, said in (("", "0 tokens"), ("and " * 99, r"\d+ tokens; the model takes 1 to")):
            with pytest.raises(ValueError, match=said):
                tokens_of(text, model, world.vocabulary)


class TestRandomWeights:
    def test_the_seed_draws_them(self, folder):
        model = models.build(settings(folder, weights="random", first_token=0), 5, 4)
        one, same, other = (model.initial_parameters(seed) for seed in (0, 0, 1))
        own = models.build(settings(folder, first_token=0), 5, 4).initial_parameters(0)
        assert one.keys() == own.keys()
        assert all(torch.equal(p, same[name]) for name, p in one.items())
        matrix = next(name for name, p in one.items() if p.ndim > 1)
        assert not torch.equal(one[matrix], other[matrix])
        assert not torch.equal(one[matrix], own[matrix])

    def test_drawing_leaves_chance_as_it_was(self, folder):
        model = models.build(settings(folder, weights="random", first_token=0), 5, 4)
        torch.manual_seed(7)
        expected = torch.rand(3)
        torch.manual_seed(7)
        model.initial_parameters(0)
        assert torch.equal(torch.rand(3), expected)


def stage(work, run: Path, told: dict) -> None:
    no_others = {"parents": [], "sources": []}
    work(argparse.Namespace(run=run, runs=[run], **no_others, settings=told, code="none"))


def test_a_model_that_is_not_trained_goes_through_all_stages(folder, tmp_path):
    run = Run(tmp_path / "results/study/condition/seed_0")
    on = {"model": settings(folder), "device": "cpu", "threads": 1}
    training = TrainingSettings.model_validate({"steps": 0}).model_dump(mode="json")
    stage(
        dataset_stage.work, run.path, {"task": TASK.model_dump(mode="json"), "model": on["model"]}
    )
    stage(
        train_stage.work,
        run.path,
        {**on, "training": training, "checkpoints": {"schedule": "explicit", "steps": [0]}},
    )
    stage(evaluate_stage.work, run.path, {**on, "measures": ["prediction", "answer_lens"]})
    names = ["head_effects"]
    told = {**on, "analyses": {"names": names, "checkpoints": 1}}
    stage(analyse_stage.work, run.path, told)

    assert run.steps == [0]
    assert run.training_log.empty
    file = run.folder.checkpoint(0)
    assert file.stat().st_size < 4000, "what is in the checkpoint's files isn't stored again"
    plain = dict(AutoModelForCausalLM.from_pretrained(folder).named_parameters())
    for name, p in run.parameters().items():
        assert torch.equal(p, plain[name].to(torch.float32))
    assert set(run.measures["split"]) >= {"ioi", "three_names"}
    assert set(run.analyses["measure"]) == {
        "answer_lead", "head_effect", "mlp_effect", "embedding_effect",
        "attention_to_right", "attention_to_rival", "attention_to_repeat",
    }  # fmt: skip
    asked = run.bridge()(run.tokens("Then Mary and"))
    assert asked.shape[:2] == (1, 3)


@pytest.mark.parametrize(
    ("given", "idle"),
    [
        ({"learning_rate": 0.1, "batch_size": 4}, "batch_size, learning_rate"),
        ({"warmup_steps": 3}, "warmup"),
    ],
)
def test_without_steps_there_is_nothing_to_set(given, idle):
    with pytest.raises(ValueError, match=f"steps: 0 trains nothing; leave out {idle}"):
        TrainingSettings.model_validate({"steps": 0, **given})


def test_a_run_stores_what_training_changes(folder, tmp_path):
    run = Run(tmp_path / "results/study/condition/seed_0")
    on = {"model": settings(folder, first_token=2), "device": "cpu", "threads": 1}
    training = {
        "steps": 2, "batch_size": 8, "mixture": {"train": 1.0}, "learning_rate": 0.1,
        "trainable": {"*.1.*mlp*": "all"},
    }  # fmt: skip
    task = {
        "name": "induction",
        "n_symbols": 9,
        "length": 8,
        "segment": [3, 4],
        "n_train": 9,
        "n_test": 9,
    }
    stage(dataset_stage.work, run.path, {"task": task})
    checkpoints_told = {"schedule": "linear", "count": 2}
    stage(train_stage.work, run.path, {**on, "training": training, "checkpoints": checkpoints_told})
    began, ended = (read_checkpoint(run.folder, step) for step in (0, 2))
    changed = {name for name in began if not torch.equal(began[name], ended[name])}
    assert changed == {name for name in began if ".1." in name and "mlp" in name}
    stored = sum(ended[name].numel() for name in changed) * 4
    assert stored < run.folder.checkpoint(2).stat().st_size < stored + 4000
    with torch.inference_mode():
        again = read_checkpoint(run.folder, 2)
        assert all(torch.equal(again[name], ended[name]) for name in again)


def test_smoke_runs_have_a_tiny_model_that_knows_all_words():
    """Else: `python -m tests.texts`."""
    told = settings(TINY_LLAMA, weights="random")
    assert problems(models.load_settings("pretrained").Settings(**told), 1, 0, TASK.length) == []
    tokenizer = models.open_tokenizer(told)
    assert set(all_pieces()) <= set(tokenizer.names)
    world = tasks.load("ioi").generate(TASK, 0, tokenizer)
    model = models.build(told, *world.sizes)
    logits = model.logits(model.initial_parameters(0), [questions_of(world.splits["ioi"])])
    assert logits.shape == (len(world.splits["ioi"]), world.n_tokens)
    assert logits.std() > 0


def test_a_family_without_a_tokenizer_is_refused(folder, tmp_path):
    from onset.config.checks import _Check
    from onset.config.problems import Layer

    layer = Layer("study.yaml", "", {"model": {"name": "transformer"}})
    check = _Check([layer])
    transformer = models.load_settings("transformer").Settings(name="transformer")
    assert not check.takes(TASK, transformer, None)
    (problem,) = check.problems
    assert "the task ioi has texts, and needs a tokenizer of its own" in problem.message


def test_a_tokenizer_without_names_is_said_in_a_line(tmp_path):
    folder = checkpoints.save("gpt2", tmp_path / "own")
    run = Run(tmp_path / "results/study/condition/seed_0")
    told = {"task": TASK.model_dump(mode="json"), "model": settings(folder)}
    with pytest.raises(StageError, match="names are single tokens of this model's tokenizer"):
        stage(dataset_stage.work, run.path, told)


def test_analyses_of_heads_are_found():
    assert "head_effects" in analyses.names()
