"""How well each of many networks trained side by side does its task."""

from __future__ import annotations

from collections.abc import Iterator

from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.bottleneck.model import Bottleneck
from onset.tasks.vectors import VectorDataset
from onset.training.batches import full

NEEDS = ("bottleneck",)
QUANTITIES = {
    "loss": {"kind": "size", "label": "loss (squared error)"},
    "loss_of_means": {"kind": "size", "label": "loss of the mean answer (squared error)"},
    "n_explained": {"kind": "count", "label": "targets explained"},
}


def measure(
    model: Bottleneck, parameters: Parameters, dataset: VectorDataset
) -> Iterator[Measurement]:
    """Per split and instance (`component`):

    * `loss`: what its training minimises, mean over the split;
    * `loss_of_means`: the same of always predicting the mean of the targets;
    * `n_explained`: how many entries of its targets it explains to more than three quarters, 1 − Σ(error²)
      / Σ(y − ȳ)².
    """
    device = parameters["decode.bias"].device
    for name in dataset.splits:
        batch = full(dataset, name).to(device)
        errors = model.errors(parameters, batch).double()
        centred = batch.targets - batch.targets.mean(0)
        nothing = model.by_instance(centred).square().mean(2).double()
        if batch.weights is not None:
            nothing = nothing * batch.weights.view(model.n_instances, -1)
        explained = (errors < 0.25 * nothing).sum(1)
        numbers = {
            "loss": errors.sum(1),
            "loss_of_means": nothing.sum(1),
            "n_explained": explained.double(),
        }
        for kind, values in numbers.items():
            for instance, value in enumerate(values.tolist()):
                yield Measurement(kind, value, name, component=instance)
