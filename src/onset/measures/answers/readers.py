"""What readers lose who know the language better or worse than a model can: the lines in every figure."""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F

from onset.measures.answers.asking import logits_of_splits, targets_of_splits
from onset.measures.measurement import Measurement
from onset.models.batch import Model, Parameters
from onset.tasks.dataset import VALIDATION, Dataset

NEEDS = ("floor", "unbound", "trigram", "bigram", "unigram")
QUANTITIES = {
    "floor": {"kind": "nats", "label": "the best possible loss (nats)"},
    "unbound": {"kind": "nats", "label": "the best loss without composed rules (nats)"},
    "trigram": {"kind": "nats", "label": "loss of a trigram model (nats)"},
    "bigram": {"kind": "nats", "label": "loss of a bigram model (nats)"},
    "unigram": {"kind": "nats", "label": "loss of a unigram model (nats)"},
    "above_floor": {"kind": "logits", "label": "loss above the best possible (nats)"},
    "above_unbound": {"kind": "logits", "label": "loss above the best without composed rules (nats)"},
}  # fmt: skip


def measure(model: Model, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """Per split, but for validation parts, over all its scored positions:

    * `floor`, `unbound`, `trigram`, `bigram`, `unigram`: what these readers lose, as the task says; the
      same at all checkpoints;
    * `above_floor`, `above_unbound`: what the model loses more than the first two.
    """
    logits = logits_of_splits(model, parameters, dataset)
    targets = targets_of_splits(dataset).to(logits.device)
    losses = F.cross_entropy(logits, targets, reduction="none").to(torch.float64)
    sizes = [split.targets.size for split in dataset.splits.values()]
    for (name, split), its in zip(dataset.splits.items(), losses.split(sizes), strict=True):
        if name.endswith(VALIDATION):
            continue
        of_readers = {fact: float(split.truth_of_next(fact).mean()) for fact in NEEDS}
        loss = its.mean().item()
        for fact, value in of_readers.items():
            yield Measurement(fact, value, name)
        for fact in ("floor", "unbound"):
            yield Measurement(f"above_{fact}", loss - of_readers[fact], name)
