"""Units of one model put where those of another are that are most like them.

Weight matching and activation matching after Ainsworth et al. 2022 (arXiv:2209.04836, section 3). Where
units may be turned as well, the best turn of one is an orthogonal Procrustes problem.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from onset.models.batch import AnyModel, Parameters, Questions
from onset.models.symmetries import (
    Axis,
    Moves,
    Symmetry,
    Turn,
    entries_first,
    moved,
    of_family,
)

_ROUNDS = 100
_GAIN = 1e-6
"""of the agreement, relative to the norms: what is less is no gain"""
_VARIES = 1e-6


def by_weights(
    one: Mapping[str, Tensor],
    other: Mapping[str, Tensor],
    symmetries: Sequence[Symmetry],
    start: Moves | None = None,
) -> Moves:
    """Moves of the other model under which the inner product of all weights is largest.

    Each step finds the best move of one symmetry, all others being as they are; where no more is gained,
    that is a local maximum (Ainsworth et al. 2022, algorithm 1).

    Args:
        one, other: parameters of one architecture.
        symmetries: its own.
        start: moves to begin with.
    """
    moves = {its.name: list(its_moves) for its, its_moves in _begun(symmetries, start)}
    now = moved(other, symmetries, moves)
    norms = inner(one, one) ** 0.5 * inner(other, other) ** 0.5
    agreed = inner(one, now)
    for _ in range(_ROUNDS):
        for symmetry in symmetries:
            alike = [_alike_in(one, now, axes) for axes in symmetry.parts]
            turns = best(symmetry, alike)
            now = moved(now, [symmetry], {symmetry.name: turns})
            before = moves[symmetry.name]
            moves[symmetry.name] = [t @ b for t, b in zip(turns, before, strict=True)]
        gained, agreed = inner(one, now) - agreed, inner(one, now)
        if gained <= _GAIN * norms:
            break
    return moves


def by_activations(
    model: AnyModel,
    one: Parameters,
    other: Parameters,
    symmetries: Sequence[Symmetry],
    questions: Questions,
) -> Moves:
    """Moves under which the correlation of units, on the same questions, is largest.

    Each symmetry is by itself. Entries that may be turned count as large as they are; others are brought to
    the same spread, as by Li et al. 2016 (arXiv:1511.07543).
    """
    theirs: list[Any] = [
        of_family(model.settings.name).readings(model, its, questions) for its in (one, other)
    ]
    found = {}
    for symmetry in symmetries:
        pairs = zip(*(its[symmetry.name] for its in theirs), strict=True)
        spread = not symmetry.turned
        alike = [_centred(a, spread).T @ _centred(b, spread) for a, b in pairs]
        found[symmetry.name] = best(symmetry, alike)
    return found


def at_random(symmetries: Sequence[Symmetry], rng: np.random.Generator) -> Moves:
    """Units in any order, turned in any way: a null, and a copy to be found again."""
    found = {}
    for its in symmetries:
        order = rng.permutation(its.n_units)
        turns = []
        for _ in its.parts:
            blocks = np.tile(np.eye(its.d_unit), (its.n_units, 1, 1))
            if its.turned:
                drawn = rng.standard_normal(blocks.shape)
                blocks = np.stack([np.linalg.qr(block)[0] for block in drawn])
            turns.append(_in_blocks(order, torch.from_numpy(blocks).float()))
        found[its.name] = turns
    return found


def best(symmetry: Symmetry, alike: Sequence[Float[Tensor, "size size"]]) -> list[Turn]:
    """The move that makes the sum over parts of trace(moveᵀ alike) largest.

    Args:
        symmetry: whose units are moved.
        alike: for each part, how alike entry i of one model and entry j of the other are.
    """
    n, d = symmetry.n_units, symmetry.d_unit
    blocks = [its.double().view(n, d, n, d).transpose(1, 2) for its in alike]
    if symmetry.turned:
        score = sum(torch.linalg.svdvals(its).sum(-1) for its in blocks)
    else:
        score = sum(its.diagonal(dim1=-2, dim2=-1).sum(-1) for its in blocks)
    _, order = linear_sum_assignment(torch.as_tensor(score).numpy(force=True), maximize=True)
    turns = []
    for its in blocks:
        matched = its[torch.arange(n), torch.from_numpy(order)]
        if symmetry.turned:
            u, _, vh = torch.linalg.svd(matched)
            turns.append(_in_blocks(order, (u @ vh).float()))
        else:
            turns.append(_in_blocks(order, torch.eye(d).expand(n, d, d)))
    return turns


def order_of(turn: Turn, symmetry: Symmetry) -> np.ndarray:
    """Which unit of the other model a move puts in each place."""
    n, d = symmetry.n_units, symmetry.d_unit
    size = turn.view(n, d, n, d).square().sum((1, 3))
    return size.argmax(1).numpy(force=True)


def _in_blocks(order: np.ndarray, blocks: Float[Tensor, "units d d"]) -> Turn:
    n, d, _ = blocks.shape
    turn = torch.zeros(n, d, n, d)
    turn[torch.arange(n), :, torch.from_numpy(order)] = blocks
    return turn.view(n * d, n * d)


def _begun(symmetries: Sequence[Symmetry], start: Moves | None) -> list[tuple[Symmetry, Any]]:
    start = start or {}
    return [
        (its, start.get(its.name, [torch.eye(its.size) for _ in its.parts])) for its in symmetries
    ]


def _alike_in(one: Mapping[str, Tensor], other: Mapping[str, Tensor], axes: Any) -> Tensor:
    return sum(_rows(one[its.parameter], its) @ _rows(other[its.parameter], its).T for its in axes)


def _rows(parameter: Tensor, axis: Axis) -> Float[Tensor, "size others"]:
    first = entries_first(parameter, axis)
    return first.reshape(len(first), -1)


def inner(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> float:
    """The product of all weights, entry by entry, summed up."""
    return sum((its.double() * other[name].double()).sum().item() for name, its in one.items())


def _centred(values: Float[Tensor, "rows entries"], spread: bool) -> Float[Tensor, "rows entries"]:
    away = values - values.mean(0)
    if not spread:
        return away
    deviation = away.square().mean(0).sqrt()
    return torch.where(deviation > _VARIES, away / deviation.clamp(min=_VARIES), 0.0)
