"""Do dictionaries of different seeds find the same features?

Each seed has a world of its own, so that directions can't be compared. What can are the features' ranks:
the feature of a rank has the same frequency in every world, and is a parent, or none, in every one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import torch
from jaxtyping import Bool
from torch import Tensor

from onset.comparisons.member import Compared, Member
from onset.measures.dictionaries.matching import cosines_between, one_to_one
from onset.measures.dictionaries.recovery import RECOVERED
from onset.measures.measurement import Measurement
from onset.models.dictionary.model import Dictionary
from onset.tasks.vectors import VectorDataset

TOGETHER = "runs"
NEEDS = ("dictionary", "amounts")
ALIKE = ("task.n_features", "model.sparsities")
QUANTITIES = {
    "same_features": {"kind": "share", "label": "features that both find, of those that either does"},
    "same_features_by_chance": {"kind": "share", "label": "the same, of as many features at random"},
}  # fmt: skip


def compare(members: Sequence[Member[Dictionary, VectorDataset]]) -> Iterator[Compared]:
    """Of each two runs, per dictionary (`component`). A dictionary finds a feature if the latent that is
    matched with it, one to one, has a cosine of more than .9 with it:

    * `same_features`: features of a rank that both find, as a fraction of those that one of them does (the
      Jaccard index); missing where neither finds any;
    * `same_features_by_chance`: about what it would be if each found as many features as it does, but any
      of them (the expected overlap over the expected union): a null. Which features are easy to find is
      part of what goes beyond it.
    """
    found = [_found(its) for its in members]
    for (one, of_one), (other, of_other) in combinations(zip(members, found, strict=True), 2):
        for number, both in enumerate(zip(of_one, of_other, strict=True)):
            for name, value in _shared(*both).items():
                yield Compared(Measurement(name, value, component=number), one, other)


def _found(run: Member[Dictionary, VectorDataset]) -> Bool[Tensor, "dictionaries features"]:
    directions = run.model.directions(run.parameters()).cpu()
    truth = torch.from_numpy(run.dataset.truth["directions"])
    return one_to_one(cosines_between(truth, directions)).cosines > RECOVERED


def _shared(one: Bool[Tensor, " features"], other: Bool[Tensor, " features"]) -> dict[str, float]:
    either = (one | other).sum().item()
    if not either:
        return {}
    n, of_one, of_other = len(one), one.sum().item(), other.sum().item()
    by_chance = of_one * of_other / n
    return {
        "same_features": (one & other).sum().item() / either,
        "same_features_by_chance": by_chance / (of_one + of_other - by_chance),
    }
