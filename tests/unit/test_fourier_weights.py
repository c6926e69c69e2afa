"""Frequencies of weights that were made of known ones, and what is answered without them."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from onset.measures.fourier import fourier_weights, keys_ablated, spectrum
from onset.models.transformer.model import Transformer, build
from onset.models.transformer.settings import Settings
from tests.unit.test_fourier import WORLD, P

N_FREQUENCIES = (P - 1) // 2


def model(**changes) -> tuple[Transformer, dict[str, Tensor]]:
    """A transformer whose embedding of numbers is a mean and waves of frequencies 3 (strong) and 4."""
    given = {"name": "transformer", "d_model": 16, "n_heads": 2, "d_mlp": 32, "norm": "none"}
    its = build(Settings(**{**given, "tied_embeddings": False, **changes}), P + 1, 3)
    parameters = its.initial_parameters(0)
    draw = torch.Generator().manual_seed(1)
    sizes = torch.zeros(N_FREQUENCIES, 1, 1)
    sizes[2], sizes[3] = 3.0, 1.0
    waves = (spectrum.waves(P) * sizes).flatten(0, 1)
    directions = torch.linalg.qr(torch.randn(16, 16, generator=draw)).Q[: 2 * N_FREQUENCIES]
    parameters["tok_embed.weight"][:P] = waves.T @ directions + torch.randn(16, generator=draw)
    return its, parameters


def found(rows) -> dict[tuple, float]:
    return {(m.measure, m.split, m.component): m.value for m in rows}


class TestWeights:
    def test_norms_are_of_what_it_was_made_of(self):
        values = found(fourier_weights.measure(*model(), WORLD))
        norms = [values["embedding_norm", None, k] for k in range(1, N_FREQUENCIES + 1)]
        expected = [0.0] * N_FREQUENCIES
        expected[2], expected[3] = 3 * 2**0.5, 2**0.5
        assert norms == pytest.approx(expected, abs=1e-4)

    def test_few_frequencies_are_a_high_gini(self):
        values = found(fourier_weights.measure(*model(), WORLD))
        assert values["embedding_gini", None, None] > 0.8
        assert values["readout_gini", None, None] < 0.4

    def test_the_readout_is_from_neurons_to_logits(self):
        its, parameters = model()
        matrix = parameters["head.weight"] @ parameters["layers.0.mlp.fc_out.weight"]
        values = found(fourier_weights.measure(its, parameters, WORLD))
        wave = spectrum.waves(P)[4] @ matrix[:P]
        assert values["readout_norm", None, 5] == pytest.approx(wave.norm().item(), rel=1e-5)

    def test_without_an_mlp_it_is_the_unembedding(self):
        its, parameters = model(d_mlp=0)
        values = found(fourier_weights.measure(its, parameters, WORLD))
        wave = spectrum.waves(P)[4] @ parameters["head.weight"][:P]
        assert values["readout_norm", None, 5] == pytest.approx(wave.norm().item(), rel=1e-5)


class TestInLoss:
    def test_it_is_the_embeddings_gini(self):
        its, parameters = model()
        values = found(fourier_weights.measure(its, parameters, WORLD))
        gini = fourier_weights.in_loss(its, WORLD)(parameters).item()
        assert gini == pytest.approx(values["embedding_gini", None, None])

    def test_a_step_along_its_gradient_raises_it(self):
        its, parameters = model()
        parameters = its.initial_parameters(0)
        embedding = parameters["tok_embed.weight"].requires_grad_()
        before = fourier_weights.in_loss(its, WORLD)(parameters)
        (gradient,) = torch.autograd.grad(before, embedding)
        assert gradient[P].norm() == 0  # = is no number
        raised = {**parameters, "tok_embed.weight": (embedding + 0.1 * gradient).detach()}
        assert fourier_weights.in_loss(its, WORLD)(raised) > before


class TestKeys:
    def values(self, keys: list[int]) -> dict[tuple, float]:
        its, parameters = model()
        return found(keys_ablated.measure(its, parameters, WORLD, keys))

    def test_all_that_there_is_changes_nothing(self):
        its, parameters = model()
        logits = spectrum.logits_of_pairs(its, parameters, WORLD)
        pairs = spectrum.pairs_of(WORLD, "test")
        loss = F.cross_entropy(logits[pairs], spectrum.answers_of(WORLD)[pairs]).item()
        values = self.values([3, 4])
        assert values["keys_alone_loss", "test", None] == pytest.approx(loss, rel=1e-4)

    def test_without_all_that_there_is_every_number_is_the_same(self):
        values = self.values([3, 4])
        answers = spectrum.answers_of(WORLD)[spectrum.pairs_of(WORLD, "test")]
        most = answers.bincount(minlength=P).max().item() / len(answers)
        assert values["without_keys_accuracy", "test", None] <= most

    def test_the_control_has_the_strongest_of_the_others(self):
        """Of the keys 4 and 8, the strongest two others are 3 and one that isn't there."""
        alone = self.values([3])["keys_alone_loss", "test", None]
        assert self.values([4, 8])["as_many_alone_loss", "test", None] == pytest.approx(
            alone, rel=1e-3
        )
