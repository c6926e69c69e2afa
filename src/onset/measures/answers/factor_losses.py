"""How much each of many products of factors still gets wrong."""

from __future__ import annotations

from collections.abc import Iterator

from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.factors.model import Factors
from onset.tasks.vectors import VectorDataset
from onset.training.batches import full

NEEDS = ("factors",)
QUANTITIES = {
    "factor_loss": {"kind": "size", "digits": 3, "label": "squared error per sign"},
}


def measure(
    model: Factors, parameters: Parameters, dataset: VectorDataset
) -> Iterator[Measurement]:
    """`factor_loss`, per split and network (`component`): 1 of one that says 0, 0 of one that is right."""
    device = next(iter(parameters.values())).device
    for name in dataset.splits:
        losses = model.losses(parameters, full(dataset, name).to(device))
        for network, value in enumerate(losses.double().tolist()):
            yield Measurement("factor_loss", value, name, component=network)
