"""What the rules ask about views: what pages show of a model's insides."""

from __future__ import annotations

from functools import partial

from onset.code.fingerprint import fingerprint
from onset.config.condition import Condition
from onset.settings import canonical_json
from onset.workflow.jobs.looked_at import having, opened
from onset.workflow.jobs.part import Part, Told


class Views(Part):
    """Jobs of views."""

    @property
    def left(self) -> list[str]:
        return [path for study in self._project.studies for path in self.of(study)]

    @property
    def told(self) -> Told:
        return {
            (s, "views"): partial(self.settings, s) for s in self._project.studies if self.of(s)
        }

    def of(self, study: str) -> list[str]:
        """A view of each condition that has heads; none of other studies."""
        return [f"{self._root}/{study}/{name}/views.json" for name in self._conditions(study)]

    def runs(self, study: str) -> list[str]:
        """Datasets and checkpoints of each such condition's first run."""
        files = ("dataset.safetensors", "checkpoints/index.json")
        return [
            f"{self.run_folder(study, name, self._first_seed(study, name))}/{file}"
            for file in files
            for name in self._conditions(study)
        ]

    def settings(self, study: str) -> str:
        told = [
            {
                "name": name,
                "seed": self._first_seed(study, name),
                **{key: its.looked_into[key] for key in ("model", "trained_on")},
            }
            for name, its in self._conditions(study).items()
        ]
        on = {"device": self._project.device_of_looks, "threads": self._project.settings.threads}
        return canonical_json({"conditions": told, **on})

    def code(self, study: str) -> str:
        return fingerprint("onset.stages.views", *opened(self._conditions(study).values()))

    def _conditions(self, study: str) -> dict[str, Condition]:
        return having(self._project.studies[study].conditions, ["heads"])

    def _first_seed(self, study: str, condition: str) -> int:
        return self._project.runs(study)[condition][0]
