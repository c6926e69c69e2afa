"""Colours of maps, by the kind of quantity that they show."""

from __future__ import annotations

from typing import TypedDict

import numpy as np
from jaxtyping import Float

from onset.statistics.kinds import KINDS


class ColourScale(TypedDict):
    """What matplotlib's images are told of their colours."""

    cmap: str
    vmin: float
    vmax: float


def colour_scale(kind: str, values: Float[np.ndarray, "*shape"]) -> ColourScale:
    """From the least that the kind can be to the most, or as far as the values go if there is no most.

    Of what can be below zero and above, zero is white, and both sides go equally far; else dark is much.

    Args:
        kind: of quantity (`onset.statistics.kinds`).
        values: that are shown; NaN where there is none.
    """
    its, there = KINDS[kind], values[np.isfinite(values)]
    farthest = float(np.abs(there).max(initial=0.0)) or 1.0
    if its.scale == "around_zero":
        most = min(farthest, its.high) if np.isinf(its.low) else its.high
        return {"cmap": "PuOr", "vmin": -most, "vmax": most}
    most = its.high if np.isfinite(its.high) else farthest
    if most <= its.low:
        most = its.low + 1
    return {"cmap": "cividis_r", "vmin": its.low, "vmax": most}
