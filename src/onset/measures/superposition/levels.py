"""Does the loss fall when features swap places? Changes of dimensionality against falls in loss."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.stats import rankdata

Losses = Float[np.ndarray, "instances checkpoints"]
Dimensionalities = Float[np.ndarray, "instances checkpoints features"]
Intervals = Float[np.ndarray, "instances intervals"]


def falls(losses: Losses) -> Intervals:
    """By which factor the loss falls between two checkpoints, as a logarithm; 0, where it rises."""
    return np.maximum(0.0, -np.diff(np.log(losses), axis=1))


def moves(dimensionalities: Dimensionalities) -> Intervals:
    """How much dimensionality changes hands between two checkpoints: half the sum of all changes."""
    return np.abs(np.diff(dimensionalities, axis=1)).sum(2) / 2


def coincidence(
    losses: Losses, dimensionalities: Dimensionalities
) -> Float[np.ndarray, "2 instances"]:
    """Whether an instance's loss falls more than that of others just when its features move more.

    Intervals are ranked within each instance, and what all instances do at the same time, the common pace
    of learning, is removed.

    Returns:
        Correlation over intervals of the falls of each instance with the moves of its own features; and,
        as a null, the mean of those with the moves of the others.
    """
    fallen, moved = falls(losses), moves(dimensionalities)
    n = len(fallen)
    ranks = [rankdata(its, axis=1) for its in (fallen, moved)]
    beyond = np.concatenate([its - its.mean(0) for its in ranks])
    beyond -= beyond.mean(1, keepdims=True)
    beyond /= np.maximum(
        np.linalg.norm(beyond, axis=1, keepdims=True), 1e-12
    )  # where nothing falls: 0
    table = beyond[:n] @ beyond[n:].T  # a row per fall, a column per move
    own = np.diag(table)
    return np.stack([own, (table.sum(1) - own) / max(1, n - 1)])


def in_jumps(losses: Losses, share: float = 0.1) -> Float[np.ndarray, " instances"]:
    """Which part of all falls is in the steepest `share` of the intervals; `share`, if falls are even."""
    fallen = np.sort(falls(losses), axis=1)[:, ::-1]
    most = max(1, round(share * fallen.shape[1]))
    return fallen[:, :most].sum(1) / np.maximum(fallen.sum(1), 1e-12)
