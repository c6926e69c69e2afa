"""What the rules ask about all jobs together: what they are told in files, and all that they leave."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property, partial
from pathlib import Path
from typing import Protocol

from onset.workflow.jobs.readers import ReaderJobs


class Told(Protocol):
    """The wildcards of a file of settings, `<study>/settings/<stage>.json`."""

    study: str
    """or `atlas`, or `paper`"""
    stage: str


class Jobs(ReaderJobs):
    """All answers for the rules, so that rules hold no logic."""

    def settings(self, wildcards: Told) -> str:
        """What a job is told that is about many conditions, or studies."""
        return self._settings[wildcards.study, wildcards.stage]()

    @cached_property
    def _settings(self) -> dict[tuple[str, str], Callable[[], str]]:
        """By study and stage."""
        found: dict[tuple[str, str], Callable[[], str]] = {
            ("atlas", "tables"): lambda: self.atlas_settings,
            ("atlas", "notebook"): lambda: self.atlas_notebook_settings,
            ("atlas", "pages"): partial(self.pages_settings, "atlas"),
            ("paper", "paper"): lambda: self.paper_settings,
        }
        for study in self._project.studies:
            found[study, "summarise"] = partial(self.summarise_settings, study)
            found[study, "notebook"] = partial(self.notebook_settings, study)
            found[study, "pages"] = partial(self.pages_settings, study)
            found[study, "heads"] = partial(self.heads_settings, study)
            found[study, "views"] = partial(self.views_settings, study)
        return found

    @property
    def told_in_files(self) -> dict[str, str]:
        """Each file of settings that a plain call leaves, and what stands in it."""
        return {self._settings_file(*its): self._settings[its]() for its in self._settings_wanted}

    @property
    def everything(self) -> list[str]:
        """All files that a plain call leaves."""
        made = (self.made_by_runs(study) for study in self._project.studies)
        of_runs = (path for by_run in made for files in by_run.values() for path in files)
        return [*of_runs, *self._of_studies]

    def missing(self, wildcards: object) -> list[str]:
        """What a plain call leaves and isn't there. Nothing else misses that of which all is made."""
        asked = [path for study in self._project.studies for path in self._of_runs_begun(study)]
        return [path for path in [*asked, *self._of_studies] if not Path(path).exists()]

    def _of_runs_begun(self, study: str) -> Iterator[str]:
        """The files of runs, but not of those still to be made as a whole, on the way to the summary."""
        summarised = (self._root / study / "summary.csv").exists()
        for folder, files in self.made_by_runs(study).items():
            if summarised or Path(folder).exists():
                yield from files

    @property
    def _of_studies(self) -> list[str]:
        """All other files that a plain call leaves."""
        studies = list(self._project.studies)
        return [
            *self.summaries,
            *(path for study in studies for path in self.made_by_notebook(study)),
            *(path for study in studies for path in self.views_of(study)),
            *self.made_by_atlas,
            *self.pages,
            *(f"{self._root}/{file}" for file in ("index.html", "logs/times.js")),
            *self.paper,
            *self._settings_files,
        ]

    @property
    def _settings_files(self) -> list[str]:
        return [self._settings_file(*its) for its in self._settings_wanted]

    def _settings_file(self, study: str, stage: str) -> str:
        return f"{self._root}/{study}/settings/{stage}.json"

    @property
    def _settings_wanted(self) -> list[tuple[str, str]]:
        with_heads = set(self._studies_with_heads)
        wanted = {
            *self._project.studies,
            *(["atlas"] if with_heads else []),
            *(["paper"] if self.paper else []),
        }
        return [
            (study, stage)
            for study, stage in self._settings
            if study in wanted and (stage not in ("heads", "views") or study in with_heads)
        ]
