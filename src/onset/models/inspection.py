"""Models opened in TransformerLens, by name of their family. Apart from all that trainings depend on.

A family of transformers has `bridge.py` with `open_bridge(model, parameters, n_applications)`; those that
have none open in no TransformerLens, and the atlas of heads leaves them out.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from onset import models

if TYPE_CHECKING:
    from torch import Tensor
    from transformer_lens.model_bridge import TransformerBridge

    from onset.models.batch import Model


@cache
def has_bridge(name: str) -> bool:
    """Whether a family's models open in TransformerLens; then they have attention heads."""
    return importlib.util.find_spec(f"{models.__name__}.{name}.bridge") is not None


def open_bridge(
    model: Model, parameters: Mapping[str, Tensor], n_applications: int | None = None
) -> TransformerBridge:
    """A model that `build` made, with these parameters, in TransformerLens: by its family's `bridge.py`.

    Raises:
        ValueError: the family has none.
    """
    if not has_bridge(model.settings.name):
        raise ValueError(
            f"TransformerLens opens transformers, and this model is of the family {model.settings.name}: "
            "use run.model and run.parameters()"
        )
    bridge = importlib.import_module(f"{models.__name__}.{model.settings.name}.bridge")
    return bridge.open_bridge(model, parameters, n_applications)
