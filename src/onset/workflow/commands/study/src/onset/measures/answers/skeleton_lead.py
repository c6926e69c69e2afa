"""By how much the right one of two symbols leads the other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from onset.measures.answers.asking import logits_of_splits, targets_of_splits
from onset.measures.measurement import Measurement
from onset.models.batch import Model, Parameters
from onset.tasks.dataset import Dataset

NEEDS = ("other",)
QUANTITIES = {
    "skeleton_lead": {"kind": "logits", "label": "lead of the right symbol (nats)"},
}


def measure(model: Model, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """`skeleton_lead`, per split: the right symbol's logit minus the other's, mean over questions."""
    logits = logits_of_splits(model, parameters, dataset)
    splits = dataset.splits
    others = torch.from_numpy(np.concatenate([its.truth["other"] for its in splits.values()]))
    both = torch.stack([targets_of_splits(dataset), others], dim=1).to(logits.device)
    right, other = logits.gather(1, both).to(torch.float64).unbind(1)
    sizes = [len(its) for its in splits.values()]
    for name, lead in zip(splits, (right - other).split(sizes), strict=True):
        yield Measurement("skeleton_lead", lead.mean().item(), name)
