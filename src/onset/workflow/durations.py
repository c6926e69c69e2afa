"""How long jobs should take, judged by their own logs or those of similar jobs in the study."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Protocol, runtime_checkable

from onset.config.project import Project
from onset.store.logs import seconds_of
from snakemake_logger_plugin_onset.estimate import Expected


@runtime_checkable
class Rule(Protocol):
    name: str


@runtime_checkable
class Job(Protocol):
    """One of Snakemake's, before it runs."""

    jobid: int
    rule: Rule
    wildcards: Mapping[str, str]
    log: Sequence[str]


class Durations:
    """What a project's jobs took when they last ran."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._logs = Path(project.results) / "logs"

    def expected(self, jobs: Iterable[Job]) -> dict[int, Expected]:
        """Of the jobs of a call, by their ids.

        A training is as large as it has steps: of what is known before it runs, that tells most.
        """
        return {job.jobid: self._of(job) for job in jobs}

    def _of(self, job: Job) -> Expected:
        stage, study, condition = self._place(job)
        kind = (stage, study) if study else (stage,)
        size = self._size(stage, study, condition)
        for log in job.log:
            if (seconds := seconds_of(Path(log))) is not None:
                return Expected(kind, size, seconds)
        speed = self._speeds.get(kind)
        return Expected(kind, size, size * speed if speed else None)

    def _place(self, job: Job) -> tuple[str, str, str]:
        """Stage, study and condition; study and condition are empty where a job is of none."""
        rule, study = job.rule.name, job.wildcards.get("study")
        if study:
            return rule, study, job.wildcards.get("condition", "")
        for study in sorted(self._project.studies, key=len, reverse=True):
            # Notebooks, and trainings of several runs, have rules of their own: STAGE_STUDY_CONDITION.
            stage, found, condition = f"{rule}_".partition(f"_{study}_")
            if found:
                return stage, study, condition.removesuffix("_")
        return rule, "", ""

    def _size(self, stage: str, study: str, condition: str) -> float:
        if stage != "train":
            return 1.0
        conditions = self._project.studies[study].conditions
        # A training by itself, among those of several runs, has its seed at the end of its name.
        its = conditions.get(condition) or conditions[condition.rpartition("_")[0]]
        return float(max(1, its.training.updates))  # a model may be looked at as it comes

    @cached_property
    def _speeds(self) -> dict[tuple[str, str], float]:
        """Seconds per size of the runs of each stage and study that the config still has."""
        sums: dict[tuple[str, str], list[float]] = {}
        for study, its in self._project.studies.items():
            for condition in its.conditions:
                for log in (self._logs / study / condition).glob("seed_*/*.log"):
                    if (seconds := seconds_of(log)) is not None:
                        total = sums.setdefault((log.stem, study), [0.0, 0.0])
                        total[0] += seconds
                        total[1] += self._size(log.stem, study, condition)
        return {kind: seconds / size for kind, (seconds, size) in sums.items()}
