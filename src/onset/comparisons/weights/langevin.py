"""Weights drawn near given ones by stochastic gradient Langevin dynamics (SGLD), in several chains.

The density is that of a Bayesian posterior whose likelihood counts nβ examples, with a Gaussian prior
around the start w*:

    p(w) ∝ exp(−nβ L(w) − γ/2 |w − w*|²)

A step moves every chain against the gradient of −log p, computed on a batch, and adds noise (Welling & Teh
2011; with the pull to w* as in Lau et al. 2023, arXiv:2308.12108):

    w ← w − ε/2 G (nβ ∇L(w) + γ (w − w*)) + N(0, ε G)

G is 1, or the diagonal that Li et al. 2016 (arXiv:1512.07666, algorithm 1) take from RMSprop:
1 / (λ + √V), where V is the running mean of the squared force that the chains feel. Theirs goes on
changing, so that chains draw from another density unless terms with its derivatives are added; here it is
adapted during burn-in only, to all chains together. λ = √γ is what √V comes to where the loss is flat.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from onset.models.batch import Parameters
from onset.statistics.chance import own_stream

Loss = Callable[[Parameters, int], Float[Tensor, " chains"]]
"""the loss of each chain, given all chains' weights (a row of every tensor per chain) and the step, which
chooses the batch: the same for all"""


@dataclass(frozen=True)
class Langevin:
    """How chains move, and for how long."""

    n_beta: float
    """nβ: what the loss, a mean over examples, is multiplied by"""
    step_size: float
    """ε"""
    pull: float
    """γ: the precision of the prior around the start"""
    n_chains: int
    n_burn_in: int
    """steps before the first draw"""
    n_draws: int
    """one per step"""
    preconditioned: bool = False


def losses_nearby(
    start: Mapping[str, Tensor], loss: Loss, how: Langevin, seed: int
) -> Float[Tensor, "draws chains"]:
    """How much larger the loss of each draw is than that of the start, both on the draw's batch.

    Args:
        start: w*, by name, without chains; all of it is moved.
        loss: differentiable.
        how: the chains move.
        seed: of the noise.
    """
    generator = torch.Generator().manual_seed(int(own_stream(seed).integers(1 << 62)))
    names = list(start)
    alone = {name: start[name].detach()[None] for name in names}
    weights = {
        name: its.repeat(how.n_chains, *[1] * (its.ndim - 1)).requires_grad_()
        for name, its in alone.items()
    }
    metric = _Metric(how.pull) if how.preconditioned else None
    found = []
    for step in range(how.n_burn_in + how.n_draws):
        losses = loss(weights, step)
        gradients = torch.autograd.grad(
            losses.sum(), list(weights.values()), materialize_grads=True
        )
        drawn = step >= how.n_burn_in
        with torch.no_grad():
            if drawn:
                found.append(losses.double() - loss(alone, step).double())
            for (name, its), gradient in zip(weights.items(), gradients, strict=True):
                force = how.n_beta * gradient + how.pull * (its - alone[name])
                size = how.step_size
                if metric:
                    size = size * metric.of(name, force, step, adapted=not drawn)
                noise = torch.randn(its.shape, generator=generator).to(its)
                its.sub_(size / 2 * force).add_(size**0.5 * noise)
    return torch.stack(found)


class _Metric:
    """The diagonal G of every tensor."""

    _KEPT = 0.99  # of the running mean, at each step: α

    def __init__(self, pull: float) -> None:
        self._damping = pull**0.5
        self._squares: dict[str, Tensor] = {}

    def of(self, name: str, force: Tensor, step: int, adapted: bool) -> Tensor:
        """Of a tensor, told of the force on it in all chains, along the first axis.

        The running mean is that of the steps so far, as in Adam: it starts from nothing.
        """
        if adapted:
            squares = force.square().mean(0)
            weight = (1 - self._KEPT) / (1 - self._KEPT ** (step + 1))
            self._squares[name] = torch.lerp(self._squares.get(name, squares), squares, weight)
        return 1 / (self._damping + self._squares[name].sqrt())
