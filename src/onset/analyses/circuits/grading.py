"""How good a ranking of edges is: by what circuits of its first edges keep, and by which edges they are.

The measures of the MIB benchmark (Mueller et al. 2025, arXiv:2504.13151), of circuits by size: CPR is the
area under the share of the lead that they keep, and rewards edges that help; CMD the area between that
share and 1, and punishes whatever is unlike the whole model, in either direction. So edges come by score
for CPR, and by its size for CMD.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from onset.analyses.circuits.patched import Patched, Scores
from onset.statistics.prediction import auc

SHARES = (0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1)
"""of all edges, at which areas are taken"""
ENOUGH = 0.9
"""share of the lead that a circuit must keep"""
_SIZES = (*range(1, 13), 14, 16, 20, 24, 32, 40, 48, 64)


@dataclass(frozen=True)
class Grades:
    """Of one ranking."""

    cpr: float
    cmd: float
    kept: Mapping[int, float]
    """number of edges, the largest scores first whatever their sign → share of the lead that they keep"""
    size: int
    """edges of the smallest circuit that keeps enough"""
    circuit: Bool[np.ndarray, " edges"]
    """that one"""

    def precision(self, true: Bool[np.ndarray, " edges"]) -> float:
        """Share of the circuit that truly matters."""
        return float(true[self.circuit].mean())

    def recall(self, true: Bool[np.ndarray, " edges"]) -> float:
        """Share of what truly matters that is in the circuit."""
        return float(self.circuit[true].mean())


def graded(patched: Patched, scores: Scores) -> Grades:
    """Grades of a method's scores; with equal ones, edges come in their own order from the logits back."""
    n = patched.n_edges
    order = {"signed": _order(scores), "absolute": _order(scores.abs())}
    at = np.unique([round(share * n) for share in SHARES])
    sizes = np.unique([*at, *(size for size in _SIZES if size < n)])
    helped = patched.shares(first_of(order["signed"], at)).tolist()
    shares = patched.shares(first_of(order["absolute"], sizes)).tolist()
    kept = dict(zip(sizes.tolist(), shares, strict=True))
    size = next((its for its, share in kept.items() if share >= ENOUGH), n)
    chosen = first_of(order["absolute"], np.array([size]))[0].numpy() > 0
    return Grades(
        cpr=area(at / n, np.array(helped)),
        cmd=area(at / n, np.abs(1 - np.array([kept[its] for its in at.tolist()]))),
        kept=kept,
        size=size,
        circuit=chosen,
    )


def area(shares: Float[np.ndarray, " sizes"], values: Float[np.ndarray, " sizes"]) -> float:
    """Under straight lines between the sizes, of which the whole axis is 1."""
    return float(np.trapezoid(values, shares))


def first_of(
    order: Int[Tensor, " edges"], sizes: Int[np.ndarray, " sizes"]
) -> Float[Tensor, "sizes edges"]:
    """For each size, so many of the first kept and the others not."""
    ranks = torch.empty_like(order)
    ranks[order] = torch.arange(len(order))
    return (ranks[None] < torch.from_numpy(sizes)[:, None]).float()


def _order(values: Float[Tensor, " edges"]) -> Int[Tensor, " edges"]:
    n = len(values)
    return n - 1 - torch.sort(values.flip(0), descending=True, stable=True).indices


def told_apart(scores: Scores, true: Bool[np.ndarray, " edges"]) -> float:
    """How well the sizes of scores tell the edges that truly matter from the others (area under the
    ROC)."""
    return float(auc(scores.abs().numpy(), true))
