"""Which heads form an induction circuit, according to their scores."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from onset.models.batch import Parameters
from onset.models.transformer.model import Transformer
from onset.tasks.dataset import Dataset


class Head(NamedTuple):
    layer: int
    number: int


class Scores(NamedTuple):
    """How much each head looks at previous tokens, and at what came after duplicates."""

    previous_token: Float[Tensor, "layers heads"]
    induction: Float[Tensor, "layers heads"]


def scores(model: Transformer, parameters: Parameters, dataset: Dataset) -> Scores:
    """On the sequences that `head_scores` measures heads by."""
    # Here, because TransformerLens comes with it, and who only names heads needs no such thing.
    from onset.measures.heads import head_scores

    with torch.inference_mode():
        measured = list(head_scores.measure(model, parameters, dataset))
    found = Scores(*torch.zeros(2, model.settings.n_applications, model.settings.n_heads))
    for kind, its in found._asdict().items():
        for m in measured:
            if m.measure == f"{kind}_score":
                its[m.layer, m.head] = m.value
    return found


def circuit(its: Scores, kind: str) -> list[Head]:
    """The head that looks most at previous tokens, the one that looks most after duplicates, or the `pair`.

    Where there are several layers, the second is not in the first, and the first is below the second.
    """
    n_layers, n_heads = its.induction.shape
    lowest = min(1, n_layers - 1)
    layer, number = divmod(int(its.induction[lowest:].argmax()), n_heads)
    induction = Head(layer + lowest, number)
    below = its.previous_token[: max(induction.layer, 1)]
    previous = Head(*divmod(int(below.argmax()), n_heads))
    found = {"previous_token": [previous], "induction": [induction], "pair": [previous, induction]}
    return found[kind]
