"""Rows of a table and sums over it, against indexing and products with a matrix."""

from __future__ import annotations

import torch

from onset.models.transformer.mixture import Lookup, Mixture

ROWS = torch.randint(7, (20, 3), generator=torch.Generator().manual_seed(0))
ROWS[ROWS == 4] = 5  # a row that no sum takes
DRAW = torch.Generator().manual_seed(1)
WEIGHTS = torch.randn(20, 3, dtype=torch.float64, generator=DRAW)
TABLE = torch.randn(7, 5, dtype=torch.float64, generator=DRAW)


def test_a_sum_is_what_it_is():
    expected = (TABLE[ROWS] * WEIGHTS[..., None]).sum(1)
    torch.testing.assert_close(Mixture(ROWS, 7)(WEIGHTS, TABLE), expected)


def test_gradients():
    weights, table = WEIGHTS.clone().requires_grad_(), TABLE.clone().requires_grad_()
    assert torch.autograd.gradcheck(Mixture(ROWS, 7), (weights, table))


def test_transposed_is_its_transpose():
    """⟨sums of a table, others⟩ = ⟨the table, their transposed sums⟩."""
    mixture, others = Mixture(ROWS, 7), torch.randn(20, 5, dtype=torch.float64, generator=DRAW)
    one = (mixture(WEIGHTS, TABLE) * others).sum()
    torch.testing.assert_close((TABLE * mixture.to_table(WEIGHTS, others)).sum(), one)


def test_rows_looked_up_and_their_gradient():
    lookup = Lookup(ROWS, 7)
    torch.testing.assert_close(lookup(TABLE), TABLE[ROWS])
    table = TABLE.clone().requires_grad_()
    assert torch.autograd.gradcheck(lookup, (table,))
    torch.testing.assert_close(
        torch.autograd.grad(lookup(table).sum(), table)[0][4], torch.zeros(5, dtype=torch.float64)
    )
