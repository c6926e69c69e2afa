"""What the rules ask about models that are made from what a package ships, before runs begin with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Protocol

from snakemake.io import ancient

from onset import models
from onset.code.fingerprint import fingerprint
from onset.config.condition import Condition
from onset.settings import Settings, canonical_json
from onset.workflow.jobs.part import Part, Wildcards


class OfWeights(Protocol):
    """The wildcards of the rule `weights`."""

    weights: str
    """the folder, by its name"""


class Weights(Part):
    """Jobs that fill a cache: outside of results, since other results can use it as well."""

    def of_run(self, wildcards: Wildcards) -> list[str]:
        """What the jobs of a run read. When it was made says nothing: which one it is, the settings do."""
        return self._read([self._project.condition(wildcards.study, wildcards.condition)])

    def of_study(self, study: str) -> list[str]:
        """What is read by jobs that look into the models of a study."""
        return self._read(self._project.studies[study].conditions.values())

    def settings(self, wildcards: OfWeights) -> str:
        return canonical_json(
            self._models[wildcards.weights].model_dump(mode="json", exclude_defaults=True)
        )

    def code(self, wildcards: OfWeights) -> str:
        family = self._models[wildcards.weights].name
        return fingerprint("onset.stages.weights", f"onset.models.{family}.conversion")

    def _read(self, conditions: Iterable[Condition]) -> list[str]:
        found = dict.fromkeys(folder / models.ORIGIN for folder, _ in _converted(conditions))
        return [ancient(str(path)) for path in found]

    @cached_property
    def _models(self) -> dict[str, Settings]:
        """The settings of a model that is made so, by its folder."""
        studies = self._project.studies.values()
        conditions = [its for study in studies for its in study.conditions.values()]
        return {folder.name: model for folder, model in _converted(conditions)}


def _converted(conditions: Iterable[Condition]) -> Iterator[tuple[Path, Settings]]:
    for condition in conditions:
        family = models.load_planning(condition.model.name)
        folder = family.converted(condition.model) if hasattr(family, "converted") else None
        if folder:
            yield folder, condition.model
