"""Kinds of quantities: what values they can have, and how they are written and coloured."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Literal

Scale = Literal["from_zero", "around_zero"]
"""of colours: from nothing to much, or from below zero over nothing to above it"""


@dataclass(frozen=True)
class Kind:
    """What all quantities of a kind have in common. Their mean over seeds is the arithmetic one."""

    name: str
    low: float = -inf
    """smallest value that there can be"""
    high: float = inf
    """largest"""
    digits: int = 2
    """after the point, unless a quantity declares its own"""
    unit: str = ""
    """empty: a plain number"""

    @property
    def scale(self) -> Scale:
        """Of the colours of a map."""
        return "around_zero" if self.low < 0 else "from_zero"

    def cut(self, low: float, high: float) -> tuple[float, float]:
        """An interval without what lies outside the kind's range; NaN stays NaN."""
        return max(low, self.low), min(high, self.high)


_ALL = (
    # Fractions and probabilities, whatever they are of.
    Kind("share", 0, 1),
    # A share with a sign: from all against to all for.
    Kind("signed_share", -1, 1),
    # Of a variance: below zero, where a guess is worse than the mean.
    Kind("explained", high=1),
    # Losses, entropies and divergences.
    Kind("nats", 0, unit="nats"),
    Kind("bits", 0, unit="bits"),
    # Differences of logits or of losses.
    Kind("logits", unit="nats"),
    Kind("cosine", -1, 1),
    Kind("angle", 0, 180, digits=0, unit="degrees"),
    # Of things; a mean over seeds or examples need not be whole.
    Kind("count", 0, digits=1),
    # From 1, the first.
    Kind("rank", 1, digits=1),
    # Of a training.
    Kind("steps", 0, digits=0, unit="steps"),
    # Of two quantities in one unit.
    Kind("ratio", 0),
    # Norms, and errors that are squares.
    Kind("size", 0),
    # Whatever else.
    Kind("real"),
)
KINDS = {kind.name: kind for kind in _ALL}

_OF_DIFFERENCES = {"share": "signed_share", "nats": "logits", "logits": "logits"}


def of_differences(kind: str) -> str:
    """The kind of one value of a kind minus another."""
    return _OF_DIFFERENCES.get(kind, "real")
