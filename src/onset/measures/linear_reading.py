"""What a linear map can read off states: ridge regression, fitted on some of them, asked about others."""

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
    mean, scale = states[fitted].mean(0), states[fitted].std(0) + 1e-6
    x = F.pad((states - mean) / scale, (0, 1), value=1.0).double()
    gram = x[fitted].T @ x[fitted] + _RIDGE * torch.eye(x.shape[1], device=x.device)
    weights = torch.linalg.solve(gram, x[fitted].T @ targets[fitted].double())
    return x[tested] @ weights
