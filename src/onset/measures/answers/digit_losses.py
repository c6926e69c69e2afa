"""How well each digit of a sum is predicted, and what is missing: the sum of its pair, or the carry.

The loss of a digit is taken apart by the chain rule: as much as is missing to one of two digits, the one
without a carry and the one with it, and as much as is missing to which of the two. Quirke and Barez 2023
(arXiv:2310.13121) tell such parts by which questions need them; here both are asked of every question.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from onset.measures.answers.asking import is_right, logits_of_splits
from onset.measures.answers.columns import Column, columns_of
from onset.measures.measurement import Measurement
from onset.models.batch import Model, Parameters
from onset.tasks.dataset import VALIDATION, Dataset

NEEDS = ("columns",)
QUANTITIES = {
    "digit_loss": {"kind": "nats", "label": "loss of the digit (nats)"},
    "sum_loss": {"kind": "nats", "label": "loss of the digit but for the carry (nats)"},
    "carry_loss": {"kind": "nats", "label": "loss of the carry, given the rest (nats)"},
    "carried_loss": {"kind": "nats", "label": "loss of the digit where one is carried (nats)"},
    "uncarried_loss": {"kind": "nats", "label": "loss of the digit where none is carried (nats)"},
    "digit_accuracy": {"kind": "share", "label": "accuracy of the digit"},
    "answer_accuracy": {"kind": "share", "label": "answers with all digits right"},
    "cascade_accuracy": {"kind": "share", "label": "accuracy where a one is carried through nines"},
}

Digits = Float[Tensor, "questions tokens"]


def measure(model: Model, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """Per split but validation parts, the right digits before it being given to each digit:

    * `digit_loss`, `digit_accuracy` by column (`component`, 0: the ones): of the digit;
    * `sum_loss` by column: −ln of the probability that the digit without a carry and the one with it have
      together; `carry_loss`: −ln of the right one's share in that. They sum to `digit_loss`;
    * `carried_loss`, `uncarried_loss` by column: `digit_loss` over the questions in which a one is carried
      into it, and the others; missing where there are none;
    * `answer_accuracy`: fraction of questions with all digits right, as the model would write them;
    * `cascade_accuracy`: fraction of digits right into which a one is carried that has run through so many
      columns that sum to nine (`component`); missing where there are none.
    """
    logits = logits_of_splits(model, parameters, dataset).cpu()
    sizes = [split.targets.size for split in dataset.splits.values()]
    for (name, split), its in zip(dataset.splits.items(), logits.split(sizes), strict=True):
        if name.endswith(VALIDATION):
            continue
        of_places = its.view(len(split), len(split.scored), -1)
        hits, columns = [], columns_of(split)
        for column in columns:
            said = of_places[:, column.place]
            right = is_right(said, torch.from_numpy(column.targets)).numpy()
            hits.append(right)
            found = {"digit_accuracy": right.mean(), **_losses(said.double(), column)}
            for measured, value in found.items():
                yield Measurement(measured, float(value), name, component=column.number)
        right = np.stack(hits, 1)
        yield Measurement("answer_accuracy", float(right.all(1).mean()), name)
        nines = np.stack([column.nines for column in columns], 1)
        for n in range(nines.max() + 1):
            through = nines == n
            if through.any():
                value, n_examples = right[through].mean(), int(through.any(1).sum())
                yield Measurement(
                    "cascade_accuracy", float(value), name, component=n, n_examples=n_examples
                )


def _losses(said: Digits, column: Column) -> dict[str, float]:
    """Means over the questions."""
    log_probabilities = said.log_softmax(-1)
    right, other = (
        _of(log_probabilities, tokens) for tokens in (column.targets, column.otherwise_carried)
    )
    both = torch.logaddexp(right, other)
    found = {
        "digit_loss": -right.mean(),
        "sum_loss": -both.mean(),
        "carry_loss": (both - right).mean(),
    }
    for name, carry in (("carried_loss", 1), ("uncarried_loss", 0)):
        where = torch.from_numpy(column.carries == carry)
        if where.any():
            found[name] = -right[where].mean()
    return {name: its.item() for name, its in found.items()}


def _of(
    log_probabilities: Digits, tokens: Int[np.ndarray, " questions"]
) -> Float[Tensor, " questions"]:
    return log_probabilities.gather(1, torch.from_numpy(tokens)[:, None])[:, 0]
