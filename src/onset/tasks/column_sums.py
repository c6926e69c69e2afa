"""Sums worked out column by column, and random pairs of numbers with as many carries as are wanted.

Columns count from 0, the ones, to n, the carry-out of numbers with n digits.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

_SUMS = np.add.outer(np.arange(10), np.arange(10)).ravel()
_OVERFLOWING, _OTHERS, _NINES = (
    np.flatnonzero(its) for its in (_SUMS >= 10, _SUMS < 10, _SUMS == 9)
)
"""pairs of digits, as two-digit numbers"""
FEWEST_PAIRS = len(_OVERFLOWING)
"""that are drawn often in a column, whatever overflows"""

Operands = Int[np.ndarray, "questions digits"]
"""of both numbers, one after the other, highest first"""
Columns = Int[np.ndarray, "questions columns"]
"""from the ones to the carry-out"""


class Worked(NamedTuple):
    """Sums, worked out."""

    digits: Columns
    """of the answer, carry-out included"""
    pairs: Columns
    """what two digits sum to; of the carry-out, 0"""
    carries: Columns
    """that are added"""
    depths: Columns
    """how many columns below say what is added"""


def worked(operands: Operands, adding: Collection[int], chained: bool) -> Worked:
    """The sums of pairs of numbers.

    Args:
        operands: the numbers.
        adding: the columns that add what is carried into them.
        chained: whether what is added may overflow the next column, as usual; else a column is given the
            carry of the pair of digits below alone, and the ones that of the highest pair.
    """
    n = operands.shape[1] // 2
    sums = (operands[:, :n] + operands[:, n:])[:, ::-1]
    carries = np.zeros((len(operands), n + 1), np.int64)
    depths = np.zeros_like(carries)
    for column in (*sorted(adding), n):
        below = (column - 1) % n
        if not chained:
            carries[:, column] = sums[:, below] >= 10
            depths[:, column] = 1
        elif column:
            carries[:, column] = sums[:, below] + carries[:, below] >= 10
            depths[:, column] = 1 + depths[:, below] * (sums[:, below] == 9)
    pairs = np.pad(sums, ((0, 0), (0, 1)))
    return Worked((pairs + carries) % 10, pairs, carries, depths)


def random_operands(
    size: int, n_digits: int, overflow: float, rng: np.random.Generator
) -> Operands:
    """Random pairs of numbers; of their columns, this fraction sums to ten or more."""
    shape = size, n_digits
    overflows = rng.random(shape) < overflow
    return _side_by_side(
        np.where(overflows, rng.choice(_OVERFLOWING, shape), rng.choice(_OTHERS, shape))
    )


def cascading(operands: Operands, rng: np.random.Generator) -> Operands:
    """The same numbers, but that a column overflows and the two or more above it sum to nine.

    Of numbers with two digits, the one above it.
    """
    n = operands.shape[1] // 2
    n_nines = rng.integers(min(2, n - 1), n, size=(len(operands), 1))
    starts = rng.integers(0, n - n_nines)  # one for each
    columns = np.arange(n)[::-1]
    pairs = 10 * operands[:, :n] + operands[:, n:]
    nines = (starts < columns) & (columns <= starts + n_nines)
    pairs = np.where(nines, rng.choice(_NINES, pairs.shape), pairs)
    pairs = np.where(columns == starts, rng.choice(_OVERFLOWING, pairs.shape), pairs)
    return _side_by_side(pairs)


def _side_by_side(pairs: Int[np.ndarray, "questions columns"]) -> Operands:
    return np.concatenate([pairs // 10, pairs % 10], 1)
