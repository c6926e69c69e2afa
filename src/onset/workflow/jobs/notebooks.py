"""What the rules ask about a study's notebook: its inputs, and what it makes."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from onset.code.fingerprint import fingerprint, fingerprint_of_script
from onset.settings import canonical_json
from onset.workflow.jobs.part import Part, Told


class Notebooks(Part):
    """Jobs of notebooks."""

    @property
    def left(self) -> list[str]:
        return [path for study in self._project.studies for path in self.made(study)]

    @property
    def told(self) -> Told:
        return {(s, "notebook"): partial(self.settings, s) for s in self._project.studies}

    def made(self, study: str) -> list[str]:
        """What the job of a study's notebook declares."""
        files = ("notebook.ipynb", "notebook.html", "numbers.json")
        its = [f"{self._root}/{study}/{file}" for file in files]
        return [*its, *self.figures_of(study), *self.tables_of(study), *self.reference_of(study)]

    def figures_of(self, study: str) -> list[str]:
        return self._files(study, "figures", ("pdf", "png", "csv", "json"))

    def reference_of(self, study: str) -> list[str]:
        """Published values compared with ours, if the study names any."""
        named = self._project.studies[study].file.reference
        return [f"{self._root}/{study}/reference.csv"] if named else []

    def tables_of(self, study: str) -> list[str]:
        return self._files(study, "tables", ("tex", "csv", "json"))

    def _files(self, study: str, kind: str, suffixes: tuple[str, ...]) -> list[str]:
        names = getattr(self._project.studies[study].file, kind)
        return [
            f"{self._root}/{study}/{kind}/{name}.{suffix}" for name in names for suffix in suffixes
        ]

    def quoted_summaries(self, study: str) -> list[str]:
        """Those of other studies whose means it sets beside its own."""
        return [f"{self._root}/{its}/summary.csv" for its in self._quoted(study)]

    def _quoted(self, study: str) -> list[str]:
        quotes = self._project.studies[study].file.quotes
        return [its for its in quotes if its in self._project.studies]

    def settings(self, study: str) -> str:
        """What the job of the notebook is told: what there is, its parameters, what it is to make."""
        its = self._project.studies[study]
        published = {name: of.told for name, of in its.file.reference.items()}
        return canonical_json(
            {
                "conditions": list(its.conditions),
                # Told only of studies that have any, as other notebooks needn't run again.
                **({"variants": its.variants} if its.variants else {}),
                "labels": {name: condition.label for name, condition in its.conditions.items()},
                "seeds": list(self._project.seeds),
                "extra_seeds": its.extra_seeds,
                "analysed": its.analysed,
                "compared": list(its.comparisons),
                **({"quoted": quoted} if (quoted := self._quoted(study)) else {}),
                "reference": published,
                "smoke": self._project.settings.smoke,
                "code": self.code(study),
                "parameters": self.parameters(study),
                "figures": list(its.file.figures),
                "tables": list(its.file.tables),
            }
        )

    def parameters(self, study: str) -> dict[str, Any]:
        """What the cell that is tagged `parameters` is told; it has exactly these names."""
        its = self._project.studies[study].file
        return {"study_name": study, "results": self._project.results, **its.notebook}

    def code(self, study: str) -> str:
        """Fingerprint of the study's notebook, of its job, and of what it opens models with."""
        script = fingerprint_of_script(Path(f"workflow/notebooks/{study}.py"))
        conditions = self._project.studies[study].conditions.values()
        opened = (
            f"onset.models.{its.model.name}.{'bridge' if its.has_heads else 'model'}"
            for its in conditions
        )
        return f"{script}-{fingerprint('onset.stages.notebook', *opened)}"
