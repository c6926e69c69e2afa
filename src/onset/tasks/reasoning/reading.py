"""What a sequence says of a maze and of the walk through it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from onset.tasks.reasoning.judging import Judged, judged
from onset.tasks.reasoning.mazes import BACK

MARKS = ("?", ":", "<", ".")
"""which way; here the walk begins; back to; it has ended"""
OF_ASKING, OF_BEGINNING, OF_GOING_BACK, OF_ENDING = range(len(MARKS))


class Asked(NamedTuple):
    """What a sequence says of its maze, and its walk, in which marks other than `<` are no cells."""

    edges: list[tuple[int, int]]
    start: int
    goal: int
    walk: list[int]


def read(n_tokens: int, tokens: Int[np.ndarray, " length"]) -> Asked:
    """A sequence of a world with so many tokens."""
    n_cells = n_tokens - len(MARKS)
    asked = int((tokens == n_cells + OF_ASKING).argmax())
    start, goal, _, *walk = tokens[asked + 1 :].tolist()
    walk = [BACK if its == n_cells + OF_GOING_BACK else its for its in walk]
    return Asked([*map(tuple, tokens[:asked].reshape(-1, 2).tolist())], start, goal, walk)


def judge(n_tokens: int, tokens: Int[np.ndarray, " length"]) -> Judged:
    """What can be said of the walk of a sequence, which a model may have written."""
    return judged(*read(n_tokens, tokens))


def apart_from_telling(
    given: Int[np.ndarray, "mazes given"], n_cells: int
) -> Int[np.ndarray, "mazes edges_and_two"]:
    """What comes before walks: the same for the same maze, start and goal, however its edges are told."""
    edges = given[:, :-4].reshape(len(given), -1, 2)
    numbers = np.sort(edges.min(2) * n_cells + edges.max(2), 1)
    return np.ascontiguousarray(np.column_stack([numbers, given[:, -3:-1]]))
