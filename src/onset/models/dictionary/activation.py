"""Which latents of a dictionary are active, and how much."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

Latents = Float[Tensor, "dictionaries examples latents"]


def top_of_each(latents: Latents, ks: tuple[int, ...]) -> Latents:
    """The k largest positive ones of each example (Gao et al. 2024, arXiv:2406.04093, equation 3).

    Args:
        latents: before the activation.
        ks: of each dictionary.
    """
    found = [_kth(its, k) for its, k in zip(latents.detach(), ks, strict=True)]
    return latents.relu() * (latents >= torch.stack(found)[..., None])


def least_of_all(latents: Latents, ks: tuple[int, ...]) -> Float[Tensor, " dictionaries"]:
    """What the k largest per example of all examples together begin with (Bussmann et al. 2024,
    arXiv:2412.06410).

    Args:
        latents: before the activation.
        ks: of each dictionary.
    """
    found, n_examples = [], latents.shape[1]
    for its, k in zip(latents.detach(), ks, strict=True):
        positive = its[its > 0]
        enough = len(positive) >= k * n_examples
        found.append(_kth(positive, k * n_examples) if enough else its.new_tensor(0.0))
    return torch.stack(found)


def _kth(values: Tensor, k: int) -> Tensor:
    """The k-th largest along the last dimension.

    By NumPy, whose partition is several times as fast on a CPU as PyTorch's selection.
    """
    return torch.from_numpy(np.partition(values.cpu().numpy(), -k)[..., -k].copy()).to(
        values.device
    )


def from_least(latents: Latents, least: Float[Tensor, " dictionaries"]) -> Latents:
    """Those that reach a threshold, as they are."""
    return latents.relu() * (latents >= least[:, None, None])


def jump(latents: Latents, thresholds: Tensor, bandwidth: float) -> tuple[Latents, Latents]:
    """What is above its threshold, as it is, and 1 for it.

    Thresholds get the gradient of a kernel estimate: a rectangle of this width (Rajamanoharan et al. 2024,
    arXiv:2407.14435, equations 11 and 12).
    """
    return _Jump.apply(latents.relu(), thresholds, bandwidth)


class _Jump(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, latents: Tensor, thresholds: Tensor, bandwidth: float
    ) -> tuple[Tensor, Tensor]:
        above = (latents > thresholds).to(latents.dtype)
        ctx.save_for_backward(latents, thresholds, above)
        ctx.bandwidth = bandwidth
        return latents * above, above

    @staticmethod
    def backward(ctx: Any, of_active: Tensor, of_number: Tensor) -> tuple[Tensor, Tensor, None]:
        latents, thresholds, above = ctx.saved_tensors
        near = ((latents - thresholds).abs() < ctx.bandwidth / 2) / ctx.bandwidth
        of_thresholds = -near * (thresholds * of_active + of_number)
        return of_active * above, of_thresholds.sum_to_size(thresholds.shape), None
