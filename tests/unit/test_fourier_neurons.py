"""Neurons that are known sums of waves, and the neurons of a model."""

from __future__ import annotations

import pytest
import torch

from onset.measures.fourier import fourier_neurons, spectrum
from onset.models.transformer.bridge import open_bridge
from tests.unit.test_fourier import WORLD, P
from tests.unit.test_fourier_weights import found, model

A, B = torch.meshgrid(torch.arange(P), torch.arange(P), indexing="ij")
W = 2 * torch.pi / P


def shares(*neurons: torch.Tensor) -> torch.Tensor:
    return fourier_neurons.shares_of_frequencies(torch.stack(neurons, -1).float())


@pytest.mark.parametrize(
    "neuron",
    [
        torch.cos(3 * W * A) + 7,
        torch.sin(3 * W * B + 1),
        torch.cos(3 * W * A) * torch.sin(3 * W * B),
        torch.cos(3 * W * (A + B) + 0.3) + 0.5 * torch.cos(3 * W * A),
    ],
)
def test_a_neuron_of_one_frequency_is_explained_by_it(neuron):
    assert shares(neuron)[:, 0].tolist() == pytest.approx([0, 0, 1, 0, 0, 0, 0, 0], abs=1e-4)


def test_two_frequencies_share_by_their_power():
    neuron = 3 * torch.cos(3 * W * (A + B)) + torch.cos(5 * W * (A + B))
    assert shares(neuron)[[2, 4], 0].tolist() == pytest.approx([0.9, 0.1], abs=1e-4)


def test_eight_directions_are_the_products_of_waves():
    """The same shares as by cos and sin of w a, of w b, and the four products of one of each."""
    neurons = torch.randn(P, P, 6, generator=torch.Generator().manual_seed(0)) + 1
    waves, one = spectrum.waves(P), torch.full((1, P), P**-0.5)
    centred = neurons - neurons.mean((0, 1))
    expected = []
    for wave in waves:
        terms = torch.einsum("ia,jb->ijab", *2 * [torch.cat([one, wave])])
        along = torch.einsum("ijab,abn->ijn", terms, centred)
        expected.append(along.square().sum((0, 1)) / centred.square().sum((0, 1)))
    torch.testing.assert_close(
        fourier_neurons.shares_of_frequencies(neurons), torch.stack(expected), atol=1e-5, rtol=1e-4
    )


def test_a_product_of_two_frequencies_is_of_neither():
    assert shares(torch.cos(3 * W * A) * torch.cos(5 * W * B)).max() < 1e-4


def test_a_constant_neuron_is_of_none():
    assert (shares(torch.full((P, P), 3.0)) == 0).all()
    assert (shares(torch.zeros(P, P)) == 0).all()


def test_the_models_neurons_are_the_librarys():
    its, parameters = model()
    tokens = torch.stack([A.ravel(), B.ravel(), torch.full((P * P,), P)], 1)
    _, cache = open_bridge(its, parameters).run_with_cache(tokens)
    expected = cache["blocks.0.mlp.hook_post"][:, -1]
    torch.testing.assert_close(
        its.neurons(parameters, spectrum.all_pairs(P)), expected, atol=1e-5, rtol=1e-4
    )


def test_what_is_told_of_a_model_are_its_shares():
    its, parameters = model()
    values = found(fourier_neurons.measure(its, parameters, WORLD))
    of_frequencies = [values["neurons_of_frequency", None, k] for k in range(1, 9)]
    assert sum(of_frequencies) <= 1
    assert max(of_frequencies) == of_frequencies[2]  # the embedding has it most
    assert 0 < values["single_frequency_share", None, None] < 1
