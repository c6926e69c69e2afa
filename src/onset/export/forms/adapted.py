"""Transformers with adapters in Hugging Face's form: the same function without them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from torch import Tensor

from onset.export.forms import transformer
from onset.export.forms.form import Form
from onset.models.adapted.model import Adapted


def form(model: Adapted) -> Form:
    """That of the transformer; adapters are merged when a checkpoint is written."""
    plain = transformer.form(model.plain)

    def tensors(parameters: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return plain.tensors(model.merged(parameters))

    return replace(plain, tensors=tensors)
