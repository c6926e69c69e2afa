"""What the rules ask about the paper."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from onset.config.differences import base_of
from onset.config.project import Project
from onset.latex.sources import sources_of
from onset.workflow.jobs.collections import Collections
from onset.workflow.jobs.notebooks import Notebooks
from onset.workflow.jobs.pages import Pages, in_order
from onset.workflow.jobs.part import Part, Told


class Paper(Part):
    """The job of the paper."""

    def __init__(
        self, project: Project, notebooks: Notebooks, collections: Collections, pages: Pages
    ) -> None:
        super().__init__(project)
        self._notebooks, self._collections, self._pages = notebooks, collections, pages

    @property
    def left(self) -> list[str]:
        return self.file

    @property
    def told(self) -> Told:
        return {("paper", "paper"): lambda: self.settings} if self.file else {}

    @property
    def file(self) -> list[str]:
        """The PDF, if it is wanted."""
        return [f"{self._root}/paper/paper.pdf"] if self._project.settings.paper else []

    @property
    def sources(self) -> list[str]:
        return sorted(map(str, sources_of(Path("paper"))))

    @property
    def inputs(self) -> list[str]:
        found = []
        for study in self._project.studies:
            shown = (".pdf", ".json")  # the figure, and how many seeds it is over
            found += [path for path in self._notebooks.figures_of(study) if path.endswith(shown)]
            found += [path for path in self._notebooks.tables_of(study) if path.endswith(".tex")]
            found += [f"{self._root}/{study}/{file}" for file in ("summary.csv", "numbers.json")]
            found += self._notebooks.reference_of(study)
        for collection in self._collections.names:
            found += self._collections.typeset(collection)
        return found

    @cached_property
    def settings(self) -> str:
        """What there is to see of each study, and the settings that its conditions begin with."""
        return in_order(
            {
                "shown": [self._pages.described[study] for study in self._pages.shown],
                "studies": [
                    {**self._pages.described[name], "base": base_of(study)}
                    for name, study in self._project.studies.items()
                ],
                "seeds": list(self._project.seeds),
                "findings": self._findings,
                "smoke": self._project.settings.smoke,
            }
        )

    @property
    def _findings(self) -> list[dict[str, str | None]]:
        """What those that are shown say in their abstracts, in their order."""
        files = {
            **{name: its.file for name, its in self._project.studies.items()},
            **{name: self._project.collections[name].file for name in self._collections.names},
        }
        return [
            {"study": name, "theme": its.theme, "words": its.abstract}
            for name, its in files.items()
            if its.abstract
        ]
