"""The columns of sums that are written digit by digit: where each stands, and what is carried into it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from onset.tasks.dataset import Split


@dataclass(frozen=True, eq=False)
class Column:
    """One digit of the answers of a split."""

    number: int
    """0: the ones; the carry-out is the last"""
    place: int
    """in the answer, from 0"""
    position: int
    """in the sequence, of the token that it is predicted after"""
    targets: Int[np.ndarray, " questions"]
    pairs: Int[np.ndarray, " questions"]
    """what its two digits sum to; of the carry-out, 0"""
    carries: Int[np.ndarray, " questions"]
    """what is carried into it and added"""
    depths: Int[np.ndarray, " questions"]
    """how many columns below say what is carried"""

    @property
    def otherwise_carried(self) -> Int[np.ndarray, " questions"]:
        """The digits if one were carried where none is, and none where one is."""
        return (self.pairs + 1 - self.carries) % 10

    @property
    def nines(self) -> Int[np.ndarray, " questions"]:
        """Columns that sum to nine and through which a one has been carried; −1: none is carried."""
        return np.where(self.carries == 1, self.depths - 1, -1)

    @property
    def varies(self) -> bool:
        """Whether a one is carried into it in some questions and not in others."""
        return bool(np.ptp(self.carries))


def columns_of(split: Split, most: int | None = None) -> list[Column]:
    """From the ones to the carry-out.

    Args:
        split: of sums.
        most: only of its first questions.
    """
    found = []
    for number in range(len(split.scored)):
        place = int(split.truth[f"place_{number}"][0])
        facts = (split.truth[f"{its}_{number}"][:most] for its in ("pair", "carry", "depth"))
        position = split.scored[place]
        found.append(Column(number, place, position, split.targets[:most, place], *facts))
    return found
