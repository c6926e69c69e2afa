"""Weighted sums of a table's rows. The rows never change, so the backward pass is planned once.

PyTorch's own gradient of a table is added up row by row, or sorts the rows again in every step. Here,
what contributes to each row is worked out once, and the gradient is a sum of it.
"""

from __future__ import annotations

import warnings
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor
from torch.autograd.function import once_differentiable


class Lookup:
    """Which row of a table stands at each place. The table changes from call to call."""

    def __init__(self, rows: Int[Tensor, "*places"], n_rows: int) -> None:
        self.rows = rows
        self.by_row, self.offsets = _grouped(rows, n_rows)

    def __call__(self, table: Float[Tensor, "rows width"]) -> Float[Tensor, "*places width"]:
        """The rows, differentiable in the table."""
        return _Rows.apply(table, self)


class _Rows(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, table: Tensor, lookup: Lookup) -> Tensor:
        ctx.lookup = lookup
        return F.embedding(lookup.rows, table)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, of_rows: Tensor) -> tuple[Tensor, None]:
        places = of_rows.contiguous().view(-1, of_rows.shape[-1])
        return F.embedding_bag(ctx.lookup.by_row, places, ctx.lookup.offsets, mode="sum"), None


def _grouped(
    rows: Int[Tensor, "*places"], n_rows: int
) -> tuple[Int[Tensor, " places"], Int[Tensor, " rows"]]:
    """The places of each row, one row after the other, and where each row's begin."""
    flat = rows.ravel()
    counts = torch.bincount(flat, minlength=n_rows)
    by_row = flat.argsort(stable=True).to(torch.int32)
    return by_row, (counts.cumsum(0) - counts).to(torch.int32)


class Mixture:
    """Which rows each sum takes. Table and weights change from call to call.

    Both gradients are written out: the table's is made of sums of the same kind, a sum per row, the
    weights' of products at few places of a matrix.
    """

    def __init__(self, rows: Int[Tensor, "sums terms"], n_rows: int) -> None:
        self.rows = rows.to(torch.int32)
        self._by_row, self._offsets = _grouped(rows, n_rows)
        self._sums = self._by_row // rows.shape[1]

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
