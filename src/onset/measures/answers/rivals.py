"""Is the right answer preferred to a wrong one that the question suggests as well?"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from onset.measures.answers.asking import logits_of_splits, targets_of_splits
from onset.measures.measurement import Measurement
from onset.models.batch import Model, Parameters
from onset.tasks.dataset import Dataset

NEEDS = ("rival",)
QUANTITIES = {
    "above_rival": {"kind": "share", "label": "right answer above its rival"},
    "rival_lead": {"kind": "logits", "label": "lead of the right answer over its rival (nats)"},
}


def measure(model: Model, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """Per split with rivals, at the last scored position:

    * `above_rival`: fraction in which the right token has a larger logit than the rival;
    * `rival_lead`: mean of the difference.
    """
    logits = logits_of_splits(model, parameters, dataset)
    targets = targets_of_splits(dataset).to(logits.device)
    sizes = [split.targets.size for split in dataset.splits.values()]
    of_splits = zip(logits.split(sizes), targets.split(sizes), strict=True)
    for (name, split), (said, right) in zip(dataset.splits.items(), of_splits, strict=True):
        if "rival" not in split.truth:
            continue
        last = slice(split.targets.shape[1] - 1, None, split.targets.shape[1])
        rival = torch.from_numpy(split.truth["rival"]).to(said.device)
        of_right, of_rival = (said[last].gather(1, its[:, None]) for its in (right[last], rival))
        lead = (of_right - of_rival).double()
        yield Measurement("above_rival", (lead > 0).double().mean().item(), name)
        yield Measurement("rival_lead", lead.mean().item(), name)
