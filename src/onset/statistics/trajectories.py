"""The path of a run through a high-dimensional space, by principal components, and its turns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float


class Way(NamedTuple):
    """The principal components of a run's checkpoints."""

    places: pd.DataFrame
    """a row per step, a column per component, from 1"""
    explained: Float[np.ndarray, " components"]
    """share of the variance"""
    directions: Float[np.ndarray, "components n"]


def principal_way(points: Float[np.ndarray, "steps n"], steps: Sequence[int], n: int = 3) -> Way:
    """PCA of a run's points.

    Args:
        points: where the run is, a row per checkpoint.
        steps: of the checkpoints.
        n: how many components.

    Returns:
        Signs are such that the end is to the right and a third of the way above.
    """
    centred = points - points.mean(0)
    # By the products of few points, not those of many dimensions.
    products = (centred @ centred.T).astype(np.float64)
    squares, left = (its[..., ::-1] for its in np.linalg.eigh(products))
    squares = squares.clip(min=0)
    sizes = np.sqrt(squares[:n])
    places = pd.DataFrame(left[:, :n] * sizes, pd.Index(steps, name="step"), range(1, n + 1))
    signs = np.sign(places.iloc[len(places) // 3] - places.iloc[0])
    signs[1] = np.sign(places[1].iloc[-1] - places[1].iloc[0])
    signs = signs.replace(0, 1)
    along = (left[:, :n] * signs.to_numpy()).T.astype(points.dtype) @ centred
    directions = np.divide(along, sizes[:, None], out=along, where=sizes[:, None] > 0)
    return Way(places * signs, squares[:n] / squares.sum(), directions)


def explained_by_chance(
    points: Float[np.ndarray, "steps n"], n: int = 3
) -> Float[np.ndarray, " components"]:
    """The shares that the components of a random walk explain, if its steps are as long: a null control.

    In many dimensions each step of such a walk is at a right angle to all others, and its first
    components explain 6/π², 6/(4π²), … where steps are alike (Antognini and Sohl-Dickstein 2018,
    arXiv:1806.08805).

    Args:
        points: where the run is, a row per checkpoint.
        n: how many components.
    """
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
    walk = np.tril(np.ones((len(points), len(lengths))), -1) * lengths
    return principal_way(walk, range(len(walk)), n).explained


def turns(places: pd.DataFrame) -> pd.Series:
    """By how many degrees a way turns at each step between its ends.

    The angle between the straight line from its beginning to there and that from there to its end: on a
    straight line 0, back where it came from 180. Steps that are nearer to an end than a tenth of the
    farthest that the way goes from its beginning say nothing, and are left out.
    """
    way = places.to_numpy()
    there, on = way[1:-1] - way[0], way[-1] - way[1:-1]
    lengths = np.linalg.norm(there, axis=1), np.linalg.norm(on, axis=1)
    cosine = (there * on).sum(1) / (lengths[0] * lengths[1])
    far = np.minimum(*lengths) >= np.linalg.norm(way - way[0], axis=1).max() / 10
    angles = np.degrees(np.arccos(cosine.clip(-1, 1)))
    return pd.Series(angles[far], places.index[1:-1][far])
