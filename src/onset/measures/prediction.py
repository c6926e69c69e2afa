"""How well the model predicts: loss and accuracy on every split."""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F

from onset.measures.measurement import Measurement
from onset.models.batch import Batch, Model, Parameters
from onset.tasks.dataset import Dataset
from onset.training.batches import questions_of


def measure(model: Model, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """Per split, over all its scored positions:

    * `loss`: mean cross-entropy of the right token, in nats, over the whole vocabulary;
    * `accuracy`: fraction of positions at which the right token has the largest logit.
    """
    for name, split in dataset.splits.items():
        batch = Batch.of([(questions_of(split), split.targets)])
        logits = model.logits(parameters, batch.questions)
        targets = batch.targets.to(logits.device)
        yield Measurement("loss", F.cross_entropy(logits, targets).item(), name)
        right = (logits.argmax(-1) == targets).to(torch.float64)
        yield Measurement("accuracy", right.mean().item(), name)
