"""Transformers with adapters, as transformers."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from onset.models.adapted.model import Adapted
from onset.models.batch import Parameters
from onset.models.transformer.model import Transformer


def plain(model: Adapted, parameters: Mapping[str, Tensor]) -> tuple[Transformer, Parameters]:
    """As `onset.models.plain` has it."""
    return model.plain, model.merged(parameters)
