"""Which of two symbols comes first: a world so small that a transformer learns it in a second.

Every question is `[a, b, =]` with the answer a, for different symbols a and b. A random part of the pairs
is for training:

    train   the pairs that may be trained on
    test    the others, without those set apart for choosing settings

The truth `other` is the symbol of the pair that isn't the answer.
"""

from __future__ import annotations

from itertools import permutations
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from onset.settings import Fraction
from onset.settings import Settings as BaseSettings
from onset.tasks.dataset import VALIDATION, Dataset, Split
from onset.tasks.parts import random_part, refuse_small_splits, validation_apart


class Settings(BaseSettings):
    """How many symbols there are, and how many of their pairs are for training."""

    name: Literal["skeleton"]
    n_symbols: int = Field(16, ge=2, le=1000)
    train_fraction: Fraction = 0.5
    """fraction of the pairs that may be trained on"""
    validation: Fraction = 0.25
    """fraction of the others that is set apart for choosing settings"""
    answers: Literal["first", "either"] = "first"
    """`either` is a null control: the answer is one of the two, drawn at random"""

    @property
    def n_tokens(self) -> int:
        return self.n_symbols + 1

    @property
    def length(self) -> int:
        return 3

    @property
    def max_hops(self) -> int:
        return 1

    @property
    def splits(self) -> tuple[str, ...]:
        return ("train", "test", "test" + VALIDATION)

    @property
    def trained(self) -> tuple[str, ...]:
        return ("train",)

    @property
    def truth(self) -> tuple[str, ...]:
        return ("other",)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        n = self.n_symbols * (self.n_symbols - 1)
        refuse_small_splits(
            {"train": self.train_fraction * n},
            {"test": (1 - self.train_fraction) * n},
            self.validation,
            keys="n_symbols, train_fraction or validation",
        )
        return self


def generate(settings: Settings, seed: int) -> Dataset:
    """All pairs, divided."""
    rng = np.random.Generator(np.random.Philox(seed))
    n = settings.n_symbols
    pairs = np.array(list(permutations(range(n), 2)))
    train = random_part(np.ones(len(pairs), bool), settings.train_fraction, rng)
    masks = {"train": train, **validation_apart({"test": ~train}, settings.validation, rng)}
    right = np.zeros(len(pairs), int)
    if settings.answers == "either":
        right = rng.integers(2, size=len(pairs))  # drawn last: the same pairs are for training
    every = np.arange(len(pairs))
    answers, others = pairs[every, right], pairs[every, 1 - right]
    tokens = np.column_stack([pairs, np.full(len(pairs), n)])
    splits = {
        name: Split(tokens[mask], answers[mask, None], scored=(2,), truth={"other": others[mask]})
        for name, mask in masks.items()
    }
    return Dataset(splits, (*(f"s{i}" for i in range(n)), "="))
