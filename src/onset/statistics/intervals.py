"""95 % confidence intervals of means over seeds, as the range of a quantity allows: docs/statistics.md.

A seed is what is drawn at random; the examples that it is tested on are clusters within it. An interval
never leaves the range of its quantity and always holds the mean:

- with two bounds (shares, cosines, angles), Korn and Graubard's (1998, "Confidence intervals for
  proportions with small expected number of positive counts estimated from survey data", Survey
  Methodology 24, 193-201): Clopper and Pearson's exact interval for as many independent examples as would
  vary by as much as the seeds do, made fewer for what few seeds say about how much they vary;
- with one bound (losses, counts, ratios), Student's t on the logarithm of the distance from it, by the
  delta method;
- without bounds, Student's t.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy import special

from onset.statistics.kinds import Kind

CONFIDENCE = 0.95
_TAIL = (1 - CONFIDENCE) / 2
_MANY = 1e8
"""examples: of more, an interval has no width that would be printed"""

Means = Float[np.ndarray, " means"]
"""something of each of several means"""


class Sample(NamedTuple):
    """What is known of each of several means."""

    mean: Means
    variance: Means
    """of the seeds; NaN of a single one"""
    n_seeds: Means
    n_examples: Means
    """that each seed's value is a mean over, at least; NaN: not known"""


def intervals(sample: Sample, kind: Kind) -> tuple[Means, Means]:
    """The lower and the upper bounds; NaN for fewer than two seeds, or where the mean is undefined.

    Args:
        sample: of the seeds.
        kind: of the quantity.
    """
    bounded = np.isfinite(kind.low), np.isfinite(kind.high)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = _BY_BOUNDS[bounded](sample, kind)
    unknown = (sample.n_seeds < 2) | np.isnan(sample.mean)
    low, high = (np.where(unknown, np.nan, its) for its in found)
    return low, high


def _t(sample: Sample) -> Means:
    return special.stdtrit(np.maximum(sample.n_seeds - 1, 1), 1 - _TAIL)


def _half_width(sample: Sample) -> Means:
    return _t(sample) * np.sqrt(sample.variance / sample.n_seeds)


def _without_bounds(sample: Sample, _: Kind) -> tuple[Means, Means]:
    half = _half_width(sample)
    return sample.mean - half, sample.mean + half


def _from_below(sample: Sample, kind: Kind) -> tuple[Means, Means]:
    low, high = _positive(sample.mean - kind.low, _half_width(sample))
    return kind.low + low, kind.low + high


def _from_above(sample: Sample, kind: Kind) -> tuple[Means, Means]:
    low, high = _positive(kind.high - sample.mean, _half_width(sample))
    return kind.high - high, kind.high - low


def _positive(mean: Means, half: Means) -> tuple[Means, Means]:
    factor = np.exp(half / mean)
    at_bound = mean <= 0
    return np.where(at_bound, 0, mean / factor), np.where(at_bound, half, mean * factor)


def _between(sample: Sample, kind: Kind) -> tuple[Means, Means]:
    width = kind.high - kind.low
    share = np.clip((sample.mean - kind.low) / width, 0, 1)
    n = _worth(share, sample.variance / width**2, sample)
    low, high = _exact(share * n, n)
    return kind.low + width * low, kind.low + width * high


def _worth(share: Means, variance: Means, sample: Sample) -> Means:
    """How many independent examples, right or wrong, would say as much about the mean as the seeds do."""
    unknown = np.isnan(sample.n_examples)
    most = sample.n_seeds * np.where(unknown, _MANY, sample.n_examples)
    # Where all seeds are at an end, and it isn't known by how many examples, each counts as one.
    most = np.where(unknown & ((share == 0) | (share == 1)), sample.n_seeds, most)
    seen = np.where(variance > 0, share * (1 - share) / (variance / sample.n_seeds), most)
    few = (-special.ndtri(_TAIL) / _t(sample)) ** 2
    # No seed's value varies more than a single example's does.
    return np.clip(seen * few, sample.n_seeds, most)


def _exact(k: Means, n: Means) -> tuple[Means, Means]:
    """Clopper and Pearson's interval for k of n, which need not be whole."""
    low = np.where(k > 0, special.betaincinv(k, n - k + 1, _TAIL), 0.0)
    high = np.where(k < n, special.betaincinv(k + 1, n - k, 1 - _TAIL), 1.0)
    return low, high


_BY_BOUNDS = {
    (False, False): _without_bounds,
    (True, False): _from_below,
    (False, True): _from_above,
    (True, True): _between,
}
