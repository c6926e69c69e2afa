"""What a guess from the attribute alone would score: a baseline that every model has to beat.

The guess is the value that follows the attribute most often among the trained facts.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from onset.measures.measurement import Measurement
from onset.models.batch import Model, Parameters
from onset.tasks.dataset import Dataset

NEEDS = ("named",)

_TRAINED = ("base_facts", "alias_facts")
_ASKED = ("alias_facts", "id", "ood")


def measure(model: Model, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """`guess_accuracy` per split of questions about aliases; the model isn't looked at."""
    counts = np.zeros((dataset.n_tokens, dataset.n_tokens), int)
    for split in (dataset.splits[name] for name in _TRAINED):
        np.add.at(counts, (split.tokens[:, -1], split.targets[:, -1]), 1)
    guess = counts.argmax(1)
    for name in _ASKED:
        split = dataset.splits[name]
        right = guess[split.tokens[:, -1]] == split.targets[:, -1]
        yield Measurement("guess_accuracy", float(right.mean()), name)
