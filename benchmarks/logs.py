"""How long jobs took, according to their logs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_DONE = re.compile(r"(\w+): done in ([\d.]+) s after ([\d.]+) s of start-up")


class Job(NamedTuple):
    """A job that ended well."""

    log: Path
    """relative to the folder of logs"""
    stage: str
    work: float
    """seconds"""
    start_up: float
    """seconds of computing before the work"""


def jobs_in(logs: Path) -> Iterator[Job]:
    """All jobs whose logs are in a folder, sorted by the paths of the logs."""
    for log in sorted(logs.rglob("*.log")):
        for stage, work, start_up in _DONE.findall(log.read_text(encoding="utf-8")):
            yield Job(log.relative_to(logs), stage, float(work), float(start_up))
