"""Are there latents that stand for facts that the parent's task knows about a state?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from onset.measures.dictionaries.matching import detection_by_all, latents_of
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.dictionary.model import Dictionary
from onset.tasks.vectors import VectorDataset

NEEDS = ("token", "dictionary")
QUANTITIES = {
    "*_f1": {"kind": "share", "label": "F1 of the best latent: *"},
    "*_f1_by_chance": {"kind": "share", "label": "F1 of the best latent, by chance: *"},
}


def measure(
    model: Dictionary, parameters: Parameters, dataset: VectorDataset
) -> Iterator[Measurement]:
    """Per fact of the states and dictionary (`component`), means over its values:

    * `FACT_f1`: harmonic mean of precision and recall, on `test`, of the latent that has the largest on
      `train` (sparse probing with one latent, Gurnee et al. 2023, arXiv:2305.01610);
    * `FACT_f1_by_chance`: the same with values that have been shuffled on `train`.
    """
    latents = latents_of(model, parameters, dataset)
    rng = np.random.Generator(np.random.Philox(0))
    for fact, train in dataset.splits["train"].truth.items():
        if train.max() < 0:
            continue
        n = int(max(train.max(), dataset.splits["test"].truth[fact].max())) + 1
        test = one_hot(dataset.splits["test"].truth[fact], n)
        known = test.any(0)
        for suffix, its in (("", train), ("_by_chance", rng.permutation(train))):
            of_train = one_hot(its, n)
            for dictionary in range(len(latents["train"])):
                chosen = best_latents(of_train, latents["train"][dictionary])
                on = latents["test"][dictionary] > 0
                f1 = detection_by_all(test, on).f1.gather(1, chosen[:, None])[known, 0]
                value = f1.mean().item() if len(f1) else 0.0
                yield Measurement(f"{fact}_f1{suffix}", value, "test", component=dictionary)


def best_latents(
    values: Bool[Tensor, "examples values"], latents: Float[Tensor, "examples latents"]
) -> Int[Tensor, " values"]:
    """Of each value the latent whose activity tells of it best."""
    return detection_by_all(values, latents > 0).f1.argmax(1)


def one_hot(values: Int[np.ndarray, " examples"], n: int) -> Bool[Tensor, "examples n"]:
    """Unknown values (below 0) are none."""
    found = F.one_hot(torch.from_numpy(values).clamp(min=0).long(), n)
    return (found * torch.from_numpy(values >= 0)[:, None]).bool()
