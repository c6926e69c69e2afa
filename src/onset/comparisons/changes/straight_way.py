"""Loss and accuracy on the straight line between the weights of two models."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

from onset.measures.answers import prediction
from onset.models.batch import Model, Parameters
from onset.tasks.dataset import VALIDATION, Dataset

Along = dict[tuple[str, str], Float[np.ndarray, " ways"]]
"""measure (`loss`, `accuracy`), split → its value at each point"""


def asked_on(dataset: Dataset) -> Dataset:
    """All splits but those that settings are chosen on."""
    return dataset.only([name for name in dataset.splits if not name.endswith(VALIDATION)])


def between(one: Parameters, other: Parameters, way: float) -> Parameters:
    """The weights so far along the way from one model (0) to another (1)."""
    return {name: its.lerp(other[name].to(its), way) for name, its in one.items()}


def along(
    model: Model, at: Callable[[float], Parameters], ways: Sequence[float], asked: Dataset
) -> Along:
    """What is found at each point.

    Args:
        model: of all points.
        at: the parameters at a point.
        ways: how far the points are along, from 0 to 1.
        asked: what they are asked.
    """
    found: dict[tuple[str, str], list[float]] = {}
    for way in ways:
        for its in prediction.measure(model, at(way), asked):
            found.setdefault((its.measure, its.split or ""), []).append(its.value)
    return {key: np.array(values) for key, values in found.items()}


def rise(losses: Float[np.ndarray, " ways"], ways: Sequence[float]) -> float:
    """How far the losses are above the straight line between the first and the last, at most."""
    so_far = np.asarray(ways)
    straight = (1 - so_far) * losses[0] + so_far * losses[-1]
    return float((losses - straight).max())
