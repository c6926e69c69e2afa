"""Losses of single tokens over the course of a run."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float

from onset.measures.answers.asking import targets_of_splits
from onset.runs.run import Run
from onset.training.batches import whole


def losses_of(run: Run, split: str) -> Float[np.ndarray, "steps scored"]:
    """Cross-entropy of every scored token of a split, in nats, at each checkpoint."""
    its = run.dataset.only([split])
    questions = whole(its.splits[split]).questions
    targets = targets_of_splits(its)
    losses = []
    with torch.inference_mode():
        for step in run.steps:
            logits = run.model.logits(run.parameters(step), questions)
            losses.append(F.cross_entropy(logits, targets, reduction="none").numpy())
    return np.stack(losses)
