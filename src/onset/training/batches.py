"""Batches by number: batch k is the same whether or not training was interrupted before it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import torch

from onset.models.batch import Batch, Questions
from onset.tasks.dataset import Dataset, Split


def questions_of(split: Split, rows: np.ndarray | slice = slice(None)) -> Questions:
    """Examples of a split as questions to a model."""
    return Questions(split.tokens[rows], split.scored, split.hops)


@lru_cache(maxsize=64)
@torch.inference_mode(False)  # kept for trainings, too
def whole(split: Split) -> Batch:
    """All of a split. One object, so that what depends on it is computed once."""
    return Batch.of([(questions_of(split), split.targets)])


def draw(dataset: Dataset, parts: Mapping[str, int], seed: int, step: int) -> Batch:
    """Batch number `step`, by a counter-based generator: of splits with replacement, of streams new.

    Args:
        dataset: the splits and streams.
        parts: how many examples to draw from which of them.
        seed: of the run.
        step: any step; the batch depends on no other.
    """
    rng = np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, 0, step]))
    groups = []
    for name, size in parts.items():
        if name in dataset.streams:
            split, rows = dataset.streams[name](size, rng), slice(None)
        else:
            split = dataset.splits[name]
            rows = rng.integers(len(split), size=size)
        groups.append((questions_of(split, rows), split.targets[rows]))
    return Batch.of(groups)
