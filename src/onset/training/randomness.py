"""Randomness in training other than batches: a function of the step, whatever came before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from onset.models.batch import AnyModel


def in_training(model: AnyModel) -> AnyModel:
    """The model as it is trained; of a family that leaves nothing to chance, itself."""
    return model.in_training() if hasattr(model, "in_training") else model


@contextmanager
def chance_of(seed: int, step: int) -> Iterator[None]:
    """PyTorch's global generator as it is in this step of this run; afterwards it is as it was."""
    key = np.random.Philox(key=seed, counter=[0, 0, 1, step]).random_raw()
    with torch.random.fork_rng():
        torch.manual_seed(int(key))
        yield
