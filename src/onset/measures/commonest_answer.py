"""What a guess from the last token alone would score: a baseline that every model has to beat.

Relations are random functions, so some of their answers are commoner than others. The guess is the
answer that follows the last token most often among the trained facts.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from onset.measures.measurement import Measurement
from onset.models.batch import Model, Parameters
from onset.tasks.dataset import Dataset

NEEDS = ("bridge",)

_TRAINED = ("atomic", "composed_train")


def measure(model: Model, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """`guess_accuracy` per split that holds two-hop questions; the model isn't looked at."""
    trained = [dataset.splits[name] for name in _TRAINED]
    counts = np.zeros((dataset.n_tokens, dataset.n_tokens), int)
    for split in trained:
        np.add.at(counts, (split.tokens[:, -1], split.targets[:, -1]), 1)
    guess = counts.argmax(1)
    for name, split in dataset.splits.items():
        if "bridge" in split.truth:
            right = guess[split.tokens[:, -1]] == split.targets[:, -1]
            yield Measurement("guess_accuracy", float(right.mean()), name)
