"""What planning asks of the networks; no training depends on it."""

from __future__ import annotations

from onset.models.mlp.settings import Settings

TAKES = "sequences"
"""the kind of world"""


def traits(settings: Settings) -> tuple[str, ...]:
    """What they are like (`onset.config.traits`)."""
    return ("embeddings", "symmetries")


def activations(settings: Settings, n_tokens: int, length: int) -> int:
    """Numbers that are kept of each example of a batch, at least."""
    return settings.n_hidden * settings.width + n_tokens


def problems(settings: Settings, max_hops: int, n_tokens: int, length: int) -> list[str]:
    """None: the networks are made to measure."""
    return []
