"""What is known of numbers that are only known to lie within brackets, some of them open to one side.

A training is looked at only at its checkpoints, so that a time is known to lie between two of them: it is
interval-censored; and right-censored if nothing has happened by the end. Runs that don't get there belong
to the sample as much as the others: without them, times would be too short.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy import optimize, special, stats

from onset.statistics.intervals import CONFIDENCE

Ends = Float[np.ndarray, " runs"]
"""of the runs' brackets, on one side; −∞ or ∞: open"""

_PRECISIONS = np.geomspace(1e-3, 1e4, 180)
"""1 / σ over which a likelihood is maximised, in units of 1 / what the ends span"""
_FAR = 200.0
"""spans away from all ends; a bound that lies farther is none"""


def interval_of_mean(lower: Ends, upper: Ends) -> tuple[float, float]:
    """The 95 % confidence interval of a normal distribution's mean (and median) from brackets.

    It holds all means whose profile likelihood (Cox and Oakes 1984, "Analysis of survival data", chapter 3;
    a bracket counts as the probability that lies within it) is at least the (1 + t² / (n − 1))^(−n / 2)th
    part of the largest, for n runs and Student's t with n − 1 degrees of freedom. Where brackets are points
    that is Student's interval; where all brackets overlap, it is never narrower than what they share, so
    that runs in one bracket don't seem to agree to the step. It assumes that where the checkpoints lie has
    nothing to do with when runs get there.

    Args:
        lower: ends of the brackets; −∞: nothing is known on that side.
        upper: the same, and ∞.

    Returns:
        −∞ or ∞ where brackets set no bound; NaN for fewer than two runs.
    """
    n = len(lower)
    ends = np.concatenate([lower, upper])
    ends = ends[np.isfinite(ends)]
    if n < 2:
        return np.nan, np.nan
    if not len(ends):
        return -np.inf, np.inf
    start, span = float(ends.min()), float(np.ptp(ends)) or 1.0
    lower, upper = (lower - start) / span, (upper - start) / span
    upper = np.maximum(upper, lower + 1e-6)  # a point has no probability
    shared = (lower.max() + upper.min()) / 2  # where brackets overlap, nothing is likelier
    means = np.append(np.linspace(0, 1, 41), shared if np.isfinite(shared) else 0)
    of_means = _profile(lower, upper, means)
    best = int(of_means.argmax())
    t = stats.t.ppf((1 + CONFIDENCE) / 2, n - 1)
    least = of_means[best] - n / 2 * np.log1p(t**2 / (n - 1))

    def above(mean: float) -> float:
        return _profile(lower, upper, np.array([mean])).item() - least

    def bound(far: float) -> float:
        if above(far) > 0:
            return float(np.copysign(np.inf, far))
        return float(start + span * optimize.brentq(above, means[best], far, xtol=1e-4))

    return bound(-_FAR), bound(_FAR)


def _profile(
    lower: Ends, upper: Ends, means: Float[np.ndarray, " means"]
) -> Float[np.ndarray, " means"]:
    """The logarithm of each mean's likelihood, with the σ that suits it best."""
    away = (ends - means[:, None, None] for ends in (lower, upper))
    low, high = (its * _PRECISIONS[:, None] for its in away)
    # The difference of two probabilities near 1 is that of two near 0, which keeps its digits.
    low, high = np.where(low > 0, -high, low), np.where(low > 0, -low, high)
    log_high, log_low = special.log_ndtr(high), special.log_ndtr(low)
    within = log_high + np.log(-np.expm1(np.minimum(log_low - log_high, -1e-300)))
    return within.sum(-1).max(-1)


def kaplan_meier_median(
    known: Float[np.ndarray, " there"], beyond: Float[np.ndarray, " others"]
) -> float:
    """The step by which half of the runs get there (Kaplan and Meier 1958).

    Where exactly half do by one run's step, it is half way to the next run's.

    Args:
        known: when runs got there; −∞ if only a time is known by which they had.
        beyond: until when the others hadn't.

    Returns:
        ∞ where half of the runs never do while they are watched.
    """
    if not len(known):
        return np.inf
    finite = known[np.isfinite(known)]
    first = min([*finite, *beyond, 0.0]) - 1.0  # in the place of −∞, which SciPy refuses
    sample = stats.CensoredData(np.where(np.isfinite(known), known, first), right=beyond)
    survival = stats.ecdf(sample).sf
    steps, shares = survival.quantiles, survival.probabilities
    half, more = steps[shares < 0.5 + 1e-9], steps[shares < 0.5 - 1e-9]
    if not len(half):
        return np.inf
    if half[0] == first:
        return -np.inf
    # If fewer than half are left after that step, both are the same.
    return float(np.mean([half[0], *more[:1]]))
