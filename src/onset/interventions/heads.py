"""Which heads of a trained model are the induction circuit, and which of the parameters are a head's."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from onset.interventions.source import Source
from onset.measures import head_scores
from onset.models.transformer.model import Transformer


class Head(NamedTuple):
    layer: int
    number: int


class Scores(NamedTuple):
    """How much each head looks at previous tokens, and at what came after duplicates."""

    previous_token: Float[Tensor, "layers heads"]
    induction: Float[Tensor, "layers heads"]


def scores(model: Transformer, source: Source) -> Scores:
    """Of the source's last checkpoint."""
    with torch.inference_mode():
        measured = list(head_scores.measure(model, source.parameters(), source.dataset))
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


def others(heads: list[Head], n_heads: int, seed: int) -> list[Head]:
    """For each head another one of its layer, at random, none of them twice and none of the heads."""
    rng = np.random.Generator(np.random.Philox(seed))
    found: list[Head] = []
    for layer, _ in heads:
        free = [Head(layer, n) for n in range(n_heads) if Head(layer, n) not in [*heads, *found]]
        if not free:
            raise ValueError(f"layer {layer} has no {len(heads)} heads to choose others from")
        found.append(free[rng.integers(len(free))])
    return found


def places(model: Transformer, head: Head) -> dict[str, tuple[slice, ...]]:
    """A head's part of each parameter: rows of queries, keys and values, columns of the output."""
    d, layer = model.settings.d_head, f"layers.{head.layer}.attn"
    rows = slice(head.number * d, (head.number + 1) * d)
    found: dict[str, tuple[slice, ...]] = {f"{layer}.o.weight": (slice(None), rows)}
    for name in "qkv":
        found |= {f"{layer}.{name}.weight": (rows,), f"{layer}.{name}.bias": (rows,)}
    return found
