"""What planning asks of transformers with adapters; no training depends on it."""

from __future__ import annotations

from onset.models.adapted.settings import Settings, adapters
from onset.models.transformer import planning as transformer
from onset.models.transformer import settings as plain

TAKES = transformer.TAKES
activations = transformer.activations

_OF_WEIGHTS = {"head_weights", "embeddings", "like_gpt2"}
"""what is true of a transformer's own parameters, and not of these before adapters are merged"""


def traits(settings: Settings) -> tuple[str, ...]:
    """What they are like (`onset.config.traits`)."""
    return tuple(its for its in transformer.traits(settings) if its not in _OF_WEIGHTS)


def carrier(settings: Settings) -> plain.Settings:
    """The model that adapters are put on: any run of it can give its weights."""
    return settings.plain


def problems(settings: Settings, max_hops: int, n_tokens: int, length: int) -> list[str]:
    """What makes these settings unfit for a task."""
    said = transformer.problems(settings, max_hops, n_tokens, length)
    if not any(True for _ in adapters(settings, n_tokens, length)):
        said.append(f"adapter: no matrix of a block is called {', '.join(settings.adapter.parts)}")
    return said
