"""Which geometric figures features form in a narrow layer, identified from their cosines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

import numpy as np
from jaxtyping import Float
from scipy.sparse.csgraph import connected_components

from onset.measures.measurement import Measurement
from onset.measures.superposition.features import REPRESENTED
from onset.models.batch import Parameters
from onset.models.bottleneck.model import Bottleneck
from onset.tasks.vectors import VectorDataset

NEEDS = ("bottleneck",)
QUANTITIES = {
    "in_*": {"kind": "count", "label": "features in the figure: *"},
    "random_in_*": {"kind": "count", "label": "features in the figure, random directions: *"},
}

TOUCHING = 0.2
"""cosine, positive or negative, from which on two features belong to one figure"""
TOLERANCE = 0.1
"""largest deviation of a cosine from the ideal figure's"""

Vectors = Float[np.ndarray, "features d_hidden"]

FIGURES = {
    "dedicated": 1.0,
    "digon": 1 / 2,
    "triangle": 2 / 3,
    "tetrahedron": 3 / 4,
    "pentagon": 2 / 5,
    "square_antiprism": 3 / 8,
}
"""figure → the dimensionality of its features: dimensions over corners (Elhage et al. 2022, section 3)"""


def figures(vectors: Vectors) -> list[str]:
    """The figure that each feature is a corner of; `other`, or `ignored` if it isn't represented.

    Features touch if their cosine isn't near 0; those that touch, directly or over others, form one figure.
    It is the ideal one if each corner's cosines with the others, sorted, are the ideal's to a tolerance:
    all corners of these figures are alike, and this doesn't change with rotation, reflection or order.
    """
    norms = np.linalg.norm(vectors, axis=1)
    there = np.flatnonzero(norms > REPRESENTED)
    found = ["ignored"] * len(vectors)
    unit = vectors[there] / norms[there, None]
    cosines = unit @ unit.T
    n, label = connected_components(np.abs(cosines) > TOUCHING, directed=False)
    for figure in range(n):
        corners = np.flatnonzero(label == figure)
        name = _named(cosines[np.ix_(corners, corners)])
        for corner in there[corners]:
            found[corner] = name
    return found


def _named(cosines: Float[np.ndarray, "corners corners"]) -> str:
    for name, ideals in _ideals().items():
        for ideal in ideals:
            if len(ideal) == len(cosines) and deviation(cosines, ideal) < TOLERANCE:
                return name
    return "other"


def deviation(
    cosines: Float[np.ndarray, "corners corners"], ideal: Float[np.ndarray, "corners corners"]
) -> float:
    """The largest, after each corner's cosines are sorted; of figures whose corners are all alike."""
    return float(np.abs(np.sort(cosines, axis=1) - np.sort(ideal, axis=1)).max())


def corners_of(figure: str) -> list[Vectors]:
    """The ideal figure's corners, on the unit sphere; several, where its shape isn't fixed."""
    turn = 2 * np.pi * np.arange(8) / 8
    if figure == "square_antiprism":
        # Two squares, one turned by half a corner; how far apart depends on what is minimised.
        return [
            np.stack([
                np.sqrt(1 - h * h) * np.cos(turn),
                np.sqrt(1 - h * h) * np.sin(turn),
                h * (-1.0) ** np.arange(8),
            ], axis=1)
            for h in np.linspace(0.4, 0.7, 7)
        ]  # fmt: skip
    if figure == "tetrahedron":
        signs = [(1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)]
        return [np.array(signs) / np.sqrt(3)]
    n = {"dedicated": 1, "digon": 2, "triangle": 3, "pentagon": 5}[figure]
    turn = 2 * np.pi * np.arange(n) / n
    return [np.stack([np.cos(turn), np.sin(turn)], axis=1)]


@cache
def _ideals() -> Mapping[str, Sequence[Float[np.ndarray, "corners corners"]]]:
    return {name: [its @ its.T for its in corners_of(name)] for name in FIGURES}


def by_chance(figure: str, d_hidden: int, n: int, seed: int = 0) -> float:
    """How often as many directions at random, in as many dimensions, are taken for a figure."""
    rng = np.random.Generator(np.random.Philox(seed))
    k = len(corners_of(figure)[0])
    drawn = rng.standard_normal((n, k, d_hidden))
    drawn /= np.linalg.norm(drawn, axis=2, keepdims=True)
    return float(np.mean([set(figures(vectors)) == {figure} for vectors in drawn]))


def measure(
    model: Bottleneck, parameters: Parameters, dataset: VectorDataset
) -> Iterator[Measurement]:
    """Per instance (`component`), `in_FIGURE`: how many of its features are corners of such a figure, of
    `other` ones, and how many are `ignored`; and `random_in_FIGURE`: the same after each feature's
    direction is replaced by a random one, its length kept.

    Source of the figures: Elhage et al. 2022 (arXiv:2209.10652), section 3.
    """
    rng = np.random.Generator(np.random.Philox(0))
    for instance, weights in enumerate(parameters["encode.weight"].double().cpu().numpy()):
        vectors = weights.T
        drawn = rng.standard_normal(vectors.shape)
        drawn *= np.linalg.norm(vectors, axis=1, keepdims=True) / np.linalg.norm(
            drawn, axis=1, keepdims=True
        )
        for prefix, its in (("in", vectors), ("random_in", drawn)):
            found = figures(its)
            for name in (*FIGURES, "other", "ignored"):
                yield Measurement(f"{prefix}_{name}", found.count(name), component=instance)
