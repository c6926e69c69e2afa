"""Pretrained models with adapters, as the models that were adapted."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from torch import Tensor

from onset.models.batch import Parameters
from onset.models.pretrained.model import Pretrained, build
from onset.models.pretrained.settings import Settings


def plain(model: Pretrained, parameters: Mapping[str, Tensor]) -> tuple[Pretrained, Parameters]:
    """As `onset.models.plain` has it."""
    if model.settings.adapter is None:
        return model, dict(parameters)
    settings = model.settings.model_copy(update={"adapter": None})
    return _built(settings, model.n_tokens, model.length), model.plain(parameters)


@lru_cache(maxsize=1)
def _built(settings: Settings, n_tokens: int, length: int) -> Pretrained:
    """One for all checkpoints of a run: its module takes the memory of the model."""
    return build(settings, n_tokens, length)
