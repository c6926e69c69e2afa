"""The description that fits a neuron best: chosen on one half of the places, scored on the other.

A neuron is *active* where it is above half of the largest value that it has on the half for choosing. How
well a description tells where that is, its φ says: the correlation of two things that are so or not so
(Matthews 1975, doi:10.1016/0005-2795(75)90109-9), 1 where it names exactly the active places, 0 by chance
however many places it names. φ on the half for scoring is called cleanliness.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from onset.collections.neurons.facts import FEWEST, Term, Terms

_BEAM = 3
"""of a neuron's best terms, those that a second one is tried with"""
_EARNED = 0.05
"""of φ that a second term must add, where it is chosen"""
_AT_ONCE = 256
"""neurons"""
NOTHING = 1e-6
"""a neuron that never gets above this is silent"""


class Described(NamedTuple):
    """What is found of each neuron."""

    terms: list[tuple[Term, ...]]
    """one or two; none of a neuron that is silent, or where no term names enough places"""
    named: Bool[Tensor, "neurons places"]
    """the places that the description names"""
    cleanliness: Float[Tensor, " neurons"]
    precision: Float[Tensor, " neurons"]
    """of the places that it names, the share that are active; NaN where it names none"""
    recall: Float[Tensor, " neurons"]
    """of the active places, the share that it names; NaN where none is active"""


def thresholds(
    values: Float[Tensor, "places neurons"], other_half: Bool[Tensor, " places"]
) -> Float[Tensor, " neurons"]:
    """Above which each neuron is active; ∞ of one that is silent."""
    largest = values[~other_half].amax(0)
    return torch.where(largest > NOTHING, largest / 2, torch.inf)


def describe(
    active: Bool[Tensor, "neurons places"], terms: Terms, other_half: Bool[Tensor, " places"]
) -> Described:
    """The best description of each neuron.

    Args:
        active: where each is.
        terms: to choose from.
        other_half: the places on which descriptions are scored.
    """
    if not terms.terms:
        named = torch.zeros_like(active)
        nothing: list[tuple[Term, ...]] = [()] * len(active)
        return Described(nothing, named, *score(active[:, other_half], named[:, other_half]))
    here = terms.named[:, ~other_half]
    together = here @ here.T
    chosen = [
        _choose(its[:, ~other_half].float(), terms, here, together)
        for its in active.split(_AT_ONCE)
    ]
    first, second, fits = (torch.cat(its) for its in zip(*chosen, strict=True))
    named = terms.named[first].bool()
    named &= (second < 0)[:, None] | terms.named[second.clamp(min=0)].bool()
    named &= fits[:, None]
    found = zip(first.tolist(), second.tolist(), fits.tolist(), strict=True)
    said = [_terms(terms, one, other) if fit else () for one, other, fit in found]
    return Described(said, named, *score(active[:, other_half], named[:, other_half]))


def score(
    active: Bool[Tensor, "neurons places"], named: Bool[Tensor, "neurons places"]
) -> tuple[Float[Tensor, " neurons"], Float[Tensor, " neurons"], Float[Tensor, " neurons"]]:
    """φ, precision and recall of descriptions."""
    both = (active & named).sum(1).double()
    n_active, n_named = active.sum(1).double(), named.sum(1).double()
    return phi(both, n_active, n_named, active.shape[1]), both / n_named, both / n_active


def phi(both: Tensor, one: Tensor, other: Tensor, n: int) -> Tensor:
    """The correlation of two properties of n places, by how many have both, one and the other; 0 where all
    places have one of them, or none has."""
    varies = one * (n - one) * other * (n - other)
    return torch.where(varies > 0, (n * both - one * other) / varies.clamp(min=1).sqrt(), 0.0)


def _choose(
    active: Float[Tensor, "neurons here"],
    terms: Terms,
    here: Float[Tensor, "terms here"],
    together: Float[Tensor, "terms terms"],
) -> tuple[Int[Tensor, " neurons"], Int[Tensor, " neurons"], Bool[Tensor, " neurons"]]:
    """Of each neuron its first term, its second (−1: none), and whether there is anything to describe."""
    n, n_active = active.shape[1], active.sum(1)
    of_terms = together.diagonal()
    single = phi(active @ here.T, n_active[:, None], of_terms, n)
    best, first = single.max(1)  # of several, the first: what is simplest to see

    tried = single.topk(min(_BEAM, len(of_terms)), 1).indices
    pairs = active[:, None] * here[tried]
    n_named = together[tried]
    both = phi(pairs @ here.T, n_active[:, None, None], n_named, n)
    allowed = (terms.fact[tried][..., None] != terms.fact) & (n_named >= FEWEST)
    of_pairs, where = torch.where(allowed, both, -torch.inf).flatten(1).max(1)
    longer = of_pairs > best + _EARNED
    one = tried.gather(1, (where // len(of_terms))[:, None])[:, 0]
    other = where % len(of_terms)
    second = torch.where(longer, torch.maximum(one, other), -1)
    return (
        torch.where(longer, torch.minimum(one, other), first),
        second,
        (n_active > 0) & (best > 0),
    )


def _terms(terms: Terms, first: int, second: int) -> tuple[Term, ...]:
    return tuple(terms.terms[its] for its in (first, second) if its >= 0)


def shuffled(terms: Terms, other_half: Bool[Tensor, " places"], seed: int) -> Terms:
    """The null: each place gets what is so at another one of its half."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.arange(len(other_half))
    for half in (other_half, ~other_half):
        its = half.nonzero()[:, 0]
        order[its] = its[torch.randperm(len(its), generator=generator)]
    return terms._replace(named=terms.named[:, order])
