"""What the rules ask about a study's measurements and their summary."""

from __future__ import annotations

from functools import partial
from typing import Any

from onset.config.quantities import quantities_of
from onset.settings import canonical_json
from onset.workflow.jobs.part import Part, Told, Wildcards


class Studies(Part):
    """Jobs that bring the runs of a study together."""

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
        return self.measures_of(wildcards.study) + self.analyses_of(wildcards.study)

    def measures_of(self, study: str) -> list[str]:
        """The measures of all runs of a study."""
        return self.of_runs(study, self._project.runs(study), "measures.parquet")

    def analyses_of(self, study: str) -> list[str]:
        """The analyses of those runs of a study that are looked at more closely."""
        return self.of_runs(study, self._project.studies[study].analysed, "analyses.parquet")

    def summarise_settings(self, study: str) -> str:
        quantities = quantities_of(self._project.studies[study].conditions)
        return canonical_json({**self._runs(study), "quantities": quantities})

    def _runs(self, study: str) -> dict[str, Any]:
        return {
            "conditions": list(self._project.studies[study].conditions),
            "seeds": list(self._project.seeds),
            "analysed": self._project.studies[study].analysed,
            **self._extra_seeds(study),
        }

    def _extra_seeds(self, study: str) -> dict[str, dict[str, list[int]]]:
        """Told only of studies that have conditions with seeds of their own."""
        extra = self._project.studies[study].extra_seeds
        return {"extra_seeds": extra} if extra else {}
