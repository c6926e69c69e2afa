"""Vectors that are sums of known features: more features than dimensions, few of them at a time.

Each feature has a direction, drawn evenly over the sphere, a frequency and a magnitude; where it is
active, its direction is added with its magnitude times a number between a half and one and a half.
Frequencies fall as in Zipf's law; magnitudes have nothing to do with them. The most frequent features
are parents, each with some children among the others. With `hierarchy` 1 a child is active only where
its parent is, with 0 it knows nothing of it; its frequency is the same, so that only the dependence
differs. Features in a group are active together more often than alone if there is a `correlation`.

    train   a stream: every batch is drawn afresh
    test    a fixed sample of the same kind, with how much of each feature is in it; the example without any
            feature is in both

Known features under a sparse code as in Sharkey et al. 2022 ("Taking features out of superposition with
sparse autoencoders"); the hierarchy as in the toy models of Chanin et al. 2024 (arXiv:2409.14507).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple, Self

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int
from pydantic import Field, model_validator
from scipy.sparse import csr_array
from scipy.special import ndtri

from onset.settings import Fraction, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt
from onset.settings import Settings as BaseSettings
from onset.tasks.vectors import VectorDataset, VectorSplit, VectorStream

NO_PARENT = -1
_LEAST, _MOST = 0.5, 1.5  # of a feature's magnitude


class Settings(BaseSettings):
    """How many features, how often, how large, and how they depend on each other."""

    name: Literal["features"]
    n_features: Annotated[int, Field(gt=0, le=10**7)] = 200
    n_dimensions: PositiveInt = 40
    active: PositiveFloat = 4.0
    """features in an example, on average"""
    zipf_exponent: NonNegativeFloat = 1.0
    zipf_shift: NonNegativeFloat = 10.0
    """the feature of rank r has a frequency in proportion to (r + shift)^-exponent (Zipf–Mandelbrot)"""
    magnitude_spread: float = Field(2.0, ge=1)
    """magnitudes are between 1 / spread and spread, log-uniform"""
    n_parents: NonNegativeInt = 16
    n_children: NonNegativeInt = 4
    """of each parent"""
    hierarchy: Fraction = 1.0
    """how much of a child's activity depends on its parent"""
    correlation: Fraction = 0.0
    """of the Gaussian variables behind the features of a group"""
    group: PositiveInt = 8
    """features in a group"""
    n_test: Annotated[int, Field(ge=4)] = 4096
    """examples of the held-out split"""

    @property
    def d_in(self) -> int:
        return self.n_dimensions

    @property
    def d_out(self) -> int:
        return self.n_dimensions

    @property
    def splits(self) -> tuple[str, ...]:
        return ("test",)

    @property
    def trained(self) -> tuple[str, ...]:
        return ("train",)

    @property
    def samples(self) -> tuple[str, ...]:
        return self.splits

    @property
    def truth(self) -> tuple[str, ...]:
        return ("amounts",)

    @property
    def traits(self) -> tuple[str, ...]:
        return ("families",) if self.n_parents * self.n_children else ()

    @property
    def frequencies(self) -> Float64[np.ndarray, " features"]:
        """By rank; 0 or NaN where they are less than can be computed with."""
        ranks = np.arange(1, self.n_features + 1)
        with np.errstate(under="ignore", invalid="ignore"):
            weights = (ranks + self.zipf_shift) ** -self.zipf_exponent
            return self.active * weights / weights.sum()

    @property
    def n_numbers(self) -> int:
        """That making the dataset holds, about."""
        return self.n_test * self.n_features // 2 + self.n_features * self.n_dimensions

    @model_validator(mode="after")
    def _it_exists(self) -> Self:
        frequencies = self.frequencies
        if frequencies[0] >= 1:
            raise ValueError(
                f"the most frequent feature would be active in {frequencies[0]:.2f} of all examples; "
                "change active or the zipf settings"
            )
        if not frequencies[-1] > 0:
            raise ValueError(
                "the rarest features would be less frequent than can be computed with; change active or "
                "the zipf settings"
            )
        if self.n_parents * (1 + self.n_children) > self.n_features:
            raise ValueError(
                f"{self.n_parents} parents with {self.n_children} children each are more than "
                f"{self.n_features} features"
            )
        return self


class World(NamedTuple):
    """What is true of the features of one seed; the truth of its dataset, by the same names."""

    directions: Float32[np.ndarray, "features dimensions"]
    """of unit norm"""
    frequencies: Float64[np.ndarray, " features"]
    magnitudes: Float32[np.ndarray, " features"]
    parents: Int[np.ndarray, " features"]
    """of each feature; NO_PARENT: it has none"""
    groups: Int[np.ndarray, " features"]


def generate(settings: Settings, seed: int) -> VectorDataset:
    """The world of one seed, its held-out examples, and the stream."""
    rng = np.random.Generator(np.random.Philox(seed))
    world = _world(settings, rng)
    drawn = _stream(settings, world)
    splits = {name: drawn(settings.n_test, rng) for name in settings.splits}
    return VectorDataset(splits, truth=world._asdict(), streams={"train": drawn})


def streams(settings: Settings, dataset: VectorDataset) -> dict[str, VectorStream]:
    """What is drawn afresh for every batch, from the world of a dataset."""
    return {"train": _stream(settings, World(**dataset.truth))}


def _world(settings: Settings, rng: np.random.Generator) -> World:
    s, n = settings, settings.n_features
    directions = rng.standard_normal((n, s.n_dimensions))
    parents = np.full(n, NO_PARENT)
    children = rng.permutation(np.arange(s.n_parents, n))[: s.n_parents * s.n_children]
    parents[children] = np.arange(len(children)) % max(s.n_parents, 1)
    return World(
        directions=(directions / np.linalg.norm(directions, axis=1, keepdims=True)).astype("f4"),
        frequencies=s.frequencies,
        magnitudes=(s.magnitude_spread ** rng.uniform(-1, 1, n)).astype("f4"),
        parents=parents,
        groups=rng.permutation(n) // s.group,
    )


def _stream(settings: Settings, world: World) -> VectorStream:
    is_child, parents = world.parents != NO_PARENT, np.maximum(world.parents, 0)
    with_parent, without = (_least(its) for its in conditional(world, settings.hierarchy))
    shared = settings.correlation

    def draw(size: int, rng: np.random.Generator) -> VectorSplit:
        drawn = rng.standard_normal((size, len(parents)), dtype="f4")
        if shared:
            of_groups = rng.standard_normal((size, world.groups.max() + 1), dtype="f4")
            drawn = (1 - shared) ** 0.5 * drawn + shared**0.5 * of_groups[:, world.groups]
        # Parents first; without children their activity depends on nothing.
        active: Bool[np.ndarray, "examples features"] = drawn > with_parent
        active &= active[:, parents] | (drawn > without) | ~is_child
        scale = rng.uniform(_LEAST, _MOST, active.shape).astype("f4")
        amounts = np.where(active, world.magnitudes * scale, np.float32(0))
        # Sparse, and without BLAS, whose threads wait for each other where several runs train at a time.
        inputs = csr_array(amounts) @ world.directions
        return VectorSplit(inputs, truth={"amounts": amounts.astype("f2")})

    return draw


def conditional(world: World, hierarchy: float) -> tuple[Any, Any]:
    """Each feature's probability where its parent is active, and where it isn't.

    Their mean over both is its frequency, whatever the hierarchy. Of features without a parent, twice that.

    Raises:
        ValueError: a child would have to be active more often than its parent is.
    """
    f = world.frequencies
    of_parent = np.where(world.parents == NO_PARENT, 1.0, f[np.maximum(world.parents, 0)])
    with_parent = f * (hierarchy / of_parent + 1 - hierarchy)
    if with_parent.max() > 1:
        raise ValueError("a child is more frequent than its parent: make the zipf_shift smaller")
    without = np.where(world.parents == NO_PARENT, f, f * (1 - hierarchy))
    return with_parent, without


def _least(probabilities: Float64[np.ndarray, " features"]) -> Float32[np.ndarray, " features"]:
    """What a standard normal variable exceeds with these probabilities."""
    return -ndtri(probabilities).astype("f4")
