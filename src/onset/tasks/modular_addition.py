"""Addition modulo p: the best-measured case of a circuit that forms long after the data are fitted.

Every question is `[a, b, =]` with the answer (a + b) mod p, for a and b from 0 to p − 1. A random part
of the pairs is trained:

    train   the pairs that may be trained
    test    the others, without those set apart for choosing settings

After Power et al. 2022 (arXiv:2201.02177); set up as in Nanda et al. 2023 (arXiv:2301.05217).
"""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from onset.settings import Fraction
from onset.settings import Settings as BaseSettings
from onset.tasks.dataset import VALIDATION, Dataset, Split
from onset.tasks.parts import random_part, refuse_small_splits, validation_apart

A_CHILD_MAY_CHANGE = ("answers",)


class Settings(BaseSettings):
    """The modulus and how much of the table of sums is trained."""

    name: Literal["modular_addition"]
    p: int = Field(113, ge=2)
    """the modulus"""
    train_fraction: Fraction = 0.3
    """fraction of the p² pairs that may be trained"""
    validation: Fraction = 0.25
    """fraction of the held-out pairs that is set apart for choosing settings"""
    answers: Literal["sums", "random"] = "sums"
    """`random` is a null control: every pair, trained or held out, has an answer drawn at random"""

    @property
    def n_tokens(self) -> int:
        return self.p + 1

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
        return ()

    @property
    def traits(self) -> tuple[str, ...]:
        return ("numbers",) if self.p % 2 else ()

    @property
    def n_numbers(self) -> int:
        """That making the dataset holds, about."""
        return 6 * self.p**2

    @model_validator(mode="after")
    def _no_split_is_empty(self) -> Self:
        n_pairs = self.p**2
        refuse_small_splits(
            {"train": self.train_fraction * n_pairs},
            {"test": (1 - self.train_fraction) * n_pairs},
            self.validation,
            keys="p, train_fraction or validation",
        )
        return self


def generate(settings: Settings, seed: int) -> Dataset:
    """The table of one seed, divided."""
    rng = np.random.Generator(np.random.Philox(seed))
    p = settings.p
    a, b = (axis.ravel() for axis in np.indices((p, p)))
    train = random_part(np.ones(p * p, bool), settings.train_fraction, rng)
    masks = {"train": train, **validation_apart({"test": ~train}, settings.validation, rng)}
    answers = (a + b) % p
    if settings.answers == "random":
        answers = rng.integers(p, size=p * p)  # drawn last: the same pairs are trained
    tokens = np.stack([a, b, np.full_like(a, p)], axis=1)
    splits = {
        name: Split(tokens[mask], answers[mask, None], scored=(2,)) for name, mask in masks.items()
    }
    return Dataset(splits, (*(str(n) for n in range(p)), "="))
