"""A product of factors under gradient flow, in closed form; and when each of many networks falls.

All k factors are one number w, at first the scale s, and the loss is ½ (1 − w^k)². Then dw/dt = w^(k − 1)
(1 − w^k), so that the time from s to w is F(w) − F(s) with

    k = 1   F(w) = −log(1 − w)
    k = 2   F(w) = log w − ½ log(1 − w²)
    k > 2   F(w) = −w^(2 − k) / (k − 2) + w²/2 · ₂F₁(1, 2/k; 1 + 2/k; w^k)

For k = 2 the product is the logistic curve that Saxe et al. 2014 (arXiv:1312.6120) find for each mode of a
linear network with one hidden layer. The plateau lasts log(1/s) with two factors, s^(2 − k) / (k − 2) with
more, and there is none with one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import hyp2f1

from onset.statistics.milestones import crossing

LEVELS = {"begun": 0.9, "half": 0.5, "over": 0.1}
"""of the loss, relative to where it starts"""
NETWORK = ("condition", "seed", "factors", "scale", "restart")
_RUN = ["condition", "seed"]


def time_to(level: float, k: int, scale: float, given: int = 0) -> float:
    """When the loss of a product is at a level, in units of 1 / the learning rate.

    Args:
        level: of its start, between 0 and 1.
        k: factors.
        scale: at which they begin, those that aren't given.
        given: factors that begin at 1.
    """
    to_learn = k - min(given, k - 1)
    product = 1 - math.sqrt(level) * (1 - scale**to_learn)
    if to_learn == k:
        return _primitive(product ** (1 / k), k) - _primitive(scale, k)
    return _with_given(product, k, to_learn, scale)


def _primitive(w: float, k: int) -> float:
    if k == 1:
        return -math.log1p(-w)
    if k == 2:
        return math.log(w) - 0.5 * math.log1p(-(w**2))
    return -(w ** (2 - k)) / (k - 2) + 0.5 * w**2 * float(hyp2f1(1, 2 / k, 1 + 2 / k, w**k))


def _with_given(product: float, k: int, to_learn: int, scale: float) -> float:
    """By quadrature: v, the given ones, keep v² − w² = 1 − s²."""

    def said(w: float) -> float:
        return w**to_learn * (w**2 + 1 - scale**2) ** ((k - to_learn) / 2)

    end = brentq(lambda w: said(w) - product, 0.0, 1.0)
    return quad(lambda w: w / ((1 - said(w)) * said(w)), scale, end, limit=200)[0]


def sharpness(k: int, scale: float, given: int = 0) -> float:
    """The time from nine tenths of the loss to a tenth, over that to the half, as of `falls`."""
    begun, half, over = (time_to(its, k, scale, given) for its in LEVELS.values())
    return (over - begun) / half


def falls(
    losses: pd.DataFrame, by: Sequence[str] = NETWORK, start: float | None = None
) -> pd.DataFrame:
    """When the loss of each network, or of each of other things, falls, and how sharply.

    Args:
        losses: `by`, step, value, from step 0 on.
        by: the columns that say whose loss it is.
        start: the loss of what knows nothing; None: each one's own at step 0.

    Returns:
        `by`; `half` and `over`, the first steps at a half and a tenth, and `begun`, the last at nine
        tenths before the half (by straight lines between checkpoints; NaN: not by the last); and
        `sharpness`, the steps from nine tenths to a tenth over those to the half. An exponential decay has
        `digit_order.SHARPNESS_OF_DECAY`.
    """
    rows = []
    for one, its in losses.groupby(list(by), sort=False, observed=True):
        steps, values = its.sort_values("step")[["step", "value"]].to_numpy(float).T
        levels = np.array(list(LEVELS.values())) * (values[0] if start is None else start)
        half, over = (crossing(steps, -values, -level)[1] for level in levels[1:])
        rows.append((*one, _last_above(steps, values, levels[0], half), half, over))
    found = pd.DataFrame(rows, columns=[*by, *LEVELS])
    took = found["over"] - found["begun"]
    return found.assign(sharpness=took / found["half"].where(found["half"] > 0))


def _last_above(
    steps: Float[np.ndarray, " checkpoints"],
    values: Float[np.ndarray, " checkpoints"],
    level: float,
    until: float,
) -> float:
    """The last step before another one at which a curve falls below a level; NaN if that one is."""
    before = steps < until
    if not before.any():
        return until if np.isnan(until) else float(steps[0])
    above = np.flatnonzero(before & (values > level))
    if not len(above):
        return float(steps[0])
    around = slice(above[-1], above[-1] + 2)
    return float(np.interp(-level, -values[around], steps[around]))


def typical(networks: pd.DataFrame, what: str, by: list[str]) -> pd.DataFrame:
    """The median over a run's networks, an infinite one for each that doesn't get there.

    Args:
        networks: of `falls`.
        what: a column of it.
        by: `factors`, `scale`, or both: what to keep apart.

    Returns:
        condition, seed, `by`, value; infinite where most networks don't get there.
    """
    filled = networks.assign(value=networks[what].fillna(np.inf))
    return filled.groupby([*_RUN, *by], sort=False, observed=True)["value"].median().reset_index()
