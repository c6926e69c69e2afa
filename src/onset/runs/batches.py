"""The batches that a run was trained on. They aren't stored: seed and step determine them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from onset.models.batch import Batch, VectorBatch
from onset.tasks.worlds import World
from onset.training.loop import batches
from onset.training.settings import TrainingSettings


def batch_at(
    step: int, n: int | None, dataset: World, training: TrainingSettings, seed: int
) -> Batch | VectorBatch:
    """What the update from `step` to `step + 1` was computed on.

    Args:
        step: the number of updates before it.
        n: keep only the first n examples of each split in the batch; None: all.
        dataset: of the run, with the streams that it was trained on.
        training: of the run.
        seed: of the run.

    Raises:
        ValueError: training had no such update, or `n` would leave nothing of the batch.
    """
    if not 0 <= step < training.updates:
        has = f"those from 0 to {training.updates - 1}" if training.updates else "none"
        raise ValueError(f"no update starts from step {step}: training has {has}")
    if n is not None and n < 1:
        raise ValueError(f"n is the number of examples of each split: at least 1, not {n}")
    batch = batches(dataset, training, seed)(step)
    if n is None:
        return batch
    if isinstance(batch, VectorBatch):
        whole = training.batch_size is None
        sizes = [len(batch.inputs)] if whole else list(training.batch_parts().values())
        rows = torch.from_numpy(_first(n, sizes))
        return replace(batch, inputs=batch.inputs[rows], targets=batch.targets[rows])
    sizes = [len(its.tokens) * its.n_scored for its in batch.questions]
    targets = batch.targets.split(sizes)
    groups = [
        replace(
            its,
            tokens=its.tokens[:n],
            scored_at=None if its.scored_at is None else its.scored_at[:n],
        )
        for its in batch.questions
    ]
    kept = [its[: n * group.n_scored] for its, group in zip(targets, groups, strict=True)]
    return Batch(groups, torch.cat(kept))


def _first(n: int, sizes: Sequence[int]) -> np.ndarray:
    """The indices of the first n entries of each part; parts of these sizes follow one another."""
    starts = np.cumsum([0, *sizes[:-1]])
    places = [start + np.arange(min(n, size)) for start, size in zip(starts, sizes, strict=True)]
    return np.concatenate(places)
