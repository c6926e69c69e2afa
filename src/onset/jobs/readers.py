"""What the rules ask about what readers see: the gallery and the paper."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from onset.config.parents import parent_of
from onset.config.study import Condition
from onset.jobs.atlas import ATLAS
from onset.jobs.views import ViewJobs
from onset.settings import canonical_json


class Jobs(ViewJobs):
    """All answers for the rules, so that rules hold no logic."""

    @property
    def summaries(self) -> list[str]:
        return [f"{self._root}/{study}/summary.csv" for study in self._project.studies]

    @cached_property
    def studies_with_pages(self) -> list[str]:
        """All, and the atlas, which is shown as they are."""
        return [*self._project.studies, *(["atlas"] if self.atlas_page else [])]

    def pages_of(self, study: str) -> list[str]:
        """A study's page, one per condition and one per figure."""
        folder, its = f"{self._root}/{study}", self._described(study)
        conditions = [f"{folder}/{c['name']}/index.html" for c in its["conditions"]]
        figures = [f"{folder}/figures/{f['name']}.html" for f in its["figures"]]
        return [f"{folder}/index.html", *conditions, *figures]

    def shown_on_pages(self, study: str) -> list[str]:
        """What the pages of a study are made of."""
        if study == "atlas":
            return [f"{self._root}/atlas/numbers.json", *self.atlas_page, *self.atlas_figures]
        made = [f"{self._root}/{study}/{file}" for file in ("notebook.html", "numbers.json")]
        runs = self._project.runs(study)
        return [
            *made,
            f"{self._root}/{study}/summary.csv",
            *self.made_by_notebook(study),
            *self._of_runs(study, runs, "training.parquet"),
            *self.measures_of(study),
            *self.views_of(study),
        ]

    def pages_priority(self, study: str) -> int:
        return self._project.priority(study) if study in self._project.studies else 0

    def pages_settings(self, study: str) -> str:
        return canonical_json({"study": self._described(study)})

    @property
    def pages(self) -> list[str]:
        """All of them are asked for: an output that nobody wants is not missed."""
        return [page for study in self.studies_with_pages for page in self.pages_of(study)]

    @property
    def front_page_settings(self) -> str:
        studies = [self._described(study) for study in self.studies_with_pages]
        return canonical_json({"studies": studies, "paper": self._project.settings.paper})

    def _described(self, study: str) -> dict[str, Any]:
        """What readers are told of a study, or of the atlas."""
        if study == "atlas":
            return ATLAS
        its = self._project.studies[study]
        return {
            "name": study,
            "title": its.file.title,
            "question": its.file.question,
            "answer": its.file.answer,
            "conditions": [
                self._described_condition(study, name, seeds)
                for name, seeds in self._project.runs(study).items()
            ],
            "figures": [
                {"name": name, "caption": f"{caption} {self._n_seeds(study)}."}
                for name, caption in its.file.figures.items()
            ],
            "tables": [{"name": n, "caption": c} for n, c in its.file.tables.items()],
            "has_reference": bool(its.file.reference),
        }

    def _described_condition(self, study: str, name: str, seeds: Sequence[int]) -> dict[str, Any]:
        its = self._project.condition(study, name)
        return {
            "name": name,
            "label": its.label,
            "seeds": list(seeds),
            "has_heads": its.has_heads,
            "changes": {},
            "parent": self._described_parent(study, its),
        }

    def _described_parent(self, study: str, condition: Condition) -> dict[str, Any] | None:
        place = parent_of(study, condition)
        if not (place and condition.parent):
            return None
        above = "" if place[0] == study else f"../{place[0]}/"
        return {
            "label": self._project.condition(*place).label,
            "address": f"../{above}{place[1]}/index.html",
            "step": condition.parent.step,
            "run_starts": bool(condition.inherits),
        }

    def _n_seeds(self, study: str) -> str:
        """`n = 3 seeds`, or from how many to how many where conditions differ in it."""
        numbers = sorted({len(seeds) for seeds in self._project.runs(study).values()})
        said = " to ".join(str(number) for number in dict.fromkeys((numbers[0], numbers[-1])))
        return f"n = {said} seed" + ("" if numbers[-1] == 1 else "s")

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
            found.append(f"{self._root}/{study}/numbers.json")
        if self.atlas_page:
            found += [f"{self._root}/atlas/figures/mosaic.pdf", f"{self._root}/atlas/numbers.json"]
        return found

    @cached_property
    def paper_settings(self) -> str:
        described = [self._described(study) for study in self.studies_with_pages]
        return canonical_json({"studies": described})
