"""Ridge regression whose strength doesn't depend on units or on how many examples there are."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


def ridge(
    x: Float[np.ndarray, "examples dimensions"],
    y: Float[np.ndarray, "examples outcomes"],
    strength: float,
) -> Float[np.ndarray, "dimensions outcomes"]:
    """Weights W for which x W is nearest to y, without an intercept.

    Args:
        x: centred, where an intercept is wanted.
        y: the same.
        strength: in parts of the mean square of a dimension of x.
    """
    gram = x.T @ x
    penalty = strength * np.trace(gram) / len(gram) * np.eye(len(gram))
    return np.linalg.solve(gram + penalty, x.T @ y)
