"""Vectors that are sums of features of known shapes: on lines, and in planes of two dimensions.

Each feature has a plane of its own, drawn evenly, and is present in a part of the examples,
independently of the others. What it then adds lies in its plane, by its *shape*:

    line      one amount on the first axis
    pair      two amounts, one on each axis, that have nothing to do with each other
    either    one amount, on one axis or on the other
    circle    a point near a circle, at any angle

Amounts are between a half and one and a half, radii nearly one. Of two dimensions are all but the line;
a circle alone can't be told as two features of one dimension each, or as one of two such features at a
time (Engels et al. 2024, arXiv:2405.14860, definitions 2 to 4).

    train   a stream: every batch is drawn afresh
    test    a fixed sample of the same kind, with the coordinates of each feature in its plane
"""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import numpy as np
from jaxtyping import Float32, Int
from pydantic import Field

from onset.settings import NonNegativeFloat, PositiveFloat, PositiveInt
from onset.settings import Settings as BaseSettings
from onset.tasks.vectors import VectorDataset, VectorSplit, VectorStream

SHAPES = ("line", "pair", "either", "circle")
IRREDUCIBLE = SHAPES.index("circle")
_RADII = 0.9, 1.1
_AMOUNTS = 0.5, 1.5


class Settings(BaseSettings):
    """How many features of each shape, in how many dimensions, and how many at a time."""

    name: Literal["geometry"]
    n_each: PositiveInt = 16
    """features of each shape"""
    n_dimensions: Annotated[int, Field(ge=2)] = 64
    active: PositiveFloat = 4.0
    """features in an example, on average"""
    noise: NonNegativeFloat = 0.02
    """standard deviation of what is added to each dimension"""
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
        return ("coordinates",)

    @property
    def n_features(self) -> int:
        return self.n_each * len(SHAPES)

    @property
    def n_numbers(self) -> int:
        """That making the dataset holds, about."""
        return self.n_test * (2 * self.n_features + self.n_dimensions)


class World(NamedTuple):
    """What is true of the features of one seed; the truth of its dataset, by the same names."""

    planes: Float32[np.ndarray, "features 2 dimensions"]
    """the axes, orthonormal"""
    shapes: Int[np.ndarray, " features"]
    """places in `SHAPES`"""


def generate(settings: Settings, seed: int) -> VectorDataset:
    """The world of one seed, its held-out examples, and the stream."""
    rng = np.random.Generator(np.random.Philox(seed))
    axes = np.linalg.qr(rng.standard_normal((settings.n_features, settings.n_dimensions, 2)))[0]
    world = World(
        planes=axes.mT.astype("f4"),
        shapes=np.arange(settings.n_features) % len(SHAPES),
    )
    drawn = _stream(settings, world)
    splits = {name: drawn(settings.n_test, rng) for name in settings.splits}
    return VectorDataset(splits, truth=world._asdict(), streams={"train": drawn})


def streams(settings: Settings, dataset: VectorDataset) -> dict[str, VectorStream]:
    """What is drawn afresh for every batch, from the world of a dataset."""
    return {"train": _stream(settings, World(**dataset.truth))}


def _stream(settings: Settings, world: World) -> VectorStream:
    def draw(size: int, rng: np.random.Generator) -> VectorSplit:
        present = rng.random((size, len(world.shapes))) < settings.active / len(world.shapes)
        coordinates = _coordinates(world.shapes, size, rng) * present[:, :, None]
        noise = settings.noise * rng.standard_normal((size, settings.n_dimensions), dtype="f4")
        inputs = np.einsum("nfa,fad->nd", coordinates, world.planes, optimize=True) + noise
        return VectorSplit(inputs.astype("f4"), truth={"coordinates": coordinates})

    return draw


def _coordinates(
    shapes: Int[np.ndarray, " features"], size: int, rng: np.random.Generator
) -> Float32[np.ndarray, "examples features 2"]:
    """What each feature adds where it is present, on its axes."""
    amounts = rng.uniform(*_AMOUNTS, (size, len(shapes), 2))
    first = rng.random((size, len(shapes))) < 0.5
    angles, radii = (
        rng.uniform(0, 2 * np.pi, first.shape),
        rng.uniform(*_RADII, first.shape),
    )
    of_shapes = {
        "line": amounts * [1, 0],
        "pair": amounts,
        "either": amounts * np.stack([first, ~first], 2),
        "circle": radii[:, :, None] * np.stack([np.cos(angles), np.sin(angles)], 2),
    }
    chosen = np.stack([of_shapes[its] for its in SHAPES])[shapes, :, np.arange(len(shapes))]
    return chosen.swapaxes(0, 1).astype("f4")
