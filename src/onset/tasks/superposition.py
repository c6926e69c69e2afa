"""Sparse features to be passed through, or computed with, a layer too narrow for them.

Each feature is, independently of the others, there with the probability `density` (1 − sparsity), and then
uniform between 0 and 1; else it is 0 (Elhage et al. 2022, arXiv:2209.10652). Feature i counts importance^i
in the loss. An instance is one such world with a density and an importance of its own; all instances of the
grid stand side by side, each with its own entries of inputs and targets, and see different examples:

    fresh   a stream: every batch is drawn afresh
    test    a sample of the same kind, for the mean over the world; what has no values between, such as all
            features 0, is in both

What is asked of the features x:

    identity   x itself
    absolute   |x|, of features that are uniform between −1 and 1 if they aren't 0
    and        of features that are 0 or 1: for each pair, whether both are 1
"""

from __future__ import annotations

import math
from itertools import product
from typing import Annotated, Literal, Self

import numpy as np
from jaxtyping import Float32
from pydantic import Field, Strict, model_validator

from onset.settings import Fraction, Once, PositiveFloat, PositiveInt
from onset.settings import Settings as BaseSettings
from onset.tasks.vectors import VectorDataset, VectorSplit, VectorStream

Density = Annotated[Fraction, Field(gt=0)]
_RAREST = 2.0**-23
"""density of which single-precision numbers are still drawn"""
_HEAVIEST = 2.0**63
"""weight whose square is still a single-precision number, as AdamW's second moments are"""


class Settings(BaseSettings):
    """How many features, and the grid of worlds."""

    name: Literal["superposition"]
    n_features: int = Field(2, ge=2)
    densities: Annotated[tuple[Density, ...], Strict(False), Field(min_length=1), Once]
    """probabilities that a feature isn't 0: one axis of the grid"""
    importances: Annotated[tuple[PositiveFloat, ...], Strict(False), Field(min_length=1), Once] = (
        1.0,
    )
    """of each feature, relative to the one before: the other axis"""
    restarts: PositiveInt = 1
    """instances of each point of the grid"""
    target: Literal["identity", "absolute", "and"] = "identity"
    n_test: int = Field(1024, ge=4)
    """examples of the held-out split"""

    @property
    def grid(self) -> list[tuple[float, float]]:
        """Density and importance of each instance: all restarts of a point, then the next point."""
        points = product(self.densities, self.importances)
        return [point for point in points for _ in range(self.restarts)]

    @property
    def n_instances(self) -> int:
        return len(self.densities) * len(self.importances) * self.restarts

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Of features, in the order of the targets of `and`."""
        return [(i, j) for i in range(self.n_features) for j in range(i)]

    @property
    def n_outputs(self) -> int:
        """Of an instance."""
        n = self.n_features
        return n * (n - 1) // 2 if self.target == "and" else n

    @property
    def d_in(self) -> int:
        return self.n_instances * self.n_features

    @property
    def d_out(self) -> int:
        return self.n_instances * self.n_outputs

    @property
    def n_numbers(self) -> int:
        """That making the dataset holds, about."""
        return self.n_test * (self.d_in + self.d_out) // 2

    @property
    def splits(self) -> tuple[str, ...]:
        return ("test",)

    @property
    def trained(self) -> tuple[str, ...]:
        return ("fresh",)

    @property
    def samples(self) -> tuple[str, ...]:
        return self.splits

    @property
    def truth(self) -> tuple[str, ...]:
        return ("density", "importance")

    @model_validator(mode="after")
    def _within_single_precision(self) -> Self:
        if (rarest := min(self.densities)) < _RAREST:
            raise ValueError(
                f"densities: with {rarest:g} no feature would ever be drawn in single precision; at least "
                f"{_RAREST:.2g}"
            )
        top, n = max(self.importances), self.n_features
        last = 2 * n - 3 if self.target == "and" else n - 1
        if last * math.log2(top) > math.log2(_HEAVIEST):
            raise ValueError(
                f"importances: {top:g} to the power of {last}, as the last target counts, is more than is "
                f"computed with in single precision; with {n} features at most "
                f"{_HEAVIEST ** (1 / last):.3g}"
            )
        return self


def generate(settings: Settings, seed: int) -> VectorDataset:
    """The held-out split of one seed, and the stream; what is true of each instance."""
    rng = np.random.Generator(np.random.Philox(seed))
    density, importance = np.array(settings.grid, np.float32).T
    place = np.arange(settings.n_features)
    weights = importance[:, None] ** place
    if settings.target == "and":
        i, j = np.array(settings.pairs).T
        weights = weights[:, i] * weights[:, j]
    return VectorDataset(
        {"test": _drawn(settings, settings.n_test, rng)},
        weights=weights.astype(np.float32).ravel(),
        truth={"density": density, "importance": importance},
        streams=streams(settings),
    )


def streams(settings: Settings, dataset: VectorDataset | None = None) -> dict[str, VectorStream]:
    """What is drawn afresh for every batch; all seeds have the same world."""
    return {"fresh": lambda size, rng: _drawn(settings, size, rng)}


def _drawn(settings: Settings, size: int, rng: np.random.Generator) -> VectorSplit:
    features = _features(settings, size, rng)
    if settings.target == "identity":
        return VectorSplit(features)
    if settings.target == "absolute":
        # The sign of a feature: whether its value falls into the upper half.
        halves = 2 * features - (features > 0)
        return VectorSplit(halves, np.abs(halves))
    features = (features > 0).astype(np.float32)
    i, j = np.array(settings.pairs).T
    by_instance = features.reshape(size, -1, settings.n_features)
    both = by_instance[..., i] * by_instance[..., j]
    return VectorSplit(features, both.reshape(size, -1))


def _features(
    settings: Settings, size: int, rng: np.random.Generator
) -> Float32[np.ndarray, "examples d_in"]:
    """Of one uniform number each: what is above 1 − density, stretched to all between 0 and 1."""
    density = np.repeat(np.array(settings.grid, np.float32)[:, 0], settings.n_features)
    drawn = rng.random((size, settings.d_in), dtype=np.float32)
    drawn -= 1 - density
    drawn *= 1 / density
    return np.maximum(drawn, 0, out=drawn)
