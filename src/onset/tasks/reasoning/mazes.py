"""Mazes on a grid, and walks through them: what a search writes down, and what can be said of a walk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Int

BACK = -1
"""in a walk: the next cell is one to go back to"""
NOWHERE = -1
"""the distance of what is no cell"""
Way = Literal["depth_first", "best_first", "shortest"]


@dataclass(frozen=True)
class Maze:
    """A connected graph whose nodes are the cells of a grid, numbered row by row."""

    height: int
    width: int
    edges: tuple[tuple[int, int], ...]
    """in the order, and each in the direction, in which they are told"""

    @cached_property
    def next_to(self) -> tuple[tuple[int, ...], ...]:
        """The neighbours of each cell, in the order in which they are told."""
        found: list[list[int]] = [[] for _ in range(self.height * self.width)]
        for one, other in self.edges:
            found[one].append(other)
            found[other].append(one)
        return tuple(map(tuple, found))

    def distances(self, goal: int) -> Int[np.ndarray, " cells"]:
        """Steps from each cell to the goal, by breadth-first search."""
        found = np.full(len(self.next_to), NOWHERE)
        found[goal] = 0
        to_leave = [goal]
        for cell in to_leave:  # which grows
            for its in self.next_to[cell]:
                if found[its] == NOWHERE:
                    found[its] = found[cell] + 1
                    to_leave.append(its)
        return found

    def guess(self, cell: int, goal: int) -> int:
        """How far the goal is at least: across rows and columns, as if there were no walls."""
        (row, column), (its_row, its_column) = divmod(cell, self.width), divmod(goal, self.width)
        return abs(row - its_row) + abs(column - its_column)


def drawn(height: int, width: int, n_loops: int, rng: np.random.Generator) -> Maze:
    """A random spanning tree of the grid (the tree of least weight for random weights), and so many of
    the other edges, told in random order and direction."""
    cells = np.arange(height * width).reshape(height, width)
    across = np.stack([cells[:, :-1].ravel(), cells[:, 1:].ravel()], 1)
    down = np.stack([cells[:-1].ravel(), cells[1:].ravel()], 1)
    every = rng.permutation(np.concatenate([across, down]))
    part = np.arange(height * width)
    kept, others = [], []
    for one, other in every.tolist():
        if part[one] == part[other]:
            others.append((one, other))
            continue
        part[part == part[other]] = part[one]
        kept.append((one, other))
    told = np.array([*kept, *others[:n_loops]])[rng.permutation(len(kept) + n_loops)]
    turned = rng.random(len(told)) < 0.5
    told[turned] = told[turned, ::-1]
    return Maze(height, width, tuple(map(tuple, told.tolist())))


def trees(height: int, width: int) -> float:
    """How many spanning trees a grid has (Kirchhoff's theorem)."""
    turns = [2 - 2 * np.cos(np.pi * np.arange(n) / n) for n in (height, width)]
    values = np.add.outer(*turns).ravel()[1:]  # the eigenvalues of the Laplacian but for 0
    return float(values.prod() / (height * width))


def walk(maze: Maze, start: int, goal: int, way: Way, rng: np.random.Generator) -> list[int]:
    """The cells that a search reaches, from the start on and without it, up to the goal.

    Before a cell that it goes back to stands `BACK`. `depth_first` goes on from the cell that it reached
    last, as long as that has neighbours it hasn't reached, and takes any of them. `best_first` goes on from
    whatever cell has the neighbour with the least guess (`Maze.guess`). `shortest` is a shortest path.
    """
    if way == "shortest":
        return _shortest(maze, start, goal, rng)
    trace: list[int] = []
    reached, last = [start], start
    while last != goal:
        steps = [
            (cell, its) for cell in reached for its in maze.next_to[cell] if its not in reached
        ]
        if way == "depth_first":  # whatever was reached after this cell has no such steps left
            best = [step for step in steps if step[0] == steps[-1][0]]
        else:
            ranks = [(maze.guess(its, goal), cell != last) for cell, its in steps]
            best = [step for step, rank in zip(steps, ranks, strict=True) if rank == min(ranks)]
        cell, its = best[rng.integers(len(best))]
        trace += [its] if cell == last else [BACK, cell, its]
        reached.append(its)
        last = its
    return trace


def _shortest(maze: Maze, start: int, goal: int, rng: np.random.Generator) -> list[int]:
    left = maze.distances(goal)
    path = [start]
    while path[-1] != goal:
        nearer = [its for its in maze.next_to[path[-1]] if left[its] < left[path[-1]]]
        path.append(nearer[rng.integers(len(nearer))])
    return path[1:]


@dataclass(frozen=True)
class Judged:
    """What can be said of a walk."""

    legal: int
    """tokens before the first that no walk can have there"""
    reached: bool
    """whether it comes to the goal by legal steps alone"""
    n_back: int
    """how often it goes back, before anything is illegal"""
    choices: tuple[tuple[int, tuple[int, ...]], ...]
    """where it had several new neighbours to go to from where it was: the one it took, and all"""


def judged(maze: Maze, start: int, goal: int, trace: Sequence[int]) -> Judged:
    """A walk up to the goal or the first illegal token.

    It may step to a neighbour that it hasn't reached, or back to a cell that it has.
    """
    reached, here, n_back = [start], start, 0
    choices: list[tuple[int, tuple[int, ...]]] = []
    going_back = False
    for i, its in enumerate(trace):
        if going_back:
            if its not in reached:
                return Judged(i, False, n_back, tuple(choices))
            here, going_back = its, False
            continue
        if its == BACK:
            going_back, n_back = True, n_back + 1
            continue
        new = tuple(cell for cell in maze.next_to[here] if cell not in reached)
        if its not in new:
            return Judged(i, False, n_back, tuple(choices))
        if len(new) > 1:
            choices.append((its, new))
        reached.append(its)
        here = its
        if its == goal:
            return Judged(i + 1, True, n_back, tuple(choices))
    return Judged(len(trace), False, n_back, tuple(choices))
