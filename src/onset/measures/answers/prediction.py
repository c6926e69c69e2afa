"""How well the model predicts: loss and accuracy on every split."""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F

from onset.measures.answers.asking import is_right, logits_of_splits, targets_of_splits
from onset.measures.measurement import Measurement
from onset.models.batch import Model, Parameters
from onset.tasks.dataset import Dataset

QUANTITIES = {
    "loss": {"kind": "nats", "label": "loss (nats)"},
    "accuracy": {"kind": "share", "label": "accuracy"},
}


def measure(model: Model, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """Per split, over all its scored positions:

    * `loss`: mean cross-entropy of the right token, in nats, over the whole vocabulary;
    * `accuracy`: fraction of positions at which the right token has the largest logit.
    """
    splits = dataset.splits
    logits = logits_of_splits(model, parameters, dataset)
    targets = targets_of_splits(dataset).to(logits.device)
    losses = F.cross_entropy(logits, targets, reduction="none").to(torch.float64)
    right = is_right(logits, targets)
    sizes = [split.targets.size for split in splits.values()]
    for name, loss, hits in zip(splits, losses.split(sizes), right.split(sizes), strict=True):
        yield Measurement("loss", loss.mean().item(), name)
        yield Measurement("accuracy", hits.mean().item(), name)
