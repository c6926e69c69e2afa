"""Clusters of sequences: which class does a sequence belong to?

A class is a few clusters, and a cluster is what lies around a random sequence of symbols, its centre: each
symbol of it is drawn anew with a certain probability. As one-hot codes, sequences are points, and these
are clusters of points. The model reads a sequence and names its class.

    train   sequences drawn around the centres
    test    more of them, without those set apart for choosing settings

The truth `centre` is the number of the cluster that an example was drawn in.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
from jaxtyping import Int
from pydantic import Field, model_validator

from onset.settings import Fraction, PositiveInt
from onset.settings import Settings as BaseSettings
from onset.tasks.dataset import VALIDATION, Dataset, Split
from onset.tasks.parts import refuse_small_splits, validation_apart


class Settings(BaseSettings):
    """How many clusters, and how wide they are."""

    name: Literal["clusters"]
    n_classes: Annotated[int, Field(ge=2)] = 8
    n_centres: PositiveInt = 4
    """of each class"""
    n_symbols: Annotated[int, Field(ge=2)] = 8
    length: PositiveInt = 16
    noise: Fraction = 0.4
    """with which probability a symbol is drawn anew"""
    n_train: PositiveInt = 4000
    n_test: PositiveInt = 1000
    validation: Fraction = 0.25
    """fraction of the held-out examples that is set apart for choosing settings"""

    @property
    def n_tokens(self) -> int:
        return self.n_symbols + self.n_classes

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
        return ("centre",)

    @property
    def n_numbers(self) -> int:
        """That making the dataset holds, about."""
        return (self.n_train + self.n_test) * (self.length + 2)

    @model_validator(mode="after")
    def _no_split_is_empty(self) -> Self:
        refuse_small_splits(
            {"train": self.n_train}, {"test": self.n_test}, self.validation, "n_train or validation"
        )
        return self


def generate(settings: Settings, seed: int) -> Dataset:
    """The world of one seed: its centres, and what is drawn around them."""
    rng = np.random.Generator(np.random.Philox(seed))
    n_clusters = settings.n_classes * settings.n_centres
    centres = rng.integers(settings.n_symbols, size=(n_clusters, settings.length))
    train = _drawn(settings, centres, settings.n_train, rng)
    held_out = _drawn(settings, centres, settings.n_test, rng)
    everything = np.ones(settings.n_test, bool)
    splits = {"train": train}
    for name, mask in validation_apart({"test": everything}, settings.validation, rng).items():
        truth = {fact: its[mask] for fact, its in held_out.truth.items()}
        targets = held_out.targets[mask]
        splits[name] = Split(held_out.tokens[mask], targets, held_out.scored, truth=truth)
    symbols = (f"s{number}" for number in range(settings.n_symbols))
    classes = (f"class {number}" for number in range(settings.n_classes))
    return Dataset(splits, (*symbols, *classes))


def _drawn(
    settings: Settings,
    centres: Int[np.ndarray, "clusters length"],
    size: int,
    rng: np.random.Generator,
) -> Split:
    centre = rng.integers(len(centres), size=size)
    tokens = centres[centre]
    anew = rng.random(tokens.shape) < settings.noise
    tokens = np.where(anew, rng.integers(settings.n_symbols, size=tokens.shape), tokens)
    answers = settings.n_symbols + centre // settings.n_centres
    last = (settings.length - 1,)
    return Split(tokens, answers[:, None], last, truth={"centre": centre})
