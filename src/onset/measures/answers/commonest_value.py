"""The score of guessing from the attribute alone: a baseline that every model has to beat.

The guess is the value that follows the attribute most often among the trained facts.
"""

from __future__ import annotations

from collections.abc import Iterator

from onset.measures.answers.guessing import guess_from_last_token
from onset.measures.measurement import Measurement
from onset.models.batch import Model, Parameters
from onset.tasks.dataset import Dataset

NEEDS = ("named",)
QUANTITIES = {
    "guess_accuracy": {"kind": "share", "label": "accuracy of the commonest answer"},
}

_TRAINED = ("base_facts", "alias_facts")
_ASKED = ("alias_facts", "id", "ood")


def measure(model: Model, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """`guess_accuracy` per split of questions about aliases; the model isn't looked at."""
    yield from guess_from_last_token(dataset, _TRAINED, _ASKED)
