"""Numbers and their intervals put into words, here and nowhere else."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

UNDEFINED = "undefined"
"""in place of a mean that there isn't, e.g. of a correlation where nothing varies"""
VERDICTS = {False: "no", None: "undecided", True: "yes"}
"""whether ours agrees with what is published: what disagrees comes first"""


class _Interval(Protocol):
    @property
    def mean(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...


def format_interval(numbers: _Interval, digits: int = 2) -> str:
    """`0.97 [0.95, 0.99]`, or the mean alone where there is no interval."""
    # Adding zero makes a rounded -0.0 positive.
    return _in_words(
        (numbers.mean, numbers.low, numbers.high),
        lambda number: f"{round(number, digits) + 0.0:.{digits}f}",
    )


def format_found(ours: str, low: str, high: str) -> str:
    """What is found of a published quantity, from the cells of `reference.csv`; empty cells are NaN.

    No digits are declared of it: it has three significant ones, or all of those before the point.
    """
    return _in_words(
        [float(cell or "nan") for cell in (ours, low, high)],
        lambda number: f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}",
    )


def disagreeing_first(rows: Iterable[Mapping[str, str]]) -> list[Mapping[str, str]]:
    """Rows of `reference.csv`: what disagrees, what is undecided, what agrees, each in the order it had."""
    order = list(VERDICTS.values())
    return sorted(rows, key=lambda row: order.index(row["agrees"]))


def _in_words(numbers: Iterable[float], one: Callable[[float], str]) -> str:
    mean, low, high = numbers
    if math.isnan(mean):
        return UNDEFINED
    said = [one(number).replace("-", "−") for number in (mean, low, high)]
    return said[0] if math.isnan(low) else f"{said[0]} [{said[1]}, {said[2]}]"


def format_values(values: Iterable[float], digits: int = 2, kind: str = "real") -> str:
    """Mean and interval of one value per seed, of this kind."""
    # Pages and the paper only read means: they needn't wait for SciPy.
    from onset.statistics.seeds import Summary, interval

    return format_interval(Summary(*interval(list(values), kind)), digits)


def format_small(number: float) -> str:
    """What may span orders of magnitude: two digits after the point, or a power of ten."""
    return f"{number:.1e}" if 0 < abs(number) < 0.01 else f"{number:.2f}"
