"""How a layer too narrow for its features holds them: whole, in part, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.bottleneck.model import Bottleneck
from onset.tasks.vectors import VectorDataset

NEEDS = ("bottleneck",)
QUANTITIES = {
    "feature_norm": {"kind": "size", "label": "length of the feature's direction"},
    "dimensionality": {"kind": "share", "label": "dimensionality of the feature"},
    "interference": {"kind": "size", "label": "interference with other features"},
}

REPRESENTED = 0.5
"""length of a feature's direction from which on it counts as represented"""

Weights = Float[Tensor, "instances d_hidden features"]
PerFeature = Float[Tensor, "instances features"]


class Held(NamedTuple):
    """What the directions W_i of an instance's features say of each (Elhage et al. 2022)."""

    feature_norm: PerFeature
    """|W_i|: about 1, if it is represented"""
    dimensionality: PerFeature
    """D_i = |W_i|² / Σ_j (Ŵ_i · W_j)²: the part of a dimension that it has to itself; 0 of none"""
    interference: PerFeature
    """Σ_{j≠i} (Ŵ_i · W_j)²: how much others lie on its direction"""


def held(weights: Weights) -> Held:
    """Of the directions that features have in the narrow layer.

    Source: Elhage et al. 2022 (arXiv:2209.10652), sections 2 and 3.
    """
    squares = weights.square().sum(1)
    overlaps = (weights.transpose(1, 2) @ weights).square()
    along = overlaps.sum(2) / squares.clamp(min=1e-12)
    return Held(squares.sqrt(), squares / along.clamp(min=1e-12), (along - squares).clamp(min=0))


def measure(
    model: Bottleneck, parameters: Parameters, dataset: VectorDataset
) -> Iterator[Measurement]:
    """`feature_norm`, `dimensionality` and `interference` of each feature: `component` is its entry in
    the inputs, instance after instance."""
    for name, values in held(parameters["encode.weight"].double())._asdict().items():
        for entry, value in enumerate(values.ravel().tolist()):
            yield Measurement(name, value, component=entry)
