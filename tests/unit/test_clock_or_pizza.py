"""The two signs of the Clock and the Pizza, on models and logits that must have them."""

from __future__ import annotations

import pytest
import torch

from onset.measures.fourier import clock_or_pizza
from tests.unit.test_fourier import WORLD, P
from tests.unit.test_fourier_weights import found, model

A, B = torch.meshgrid(torch.arange(P), torch.arange(P), indexing="ij")


class TestDistanceIrrelevance:
    def test_a_logit_that_depends_on_the_distance_alone_has_none(self):
        right = torch.cos(2 * torch.pi * 3 * (A - B) / P)
        assert clock_or_pizza.distance_irrelevance(right) == pytest.approx(0, abs=1e-5)

    def test_a_logit_that_depends_on_the_sum_alone_has_all(self):
        right = torch.cos(2 * torch.pi * 3 * (A + B) / P)
        assert clock_or_pizza.distance_irrelevance(right) == pytest.approx(1, abs=1e-5)

    def test_half_of_the_variance_is_in_between(self):
        angle = 2 * torch.pi * 3 / P
        right = torch.cos(angle * (A + B)) + torch.cos(angle * (A - B))
        assert clock_or_pizza.distance_irrelevance(right) == pytest.approx(0.5**0.5, abs=1e-5)


class TestGradientSymmetricity:
    def test_of_a_model_that_adds_its_inputs_first_it_is_one(self):
        """With even attention and no positions, the numbers enter by their sum alone."""
        its, parameters = model(positions="none")
        for name in ("q", "k"):
            parameters[f"layers.0.attn.{name}.weight"].zero_()
        value = clock_or_pizza.gradient_symmetricity(its, parameters, WORLD)
        assert value == pytest.approx(1, abs=1e-5)

    def test_of_a_model_that_looks_at_one_number_more_it_is_less(self):
        its, parameters = model(positions="none")
        for name in ("q", "k"):
            parameters[f"layers.0.attn.{name}.weight"] *= 5
        assert clock_or_pizza.gradient_symmetricity(its, parameters, WORLD) < 0.95

    def test_it_can_be_taken_where_no_gradients_are_kept(self):
        its, parameters = model()
        outside = clock_or_pizza.gradient_symmetricity(its, parameters, WORLD)
        with torch.inference_mode():
            values = found(clock_or_pizza.measure(its, parameters, WORLD))
        assert values["gradient_symmetricity", None, None] == outside
        assert values["distance_irrelevance", None, None] > 0
