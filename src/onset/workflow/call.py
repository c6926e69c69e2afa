"""What a Snakemake call prints before its first job, and after one has failed."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from onset.config.condition import Condition
from onset.config.project import Project
from onset.config.size import too_large_for_this_machine
from onset.models.device import lacking
from snakemake_logger_plugin_onset.estimate import Expected

_MOST_SHOWN = 20
# How onset.stages.command ends a log: with the stage's name and how it went.
_END = re.compile(r"^\d{4}-\d\d-\d\d \S+ \w+: (.*)$", re.MULTILINE)
_SILENT = "stopped without a word, as when it is cancelled, killed or out of memory"


@runtime_checkable
class Job(Protocol):
    """One of Snakemake's, or several that it treats as one."""

    log: Sequence[str]
    output: Sequence[str]

    def is_group(self) -> bool: ...

    def __iter__(self) -> Iterator[Job]: ...


class Call:
    """One call of Snakemake, from the moment at which it is made."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._began = time.time()

    @staticmethod
    def lock() -> str | None:
        """A line about a lock in the folder, if there is one; Snakemake tells it at greater length."""
        if not any(Path(".snakemake/locks").glob("*")):
            return None
        return (
            "This folder is locked. If no other snakemake runs here, the lock is left from one that "
            "was killed: `make unlock`, then the same command again."
        )

    def outlook(self, planned: Collection[Job], expected: Collection[Expected], cores: int) -> str:
        """What to expect of a call that makes studies' pages: how long, and where to look meanwhile.

        Args:
            planned: its jobs.
            expected: what is known of them.
            cores: that they run on, side by side.

        Returns:
            Two lines; empty if it makes no study's page.
        """
        results = self._project.results
        made = {path for job in planned for path in job.output}
        pages = [f"{results}/{study}/index.html" for study in self._project.studies]
        first = next((page for page in pages if page in made), None)
        if first is None:
            return ""
        seconds = [its.seconds for its in expected]
        long = "the time left is shown from the first minute on"
        if known := [its for its in seconds if its is not None]:
            minutes = max(round(sum(known) / cores / 60), 1)
            least = "at least " if len(known) < len(seconds) else "about "
            long = f"{least}{minutes} min, going by the last time"
        return (
            f"{len(planned)} jobs on {cores} {'core' if cores == 1 else 'cores'}: {long}.\n"
            f"A study can be read as soon as it is ready, first {first}; {results}/index.html comes last."
        )

    def obstacle(self, jobs_run_here: bool) -> str | None:
        """What on this machine would stop every job, if anything does.

        Args:
            jobs_run_here: not on the nodes of a cluster, which may have a GPU where this machine has none.
        """
        if jobs_run_here and (said := lacking(self._project.settings.device)):
            return said
        results = Path(self._project.results)
        there = next(path for path in (results, *results.parents) if path.exists())
        if not os.access(there, os.W_OK | os.X_OK):
            return f"the folder {there} can't be written to, and results go to {results}"
        return too_large_for_this_machine(self._to_be_made(), there) if jobs_run_here else None

    def _to_be_made(self) -> dict[str, tuple[Condition, int]]:
        """Each condition, and how many of its runs have no checkpoints yet."""
        found = {}
        for study in self._project.studies:
            for name, seeds in self._project.runs(study).items():
                folders = [
                    Path(self._project.results, study, name, f"seed_{seed}") for seed in seeds
                ]
                missing = sum(not (its / "checkpoints/index.json").exists() for its in folders)
                found[f"{study}/{name}"] = self._project.condition(study, name), missing
        return found

    def failures(self, failed: Iterable[Job], running: Iterable[Job]) -> list[str]:
        """What failed or was stopped in this call, a line each, and what wasn't made because of it.

        Args:
            failed: jobs, by what Snakemake knows.
            running: those that it hasn't seen end.
        """
        said = {
            **{
                job: self._end(job) or _SILENT for job in _single(running) if not self._is_done(job)
            },
            **{job: self._failure(job) for job in _single(failed)},
        }
        last = sorted(said, key=self._time)
        lines = [f"{_about(job)}: {said[job]}" + self._where(job) for job in last]
        if len(lines) > _MOST_SHOWN:
            lines[_MOST_SHOWN:] = [f"... and {len(lines) - _MOST_SHOWN} more"]
        concerned = {study for job in said for study in self._studies_of(job)}
        shown = (*self._project.studies, *self._project.collections)
        if its := [name for name in shown if name in concerned]:
            lines.append(
                f"Not made because of it: summary, figures, tables and page of {', '.join(its)}; "
                "what all studies share (front page, paper). Older ones stay as they were."
            )
            lines.append(
                "Fix the cause and call again: finished work stays. To go on without a run, take it "
                "out of the config."
            )
        return lines

    def _failure(self, job: Job) -> str:
        """How a job failed, by its log."""
        if self._is_done(job):
            return "its log says that it is done, and Snakemake, above, that it isn't"
        return self._end(job) or _SILENT

    def _is_done(self, job: Job) -> bool:
        return (self._end(job) or "").startswith("done in ")

    def _end(self, job: Job) -> str | None:
        """How a job's log of this call ends; None, if it has none, or one without an end."""
        log = self._log(job)
        ends = _END.findall(log.read_text(encoding="utf-8", errors="replace")) if log else []
        return ends[-1] if ends else None

    def _log(self, job: Job) -> Path | None:
        """What a job has written in this call."""
        written = [path for path in map(Path, job.log) if path.is_file()]
        return next((path for path in written if path.stat().st_mtime >= self._began), None)

    def _time(self, job: Job) -> float:
        """When a job last wrote to its log."""
        log = self._log(job)
        return log.stat().st_mtime if log else 0.0

    def _where(self, job: Job) -> str:
        log = self._log(job)
        return f" ({log})" if log else ""

    def _studies_of(self, job: Job) -> set[str]:
        """The folders of results that a job's files lie in."""
        results = Path(self._project.results)
        folders = (results / "logs", results)
        return {
            path.relative_to(folder).parts[0]
            for path in map(Path, (*job.log, *job.output))
            for folder in folders
            if path.is_relative_to(folder)
        }


def _single(jobs: Iterable[Job]) -> Iterator[Job]:
    for job in jobs:
        yield from job if job.is_group() else [job]


def _about(job: Job) -> str:
    """`train of study/condition/seed_0`"""
    log = Path(job.log[0])
    _, _, about = str(log.parent).partition("/logs/")
    return f"{log.stem} of {about}" if about else log.stem
