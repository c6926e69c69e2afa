"""An MLP on sums of rows, part by part, against the same as one writes it."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from onset.models.transformer import mixed_mlp as module
from onset.models.transformer.mixed_mlp import mixed_mlp
from onset.models.transformer.mixture import Mixture

DRAW = torch.Generator().manual_seed(0)
ROWS = torch.randint(7, (20, 3), generator=DRAW)
MIXTURE = Mixture(ROWS, 7)
SHAPES = {"weights": (20, 3), "into": (7, 4), "out_of": (4, 5), "direct": (7, 5)}


@pytest.fixture(autouse=True, params=[2**18, 28], ids=["whole", "parts of seven"])
def at_once(request, monkeypatch):
    monkeypatch.setattr(module, "_AT_ONCE", request.param)


def drawn() -> list[Tensor]:
    return [
        torch.randn(shape, dtype=torch.float64, generator=DRAW).requires_grad_()
        for shape in SHAPES.values()
    ]


@pytest.mark.parametrize("activation", [F.relu, F.gelu, F.silu])
def test_values_and_gradients(activation):
    tensors = drawn()
    weights, into, out_of, direct = tensors

    def sums(table: Tensor) -> Tensor:
        return (table[ROWS] * weights[..., None]).sum(1)

    expected = activation(sums(into)) @ out_of + sums(direct)
    found = mixed_mlp(MIXTURE, weights, into, out_of, direct, activation)
    torch.testing.assert_close(found, expected)
    with torch.no_grad():
        torch.testing.assert_close(
            mixed_mlp(MIXTURE, weights, into, out_of, direct, activation), expected
        )
    back = torch.randn(expected.shape, dtype=torch.float64, generator=DRAW)
    torch.testing.assert_close(
        torch.autograd.grad(found, tensors, back), torch.autograd.grad(expected, tensors, back)
    )


def test_going_back_a_second_time_is_an_error():
    """The buffer that the gradient needs holds another gradient by then."""
    tensors = drawn()
    found = mixed_mlp(MIXTURE, *tensors, F.relu).sum()
    torch.autograd.grad(found, tensors, retain_graph=True)
    with pytest.raises(RuntimeError, match="second time"):
        torch.autograd.grad(found, tensors)
