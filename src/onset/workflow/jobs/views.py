"""What the rules ask about views: what pages show of the models inside."""

from __future__ import annotations

from onset.code.fingerprint import fingerprint
from onset.settings import canonical_json
from onset.workflow.jobs.atlas import AtlasJobs


class ViewJobs(AtlasJobs):
    """Jobs of views, beside those of the atlas."""

    def views_of(self, study: str) -> list[str]:
        """A view of each condition that has heads; none of other studies."""
        return [f"{self._root}/{study}/{name}/views.json" for name in self._with_heads(study)]

    def viewed_runs(self, study: str) -> list[str]:
        """Datasets and checkpoints of each such condition's first run."""
        files = ("dataset.safetensors", "checkpoints/index.json")
        return [
            f"{self._run_folder(study, name, self._first_seed(study, name))}/{file}"
            for file in files
            for name in self._with_heads(study)
        ]

    def views_settings(self, study: str) -> str:
        told = [
            {
                "name": name,
                "seed": self._first_seed(study, name),
                **{key: its.heads_job[key] for key in ("model", "trained_on")},
            }
            for name, its in self._with_heads(study).items()
        ]
        on = {"device": self._project.settings.device, "threads": self._project.settings.threads}
        return canonical_json({"conditions": told, **on})

    def views_code(self, study: str) -> str:
        return fingerprint("onset.stages.views", *self._opened(study))

    def _first_seed(self, study: str, condition: str) -> int:
        return self._project.runs(study)[condition][0]
