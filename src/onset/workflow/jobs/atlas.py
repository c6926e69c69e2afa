"""What the rules ask about the head atlas."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from onset.code.fingerprint import fingerprint, fingerprint_of_script
from onset.settings import canonical_json
from onset.workflow.jobs.heads import opened, with_heads
from onset.workflow.jobs.part import Part, Told, Wildcards

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


class Atlas(Part):
    """Jobs of the atlas."""

    @property
    def left(self) -> list[str]:
        return self.made

    @property
    def told(self) -> Told:
        if not self.page:
            return {}
        of_atlas: Told = {
            ("atlas", "tables"): lambda: self.settings,
            ("atlas", "notebook"): lambda: self.notebook_settings,
        }
        return {(s, "heads"): partial(self.heads_settings, s) for s in self._studies} | of_atlas

    def runs_with_heads(self, wildcards: Wildcards) -> list[str]:
        """Datasets and checkpoints of all runs of a study that have heads."""
        study, conditions = wildcards.study, with_heads(self._project, wildcards.study)
        files = ("dataset.safetensors", "checkpoints/index.json")
        return [path for file in files for path in self.of_runs(study, conditions, file)]

    def heads_settings(self, study: str) -> str:
        seeds = self._project.runs(study)
        conditions = with_heads(self._project, study)
        told = [{"name": n, "seeds": seeds[n], **its.heads_job} for n, its in conditions.items()]
        on = {"device": self._project.settings.device, "threads": self._project.settings.threads}
        return canonical_json({"conditions": told, **on})

    def heads_code(self, wildcards: Wildcards) -> str:
        return fingerprint("onset.stages.heads", *opened(self._project, wildcards.study))

    @property
    def _studies(self) -> list[str]:
        return [study for study in self._project.studies if with_heads(self._project, study)]

    @property
    def heads(self) -> list[str]:
        return [f"{self._root}/atlas/studies/{study}.parquet" for study in self._studies]

    @property
    def page(self) -> list[str]:
        """None, if no model has heads."""
        return [f"{self._root}/atlas/notebook.html"] if self._studies else []

    @property
    def settings(self) -> str:
        """What the atlas is told: the studies in their order, and what people call them."""
        studies = [
            {
                "name": name,
                "title": study.file.title,
                "labels": {its.name: its.label for its in study.conditions.values()},
            }
            for name, study in self._project.studies.items()
            if with_heads(self._project, name)
        ]
        return canonical_json({"studies": studies})

    @property
    def figures(self) -> list[str]:
        return [f"{self._root}/atlas/figures/mosaic.{its}" for its in ("pdf", "png", "csv", "json")]

    @property
    def made(self) -> list[str]:
        """What the jobs of the atlas declare, but for its pages."""
        if not self._studies:
            return []
        tables = ("heads.parquet", "untrained.parquet", "ablations.parquet", "names.json")
        of_notebook = ("notebook.ipynb", "notebook.html", "numbers.json")
        its = [f"{self._root}/atlas/{file}" for file in (*tables, *of_notebook)]
        return [*self.heads, *its, *self.figures]

    @property
    def notebook_settings(self) -> str:
        """What the job of the atlas's notebook is told, as those of studies' are."""
        parameters = {"results": self._project.results, "code": self.notebook_code}
        made = {"figures": [its["name"] for its in ATLAS["figures"]], "tables": []}
        return canonical_json({"parameters": parameters, **made})

    @property
    def notebook_code(self) -> str:
        script = fingerprint_of_script(Path("workflow/notebooks/atlas.py"))
        return f"{script}-{fingerprint('onset.stages.notebook')}"
