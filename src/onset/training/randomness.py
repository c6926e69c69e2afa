"""Randomness in training other than batches: a function of seed, draw and step, whatever came before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from onset.models.batch import AnyModel


def in_training(model: AnyModel) -> AnyModel:
    """The model as it is trained; of a family that leaves nothing to chance, itself."""
    return model.in_training() if hasattr(model, "in_training") else model


def seed_of_weights(seed: int, drawn: int) -> int:
    """What a model's initial weights are drawn with: of the first draw (0), the run's seed itself."""
    if not drawn:
        return seed
    return int(np.random.Philox(key=seed, counter=[0, drawn, 2, 0]).random_raw())


@contextmanager
def chance_of(seed: int, step: int, drawn: int = 0) -> Iterator[None]:
    """PyTorch's global generator as it is in this step of this run; afterwards it is as it was."""
    key = np.random.Philox(key=seed, counter=[0, drawn, 1, step]).random_raw()
    with torch.random.fork_rng():
        torch.manual_seed(int(key))
        yield
