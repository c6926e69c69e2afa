"""The loss of a layer that computes sparse functions separately, each with its own neurons."""

from __future__ import annotations

from typing import Literal

import numpy as np
from jaxtyping import Float

Target = Literal["absolute", "and"]
NEURONS = {"absolute": 2, "and": 1}
"""that one of the functions takes: |x| = ReLU(x) + ReLU(−x), x ∧ y = ReLU(x + y − 1)"""


def variance(target: Target, density: float) -> float:
    """Of one function's value: what is lost if its mean is always predicted.

    |x| is there with probability p and then uniform: p/3 − p²/4. Both of two features are there with
    probability p²: p² (1 − p²).
    """
    if target == "absolute":
        return density / 3 - density**2 / 4
    return density**2 * (1 - density**2)


def loss(
    target: Target, density: float, weights: Float[np.ndarray, " n_out"], neurons: int
) -> float:
    """Of a layer with so many neurons that computes the most important functions exactly and says the mean
    of the others: no superposition.

    Args:
        target: which functions.
        density: probability that a feature is there.
        weights: how much an error in each function's value counts.
        neurons: of the layer.
    """
    lost = np.sort(weights)[::-1][neurons // NEURONS[target] :]
    return float(lost.sum()) * variance(target, density)
