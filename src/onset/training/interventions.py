"""What changes a model from outside between two updates; what it is told to hold stays as it then is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
def intervene(
    interventions: Interventions, step: int, parameters: Parameters
) -> dict[str, Bool[Tensor, ...]]:
    """Change parameters in place, as is due before update `step`; the entries to be held from now on."""
    held: dict[str, Tensor] = {}
    for intervention in interventions.get(step, ()):
        its = intervention(parameters)
        for name, values in its.parameters.items():
            parameters[name].copy_(values)
        held = _both(held, its.held)
    return held


def held_since(
    interventions: Interventions, step: int, parameters: Parameters
) -> dict[str, Bool[Tensor, ...]]:
    """What interventions before an earlier update hold, for a training that goes on from `step`."""
    held: dict[str, Tensor] = {}
    for before in sorted(interventions):
        if before < step:
            for intervention in interventions[before]:
                held = _both(held, intervention(parameters).held)
    return held


def _both(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> dict[str, Tensor]:
    joint = {name: one[name] | other[name] for name in one.keys() & other.keys()}
    return {**one, **other, **joint}
