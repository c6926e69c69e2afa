"""How many of many curves fall suddenly, against two nulls; and what shapes they have.

A curve is the loss on one token, checkpoint by checkpoint, on a schedule on which time is what one takes it
to be (of a logarithmic one: factors of steps). How sudden its fall is, is how much of it lies within one
window of checkpoints: 1, all of it. Two nulls say how sudden a fall looks by itself:

    smooth      the same fall at the pace of the mean of all curves, with noise as strong as the curve's own
    shuffled    the curve's own changes in another order: the same falls, at times that have nothing to do
                with each other

A fall is sudden if it is more so than 95 of 100 draws of both. The first null has no place where learning
stands still and then goes fast; the second may have a single step that is as large as the curve's own, and
no two such steps in a row.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

Curves = Float[np.ndarray, "curves checkpoints"]
_QUANTILE = 0.95
_OF_NORMAL = 0.6745
"""median of the absolute value of a standard normal variable"""
_OF_SECOND_DIFFERENCES = np.sqrt(6.0)
"""their standard deviation, of noise with standard deviation 1"""


class Sudden(NamedTuple):
    """What is found of curves that fall."""

    concentration: Float[np.ndarray, " curves"]
    """how much of the fall lies within one window"""
    smooth: Float[np.ndarray, "draws curves"]
    """the same of draws from the first null"""
    shuffled: Float[np.ndarray, "draws curves"]
    """of draws from the second"""

    @property
    def beyond_smooth(self) -> Bool[np.ndarray, " curves"]:
        return self.concentration > np.quantile(self.smooth, _QUANTILE, axis=0)

    @property
    def beyond_shuffled(self) -> Bool[np.ndarray, " curves"]:
        return self.concentration > np.quantile(self.shuffled, _QUANTILE, axis=0)

    @property
    def is_sudden(self) -> Bool[np.ndarray, " curves"]:
        return self.beyond_smooth & self.beyond_shuffled


def concentration(curves: Curves, window: int) -> Float[np.ndarray, " curves"]:
    """The largest fall within so many steps from one checkpoint to the next, over the whole fall.

    Args:
        curves: that fall from the first checkpoint to the last.
        window: steps.
    """
    within = curves[:, :-window] - curves[:, window:]
    return within.max(1) / (curves[:, 0] - curves[:, -1])


def of_decay(window: int, n_checkpoints: int, factor: float) -> float:
    """The concentration of an exponential decay on a logarithmic schedule, whatever its rate.

    Args:
        window: steps from one checkpoint to the next.
        n_checkpoints: from the first checkpoint after 0 to the last.
        factor: last step over the first.
    """
    ratio = factor ** (window / (n_checkpoints - 1))
    # e^−t − e^(−ratio·t) is largest at t = log(ratio) / (ratio − 1).
    at = np.log(ratio) / (ratio - 1)
    return float(np.exp(-at) - np.exp(-ratio * at))


def noise(curves: Curves) -> Float[np.ndarray, " curves"]:
    """The standard deviation of a curve's noise, from its second differences.

    Of these, a smooth curve has small ones, and a sudden fall makes few: their median tells the noise.
    """
    second = np.diff(curves, 2, axis=1)
    return np.median(np.abs(second), axis=1) / (_OF_NORMAL * _OF_SECOND_DIFFERENCES)


def smooth_like(curves: Curves) -> Curves:
    """Each curve's fall, at the pace of the mean of all."""
    mean = curves.mean(0)
    pace = (mean - mean[-1]) / (mean[0] - mean[-1])
    return curves[:, -1:] + (curves[:, :1] - curves[:, -1:]) * pace


def shuffled(curves: Curves, rng: np.random.Generator) -> Curves:
    """Each curve's changes in an order of its own; the first and the last value stay."""
    changes = rng.permuted(np.diff(curves, axis=1), axis=1)
    return np.hstack([curves[:, :1], curves[:, :1] + np.cumsum(changes, axis=1)])


def noisy(
    curves: Curves, strength: Float[np.ndarray, " curves"], rng: np.random.Generator
) -> Curves:
    """Curves with noise between their ends, which stay what they are."""
    found = curves + strength[:, None] * rng.standard_normal(curves.shape)
    found[:, [0, -1]] = curves[:, [0, -1]]
    return found


def judged(curves: Curves, window: int, n_draws: int, rng: np.random.Generator) -> Sudden:
    """Curves and draws from both nulls.

    Args:
        curves: that fall.
        window: steps from one checkpoint to the next.
        n_draws: from each null.
        rng: of the draws.
    """
    smooth, strength = smooth_like(curves), noise(curves)
    nulls = [
        (
            concentration(noisy(smooth, strength, rng), window),
            concentration(shuffled(curves, rng), window),
        )
        for _ in range(n_draws)
    ]
    return Sudden(concentration(curves, window), *map(np.array, zip(*nulls, strict=True)))


def explained_by_pace(curves: Curves) -> Float[np.ndarray, " curves"]:
    """How much of each curve's variance the pace of the mean explains, its ends being what they are."""
    errors = np.square(curves - smooth_like(curves)).sum(1)
    return 1 - errors / np.square(curves - curves.mean(1, keepdims=True)).sum(1)
