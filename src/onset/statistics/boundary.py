"""Where along a setting something appears and disappears: crossings, thresholds and intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy.optimize import least_squares

from onset.statistics.prediction import predicted_from_other_groups
from onset.statistics.times import Bracket, Times, estimate
from onset.statistics.wording import format_bound, format_estimate

Doses = Float[np.ndarray, " doses"]

Edges = Times
"""by seed: the dose of an edge, which is known to lie between two of the grid's, or outside of it; and
`somewhere`: whether the level is reached at any dose"""


def rising_edge(doses: Doses, values: Doses, level: float) -> Bracket:
    """The smallest dose at which `values`, linear in the logarithm of the dose, reach `level`.

    Args:
        doses: above 0, ascending.
        values: one per dose.
        level: to be reached.

    Returns:
        Where none reaches it, the edge lies beyond the grid, if anywhere.
    """
    reached = np.flatnonzero(values >= level)
    return _edge(doses, values, level, int(reached[0]) - 1 if len(reached) else len(doses) - 1)


def falling_edge(doses: Doses, values: Doses, level: float) -> Bracket:
    """The largest dose at which `values` reach `level`; arguments as of `rising_edge`.

    Returns:
        Where none reaches it, the edge lies below the grid, if anywhere.
    """
    reached = np.flatnonzero(values >= level)
    return _edge(doses, values, level, int(reached[-1]) if len(reached) else -1)


def _edge(doses: Doses, values: Doses, level: float, place: int) -> Bracket:
    """Between the dose at a place and the next; outside of the grid, where there is only one of them."""
    if place < 0:
        return 0.0, np.nan, float(doses[0])
    if place + 1 == len(doses):
        return float(doses[-1]), np.nan, np.inf
    logs, pair = np.log(doses[place : place + 2]), values[place : place + 2]
    part = (level - pair[0]) / (pair[1] - pair[0])
    at = np.exp(logs[0] + part * (logs[1] - logs[0]))
    return float(doses[place]), float(at), float(doses[place + 1])


def edges_of(
    doses: Doses,
    values: Float[np.ndarray, "seeds doses"],
    level: float,
    edge: Callable[[Doses, Doses, float], Bracket],
) -> Edges:
    """`rising_edge` or `falling_edge` of each seed."""
    found = [edge(doses, of_seed, level) for of_seed in values]
    table = pd.DataFrame(found, columns=["after", "at", "before"]).rename_axis("seed")
    return table.assign(somewhere=(values >= level).any(1))


def format_edge(edges: Edges) -> str:
    """`16.2 [14.1, 18.7]`; `< 8` is below the grid's smallest dose, `> 64` beyond its largest.

    Where some seeds' edges lie outside of the grid, the median, and how many lie within: `16.2 [9.1, > 64]
    (2/3)`.
    """
    if not edges["somewhere"].any():
        return "nowhere"
    its = estimate(edges)
    if not its.n_there:
        return format_bound(its, 1)
    count = "" if its.n_there == its.n_runs else f" ({its.n_there}/{its.n_runs})"
    return format_estimate(its, 1) + count


def fit_threshold(
    doses: Doses, values: Float[np.ndarray, "seeds doses"], floor: float
) -> tuple[float, float, float]:
    """Least squares of `floor + (top - floor) / (1 + (middle / dose) ** slope)` over all seeds.

    Only doses up to that with the best mean count: what comes after it is another boundary.

    Args:
        doses: above 0, ascending.
        values: of each seed at each dose.
        floor: what is reached without knowing anything.

    Returns:
        top, middle (a dose), slope (between 0.5 and 30).
    """
    n = values.mean(0).argmax() + 1
    logs = np.log(doses[:n])

    def misses(p: np.ndarray) -> np.ndarray:
        return (logistic(doses[:n], (p[0], np.exp(p[1]), p[2]), floor) - values[:, :n]).ravel()

    start = [(floor + 1) / 2, logs.mean(), 4.0]
    low, high = [floor - 1e-6, logs[0] - 1, 0.5], [1.0, logs[-1] + 1, 30.0]
    top, log_middle, slope = least_squares(misses, start, bounds=(low, high)).x
    return float(top), float(np.exp(log_middle)), float(slope)


def logistic(doses: Doses, curve: Sequence[float], floor: float) -> Doses:
    """The curve that `fit_threshold` fits, at these doses."""
    top, middle, slope = curve
    return floor + (top - floor) / (1 + (middle / doses) ** slope)


def power_law_from_others(
    sizes: Float[np.ndarray, " sizes"], edges: Float[np.ndarray, "sizes seeds"]
) -> tuple[Float[np.ndarray, " sizes"], Float[np.ndarray, " sizes"]]:
    """Each size's edge as a power law of the sizes predicts it, fitted to the other sizes alone.

    Args:
        sizes: above 0.
        edges: where they are drawn; NaN outside of the grid.

    Returns:
        Per size, the prediction of the power law and, as a null, the geometric mean of the other sizes'
        edges. NaN where fewer than two other sizes have edges within the grid in all seeds.
    """
    has_edge = np.isfinite(edges).all(1)
    line, mean = np.full((2, len(sizes)), np.nan)
    if has_edge.sum() >= 3:
        x = np.log(np.repeat(sizes[has_edge], edges.shape[1]))
        predicted = predicted_from_other_groups(x, np.log(edges[has_edge].ravel()), x)
        for found, logs in zip((line, mean), predicted, strict=True):
            found[has_edge] = np.exp(logs.reshape(-1, edges.shape[1])[:, 0])
    return line, mean
