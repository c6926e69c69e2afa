"""An MLP whose neurons and answers are weighted sums of rows, computed chunk by chunk.

Computed one product after the other, a full batch of states goes through memory again at every operation.
Here, each chunk goes through all operations while it is in the processor's cache, forward and backward,
and one buffer holds the inputs of the neurons and later their gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from onset.models.transformer.mixture import Mixture

_ops = torch.ops.aten
_GOING_BACK: dict[Callable[[Tensor], Tensor], Callable[..., Tensor]] = {
    F.relu: lambda back, got, out: _ops.threshold_backward(back, got, 0, grad_input=out),
    F.gelu: lambda back, got, out: _ops.gelu_backward(back, got, grad_input=out),
    F.silu: lambda back, got, out: _ops.silu_backward(back, got, grad_input=out),
}
"""each activation's gradient, given what comes back and what went in"""
_INTO: dict[Callable[[Tensor], Tensor], Callable[..., Tensor]] = {
    F.relu: _ops.relu.out,
    F.gelu: _ops.gelu.out,
    F.silu: _ops.silu.out,
}
"""each activation, written where one says (`out`)"""
_AT_ONCE = 2**18  # activations


def mixed_mlp(
    mixture: Mixture,
    weights: Float[Tensor, "sums terms"],
    into_neurons: Float[Tensor, "rows neurons"],
    from_neurons: Float[Tensor, "neurons out"],
    direct: Float[Tensor, "rows out"],
    activation: Callable[[Tensor], Tensor],
) -> Float[Tensor, "sums out"]:
    """activation(sums of `into_neurons`) @ from_neurons + sums of `direct`; differentiable once."""
    given = (weights, into_neurons, from_neurons, direct, mixture, activation)
    return _MixedMLP.apply(*given) if torch.is_grad_enabled() else _forward(*given)


def mixed_neurons(
    mixture: Mixture,
    weights: Float[Tensor, "sums terms"],
    into_neurons: Float[Tensor, "rows neurons"],
    activation: Callable[[Tensor], Tensor],
) -> Float[Tensor, "sums neurons"]:
    """activation(sums of `into_neurons`); differentiable."""
    if torch.is_grad_enabled():
        return activation(mixture(weights, into_neurons))
    found = weights.new_empty(len(weights), into_neurons.shape[1])
    for part in _parts(*found.shape):
        _INTO[activation](mixture.part(weights, into_neurons, part), out=found[part])
    return found


def _forward(
    weights: Tensor,
    into_neurons: Tensor,
    from_neurons: Tensor,
    direct: Tensor,
    mixture: Mixture,
    activation: Callable[[Tensor], Tensor],
    got: Tensor | None = None,
) -> Tensor:
    """Writes to `got` what neurons get, if there is one."""
    found = weights.new_empty(len(weights), direct.shape[1])
    for part in _parts(len(weights), len(from_neurons)):
        its = mixture.part(weights, into_neurons, part)
        if got is not None:
            got[part] = its
        of_direct = mixture.part(weights, direct, part)
        torch.addmm(of_direct, _INTO[activation](its, out=its), from_neurons, out=found[part])
    return found


class _MixedMLP(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        weights: Tensor,
        into_neurons: Tensor,
        from_neurons: Tensor,
        direct: Tensor,
        mixture: Mixture,
        activation: Callable[[Tensor], Tensor],
    ) -> Tensor:
        got = weights.new_empty(len(weights), len(from_neurons))
        found = _forward(weights, into_neurons, from_neurons, direct, mixture, activation, got)
        ctx.save_for_backward(weights, into_neurons, from_neurons, direct)
        ctx.got, ctx.mixture, ctx.activation = got, mixture, activation
        return found

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, of_found: Tensor) -> tuple[Tensor | None, ...]:
        weights, into_neurons, from_neurons, direct = ctx.saved_tensors
        mixture: Mixture = ctx.mixture
        got, ctx.got = ctx.got, None
        if got is None:
            raise RuntimeError("the MLP's buffer is written over: no going back a second time")
        of_found = of_found.contiguous()
        of_weights = torch.empty_like(weights)
        of_from = from_neurons.new_zeros(from_neurons.shape[::-1])  # sums are faster along neurons
        for part in _parts(len(weights), len(from_neurons)):
            its, of_its = got[part], of_found[part]
            of_from.addmm_(of_its.T, ctx.activation(its))
            _GOING_BACK[ctx.activation](of_its @ from_neurons.T, its, out=its)
            torch.add(
                mixture.to_weights(into_neurons, its, part),
                mixture.to_weights(direct, of_its, part),
                out=of_weights[part],
            )
        of_into, of_direct = (mixture.to_table(weights, of) for of in (got, of_found))
        return of_weights, of_into, of_from.T, of_direct, None, None


def _parts(n_sums: int, n_neurons: int) -> Iterator[slice]:
    size = max(1, _AT_ONCE // n_neurons)
    return (slice(start, start + size) for start in range(0, n_sums, size))
