"""Tools that are said to find what a training changed: each gives every sequence a score.

None of them is told what was changed. The higher its score, the more a sequence is held to be concerned.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from onset.comparisons.changes.parts import parts_of
from onset.comparisons.changes.versions import Asked, Version, divergence

Scores = dict[str, Float[np.ndarray, " sequences"]]
"""by tool"""

_NULL = 7_919  # makes directions of the null others than those that any training began with


def scores(before: Version, after: Version, asked: Asked, seed: int, swaps: bool = True) -> Scores:
    """Of each tool, one per sequence (`swap` if swaps are asked for):

    * `kl`: divergence of what is said before and after;
    * `norm`: how far the state moves from which the answer is read;
    * `means`: how far it moves along the mean move of all sequences (the difference of means);
    * `pca`: how far along the first principal component of all moves, in either direction;
    * `swap`: divergence when one part's new weights are put into the old model: that part's which changes
      most of what is said;
    * `random`: how far the state moves along a random direction, in either direction (a null).
    """
    moves = (after.states(asked) - before.states(asked)).double()
    said = before.says(asked)
    at_random = random_direction(moves.shape[1], seed).to(moves)
    by_states = {
        "norm": moves.norm(dim=1),
        "means": moves @ mean_move(moves),
        "pca": ((moves - moves.mean(0)) @ first_component(moves)).abs(),
        "random": (moves @ at_random).abs(),
    }
    by_parts = {}
    if swaps:
        by_parts["swap"] = max(swapped(before, after, asked, said).values(), key=np.mean)
    return {
        "kl": divergence(said, after.says(asked)).numpy(force=True),
        **by_parts,
        **{tool: its.numpy(force=True) for tool, its in by_states.items()},
    }


def mean_move(moves: Float[Tensor, "sequences d_model"]) -> Float[Tensor, " d_model"]:
    """The direction of the difference of means, of norm one."""
    return F.normalize(moves.mean(0), dim=0)


def first_component(moves: Float[Tensor, "sequences d_model"]) -> Float[Tensor, " d_model"]:
    """The direction along which moves vary most."""
    centred = moves - moves.mean(0)
    return torch.linalg.eigh(centred.T @ centred).eigenvectors[:, -1]


def random_direction(size: int, seed: int) -> Float[Tensor, " size"]:
    """Of norm one. By another generator than PyTorch's, whose numbers models begin with."""
    rng = np.random.Generator(np.random.Philox(key=[seed, _NULL]))
    return F.normalize(torch.from_numpy(rng.standard_normal(size)), dim=0)


def swapped(
    before: Version, after: Version, asked: Asked, said: Float[Tensor, "sequences tokens"]
) -> Mapping[str, Float[np.ndarray, " sequences"]]:
    """The divergence that each part's new weights bring about in the old model, by part.

    Args:
        before: the old model.
        after: the new one.
        asked: the sequences.
        said: what the old model says.
    """
    parts = parts_of(before.parameters)
    return {
        part: divergence(said, before.with_parts(after, names).says(asked)).numpy(force=True)
        for part, names in parts.items()
    }
