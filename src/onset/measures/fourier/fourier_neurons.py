"""How many frequencies each neuron of a model of modular addition is made of.

Neurons as functions of a and b, at the position that answers. After Nanda et al. 2023
(arXiv:2301.05217), section 4.3: most neurons of their model are explained to 85 % and more by the terms
of one frequency of degree two at most.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from onset.measures.fourier import spectrum
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.transformer.model import Transformer
from onset.tasks.dataset import Dataset

NEEDS = ("numbers", "neurons")
QUANTITIES = {
    "single_frequency_top1": {"kind": "share", "label": "neurons of a single frequency"},
    "single_frequency_share": {
        "kind": "share",
        "label": "share of a neuron's variance at its best frequency",
    },
    "neurons_of_frequency": {"kind": "share", "label": "neurons whose best frequency it is"},
}

_EXPLAINED = 0.85


def measure(model: Transformer, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """Of the neurons of the last block:

    * `single_frequency_top1`: fraction of which one frequency explains more than .85 of the variance;
    * `single_frequency_share`: the share that the best frequency explains, mean over neurons;
    * `neurons_of_frequency`: fraction of the neurons whose best frequency it is (`component`).

    A neuron that is constant counts as explained by none.
    """
    p = spectrum.modulus(dataset)
    neurons = model.neurons(parameters, spectrum.all_pairs(p), model.settings.n_applications - 1)
    shares = shares_of_frequencies(neurons.cpu().view(p, p, -1))
    best, which = shares.max(0)
    n = len(best)
    single = (best > _EXPLAINED).double().mean().item()
    yield Measurement("single_frequency_top1", single, n_examples=n)
    yield Measurement("single_frequency_share", best.mean().item())
    for k in range(1, len(shares) + 1):
        its = (which == k - 1) & (best > 0)
        share = its.double().mean().item()
        yield Measurement("neurons_of_frequency", share, component=k, n_examples=n)


def shares_of_frequencies(
    neurons: Float[Tensor, "p p neurons"],
) -> Float[Tensor, "frequencies neurons"]:
    """Share of each neuron's variance over all pairs that is in the terms of one frequency.

    These are cos and sin of w a, of w b, of w (a + b) and of w (a − b), eight of p² directions; the last
    four are as good as the products of cos and sin of w a with cos and sin of w b.
    """
    p, waves = len(neurons), spectrum.waves(len(neurons)).flatten(0, 1)
    groups = torch.cat([spectrum.pairs_by(p, *of) for of in ((1, 0), (0, 1), (1, 1), (1, -1))])
    sums = F.embedding_bag(groups, neurons.flatten(0, 1), mode="sum").view(4, p, -1)
    of_frequency = (waves @ sums / p**0.5).square().sum(0).unflatten(0, (-1, 2)).sum(1)
    mean = sums[0].mean(0) / p
    squares = torch.zeros_like(neurons[0])
    for of_a in neurons:
        away = of_a - mean
        squares.addcmul_(away, away)
    variance = squares.sum(0)
    # What rounding leaves of a constant neuron is no variance.
    noise = 1e-9 * p**2 * mean.square() + torch.finfo(variance.dtype).tiny
    return torch.where(variance > noise, of_frequency / variance, 0.0)
