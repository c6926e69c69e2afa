"""What can be done to a model's weights that leaves everything that it computes as it is.

Hidden units can change places, if what writes them and what reads them changes with them; a space that is
only read and written by matrices can be turned. Two trainings of the same model are only comparable weight
by weight once this freedom has been used up (Ainsworth et al. 2022, arXiv:2209.04836, "Git Re-Basin").

A family that knows its symmetries has `symmetries.py` with

* `symmetries(model)`: the list of them;
* `readings(model, parameters, questions)`: for the name of each, by part, what its entries then are;
* `before_activation(model, parameters, questions, layer)`: what neurons are before their activation, for
  each of `repaired(model)`: by layer, what they read with, and their bias.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from onset import models
from onset.models.batch import AnyModel, Parameters


class Axis(NamedTuple):
    """An axis of a parameter along which the entries of a space lie."""

    parameter: str
    axis: int
    repeats: int = 1
    """how often, one after the other"""


@dataclass(frozen=True)
class Symmetry:
    """Units that are alike, each of so many entries.

    Some have parts that must change places together but are turned each by itself: queries and keys of a
    head, and its values and output.
    """

    name: str
    n_units: int
    """which may change places"""
    d_unit: int
    """entries of a unit, or of each part of it"""
    turned: bool
    """whether a unit's entries may be turned (else they are left as they are)"""
    parts: tuple[tuple[Axis, ...], ...]

    @property
    def size(self) -> int:
        """Entries of a part."""
        return self.n_units * self.d_unit


class Read(NamedTuple):
    """What a layer of neurons reads with."""

    weights: tuple[Axis, ...]
    bias: str


Turn = Float[Tensor, "size size"]
"""an orthogonal matrix: entry i becomes the sum over j of its entry (i, j) times entry j"""
Moves = Mapping[str, Sequence[Turn]]
"""by symmetry, of each part"""


@cache
def of_family(name: str) -> ModuleType:
    """The family's module.

    Raises:
        LookupError: none is known.
    """
    module = f"{models.__name__}.{name}.symmetries"
    if importlib.util.find_spec(module) is None:
        raise LookupError(f"nobody has said which symmetries the family {name} has")
    return importlib.import_module(module)


def symmetries_of(model: AnyModel) -> list[Symmetry]:
    """Of a model."""
    return of_family(model.settings.name).symmetries(model)


def moved(
    parameters: Mapping[str, Tensor], symmetries: Sequence[Symmetry], moves: Moves
) -> Parameters:
    """The same function with its units moved; of symmetries without a move, they stay."""
    found = dict(parameters)
    for symmetry in symmetries:
        for turn, axes in zip(moves.get(symmetry.name, ()), symmetry.parts, strict=False):
            for axis in axes:
                own = entries_first(found[axis.parameter], axis)
                found[axis.parameter] = put_back(
                    (turn.to(own) @ own.reshape(len(own), -1)).view_as(own),
                    axis,
                    found[axis.parameter],
                )
    return found


def entries_first(tensor: Tensor, axis: Axis) -> Float[Tensor, "size ..."]:
    """A parameter with its axis of entries in front; where they are repeated, repeats come next."""
    if axis.repeats == 1:
        return tensor.movedim(axis.axis, 0)
    split = tensor.unflatten(axis.axis, (axis.repeats, -1))
    return split.movedim((axis.axis + 1, axis.axis), (0, 1))


def put_back(its: Float[Tensor, "size ..."], axis: Axis, like: Tensor) -> Tensor:
    """The inverse of `entries_first`, for a parameter of that shape."""
    if axis.repeats == 1:
        return its.movedim(0, axis.axis).contiguous()
    return its.movedim((0, 1), (axis.axis + 1, axis.axis)).reshape(like.shape)
