"""In which blocks does a training keep what it has learnt?

Adapters are what training has changed. Those of some neighbouring blocks are silenced, as if these were
the blocks of the model before training, or all others are, as if only these had been trained: are the facts
still answered? What neither costs nor gives much anywhere is spread over the model (Hase et al. 2023,
arXiv:2301.04213, find that where a fact can be edited says little of where it is stored).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from onset.measures.answers.among_candidates import of_split
from onset.measures.answers.asking import logits_of_choices
from onset.measures.measurement import Measurement
from onset.models.batch import AdaptedModel, Parameters
from onset.tasks.dataset import Dataset

NEEDS = ("adapters", "candidates")
QUANTITIES = {
    "alone_right": {"kind": "share", "label": "right, only these blocks trained"},
    "missing_right": {"kind": "share", "label": "right, these blocks untrained"},
}

_GROUPS = 5  # of neighbouring blocks


def analyse(
    model: AdaptedModel, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """Per split of single facts (one hop, with an `entity`), by the first block of a group (`layer`):

    * `alone_right`: fraction answered right, first among the candidates, if only its adapters work;
    * `missing_right`: the same if all but its adapters work.
    """
    single = {
        name
        for name, split in dataset.splits.items()
        if split.candidates is not None and split.hops == 1 and "entity" in split.truth
    }
    asked, depth = dataset.only(single), model.depth(1)
    borders = np.unique(np.linspace(0, depth, _GROUPS + 1).round().astype(int))
    for first, end in zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True):
        group = set(range(first, end))
        silent = {"alone_right": set(range(depth)) - group, "missing_right": group}
        for quantity, layers in silent.items():
            changed = model.without_adapters(parameters, layers)
            for name, logits in logits_of_choices(model, changed, asked).items():
                found = of_split(logits, asked.splits[name])
                yield Measurement(quantity, found["right_among"].mean().item(), name, first)
