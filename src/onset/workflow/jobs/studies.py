"""What the rules ask about a study's measurements and their summary."""

from __future__ import annotations

from functools import partial
from typing import Any

from onset.config.project import Project
from onset.config.quantities import quantities_of
from onset.settings import canonical_json
from onset.workflow.jobs.comparisons import Comparisons
from onset.workflow.jobs.part import Part, Told, Wildcards


class Studies(Part):
    """Jobs that bring the runs of a study together."""

    def __init__(self, project: Project, comparisons: Comparisons) -> None:
        super().__init__(project)
        self._comparisons = comparisons

    @property
    def summaries(self) -> list[str]:
        return [path for study in self._project.studies for path in self.summary_of(study)]

    def summary_of(self, study: str) -> list[str]:
        """Means and intervals, and which quantities they are of."""
        return [f"{self._root}/{study}/{file}" for file in ("summary.csv", "quantities.json")]

    @property
    def left(self) -> list[str]:
        return self.summaries

    @property
    def told(self) -> Told:
        return {
            (s, "summarise"): partial(self.summarise_settings, s) for s in self._project.studies
        }

    def measurements(self, wildcards: Wildcards) -> list[str]:
        study = wildcards.study
        compared = self._comparisons.tables_of(study)
        return [*self.measures_of(study), *self.analyses_of(study), *compared]

    def measures_of(self, study: str) -> list[str]:
        """The measures of all runs of a study."""
        return self.of_runs(study, self._project.runs(study), "measures.parquet")

    def analyses_of(self, study: str) -> list[str]:
        """The analyses of those runs of a study that are looked at more closely."""
        return self.of_runs(study, self._project.studies[study].analysed, "analyses.parquet")

    def summarise_settings(self, study: str) -> str:
        its = self._project.studies[study]
        quantities = quantities_of(its.conditions, [c.name for c in its.comparisons.values()])
        return canonical_json({**self._runs(study), "quantities": quantities})

    def _runs(self, study: str) -> dict[str, Any]:
        return {
            "conditions": list(self._project.studies[study].conditions),
            "seeds": list(self._project.seeds),
            "analysed": self._project.studies[study].analysed,
            **self._extra_seeds(study),
            **self._compared(study),
        }

    def _compared(self, study: str) -> dict[str, list[str]]:
        """Told only of studies that have comparisons."""
        names = list(self._project.studies[study].comparisons)
        return {"compared": names} if names else {}

    def _extra_seeds(self, study: str) -> dict[str, dict[str, list[int]]]:
        """Told only of studies that have conditions with seeds of their own."""
        extra = self._project.studies[study].extra_seeds
        return {"extra_seeds": extra} if extra else {}
