"""The public interface for comparing two runs of one's own.

from onset.diffing import diff
from onset.results import open_run

changes = diff(open_run("finetuning", "stage_one", 0), open_run("finetuning", "replay", 0))
changes.sequences     # those that the two answer most differently, first
changes.positions     # where in a sequence they differ
changes.parts         # which weights have moved, and what each part does alone
"""

from __future__ import annotations

from onset.comparisons.changes.difference import Difference, diff

__all__ = ["Difference", "diff"]
