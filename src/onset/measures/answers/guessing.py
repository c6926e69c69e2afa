"""Shared code of the baselines that guess from a question's last token alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from onset.measures.measurement import Measurement
from onset.tasks.dataset import Dataset


def guess_from_last_token(
    dataset: Dataset, trained: Iterable[str], asked: Iterable[str]
) -> Iterator[Measurement]:
    """`guess_accuracy` per split: of the answer that follows the last token most often in training.

    Args:
        dataset: the world.
        trained: splits that answers are counted in.
        asked: splits to guess in.
    """
    counts = np.zeros((dataset.n_tokens, dataset.n_tokens), int)
    for split in (dataset.splits[name] for name in trained):
        np.add.at(counts, (split.tokens[:, -1], split.targets[:, -1]), 1)
    guess = counts.argmax(1)
    for name in asked:
        split = dataset.splits[name]
        right = guess[split.tokens[:, -1]] == split.targets[:, -1]
        yield Measurement("guess_accuracy", float(right.mean()), name)
