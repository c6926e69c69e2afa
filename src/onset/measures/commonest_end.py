"""What a guess from the last relation alone would score: a baseline that every model has to beat.

Relations are random functions, so some of their answers are commoner than others, and in longer chains
more so. The guess is the answer that follows the last relation most often among all that may be trained.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from onset.measures.measurement import Measurement
from onset.models.batch import Model, Parameters
from onset.tasks.dataset import Dataset

NEEDS = ("bridge",)

_TRAINED = ("atomic", *(f"hops{hops}_train" for hops in (2, 3, 4)))


def measure(model: Model, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """`guess_accuracy` per split of chains; the model isn't looked at."""
    counts = np.zeros((dataset.n_tokens, dataset.n_tokens), int)
    for split in (dataset.splits[name] for name in _TRAINED if name in dataset.splits):
        np.add.at(counts, (split.tokens[:, -1], split.targets[:, -1]), 1)
    guess = counts.argmax(1)
    for name, split in dataset.splits.items():
        if "bridge" in split.truth:
            right = guess[split.tokens[:, -1]] == split.targets[:, -1]
            yield Measurement("guess_accuracy", float(right.mean()), name)
