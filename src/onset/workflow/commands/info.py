"""What a maintainer asks about a project: the part of `make info` that needs the environment.

Packages, config, how complete the results are, and the last job that failed. It is meant to be posted in
public: paths are shortened, and addresses and anything that looks like a secret are left out.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onset.config import Project

PACKAGES = (
    "torch", "transformer-lens", "transformers", "snakemake", "numpy", "pandas", "pyarrow", "pydantic",
    "safetensors", "matplotlib", "papermill",
)  # fmt: skip
"""those whose versions explain most of what goes wrong"""
_MOST_LINES = 40  # of changes to the config
_LOG_LINES = 15
_LINE = 300  # characters
_WIDTH = 14  # as in setup/info.py

_ADDRESS = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"<>)\]]+")
_NAMED_SECRET = re.compile(
    r"(?i)\b(\w*(?:password|passwd|secret|credential|(?:api|access|private)_?key|(?:api|access|auth)_?token)"
    r"\w*['\"]?\s*[=:]\s*)\S+"
)
_SECRET = re.compile(r"\b(?:hf_|gh[a-z]_|github_pat_|glpat-|pypi-|sk-)[\w-]{16,}")
_OF_A_STAGE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} ")


def public(text: str) -> str:
    """Text without what should stay private: see the module."""
    text = _ADDRESS.sub("<address>", text)
    text = _SECRET.sub("<hidden>", _NAMED_SECRET.sub(r"\1<hidden>", text))
    for folder, short in ((Path.cwd(), "."), (Path.home(), "~")):
        if folder != Path(folder.anchor):
            text = re.sub(re.escape(str(folder)) + r"(?![\w.-])", short, text)
    return text


def packages() -> Iterator[str]:
    """Versions of those that matter most, and the devices that torch finds."""
    yield ", ".join(f"{name} {_version_of(name)}" for name in PACKAGES)
    import torch

    gpus = Counter(torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count()))
    found = [f"{n} × {name}" for name, n in gpus.items()]
    found += ["mps"] * torch.backends.mps.is_available()
    yield f"torch computes on: {', '.join(['cpu', *found])}"


def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


class ProjectHere:
    """The project in this folder, with the config files and options that Snakemake would get."""

    def __init__(self, files: list[Path], options: list[str]) -> None:
        self._files, self._options = files, options

    def config(self) -> Iterator[str]:
        """What is run, and what was changed since the commit."""
        from onset.config import ConfigError
        from onset.statistics.wording import format_seeds

        if given := [*map(str, self._files), *self._options]:
            yield f"given: {' '.join(given)}"
        try:
            project = self._project
        except ConfigError as error:
            yield from str(error).splitlines()
        else:
            its = project.settings
            studies = [f"{name} ({len(s.conditions)})" for name, s in project.studies.items()]
            yield f"studies (number of conditions): {', '.join(studies)}"
            yield f"seeds: {format_seeds(its.seeds)}; device: {its.device}; threads: {its.threads}"
            written = its.model_dump(mode="json", exclude_defaults=True)
            shown = {"studies", "seeds", "device", "threads"}
            yield from (f"{key}: {value}" for key, value in written.items() if key not in shown)
        yield from _changes()

    def results(self) -> Iterator[str]:
        """How many of the planned files are there, and what is missing by study."""
        from onset.config import ConfigError
        from onset.workflow.call import Call
        from onset.workflow.jobs import Jobs

        try:
            project = self._project
        except ConfigError:
            yield "not counted: the config has to be right first"
            return
        folder = Path(project.results)
        planned, there = Counter[str](), Counter[str]()
        for path in map(Path, Jobs(project).everything):
            part = path.relative_to(folder).parts[0]
            planned[part] += 1
            there[part] += path.exists()
        yield f"{there.total()} of {planned.total()} planned files in {folder}"
        if Call.lock():
            yield "the folder is locked: Snakemake is running, or was killed"
        if not there.total():
            return
        begun = [
            f"{part} {there[part]} of {n}" for part, n in planned.items() if 0 < there[part] < n
        ]
        if begun:
            yield f"incomplete: {', '.join(begun)}"
        if missing := [part for part in planned if not there[part]]:
            yield f"nothing yet: {', '.join(missing)}"

    def last_failure(self) -> Iterator[str]:
        """The end of the newest log among those that don't say that their job ended well."""
        from onset.store.logs import seconds_of

        logs = self._results / "logs"
        newest_first = sorted(
            logs.rglob("*.log"), key=lambda log: log.stat().st_mtime, reverse=True
        )
        for log in newest_first:
            text = log.read_text(encoding="utf-8", errors="replace")
            if _OF_A_STAGE.match(text) and seconds_of(log) is None:
                when = time.strftime("%Y-%m-%d %H:%M", time.localtime(log.stat().st_mtime))
                yield f"{log.relative_to(logs).with_suffix('')}, {when} (failed, killed or still running)"
                yield from (f"| {line[:_LINE]}" for line in text.splitlines()[-_LOG_LINES:])
                return
        ended = "each job that left a log ended well" if newest_first else "no job has left a log"
        yield f"none: {ended}"

    @cached_property
    def _project(self) -> Project:
        from onset.config import project_of
        from onset.config.sources import read_sources

        return project_of(read_sources(Path(), self._files, self._options), Path())

    @property
    def _results(self) -> Path:
        """The folder of results; a guess if the config is wrong."""
        from onset.config import ConfigError

        try:
            return Path(self._project.results)
        except ConfigError:
            return Path("results")


def _changes() -> Iterator[str]:
    """The lines of config/ that differ from the commit."""
    git = ["git", "--no-optional-locks", "-c", "core.quotePath=false"]
    command = [*git, "diff", "--no-color", "--no-ext-diff", "-U0", "HEAD", "--", "config"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    except FileNotFoundError:
        return
    marks = ("+", "-")
    lines = [
        its
        for its in done.stdout.splitlines()
        if its.startswith(marks) and not its.startswith("--- ")
    ]
    if lines:
        yield "changed since the commit:"
        yield from (line[:_LINE] for line in lines[:_MOST_LINES])
    if (more := len(lines) - _MOST_LINES) > 0:
        yield f"... and {more} more lines"


def told(subject: str, tell: Callable[[], Iterator[str]]) -> str:
    """The lines about a subject, with its name in front; an error becomes one of the lines."""
    lines: list[str] = []
    try:
        lines += tell()
    except Exception as error:  # a report on what is broken must not break
        lines.append(f"unknown ({type(error).__name__}: {' '.join(str(error).split())[:_LINE]})")
    first = [subject, *[""] * (len(lines) - 1)]
    return "\n".join(
        f"{name:<{_WIDTH}}{public(line)}" for name, line in zip(first, lines, strict=True)
    )


def main() -> None:
    from onset.workflow.commands.project import add_config_arguments

    parser = argparse.ArgumentParser("python -m onset.workflow.commands.info", description=__doc__)
    add_config_arguments(parser)
    arguments = parser.parse_args()
    project = ProjectHere(arguments.configfile, arguments.config)
    subjects = {
        "packages": packages,
        "config": project.config,
        "results": project.results,
        "last failure": project.last_failure,
    }
    print("\n".join(told(subject, tell) for subject, tell in subjects.items()))


if __name__ == "__main__":
    main()
