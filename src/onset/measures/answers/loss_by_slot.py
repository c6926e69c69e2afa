"""Which tokens of a text are predicted how well: by part of speech, and by the rule behind them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F

from onset.measures.answers.asking import logits_of_splits, targets_of_splits
from onset.measures.measurement import Measurement
from onset.models.batch import Model, Parameters
from onset.tasks.dataset import VALIDATION, Dataset

NEEDS = ("slot", "rule", "unbound")
QUANTITIES = {
    "slot_part": {"kind": "logits", "label": "part of the loss above what can be had (nats)"},
    "slot_loss": {"kind": "nats", "label": "loss at tokens of the slot (nats)"},
    "rule_loss": {"kind": "nats", "label": "loss at tokens that the rule determines (nats)"},
}


def measure(model: Model, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """Per split in which all tokens are asked for, but for validation parts; `component` is the number of
    the slot or rule of the token that comes next, in the dataset's `names`:

    * `slot_loss`, `rule_loss`: mean over the tokens of the slot, or those that the rule determines;
    * `slot_part`: the slot's part of the loss beyond that of the best reader without composed rules; the
      parts of all slots add up to the whole.
    """
    logits = logits_of_splits(model, parameters, dataset)
    targets = targets_of_splits(dataset).to(logits.device)
    losses = F.cross_entropy(logits, targets, reduction="none").to(torch.float64)
    sizes = [split.targets.size for split in dataset.splits.values()]
    for (name, split), of_split in zip(dataset.splits.items(), losses.split(sizes), strict=True):
        if name.endswith(VALIDATION) or split.targets.shape[1] < split.tokens.shape[1] - 1:
            continue
        its = of_split.cpu().numpy()
        beyond = its - split.truth_of_next("unbound").ravel()
        for fact in ("slot", "rule"):
            values = split.truth_of_next(fact).ravel()
            for value in np.unique(values).tolist():
                here = values == value
                loss = float(its[here].mean())
                yield Measurement(f"{fact}_loss", loss, name, component=value)
                if fact == "slot":
                    yield Measurement(
                        "slot_part", float(beyond[here].sum() / its.size), name, component=value
                    )
