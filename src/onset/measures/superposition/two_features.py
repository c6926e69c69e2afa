"""Two sparse features, one dimension: exact losses, the three solutions, and where each is best.

x' = ReLU(w (w·x) + b), with the loss E[(x₁ − x₁')² + r (x₂ − x₂')²]; each feature is there with
probability p and then uniform between 0 and 1. The candidates are those of Elhage et al. 2022
(arXiv:2209.10652, "Superposition as a phase change"): the first feature alone, the second alone, or both,
pointing opposite ways.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from onset.measures.superposition.features import REPRESENTED

PHASES = ("ignored", "dedicated", "superposed", "neither")
"""of the second feature: the first alone is there, the second alone, both, or none"""

Activation = Callable[[Tensor], Tensor]
Cells = Float[Tensor, "*#cells"]
_NODES, _WEIGHTS = (torch.from_numpy(its) for its in np.polynomial.legendre.leggauss(3))


class Candidates(NamedTuple):
    """Losses of the three solutions, by the second feature's phase."""

    ignored: Cells
    """w = (1, 0), b = (0, E x): what is lost is r Var(x) = r (p/3 − p²/4)"""
    dedicated: Cells
    """w = (0, 1), b = (E x, 0): Var(x)"""
    superposed: Cells
    """w = (1, −1), b = 0: wrong only where both are there, by the smaller: (1 + r) p² E min², which is
    (1 + r) p²/6"""


def candidates(density: Cells, importance: Cells) -> Candidates:
    """The closed forms, for densities p and relative importances r of the second feature."""
    variance = density / 3 - density.square() / 4
    both = (1 + importance) * density.square() / 6
    return Candidates(importance * variance, variance + 0 * importance, both)


def boundary(importance: Cells) -> Cells:
    """The density below which both in superposition cost less than the more important one alone:
    4 s / (2 (1 + r) + 3 s), s the smaller of r and 1."""
    smaller = importance.clamp(max=1.0)
    return 4 * smaller / (2 * (1 + importance) + 3 * smaller)


def phase_of(directions: Float[Tensor, "*#cells 2"]) -> list[str]:
    """The second feature's phase in each cell, in the order of `ravel`: who is represented."""
    there = directions.reshape(-1, 2).abs() > REPRESENTED
    names = {(True, False): "ignored", (False, True): "dedicated", (True, True): "superposed"}
    return [names.get((first, second), "neither") for first, second in there.tolist()]


def expected_loss(
    directions: Float[Tensor, "*#cells 2"],
    biases: Float[Tensor, "*#cells 2"],
    density: Cells,
    importance: Cells,
    relu: bool = True,
) -> Cells:
    """The loss of any solution, exactly.

    What is integrated is quadratic in the features on either side of the ReLU's kink: Gauss–Legendre with
    three nodes, on each side by itself, is exact. Differentiable.

    Args:
        directions: w.
        biases: b.
        density: p of each cell.
        importance: r of each cell.
        relu: whether there is a ReLU; without, the model is linear.
    """
    said = torch.relu if relu else _as_it_is
    total = torch.zeros_like(density + importance + directions[..., 0])
    for i in range(2):
        slopes = directions[..., i, None] * directions
        a, c, b = slopes[..., i], slopes[..., 1 - i], biases[..., i]
        alone = _one(a, b, 1.0, said) + _one(c, b, 0.0, said)
        absent = 1 - density
        its = absent.square() * said(b).square() + density * absent * alone
        its = its + density.square() * _two(a, c, b, said)
        total = total + (importance if i else 1.0) * its
    return total


def best(density: Cells, importance: Cells, steps: int = 400) -> tuple[Tensor, Tensor, Tensor]:
    """The solution of least loss: directions, biases and loss of each cell.

    Found by gradient descent on the exact loss, from each of the candidates and from one whose features
    point the same way; the best of them.
    """
    starts = torch.tensor([[1, 0.1], [0.1, 1], [1, -1], [0.7, -0.7], [0.7, 0.7]]).double()
    shape = (len(starts), *torch.broadcast_shapes(density.shape, importance.shape), 2)
    w = starts.view(len(starts), *[1] * (len(shape) - 2), 2).expand(shape).clone()
    b = torch.full(shape, 0.05, dtype=torch.float64)
    unknown = [w.requires_grad_(), b.requires_grad_()]
    optimiser = torch.optim.Adam(unknown, lr=0.03)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 1e-3, steps)
    density, importance = density.double(), importance.double()
    for _ in range(steps):
        optimiser.zero_grad()
        expected_loss(w, b, density, importance).sum().backward()
        optimiser.step()
        schedule.step()
    with torch.no_grad():
        losses = expected_loss(w, b, density, importance)
        least = losses.argmin(0)
        which = least[None, ..., None].expand(1, *least.shape, 2)
        return w.gather(0, which)[0], b.gather(0, which)[0], losses.amin(0)


def _apart(slope: Tensor) -> Tensor:
    """Away from 0, so that a kink can be looked for; where there is none it lies far outside."""
    return torch.where(slope.abs() < 1e-9, torch.full_like(slope, 1e-9), slope)


def _up(values: Tensor, nodes: Tensor) -> Tensor:
    """With as many axes as the nodes have."""
    return values.view(*values.shape, *[1] * (nodes.ndim - values.ndim))


def _pieces(*breaks: Tensor) -> tuple[Tensor, Tensor]:
    """Nodes and weights between 0 and 1, piece by piece: a last axis of both."""
    ends = torch.stack([torch.zeros_like(breaks[0]), *breaks, torch.ones_like(breaks[0])], -1)
    ends = ends.clamp(0, 1).sort(-1).values
    half = (ends[..., 1:] - ends[..., :-1])[..., None] / 2
    nodes = ends[..., :-1, None] + half * (1 + _NODES)
    return nodes.flatten(-2), (half * _WEIGHTS).flatten(-2)


def _as_it_is(x: Tensor) -> Tensor:
    return x


def _one(a: Tensor, b: Tensor, wanted: float, said: Activation) -> Tensor:
    """∫₀¹ (wanted · x − f(a x + b))², of one feature."""
    x, of_x = _pieces((-b / _apart(a)).detach())
    squares = (wanted * x - said(_up(a, x) * x + _up(b, x))).square()
    return (squares * of_x).sum(-1)


def _two(a: Tensor, c: Tensor, b: Tensor, said: Activation) -> Tensor:
    """∫∫ (x − f(a x + c y + b))² over the unit square."""
    x, of_x = _pieces((-b / _apart(a)).detach(), (-(b + c) / _apart(a)).detach())
    kink = -(_up(b, x) + _up(a, x) * x) / _up(_apart(c), x)
    y, of_y = _pieces(kink.detach())
    inside = _up(a, y) * x[..., None] + _up(c, y) * y + _up(b, y)
    squares = (x[..., None] - said(inside)).square()
    return ((squares * of_y).sum(-1) * of_x).sum(-1)
