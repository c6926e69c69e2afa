"""Where along a setting something appears and disappears: crossings, thresholds and intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from scipy.optimize import least_squares

from onset.statistics.prediction import predicted_from_other_groups
from onset.statistics.seeds import Summary, interval
from onset.statistics.wording import format_interval

Doses = Float[np.ndarray, " doses"]


def rising_edge(doses: Doses, values: Doses, level: float) -> float:
    """The smallest dose at which `values`, linear in the logarithm of the dose, reach `level`.

    Args:
        doses: above 0, ascending.
        values: one per dose.
        level: to be reached.

    Returns:
        0 if the first value reaches it already (the edge lies below the grid), NaN if none does.
    """
    reached = np.flatnonzero(values >= level)
    if not len(reached):
        return np.nan
    after = int(reached[0])
    return _crossing(doses, values, level, after - 1) if after else 0.0


def falling_edge(doses: Doses, values: Doses, level: float) -> float:
    """The largest dose at which `values` reach `level`; arguments as of `rising_edge`.

    Returns:
        Infinity if the last value reaches it (the edge lies beyond the grid), NaN if none does.
    """
    reached = np.flatnonzero(values >= level)
    if not len(reached):
        return np.nan
    before = int(reached[-1])
    return _crossing(doses, values, level, before) if before + 1 < len(doses) else np.inf


def _crossing(doses: Doses, values: Doses, level: float, before: int) -> float:
    logs, pair = np.log(doses[before : before + 2]), values[before : before + 2]
    part = (level - pair[0]) / (pair[1] - pair[0])
    return float(np.exp(logs[0] + part * (logs[1] - logs[0])))


def edge_interval(edges: Float[np.ndarray, " seeds"]) -> tuple[float, float, float]:
    """Geometric mean over seeds and its 95 % interval (Student's t of the logarithms).

    NaN where a seed has no edge within the grid: there is then no mean to speak of.
    """
    if not (np.isfinite(edges) & (edges > 0)).all():
        return np.nan, np.nan, np.nan
    mean, low, high = np.exp(interval(np.log(edges)))
    return float(mean), float(low), float(high)


def format_edge(edges: Float[np.ndarray, " seeds"], doses: Doses) -> str:
    """`16.2 [14.1, 18.7]`; or the range over seeds where some have no edge within the grid.

    `< 8` is below the grid's smallest dose, `> 64` beyond its largest; seeds that reach the level nowhere
    are counted: `20.0 to 31.0 (2/3)`.
    """
    mean = Summary(*edge_interval(edges))
    if not np.isnan(mean.mean):
        return format_interval(mean, 1)
    somewhere = edges[~np.isnan(edges)]
    if not len(somewhere):
        return "nowhere"
    ends = dict.fromkeys(_said(edge, doses) for edge in (somewhere.min(), somewhere.max()))
    missing = len(somewhere) < len(edges)
    return " to ".join(ends) + (f" ({len(somewhere)}/{len(edges)})" if missing else "")


def _said(edge: float, doses: Doses) -> str:
    if edge == 0:
        return f"< {doses[0]:g}"
    return f"> {doses[-1]:g}" if np.isinf(edge) else f"{edge:.1f}"


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

    Returns:
        Per size, the prediction of the power law and, as a null, the geometric mean of the other sizes'
        edges. NaN where fewer than two other sizes have edges within the grid in all seeds.
    """
    has_edge = (np.isfinite(edges) & (edges > 0)).all(1)
    line, mean = np.full((2, len(sizes)), np.nan)
    if has_edge.sum() >= 3:
        x = np.log(np.repeat(sizes[has_edge], edges.shape[1]))
        predicted = predicted_from_other_groups(x, np.log(edges[has_edge].ravel()), x)
        for found, logs in zip((line, mean), predicted, strict=True):
            found[has_edge] = np.exp(logs.reshape(-1, edges.shape[1])[:, 0])
    return line, mean
