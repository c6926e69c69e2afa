"""A forward pass that begins in the middle of a module whose blocks know nothing of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from jaxtyping import Float
from torch import Tensor
from torch.nn import Module


@contextmanager
def begun(
    blocks: Sequence[Module], layer: int, states: Float[Tensor, "texts length d_model"]
) -> Iterator[None]:
    """While it is open, the first blocks do nothing, and block `layer` is given these states."""
    skipped = blocks[:layer]
    for block in skipped:
        block.forward = _as_it_is
    hook = blocks[layer].register_forward_pre_hook(lambda _, given: (states, *given[1:]))
    try:
        yield
    finally:
        hook.remove()
        for block in skipped:
            del block.forward


def _as_it_is(states: Tensor, *_: Any, **__: Any) -> Tensor:
    return states
