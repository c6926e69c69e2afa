"""Does the loss fall when features swap places? Changes of dimensionality against falls in loss."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy.stats import rankdata

Losses = Float[np.ndarray, "instances checkpoints"]
Dimensionalities = Float[np.ndarray, "instances checkpoints features"]
Intervals = Float[np.ndarray, "instances intervals"]
Courses = Mapping[int, tuple[pd.DataFrame, Dimensionalities]]
"""seed → losses, a row per instance and a column per step; dimensionalities at the same places"""


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


def over_instances(courses: Courses) -> pd.DataFrame:
    """Means over the instances of each seed.

    Returns:
        seed, measure, value: `own` and `others` (`coincidence`), `steepest` (`in_jumps`).
    """
    rows = []
    for seed, (losses, dimensionalities) in courses.items():
        own, others = coincidence(losses.to_numpy(), dimensionalities)
        found = {"own": own, "others": others, "steepest": in_jumps(losses.to_numpy())}
        rows += [(seed, measure, its.mean()) for measure, its in found.items()]
    return pd.DataFrame(rows, columns=["seed", "measure", "value"])


def latest_falls(courses: Courses, most: int = 3) -> dict[str, tuple[pd.Series, pd.DataFrame]]:
    """Of each seed the instance whose loss falls most after a quarter of the time.

    Returns:
        `seed N` → its loss by step; its features' dimensionalities, a row per step.
    """
    found = {}
    for seed, (losses, dimensionalities) in [*courses.items()][:most]:
        late = falls(losses.to_numpy())[:, losses.shape[1] // 4 :].sum(axis=1).argmax()
        places = pd.DataFrame(dimensionalities[late], index=losses.columns)
        found[f"seed {seed}"] = (losses.iloc[late], places)
    return found


def as_rows(instances: Mapping[str, tuple[pd.Series, pd.DataFrame]]) -> pd.DataFrame:
    """What `latest_falls` found in one table: step, a column per feature, loss, world."""
    tables = [its.assign(loss=loss, world=name) for name, (loss, its) in instances.items()]
    return pd.concat(tables).reset_index()
