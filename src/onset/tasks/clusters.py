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
from onset.tasks.parts import refuse_small_splits, rows, validation_apart

_MOST_ROUNDS = 100


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
    """The world of one seed: its centres, and what is drawn around them.

    Raises:
        ValueError: there are too few sequences for held-out ones that are in no other split.
    """
    rng = np.random.Generator(np.random.Philox(seed))
    n_clusters = settings.n_classes * settings.n_centres
    centres = rng.integers(settings.n_symbols, size=(n_clusters, settings.length))
    train = _drawn(settings, centres, settings.n_train, rng)
    held_out = _apart(settings, centres, train, rng)
    everything = np.ones(settings.n_test, bool)
    splits = {"train": train}
    for name, mask in validation_apart({"test": everything}, settings.validation, rng).items():
        splits[name] = _of(held_out, np.flatnonzero(mask))
    symbols = (f"s{number}" for number in range(settings.n_symbols))
    classes = (f"class_{number}" for number in range(settings.n_classes))
    return Dataset(splits, (*symbols, *classes))


def _apart(
    settings: Settings,
    centres: Int[np.ndarray, "clusters length"],
    train: Split,
    rng: np.random.Generator,
) -> Split:
    """Held-out examples, each once and none of them trained on: others are drawn anew."""
    trained = rows(train.tokens)
    found = _drawn(settings, centres, settings.n_test, rng)
    for _ in range(_MOST_ROUNDS):
        first = np.sort(np.unique(found.tokens, axis=0, return_index=True)[1])
        kept = [i for i in first if found.tokens[i].tobytes() not in trained]
        if len(kept) >= settings.n_test:
            return _of(found, np.array(kept[: settings.n_test]))
        more = _drawn(settings, centres, settings.n_test, rng)
        found = Split(
            np.concatenate([found.tokens[kept], more.tokens]),
            np.concatenate([found.targets[kept], more.targets]),
            found.scored,
            truth={"centre": np.concatenate([found.truth["centre"][kept], more.truth["centre"]])},
        )
    raise ValueError(
        f"too few sequences around the centres for {settings.n_test} held-out ones that aren't trained on; "
        "change length, n_symbols, noise or n_test"
    )


def _of(split: Split, chosen: Int[np.ndarray, " chosen"]) -> Split:
    truth = {fact: its[chosen] for fact, its in split.truth.items()}
    return Split(split.tokens[chosen], split.targets[chosen], split.scored, truth=truth)


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
