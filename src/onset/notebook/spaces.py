"""Spaces in which each checkpoint of a run is a point: its logits, its weights, its losses of tokens.

Of the schedule's checkpoints alone: a finer stretch would weigh more than the rest of the training.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float

from onset.measures.answers.asking import targets_of_splits
from onset.measures.fourier import spectrum
from onset.runs.run import Run
from onset.training.batches import whole

Points = Float[np.ndarray, "steps n"]


def logits_of_pairs(run: Run) -> Points:
    """Of a run of modular addition: logits of all pairs, relative to their mean over answers."""
    points = []
    for step in run.scheduled_steps:
        its = spectrum.logits_of_pairs(run.model, run.parameters(step), run.dataset)
        points.append((its - its.mean(-1, keepdim=True)).flatten().numpy())
    return np.stack(points)


def weights(run: Run) -> Points:
    """All parameters."""
    return np.stack(
        [
            np.concatenate([its.numpy().ravel() for its in run.parameters(step).values()])
            for step in run.scheduled_steps
        ]
    )


def losses_of_tokens(run: Run, split: str) -> Points:
    """Cross-entropy of every scored token of a split, in nats."""
    its = run.dataset.only([split])
    questions = whole(its.splits[split]).questions
    targets = targets_of_splits(its)
    losses = []
    with torch.inference_mode():
        for step in run.scheduled_steps:
            logits = run.model.logits(run.parameters(step), questions)
            losses.append(F.cross_entropy(logits, targets, reduction="none").numpy())
    return np.stack(losses)
