"""Do dictionaries that differ only in their initial parameters have the same latents?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import torch
import torch.nn.functional as F

from onset.measures.dictionaries.matching import cosines_between, latents_of, one_to_one
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.dictionary.model import Dictionary
from onset.tasks.vectors import VectorDataset

NEEDS = ("dictionary",)
ONLY_WITH = ("twins",)
QUANTITIES = {
    "agreement": {"kind": "share", "label": "latents with a twin"},
    "agreement_by_chance": {"kind": "share", "label": "latents with a twin, by chance"},
}

# Dictionaries start with directions drawn from their run's seed, and what is never trained keeps them.
_NO_RUNS_SEED = 2**32 - 1
_SAME = 0.7  # the threshold of Paulo & Belrose 2025


def measure(
    model: Dictionary, parameters: Parameters, dataset: VectorDataset
) -> Iterator[Measurement]:
    """Per split, and per pair of dictionaries that are equally sparse (`component`: the first of them):

    * `agreement`: fraction of the first's latents that are active on some example and have, matched one to
      one, a latent of the second within a cosine of .7 (Paulo & Belrose 2025, arXiv:2501.16615);
    * `agreement_by_chance`: the same with random directions in place of the second's.
    """
    s = model.settings
    directions = model.directions(parameters).cpu()
    random = torch.randn(
        directions[:1].shape, generator=torch.Generator().manual_seed(_NO_RUNS_SEED)
    )
    of_splits = latents_of(model, parameters, dataset)
    for first, second in combinations(range(len(s.sparsities)), 2):
        if s.sparsities[first] != s.sparsities[second]:
            continue
        others = {
            "agreement": directions[[second]],
            "agreement_by_chance": F.normalize(random, dim=-1),
        }
        for name, latents in of_splits.items():
            alive = (latents[first] > 0).any(0)
            for measure_name, its in others.items():
                matched = one_to_one(cosines_between(directions[first], its)).cosines[0]
                same = (matched[alive] > _SAME).float().mean().item() if alive.any() else 0.0
                n = max(1, int(alive.sum()))
                yield Measurement(measure_name, same, name, component=first, n_examples=n)
