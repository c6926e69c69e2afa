"""Do runs come to add modulo p by the same frequencies?

A model of modular addition is known by the frequencies that make up its logits, of which two may share some
and not others (Nanda et al. 2023, arXiv:2301.05217; Chughtai et al. 2023, arXiv:2302.03025). What a
frequency is worth is its share of the logits' variance (`spectrum.shares_on_the_circle`); those below a
hundredth count as none, and the others sum to one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from onset.comparisons.member import Compared, Member
from onset.comparisons.pairs import of_pairs
from onset.measures.fourier import spectrum
from onset.measures.measurement import Measurement
from onset.models.batch import Model, Parameters
from onset.tasks.dataset import Dataset

TOGETHER = "runs"
NEEDS = ("numbers",)
QUANTITIES = {
    "shared_frequencies": {"kind": "share", "label": "share of the solution in both"},
    "shared_by_chance": {"kind": "share", "label": "the same, frequencies drawn at random"},
    "same_largest": {"kind": "share", "label": "pairs with the same largest frequency"},
    "same_largest_by_chance": {"kind": "share", "label": "the same largest frequency, by chance"},
}  # fmt: skip


def compare(members: Sequence[Member[Model, Dataset]]) -> Iterator[Compared]:
    """Of each two runs, at their ends (`onset.comparisons.pairs`):

    * `shared_frequencies`: the sum over frequencies of the smaller of both shares: 1 where both add by the
      same frequencies in the same proportions, 0 where they have none in common;
    * `shared_by_chance`: the mean of that if one's frequencies were any others, each as likely;
    * `same_largest`: 1 where the largest is the same, else 0; `same_largest_by_chance`: one over how many
      frequencies there are.

    Pairs are left out of which one has no frequency: it hasn't learnt to add.
    """
    shares = {its: solution(its.model, its.parameters(), its.dataset) for its in members}

    def of_two(one: Member, other: Member) -> Iterator[Compared]:
        if not (shares[one].any() and shares[other].any()):
            return
        for name, value in alike(shares[one], shares[other]).items():
            yield Compared(Measurement(name, value), one, other)

    return of_pairs(members, of_two)


def solution(
    model: Model, parameters: Parameters, dataset: Dataset
) -> Float[Tensor, " frequencies"]:
    """What each frequency is worth to a model, in parts of one; all zero where it has none."""
    logits = spectrum.logits_of_pairs(model, parameters, dataset)
    keys = torch.tensor(spectrum.key_frequencies(logits), dtype=torch.long) - 1
    shares = spectrum.shares_on_the_circle(logits).double()
    its = torch.zeros_like(shares)
    its[keys] = shares[keys]
    return its / its.sum() if len(keys) else its


def alike(
    one: Float[Tensor, " frequencies"], other: Float[Tensor, " frequencies"]
) -> dict[str, float]:
    """The quantities, of two solutions."""
    return {
        "shared_frequencies": torch.minimum(one, other).sum().item(),
        "shared_by_chance": torch.minimum(one[:, None], other).sum().item() / len(one),
        "same_largest": float(one.argmax() == other.argmax()),
        "same_largest_by_chance": 1 / len(one),
    }
