"""The score of guessing from the last relation alone: a baseline that every model has to beat.

Relations are random functions, so some of their answers are more common than others, and in longer chains
more so. The guess is the answer that follows the last relation most often among all that may be trained.
"""

from __future__ import annotations

from collections.abc import Iterator

from onset.measures.answers.guessing import guess_from_last_token
from onset.measures.measurement import Measurement
from onset.models.batch import Model, Parameters
from onset.tasks.dataset import Dataset

NEEDS = ("bridge",)
SPLITS = ("atomic", "hops2_seen")
QUANTITIES = {
    "guess_accuracy": {"kind": "share", "label": "accuracy of the commonest answer"},
}

_TRAINED = ("atomic", *(f"hops{hops}_train" for hops in (2, 3, 4)))


def measure(model: Model, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """`guess_accuracy` per split of chains; the model isn't looked at."""
    trained = [name for name in _TRAINED if name in dataset.splits]
    asked = [name for name, split in dataset.splits.items() if "bridge" in split.truth]
    yield from guess_from_last_token(dataset, trained, asked)
