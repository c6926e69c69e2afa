"""What the rules ask about the head atlas."""

from __future__ import annotations

from pathlib import Path

from onset.code.fingerprint import fingerprint, fingerprint_of_script
from onset.config.study import Condition
from onset.settings import canonical_json
from onset.workflow.jobs.runs import Wildcards
from onset.workflow.jobs.studies import StudyJobs

ATLAS = {
    "name": "atlas",
    "title": "The head atlas",
    "question": "Which kinds of attention heads do all these models grow, and which of them do they need?",
    "figures": [
        {
            "name": "mosaic",
            "caption": "Every attention head of every model: a tile is a head, a brick is a model, its "
            "block applications from the bottom up; a row is a condition, its bricks are seeds. Hue and "
            "glyph are the head's kind; the darker, the more accuracy is lost without it.",
        }
    ],
    "answer": "Of the {n_heads} heads of {n_models} trained models {n_previous_token} look at the "
    "previous token, {n_induction} are induction heads, {n_copying} copy and {n_suppressing} suppress "
    "what they look at; of the {n_untrained} heads of untrained ones {n_previous_token_untrained}, "
    "{n_induction_untrained}, {n_copying_untrained} and {n_suppressing_untrained} seem to.",
    "conditions": [],
    "tables": [],
    "has_reference": False,
}
"""What readers are told of the atlas, as they are of a study."""


class AtlasJobs(StudyJobs):
    """Jobs of the atlas, beside those of studies."""

    def runs_with_heads(self, wildcards: Wildcards) -> list[str]:
        """Datasets and checkpoints of all runs of a study that have heads."""
        study, conditions = wildcards.study, self._with_heads(wildcards.study)
        files = ("dataset.safetensors", "checkpoints/index.json")
        return [path for file in files for path in self._of_runs(study, conditions, file)]

    def heads_settings(self, study: str) -> str:
        seeds = self._project.runs(study)
        conditions = self._with_heads(study)
        told = [{"name": n, "seeds": seeds[n], **its.heads_job} for n, its in conditions.items()]
        on = {"device": self._project.settings.device, "threads": self._project.settings.threads}
        return canonical_json({"conditions": told, **on})

    def heads_code(self, wildcards: Wildcards) -> str:
        return fingerprint("onset.stages.heads", *self._opened(wildcards.study))

    def _opened(self, study: str) -> list[str]:
        """What is loaded by name where the models of a study are opened in TransformerLens."""
        families = {f"onset.models.{its.model.name}" for its in self._with_heads(study).values()}
        return [f"{its}.{part}" for its in sorted(families) for part in ("model", "bridge")]

    def _with_heads(self, study: str) -> dict[str, Condition]:
        conditions = self._project.studies[study].conditions
        return {name: its for name, its in conditions.items() if its.has_heads}

    @property
    def _studies_with_heads(self) -> list[str]:
        return [study for study in self._project.studies if self._with_heads(study)]

    @property
    def heads(self) -> list[str]:
        return [f"{self._root}/atlas/studies/{study}.parquet" for study in self._studies_with_heads]

    @property
    def atlas_page(self) -> list[str]:
        """None, if no model has heads."""
        return [f"{self._root}/atlas/notebook.html"] if self._studies_with_heads else []

    @property
    def atlas_settings(self) -> str:
        """What the atlas is told: the studies in their order, and what people call them."""
        studies = [
            {
                "name": name,
                "title": study.file.title,
                "labels": {its.name: its.label for its in study.conditions.values()},
            }
            for name, study in self._project.studies.items()
            if self._with_heads(name)
        ]
        return canonical_json({"studies": studies})

    @property
    def atlas_figures(self) -> list[str]:
        return [f"{self._root}/atlas/figures/mosaic.{its}" for its in ("pdf", "png", "csv", "json")]

    @property
    def made_by_atlas(self) -> list[str]:
        """What the jobs of the atlas declare, but for its pages."""
        if not self._studies_with_heads:
            return []
        tables = ("heads.parquet", "untrained.parquet", "ablations.parquet", "names.json")
        of_notebook = ("notebook.ipynb", "notebook.html", "numbers.json")
        its = [f"{self._root}/atlas/{file}" for file in (*tables, *of_notebook)]
        return [*self.heads, *its, *self.atlas_figures]

    @property
    def atlas_notebook_settings(self) -> str:
        """What the job of the atlas's notebook is told, as those of studies' are."""
        parameters = {"results": self._project.results, "code": self.atlas_notebook_code}
        made = {"figures": [its["name"] for its in ATLAS["figures"]], "tables": []}
        return canonical_json({"parameters": parameters, **made})

    @property
    def atlas_notebook_code(self) -> str:
        script = fingerprint_of_script(Path("workflow/notebooks/atlas.py"))
        return f"{script}-{fingerprint('onset.stages.notebook')}"
