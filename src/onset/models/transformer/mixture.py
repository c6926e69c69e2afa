"""Weighted sums of the rows of a table, the same rows again and again."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor


class Mixture:
    """Which rows each sum takes. Table and weights change from call to call.

    The table's gradient is made of sums of the same kind, a sum per row: PyTorch's own would sort the
    rows again in every step.
    """

    def __init__(self, rows: Int[Tensor, "sums terms"], n_rows: int) -> None:
        self._rows = rows.to(torch.int32)
        self._by_row = rows.ravel().argsort(stable=True)
        self._sums = (self._by_row // rows.shape[1]).to(torch.int32)
        counts = torch.bincount(rows.ravel(), minlength=n_rows)
        self._offsets = (counts.cumsum(0) - counts).to(torch.int32)

    def __call__(
        self,
        weights: Float[Tensor, "sums terms"],
        table: Float[Tensor, "rows width"],
        part: slice = slice(None),
    ) -> Float[Tensor, "part width"]:
        """The sums, differentiable in weights and table; a `part` of them isn't in the table."""
        rows, weights = self._rows[part], weights[part]
        sums = F.embedding_bag(rows, table.detach(), mode="sum", per_sample_weights=weights)
        return sums if len(rows) < len(self._rows) else _WithTable.apply(sums, table, weights, self)

    def transposed(
        self, weights: Float[Tensor, "sums terms"], of_sums: Float[Tensor, "sums width"]
    ) -> Float[Tensor, "rows width"]:
        """To every row, what was given to the sums that take it, times its weights there."""
        return F.embedding_bag(
            self._sums,
            of_sums.contiguous(),
            self._offsets,
            mode="sum",
            per_sample_weights=weights.ravel()[self._by_row],
        )


class _WithTable(torch.autograd.Function):
    """The sums as they are; going back, the table's gradient beside theirs."""

    @staticmethod
    def forward(ctx: Any, sums: Tensor, table: Tensor, weights: Tensor, mixture: Mixture) -> Tensor:
        ctx.save_for_backward(weights)
        ctx.mixture = mixture
        return sums.view_as(sums)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (weights,) = ctx.saved_tensors
        return gradient, ctx.mixture.transposed(weights, gradient), None, None
