"""Weighted sums of the rows of a table, the same rows again and again."""

from __future__ import annotations

import warnings
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor
from torch.autograd.function import once_differentiable


class Mixture:
    """Which rows each sum takes. Table and weights change from call to call.

    Both gradients are written out: the table's is made of sums of the same kind, a sum per row (PyTorch's
    own would sort the rows again in every step), the weights' of products at few places of a matrix.
    """

    def __init__(self, rows: Int[Tensor, "sums terms"], n_rows: int) -> None:
        self.rows = rows.to(torch.int32)
        self._by_row = rows.ravel().argsort(stable=True)
        self._sums = (self._by_row // rows.shape[1]).to(torch.int32)
        counts = torch.bincount(rows.ravel(), minlength=n_rows)
        self._offsets = (counts.cumsum(0) - counts).to(torch.int32)

    def __call__(
        self, weights: Float[Tensor, "sums terms"], table: Float[Tensor, "rows width"]
    ) -> Float[Tensor, "sums width"]:
        """The sums, differentiable in weights and table."""
        return _Sums.apply(weights, table, self)

    def part(
        self, weights: Float[Tensor, "sums terms"], table: Float[Tensor, "rows width"], part: slice
    ) -> Float[Tensor, "part width"]:
        """Some of the sums; nothing is kept for a gradient."""
        weights, table = weights.detach()[part], table.detach()
        return F.embedding_bag(self.rows[part], table, mode="sum", per_sample_weights=weights)

    def to_table(
        self, weights: Float[Tensor, "sums terms"], of_sums: Float[Tensor, "sums width"]
    ) -> Float[Tensor, "rows width"]:
        """The table's gradient: what was given to the sums that take a row, times its weights there."""
        return F.embedding_bag(
            self._sums,
            of_sums.contiguous(),
            self._offsets,
            mode="sum",
            per_sample_weights=weights.ravel()[self._by_row],
        )

    def to_weights(
        self,
        table: Float[Tensor, "rows width"],
        of_sums: Float[Tensor, "part width"],
        part: slice = slice(None),
    ) -> Float[Tensor, "part terms"]:
        """The weights' gradient: each row that a sum takes, times what was given to the sum."""
        rows = self.rows[part]
        terms = rows.shape[1]
        starts = torch.arange(0, rows.numel() + 1, terms, dtype=torch.int32)
        places = _sparse(starts, rows.ravel(), of_sums.new_zeros(rows.numel()), len(table))
        return torch.sparse.sampled_addmm(places, of_sums, table.T, beta=0).values().view_as(rows)


class _Sums(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, weights: Tensor, table: Tensor, mixture: Mixture) -> Tensor:
        ctx.save_for_backward(weights, table)
        ctx.mixture = mixture
        return mixture.part(weights, table, slice(None))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, of_sums: Tensor) -> tuple[Tensor | None, ...]:
        weights, table = ctx.saved_tensors
        of_sums = of_sums.contiguous()
        return ctx.mixture.to_weights(table, of_sums), ctx.mixture.to_table(weights, of_sums), None


def _sparse(starts: Tensor, columns: Tensor, values: Tensor, width: int) -> Tensor:
    with warnings.catch_warnings():  # the format is in beta, PyTorch says
        warnings.simplefilter("ignore", UserWarning)
        return torch.sparse_csr_tensor(
            starts, columns, values, (len(starts) - 1, width), check_invariants=False
        )
