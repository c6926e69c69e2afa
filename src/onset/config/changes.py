"""What changes a study as a whole: its own `smoke` settings, then the config's overrides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from onset.config.problems import Layer, Problem, nearest, problems_of
from onset.config.study_file import SECTIONS, StudyChanges, StudyFile, StudyOverrides


@dataclass(frozen=True)
class Change:
    """One of them."""

    layer: Layer
    its: StudyChanges

    @property
    def sections(self) -> Layer:
        """What it changes in the study's own settings."""
        return Layer(self.layer.file, self.layer.key, sections(self.layer.values))

    def of_condition(self, name: str) -> Layer:
        """What it changes in one condition."""
        changed = (self.layer.values.get("conditions") or {}).get(name) or {}
        return Layer(self.layer.file, below(self.layer, f"conditions.{name}"), sections(changed))

    def in_place(self, condition: str) -> dict[str, Any]:
        """What stands here in place of what the condition has."""
        its = self.its.conditions
        return its[condition].in_place if condition in its else {}

    def unknown_names(self, study_file: StudyFile) -> Iterator[Problem]:
        """Conditions and comparisons that the study doesn't have."""
        for kind in ("conditions", "comparisons"):
            there = getattr(study_file, kind)
            for name in (name for name in getattr(self.its, kind) if name not in there):
                said = f"there is no such {kind.removesuffix('s')}; {nearest(name, there)}"
                yield Problem(self.layer.file, below(self.layer, f"{kind}.{name}"), said)


def changes_of(
    study_file: StudyFile, raw: Layer, overrides: Layer, smoke: bool
) -> tuple[list[Change], list[Problem]]:
    """All that changes a study, later ones win; and what is wrong with them.

    Args:
        study_file: as it was understood.
        raw: the same as it was read.
        overrides: what the config changes in it.
        smoke: whether its `smoke` settings count; they are judged in any case.
    """
    try:
        over = Change(overrides, StudyOverrides.model_validate(overrides.values))
    except ValidationError as error:
        return [], problems_of(error, StudyOverrides, [overrides])
    if study_file.smoke is None:
        said = "a smoke run needs settings that take seconds; `smoke: {}` if the study's own do"
        missing = [Problem(raw.file, "smoke", f"this key is missing: {said}")] if smoke else []
        return [over], [*missing, *over.unknown_names(study_file)]
    small = Change(Layer(raw.file, "smoke", raw.values["smoke"]), study_file.smoke)
    problems = [*small.unknown_names(study_file), *over.unknown_names(study_file)]
    return [small, over] if smoke else [over], problems


def grids_of(raw: Layer, changes: Sequence[Change]) -> Layer:
    """The layer whose `sweep` counts."""
    swept = [change.layer for change in changes if "sweep" in change.layer.values]
    return swept[-1] if swept else raw


def sections(values: dict[str, Any]) -> dict[str, Any]:
    """The parts that a condition may change."""
    return {key: value for key, value in values.items() if key in SECTIONS}


def below(layer: Layer, key: str) -> str:
    """The path to a key of a layer."""
    return f"{layer.key}.{key}" if layer.key else key
