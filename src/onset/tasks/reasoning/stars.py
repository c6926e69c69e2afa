"""Many path-stars at once: arms of equal length that begin at one centre, their nodes numbered at random.

The first step from the centre towards the end of an arm can't be guessed, only found by following the arm
back (Bachmann & Nagarajan 2024, arXiv:2403.06963, section 4).
"""

from __future__ import annotations

from math import factorial
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

Numbers = Int[np.ndarray, " stars"]


class Stars(NamedTuple):
    """As they are told, and where their nodes are."""

    edges: Int[np.ndarray, "stars edges 2"]
    """in random order, each from the centre outwards"""
    centre: Numbers
    arms: Int[np.ndarray, "stars arms steps"]
    """nodes, from the one next to the centre"""


def drawn(n_arms: int, n_steps: int, n: int, rng: np.random.Generator) -> Stars:
    """So many, of as many nodes as they need."""
    n_nodes = 1 + n_arms * n_steps
    nodes = rng.permuted(np.tile(np.arange(n_nodes), (n, 1)), axis=1)
    return of_arms(nodes[:, 0], nodes[:, 1:].reshape(n, n_arms, n_steps), rng)


def of_arms(
    centre: Numbers, arms: Int[np.ndarray, "stars arms steps"], rng: np.random.Generator
) -> Stars:
    """Stars with these arms, told in random order."""
    n = len(arms)
    before = np.concatenate([np.broadcast_to(centre[:, None, None], (*arms.shape[:2], 1)), arms], 2)
    edges = np.stack([before[:, :, :-1], arms], -1).reshape(n, -1, 2)
    order = rng.random(edges.shape[:2]).argsort(1)
    return Stars(np.take_along_axis(edges, order[:, :, None], 1), centre, arms)


def arms_of(
    edges: Int[np.ndarray, "stars edges 2"], centre: Numbers, n_steps: int
) -> Int[np.ndarray, "stars arms steps"]:
    """The arms of stars that are told outwards, in the order in which their first steps are told."""
    n = len(edges)
    after = np.zeros((n, edges.shape[1] + 1), edges.dtype)
    np.put_along_axis(after, edges[:, :, 0], edges[:, :, 1], 1)  # of the centre, one of several
    first = edges[edges[:, :, 0] == centre[:, None], 1].reshape(n, -1)
    steps = [first]
    while len(steps) < n_steps:
        steps.append(np.take_along_axis(after, steps[-1], 1))
    return np.stack(steps, -1)


def count(n_arms: int, n_steps: int) -> int:
    """How many stars there are."""
    return factorial(1 + n_arms * n_steps) // factorial(n_arms)
