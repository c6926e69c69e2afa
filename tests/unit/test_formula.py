"""Formulas fitted to what is made of them, and to what isn't."""

from __future__ import annotations

import pytest
import torch

from onset.analyses.fourier import formula
from onset.measures.fourier import spectrum
from tests.unit.test_fourier import WORLD, A, B, C, P
from tests.unit.test_fourier_weights import found, model

W = 2 * torch.pi / P
TRAIN = spectrum.pairs_of(WORLD, "train")
A2, B2 = A[:, :, 0], B[:, :, 0]


def test_a_sum_of_cosines_is_found_from_trained_pairs_alone():
    logits = 5 * torch.cos(2 * W * (A + B - C)) + 0.5 * torch.cos(3 * W * (A + B - C))
    spoilt = torch.where(TRAIN[..., None], logits, torch.nan)
    torch.testing.assert_close(formula.cosines(spoilt, [2, 3], TRAIN), logits, atol=1e-4, rtol=1e-4)


def test_other_frequencies_explain_nothing():
    logits = 5 * torch.cos(2 * W * (A + B - C))
    everywhere = torch.ones(P, P, dtype=torch.bool)
    assert formula.cosines(logits, [4], everywhere).abs().max() < 1e-4


def test_each_neuron_gets_the_frequency_that_fits_it():
    one = 1 + torch.cos(2 * W * A2) * torch.sin(2 * W * B2)
    other = torch.cos(3 * W * (A2 + B2)) - torch.sin(3 * W * B2)
    neurons = torch.stack([one, other], -1)
    spoilt = torch.where(TRAIN[..., None], neurons, torch.nan)
    its = formula.polynomials(spoilt, [2, 3], TRAIN)
    torch.testing.assert_close(its, neurons, atol=1e-4, rtol=1e-4)


def test_what_isnt_of_its_kind_is_explained_in_part():
    neurons = (torch.cos(2 * W * A2) + torch.cos(4 * W * A2))[..., None]
    its = formula.polynomials(neurons, [2], torch.ones(P, P, dtype=torch.bool))
    explained = formula._explained(neurons, its, {"all": torch.ones(P, P, dtype=torch.bool)})
    assert explained["all"] == pytest.approx(0.5, abs=1e-4)


class TestModel:
    def values(self, monkeypatch, keys: list[int]) -> dict:
        monkeypatch.setattr(spectrum, "key_frequencies", lambda logits: keys)
        with torch.inference_mode():
            return found(formula.analyse(*model(), WORLD, seed=0))

    def test_with_all_frequencies_the_embedding_is_what_it_was(self, monkeypatch):
        its, parameters = model()
        every = list(range(1, (P - 1) // 2 + 1))
        values = self.values(monkeypatch, every)
        logits = spectrum.logits_of_pairs(its, parameters, WORLD)
        test = spectrum.pairs_of(WORLD, "test")
        hits = (logits[test].argmax(-1) == spectrum.answers_of(WORLD)[test]).double().mean()
        assert values["embedding_formula_accuracy", "test", None] == pytest.approx(hits.item())
        assert ("embedding_null_accuracy", "test", None) not in values

    def test_the_null_has_as_many_others(self, monkeypatch):
        """The embedding is made of 3 and 4: neurons are better explained by these."""
        values = self.values(monkeypatch, [3, 4])
        keys = values["neurons_formula_explained", "train", None]
        assert keys > values["neurons_null_explained", "train", None]

    def test_a_model_without_keys_is_measured_by_nothing(self, monkeypatch):
        assert self.values(monkeypatch, []) == {}
