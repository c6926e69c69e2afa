"""What a call of Snakemake says before its first job, and after one that failed."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

from onset.config.project import Project
from onset.config.size import too_large_for_this_machine
from onset.config.study import Condition
from onset.device import lacking

_MOST_SHOWN = 20
# How onset.stages.command ends a log: with the stage's name and how it went.
_END = re.compile(r"^\d{4}-\d\d-\d\d \S+ \w+: (.*)$", re.MULTILINE)


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

    def failures(self) -> list[str]:
        """What failed or was stopped in this call, a line each, and what wasn't made because of it."""
        failed = {path: said for path in self._logs() if (said := _failure(path))}
        lines = [f"{_about(path)}: {said} ({path})" for path, said in failed.items()]
        if len(lines) > _MOST_SHOWN:
            lines[_MOST_SHOWN:] = [f"... and {len(lines) - _MOST_SHOWN} more"]
        logs = self._log_folder
        studies = [
            s for s in self._project.studies if any(logs / s in log.parents for log in failed)
        ]
        if studies:
            lines.append(
                f"Not made because of it: summary, figures, tables and page of {', '.join(studies)}; "
                "what all studies share (front page, paper). Older ones stay as they were."
            )
            lines.append(
                "Mend the cause and call again: what is done stays. To go on without a run, take it "
                "out of the config."
            )
        return lines

    @property
    def _log_folder(self) -> Path:
        return Path(self._project.results) / "logs"

    def _logs(self) -> Iterator[Path]:
        """The logs of the jobs of this call, in the order in which they ended."""
        written = {path: path.stat().st_mtime for path in self._log_folder.rglob("*.log")}
        return (path for path in sorted(written, key=written.get) if written[path] >= self._began)


def _failure(log: Path) -> str | None:
    """How a job failed, by its log; None if it didn't."""
    ends = _END.findall(log.read_text(encoding="utf-8", errors="replace"))
    if not ends:
        return "stopped without a word, as when it is cancelled, killed or out of memory"
    return None if ends[-1].startswith("done in ") else ends[-1]


def _about(log: Path) -> str:
    """`train of study/condition/seed_0`"""
    _, _, about = str(log.parent).partition("/logs/")
    return f"{log.stem} of {about}" if about else log.stem
