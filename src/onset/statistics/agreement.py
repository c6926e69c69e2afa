"""Whether what we find agrees with what is published: one rule for all."""

from __future__ import annotations

import math

from onset.statistics.seeds import Summary


def agrees(ours: Summary, low: float | None, high: float | None) -> bool | None:
    """Whether our number is where a published one allows it to be.

    A test of equivalence: what is uncertain about ours never makes it agree.

    Args:
        ours: mean and interval.
        low: end of the range that is allowed; None: there is none.
        high: the other end.

    Returns:
        True if the whole interval is inside, False if all of it is outside, None if neither is so, or there
        is no interval.
    """
    least, most = -math.inf if low is None else low, math.inf if high is None else high
    if math.isnan(ours.low) or math.isnan(ours.high):
        return None
    if least <= ours.low and ours.high <= most:
        return True
    return False if ours.high < least or most < ours.low else None
