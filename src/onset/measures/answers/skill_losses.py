"""What a network still gets wrong, skill by skill, and on average over what is asked."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.bottleneck.model import Bottleneck
from onset.statistics.power_laws import KNOWN
from onset.tasks.vectors import VectorDataset
from onset.training.batches import full

NEEDS = ("bottleneck", "skill", "frequency")
QUANTITIES = {
    "skill_loss": {"kind": "size", "label": "squared error, by skill"},
    "asked_loss": {"kind": "size", "digits": 3, "label": "squared error, as skills are asked for"},
    "skills_known": {"kind": "count", "label": "skills known"},
}


def measure(
    model: Bottleneck, parameters: Parameters, dataset: VectorDataset
) -> Iterator[Measurement]:
    """Per split in which each skill is there, of a network whose answers are −1 and 1:

    * `skill_loss`: squared error, mean over the examples of a skill (`component`); 1 of a network that says
      nothing of it;
    * `asked_loss`: mean over skills, each counted by how often it is asked for in the stream;
    * `skills_known`: of how many the loss is below a half.
    """
    frequency = dataset.truth["frequency"]
    device = parameters["decode.bias"].device
    for name, split in dataset.splits.items():
        skill = split.truth["skill"]
        n = np.bincount(skill, minlength=len(frequency))
        if not n.all():
            continue
        batch = full(dataset, name).to(device)
        said = model.outputs(parameters, model.by_instance(batch.inputs))
        wrong = (said - model.by_instance(batch.targets)).square().mean((0, 1))
        losses = np.bincount(skill, wrong.double().numpy(force=True)) / n
        for number, value in enumerate(losses.tolist()):
            yield Measurement("skill_loss", value, name, component=number)
        yield Measurement("asked_loss", float(losses @ frequency), name)
        yield Measurement("skills_known", float((losses < KNOWN).sum()), name)
