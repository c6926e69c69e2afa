"""Numbers and their intervals in words, here alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import numpy as np

from onset.statistics.seeds import Summary, interval


class _Interval(Protocol):
    mean: float
    low: float
    high: float


def format_interval(numbers: _Interval, digits: int = 2) -> str:
    """`0.97 [0.95, 0.99]`, or the mean alone where there is no interval."""
    # Adding zero makes a rounded -0.0 positive.
    mean, low, high = (
        f"{round(number, digits) + 0.0:.{digits}f}"
        for number in (numbers.mean, numbers.low, numbers.high)
    )
    return mean if np.isnan(numbers.low) else f"{mean} [{low}, {high}]"


def format_values(values: Iterable[float], digits: int = 2, kind: str = "real") -> str:
    """Mean and interval of one value per seed, of this kind."""
    return format_interval(Summary(*interval(list(values), kind)), digits)


def format_small(number: float) -> str:
    """What may span orders of magnitude: two digits after the point, or a power of ten."""
    return f"{number:.1e}" if 0 < abs(number) < 0.01 else f"{number:.2f}"
