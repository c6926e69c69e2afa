"""What the rules ask about the gallery's pages, and what they show of a study."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import Any

from onset.code.fingerprint import fingerprint
from onset.comparisons.settings import ComparisonSettings
from onset.config.collection import CollectionFile
from onset.config.condition import Condition
from onset.config.differences import base_of, differences
from onset.config.parents import parent_of
from onset.config.project import Project
from onset.config.study_file import StudyFile
from onset.settings import Settings
from onset.workflow.jobs.collections import Collections
from onset.workflow.jobs.notebooks import Notebooks
from onset.workflow.jobs.part import Part, Told
from onset.workflow.jobs.studies import Studies
from onset.workflow.jobs.views import Views


class Pages(Part):
    """Jobs of pages, which show what other jobs leave."""

    def __init__(
        self,
        project: Project,
        studies: Studies,
        notebooks: Notebooks,
        views: Views,
        collections: Collections,
    ) -> None:
        super().__init__(project)
        self._studies, self._notebooks, self._views = studies, notebooks, views
        self._collections = collections

    @property
    def left(self) -> list[str]:
        return [*self.all, *(f"{self._root}/{file}" for file in ("index.html", "logs/times.js"))]

    @property
    def told(self) -> Told:
        return {(its, "pages"): partial(self.settings, its) for its in self.shown}

    @cached_property
    def shown(self) -> list[str]:
        """All studies, and the collections, which are shown as they are."""
        return [*self._project.studies, *self._collections.names]

    def of(self, study: str) -> list[str]:
        """A study's page, its card for the front page, a page per condition and one per figure."""
        folder, its = f"{self._root}/{study}", self.described[study]
        conditions = [f"{folder}/{c['name']}/index.html" for c in its["conditions"]]
        figures = [f"{folder}/figures/{f['name']}.html" for f in its["figures"]]
        own = [f"{folder}/pages/{page['name']}.html" for page in its.get("pages", ())]
        return [f"{folder}/index.html", f"{folder}/card.json", *conditions, *figures, *own]

    @property
    def all(self) -> list[str]:
        """What the jobs of pages declare, but for the front page."""
        return [page for study in self.shown for page in self.of(study)]

    def inputs(self, study: str) -> list[str]:
        """What the pages of a study are made of."""
        if study in self._collections.names:
            return self._collections.shown(study)
        return [
            *self._notebooks.made(study),
            *self._studies.summary_of(study),
            *self.of_runs(study, self._project.runs(study), "training.parquet"),
            *self._studies.measures_of(study),
            *self._views.of(study),
        ]

    def code(self, study: str) -> str:
        """Fingerprint of the job, and of what it loads by name."""
        own = self._collections.pages_code(study) if study in self._collections.names else []
        return fingerprint("onset.stages.gallery", *own)

    def priority(self, study: str) -> int:
        return self._project.priority(study) if study in self._project.studies else 0

    def settings(self, study: str) -> str:
        return in_order({"study": self.described[study]})

    @property
    def front_page_settings(self) -> str:
        """What all studies share, and the theme that each stands under."""
        its = self._project.settings
        # Not among what is described, since neither a study's own pages nor the paper show themes.
        themes = {name: self._file(name).theme for name in self.shown}
        studies = [
            {"name": name, "theme": theme, "overridden": bool(its.overrides.get(name))}
            for name, theme in themes.items()
        ]
        return in_order({"studies": studies, "paper": its.paper, "smoke": its.smoke})

    def _file(self, name: str) -> StudyFile | CollectionFile:
        """Of a study or a collection."""
        studies, collections = self._project.studies, self._project.collections
        return studies[name].file if name in studies else collections[name].file

    @cached_property
    def described(self) -> dict[str, dict[str, Any]]:
        """What readers are told of each study, and of each collection."""
        collections = {name: self._collections.described(name) for name in self._collections.names}
        return {study: self._describe(study) for study in self._project.studies} | collections

    def _describe(self, study: str) -> dict[str, Any]:
        its, runs = self._project.studies[study], self._project.runs(study)
        base = base_of(its)
        return {
            "name": study,
            "title": its.file.title,
            "question": its.file.question,
            "answer": its.file.answer,
            # Numbers of a smoke run mean nothing, and nothing is claimed of them.
            "holds": [] if self._project.settings.smoke else list(its.file.holds),
            "conditions": [
                self._describe_condition(study, name, seeds, base) for name, seeds in runs.items()
            ],
            "figures": [{"name": n, "caption": c} for n, c in its.file.figures.items()],
            "tables": [{"name": n, "caption": c} for n, c in its.file.tables.items()],
            "comparisons": [_compared(name, c) for name, c in its.comparisons.items()],
            "has_reference": bool(its.file.reference),
            "collections": self._collections.leading_to(study),
        }

    def _describe_condition(
        self, study: str, name: str, seeds: Sequence[int], base: Mapping[str, Mapping[str, Any]]
    ) -> dict[str, Any]:
        its = self._project.condition(study, name)
        return {
            "name": name,
            "label": its.label,
            "seeds": list(seeds),
            "has_heads": its.has_heads,
            "differences": differences(base, its),
            "parent": its.parent and _said(its.parent),
            "parent_page": self._parent_page(study, its),
            "handmade": its.handmade and _said(its.handmade),
            "interventions": [_said(one) for one in its.interventions],
        }

    def _parent_page(self, study: str, condition: Condition) -> dict[str, str] | None:
        """What the parent is called, its page as seen from the condition's, and what is taken of it."""
        if not (place := parent_of(study, condition)):
            return None
        return {
            "label": self._project.condition(*place).label,
            "address": f"../../{place[0]}/{place[1]}/index.html",
            "taken": "parameters" if condition.inherits else "data",
        }


def _compared(name: str, comparison: ComparisonSettings) -> dict[str, Any]:
    """What a comparison is called, and what of its settings readers want to know."""
    shown = comparison.model_dump(include={"for_each", "beside", "checkpoints"})
    return {"name": name, "module": comparison.name, **shown}


def _said(settings: Settings) -> dict[str, Any]:
    """What a study's file says, defaults left out: its name first, what has keys of its own last."""
    said = settings.model_dump(mode="json", exclude_defaults=True)
    keys = sorted(said, key=lambda key: (key != "name", isinstance(said[key], dict)))
    return {key: said[key] for key in keys}


def in_order(settings: dict[str, Any]) -> str:
    """As JSON, in the order of the config, which is that of all that readers see."""
    return json.dumps(settings, allow_nan=False)
