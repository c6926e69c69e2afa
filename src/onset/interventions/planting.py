"""Takes frequencies out of the embeddings of numbers, so that training goes on with the others.

Which frequencies a model of modular addition ends with is mostly a matter of which its embeddings happen to
have at first. This makes a choice of it: those that another run ended with, or others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from onset.interventions.settings import PlantingSettings
from onset.measures.fourier import spectrum
from onset.models.batch import Model, Parameters
from onset.runs.source import Source
from onset.training.interventions import Altered

_EMBEDDING = "tok_embed.weight"
_OTHERS = 5_309


def altered(
    settings: PlantingSettings,
    model: Model,
    parameters: Parameters,
    sources: Sequence[Source],
    seed: int,
) -> Altered:
    """The embeddings with their mean over numbers, and of what is beyond it only some frequencies, enlarged
    to the norm that all had."""
    source = sources[0]
    logits = spectrum.logits_of_pairs(model, source.parameters(), source.dataset)
    by_share = spectrum.shares_on_the_circle(logits).argsort(descending=True) + 1
    kept = chosen(by_share.tolist(), settings.frequencies, settings.n_shared, seed)
    p = spectrum.modulus(source.dataset)
    found = parameters[_EMBEDDING].detach().clone()
    numbers = found[:p].cpu()
    mean = numbers.mean(0, keepdim=True)
    waves = spectrum.part_of(numbers, kept)
    enlarged = waves * ((numbers - mean).norm() / waves.norm())
    found[:p] = (mean + enlarged).to(found)
    return Altered({_EMBEDDING: found})


def chosen(by_share: list[int], n: int, n_shared: int, seed: int) -> list[int]:
    """So many frequencies, in order.

    Args:
        by_share: all of them, those first that the source's logits have most of.
        n: how many are wanted.
        n_shared: so many of them are the source's first; the others are none of its first n, at random.
        seed: of the run.
    """
    rng = np.random.Generator(np.random.Philox(key=[seed, _OTHERS]))
    others = rng.permutation(np.sort(by_share[n:]))[: n - n_shared]
    return sorted([*by_share[:n_shared], *others.tolist()])
