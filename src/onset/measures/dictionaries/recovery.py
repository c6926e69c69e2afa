"""Does a dictionary contain the true features, and detect when they are present?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from onset.measures.dictionaries.matching import (
    Cosines,
    cosines_between,
    detection,
    latents_of,
    one_to_one,
)
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.dictionary.model import Dictionary
from onset.tasks.vectors import VectorDataset

NEEDS = ("amounts", "dictionary")
QUANTITIES = {
    "mean_max_cosine": {"kind": "cosine", "label": "largest cosine with a feature, mean"},
    "matched_cosine": {"kind": "cosine", "label": "cosine of the matched latent, mean"},
    "recovered": {"kind": "share", "label": "features recovered"},
    "precision": {"kind": "share", "label": "precision"},
    "recall": {"kind": "share", "label": "recall"},
    "latents_per_feature": {"kind": "ratio", "label": "latents per feature"},
}

RECOVERED = 0.9
"""the cosine from which on a feature counts as recovered"""
_ABOUT = 0.7  # the cosine from which on a latent is about a feature


def measure(
    model: Dictionary, parameters: Parameters, dataset: VectorDataset
) -> Iterator[Measurement]:
    """Per split and dictionary (`component`); a feature's latent is that of the one-to-one matching:

    * `mean_max_cosine`: over features, the largest cosine that any latent's direction has with it (Sharkey
      et al. 2022), and `matched_cosine`: that of its latent;
    * `recovered`: fraction of the features whose latent has a cosine of more than .9;
    * `precision`, `recall`: of the latent's activity for the feature's, mean over features;
    * `latents_per_feature`: latents that are ever active and have a cosine of more than .7 with some
      feature, per feature that is the nearest to any of them: above 1, features are split.
    """
    found = of_features(model, parameters, dataset)
    largest = found.cosines.amax(2).mean(1)
    for name in dataset.splits:
        its = found.detected[name]
        alive = (latents_of(model, parameters, dataset)[name] > 0).any(1)
        values = {
            "mean_max_cosine": largest,
            "matched_cosine": found.cosine.mean(1),
            "recovered": (found.cosine > RECOVERED).float().mean(1),
            "precision": its["precision"].mean(1),
            "recall": its["recall"].mean(1),
            "latents_per_feature": torch.stack(
                [_per_feature(*both) for both in zip(found.cosines, alive, strict=True)]
            ),
        }
        counted = {"recovered": found.cosine.shape[1]}
        for measure_name, of_dictionaries in values.items():
            n = counted.get(measure_name)
            for dictionary, value in enumerate(of_dictionaries.tolist()):
                yield Measurement(measure_name, value, name, component=dictionary, n_examples=n)


class OfFeatures(NamedTuple):
    """What each feature's latent is, and how well it tells of it."""

    cosines: Cosines
    latents: Int[Tensor, "dictionaries features"]
    cosine: Float[Tensor, "dictionaries features"]
    detected: dict[str, dict[str, Float[Tensor, "dictionaries features"]]]
    """split → `precision`, `recall`"""


def of_features(model: Dictionary, parameters: Parameters, dataset: VectorDataset) -> OfFeatures:
    """The one-to-one matching of latents to features, and how they detect them on every split."""
    truth = torch.from_numpy(dataset.truth["directions"])
    cosines = cosines_between(truth, model.directions(parameters).cpu())
    match = one_to_one(cosines)
    detected = {}
    for name, split in dataset.splits.items():
        active = torch.from_numpy(split.truth["amounts"]) > 0
        on = latents_of(model, parameters, dataset)[name] > 0
        matched = on.gather(2, match.latents.clamp(min=0)[:, None].expand(-1, len(active), -1))
        matched &= (match.latents >= 0)[:, None]
        each = [detection(active, of_one) for of_one in matched]
        detected[name] = {
            "precision": torch.stack([its.precision for its in each]),
            "recall": torch.stack([its.recall for its in each]),
        }
    return OfFeatures(cosines, match.latents, match.cosines, detected)


def _per_feature(cosines: Tensor, alive: Tensor) -> Tensor:
    largest, feature = cosines.max(0)
    about = feature[alive & (largest > _ABOUT)]
    return torch.tensor(len(about) / max(len(about.unique()), 1))
