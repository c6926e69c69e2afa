"""What the rules ask about comparisons: which runs each group of them has, and what is made of it."""

from __future__ import annotations

from dataclasses import asdict
from functools import cached_property
from typing import Any, Protocol

from onset import comparisons, tasks
from onset.code.fingerprint import fingerprint
from onset.comparisons.settings import ComparisonSettings
from onset.config.groups import Group, Member, groups_of
from onset.config.wants import named_in
from onset.models import plain
from onset.settings import canonical_json
from onset.workflow.jobs.part import Part


class OfComparison(Protocol):
    """The wildcards of a rule about a comparison, or about a group of its runs."""

    study: str
    comparison: str
    group: str


class Comparisons(Part):
    """Jobs that look at several finished runs, or at several checkpoints of one, together.

    A job per group, so that a condition or a seed more looks at no group again that it doesn't belong to;
    and one per comparison that joins their tables.
    """

    @property
    def left(self) -> list[str]:
        tables = [path for study in self._project.studies for path in self.tables_of(study)]
        groups = (
            self.groups_in(study, name)
            for study, of_study in self._groups.items()
            for name in of_study
        )
        return [*tables, *(path for of_one in groups for path in of_one)]

    def tables_of(self, study: str) -> list[str]:
        """A table per comparison of a study."""
        return [f"{self._folder(study)}/{name}.parquet" for name in self._settings(study)]

    def groups(self, wildcards: OfComparison) -> list[str]:
        """The tables that a comparison's is put together from."""
        return self.groups_in(wildcards.study, wildcards.comparison)

    def groups_in(self, study: str, name: str) -> list[str]:
        folder = f"{self._folder(study)}/{name}"
        return [f"{folder}/{group}.parquet" for group in self._groups[study][name]]

    def indexes(self, wildcards: OfComparison) -> list[str]:
        """The indexes of the checkpoints of all runs of a group."""
        folders = [
            self.run_folder(its.study, its.condition, its.seed)
            for its in self._group(wildcards).members
        ]
        return [f"{folder}/checkpoints/index.json" for folder in dict.fromkeys(folders)]

    def settings(self, wildcards: OfComparison) -> str:
        its = self._comparison(wildcards)
        told: dict[str, Any] = {
            "name": its.name,
            "members": [_told(member) for member in self._group(wildcards).members],
            "checkpoints": its.checkpoints,
            "splits": its.splits,
            "options": its.options,
            "device": self._project.device_of_looks,
            "threads": self._project.settings.threads,
        }
        return canonical_json(told)

    def code(self, wildcards: OfComparison) -> str:
        """Fingerprint of the stage, of the comparison and what it is told to load, and of the families
        whose models it looks at, and of what makes these plain.

        Of a task that streams were drawn from, too: to be drawn from again, they need its code.
        """
        members = self._group(wildcards).members
        conditions = [self._project.condition(its.study, its.condition) for its in members]
        names = {its.model.name for its in conditions}
        families = sorted(f"onset.models.{its}.model" for its in names)
        merged = sorted(module for its in names if (module := plain.module_of(its)))
        streamed = {
            tasks.CATALOGUE.dotted(its.task.name)
            for its in conditions
            if set(its.training.mixture) - set(its.task.splits)
        }
        its = self._comparison(wildcards)
        loaded = [comparisons.CATALOGUE.dotted(its.name), *named_in(its)]
        return fingerprint("onset.stages.compare", *loaded, *families, *merged, *sorted(streamed))

    def _settings(self, study: str) -> dict[str, ComparisonSettings]:
        return dict(self._project.studies[study].comparisons)

    def _comparison(self, wildcards: OfComparison) -> ComparisonSettings:
        return self._settings(wildcards.study)[wildcards.comparison]

    def _group(self, wildcards: OfComparison) -> Group:
        return self._groups[wildcards.study][wildcards.comparison][wildcards.group]

    def _folder(self, study: str) -> str:
        return f"{self._root}/{study}/comparisons"

    @cached_property
    def _groups(self) -> dict[str, dict[str, dict[str, Group]]]:
        """Study → comparison → group."""
        seeds = self._project.all_runs
        return {
            study: {
                name: {group.name: group for group in groups_of(its, settings, seeds)}
                for name, settings in its.comparisons.items()
            }
            for study, its in self._project.studies.items()
        }


def _told(member: Member) -> dict[str, Any]:
    """A run, and the step of its checkpoint if one is meant."""
    return {key: value for key, value in asdict(member).items() if value is not None}
