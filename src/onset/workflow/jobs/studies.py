"""What the rules ask about a study: what its runs measure, and what its notebook is told and makes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from onset.code.fingerprint import fingerprint, fingerprint_of_script
from onset.settings import canonical_json
from onset.workflow.jobs.runs import RunJobs, Wildcards


class StudyJobs(RunJobs):
    """Jobs of studies, beside those of their runs."""

    def measurements(self, wildcards: Wildcards) -> list[str]:
        return self.measures_of(wildcards.study) + self.analyses_of(wildcards.study)

    def measures_of(self, study: str) -> list[str]:
        """The measures of all runs of a study."""
        return self._of_runs(study, self._project.runs(study), "measures.parquet")

    def made_by_runs(self, study: str) -> dict[str, list[str]]:
        """What the jobs of each run declare, by the run's folder."""
        files = ["dataset.safetensors", "checkpoints/index.json", "training.parquet"]
        found = {}
        for condition, seeds in self._project.runs(study).items():
            closer = self._project.condition(study, condition).analyses.names
            made = [*files, "measures.parquet", *(["analyses.parquet"] if closer else [])]
            for folder in (self._run_folder(study, condition, seed) for seed in seeds):
                found[folder] = [f"{folder}/{file}" for file in made]
        return found

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

    def summarise_settings(self, study: str) -> str:
        return canonical_json(self._runs(study))

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
        """What the job of a study's notebook declares."""
        files = ("notebook.ipynb", "notebook.html", "numbers.json")
        its = [f"{self._root}/{study}/{file}" for file in files]
        return [*its, *self.figures_of(study), *self.tables_of(study), *self.reference_of(study)]

    def _files(self, study: str, kind: str, suffixes: tuple[str, ...]) -> list[str]:
        names = getattr(self._project.studies[study].file, kind)
        return [
            f"{self._root}/{study}/{kind}/{name}.{suffix}" for name in names for suffix in suffixes
        ]

    def notebook_settings(self, study: str) -> str:
        """What the job of the notebook is told: what there is, its parameters, what it is to make."""
        its = self._project.studies[study]
        published = {name: of.model_dump() for name, of in its.file.reference.items()}
        return canonical_json(
            {
                **self._runs(study),
                "labels": {name: condition.label for name, condition in its.conditions.items()},
                "extra_seeds": its.extra_seeds,
                "reference": published,
                "code": self.notebook_code(study),
                "parameters": self.notebook_parameters(study),
                "figures": list(its.file.figures),
                "tables": list(its.file.tables),
            }
        )

    def notebook_parameters(self, study: str) -> dict[str, Any]:
        """What the cell that is tagged `parameters` is told; it has exactly these names."""
        its = self._project.studies[study].file
        return {"study_name": study, "results": self._project.results, **its.notebook}

    def notebook_code(self, study: str) -> str:
        """Fingerprint of the study's notebook, of its job, and of what it opens models with."""
        script = fingerprint_of_script(Path(f"workflow/notebooks/{study}.py"))
        conditions = self._project.studies[study].conditions.values()
        opened = (
            f"onset.models.{its.model.name}.{'bridge' if its.has_heads else 'model'}"
            for its in conditions
        )
        return f"{script}-{fingerprint('onset.stages.notebook', *opened)}"
