"""Which heads an intervention takes, which others it could, and a head's parameters."""

from __future__ import annotations

import numpy as np

from onset.measures.heads.circuit import Head, Scores, scores
from onset.models.transformer.model import Transformer
from onset.runs.source import Source


def scores_of(model: Transformer, source: Source) -> Scores:
    """At the source's last checkpoint."""
    return scores(model, source.parameters(), source.dataset)


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
