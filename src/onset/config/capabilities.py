"""What can be looked at inside a model, as those who want to look call it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from onset import models
from onset.config.traits import traits_of

CAPABILITIES = ("heads", "neurons")


def has_all(wanted: Iterable[str], model: Any) -> bool:
    """Whether there is all this in the models that settings describe.

    Args:
        wanted: some of `CAPABILITIES`.
        model: the settings.
    """
    return all(_has(its, model) for its in wanted)


def _has(capability: str, model: Any) -> bool:
    bridged = models.has_bridge(model.name)
    return bridged if capability == "heads" else bridged and "mlp" in traits_of(model)
