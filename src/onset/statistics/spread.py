"""How seeds are shown: one by one, or, where they are many, by what holds most of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # planning says how seeds are shown, and imports no pandas
    import pandas as pd

MOST_LINES = 24
"""seeds that have a line each"""
_SHARES = (0.9, 0.5)


def seeds_in(rows: pd.DataFrame) -> pd.DataFrame:
    """The columns `seed_N` of the seeds that any of the rows has a value of."""
    return rows.filter(regex=r"^seed_\d+$").dropna(axis=1, how="all")


def spread(seeds: pd.DataFrame) -> Iterator[tuple[pd.Series, pd.Series]]:
    """Between what the middle nine tenths, and half, of the seeds lie.

    Args:
        seeds: a column per seed; NaN where one has no value.

    Yields:
        Lower and upper ends, as long as a column.
    """
    for share in _SHARES:
        yield seeds.quantile(0.5 - share / 2, axis=1), seeds.quantile(0.5 + share / 2, axis=1)


def opacity(n_seeds: int) -> float:
    """Of dots, a dot per seed, so that many don't cover what they are many of."""
    return min(1.0, MOST_LINES / max(n_seeds, 1))


def said_of(n_seeds: Sequence[int]) -> str:
    """What a caption adds of how seeds are drawn, by the numbers of seeds; empty: a line each."""
    if max(n_seeds, default=0) <= MOST_LINES:
        return ""
    return f" Of more than {MOST_LINES} seeds, shades hold the middle half and nine tenths."
