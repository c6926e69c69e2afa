"""Model families, a package each.

A family has `settings.py`, which needs no torch, with a `Settings` class, `problems(settings, max_hops,
n_tokens, length)` and, if it knows them beforehand, its parameters' `shapes(settings, n_tokens, length)`;
`model.py` with `build(settings, n_tokens, length)`, a `Model` that knows its `settings`; and `bridge.py`
with `open_bridge(model, parameters, n_applications)`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor
    from transformer_lens.model_bridge import TransformerBridge

    from onset.models.batch import Model


def names() -> list[str]:
    """All model families there are."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if m.ispkg)


def load_settings(name: str) -> ModuleType:
    """The module of a family's settings. Only the family asked for is imported."""
    return importlib.import_module(f"{__name__}.{name}.settings")


def build(settings: Mapping[str, Any], n_tokens: int, length: int) -> Model:
    """The model that settings describe; their `name` is the family's, and only that is imported."""
    family = settings["name"]
    validated = load_settings(family).Settings.model_validate(dict(settings))
    return importlib.import_module(f"{__name__}.{family}.model").build(validated, n_tokens, length)


def open_bridge(
    model: Model, parameters: Mapping[str, Tensor], n_applications: int | None = None
) -> TransformerBridge:
    """A model that `build` made, with these parameters, in TransformerLens: by its family's `bridge.py`."""
    bridge = importlib.import_module(f"{__name__}.{model.settings.name}.bridge")
    return bridge.open_bridge(model, parameters, n_applications)
