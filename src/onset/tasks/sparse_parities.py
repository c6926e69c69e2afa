"""Many small skills in one network: the parity of a few bits, of which ones another part of the input says.

Multitask sparse parity (Michaud et al. 2023, arXiv:2303.13506). An example asks for one skill, by a one-hot
code, and shows bits, −1 or 1; the answer is the product of those few bits that are the skill's own. Nothing
of one skill helps with another. Skill i is asked for with a probability proportional to i^−zipf, i from 1;
with a zipf of 0 all are asked for alike. An eighth of all patterns of bits is held out, of all skills.

    fresh   a stream: every batch is drawn afresh, of the other patterns
    train   a finite number of such examples, if there are to be any
    test    of held-out patterns, the same number of each skill

The truth `skill` is the number of the skill that is asked for, from 0. Of the world, `frequency` is that of
each skill, `bits` are its own bits, and `held_out` are the patterns, by their number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

import numpy as np
from jaxtyping import Int
from pydantic import Field, model_validator

from onset.settings import NonNegativeFloat, NonNegativeInt, PositiveInt
from onset.settings import Settings as BaseSettings
from onset.tasks.vectors import VectorDataset, VectorSplit, VectorStream

_HELD_OUT = 8
"""one of so many patterns is"""


class Settings(BaseSettings):
    """How many skills, how hard they are, and how often each is asked for."""

    name: Literal["sparse_parities"]
    n_skills: PositiveInt = 64
    n_bits: Annotated[PositiveInt, Field(ge=4, le=20)] = 16
    k: PositiveInt = 2
    """bits that each skill looks at"""
    zipf: NonNegativeFloat = 1.4
    """exponent of the frequencies; the α of Michaud et al. is one less"""
    n_train: NonNegativeInt = 0
    """examples of the split `train`; 0: there is none"""
    n_test: PositiveInt = 64
    """examples of each skill in `test`"""

    @property
    def d_in(self) -> int:
        return self.n_skills + self.n_bits

    @property
    def d_out(self) -> int:
        return 1

    @property
    def n_numbers(self) -> int:
        """That making the dataset holds, about."""
        return (self.n_train + self.n_skills * self.n_test) * (self.d_in + 1)

    @property
    def splits(self) -> tuple[str, ...]:
        return ("train", "test") if self.n_train else ("test",)

    @property
    def trained(self) -> tuple[str, ...]:
        return ("train", "fresh") if self.n_train else ("fresh",)

    @property
    def truth(self) -> tuple[str, ...]:
        return ("skill", "frequency")

    @model_validator(mode="after")
    def _few_of_the_bits(self) -> Self:
        if self.k > self.n_bits:
            raise ValueError(f"k: a skill can't look at {self.k} of {self.n_bits} bits")
        return self


def generate(settings: Settings, seed: int) -> VectorDataset:
    """The world of one seed."""
    rng = np.random.Generator(np.random.Philox(seed))
    frequency = np.arange(1, settings.n_skills + 1, dtype=float) ** -settings.zipf
    bits = np.argsort(rng.random((settings.n_skills, settings.n_bits)), axis=1)[:, : settings.k]
    patterns = rng.permutation(2**settings.n_bits)
    n_held = len(patterns) // _HELD_OUT
    truth = {
        "frequency": frequency / frequency.sum(),
        "bits": bits,
        "held_out": np.sort(patterns[:n_held]),
    }
    splits = {}
    if settings.n_train:
        splits["train"] = _drawn(settings, truth, _free(settings, truth), settings.n_train, rng)
    skill = np.repeat(np.arange(settings.n_skills), settings.n_test)
    shown = rng.choice(truth["held_out"], len(skill))
    splits["test"] = _split(settings, truth, skill, shown)
    world = VectorDataset(splits, truth=truth)
    return VectorDataset(splits, truth=truth, streams=streams(settings, world))


def streams(settings: Settings, dataset: VectorDataset) -> dict[str, VectorStream]:
    """What is drawn afresh for every batch, in the world of a seed."""
    free = _free(settings, dataset.truth)
    return {"fresh": lambda size, rng: _drawn(settings, dataset.truth, free, size, rng)}


def _free(settings: Settings, truth: Mapping[str, np.ndarray]) -> Int[np.ndarray, " patterns"]:
    """Patterns that aren't held out."""
    return np.setdiff1d(np.arange(2**settings.n_bits), truth["held_out"], assume_unique=True)


def _drawn(
    settings: Settings,
    truth: Mapping[str, np.ndarray],
    free: Int[np.ndarray, " patterns"],
    size: int,
    rng: np.random.Generator,
) -> VectorSplit:
    """Skills by their frequencies."""
    ends = truth["frequency"].cumsum()
    skill = np.searchsorted(ends / ends[-1], rng.random(size), side="right")
    return _split(settings, truth, skill, free[rng.integers(len(free), size=size)])


def _split(
    settings: Settings,
    truth: Mapping[str, np.ndarray],
    skill: Int[np.ndarray, " examples"],
    patterns: Int[np.ndarray, " examples"],
) -> VectorSplit:
    shown = 2 * (patterns[:, None] >> np.arange(settings.n_bits) & 1) - 1
    inputs = np.zeros((len(skill), settings.d_in), np.float32)
    inputs[np.arange(len(skill)), skill] = 1
    inputs[:, settings.n_skills :] = shown
    parity = np.take_along_axis(shown, truth["bits"][skill], 1).prod(1)
    return VectorSplit(inputs, parity[:, None].astype(np.float32), {"skill": skill})
