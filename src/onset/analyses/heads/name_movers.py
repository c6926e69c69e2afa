"""The heads that move a name to where it is asked for, as they are chosen on sentences of another kind.

*Name movers* look at the right name and write it (Wang et al. 2022, arXiv:2211.00593): of the heads that
pay more of their attention to the right name than to any other place that a split tells of, those with the
largest direct effects. Chosen on a split's validation part, used on the split. Heads of the first layer are
none: nothing that they read was moved before.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from onset.analyses.heads.rivals import Asked

Head = tuple[int, int]
"""block application, number"""
N_MOVERS = 3
RIGHT, REPEAT = "right", "repeat"


def movers(asked: Asked, n: int) -> list[Head]:
    """So many of them, the largest first; filled up with others where fewer look at the right name. None
    in a model of one layer."""
    seen = asked.attention_to_places()
    right = seen.pop(RIGHT)
    looks = torch.stack([right > its for its in seen.values()]).all(0)
    effects = asked.intact.effects.heads.mean(0)
    ranked = effects + looks * (1 + effects.max() - effects.min())
    ranked[0] = -torch.inf
    most = ranked[1:].numel() // 2  # so that there are others to compare with
    return largest(ranked, min(n, most))


def largest(values: Float[Tensor, "layers heads"], n: int) -> list[Head]:
    """The heads with the largest values."""
    n_heads = values.shape[1]
    return [divmod(int(its), n_heads) for its in values.flatten().topk(n).indices]


def drawn(rng: np.random.Generator, among: list[Head], n: int) -> list[Head]:
    """So many others at random, or all, where there are no more."""
    return [among[i] for i in rng.permutation(len(among))[:n]]
