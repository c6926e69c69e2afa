"""New facts for a model that has learnt to compose old ones: does it compose the new ones too?

The world is that of the task `composition`: N entities and R relations, each relation a random function
from entities to entities; an atomic fact `[a, r] → r(a)` is an *edge*, a two-hop fact `[a, r1, r2]` has
the answer r2(r1(a)), and r1(a) is its *bridge*. Here a fraction of the edges is *new*. Stage one knows
nothing of them: it trains on the atomic facts of old edges, and on two-hop facts of which both edges are
old. Stage two teaches the new edges as atomic facts alone, about entities and relations that are all
known. The held-out two-hop questions say which of their edges are new:

    old_old   neither: other questions of the kind that stage one trains
    new_old   the first
    old_new   the second
    new_new   both

An old edge is used at both places in trained two-hop facts, but for the few that chance leaves out.
Both stages are generated from one world: `stage` says which of its splits may be trained on.
"""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from onset.settings import Fraction
from onset.settings import Settings as BaseSettings
from onset.tasks.dataset import VALIDATION, Dataset, Split
from onset.tasks.parts import random_part, refuse_small_splits, validation_apart

HELD_OUT = ("old_old", "new_old", "old_new", "new_new")
_STAGE_ONE = ("old_facts", "old_composed")
_STAGE_TWO = ("new_facts",)
_FACTS = ("old_facts", "new_facts")  # about one edge

A_CHILD_MAY_CHANGE = ("stage", "new_answers")


class Settings(BaseSettings):
    """The size of the world, how much of it is new, and which stage is trained."""

    name: Literal["finetuning"]
    stage: Literal[1, 2] = 1
    """1: new facts can't be trained on; 2: everything can"""
    n_entities: int = Field(100, ge=2)
    n_relations: int = Field(8, ge=1)
    new: Fraction = 0.2
    """fraction of the edges that don't occur in stage one"""
    old_trained: Fraction = 0.9
    """fraction of the two-hop facts with two old edges that may be trained"""
    validation: Fraction = 0.25
    """fraction of each held-out split that is set apart for choosing settings"""
    new_answers: Literal["true", "shuffled"] = "true"
    """`shuffled` is a null control: what stage two teaches of new edges is shuffled; the held-out
    questions keep the answers of the true world, of which nobody is told then"""

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
        validation = (name + VALIDATION for name in HELD_OUT)
        return (*_STAGE_ONE, *_STAGE_TWO, *HELD_OUT, *validation)

    @property
    def trained(self) -> tuple[str, ...]:
        return _STAGE_ONE if self.stage == 1 else (*_STAGE_ONE, *_STAGE_TWO)

    @property
    def truth(self) -> tuple[str, ...]:
        return ("bridge",)

    def truth_of(self, split: str) -> tuple[str, ...]:
        return () if split in _FACTS else self.truth

    def length_of(self, split: str) -> int:
        return 2 if split in _FACTS else 3

    @property
    def n_numbers(self) -> int:
        """That making the dataset holds, about."""
        return 12 * self.n_entities * self.n_relations**2

    @model_validator(mode="after")
    def _no_split_is_empty(self) -> Self:
        n_two_hop = self.n_entities * self.n_relations**2
        new, old = self.new, 1 - self.new
        held_out = {
            "old_old": n_two_hop * old**2 * (1 - self.old_trained),
            "new_old": n_two_hop * new * old,
            "old_new": n_two_hop * old * new,
            "new_new": n_two_hop * new**2,
        }
        refuse_small_splits(
            {"old_composed": n_two_hop * old**2 * self.old_trained},
            held_out,
            self.validation,
            keys="n_entities, n_relations, new, old_trained or validation",
        )
        return self


def generate(settings: Settings, seed: int) -> Dataset:
    """The world of one seed, all splits of both stages.

    Raises:
        ValueError: a split came out empty, which only very small worlds do.
    """
    rng = np.random.Generator(np.random.Philox(seed))
    n, r = settings.n_entities, settings.n_relations
    answer = rng.integers(n, size=(n, r))
    is_new = rng.permutation(n * r) < round(settings.new * n * r)

    a, r1, r2 = (axis.ravel() for axis in np.indices((n, r, r)))
    bridge = answer[a, r1]
    first_is_new, second_is_new = is_new[a * r + r1], is_new[bridge * r + r2]
    target = answer[bridge, r2]
    both_old = ~first_is_new & ~second_is_new
    trained = random_part(both_old, settings.old_trained, rng)
    held_out = {
        "old_old": both_old & ~trained,
        "new_old": first_is_new & ~second_is_new,
        "old_new": ~first_is_new & second_is_new,
        "new_new": first_is_new & second_is_new,
    }
    masks = {"old_composed": trained, **validation_apart(held_out, settings.validation, rng)}

    # Drawn last, so that splits and held-out answers are those of the true world.
    taught = answer.ravel().copy()
    if settings.new_answers == "shuffled":
        taught[is_new] = rng.permutation(taught[is_new])

    splits = {}
    entity, relation = (axis.ravel() for axis in np.indices((n, r)))
    for name, its in (("old_facts", ~is_new), ("new_facts", is_new)):
        tokens = np.stack([entity[its], n + relation[its]], axis=1)
        splits[name] = Split(tokens, taught[its, None], scored=(1,))
    tokens = np.stack([a, n + r1, n + r2], axis=1)
    for name, its in masks.items():
        if not its.any():
            raise ValueError(f"seed {seed} leaves the split {name} empty: make the world larger")
        truth = {"bridge": bridge[its]}
        splits[name] = Split(tokens[its], target[its, None], scored=(2,), hops=2, truth=truth)
    vocabulary = (*(f"e{i}" for i in range(n)), *(f"r{i}" for i in range(r)))
    return Dataset({name: splits[name] for name in settings.splits}, vocabulary)
