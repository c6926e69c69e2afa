"""Models without adapters: the same function, with adapters merged into the weights that they belong to.

Only so are the weights of two models, or of two checkpoints of one, the same things in both. A family whose
models may have adapters has `plain.py` with `plain(model, parameters)`; all other models are plain.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from onset import models

if TYPE_CHECKING:
    from torch import Tensor

    from onset.models.batch import Parameters


def plain(model: Any, parameters: Mapping[str, Tensor]) -> tuple[Any, Parameters]:
    """The model that needs no adapters, and its parameters, which compute what these compute.

    Args:
        model: of any family, as `models.build` makes it.
        parameters: of it.
    """
    if (module := module_of(model.settings.name)) is None:
        return model, dict(parameters)
    return importlib.import_module(module).plain(model, parameters)


@cache
def module_of(family: str) -> str | None:
    """The module that makes models of a family plain; None: they are."""
    name = f"{models.__name__}.{family}.plain"
    return name if importlib.util.find_spec(name) else None
