"""A forward pass that begins or ends in the middle of a module whose blocks know nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import Module

States = Float[Tensor, "texts length d_model"]
_MOST_KEPT = 50_000  # positions, of two to four kilobytes each


@contextmanager
def begun(blocks: Sequence[Module], layer: int, states: States) -> Iterator[None]:
    """While it is open, the first blocks do nothing, and block `layer` is given these states."""
    hook = blocks[layer].register_forward_pre_hook(lambda _, given: (states, *given[1:]))
    try:
        with _idle(blocks[:layer]):
            yield
    finally:
        hook.remove()


@contextmanager
def stopped(blocks: Sequence[Module], layer: int) -> Iterator[list[States]]:
    """While it is open, blocks from `layer` on do nothing; what the first of them is given is kept."""
    given: list[States] = []
    hook = blocks[layer].register_forward_pre_hook(lambda _, its: given.append(its[0]))
    try:
        with _idle(blocks[layer:]):
            yield given
    finally:
        hook.remove()


@contextmanager
def _idle(blocks: Sequence[Module]) -> Iterator[None]:
    for block in blocks:
        block.forward = _as_it_is
    try:
        yield
    finally:
        for block in blocks:
            del block.forward


def _as_it_is(states: Tensor, *_: Any, **__: Any) -> Tensor:
    return states


class Kept:
    """What frozen blocks make of texts: computed once per text, as long as the parameters are the same."""

    def __init__(self) -> None:
        self._of: tuple[Tensor, bool] | None = None
        self._states: dict[bytes, Tensor] = {}

    def states(
        self,
        parameters: Mapping[str, Tensor],
        tokens: Int[Tensor, "texts length"],
        make: Callable[[Mapping[str, Tensor], Tensor], States],
    ) -> States:
        """Those of some texts of one length.

        Args:
            parameters: with embeddings first, which stand for all that is frozen.
            tokens: of the texts.
            make: makes the states of those that are new.
        """
        first = next(iter(parameters.values()))
        mode = torch.is_inference_mode_enabled()  # whose tensors no gradient goes through
        if self._of is None or self._of[0] is not first or self._of[1] != mode:
            self._of = first, mode
            self._states.clear()
        keys = [row.numpy(force=True).tobytes() for row in tokens]
        new = {key: i for i, key in enumerate(keys) if key not in self._states}
        if len(self._states) * tokens.shape[1] > _MOST_KEPT:
            self._states.clear()
            new = {key: i for i, key in enumerate(keys)}
        if new:
            made = make(parameters, tokens[list(new.values())])
            self._states |= dict(zip(new, made.unbind(), strict=True))
        return torch.stack([self._states[key] for key in keys])
