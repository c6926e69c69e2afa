"""Model families, a package each.

A family has `settings.py` with a `Settings` class and `problems(settings, max_hops)`, which needs no
torch, and `model.py` with `build(settings, n_tokens, length) -> Model`.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType


def names() -> list[str]:
    """All model families there are."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if m.ispkg)


def load_settings(name: str) -> ModuleType:
    """The module of a family's settings. Only the family asked for is imported."""
    return importlib.import_module(f"{__name__}.{name}.settings")


def load(name: str) -> ModuleType:
    """The module of a family's model. Only the family asked for is imported."""
    return importlib.import_module(f"{__name__}.{name}.model")
