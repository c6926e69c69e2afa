"""Which parameters training may change: all, some tensors, or the rows of new tokens."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatchcase

import torch
from torch import Tensor

from onset.training.patterns import counting
from onset.training.settings import Extent


class Trainable:
    """Which entries of the parameters are trained; the others keep every bit.

    Neither the gradient nor its norm, nor weight decay, nor the optimiser's moments know of the others.
    """

    def __init__(
        self,
        parameters: Mapping[str, Tensor],
        chosen: Mapping[str, Extent] | None,
        new_tokens: Sequence[int] = (),
        constants: Collection[str] = (),
        members: bool = False,
    ) -> None:
        """Choose.

        Args:
            parameters: as they are now, which for frozen entries is as they stay.
            chosen: pattern of parameters' names (`*` stands for anything) → `all` of their entries or
                the rows of `new_tokens`; of the patterns that fit, the most specific counts (`counting`).
                None: everything.
            new_tokens: rows of embeddings and unembeddings.
            constants: parameters that are never trained, whatever the patterns say.
            members: parameters are those of a population, a member per row; rows are within members.

        Raises:
            ValueError: a pattern fits no parameter, two that fit one say different things and neither is
                more specific, or rows of new tokens are asked for and there are none.
        """
        chosen = {"*": "all"} if chosen is None else chosen
        self._dim = int(members)
        self.names: list[str] = []
        """of the parameters that are trained, wholly or in part"""
        self._frozen: dict[str, Tensor] = {}  # rows
        self.held: dict[str, Tensor] = {}
        """masks of the entries that are trained no more"""
        for pattern in chosen:
            if not any(fnmatchcase(name, pattern) for name in parameters):
                raise ValueError(f"trainable: {pattern!r} is none of {', '.join(parameters)}")
        for name, parameter in parameters.items():
            patterns = counting(name, chosen)
            if not patterns or name in constants:
                continue
            self.names.append(name)
            if chosen[patterns[0]] == "new_tokens":
                if not new_tokens:
                    raise ValueError(
                        f"trainable: {name}: the dataset says of no token that it is new"
                    )
                n_rows = parameter.shape[self._dim]
                if n_rows <= max(new_tokens):
                    raise ValueError(
                        f"trainable: {name} has {n_rows} rows, and no row of token {max(new_tokens)}"
                    )
                frozen = torch.ones(n_rows, dtype=torch.bool)
                frozen[list(new_tokens)] = False
                self._frozen[name] = frozen.nonzero().ravel().to(parameter.device)
        self._remember(parameters)

    def _remember(self, parameters: Mapping[str, Tensor]) -> None:
        """What stands in frozen rows and held entries is to stay."""
        self._in_rows = {
            name: parameters[name].detach().index_select(self._dim, rows)
            for name, rows in self._frozen.items()
        }
        self._in_held = {name: parameters[name].detach().clone() for name in self.held}

    def hold(self, entries: Mapping[str, Tensor], parameters: Mapping[str, Tensor]) -> None:
        """Train these entries no more, in addition to those already held: masks by name.

        Parameters are as they are to stay, in frozen rows, too: they may have been changed from outside.
        """
        for name, mask in entries.items():
            mask = mask.to(parameters[name].device)
            self.held[name] = mask | self.held[name] if name in self.held else mask
        self._remember(parameters)

    def mask_gradients(self, parameters: Mapping[str, Tensor]) -> None:
        """Set the gradients of frozen rows to zero, before they are clipped."""
        for name, rows in self._frozen.items():
            if parameters[name].grad is not None:
                parameters[name].grad.index_fill_(self._dim, rows, 0.0)
        for name, mask in self.held.items():
            if parameters[name].grad is not None:
                parameters[name].grad.masked_fill_(mask, 0.0)

    @torch.no_grad()
    def restore(self, parameters: Mapping[str, Tensor]) -> None:
        """Undo what was done to what is frozen or held, by weight decay for example."""
        for name, rows in self._frozen.items():
            parameters[name].index_copy_(self._dim, rows, self._in_rows[name])
        for name, mask in self.held.items():
            parameters[name].copy_(torch.where(mask, self._in_held[name], parameters[name]))
