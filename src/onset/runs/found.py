"""Our findings on what the literature reports."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

from onset.statistics.seeds import Summary, summary_of_seeds


class Found(NamedTuple):
    """What we find of a published quantity: mean over seeds and interval, and whether it agrees."""

    ours: float
    low: float
    high: float
    agrees: bool | None
    """None: our numbers don't decide"""

    @classmethod
    def of(cls, its: Summary, above: float | None = None, below: float | None = None) -> Found:
        """Of what is said to lie above a border, or below one: it agrees if the whole interval does.

        Args:
            its: mean, low, high; without an interval it doesn't agree.
            above: the border that is to be exceeded.
            below: the border that is not to be reached.
        """
        agrees = (above is None or its.low > above) and (below is None or its.high < below)
        return cls(its.mean, its.low, its.high, bool(agrees))

    @classmethod
    def of_mean(cls, its: Summary, below: float) -> Found:
        """Of what is said to be no more than chance: it agrees if the mean is below a border.

        Args:
            its: mean, low, high.
            below: the border.
        """
        return cls(its.mean, its.low, its.high, bool(its.mean < below))

    @classmethod
    def of_seeds(
        cls, values: pd.Series, above: float | None = None, below: float | None = None
    ) -> Found | None:
        """`of` one value per seed; None where a seed has none."""
        there = len(values) and values.notna().all()
        return cls.of(summary_of_seeds(values), above, below) if there else None

    @classmethod
    def near(cls, its: Summary, published: float) -> Found:
        """Of what is said to be a number: it agrees if the interval holds it.

        An interval that is wider than the number itself leaves it open, if it holds it.

        Args:
            its: mean, low, high; without an interval it stays open.
            published: the number.
        """
        agrees = bool(its.low <= published <= its.high)
        is_open = np.isnan(its.low) or (agrees and its.high - its.low > published)
        return cls(*its, None if is_open else agrees)

    @classmethod
    def beyond(cls, values: pd.Series, border: float = 0.0, sign: int = 1) -> Found | None:
        """Of what is said to be above a border, or below it with the sign −1.

        It agrees if the whole interval is there, and not if it is on the other side; a border of NaN leaves
        it open. None where there are no values.

        Args:
            values: one per seed.
            border: in the unit of the values.
            sign: 1 or −1.
        """
        if not len(values):
            return None
        its = summary_of_seeds(values)
        ends = sign * (np.array([its.low, its.high]) - border)
        return cls(*its, True if (ends > 0).all() else False if (ends < 0).all() else None)

    @classmethod
    def within(
        cls,
        values: Iterable[float],
        expected: float,
        distance: float | None = None,
        factor: float | None = None,
    ) -> Found:
        """Of what is said to be a number: it agrees if the mean is near it; without values it is open.

        Args:
            values: one per seed.
            expected: the number.
            distance: how near is near, as a difference.
            factor: the same as a factor.
        """
        its = summary_of_seeds(pd.Series(list(values), dtype=float))
        if np.isnan(its.mean):
            return cls(*its, None)
        ratio = its.mean / expected
        agrees = (distance is None or abs(its.mean - expected) < distance) and (
            factor is None or max(ratio, 1 / ratio) < factor
        )
        return cls(*its, bool(agrees))
