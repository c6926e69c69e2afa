"""Numbered batches: batch k is the same whether or not training was interrupted before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import torch

from onset.models.batch import Batch, Questions, VectorBatch
from onset.tasks.dataset import Split
from onset.tasks.vectors import VectorDataset, VectorSplit
from onset.tasks.worlds import World

Rows = np.ndarray | slice


def questions_of(split: Split, rows: Rows = slice(None)) -> Questions:
    """Examples of a split as questions to a model."""
    its_own = None if split.scored_at is None else split.scored_at[rows]
    return Questions(split.tokens[rows], split.scored, split.hops, its_own)


@lru_cache(maxsize=64)
@torch.inference_mode(False)  # kept for trainings, too
def whole(split: Split) -> Batch:
    """All of a split. One object, so that what depends on it is computed once."""
    return Batch.of([(questions_of(split), split.targets)])


def full(dataset: World, name: str) -> Batch | VectorBatch:
    """All of one split of a world."""
    split = dataset.splits[name]
    if isinstance(dataset, VectorDataset):
        return _vectors(dataset, [(split, slice(None))])
    return whole(split)


def draw(
    dataset: World, parts: Mapping[str, int], seed: int, step: int, drawn: int = 0
) -> Batch | VectorBatch:
    """Batch number `step`, by a counter-based generator: of splits with replacement, of streams new.

    Args:
        dataset: the splits and streams.
        parts: how many examples to draw from which of them.
        seed: of the run.
        step: any step; the batch depends on no other.
        drawn: which draw of the run's batches.
    """
    rng = np.random.Generator(np.random.Philox(key=seed, counter=[0, drawn, 0, step]))
    drawn = []
    for name, size in parts.items():
        if name in dataset.streams:
            split, rows = dataset.streams[name](size, rng), slice(None)
        else:
            split = dataset.splits[name]
            rows = rng.integers(len(split), size=size)
        drawn.append((split, rows))
    if isinstance(dataset, VectorDataset):
        return _vectors(dataset, drawn)
    return Batch.of((questions_of(split, rows), split.targets[rows]) for split, rows in drawn)


def _vectors(dataset: VectorDataset, drawn: Sequence[tuple[VectorSplit, Rows]]) -> VectorBatch:
    inputs = torch.from_numpy(np.concatenate([split.inputs[rows] for split, rows in drawn]))
    targets = inputs
    if any(split.targets is not None for split, _ in drawn):
        wanted = [split.wanted[rows] for split, rows in drawn]
        targets = torch.from_numpy(np.concatenate(wanted))
    weights = None if dataset.weights is None else torch.from_numpy(dataset.weights)
    return VectorBatch(inputs, targets, weights)
