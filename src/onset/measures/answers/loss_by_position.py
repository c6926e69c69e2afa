"""How well each position of a sequence is predicted, and how much better later ones are.

In-context learning as in Olsson et al. 2022 (arXiv:2209.11895): what comes late in a sequence is
predicted better than what comes early.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch.nn.functional as F

from onset.measures.answers.asking import logits_of_splits, targets_of_splits
from onset.measures.measurement import Measurement
from onset.models.batch import Model, Parameters
from onset.tasks.dataset import VALIDATION, Dataset

NEEDS = ("repeats",)
QUANTITIES = {
    "position_loss": {"kind": "nats", "label": "loss at the position (nats)"},
    "in_context_score": {"kind": "logits", "label": "late loss − early loss (nats)"},
}


def measure(model: Model, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """Per split that is scored at several positions, but for validation parts:

    * `position_loss`: mean cross-entropy of the token after a `position`, in nats;
    * `in_context_score`: of the last quarter of the positions minus that of the first; negative where
      a model learns in context.
    """
    logits = logits_of_splits(model, parameters, dataset)
    targets = targets_of_splits(dataset).to(logits.device)
    losses = F.cross_entropy(logits, targets, reduction="none").double()
    sizes = [split.targets.size for split in dataset.splits.values()]
    for (name, split), its in zip(dataset.splits.items(), losses.split(sizes), strict=True):
        if name.endswith(VALIDATION) or len(split.scored) < 4:
            continue
        by_position = its.view(-1, len(split.scored)).mean(0)
        for position, loss in zip(split.scored, by_position.tolist(), strict=True):
            yield Measurement("position_loss", loss, name, position=position)
        quarter = len(by_position) // 4
        late, early = by_position[-quarter:].mean(), by_position[:quarter].mean()
        yield Measurement("in_context_score", (late - early).item(), name)
