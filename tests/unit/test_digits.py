"""What is measured of sums that are written digit by digit, on models whose inner workings are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from onset.analyses.heads import carry_patching, pair_attention
from onset.analyses.residual import carry_direction
from onset.measures.answers import digit_losses
from onset.measures.answers.columns import Column, columns_of
from onset.measures.weights import digit_gradients
from onset.models.transformer.model import Transformer, build
from onset.models.transformer.settings import Settings
from onset.tasks import digit_addition
from onset.tasks.dataset import Dataset, Split

# The analyses use TransformerLens's tools, which warn of their own accord.
pytestmark = pytest.mark.filterwarnings("ignore")


def world(seed: int = 0, **changes) -> Dataset:
    told = {"name": "digit_addition", "n_digits": 4, "n_train": 60, "n_test": 200, **changes}
    return digit_addition.generate(digit_addition.Settings.model_validate(told), seed)


WORLD = world()


class Saying:
    """A model that gives the probabilities that a function of column and split gives."""

    constants = decaying = frozenset()

    def __init__(self, dataset: Dataset, say) -> None:
        said = []
        for split in dataset.splits.values():
            columns = columns_of(split)
            its = np.zeros((len(split), len(columns), dataset.n_tokens))
            for column in columns:
                its[:, column.place] = say(column, split)
            said.append(its.reshape(-1, dataset.n_tokens))
        self._logits = torch.from_numpy(np.log(np.concatenate(said) + 1e-30))

    def initial_parameters(self, seed):
        return {}

    def logits(self, parameters, questions) -> Tensor:
        return self._logits


def measured(module, model, parameters, dataset) -> dict[tuple, float]:
    rows = module.measure(model, parameters, dataset)
    return {(m.measure, m.split, m.component): m.value for m in rows}


def looked_at(module, model, parameters, dataset) -> dict[tuple, float]:
    with torch.inference_mode():
        rows = list(module.analyse(model, parameters, dataset, 0))
    return {(m.measure, m.layer, m.head, m.component, m.position): m.value for m in rows}


def one_hot(tokens: np.ndarray) -> np.ndarray:
    return np.eye(13)[tokens]


class TestLosses:
    def test_a_loss_is_taken_apart(self):
        def say(column: Column, split: Split) -> np.ndarray:
            rest = np.full((len(column.targets), 13), 0.1 / 11)
            own, other = one_hot(column.targets), one_hot(column.otherwise_carried)
            return np.where(own, 0.6, np.where(other, 0.3, rest))

        found = measured(digit_losses, Saying(WORLD, say), {}, WORLD)
        for split in ("train", "test", "cascades"):
            assert found["answer_accuracy", split, None] == 1
            for column in range(5):
                assert found["digit_accuracy", split, column] == 1
                for name, expected in (("digit", 0.6), ("sum", 0.9), ("carry", 2 / 3)):
                    loss = found[f"{name}_loss", split, column]
                    assert loss == pytest.approx(-math.log(expected), rel=1e-6)
        assert not any(split.endswith("validation") for _, split, _ in found)

    def test_a_model_that_carries_one_wherever_none_is(self):
        model = Saying(WORLD, lambda column, _: one_hot((column.pairs + 1) % 10) + 0.01)
        found = measured(digit_losses, model, {}, WORLD)
        split = WORLD.splits["test"]
        for column in range(1, 5):
            share = split.truth[f"carry_{column}"].mean()
            assert found["digit_accuracy", "test", column] == pytest.approx(share)
            assert found["carried_loss", "test", column] < 0.2
            assert found["uncarried_loss", "test", column] > 4
        assert found["digit_accuracy", "test", 0] == 0
        assert ("carried_loss", "test", 0) not in found
        assert found["answer_accuracy", "test", None] == 0

    def test_a_model_that_looks_at_one_pair_below_misses_cascades(self):
        """It carries only what the pair below makes by itself."""

        def say(column: Column, split: Split) -> np.ndarray:
            below = split.truth[f"pair_{column.number - 1}"] if column.number else 0 * column.pairs
            return one_hot((column.pairs + (below >= 10)) % 10)

        found = measured(digit_losses, Saying(WORLD, say), {}, WORLD)
        for split in ("test", "cascades"):
            assert found["cascade_accuracy", split, 0] == 1
            assert found["cascade_accuracy", split, 1] == 0
        assert found["cascade_accuracy", "cascades", 2] == 0

    def test_an_order_changes_nothing(self):
        shuffled = world(seed=3, order="shuffled")
        model = Saying(shuffled, lambda column, _: one_hot(column.targets))
        found = measured(digit_losses, model, {}, shuffled)
        assert found["answer_accuracy", "test", None] == 1
        assert {component for name, _, component in found if name == "digit_loss"} == set(range(5))


class Constant:
    """A model that says the same whatever is asked: its parameters are its logits at each place."""

    constants = decaying = frozenset()

    def initial_parameters(self, seed):
        return {"said": torch.zeros(5, 13)}

    def logits(self, parameters, questions) -> Tensor:
        (asked,) = questions
        return parameters["said"].repeat(len(asked.tokens), 1)


class TestGradients:
    def test_by_hand(self):
        """Nothing overflows, so the carry-out is always 0; the other digits vary."""
        its = world(overflow=0.0, n_test=400)
        found = measured(digit_gradients, Constant(), {"said": torch.zeros(5, 13)}, its)
        length = math.sqrt((1 - 1 / 13) ** 2 + 12 / 13**2)
        assert found["gradient_signal", "test", 4] == pytest.approx(length, rel=1e-5)
        assert found["gradient_to_noise", "test", 4] > 100
        for column in range(4):
            assert found["gradient_to_noise", "test", column] < 5
            assert found["gradient_signal", "test", column] < length / 2
        shares = [found["descent_share", "test", column] for column in range(5)]
        assert sum(shares) == pytest.approx(1)
        assert max(shares) == shares[4] > 0.7

    def test_what_is_learnt_has_no_gradient(self):
        its = world(overflow=0.0)
        said = torch.zeros(5, 13)
        said[0, 0] = 50.0  # the carry-out stands first
        found = measured(digit_gradients, Constant(), {"said": said}, its)
        assert found["gradient_signal", "test", 4] == pytest.approx(0, abs=1e-6)

    def test_of_a_transformer_it_is_autograds(self):
        settings = Settings(name="transformer", d_model=16, n_heads=2, d_mlp=16)
        model = build(settings, WORLD.n_tokens, WORLD.length)
        with torch.inference_mode():
            parameters = model.initial_parameters(0)
            found = measured(digit_gradients, model, parameters, WORLD)
        assert all(math.isfinite(value) for value in found.values())
        assert len(found) == 15


def adding(n_heads: int = 2) -> tuple[Transformer, dict[str, Tensor]]:
    """A transformer that knows the carry-out of two digits and two digits, by its first head.

    It looks at the tens ten times as much as at the ones, and compares their sum with 99.5.
    """
    settings = Settings(
        name="transformer", d_model=32, n_heads=n_heads, d_mlp=0, norm="none", tied_embeddings=False
    )
    model = build(settings, 13, 8)
    its = {name: torch.zeros(shape) for name, shape in model.shapes().items()}
    value, looked_at, total, constant = range(4)  # entries of the residual stream
    its["tok_embed.weight"][:10, value] = torch.arange(10.0)
    its["pos.weight"][:, looked_at] = -30.0
    its["pos.weight"][[0, 3], looked_at] = 0.0
    its["pos.weight"][[1, 4], looked_at] = -math.log(10)
    its["pos.weight"][:, constant] = 99.5
    its["layers.0.attn.q.bias"][0] = math.sqrt(settings.d_head)
    its["layers.0.attn.k.weight"][0, looked_at] = 1.0
    its["layers.0.attn.v.weight"][0, value] = 1.0
    its["layers.0.attn.o.weight"][total, 0] = 22.0
    its["head.weight"][1, total] = its["head.weight"][0, constant] = 1.0
    return model, its


TWO_DIGITS = world(n_digits=2, n_test=100)
CARRY_OUT = 2


def test_the_model_by_hand_knows_the_carry_out():
    model, parameters = adding()
    found = measured(digit_losses, model, parameters, TWO_DIGITS)
    assert found["digit_accuracy", "test", CARRY_OUT] == 1
    assert found["digit_accuracy", "cascades", CARRY_OUT] == 1


class TestPatching:
    def test_the_head_that_brings_the_carry(self):
        found = looked_at(carry_patching, *adding(), TWO_DIGITS)
        assert found["carry_patched_follows", 0, 0, CARRY_OUT, None] == 1
        assert found["carry_patched_follows", 0, 1, CARRY_OUT, None] == 0
        assert found["layer_patched_follows", 0, None, CARRY_OUT, None] == 1
        assert found["same_carry_follows", 0, None, CARRY_OUT, None] == 1

    def test_donors(self):
        column = columns_of(WORLD.splits["test"])[2]
        may = np.arange(200) % 3 > 0
        for alike in (False, True):
            rows, givers = carry_patching.donors(column, may, alike, np.random.default_rng(0))
            assert len(rows) > 90
            assert may[rows].all()
            assert may[givers].all()
            assert not (rows == givers).any()
            assert (column.pairs[rows] == column.pairs[givers]).all()
            assert ((column.carries[rows] == column.carries[givers]) == alike).all()
            assert ((column.targets[rows] == column.targets[givers]) == alike).all()


class TestDirection:
    def test_it_is_read_and_used(self):
        found = looked_at(carry_direction, *adding(), TWO_DIGITS)
        assert found["carry_read", 0, None, CARRY_OUT, None] > 0.85
        assert found["carry_read_null", 0, None, CARRY_OUT, None] < 0.7
        assert found["carry_steered", 0, None, CARRY_OUT, None] > 0.75
        assert found["carry_steered_null", 0, None, CARRY_OUT, None] < 0.5

    def test_only_where_a_carry_varies(self):
        """Into the ones none is carried."""
        found = looked_at(carry_direction, *adding(), TWO_DIGITS)
        assert {component for *_, component, _ in found} == {1, CARRY_OUT}


def test_attention_to_pairs():
    model, parameters = adding()
    found = looked_at(pair_attention, model, parameters, TWO_DIGITS)
    # The tens are position 0 and what goes with it, the ones position 1.
    for column in range(3):
        tens, ones = (found["pair_attention", 0, 0, column, place] for place in (0, 1))
        assert tens == pytest.approx(20 / 22, abs=1e-4)
        assert ones == pytest.approx(2 / 22, abs=1e-4)
    # The other head looks everywhere alike; what comes first is predicted after six tokens.
    assert found["pair_attention", 0, 1, CARRY_OUT, 0] == pytest.approx(2 / 6)
    assert found["pair_attention", 0, 1, 0, 1] == pytest.approx(2 / 8)
