"""Surgery on models at initialisation and during training, one kind a file.

A module is called as its settings are, and has `altered(settings, model, parameters, sources, seed) ->
Altered`. It is asked once: what it decides is part of the state that an interrupted training goes on from.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

_NOT_INTERVENTIONS = {"heads", "settings"}


def names() -> list[str]:
    """All interventions there are."""
    return sorted(
        m.name for m in pkgutil.iter_modules(__path__) if m.name not in _NOT_INTERVENTIONS
    )


def load(name: str) -> ModuleType:
    """The intervention's module."""
    return importlib.import_module(f"{__name__}.{name}")
