"""A study: its file and all its conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from onset import models
from onset.comparisons.settings import ComparisonSettings
from onset.config.condition import Condition
from onset.config.study_file import StudyFile
from onset.settings import fits


@dataclass(frozen=True)
class Study:
    """A study with all its conditions."""

    name: str
    file: StudyFile
    base: Mapping[str, Any]
    """the settings that its conditions change, as the files have them, merged; without defaults"""
    conditions: Mapping[str, Condition]
    comparisons: Mapping[str, ComparisonSettings] = field(default_factory=dict)
    """with what the config overrides in them"""

    @cached_property
    def absent(self) -> str | None:
        """Why its models can't be had on this machine, the first reason; None: they can."""
        for condition in self.conditions.values():
            family = models.load_planning(condition.model.name)
            if hasattr(family, "absent") and (why := family.absent(condition.model)):
                return why
        return None

    @property
    def gathered(self) -> dict[str, Condition]:
        """The conditions whose models collections look at, if they want such models."""
        return {
            name: its for name, its in self.conditions.items() if fits(name, self.file.gathered)
        }

    @property
    def analysed(self) -> list[str]:
        """The conditions that are looked at more closely."""
        return [name for name, condition in self.conditions.items() if condition.analyses.names]

    @property
    def variants(self) -> dict[str, str]:
        """The conditions that are variants, with what they are variants of."""
        return {c.name: c.variant_of for c in self.conditions.values() if c.variant_of}

    @property
    def extra_seeds(self) -> dict[str, list[int]]:
        """Of the conditions that have seeds of their own."""
        return {c.name: list(c.extra_seeds) for c in self.conditions.values() if c.extra_seeds}
