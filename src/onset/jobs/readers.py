"""What the rules ask about what readers see: the gallery and the paper."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Any

from onset.config.differences import base_of, differences
from onset.jobs.atlas import ATLAS, AtlasJobs
from onset.settings import Settings, canonical_json


class Jobs(AtlasJobs):
    """All answers for the rules, so that rules hold no logic."""

    @property
    def summaries(self) -> list[str]:
        return [f"{self._root}/{study}/summary.csv" for study in self._project.studies]

    @property
    def study_pages(self) -> list[str]:
        return [f"{self._root}/{study}/index.html" for study in self._project.studies]

    def study_page(self, study: str) -> str:
        return canonical_json({"study": self._description(study)})

    @cached_property
    def front_page(self) -> str:
        studies = [self._description(study) for study in self._project.studies]
        whole = {"paper": self._project.settings.paper, "atlas": bool(self.atlas_page)}
        return canonical_json({"studies": studies, **whole})

    def _description(self, study: str) -> dict[str, Any]:
        its = self._project.studies[study]
        return {
            "name": study,
            "title": its.file.title,
            "question": its.file.question,
            "has_heads": bool(self._with_heads(study)),
            "conditions": [
                {"name": name, "label": its.conditions[name].label, "seeds": list(seeds)}
                for name, seeds in self._project.runs(study).items()
            ],
            "seeds": list(self._project.seeds),
            "figures": [{"name": n, "caption": c} for n, c in its.file.figures.items()],
            "tables": [{"name": n, "caption": c} for n, c in its.file.tables.items()],
        }

    def title(self, study: str) -> str:
        return ATLAS["title"] if study == "atlas" else self._project.studies[study].file.title

    def report_labels(self, study: str, figure: str | None = None) -> dict[str, str]:
        """What Snakemake's report says of a study's notebook, or of the figure at a path.

        A caption file of the report knows the job and not which of its figures it is about; labels do.
        """
        shown = ATLAS if study == "atlas" else self._description(study)
        captions = {its["name"]: its["caption"] for its in shown["figures"]}
        name = Path(figure).stem if figure else "notebook"
        said = captions[name] if figure else shown["question"]
        # Snakemake takes what is in braces for a wildcard.
        return {"name": name, "shows": said.replace("{", "(").replace("}", ")")}

    @property
    def paper(self) -> list[str]:
        """The PDF, if it is wanted."""
        return [f"{self._root}/paper/paper.pdf"] if self._project.settings.paper else []

    @property
    def paper_sources(self) -> list[str]:
        return sorted(
            str(path) for path in Path("paper").rglob("*") if path.suffix in (".tex", ".bib")
        )

    @property
    def paper_inputs(self) -> list[str]:
        found = []
        for study in self._project.studies:
            found += [path for path in self.figures_of(study) if path.endswith(".pdf")]
            found += [path for path in self.tables_of(study) if path.endswith(".tex")]
            found += [f"{self._root}/{study}/numbers.json", *self.reference_of(study)]
        if self.atlas_page:
            found += [f"{self._root}/atlas/figures/mosaic.pdf", f"{self._root}/atlas/numbers.json"]
        return found

    @cached_property
    def paper_settings(self) -> str:
        """What there is to see of each study, and the settings of all its conditions.

        In the order of the config, which is that of the paper's tables.
        """
        shown = [self._description(study) for study in self._project.studies]
        return json.dumps(
            {
                "shown": shown + ([ATLAS] if self.atlas_page else []),
                "studies": [self._settings_of(study) for study in self._project.studies],
                "seeds": list(self._project.seeds),
            },
            allow_nan=False,
        )

    def _settings_of(self, study: str) -> dict[str, Any]:
        its = self._project.studies[study]
        seeds = self._project.runs(study)
        return {
            "name": study,
            "title": its.file.title,
            "base": base_of(its),
            "has_reference": bool(its.file.reference),
            "conditions": [
                {
                    "name": name,
                    "label": condition.label,
                    "seeds": list(seeds[name]),
                    "differences": differences(its, condition),
                    "parent": condition.parent and _said(condition.parent),
                    "interventions": [_said(its) for its in condition.interventions],
                }
                for name, condition in its.conditions.items()
            ],
        }


def _said(settings: Settings) -> dict[str, Any]:
    """What a study's file says, defaults left out: its name first, what has keys of its own last."""
    said = settings.model_dump(mode="json", exclude_defaults=True)
    keys = sorted(said, key=lambda key: (key != "name", isinstance(said[key], dict)))
    return {key: said[key] for key in keys}
