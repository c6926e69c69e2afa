"""How large the weights are."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from onset.measures.measurement import Measurement
from onset.models.batch import AnyModel, Parameters
from onset.tasks.worlds import World

QUANTITIES = {
    "weight_norm": {"kind": "size", "label": "norm of all weights"},
}


def measure(model: AnyModel, parameters: Parameters, dataset: World) -> Iterator[Measurement]:
    """`weight_norm`: Euclidean norm of all parameters together, shared ones counted once."""
    squares = torch.stack([p.to(torch.float64).square().sum() for p in parameters.values()])
    yield Measurement("weight_norm", squares.sum().sqrt().item())
