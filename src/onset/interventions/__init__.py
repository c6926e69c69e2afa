"""Surgery on models at initialisation and during training, one kind a file.

A module has `altered(settings, model, parameters, sources, seed) -> Altered`. What it does depends on
nothing else, so that an interrupted training goes on as if nothing had happened.
"""

from __future__ import annotations

import importlib
from types import ModuleType


def load(name: str) -> ModuleType:
    """The intervention's module."""
    return importlib.import_module(f"{__name__}.{name}")
