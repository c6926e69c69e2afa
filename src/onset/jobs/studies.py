"""What the rules ask about a study: what its runs measure, and what its notebook is told and makes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from onset.jobs.runs import RunJobs, Wildcards
from onset.provenance import fingerprint, fingerprint_of_script
from onset.settings import canonical_json


class StudyJobs(RunJobs):
    """Jobs of studies, beside those of their runs."""

    def measurements(self, wildcards: Wildcards) -> list[str]:
        return self.measures_of(wildcards.study) + self.analyses_of(wildcards.study)

    def measures_of(self, study: str) -> list[str]:
        """The measures of all runs of a study."""
        return self._of_runs(study, self._project.runs(study), "measures.parquet")

    def analyses_of(self, study: str) -> list[str]:
        """The analyses of those runs of a study that are looked at more closely."""
        return self._of_runs(study, self._project.studies[study].analysed, "analyses.parquet")

    def _of_runs(self, study: str, conditions: Iterable[str], file: str) -> list[str]:
        seeds = self._project.runs(study)
        return [
            f"{self._run_folder(study, condition, seed)}/{file}"
            for condition in conditions
            for seed in seeds[condition]
        ]

    def study_settings(self, wildcards: Wildcards) -> str:
        return canonical_json(self._runs(wildcards.study))

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

    def figures_of(self, study: str) -> list[str]:
        return self._files(study, "figures", ("pdf", "png", "csv", "json"))

    def reference_of(self, study: str) -> list[str]:
        """Published values beside ours, if the study names any."""
        named = self._project.studies[study].file.reference
        return [f"{self._root}/{study}/reference.csv"] if named else []

    def tables_of(self, study: str) -> list[str]:
        return self._files(study, "tables", ("tex", "csv", "json"))

    def made_by_notebook(self, study: str) -> list[str]:
        """What a study declares. All of it is asked for: an output that nobody wants is not missed."""
        return self.figures_of(study) + self.tables_of(study) + self.reference_of(study)

    def _files(self, study: str, kind: str, suffixes: tuple[str, ...]) -> list[str]:
        names = getattr(self._project.studies[study].file, kind)
        return [
            f"{self._root}/{study}/{kind}/{name}.{suffix}" for name in names for suffix in suffixes
        ]

    def notebook_parameters(self, study: str) -> str:
        """What the study's notebook is told; its `parameters` cell has exactly these names."""
        its = self._project.studies[study]
        code = fingerprint(
            "onset.stages.notebook",
            *(
                f"onset.models.{c.model.name}.{'bridge' if c.has_heads else 'model'}"
                for c in its.conditions.values()
            ),
        )
        return canonical_json(
            {
                "study_name": study,
                "results": self._project.results,
                "conditions": list(its.conditions),
                "labels": {name: condition.label for name, condition in its.conditions.items()},
                "seeds": list(self._project.seeds),
                "code": f"{fingerprint_of_script(Path(f'workflow/notebooks/{study}.py'))}-{code}",
                **its.told_to_notebook,
            }
        )
