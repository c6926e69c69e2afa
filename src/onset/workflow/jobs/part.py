"""What all kinds of jobs have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from onset.code.fingerprint import fingerprint
from onset.config.project import Project


class Wildcards(Protocol):
    """Those of a rule about a study, or about a run."""

    study: str
    condition: str
    seed: str


Told = dict[tuple[str, str], Callable[[], str]]
"""what stands in each file of settings, by the folder in results and the stage"""


class Part:
    """One kind of jobs: what rules ask about it, and what it adds to the whole."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._root = Path(project.results)

    @property
    def left(self) -> list[str]:
        """The files that these jobs leave in a plain call."""
        return []

    @property
    def told(self) -> Told:
        """What these jobs are told in files, as it is about many conditions, or studies."""
        return {}

    def run_folder(self, study: str, condition: str, seed: int | str) -> str:
        return f"{self._root}/{study}/{condition}/seed_{seed}"

    def of_runs(self, study: str, conditions: Iterable[str], file: str) -> list[str]:
        """A file of all runs of some conditions."""
        seeds = self._project.runs(study)
        return [
            f"{self.run_folder(study, condition, seed)}/{file}"
            for condition in conditions
            for seed in seeds[condition]
        ]


def code_of(stage: str) -> str:
    """Fingerprint of a stage that loads nothing by name."""
    return fingerprint(f"onset.stages.{stage}")
