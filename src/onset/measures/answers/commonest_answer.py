"""The score of guessing from the last token alone: a baseline that every model has to beat.

Relations are random functions, so some of their answers are more common than others. The guess is the
answer that follows the last token most often among the trained facts.
"""

from __future__ import annotations

from collections.abc import Iterator

from onset.measures.answers.guessing import guess_from_last_token
from onset.measures.measurement import Measurement
from onset.models.batch import Model, Parameters
from onset.tasks.dataset import Dataset

NEEDS = ("bridge",)
SPLITS = ("atomic", "composed_train")
QUANTITIES = {
    "guess_accuracy": {"kind": "share", "label": "accuracy of the commonest answer"},
}

_TRAINED = ("atomic", "composed_train")


def measure(model: Model, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """`guess_accuracy` per split that holds two-hop questions; the model isn't looked at."""
    asked = [name for name, split in dataset.splits.items() if "bridge" in split.truth]
    yield from guess_from_last_token(dataset, _TRAINED, asked)
