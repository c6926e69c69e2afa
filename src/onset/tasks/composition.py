"""Two-hop composition: does a model that has seen A→B and B→C as separate facts know A→C?

The world has N entities and R relations, each relation a random function from entities to
entities. An *atomic* fact is the sequence `[a, r] → r(a)`; a *two-hop* fact is
`[a, r1, r2] → r2(r1(a))`, and r1(a) is its *bridge*. An *edge* is a pair (a, r).

Every atomic fact is trained. A fraction of the edges (`never_composed`) appears in no trained
two-hop fact. The held-out two-hop splits say of both edges whether they are composed elsewhere:

    id   both edges are used in other trained two-hop facts, at the same place
    oi   only the first edge is never composed
    io   only the second edge is never composed
    oo   neither edge is ever composed

`id` and `oo` follow Wang et al. 2024 (arXiv:2405.15071).
"""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from jaxtyping import Bool, Int
from pydantic import Field, model_validator

from onset.settings import Fraction
from onset.settings import Settings as BaseSettings
from onset.tasks.dataset import VALIDATION, Dataset, Split
from onset.tasks.parts import random_part, refuse_small_splits, validation_apart

HELD_OUT = ("id", "oi", "io", "oo")

A_CHILD_MAY_CHANGE = ("two_hop_answers",)


class Settings(BaseSettings):
    """The size of the world and which part of it is trained."""

    name: Literal["composition"]
    n_entities: int = Field(100, ge=2)
    n_relations: int = Field(8, ge=1)
    never_composed: Fraction = 0.3
    """fraction of the edges that appear in no trained two-hop fact"""
    id_trained: Fraction = 0.9
    """fraction trained of the two-hop facts with both edges free to be composed"""
    validation: Fraction = 0.25
    """fraction of each held-out split that is set apart for choosing settings"""
    two_hop_answers: Literal["true", "shuffled"] = "true"
    """`shuffled` is a null control: the two-hop answers, trained and held out, are shuffled"""

    @property
    def n_tokens(self) -> int:
        return self.n_entities + self.n_relations

    @property
    def length(self) -> int:
        return 3

    @property
    def max_hops(self) -> int:
        return 2

    @property
    def splits(self) -> tuple[str, ...]:
        return (*self.trained, *HELD_OUT, *(name + VALIDATION for name in HELD_OUT))

    @property
    def trained(self) -> tuple[str, ...]:
        return ("atomic", "composed_train")

    @property
    def truth(self) -> tuple[str, ...]:
        return ("bridge",)

    def truth_of(self, split: str) -> tuple[str, ...]:
        return () if split == "atomic" else self.truth

    def length_of(self, split: str) -> int:
        return 2 if split == "atomic" else 3

    @property
    def n_numbers(self) -> int:
        """That making the dataset holds, about."""
        return 12 * self.n_entities * self.n_relations**2

    @model_validator(mode="after")
    def _no_split_is_empty(self) -> Self:
        n_two_hop = self.n_entities * self.n_relations**2
        out, trained = self.never_composed, self.id_trained
        held_out = {
            "id": n_two_hop * (1 - out) ** 2 * (1 - trained),
            "oi": n_two_hop * out * (1 - out),
            "io": n_two_hop * (1 - out) * out,
            "oo": n_two_hop * out**2,
        }
        refuse_small_splits(
            {"composed_train": n_two_hop * (1 - out) ** 2 * trained},
            held_out,
            self.validation,
            keys="n_entities, n_relations, never_composed, id_trained or validation",
        )
        return self


def generate(settings: Settings, seed: int) -> Dataset:
    """The world of one seed, all splits.

    Raises:
        ValueError: a split came out empty, which only very small worlds do.
    """
    rng = np.random.Generator(np.random.Philox(seed))
    n, r = settings.n_entities, settings.n_relations
    answer = rng.integers(n, size=(n, r))  # the entity that relation r leads to from entity a

    a, r1, r2 = (axis.ravel() for axis in np.meshgrid(range(n), range(r), range(r), indexing="ij"))
    bridge = answer[a, r1]
    tokens = np.stack([a, n + r1, n + r2], axis=1)
    masks = _split_masks(settings, a * r + r1, bridge * r + r2, rng)
    target = answer[bridge, r2]
    if settings.two_hop_answers == "shuffled":
        target = rng.permutation(target)  # drawn last: facts and splits are those of the true world

    splits = {"atomic": _atomic(answer)}
    for name in settings.splits[1:]:
        chosen = masks[name]
        if not chosen.any():
            raise ValueError(f"seed {seed} leaves the split {name} empty: make the world larger")
        splits[name] = Split(
            tokens=tokens[chosen],
            targets=target[chosen, None],
            scored=(2,),
            hops=2,
            truth={"bridge": bridge[chosen]},
        )
    vocabulary = (*(f"e{i}" for i in range(n)), *(f"r{i}" for i in range(r)))
    return Dataset(splits, vocabulary)


def _atomic(answer: Int[np.ndarray, "entities relations"]) -> Split:
    n, r = answer.shape
    a, relation = (axis.ravel() for axis in np.meshgrid(range(n), range(r), indexing="ij"))
    return Split(
        tokens=np.stack([a, n + relation], axis=1),
        targets=answer[a, relation][:, None],
        scored=(1,),
        hops=1,
    )


def _split_masks(
    settings: Settings,
    first: Int[np.ndarray, " facts"],
    second: Int[np.ndarray, " facts"],
    rng: np.random.Generator,
) -> dict[str, Bool[np.ndarray, " facts"]]:
    """Which two-hop facts, given by their first and second edges, belong to which split."""
    n_edges = settings.n_entities * settings.n_relations
    out = np.zeros(n_edges, bool)
    out[rng.permutation(n_edges)[: round(settings.never_composed * n_edges)]] = True

    both_free = ~out[first] & ~out[second]
    trained = random_part(both_free, settings.id_trained, rng)
    # A small share of trained facts leaves some free edges uncomposed by chance. Facts with such an
    # edge are no fair test and belong to no split.
    seen_first, seen_second = np.zeros(n_edges, bool), np.zeros(n_edges, bool)
    seen_first[first[trained]] = seen_second[second[trained]] = True
    held_out = {
        "id": both_free & ~trained & seen_first[first] & seen_second[second],
        "oi": out[first] & ~out[second] & seen_second[second],
        "io": ~out[first] & out[second] & seen_first[first],
        "oo": out[first] & out[second],
    }
    return {"composed_train": trained, **validation_apart(held_out, settings.validation, rng)}
