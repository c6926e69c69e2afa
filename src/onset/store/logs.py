"""The last line of a successful job's log, and how long the job took according to it."""

from __future__ import annotations

import re
from pathlib import Path

DONE = "%s: done in %.1f s after %.1f s of start-up"
"""stage, seconds of work, seconds before it"""
_SAID = re.compile(r" \w+: done in ([\d.]+) s after ([\d.]+) s of start-up$")


def seconds_of(log: Path) -> float | None:
    """How long a job took, start-up and all; None if it left no log, or didn't end well."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    found = _SAID.search(lines[-1]) if lines else None
    return float(found[1]) + float(found[2]) if found else None
