"""Which conditions have models that can be looked into, and what these are opened with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from onset.config.condition import Condition
from onset.config.traits import has_all
from onset.models import inspection


def having(conditions: Mapping[str, Condition], wanted: Iterable[str]) -> dict[str, Condition]:
    """Those whose models have all that is wanted."""
    return {name: its for name, its in conditions.items() if has_all(wanted, its.model)}


def opened(conditions: Iterable[Condition]) -> list[str]:
    """What is loaded by name where their models are opened, in TransformerLens too if they open there."""
    families = {its.model.name for its in conditions}
    return [
        f"onset.models.{its}.{part}"
        for its in sorted(families)
        for part in ("model", *(["bridge"] if inspection.has_bridge(its) else []))
    ]
