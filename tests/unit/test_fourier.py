"""Fourier analysis of tables of logits that are known sums of waves."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from onset.measures.answers import prediction
from onset.measures.fourier import spectrum
from onset.models.batch import Questions
from onset.tasks import modular_addition

P = 17
WORLD = modular_addition.generate(
    modular_addition.Settings(name="modular_addition", p=P, train_fraction=0.4), seed=0
)
A, B, C = torch.meshgrid(*[torch.arange(P)] * 3, indexing="ij")


def on_the_circle(amplitudes: dict[int, float]) -> Tensor:
    """Σ amplitude · cos(w(a + b − c)), by frequency."""
    angle = 2 * torch.pi * (A + B - C) / P
    return sum(size * torch.cos(k * angle) for k, size in amplitudes.items())


def test_waves_are_orthonormal_and_have_no_mean():
    basis = spectrum.waves(P).flatten(0, 1)
    torch.testing.assert_close(basis @ basis.T, torch.eye(P - 1), atol=1e-6, rtol=0)
    torch.testing.assert_close(basis.sum(1), torch.zeros(P - 1), atol=1e-5, rtol=0)


def test_shares_are_those_of_the_amplitudes_squared():
    shares = spectrum.shares_on_the_circle(on_the_circle({2: 3.0, 5: 1.0}))
    expected = torch.zeros(8)
    expected[1], expected[4] = 0.9, 0.1
    torch.testing.assert_close(shares, expected, atol=1e-5, rtol=0)


def test_a_phase_counts_and_what_all_answers_share_does_not():
    angle = 2 * torch.pi * 3 * (A + B - C) / P + 0.7
    logits = torch.cos(angle) + 100 * torch.rand(P, P, 1)
    assert spectrum.shares_on_the_circle(logits)[2].item() == pytest.approx(1, abs=1e-3)


def test_what_is_no_function_of_the_sum_minus_the_answer_has_no_share():
    other = torch.cos(2 * torch.pi * (A + 2 * B - C) / P) + torch.cos(2 * torch.pi * (A - C) / P)
    assert spectrum.shares_on_the_circle(other).max() < 1e-6


def test_key_frequencies_have_more_than_an_even_share():
    assert spectrum.key_frequencies(on_the_circle({2: 3.0, 5: 1.5, 7: 0.1})) == [2, 5]


def test_the_mean_by_sum_keeps_functions_of_the_sum():
    table = torch.rand(P, P)
    torch.testing.assert_close(spectrum.mean_by_sum(spectrum.by_sum(table)), table)


def test_a_part_of_a_table_has_its_frequencies_alone():
    logits = on_the_circle({2: 3.0, 5: 1.5})
    part = spectrum.by_sum(spectrum.part_of(spectrum.mean_by_sum(logits), [5]))
    torch.testing.assert_close(part, on_the_circle({5: 1.5}), atol=1e-5, rtol=0)


def test_answers_and_pairs_are_those_of_the_splits():
    answers = spectrum.answers_of(WORLD)
    assert answers[3, 16] == 2
    masks = [spectrum.pairs_of(WORLD, name) for name in WORLD.splits]
    assert (sum(mask.int() for mask in masks) == 1).all()
    assert masks[0].sum() == len(WORLD.splits["train"])


def test_logits_of_all_pairs_are_the_models():
    class Model:
        constants = decaying = frozenset()

        def initial_parameters(self, seed):
            return {}

        def logits(self, parameters, questions):
            tokens = [torch.from_numpy(group.tokens) for group in questions]
            a, b, equals = torch.cat(tokens).T
            assert (equals == P).all()
            return torch.nn.functional.one_hot((a + b) % P, P + 1).float()

    logits = spectrum.logits_of_pairs(Model(), {}, WORLD)
    assert (logits.argmax(-1) == spectrum.answers_of(WORLD)).all()


@pytest.mark.parametrize(
    ("values", "expected"), [([1, 1, 1, 1], 0), ([0, 0, 0, 5], 0.75), ([1, 3], 0.25)]
)
def test_gini_by_hand(values, expected):
    assert spectrum.gini(torch.tensor(values, dtype=torch.float)) == pytest.approx(expected)


def test_gini_is_half_the_relative_mean_difference():
    values = np.random.default_rng(0).random(30)
    differences = np.abs(values[:, None] - values).mean()
    expected = differences / (2 * values.mean())
    assert spectrum.gini(torch.from_numpy(values)) == pytest.approx(expected)


def len_of(group: Questions) -> int:
    return len(group.tokens)


class TestLogitsOfPairs:
    class Counting:
        """A model that counts how often it is asked."""

        constants = decaying = frozenset()
        asked = 0

        def initial_parameters(self, seed): ...

        def logits(self, parameters, questions):
            self.asked += 1
            return parameters["w"] * torch.ones(sum(map(len_of, questions)), P + 1)

    def test_those_of_one_checkpoint_are_computed_once(self):
        model = self.Counting()
        with torch.inference_mode():
            one, two = {"w": torch.ones(1)}, {"w": torch.zeros(1)}
            for parameters in (one, one, two, two, one):
                found = spectrum.logits_of_pairs(model, parameters, WORLD)
                assert (found == parameters["w"]).all()
        assert model.asked == 3

    def test_other_measures_ask_for_the_same(self):
        model = self.Counting()
        with torch.inference_mode():
            parameters = {"w": torch.ones(1)}
            list(prediction.measure(model, parameters, WORLD))
            spectrum.logits_of_pairs(model, parameters, WORLD)
        assert model.asked == 1

    def test_a_world_without_some_pairs_is_asked_about_all(self):
        model = self.Counting()
        some = spectrum.logits_of_pairs(model, {"w": torch.ones(1)}, WORLD.only(["test"]))
        assert some.shape == (P, P, P)

    def test_parameters_that_may_change_are_asked_again(self):
        model, parameters = self.Counting(), {"w": torch.ones(1)}
        for value in (1.0, 2.0):
            parameters["w"].fill_(value)
            with torch.inference_mode():
                assert (spectrum.logits_of_pairs(model, parameters, WORLD) == value).all()
