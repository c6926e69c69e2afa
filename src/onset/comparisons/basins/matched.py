"""Two models whose units are put in the same places, in each way that there is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from onset.comparisons.basins.matching import by_activations, by_weights, inner
from onset.models.batch import Parameters, Questions
from onset.models.plain import plain
from onset.models.symmetries import Moves, Symmetry, moved, symmetries_of
from onset.training.batches import questions_of

_MOST = 4096
"""questions that activations are compared on, at most"""


@dataclass(frozen=True, eq=False)
class Matched:
    """Two models of one architecture, and the questions that activations are compared on."""

    model: Any
    one: Parameters
    other: Parameters
    questions: Questions

    @classmethod
    def of(cls, one: Any, other: Any) -> Matched:
        """Of two runs (`Member`s) at their ends, on what the first was trained on, or the first split."""
        model, first = plain(one.model, one.parameters())
        _, second = plain(other.model, other.parameters())
        split = next(iter(one.dataset.splits.values()))
        return cls(model, first, second, questions_of(split, slice(_MOST)))

    @cached_property
    def symmetries(self) -> list[Symmetry]:
        """Of the architecture."""
        return symmetries_of(self.model)

    def by_weights(self, other: Parameters | None = None) -> Moves:
        """Of the other model, or of these parameters in its place.

        Begun where units are and where activations put them, the better of both: from the first, several
        layers, and turns even of one, lead to local maxima in which not even a copy is found.
        """
        other = self.other if other is None else other
        starts = (None, self.by_activations(other))
        tried = [by_weights(self.one, other, self.symmetries, start) for start in starts]
        return max(tried, key=lambda moves: inner(self.one, moved(other, self.symmetries, moves)))

    def by_activations(self, other: Parameters | None = None) -> Moves:
        """The same by what units do."""
        other = self.other if other is None else other
        return by_activations(self.model, self.one, other, self.symmetries, self.questions)
