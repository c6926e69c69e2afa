"""Many mazes on a grid at once, and walks through them: what a search writes down."""

from __future__ import annotations

from typing import Literal

import numpy as np
from jaxtyping import Bool, Int

BACK = -1
"""in a walk: the next cell is one to go back to"""
NOWHERE = -2
"""in a walk: it has ended"""
UNKNOWN = -1
"""a distance"""
Way = Literal["depth_first", "best_first", "shortest"]

Edges = Int[np.ndarray, "mazes edges 2"]
"""of each maze, in the order and direction in which they are told; cells are numbered row by row"""
Next = Bool[np.ndarray, "mazes cells cells"]
"""whether there is a step from one cell to another"""
Cells = Int[np.ndarray, " mazes"]


def drawn(height: int, width: int, n_loops: int, n: int, rng: np.random.Generator) -> Edges:
    """Random spanning trees of the grid (of least weight, for random weights: Kruskal 1956), each with so
    many of the other edges, told in random order and direction."""
    cells = np.arange(height * width).reshape(height, width)
    across = np.stack([cells[:, :-1].ravel(), cells[:, 1:].ravel()], 1)
    down = np.stack([cells[:-1].ravel(), cells[1:].ravel()], 1)
    every = np.concatenate([across, down])
    order = rng.random((n, len(every))).argsort(1)
    rows = np.arange(n)
    part = np.tile(np.arange(height * width), (n, 1))
    joins = np.zeros(order.shape, bool)
    for place, edge in enumerate(order.T):
        one, other = (part[rows, end][:, None] for end in every[edge].T)
        joins[:, place] = (one != other)[:, 0]
        part = np.where(part == other, one, part)
    n_kept = height * width - 1 + n_loops
    # Those that join parts first, then the others in random order; of these the first, told at random.
    kept = np.take_along_axis(order, (~joins).argsort(1, kind="stable")[:, :n_kept], 1)
    told = every[rng.permuted(kept, axis=1)]
    turned = rng.random(told.shape[:2]) < 0.5
    return np.where(turned[..., None], told[..., ::-1], told)


def next_of(edges: Edges, n_cells: int) -> Next:
    """Which cells are next to each other."""
    found = np.zeros((len(edges), n_cells, n_cells), bool)
    rows = np.arange(len(edges))[:, None]
    one, other = edges[..., 0], edges[..., 1]
    found[rows, one, other] = found[rows, other, one] = True
    return found


def distances(following: Next, goal: Cells) -> Int[np.ndarray, "mazes cells"]:
    """Steps from each cell to the goal."""
    reached = np.arange(following.shape[1]) == goal[:, None]
    found = np.where(reached, 0, UNKNOWN)
    for steps in range(1, following.shape[1]):
        reached = (reached[:, :, None] & following).any(1) & (found == UNKNOWN)
        found[reached] = steps
    return found


def guesses(height: int, width: int) -> Int[np.ndarray, "cells cells"]:
    """How far each cell is from each at least: across rows and columns, as if there were no walls."""
    row, column = np.divmod(np.arange(height * width), width)
    return abs(row[:, None] - row) + abs(column[:, None] - column)


def trees(height: int, width: int) -> int:
    """How many spanning trees a grid has (Kirchhoff's theorem)."""
    turns = [2 - 2 * np.cos(np.pi * np.arange(n) / n) for n in (height, width)]
    values = np.add.outer(*turns).ravel()[1:]  # the eigenvalues of the Laplacian but for 0
    return round(float(values.prod()) / (height * width))


def walks(
    following: Next,
    guess: Int[np.ndarray, "cells cells"],
    start: Cells,
    goal: Cells,
    way: Way,
    rng: np.random.Generator,
) -> Int[np.ndarray, "mazes longest"]:
    """The cells that a search reaches, from the start on and without it, up to the goal; then `NOWHERE`.

    Before a cell that it goes back to stands `BACK`. `depth_first` goes on from the cell that it reached
    last of those that have neighbours it hasn't reached, and takes any of these. `best_first` goes on from
    whatever cell has the neighbour with the least guess, without going back if it can. `shortest` takes
    steps that bring it nearer.
    """
    n, n_cells, _ = following.shape
    rows = np.arange(n)
    when = np.full((n, n_cells), n_cells)  # each cell was reached; at first, not yet
    when[rows, start] = 0
    last, length = start.copy(), np.zeros(n, np.int64)
    found = np.full((n, longest(n_cells)), NOWHERE)
    left = distances(following, goal)
    for time in range(1, n_cells):
        going = np.flatnonzero(last != goal)
        if not len(going):
            break
        reached = when[going] < n_cells
        possible = reached[:, :, None] & following[going] & ~reached[:, None]
        if way == "depth_first":
            rank = -when[going][:, :, None].astype(float)
        elif way == "best_first":
            leaves = np.arange(n_cells) != last[going, None]
            rank = 2.0 * guess[goal[going]][:, None] + leaves[:, :, None]
        else:
            rank = left[going][:, None].astype(float)
        rank = np.where(possible, rank + rng.random(possible.shape), np.inf)
        its, new = np.divmod(rank.reshape(len(going), -1).argmin(1), n_cells)
        back = its != last[going]
        at = length[going]
        found[going[back], at[back]] = BACK
        found[going[back], at[back] + 1] = its[back]
        at = at + 2 * back
        found[going, at] = new
        length[going] = at + 1
        when[going, new] = time
        last[going] = new
    return found


def longest(n_cells: int) -> int:
    """Tokens of a walk that goes back before each cell but the first."""
    return 3 * (n_cells - 1) - 2
