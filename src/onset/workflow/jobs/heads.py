"""Which conditions have attention heads, and what is needed to open their models."""

from __future__ import annotations

from onset.config.project import Project
from onset.config.study import Condition


def with_heads(project: Project, study: str) -> dict[str, Condition]:
    conditions = project.studies[study].conditions
    return {name: its for name, its in conditions.items() if its.has_heads}


def opened(project: Project, study: str) -> list[str]:
    """What is loaded by name where the models of a study are opened in TransformerLens."""
    families = {f"onset.models.{its.model.name}" for its in with_heads(project, study).values()}
    return [f"{its}.{part}" for its in sorted(families) for part in ("model", "bridge")]
