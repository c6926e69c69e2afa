"""Checkpoints as TransformerLens sees them, adapters merged."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor
from transformer_lens.model_bridge import TransformerBridge

from onset.models.adapted.model import Adapted
from onset.models.transformer import bridge


def open_bridge(
    model: Adapted, parameters: Mapping[str, Tensor], n_applications: int | None = None
) -> TransformerBridge:
    """The model as a `TransformerBridge`, all hooks in place (`onset.models.transformer.bridge`)."""
    return bridge.open_bridge(model.plain, model.merged(parameters), n_applications)
