"""What can be read off states: ridge regression, fitted on some states and tested on others."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

_RIDGE = 1.0  # on standardised states


def read_off(
    states: Float[Tensor, "rows d_model"],
    targets: Float[Tensor, "rows outputs"],
    fitted: Int[Tensor, " fitted"],
    tested: Int[Tensor, " tested"],
) -> Float[Tensor, "tested outputs"]:
    """What ridge regression on the fitted rows says of the tested ones, in float64."""
    x = F.pad(_standardised(states, fitted), (0, 1), value=1.0)
    return x[tested] @ ridge_weights(x[fitted], targets[fitted].double())


def ridge_weights(
    x: Float[Tensor, "rows inputs"], y: Float[Tensor, "rows outputs"]
) -> Float[Tensor, "inputs outputs"]:
    """Of ridge regression without an intercept."""
    gram = x.T @ x + _RIDGE * torch.eye(x.shape[1], device=x.device)
    return torch.linalg.solve(gram, x.T @ y)


def read_off_by_kernel(
    states: Float[Tensor, "rows d_model"],
    targets: Float[Tensor, "rows outputs"],
    fitted: Int[Tensor, " fitted"],
    tested: Int[Tensor, " tested"],
) -> Float[Tensor, "tested outputs"]:
    """The same with a Gaussian kernel, exp(−‖x − y‖² / d_model): what isn't there linearly, too."""
    x = _standardised(states, fitted).float()  # the ridge keeps it well-conditioned

    def kernel(one: Tensor) -> Tensor:
        return torch.exp(-torch.cdist(one, x[fitted]).square() / x.shape[1])

    mean = targets[fitted].double().mean(0)
    gram = kernel(x[fitted]) + _RIDGE * torch.eye(len(fitted), device=x.device)
    off = (targets[fitted].double() - mean).float()
    weights = torch.cholesky_solve(off, torch.linalg.cholesky(gram))
    return (kernel(x[tested]) @ weights).double() + mean


def _standardised(
    states: Float[Tensor, "rows d_model"], fitted: Int[Tensor, " fitted"]
) -> Float[Tensor, "rows d_model"]:
    mean, scale = states[fitted].mean(0), states[fitted].std(0) + 1e-6
    return ((states - mean) / scale).double()
