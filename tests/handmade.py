"""Models that are just large enough for what was made by hand."""

from __future__ import annotations

from onset.handmade.blueprint import Blueprint
from onset.models.transformer.model import Transformer
from onset.models.transformer.settings import Settings


def model_of(its: Blueprint) -> Transformer:
    """One layer of ReLUs without norms."""
    widest = max((max(len(head.asks), len(head.carries)) for head in its.heads), default=1)
    heads = max(1, len(its.heads))
    d_head = max(widest, -(-(len(its.after) + len(its.directions)) // heads))
    settings = Settings(
        name="transformer", d_model=heads * d_head, n_heads=heads, norm="none", activation="relu",
        d_mlp=max(1, len(its.neurons)), tied_embeddings=False,
    )  # fmt: skip
    return Transformer(settings, len(its.after), its.length)
