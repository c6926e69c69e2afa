"""The measures on models whose answers are known."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from onset.measures import names
from onset.measures.answers import commonest_answer, prediction
from onset.measures.measurement import Measurement
from onset.measures.residual import bridge_lens
from onset.measures.weights import gradient_alignment, weight_norm
from onset.models.batch import Batch, Questions
from onset.models.transformer.model import Transformer, build
from onset.models.transformer.settings import Settings
from onset.tasks import composition, definitions
from onset.tasks.dataset import Dataset, Split
from onset.training.losses import loss_on

WORLD = composition.generate(
    composition.Settings(name="composition", n_entities=20, n_relations=4, id_trained=0.8), seed=0
)


def transformer(**changes) -> Transformer:
    given = {"name": "transformer", "d_model": 16, "n_heads": 2, "d_mlp": 32}
    return build(Settings(**{**given, **changes}), WORLD.n_tokens, WORLD.length)


class Answering:
    """A model that gives the logits that a function of one question gives."""

    constants = decaying = frozenset()

    def __init__(self, answer: Callable[[tuple[int, ...]], Tensor]) -> None:
        self._answer = answer

    def initial_parameters(self, seed):
        return {}

    def logits(self, parameters, questions):
        return torch.stack([self._answer(tuple(q)) for g in questions for q in g.tokens.tolist()])


def found(measurements) -> dict[tuple, float]:
    """The values by everything that says what they are of."""
    return {(m.measure, m.split, m.layer, m.position): m.value for m in measurements}


class TestPrediction:
    def test_a_model_that_knows_nothing_has_the_loss_of_a_uniform_guess(self):
        model = Answering(lambda question: torch.zeros(WORLD.n_tokens))
        values = found(prediction.measure(model, {}, WORLD))
        assert {split for _, split, *_ in values} == set(WORLD.splits)
        for split in WORLD.splits:
            loss = values["loss", split, None, None]
            assert loss == pytest.approx(math.log(WORLD.n_tokens), rel=1e-6)

    def test_zero_weights_are_a_uniform_guess(self):
        model = transformer()
        zero = {name: torch.zeros(shape) for name, shape in model.shapes().items()}
        values = found(prediction.measure(model, zero, WORLD))
        assert values["loss", "oo", None, None] == pytest.approx(math.log(24), rel=1e-6)

    def test_a_model_that_knows_all_answers_but_one(self):
        answers = {
            tuple(question): answer
            for split in WORLD.splits.values()
            for question, (answer,) in zip(
                split.tokens.tolist(), split.targets.tolist(), strict=True
            )
        }
        missed = tuple(WORLD.splits["id"].tokens[0].tolist())
        answers[missed] += 1

        def answer(question: tuple[int, ...]) -> Tensor:
            return 3.0 * torch.nn.functional.one_hot(
                torch.tensor(answers[question]), WORLD.n_tokens
            )

        values = found(prediction.measure(Answering(answer), {}, WORLD))
        right = -math.log(math.exp(3) / (math.exp(3) + WORLD.n_tokens - 1))
        for split in WORLD.splits:
            n_missed = int(split == "id") / len(WORLD.splits[split])
            assert values["accuracy", split, None, None] == pytest.approx(1 - n_missed)
            # A missed answer's logit is 0 instead of 3.
            expected = right + 3 * n_missed
            assert values["loss", split, None, None] == pytest.approx(expected, rel=1e-5)

    def test_all_scored_positions_count_alike(self):
        split = Split(np.array([[0, 1, 0]]), np.array([[1, 0, 1]]), scored=(0, 1, 2))
        logits = torch.tensor([[0.0, 1.0], [0.0, 1.0], [0.0, 1.0]])

        class Three(Answering):
            def logits(self, parameters, questions):
                return logits

        values = found(
            prediction.measure(Three(lambda q: logits), {}, Dataset({"all": split}, ("a", "b")))
        )
        assert values["accuracy", "all", None, None] == pytest.approx(2 / 3)
        assert values["loss", "all", None, None] == pytest.approx(
            math.log(1 + math.e) - 2 / 3, rel=1e-6
        )


class TestWeightNorm:
    def test_by_hand(self):
        parameters = {"a": torch.tensor([[3.0, 0.0]]), "b": torch.tensor([4.0, 12.0])}
        assert list(weight_norm.measure(transformer(), parameters, WORLD)) == [
            Measurement("weight_norm", 13.0)
        ]

    def test_what_is_shared_counts_once(self):
        def norm(model: Transformer) -> float:
            ones = {name: torch.ones(shape) for name, shape in model.shapes().items()}
            return next(iter(weight_norm.measure(model, ones, WORLD))).value

        looped, twice, deep = (
            transformer(n_loops=2),
            transformer(n_loops=4),
            transformer(n_layers=2),
        )
        assert norm(looped) == norm(twice) < norm(deep)
        tied, untied = transformer(tied_embeddings=True), transformer(tied_embeddings=False)
        assert norm(untied) ** 2 - norm(tied) ** 2 == pytest.approx(WORLD.n_tokens * 16)


class TestRank:
    def test_by_hand(self):
        logits = torch.tensor([[0.1, 0.9, 0.5], [0.1, 0.9, 0.5], [0.1, 0.9, 0.5]])
        assert bridge_lens.rank_of(torch.tensor([0, 1, 2]), logits).tolist() == [3, 1, 2]

    def test_ties_get_the_best_of_their_ranks(self):
        logits = torch.tensor([[7.0, 7.0, 8.0, 7.0], [0.0, 0.0, 0.0, 0.0]])
        assert bridge_lens.rank_of(torch.tensor([1, 3]), logits).tolist() == [2, 1]

    def test_layers_in_front(self):
        logits = torch.tensor([[[0.0, 1.0]], [[1.0, 0.0]]])
        assert bridge_lens.rank_of(torch.tensor([1]), logits).tolist() == [[1], [2]]


class TestBridgeLens:
    @pytest.mark.parametrize("changes", [{"n_loops": 2}, {"n_layers": 3, "tied_embeddings": False}])
    def test_it_is_what_one_example_at_a_time_gives(self, changes):
        model = transformer(**changes)
        parameters = model.initial_parameters(0)
        values = found(bridge_lens.measure(model, parameters, WORLD))
        n_layers = model.settings.n_applications + 1
        assert len(values) == 2 * n_layers * (len(WORLD.splits) - 1)  # atomic facts have no bridge

        for name in ("composed_train", "oo"):
            split = WORLD.splits[name]
            ranks = np.zeros((len(split), n_layers))
            for i, (question, bridge) in enumerate(
                zip(split.tokens, split.truth["bridge"], strict=True)
            ):
                residual = model.residual_stream(parameters, torch.from_numpy(question[None]))
                for layer, state in enumerate(residual[:, 0, 1]):
                    logits = model.unembed(parameters, state)
                    ranks[i, layer] = 1 + sum(logit > logits[bridge] for logit in logits)
            for layer in range(n_layers):
                rank, top1 = ranks[:, layer].mean(), (ranks[:, layer] == 1).mean()
                assert values["bridge_rank", name, layer, 1] == pytest.approx(rank)
                assert values["bridge_top1", name, layer, 1] == pytest.approx(top1)

    def test_in_the_loss_each_pair_counts_once(self):
        model = transformer(n_layers=2)
        parameters = model.initial_parameters(0)
        told = WORLD.only(["atomic", "composed_train"])
        split = WORLD.splits["composed_train"]
        bridges = {
            tuple(question[:2].tolist()): bridge
            for question, bridge in zip(split.tokens, split.truth["bridge"], strict=True)
        }
        assert len(bridges) < len(split)
        expected = []
        for pair, bridge in bridges.items():
            state = model.residual_stream(parameters, torch.tensor([pair]))[1, 0, 1]
            expected.append(-model.unembed(parameters, state).log_softmax(0)[bridge].item())
        loss = bridge_lens.in_loss(model, told)(parameters).item()
        assert loss == pytest.approx(np.mean(expected), rel=1e-5)

    def test_a_bridge_that_is_there_is_found(self):
        """Relation i's embedding is entity i's: where the bridge of (a, i) is i, it is readable."""
        model = transformer(norm="none", positions="none", d_model=24, n_heads=1)
        parameters = {name: torch.zeros(shape) for name, shape in model.shapes().items()}
        entities = torch.eye(20, 24)
        parameters["tok_embed.weight"] = torch.cat([entities, 0.5 * entities[:4]])
        tokens = np.array([[5, 20, 21], [6, 22, 21], [7, 23, 21]])
        split = Split(
            tokens, np.zeros((3, 1), int), (2,), hops=2, truth={"bridge": np.array([0, 2, 4])}
        )
        values = found(
            bridge_lens.measure(model, parameters, Dataset({"oo": split}, WORLD.vocabulary))
        )
        for layer in (0, 1):
            assert values["bridge_top1", "oo", layer, 1] == pytest.approx(2 / 3)
            # In the third, entity 3 and its own relation have larger logits than entity 4.
            assert values["bridge_rank", "oo", layer, 1] == pytest.approx((1 + 1 + 3) / 3)


def test_all_measures_are_known_by_name():
    assert {"prediction", "bridge_lens", "weight_norm"} <= set(names())
    assert "measurement" not in names()


class TestCommonestAnswer:
    def test_the_guess_follows_the_trained_facts(self):
        trained = Split(np.array([[0, 5], [1, 5], [2, 5]]), np.array([[3], [3], [4]]), (1,))
        none = Split(np.zeros((0, 3), int), np.zeros((0, 1), int), (2,), 2)
        asked = Split(
            np.array([[0, 6, 5], [1, 6, 5], [2, 5, 6]]),
            np.array([[3], [4], [0]]),
            (2,),
            2,
            {"bridge": np.array([0, 1, 2])},
        )
        splits = {"atomic": trained, "composed_train": none, "oo": asked}
        dataset = Dataset(splits, tuple("abcdefg"))
        found = list(
            commonest_answer.measure(build(Settings(name="transformer"), 7, 3), {}, dataset)
        )
        # After 5 mostly comes 3; of 6 nothing is known, and the guess is the first token.
        assert [(m.measure, m.split, m.value) for m in found] == [
            ("guess_accuracy", "oo", pytest.approx(2 / 3))
        ]


class TestGradientAlignment:
    SIZES = {"n_bases": 12, "n_attributes": 3, "n_values": 5, "n_aliases": 12, "n_new": 8}

    def world(self, order: str) -> Dataset:
        return definitions.generate(
            definitions.Settings(name="definitions", order=order, **self.SIZES), seed=0
        )

    def model(self, dataset: Dataset, **changes) -> Transformer:
        settings = Settings(name="transformer", d_model=16, n_heads=2, d_mlp=32, **changes)
        return build(settings, dataset.n_tokens, dataset.length)

    def one_at_a_time(self, model, parameters, split: Split) -> dict[int, Tensor]:
        """alias → gradient of its examples' loss by its row of the table of embeddings."""
        found = {}
        for alias in np.unique(split.truth["alias"]).tolist():
            rows = split.truth["alias"] == alias
            given = {name: p.detach().clone().requires_grad_() for name, p in parameters.items()}
            questions = Questions(split.tokens[rows], split.scored, split.hops)
            loss = loss_on(Batch.of([(questions, split.targets[rows])]), model, given)
            (table,) = torch.autograd.grad(loss, given["tok_embed.weight"])
            found[alias] = rows.sum() * table[alias]
        return found

    @pytest.mark.parametrize("order", ["alias_first", "base_first"])
    @pytest.mark.parametrize("tied", [True, False])
    def test_gradients_are_what_one_alias_at_a_time_gives(self, order, tied):
        world = self.world(order)
        model = self.model(world, tied_embeddings=tied)
        parameters = model.initial_parameters(0)
        for name in ("new_definitions_1", "reliable", "alias_facts"):
            split = world.splits[name]
            expected = self.one_at_a_time(model, parameters, split)
            found = gradient_alignment.gradients(model, parameters, split, np.array([*expected]))
            torch.testing.assert_close(found, torch.stack([*expected.values()]))
        # Untied, a base's definition never reads the alias it is answered with.
        definition = self.one_at_a_time(model, parameters, world.splits["new_definitions_1"])
        assert any(g.any() for g in definition.values()) == (tied or order == "alias_first")

    def test_the_cosines_are_of_each_alias_with_its_own_and_the_next_ones_answers(self):
        world = self.world("alias_first")
        model = self.model(world)
        parameters = model.initial_parameters(0)
        values = found(gradient_alignment.measure(model, parameters, world))
        splits = {
            "reliable": 1,
            "unreliable": 2,
            "reliable_validation": 1,
            "unreliable_validation": 2,
        }
        assert {split for _, split, *_ in values} == set(splits)
        for name, tag in splits.items():
            answers = self.one_at_a_time(model, parameters, world.splits[name])
            defined = self.one_at_a_time(model, parameters, world.splits[f"new_definitions_{tag}"])
            aliases = sorted(answers)
            for measure, shift in (("gradient_cosine", 0), ("gradient_cosine_null", 1)):
                pairs = [(alias, aliases[i - shift]) for i, alias in enumerate(aliases)]
                cosines = [
                    torch.cosine_similarity(defined[one], answers[other], dim=0).item()
                    for one, other in pairs
                ]
                value = values[measure, name, None, None]
                assert value == pytest.approx(np.mean(cosines), abs=1e-5)

    def test_it_works_where_gradients_are_off_and_leaves_them_off(self):
        world = self.world("alias_first")
        model = self.model(world)
        expected = found(gradient_alignment.measure(model, model.initial_parameters(0), world))
        with torch.inference_mode():
            parameters = {name: p.clone() for name, p in model.initial_parameters(0).items()}
            assert found(gradient_alignment.measure(model, parameters, world)) == expected
            assert not torch.is_grad_enabled()
            assert all(p.is_inference() for p in parameters.values())
