"""Model architectures, one file each: settings, initial parameters, loss.

A model module has a `Settings` class and `build(settings, n_tokens, length, max_hops) -> Model`.
"""

from __future__ import annotations

import importlib
from types import ModuleType

FAMILIES = ("transformer",)


def load(name: str) -> ModuleType:
    """The module of a model family. Only the one asked for is imported."""
    return importlib.import_module(f"{__name__}.{name}")
