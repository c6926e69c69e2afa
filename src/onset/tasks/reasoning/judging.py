"""What can be said of a walk through a maze, whoever has written it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from onset.tasks.reasoning.mazes import BACK


class Fork(NamedTuple):
    """A place from where a walk could go on to several cells that it hadn't reached."""

    taken: int
    cells: tuple[int, ...]
    """all of them, in the order in which they were told"""


class Judged(NamedTuple):
    """A walk up to the goal or to the first token that no walk can have there."""

    legal: int
    """tokens up to there"""
    reached: bool
    """whether it comes to the goal"""
    n_back: int
    """how often it goes back"""
    forks: tuple[Fork, ...]


def judged(edges: Sequence[tuple[int, int]], start: int, goal: int, walk: Sequence[int]) -> Judged:
    """A walk may step to a neighbour that it hasn't reached, or back to a cell that it has."""
    reached, here, n_back, going_back = [start], start, 0, False
    forks: list[Fork] = []
    for i, its in enumerate(walk):
        if going_back:
            if its not in reached:
                return Judged(i, False, n_back, tuple(forks))
            here, going_back = its, False
        elif its == BACK:
            going_back, n_back = True, n_back + 1
        else:
            new = tuple(cell for cell in neighbours(edges, here) if cell not in reached)
            if its not in new:
                return Judged(i, False, n_back, tuple(forks))
            if len(new) > 1:
                forks.append(Fork(its, new))
            reached.append(its)
            here = its
            if its == goal:
                return Judged(i + 1, True, n_back, tuple(forks))
    return Judged(len(walk), False, n_back, tuple(forks))


def neighbours(edges: Sequence[tuple[int, int]], cell: int) -> tuple[int, ...]:
    """In the order in which they are told."""
    return tuple(a + b - cell for a, b in edges if cell in (a, b))
