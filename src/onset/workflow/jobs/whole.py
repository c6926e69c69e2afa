"""What the rules ask about all jobs together: their settings files, and all their outputs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Protocol

from onset.config.project import Project
from onset.workflow.jobs.collections import Collections
from onset.workflow.jobs.comparisons import Comparisons
from onset.workflow.jobs.notebooks import Notebooks
from onset.workflow.jobs.pages import Pages
from onset.workflow.jobs.paper import Paper
from onset.workflow.jobs.part import Part, Told
from onset.workflow.jobs.populations import Populations
from onset.workflow.jobs.report import Report
from onset.workflow.jobs.runs import Runs
from onset.workflow.jobs.studies import Studies
from onset.workflow.jobs.views import Views
from onset.workflow.jobs.weights import Weights


class OfSettings(Protocol):
    """The wildcards of a file of settings, `<study>/settings/<stage>.json`."""

    study: str
    """or a collection, or `paper`"""
    stage: str


class Jobs:
    """All kinds of jobs, so that rules hold no logic."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self.weights = Weights(project)
        self.runs = Runs(project)
        self.populations = Populations(project)
        self.comparisons = Comparisons(project)
        self.studies = Studies(project, self.comparisons)
        self.notebooks = Notebooks(project)
        self.views = Views(project)
        self.collections = Collections(project)
        self.pages = Pages(project, self.studies, self.notebooks, self.views, self.collections)
        self.paper = Paper(project, self.notebooks, self.collections, self.pages)
        self.report = Report(self.pages)
        self._beside_runs: tuple[Part, ...] = (
            self.comparisons, self.studies, self.notebooks, self.views, self.collections, self.pages,
            self.paper,
        )  # fmt: skip

    def settings(self, wildcards: OfSettings) -> str:
        """What a job is told that is about many conditions, or studies."""
        return self._told[wildcards.study, wildcards.stage]()

    @property
    def told_in_files(self) -> dict[str, str]:
        """Each file of settings that a plain call leaves, and what stands in it."""
        return {self._settings_file(*its): text() for its, text in self._told.items()}

    @property
    def everything(self) -> list[str]:
        """All files that a plain call leaves."""
        return [*self.runs.left, *self._of_studies]

    def missing(self, wildcards: object) -> list[str]:
        """What a plain call leaves and isn't there. Nothing else misses that of which all is made."""
        asked = [path for study in self._project.studies for path in self._of_runs_begun(study)]
        return [path for path in [*asked, *self._of_studies] if not Path(path).exists()]

    def _of_runs_begun(self, study: str) -> Iterator[str]:
        """The files of runs, but not of those still to be made as a whole, on the way to the summary."""
        summarised = Path(self._project.results, study, "summary.csv").exists()
        for folder, files in self.runs.made(study).items():
            if summarised or Path(folder).exists():
                yield from files

    @property
    def _of_studies(self) -> list[str]:
        """All other files that a plain call leaves."""
        made = [path for part in self._beside_runs for path in part.left]
        return [*made, *(self._settings_file(*its) for its in self._told)]

    @cached_property
    def _told(self) -> Told:
        return {its: text for part in self._beside_runs for its, text in part.told.items()}

    def _settings_file(self, study: str, stage: str) -> str:
        return f"{self._project.results}/{study}/settings/{stage}.json"
