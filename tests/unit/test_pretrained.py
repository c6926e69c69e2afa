"""Pretrained models: the real loader on tiny checkpoints that the tests themselves make and save."""

from __future__ import annotations

import argparse
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from pydantic import ValidationError
from safetensors.torch import load_file, save_file
from torch.testing import assert_close
from transformer_lens.model_bridge import TransformerBridge
from transformers import AutoModelForCausalLM

from onset import analyses, models
from onset.analyses.components.questions import exchanges
from onset.config import ConfigError, load_project
from onset.config.wants import wants
from onset.config.yaml_file import read_yaml
from onset.models import inspection
from onset.models.batch import Batch, Questions
from onset.models.pretrained.model import Pretrained
from onset.models.pretrained.planning import problems
from onset.models.pretrained.settings import Settings
from onset.results import Run
from onset.runs.artefacts import read_checkpoint
from onset.stages import dataset as dataset_stage
from onset.stages import evaluate as evaluate_stage
from onset.stages import train as train_stage
from onset.stages.command import StageError
from onset.tasks import composition
from onset.training.loop import train
from onset.training.losses import loss_on
from onset.training.settings import TrainingSettings
from onset.training.state import TrainingState
from tests import checkpoints

ROOT = Path(__file__).parents[2]
FIRST, N_TOKENS, LENGTH = 5, 24, 3
WORLD = composition.generate(
    composition.Settings(name="composition", n_entities=20, n_relations=4, id_trained=0.7), seed=0
)


@pytest.fixture(scope="module", params=checkpoints.KINDS)
def folder(request, tmp_path_factory) -> Path:
    return checkpoints.save(request.param, tmp_path_factory.mktemp(request.param) / "checkpoint")


@pytest.fixture(scope="module")
def loaded(folder) -> tuple[Pretrained, dict[str, torch.Tensor]]:
    model = models.build(settings(folder), N_TOKENS, LENGTH)
    return model, model.initial_parameters(seed=0)


def settings(folder: Path | str, **changes) -> dict:
    return {"name": "pretrained", "checkpoint": str(folder), "first_token": FIRST, **changes}


def questions() -> list[Questions]:
    rng = np.random.default_rng(0)
    shapes = [((7, 3), (2,)), ((5, 2), (0, 1)), ((4, 3), (1,))]
    return [Questions(rng.integers(N_TOKENS, size=s), scored) for s, scored in shapes]


def training(**changes) -> TrainingSettings:
    given = {
        "steps": 30,
        "batch_size": 32,
        "mixture": {"atomic": 0.5, "composed_train": 0.5},
        "learning_rate": 1e-2,
    }
    return TrainingSettings(**{**given, **changes})


def trained(model: Pretrained, **changes) -> TrainingState:
    start = TrainingState(0, model.initial_parameters(0))
    return train(model, WORLD, training(**changes), (), 0, start, lambda state: None)


class TestLoading:
    def test_parameters_are_the_checkpoints_each_once_in_single_precision(self, folder, loaded):
        _, parameters = loaded
        saved = dict(AutoModelForCausalLM.from_pretrained(folder).named_parameters())
        assert parameters.keys() == saved.keys()
        for name, parameter in parameters.items():
            assert parameter.dtype == torch.float32
            assert torch.equal(parameter, saved[name].to(torch.float32))
        storages = [parameter.untyped_storage().data_ptr() for parameter in parameters.values()]
        assert len(set(storages)) == len(storages)

    def test_answers_are_those_of_the_checkpoint_in_transformer_lens(self, folder, loaded):
        model, parameters = loaded
        bridge = TransformerBridge.boot_transformers(str(folder), device="cpu").eval()
        groups = questions()
        logits = model.logits(parameters, groups)
        expected = torch.cat(
            [
                bridge(torch.from_numpy(g.tokens + FIRST))[:, list(g.scored)].flatten(0, 1)
                for g in groups
            ]
        )
        task = [*range(FIRST, FIRST + N_TOKENS)]
        others = [i for i in range(checkpoints.N_ROWS) if i not in task]
        assert_close(logits, expected[:, task + others])

    def test_the_loss_is_over_the_whole_vocabulary(self, loaded):
        model, parameters = loaded
        group = questions()[0]
        logits = model.logits(parameters, [group])
        assert logits.shape == (len(group.tokens), checkpoints.N_ROWS)
        targets = np.zeros((len(group.tokens), 1), np.int64)
        loss = loss_on(Batch.of([(group, targets)]), model, parameters)
        assert_close(loss, -logits.log_softmax(1)[:, 0].mean())

    def test_the_seed_changes_nothing(self, loaded):
        model, parameters = loaded
        again = model.initial_parameters(seed=1)
        assert all(torch.equal(parameters[name], again[name]) for name in parameters)

    def test_there_is_no_dropout(self, loaded):
        model, parameters = loaded
        one, other = (model.logits(parameters, questions()) for _ in range(2))
        assert torch.equal(one, other)


class TestInside:
    """What is read inside a model is what TransformerLens shows of it."""

    @pytest.fixture
    def seen(self, loaded):
        """The task's tokens, the bridge's logits for them, and its cache."""
        model, parameters = loaded
        tokens = torch.from_numpy(np.random.default_rng(0).integers(N_TOKENS, size=(5, LENGTH)))
        bridge = inspection.open_bridge(model, parameters, model.depth(2))
        return tokens, *bridge.run_with_cache(tokens + FIRST)

    def test_the_residual_stream(self, loaded, seen):
        model, parameters = loaded
        tokens, _, cache = seen
        stream = model.residual_stream(parameters, tokens)
        assert len(stream) == model.depth(2) + 1 == 3
        for i in range(2):
            assert_close(stream[i], cache[f"blocks.{i}.hook_resid_pre"])
            assert_close(stream[i + 1], cache[f"blocks.{i}.hook_resid_post"])

    def test_its_end_is_read_out_as_the_models_answers(self, loaded, seen):
        model, parameters = loaded
        tokens, logits, _ = seen
        said = model.unembed(parameters, model.residual_stream(parameters, tokens)[-1])
        assert_close(said[..., :N_TOKENS], logits[..., FIRST : FIRST + N_TOKENS])
        asked = Questions(tokens.numpy(), tuple(range(LENGTH)))
        assert_close(said.flatten(0, 1), model.logits(parameters, [asked]))

    def test_attention(self, loaded, seen):
        model, parameters = loaded
        tokens, _, cache = seen
        patterns = model.attention(parameters, tokens)
        for i, of_block in enumerate(patterns):
            assert_close(of_block, cache[f"blocks.{i}.attn.hook_pattern"])
        assert_close(patterns.sum(-1), torch.ones(patterns.shape[:-1]))

    def test_questions_of_analyses_are_in_its_vocabulary(self, loaded):
        model, parameters = loaded
        exchange = next(iter(exchanges(model, parameters, WORLD, 0)))
        tokens, target = exchange.tokens - FIRST, exchange.target - FIRST
        assert set(map(tuple, tokens.tolist())) <= set(
            map(tuple, WORLD.splits[exchange.split].tokens.tolist())
        )
        asked = Questions(tokens.numpy(), (exchange.scored,))
        expected = model.logits(parameters, [asked]).gather(1, target[:, None])
        logits = exchange.bridge(exchange.tokens)[:, exchange.scored]
        assert_close(logits.gather(1, exchange.target[:, None]), expected)

    def test_other_numbers_of_blocks_are_refused(self, loaded):
        with pytest.raises(ValueError, match="applies each of its blocks once, always"):
            inspection.open_bridge(*loaded, 1)


class TestTraining:
    def test_it_learns_and_repeats_to_the_bit(self, loaded):
        model, parameters = loaded
        one, other = trained(model), trained(model)
        assert one.log["loss"][-1] < 0.7 * one.log["loss"][0]
        assert one.parameters.keys() == parameters.keys()
        for name, parameter in one.parameters.items():
            assert torch.equal(parameter, other.parameters[name])
            assert not torch.equal(parameter, parameters[name])

    def test_a_part_may_be_trained_alone(self, loaded):
        model, parameters = loaded
        end = trained(model, steps=2, trainable={"*mlp*": "all"})
        changed = {n for n, p in end.parameters.items() if not torch.equal(p, parameters[n])}
        assert changed == {name for name in parameters if "mlp" in name}

    def test_gradients_follow_the_logits_even_after_a_call_without(self, folder):
        model = models.build(settings(folder), N_TOKENS, LENGTH)
        parameters = model.initial_parameters(0)
        with torch.inference_mode():
            model.logits(parameters, questions())
        asked = {name: p.requires_grad_() for name, p in parameters.items()}
        model.logits(asked, questions()).square().mean().backward()
        assert all(p.grad is not None and p.grad.any() for p in asked.values())


class TestBridge:
    def test_it_has_the_fine_tuned_weights_and_the_checkpoints_tokenizer(self, loaded):
        model, _ = loaded
        parameters = {n: p.detach() for n, p in trained(model, steps=5).parameters.items()}
        bridge = inspection.open_bridge(model, parameters)
        group = questions()[0]
        tokens = torch.from_numpy(model.in_vocabulary(group.tokens))
        logits, cache = bridge.run_with_cache(tokens)
        of_task = logits[:, -1, FIRST : FIRST + N_TOKENS]
        assert_close(of_task, model.logits(parameters, [group])[:, :N_TOKENS])
        assert cache["blocks.1.attn.hook_pattern"].shape == (7, 2, LENGTH, LENGTH)
        assert bridge.tokenizer("w7 w9")["input_ids"][-2:] == [7, 9]

    def test_parameters_of_another_model_are_refused(self, loaded):
        model, parameters = loaded
        with pytest.raises(ValueError, match="aren't parameters of"):
            inspection.open_bridge(model, {**parameters, "another": torch.zeros(1)})
        fewer = dict(list(parameters.items())[1:])
        with pytest.raises(ValueError, match="aren't parameters of"):
            inspection.open_bridge(model, fewer)

    def test_its_depth_is_fixed(self, loaded):
        with pytest.raises(ValueError, match="each of its blocks once"):
            inspection.open_bridge(*loaded, n_applications=1)


class TestIdentity:
    """A checkpoint is an input: which one it is stands in the settings, and a change is noticed."""

    def test_another_content_is_another_setting(self, folder, tmp_path):
        copy = shutil.copytree(folder, tmp_path / "copy")
        one, same = (Settings(**settings(path)) for path in (folder, copy))
        assert one.checksum == same.checksum
        weights = copy / "model.safetensors"
        content = bytearray(weights.read_bytes())
        content[-1] ^= 1
        weights.write_bytes(content)
        assert Settings(**settings(copy)).checksum != one.checksum

    def test_files_that_changed_after_the_config_was_read_are_refused(self, folder, tmp_path):
        copy = shutil.copytree(folder, tmp_path / "copy")
        read = Settings(**settings(copy))
        config = copy / "config.json"
        config.write_text(config.read_text() + " ")
        with pytest.raises(ValueError, match="checksum: the files in"):
            models.build(read.model_dump(), N_TOKENS, LENGTH)

    def test_a_name_on_the_hub_needs_a_revision(self):
        def said(**changes) -> list[str]:
            return problems(Settings(**settings("EleutherAI/pythia-70m", **changes)), 2, 9, 3)

        assert "needs a revision" in said()[0]
        assert said(revision="step143000") == []
        assert "checksum is of the files of a local folder" in said(revision="a", checksum="b")[0]

    @pytest.mark.parametrize(
        ("checkpoint", "message"),
        [
            ("my model!! /x", "can't be a name on the hub"),
            ("https://example.org/EleutherAI/pythia-70m", "can't be a name on the hub"),
            ("~/models/gpt2", "write the path out"),
        ],
    )
    def test_what_can_be_no_name_on_the_hub_is_refused(self, checkpoint, message):
        given = Settings(**settings(checkpoint, revision="main"))
        (said,) = problems(given, 2, 9, 3)
        assert checkpoint in said
        assert message in said

    @pytest.mark.parametrize(
        "nothing", [{"checkpoint": ""}, {"checkpoint": " "}, {"revision": " "}]
    )
    def test_what_names_nothing_is_refused(self, nothing, monkeypatch, tmp_path):
        monkeypatch.chdir(tmp_path)  # which "" would be
        with pytest.raises(ValidationError, match="must not be empty"):
            Settings(**settings("gpt2", **{"revision": "main", **nothing}))

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"revision": "main"}, "has no revisions"),
            ({"first_token": 50}, "the task has 24 tokens; from first_token 50 on .* has 11"),
            ({"checksum": "0123"}, "checksum: the files in"),
            ({"checkpoint": "./nowhere"}, "./nowhere can't be read"),
        ],
    )
    def test_what_does_not_fit_is_said(self, folder, changes, message):
        given = Settings(**settings(folder, **changes))
        (said,) = problems(given, 2, N_TOKENS, LENGTH)
        assert re.search(message, said)
        with pytest.raises(ValueError, match=message):
            models.build(given.model_dump(), N_TOKENS, LENGTH)

    def test_sequences_may_be_as_long_as_the_checkpoint_takes(self, folder):
        given = Settings(**settings(folder))
        assert problems(given, 2, N_TOKENS, checkpoints.N_POSITIONS) == []
        (said,) = problems(given, 2, N_TOKENS, checkpoints.N_POSITIONS + 1)
        assert "takes up to 8" in said


class TestWeights:
    """The stored tensors are those of the architecture, or it is said which aren't."""

    def changed(self, folder: Path, copy: Path, change) -> Path:
        """A copy of a checkpoint with other tensors."""
        shutil.copytree(folder, copy)
        tensors = load_file(copy / "model.safetensors")
        change(tensors)
        save_file(tensors, copy / "model.safetensors", {"format": "pt"})
        return copy

    def matrix(self, tensors: dict[str, torch.Tensor]) -> str:
        return next(name for name in sorted(tensors) if ".1." in name and tensors[name].ndim == 2)

    def refused(self, folder: Path) -> str:
        model = models.build(settings(folder), N_TOKENS, LENGTH)
        with pytest.raises(ValueError, match=re.escape(str(folder))) as refused:
            model.initial_parameters(0)
        return str(refused.value)

    def test_a_missing_one(self, folder, tmp_path):
        gone = []

        def change(tensors):
            gone.append(self.matrix(tensors))
            del tensors[gone[0]]

        said = self.refused(self.changed(folder, tmp_path / "copy", change))
        assert said == f"{tmp_path / 'copy'}: missing tensors: {gone[0]}"

    def test_one_too_many(self, folder, tmp_path):
        def change(tensors):
            tensors["of_value.weight"] = torch.zeros(3)

        said = self.refused(self.changed(folder, tmp_path / "copy", change))
        assert said.endswith("unexpected tensors: of_value.weight")

    def test_one_of_another_shape(self, folder, tmp_path):
        def change(tensors):
            name = self.matrix(tensors)
            tensors[name] = tensors[name][:, :-1].contiguous()

        said = self.refused(self.changed(folder, tmp_path / "copy", change))
        assert re.search(
            r"\.1\.\S+ has the shape \(\d+, \d+\), and the architecture \(\d+, \d+\)$", said
        )

    @pytest.fixture
    def tied(self, tmp_path) -> Path:
        return checkpoints.save("gpt2", tmp_path / "tied")

    def test_a_head_beside_tied_embeddings(self, tied, tmp_path):
        def change(tensors):
            tensors["lm_head.weight"] = tensors["transformer.wte.weight"] + 1

        folder = self.changed(tied, tmp_path / "copy", change)
        (said,) = problems(Settings(**settings(folder)), 2, N_TOKENS, LENGTH)
        assert "tie_word_embeddings is true, and a head is stored" in said
        # Where config.json leaves it to the architecture, only the library knows.
        config = json.loads((folder / "config.json").read_text())
        assert config.pop("tie_word_embeddings")
        (folder / "config.json").write_text(json.dumps(config))
        assert "tie_word_embeddings is true, and a head is stored" in self.refused(folder)

    def test_a_copy_of_the_embeddings_does_no_harm(self, tied, tmp_path):
        def change(tensors):
            tensors["lm_head.weight"] = tensors["transformer.wte.weight"].clone()

        folder = self.changed(tied, tmp_path / "copy", change)
        assert problems(Settings(**settings(folder)), 2, N_TOKENS, LENGTH) == []
        one, other = (
            models.build(settings(its), N_TOKENS, LENGTH).initial_parameters(0)
            for its in (tied, folder)
        )
        assert one.keys() == other.keys()
        assert all(torch.equal(p, other[name]) for name, p in one.items())

    def test_a_head_alone_may_be_the_embeddings(self, tied, tmp_path):
        def change(tensors):
            tensors["lm_head.weight"] = tensors.pop("transformer.wte.weight")

        folder = self.changed(tied, tmp_path / "copy", change)
        assert problems(Settings(**settings(folder)), 2, N_TOKENS, LENGTH) == []

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "it ends within its header|Expecting value"),
            (b"12345678" * 9, "it ends within its header"),
            ((10).to_bytes(8, "little") + b"{not JSON}", "Expecting property name"),
            ((2).to_bytes(8, "little") + b"[]", "no mapping"),
            ((11).to_bytes(8, "little") + b'{"a": true}', "not subscriptable"),
            ((10**6).to_bytes(8, "little") + b"[" * 10**6, "nested too deeply"),
        ],
    )
    def test_no_tensors_at_all(self, folder, tmp_path, content, message):
        copy = shutil.copytree(folder, tmp_path / "copy")
        (copy / "model.safetensors").write_bytes(content)
        (said,) = problems(Settings(**settings(copy)), 2, N_TOKENS, LENGTH)
        assert re.search(f"model.safetensors isn't a whole file of tensors .*{message}", said)

    def test_a_file_that_was_cut_off(self, folder, tmp_path):
        copy = shutil.copytree(folder, tmp_path / "copy")
        weights = copy / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:-1])
        (said,) = problems(Settings(**settings(copy)), 2, N_TOKENS, LENGTH)
        assert re.search(r"it has \d+ bytes, and by its header \d+", said)

    def test_weights_in_several_files(self, folder, tmp_path):
        copy = tmp_path / "copy"
        AutoModelForCausalLM.from_pretrained(folder).save_pretrained(copy, max_shard_size="10KB")
        for file in folder.glob("tokenizer*"):
            shutil.copy(file, copy)
        assert (copy / "model.safetensors.index.json").exists()
        given = Settings(**settings(copy))
        assert problems(given, 2, N_TOKENS, LENGTH) == []
        one, other = (
            models.build(settings(its), N_TOKENS, LENGTH).initial_parameters(0)
            for its in (folder, copy)
        )
        assert all(torch.equal(p, other[name]) for name, p in one.items())
        next(copy.glob("model-00001*")).unlink()
        (said,) = problems(Settings(**settings(copy)), 2, N_TOKENS, LENGTH)
        assert re.search(r"model-00001\S+ isn't a whole file of tensors", said)


def stage(work, run: Path, told: dict, **more) -> None:
    no_others = {"parents": [], "sources": []}
    told_all = {"run": run, "runs": [run], **no_others, "settings": told, "code": "none"}
    work(argparse.Namespace(**told_all, **more))


def test_a_run_goes_through_all_stages_and_opens_again(folder, tmp_path):
    run = Run(tmp_path / "results/study/condition/seed_0")
    task = {"name": "composition", "n_entities": 20, "n_relations": 4, "id_trained": 0.7}
    on = {"model": settings(folder), "device": "cpu", "threads": 1}
    told = {
        **on,
        "training": training(steps=4).model_dump(mode="json"),
        "checkpoints": {"schedule": "linear", "count": 2},
    }
    stage(dataset_stage.work, run.path, {"task": task})
    stage(train_stage.work, run.path, told)
    stage(evaluate_stage.work, run.path, {**on, "measures": ["prediction"]})

    assert run.settings["model"]["checksum"] == Settings(**settings(folder)).checksum
    assert run.steps == [0, 4]
    first = read_checkpoint(run.folder, 0)
    assert all(torch.equal(first[n], p) for n, p in run.model.initial_parameters(0).items())
    split = run.dataset.splits["oo"]
    logits = run.bridge()(torch.from_numpy(run.model.in_vocabulary(split.tokens)))[:, -1]
    right = logits.argmax(1).numpy() == run.model.in_vocabulary(split.targets[:, 0])
    found = run.measures.query("step == 4 and split == 'oo' and measure == 'accuracy'")
    assert found["value"].item() == pytest.approx(right.mean())


def test_a_training_without_its_weights_is_refused_in_a_line(folder, tmp_path):
    def change(tensors):
        del tensors[TestWeights().matrix(tensors)]

    copy = TestWeights().changed(folder, tmp_path / "copy", change)
    run = Run(tmp_path / "results/study/condition/seed_0")
    task = {"name": "composition", "n_entities": 20, "n_relations": 4, "id_trained": 0.7}
    told = {
        "model": settings(copy), "device": "cpu", "threads": 1,
        "training": training(steps=4).model_dump(mode="json"),
        "checkpoints": {"schedule": "linear", "count": 2},
    }  # fmt: skip
    stage(dataset_stage.work, run.path, {"task": task})
    with pytest.raises(StageError, match=r"study/condition/seed_0: .*copy: missing tensors: "):
        stage(train_stage.work, run.path, told)


EXAMPLE = "pythia_composition"


class TestTheExample:
    """It is read as it is shipped, and runs on a checkpoint that is there."""

    @pytest.fixture
    def root(self, tmp_path) -> Path:
        shutil.copytree(ROOT / "config", tmp_path / "config")
        shutil.copytree(ROOT / "workflow/notebooks", tmp_path / "workflow/notebooks")
        return tmp_path

    def load(self, root: Path, **overrides):
        shipped = read_yaml(root / "config/config.yaml")
        assert EXAMPLE not in shipped["studies"]  # it needs a download
        config = {**shipped, "studies": [EXAMPLE], "overrides": {EXAMPLE: overrides}}
        return load_project(config, root)

    def test_it_is_read_without_a_problem_and_without_a_network(self, root):
        conditions = self.load(root).studies[EXAMPLE].conditions.values()
        assert {c.model.checkpoint for c in conditions} == {"EleutherAI/pythia-70m"}
        revisions = [c.model.revision for c in conditions]
        assert {"step0", "step143000"} <= set(revisions)

    def test_with_a_checkpoint_of_ones_own(self, root):
        made = {f"step{i}": checkpoints.save("pythia", root / f"step{i}", i) for i in (0, 8)}
        rest = yaml.safe_load((root / "config/studies/pythia_composition.yaml").read_text())
        rest["model"] |= {"checkpoint": str(made["step8"]), "revision": None, "first_token": 2}
        rest["sweep"] = [{"model.checkpoint": [str(path) for path in made.values()]}]
        (root / "config/studies/pythia_composition.yaml").write_text(yaml.safe_dump(rest))
        before = [c.train_job for c in self.load(root).studies[EXAMPLE].conditions.values()]
        assert len(set(before)) == 2  # the null control differs in its dataset alone
        checkpoints.save("pythia", made["step0"], seed=9)
        after = [c.train_job for c in self.load(root).studies[EXAMPLE].conditions.values()]
        # The job of the one run whose checkpoint has other weights now, and no other.
        assert sum(a != b for a, b in zip(after, before, strict=True)) == 1

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            (
                {"measures": ["prediction", "clean_bridge"]},
                "clean_bridge needs token embeddings that can be exchanged",
            ),
            (
                {"measures": ["prediction", "head_composition"]},
                "head_composition needs weights that can be told apart head by head",
            ),
        ],
    )
    def test_what_it_can_not_be_asked_is_refused(self, root, changes, said):
        with pytest.raises(ConfigError, match=f"{said}; the pretrained, as it is set, has none"):
            self.load(root, **changes)

    def test_what_it_can_be_asked_is_not(self, root):
        (condition, *_) = (
            self.load(root, measures=["bridge_lens"]).studies[EXAMPLE].conditions.values()
        )
        for name in ("ablation", "attention", "direct_effect", "patching", "probe"):
            assert not [*wants(analyses, name).unfit(condition.task, condition.model)], name

    def test_a_world_that_is_too_large_is_refused(self, root):
        checkpoint = checkpoints.save("pythia", root / "own")
        model = {"checkpoint": str(checkpoint), "revision": None}
        with pytest.raises(ConfigError, match=r"from first_token 1000 on .* has 0"):
            self.load(root, model=model, sweep=[{"task.id_trained": [0.8]}])
