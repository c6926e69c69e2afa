"""Changes to a model between two updates, and entries that are held fixed from then on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import torch
from jaxtyping import Bool
from torch import Tensor

from onset.models.batch import Parameters


class Altered(NamedTuple):
    """Parameters after an intervention."""

    parameters: Parameters
    held: Mapping[str, Bool[Tensor, ...]] = {}
    """entries that are trained no more"""


Intervention = Callable[[Parameters], Altered]
Interventions = Mapping[int, list[Intervention]]
"""by the number of the update that they come before"""


@torch.no_grad()
def intervene(due: Iterable[Intervention], parameters: Parameters) -> dict[str, Bool[Tensor, ...]]:
    """Change parameters in place, one after the other; the entries to be held from now on."""
    held: dict[str, Tensor] = {}
    for intervention in due:
        its = intervention(parameters)
        for name, values in its.parameters.items():
            parameters[name].copy_(values)
        for name, mask in its.held.items():
            held[name] = held[name] | mask if name in held else mask
    return held
