"""Feature by feature: which ones have latents, and how well these detect them."""

from __future__ import annotations

from collections.abc import Iterator

from onset.measures.dictionaries.recovery import of_features
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.dictionary.model import Dictionary
from onset.tasks.vectors import VectorDataset

NEEDS = ("amounts", "dictionary")
QUANTITIES = {
    "feature_cosine": {"kind": "cosine", "label": "cosine of the feature's latent"},
    "feature_precision": {"kind": "share", "label": "precision of the feature's latent"},
    "feature_recall": {"kind": "share", "label": "recall of the feature's latent"},
}


def analyse(
    model: Dictionary, parameters: Parameters, dataset: VectorDataset, seed: int
) -> Iterator[Measurement]:
    """Per feature (`component`: its dictionary × features + its number), of its latent by the one-to-one
    matching: `feature_cosine`, and per split `feature_precision` and `feature_recall`."""
    found = of_features(model, parameters, dataset)
    for place, value in enumerate(found.cosine.ravel().tolist()):
        yield Measurement("feature_cosine", value, component=place)
    for name, its in found.detected.items():
        for which, values in its.items():
            for place, value in enumerate(values.ravel().tolist()):
                yield Measurement(f"feature_{which}", value, name, component=place)
