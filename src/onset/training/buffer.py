"""Parameters, and their gradients, each in one piece of memory: a step treats all of them as one tensor."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor


class Buffer:
    """Where some parameters lie one after the other.

    For a small network, most of an update goes into calling the same operations once per parameter: 25
    calls in place of one. Each parameter stays the tensor that it was, laid out as it was, elsewhere.

    Attributes:
        values: all entries of all parameters; their gradients are its gradient.
    """

    def __init__(self, parameters: Mapping[str, Tensor]) -> None:
        """Move parameters, and the gradients that they have, into one piece of memory.

        Args:
            parameters: by name, of one kind and on one device; dense in memory, in whatever order.
        """
        first = next(iter(parameters.values()))
        size = sum(its.numel() for its in parameters.values())
        self.values: Float[Tensor, " entries"] = torch.empty(
            size, dtype=first.dtype, device=first.device
        )
        self.values.grad = torch.zeros_like(self.values)
        self._places: dict[str, tuple[torch.Size, tuple[int, ...], int]] = {}
        place = 0
        for name, parameter in parameters.items():
            self._places[name] = parameter.shape, parameter.stride(), place
            place += parameter.numel()
        with torch.no_grad():
            for name, parameter in parameters.items():
                self.part(self.values, name).copy_(parameter)
                parameter.data = self.part(self.values, name)
                if parameter.grad is not None:
                    self.part(self.gradients, name).copy_(parameter.grad)
                parameter.grad = self.part(self.gradients, name)

    @property
    def gradients(self) -> Float[Tensor, " entries"]:
        """Those of all parameters."""
        assert self.values.grad is not None
        return self.values.grad

    @property
    def names(self) -> tuple[str, ...]:
        """Of the parameters."""
        return tuple(self._places)

    def part(self, of: Float[Tensor, " entries"], name: str) -> Tensor:
        """The part that belongs to a parameter, of something that has an entry for each of its entries."""
        shape, stride, place = self._places[name]
        return of.as_strided(shape, stride, place)

    def joined(self, parts: Mapping[str, Tensor]) -> Float[Tensor, " entries"]:
        """The reverse of `part`, for all parameters."""
        whole = torch.empty_like(self.values)
        for name, part in parts.items():
            self.part(whole, name).copy_(part)
        return whole
