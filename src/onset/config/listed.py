"""The conditions that a study lists: its own and those that the config adds, each with where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from onset.config.changes import Change, below, sections
from onset.config.problems import Layer, Problem, nearest, place
from onset.config.study_file import ConditionFile, StudyFile, StudyOverrides

_INHERITED = ("parent", "handmade", "interventions")
"""what a variant has of the other condition, beside its settings"""


@dataclass(frozen=True)
class Listed:
    """A study with what the config adds to it."""

    study: StudyFile
    """with both"""
    parts: Sequence[Layer]
    """where it stands: what is added, then the study's own file"""
    conditions: Mapping[str, Layer]
    """each as it was read"""

    @classmethod
    def of(
        cls, study_file: StudyFile, raw: Layer, overrides: Layer
    ) -> tuple[Listed, list[Problem]]:
        """The study, and names that are added and there already.

        Args:
            study_file: as it was understood.
            raw: the same as it was read.
            overrides: what the config changes in it; it adds nothing as long as it can't be understood.
        """
        try:
            adds = StudyOverrides.model_validate(overrides.values).adds
        except ValidationError:
            adds = StudyOverrides().adds
        added = Layer(overrides.file, below(overrides, "adds"), _mapping(overrides.values, "adds"))
        problems = [
            Problem(added.file, below(added, f"{kind}.{name}"), said)
            for kind, said in _THERE_ALREADY.items()
            for name in getattr(adds, kind)
            if name in getattr(study_file, kind)
        ]
        both = study_file.model_copy(
            update={
                kind: {**getattr(study_file, kind), **getattr(adds, kind)}
                for kind in _THERE_ALREADY
            }
        )
        conditions = {
            name: Layer(part.file, below(part, f"conditions.{name}"), its or {})
            for part in (raw, added)
            for name, its in _mapping(part.values, "conditions").items()
            if name in both.conditions
        }
        return cls(both, [added, raw], conditions), problems

    def place(self, key: str) -> tuple[str, str]:
        """File and path of a key of the study, wherever it stands."""
        return place(self.parts, key.split("."))

    def labelled(self) -> set[str]:
        """The conditions with a label of their own; that of others is derived from the name."""
        return {name for name, its in self.conditions.items() if "label" in its.values}

    def original_of(self, name: str) -> str | None:
        """What a condition is a variant of, if that is one of those listed."""
        its = self.study.conditions[name].variant_of
        return its if its in self.study.conditions else None

    def settings(self, name: str, changes: Sequence[Change]) -> tuple[list[Layer], list[Layer]]:
        """What a condition changes in the study's settings: as a variant of another, and by itself."""
        its = self.conditions[name]
        own = [
            Layer(its.file, its.key, sections(its.values)),
            *(change.of_condition(name) for change in changes),
        ]
        original = self.original_of(name)
        return (self.settings(original, changes)[1] if original else []), own

    def file(self, name: str, changes: Sequence[Change]) -> ConditionFile:
        """All else of a condition, as changed, and with what it has of the one that it is a variant of."""
        own = self.study.conditions[name]
        for change in changes:
            own = own.model_copy(update=change.in_place(name))
        original = self.original_of(name)
        if not original:
            return own
        other = self.file(original, changes)
        kept = {key: getattr(other, key) for key in _INHERITED if key not in own.model_fields_set}
        label = f"{other.label or _spelt(original)}: {own.label or _spelt(name)}"
        return own.model_copy(update={**kept, "label": label})

    def wrong_variants(self) -> Iterator[Problem]:
        """Variants of what isn't there, or is a variant itself."""
        there = [name for name, its in self.study.conditions.items() if not its.variant_of]
        for name, its in self.study.conditions.items():
            if its.variant_of and its.variant_of not in there:
                also = its.variant_of in self.study.conditions
                said = "is a variant itself" if also else "there is no such condition"
                message = f"{its.variant_of!r}: {said}; {nearest(its.variant_of, there)}"
                yield Problem(*self.place(f"conditions.{name}.variant_of"), message)


_THERE_ALREADY = {
    "conditions": "the study has it already; what changes in it stands under conditions, beside adds",
    "comparisons": "the study has it already; what changes in it stands under comparisons, beside adds",
    "reference": "the study has it already; give this one a name of its own",
}
"""what may be added, and what is wrong with a name that isn't new"""


def _spelt(name: str) -> str:
    return name.replace("_", " ")


def _mapping(values: dict[str, Any], key: str) -> dict[str, Any]:
    its = values.get(key)
    return its if isinstance(its, dict) else {}
